// What came from a program: a bounded amount of it, whatever the program sends.
#include "inbox.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace
{
struct Inbox {
    inbox in;
    explicit Inbox(wsp_sender from = WSP_FROM_SERVER)
    {
        inbox_init(&in, from);
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

// The kinds of all items in it, with the violations of frames: "HF4".
std::string kinds(const Inbox &one)
{
    std::string all;
    for (const GList *link = one.in.items.head; link; link = link->next) {
        const auto *item = (const inbox_item *)link->data;
        all += "HNFER"[item->kind];
        all += item->violations ? std::to_string(item->violations) : "";
    }
    return all;
}

TEST(Inbox, OfAClientARequestAndMaskedFrames)
{
    const std::string request = "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n",
                      masked("\x81\x81\x12\x34\x56\x78\x53", 7), bare("\x81\x01\x41", 3);
    Inbox one(WSP_FROM_CLIENT);
    for (const char c : request + masked) /* in any pieces */
        one.take(std::string(1, c));
    EXPECT_EQ(kinds(one), "HF");
    const auto *frame = (const inbox_item *)one.in.items.tail->data;
    ASSERT_TRUE(frame->whole);
    EXPECT_EQ(frame->bytes->data[0], 'A');
    EXPECT_EQ(frame->at, request.size());
    one.take(bare);
    EXPECT_EQ(kinds(one), "HFF" + std::to_string(WSP_V_MASK_MISSING));
}

TEST(Inbox, OfAClientWhatIsNoRequestIsNoise)
{
    for (const char *bytes : {"\x81\x81", "HTTP/1.1 200 OK\r\n\r\n", "hello\r\n\r\n"}) {
        Inbox one(WSP_FROM_CLIENT);
        one.take(bytes);
        EXPECT_EQ(kinds(one), "N") << bytes;
    }
}
} // namespace
