// Frames and connections have the numbers that wsdump gives them.
#include "json.h"
#include "program.h"

#include <gtest/gtest.h>

#include <memory>
#include <sstream>

extern "C" {
#include "capture.h"
#include "decoded.h"
#include "talk.h"
}

namespace
{

using Transcript = std::unique_ptr<transcript, decltype(&transcript_free)>;
using Decoded = std::unique_ptr<decoded, decltype(&decoded_free)>;

Transcript play(const std::string &steps)
{
    GError *error = nullptr;
    talk *t = talk_parse("a.talk", ("title: test\n" + steps).c_str(), &error);
    transcript *c = t ? talk_play(t, 3, &error) : nullptr;
    talk_free(t);
    EXPECT_NE(c, nullptr) << error->message;
    g_clear_error(&error);
    return {c ? c : transcript_new(), transcript_free};
}

std::string hex(const uint8_t *bytes, size_t len)
{
    std::string out;
    for (size_t i = 0; i < len; i++) {
        char two[3];
        snprintf(two, sizeof two, "%02x", bytes[i]);
        out += two;
    }
    return out;
}

std::string frames_by_us(const decoded *d)
{
    std::ostringstream out;
    for (guint i = 0; i < d->frames->len; i++) {
        const auto *f = static_cast<const decoded_frame *>(g_ptr_array_index(d->frames, i));
        EXPECT_TRUE(f->whole);
        out << f->connection->number << ":" << f->number
            << (f->from == WSP_FROM_CLIENT ? " client " : " server ")
            << static_cast<int>(f->header.opcode) << " " << f->payload->len;
        if (f->header.masked)
            out << " " << hex(f->header.masking_key, 4);
        for (uint32_t rest = f->violations; rest != 0; rest &= rest - 1)
            out << " " << wsp_violation_first(rest)->name;
        out << "\n";
    }
    return out.str();
}

Outcome records(const transcript *c, const char *what)
{
    const build::TempFile file({});
    FILE *out = fopen(file.path(), "wb");
    EXPECT_TRUE(capture_write(c, out));
    fclose(out);
    return wsdump({"-r", file.path(), "-q", "--json", "--show", what});
}

std::string frames_by_wsdump(const transcript *c)
{
    std::ostringstream out;
    for (const Json &r : Json::parse_lines(records(c, "frame").out)) {
        out << r["conn"].number() << ":" << r["frame"].number() << " " << r["from"].text() << " "
            << r["opcode"].number() << " " << r["length"].number();
        if (!r["masking_key"].is_null())
            out << " " << r["masking_key"].text();
        for (size_t i = 0; i < r["violations"].size(); i++)
            out << " " << r["violations"][i].text();
        out << "\n";
    }
    return out.str();
}

const char *const talks[] = {
    "handshake\nclient send text \"Hel\" fin=no\nclient send ping \"?\"\nserver send pong \"?\"\n"
    "client send continuation \"lo\"\nserver send text \"Hello\"\nclient send close 1000\n"
    "server send close 1000\nserver fin\nclient fin\n",
    // the first frames in the segments of the handshake
    "join\nclient request\nclient send text \"early\"\nend\n"
    "join\nserver answer\nserver send text \"at once\"\nend\nclient send text \"later\"\n",
    // illegal in many ways
    "handshake answer=plain-101\nclient send text \"x\" mask=no\nserver send text \"y\" mask=yes\n"
    "server send opcode-3 \"z\"\nserver send ping 200*\"p\"\nclient send continuation \"?\"\n"
    "server send text \"\\xff\"\nserver send binary \"b\" form=64 rsv=2\nclient send close 1005\n"
    "client send text \"behind\"\n",
    // connections that interleave: the second answers first, the third is refused, the fourth is
    // HTTP
    "connection a\nclient request\nconnection b\nclient request\nserver answer\n"
    "connection c\nhandshake answer=403\nconnection d\nclient bytes \"GET / HTTP/1.1\\r\\nHost: x"
    "\\r\\n\\r\\n\"\nserver bytes \"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok\"\n"
    "connection a\nserver answer\nserver send text \"a\"\nconnection b\nserver send text \"b\"\n"
    "client send text \"c\"\nconnection a\nclient send text \"d\"\n",
    // frames in pieces
    "handshake\nclient bytes hex:81\nserver send text \"between\"\nclient bytes hex:8501020304\n"
    "server send ping \"\"\nclient bytes \"abcde\"\n",
};

TEST(Decoded, FramesAreNumberedAsByWsdump)
{
    for (const char *steps : talks) {
        const Transcript c = play(steps);
        const Decoded d(decoded_of(c.get()), decoded_free);
        EXPECT_EQ(frames_by_us(d.get()), frames_by_wsdump(c.get())) << steps;
        EXPECT_GT(d->frames->len, 2u);
    }
}

TEST(Decoded, ConnectionsHaveTheNumbersOfTheirOpenRecords)
{
    const Transcript c = play(talks[3]);
    const Decoded d(decoded_of(c.get()), decoded_free);
    const auto open = Json::parse_lines(records(c.get(), "open").out);
    ASSERT_EQ(open.size(), 3u);
    for (const Json &r : open)
        for (unsigned i = 0; i < d->connection_count; i++)
            if (r["client"].text() ==
                "127.0.0.1:" + std::to_string(transcript_port(c.get(), i, true))) {
                EXPECT_EQ(d->connections[i].number, static_cast<unsigned>(r["conn"].number()));
            }
    EXPECT_EQ(d->connections[1].number, 1u); // it was answered first
    EXPECT_EQ(d->connections[3].number, 0u); // no WebSocket
}

TEST(Decoded, JoinsMessages)
{
    const Transcript c = play(talks[0]);
    const Decoded d(decoded_of(c.get()), decoded_free);
    ASSERT_EQ(d->messages->len, 6u);
    const auto *m = static_cast<const decoded_message *>(g_ptr_array_index(d->messages, 2));
    EXPECT_EQ(std::string(reinterpret_cast<char *>(m->payload->data), m->payload->len), "Hello");
    EXPECT_EQ(m->frames, 2u);
    EXPECT_EQ(m->opcode, WSP_OPCODE_TEXT);
    EXPECT_EQ(m->from, WSP_FROM_CLIENT);
    EXPECT_TRUE(d->connections[0].ended);
    EXPECT_EQ(d->connections[0].ended_by, WSP_FROM_SERVER);
    EXPECT_FALSE(d->connections[0].reset);
}

std::string place(const decoded *d, unsigned connection, wsp_sender from, uint64_t nth)
{
    char *text = decoded_place(d, connection, from, nth);
    const std::string result = text ? text : "nowhere";
    g_free(text);
    return result;
}

TEST(Decoded, UnmasksPayloadThatComesInPieces)
{
    const Transcript c = play("handshake\nclient bytes hex:81850102030460\nclient bytes hex:60\n"
                              "client bytes hex:60606000\n");
    const Decoded d(decoded_of(c.get()), decoded_free);
    ASSERT_EQ(d->frames->len, 1u); // the header of a second one is not whole
    const auto *f = static_cast<const decoded_frame *>(g_ptr_array_index(d->frames, 0));
    EXPECT_EQ(std::string(reinterpret_cast<char *>(f->payload->data), f->payload->len), "abcda");
    ASSERT_EQ(d->messages->len, 1u);
    const auto *m = static_cast<const decoded_message *>(g_ptr_array_index(d->messages, 0));
    EXPECT_EQ(std::string(reinterpret_cast<char *>(m->payload->data), m->payload->len), "abcda");
}

TEST(Decoded, TellsThePlaceOfAFrameForWsdump)
{
    const Transcript c = play(talks[3]);
    const Decoded d(decoded_of(c.get()), decoded_free);
    EXPECT_EQ(place(d.get(), 1, WSP_FROM_SERVER, 1), "1:1");
    EXPECT_EQ(place(d.get(), 1, WSP_FROM_CLIENT, 1), "1:2");
    EXPECT_EQ(place(d.get(), 0, WSP_FROM_CLIENT, 1), "3:2");
    EXPECT_EQ(place(d.get(), 0, WSP_FROM_CLIENT, 2), "3"); // there is none
    EXPECT_EQ(place(d.get(), 0, WSP_FROM_CLIENT, 0), "3");
    EXPECT_EQ(place(d.get(), 3, WSP_FROM_CLIENT, 1), "nowhere");
    EXPECT_EQ(place(d.get(), 9, WSP_FROM_CLIENT, 1), "nowhere");
}

TEST(Decoded, IsCalmAboutUnfinishedAndForeignBytes)
{
    const Transcript none(transcript_new(), transcript_free);
    const Decoded empty(decoded_of(none.get()), decoded_free);
    EXPECT_EQ(empty->frames->len, 0u);
    for (const char *steps :
         {"connection a\n", "client request\n",
          "client bytes 20000*\"no head\"\nserver answer 404\n",
          "client bytes \"x\"\nserver bytes 20000*\"y\"\n", "handshake\nclient bytes hex:818501\n",
          "handshake\nclient send text \"a\" fin=no\n",
          "handshake\nserver send text \"cut\" length=99999999999999\nserver rst\n"}) {
        const Transcript c = play(steps);
        const Decoded d(decoded_of(c.get()), decoded_free);
        EXPECT_LE(d->frames->len, 1u) << steps;
        EXPECT_EQ(d->messages->len, 0u) << steps;
    }
}

} // namespace
