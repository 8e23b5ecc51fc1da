// What came from a program: a bounded amount of it, whatever the program sends.
#include "inbox.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace
{
struct Inbox {
    inbox in;
    Inbox()
    {
        inbox_init(&in);
    }
    ~Inbox()
    {
        inbox_clear(&in);
    }
    Inbox(const Inbox &) = delete;
    Inbox &operator=(const Inbox &) = delete;
    void take(const std::string &bytes)
    {
        inbox_take(&in, (const uint8_t *)bytes.data(), bytes.size());
    }
};

std::string times(size_t count, const std::string &what)
{
    std::string all;
    for (size_t i = 0; i < count; i++)
        all += what;
    return all;
}

const char accepted[] = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

TEST(Inbox, FramesWithoutPayloadTakeRoomToo)
{
    Inbox one;
    one.take(accepted);
    const std::string pongs = times(1000, std::string("\x8a\0", 2));
    for (int i = 0; i < 1000; i++)
        one.take(pongs);
    EXPECT_TRUE(one.in.full);
    EXPECT_LE((uint64_t)one.in.items.length * INBOX_ITEM_COST, INBOX_MAX + INBOX_ITEM_COST);
    EXPECT_EQ(one.in.at, strlen(accepted) + 2000000) << "what is dropped is counted";
    inbox_end(&one.in, false);
    EXPECT_EQ(((inbox_item *)g_queue_peek_tail(&one.in.items))->kind, INBOX_FIN);
}

TEST(Inbox, AnswersTakeRoomToo)
{
    Inbox one;
    const std::string answers = times(1000, "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n");
    for (int i = 0; i < 1000; i++)
        one.take(answers);
    EXPECT_TRUE(one.in.full);
}

TEST(Inbox, WhatIsTakenMakesRoom)
{
    Inbox one;
    one.take(accepted);
    const std::string pongs = times(1000, std::string("\x8a\0", 2));
    for (int i = 0; i < 1000; i++) {
        one.take(pongs);
        while (one.in.items.length > 0)
            inbox_drop(&one.in, one.in.items.head);
    }
    EXPECT_FALSE(one.in.full);
    EXPECT_EQ(one.in.held, 0U);
}
} // namespace
