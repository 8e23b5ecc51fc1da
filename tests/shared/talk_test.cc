// The talk language: the same file and seed give the same conversation; what is wrong is told by
// its place.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

extern "C" {
#include "talk.h"

#include <wsproto/wsproto.h>
}

namespace
{

using Talk = std::unique_ptr<talk, decltype(&talk_free)>;
using Transcript = std::unique_ptr<transcript, decltype(&transcript_free)>;

Talk parse(const std::string &steps)
{
    GError *error = nullptr;
    Talk t(talk_parse("a.talk", ("title: test\n" + steps).c_str(), &error), talk_free);
    EXPECT_TRUE(t) << error->message;
    g_clear_error(&error);
    return t;
}

Transcript play(const std::string &steps, uint64_t seed = 1)
{
    const Talk t = parse(steps);
    GError *error = nullptr;
    Transcript c(t ? talk_play(t.get(), seed, &error) : nullptr, transcript_free);
    EXPECT_TRUE(c) << (error ? error->message : "");
    g_clear_error(&error);
    return c ? std::move(c) : Transcript(transcript_new(), transcript_free);
}

// What is wrong with the steps: when they are read, or else when they are played.
std::string wrong(const std::string &text, const std::string &title = "title: test\n")
{
    GError *error = nullptr;
    const Talk t(talk_parse("a.talk", (title + text).c_str(), &error), talk_free);
    const Transcript c(t ? talk_play(t.get(), 1, &error) : nullptr, transcript_free);
    const std::string message = error ? error->message : "nothing";
    EXPECT_EQ(c == nullptr, error != nullptr);
    g_clear_error(&error);
    return message;
}

// "open> bytes> fin<": what happened.
std::string events(const transcript *c)
{
    static const char *const names[] = {"open", "bytes", "fin", "reset"};
    std::string all;
    for (size_t i = 0; i < transcript_events(c); i++) {
        const transcript_event e = transcript_event_at(c, i);
        all += std::string(all.empty() ? "" : " ") + names[e.type] + (e.from_client ? ">" : "<");
    }
    return all;
}

std::string said(const transcript *c, bool client, unsigned connection = 0)
{
    std::string all;
    for (size_t i = 0; i < transcript_events(c); i++) {
        const transcript_event e = transcript_event_at(c, i);
        if (e.from_client == client && e.connection == connection && e.len > 0)
            all.append(reinterpret_cast<const char *>(e.data), e.len);
    }
    return all;
}

struct Frame {
    wsp_frame_header header;
    std::string payload;
};

std::vector<Frame> frames(const std::string &bytes)
{
    std::vector<Frame> all;
    const auto *at = reinterpret_cast<const uint8_t *>(bytes.data());
    for (size_t left = bytes.size(); left > 0;) {
        Frame f = {};
        const int n = wsp_frame_header_decode(&f.header, at, left);
        EXPECT_GT(n, 0);
        if (n <= 0)
            break;
        const size_t len = std::min<uint64_t>(f.header.payload_length, left - n);
        f.payload.assign(reinterpret_cast<const char *>(at) + n, len);
        wsp_mask(reinterpret_cast<uint8_t *>(f.payload.data()), at + n, len, f.header.masking_key,
                 0);
        at += n + len;
        left -= n + len;
        all.push_back(f);
    }
    return all;
}

TEST(Talk, ShakesHands)
{
    const Transcript c = play("handshake path=/chat?a=b header=\"Origin: http://here\"\n");
    EXPECT_EQ(events(c.get()), "open> bytes> bytes<");
    EXPECT_STREQ(transcript_note(c.get()), "test");
    EXPECT_EQ(transcript_port(c.get(), 0, true), 50001);
    EXPECT_EQ(transcript_port(c.get(), 0, false), 8080);
    const std::string request = said(c.get(), true), answer = said(c.get(), false);
    wsp_http_header asked[20], answered[20];
    wsp_http_head request_head, answer_head;
    wsp_http_parse(&request_head, request.data(), request.size(), asked, 20);
    wsp_http_parse(&answer_head, answer.data(), answer.size(), answered, 20);
    wsp_handshake_request r;
    EXPECT_EQ(wsp_handshake_request_check(&r, &request_head), 0u);
    EXPECT_TRUE(wsp_text_equal(r.target, "/chat?a=b"));
    EXPECT_TRUE(wsp_text_equal(r.origin, "http://here"));
    EXPECT_TRUE(wsp_text_equal(r.host, "127.0.0.1:8080"));
    wsp_handshake_response granted;
    EXPECT_EQ(wsp_handshake_response_check(&granted, &answer_head, &request_head), 0u);
}

uint32_t faults_of(const std::string &answer_kind)
{
    const Transcript c = play("handshake answer=" + answer_kind + "\n");
    const std::string request = said(c.get(), true), answer = said(c.get(), false);
    wsp_http_header asked[20], answered[20];
    wsp_http_head request_head, answer_head;
    wsp_http_parse(&request_head, request.data(), request.size(), asked, 20);
    wsp_http_parse(&answer_head, answer.data(), answer.size(), answered, 20);
    wsp_handshake_response granted;
    return wsp_handshake_response_check(&granted, &answer_head, &request_head);
}

TEST(Talk, AnswersWrongly)
{
    EXPECT_EQ(faults_of("101"), 0u);
    EXPECT_EQ(faults_of("plain-101"), WSP_H_UPGRADE | WSP_H_CONNECTION | WSP_H_ACCEPT);
    EXPECT_EQ(faults_of("wrong-accept"), WSP_H_ACCEPT);
    EXPECT_EQ(faults_of("403"), WSP_H_STATUS);
    const Transcript c = play("client request\nserver answer 426 header=\"X-Why: version\"\n");
    EXPECT_EQ(said(c.get(), false).find("HTTP/1.1 426 Upgrade Required\r\n"), 0u);
    EXPECT_NE(said(c.get(), false).find("X-Why: version\r\n"), std::string::npos);
}

TEST(Talk, SendsFrames)
{
    const Transcript c = play("client send text \"Hel\" fin=no\n"
                              "client send ping hex:0102\n"
                              "client send continuation \"lo\"\n"
                              "server send binary 3*\"ab\"\n"
                              "server send close 1001 \"bye\"\n"
                              "client send close\n");
    EXPECT_EQ(events(c.get()), "open> bytes> bytes> bytes> bytes< bytes< bytes>");
    const auto client = frames(said(c.get(), true)), server = frames(said(c.get(), false));
    ASSERT_EQ(client.size(), 4u);
    ASSERT_EQ(server.size(), 2u);
    EXPECT_EQ(client[0].payload, "Hel");
    EXPECT_FALSE(client[0].header.fin);
    EXPECT_TRUE(client[0].header.masked);
    EXPECT_EQ(client[1].header.opcode, WSP_OPCODE_PING);
    EXPECT_EQ(client[1].payload, "\1\2");
    EXPECT_EQ(client[2].payload, "lo");
    EXPECT_EQ(client[3].payload, "");
    EXPECT_NE(std::string(reinterpret_cast<const char *>(client[0].header.masking_key), 4),
              std::string(reinterpret_cast<const char *>(client[1].header.masking_key), 4));
    EXPECT_FALSE(server[0].header.masked);
    EXPECT_EQ(server[0].payload, "ababab");
    EXPECT_EQ(server[1].payload, "\x03\xe9"
                                 "bye");
}

TEST(Talk, SendsIllegalFrames)
{
    const Transcript c =
        play("client send text \"x\" mask=no rsv=5 form=64\n"
             "server send opcode-11 \"y\" mask=yes key=37fa213d\n"
             "server send close 1005\n"
             "client bytes hex:ff00\n"
             "client send binary \"abc\" length=9223372036854775813 key=00000000\n");
    const std::string client = said(c.get(), true), server = said(c.get(), false);
    EXPECT_EQ(client, std::string("\xd1\x7f\0\0\0\0\0\0\0\1x\xff\0", 13) +
                          std::string("\x82\xff\x80\0\0\0\0\0\0\5\0\0\0\0abc", 17));
    EXPECT_EQ(server, "\x8b\x81\x37\xfa\x21\x3d" + std::string(1, 'y' ^ 0x37) + "\x88\x02\x03\xed");
}

TEST(Talk, JoinsWritesIntoOneSegment)
{
    const Transcript c = play("client request\nserver answer\n"
                              "join\n"
                              "client send text \"a\"\n"
                              "pick client send text \"b\" | client bytes \"b\"\n"
                              "repeat 3\nclient bytes \"c\"\nend\n"
                              "end\n"
                              "join\nrepeat 0\nclient bytes \"never\"\nend\nend\n");
    EXPECT_EQ(events(c.get()), "open> bytes> bytes< bytes>");
    EXPECT_EQ(said(c.get(), true).substr(said(c.get(), true).size() - 3), "ccc");
}

TEST(Talk, AnEmptyJoinIsNothing)
{
    EXPECT_EQ(events(play("join\nrepeat 0\nclient bytes \"never\"\nend\nend\n").get()), "");
}

TEST(Talk, ARequestWithTheFirstFrameBehindIt)
{
    const Transcript c =
        play("join\nclient request\nclient send text \"early\"\nend\nserver answer\n");
    EXPECT_EQ(events(c.get()), "open> bytes> bytes<");
}

TEST(Talk, HasConnectionsWithTheirPorts)
{
    const Transcript c = play("connection a\nconnection b\nclient bytes \"to b\"\n"
                              "client 40000\nserver 9000\nconnection c\nserver rst\n"
                              "connection a\nclient bytes \"to a\"\nclient fin\nserver fin\n");
    EXPECT_EQ(events(c.get()), "open> open> bytes> open> reset< bytes> fin> fin<");
    EXPECT_EQ(said(c.get(), true, 0), "to a");
    EXPECT_EQ(said(c.get(), true, 1), "to b");
    EXPECT_EQ(transcript_port(c.get(), 1, true), 50002);
    EXPECT_EQ(transcript_port(c.get(), 2, true), 40000);
    EXPECT_EQ(transcript_port(c.get(), 2, false), 9000);
}

TEST(Talk, HasItsOwnClock)
{
    const Transcript c = play("client bytes \"a\"\ndelay 30s\ndelay 10ms\nserver bytes \"b\"\n");
    const int64_t start = INT64_C(1767603600000000000), ms = 1000000;
    EXPECT_EQ(transcript_event_at(c.get(), 0).time_ns, start);
    EXPECT_EQ(transcript_event_at(c.get(), 1).time_ns, start + ms);
    EXPECT_EQ(transcript_event_at(c.get(), 2).time_ns, start + 30012 * ms);
}

const char seeded[] =
    "handshake\nclient send binary random:8\n"
    "pick client send text \"a\" | client send text \"b\" | client send text \"c\"\n"
    "shuffle\nserver bytes \"1\"\nserver bytes \"2\"\nserver bytes \"3\"\nend\n";

std::string all_of(uint64_t seed)
{
    const Transcript c = play(seeded, seed);
    return said(c.get(), true) + "|" + said(c.get(), false);
}

TEST(Talk, TheSameSeedGivesTheSameBytes)
{
    EXPECT_EQ(all_of(7), all_of(7));
    EXPECT_NE(all_of(7), all_of(8));
}

TEST(Talk, SeedsChooseAmongAll)
{
    std::set<std::string> picked, orders;
    for (uint64_t seed = 0; seed < 100; seed++) {
        const Transcript c = play(seeded, seed);
        const std::string client = said(c.get(), true), server = said(c.get(), false);
        picked.insert(frames(client.substr(client.find("\r\n\r\n") + 4))[1].payload);
        orders.insert(server.substr(server.find("\r\n\r\n") + 4));
    }
    EXPECT_EQ(picked, (std::set<std::string>{"a", "b", "c"}));
    EXPECT_EQ(orders, (std::set<std::string>{"123", "132", "213", "231", "312", "321"}));
}

// Another machine must make the same captures: these bytes are for ever.
TEST(Talk, TheBytesOfASeedNeverChange)
{
    const Transcript c = play("client send text \"x\"\nclient bytes random:4\n", 7);
    const std::string bytes = said(c.get(), true);
    std::string hex;
    for (const char byte : bytes) {
        char two[3];
        snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(byte));
        hex += two;
    }
    EXPECT_EQ(hex, "8181d70d3259af127ee65d");
}

TEST(Talk, SaysWhatIsWrongAndWhere)
{
    const std::map<std::string, std::string> errors = {
        {"jump\n", "a.talk:2:1: no such step; there is client, server, handshake, connection, "
                   "delay, pick, join, shuffle, repeat\n  jump\n  ^"},
        {"client\n", "a.talk:2:7: no such step; client is followed by request, answer, send, "
                     "bytes, fin, rst, PORT\n  client\n        ^"},
        {"\n# nothing\n  server say \"x\"\n",
         "a.talk:4:10: no such step; server is followed by request, answer, send, bytes, fin, rst, "
         "PORT\n    server say \"x\"\n           ^"},
        {"end\n", "a.talk:2:1: no such step"},
        {"handshake now\n", "a.talk:2:11: one word too many"},
        {"handshake to=/ws\n", "a.talk:2:11: no option to= here; there is: path header answer"},
        {"handshake path=ws\n", "a.talk:2:16: a path begins with /"},
        {"handshake header=Origin\n", "a.talk:2:18: a text in \"...\" is missing here"},
        {"handshake header=\"Origin\"\n", "a.talk:2:18: a header is \"Name: value\" in one line"},
        {"handshake header=\"A B: c\"\n", "a.talk:2:1: this head cannot be written: "},
        {"handshake answer=200\n", "a.talk:2:18: no such answer; there is 101, plain-101, "
                                   "wrong-accept and the statuses 300 to 599"},
        {"server request\n", "a.talk:2:1: only the client makes a request"},
        {"client answer\n", "a.talk:2:1: only the server answers"},
        {"server answer\n", "a.talk:2:1: no request came before this answer"},
        {"client 0\n", "a.talk:2:8: a port is a whole number from 1 to 65535"},
        {"client send\n", "a.talk:2:12: no such frame; there is text, binary, continuation, ping, "
                          "pong, close, opcode-0 to opcode-15"},
        {"client send opcode-16 \"x\"\n", "a.talk:2:13: no such frame"},
        {"client send text\n", "a.talk:2:17: data is missing"},
        {"client send text x\n", "a.talk:2:18: no data; it is"},
        {"client send text \"x\" fin=maybe\n", "a.talk:2:26: fin= is yes or no"},
        {"client send text \"x\" rsv=8\n", "a.talk:2:26: rsv is a whole number from 0 to 7"},
        {"client send text \"x\" key=00\n",
         "a.talk:2:26: key= is a masking key: 8 digits of 0-9 a-f"},
        {"client send text \"x\" key=0011223g\n", "a.talk:2:26: key= is a masking key"},
        {"client send text \"x\" form=8\n", "a.talk:2:27: form= is 7, 16 or 64"},
        {"client send text 126*\"x\" form=7\n",
         "a.talk:2:31: 126 bytes do not fit a length field of 7 bits"},
        {"client send text \"x\" length=126 form=7\n", "a.talk:2:38: 126 bytes do not fit"},
        {"client send text \"x\" bold=yes\n",
         "a.talk:2:22: no option bold= here; there is: fin rsv mask key length form"},
        {"client send close 70000\n", "a.talk:2:19: a close code is a whole number from 0 to"},
        {"client send close 1000 bye\n", "a.talk:2:24: a text in \"...\" is missing here"},
        {"client send close 1000 \"a\" \"b\"\n", "a.talk:2:28: one word too many"},
        {"client bytes\n", "a.talk:2:13: data is missing"},
        {"client fin now\n", "a.talk:2:12: one word too many"},
        {"client fin\nclient bytes \"x\"\n",
         "a.talk:3:1: this side has ended its stream in line 2"},
        {"server rst\nclient fin\n", "a.talk:3:1: this side has ended its stream in line 2"},
        {"connection\n", "a.talk:2:11: the connection's name is missing"},
        {"delay 5\n", "a.talk:2:7: a delay is a whole number with its unit: 30s or 10ms"},
        {"delay s\n", "a.talk:2:7: a delay is a whole number"},
        {"delay 3601s\n", "a.talk:2:7: a delay is at most an hour: 3600s"},
        {"pick\n", "a.talk:2:5: a step is missing; pick has at least two of them"},
        {"pick client fin\n", "a.talk:2:16: a step is missing; pick has at least two of them"},
        {"pick client fin |\n", "a.talk:2:18: a step is missing"},
        {"pick client fin | | client rst\n", "a.talk:2:18: a step is missing"},
        {"pick client fin | client fly\n", "a.talk:2:26: no such step; client is followed by"},
        {"pick client fin | join\n", "a.talk:2:19: pick chooses among single steps"},
        {"pick client fin | pick a | b\n", "a.talk:2:29: a step is missing"},
        {"join\nclient bytes \"x\"\n", "a.talk:2:1: this join has no end"},
        {"join\nend\n", "a.talk:2:1: there is no step in this join"},
        {"join\nclient bytes \"x\"\nend now\n", "a.talk:4:5: one word too many"},
        {"join\nclient bytes \"x\"\nserver bytes \"x\"\nend\n",
         "a.talk:4:1: a join is one segment: all of it comes from one side"},
        {"join\nclient bytes \"x\"\ndelay 1s\nend\n",
         "a.talk:4:1: a join holds only what is sent: send, bytes, request, answer"},
        {"join\nshuffle\nclient fin\nend\nend\n", "a.talk:4:1: a join holds only what is sent"},
        {"join\njoin\nclient bytes \"x\"\nend\nend\n",
         "a.talk:3:1: a join inside a join says nothing new"},
        {"repeat\nclient fin\nend\n", "a.talk:2:7: how often is a whole number from 0 to 200000"},
        {"repeat 200000\nclient bytes \"x\"\nend\n", "a.talk:3:1: more than 200000 steps"},
        {"repeat 3\nclient bytes 30000000*\"x\"\nend\nclient bytes \"x\"\n",
         "a.talk:5:1: too long: a talk is at most 64 MiB"},
        {"join\nrepeat 5\nclient bytes 30000000*\"x\"\nend\nend\n",
         "a.talk:4:1: too long: a talk is at most 64 MiB"},
        {"client bytes \"x\n", "a.talk:2:14: this text has no end"},
    };
    for (const auto &[text, expected] : errors)
        EXPECT_EQ(wrong(text).substr(0, expected.size()), expected) << wrong(text);
    std::string many = "handshake";
    for (int i = 0; i < 33; i++)
        many += " header=\"A: b\"";
    EXPECT_NE(wrong(many + "\n").find(": more than 32 headers\n"), std::string::npos);
    std::string deep;
    for (int i = 0; i < 9; i++)
        deep += "shuffle\n";
    EXPECT_EQ(wrong(deep).substr(0, 53), "a.talk:10:1: more than 8 blocks inside one another\n  ");
}

TEST(Talk, BeginsWithItsTitle)
{
    EXPECT_EQ(wrong("", ""), "a.talk:1:1: nothing in it; the first line is \"title: …\"");
    for (const char *text : {"handshake\n", "title:\nhandshake\n", "title: \n", "title:x\n"})
        EXPECT_EQ(wrong(text, "").substr(0, 43), "a.talk:1:1: the first line is \"title: …\"\n")
            << text;
    EXPECT_EQ(wrong("handshake\n", "\n# first\n  title:  two words \n"), "nothing");
    EXPECT_EQ(wrong("x", "title: \"x\n"), "a.talk:1:8: this text has no end; close it with \"\n"
                                          "  title: \"x\n         ^");
}

TEST(Talk, MissingFileIsSaid)
{
    GError *error = nullptr;
    EXPECT_EQ(talk_read("/nowhere/x.talk", &error), nullptr);
    ASSERT_NE(error, nullptr);
    EXPECT_NE(std::string(error->message).find("/nowhere/x.talk"), std::string::npos);
    g_error_free(error);
}

} // namespace
