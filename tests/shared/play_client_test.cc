// Cases played on a client that is sound or has one fault: the grader is the server.
#include "played.h"

#include <cstdlib>
#include <set>

namespace
{
const std::string CLIENT = "role: client\nprogram: 127.0.0.1:{port}/ws\n";

// A server that the program runs against, and the client that it is.
Played on(const std::string &steps, const char *fault = "none")
{
    return Played(CLIENT + steps, fault);
}

const std::string ECHO =
    "accept a\nsend a text \"hello\"\nexpect printed \"hello\"\ntype \"hi\\n\"\n"
    "expect a text \"hi\"\n";
} // namespace

// ---- What passes ----

TEST(PlayClient, EveryActionOnASoundClient)
{
    passes(on(
        "accept a header=\"X-One: b\" no-header=Origin then=hex:81026869\n"
        "expect printed \"hi\"\nfence a\ntype \"one\\ntwo\\n\"\nexpect a text \"one\"\n"
        "expect a frame text \"two\"\nsend a ping \"x\"\nexpect a pong \"x\"\n"
        "split a 1\nsend a text \"in pieces\"\nexpect printed \"in pieces\"\nsplit a whole\n"
        "join a\nsend a text \"three\" fin=no\nsend a continuation \"\\nfour\"\nend\n"
        "expect printed \"three\\nfour\"\nanswer a no\npause a\ntype 3000*\"12345678 \" \"\\n\"\n"
        "resume a\nexpect a text 3000*\"12345678 \"\nexpect masks differ\nabort a\n"
        "accept-tcp b\nsplit b 7\nexpect b request header=\"Sec-WebSocket-Protocol: talk\"\n"
        "reply b 101 header=\"Sec-WebSocket-Protocol: talk\"\nsplit b whole\n"
        "refuse\nleave b\nexpect log \"refused\" 3\nlisten\naccept c\n"
        "send c close 1001\nexpect c close 1001\nfinish c\nexpect c end\nleave c\n"
        "accept d\ntype-end\nexpect d close 1000\nsend d close 1000\nfinish d\n"
        "expect d end\nexpect exit 0\n"));
}

TEST(PlayClient, AtTheEndItIsToldToStopAndTheGraderIsPolite)
{
    passes(on("accept a\n"));
    passes(on("refuse\nexpect log \"refused\"\n"));
    passes(on("accept a\nsignal INT\nexpect a close 1000\nsend a close 1000\nfinish a\n"
              "expect a end\nexpect exit 0\n"));
    passes(on("refuse\n", "stays-away")); // it has ended by itself
}

// More than a pipe holds.
TEST(PlayClient, MuchIsTyped)
{
    passes(on("accept a\ntype 3*\"x\" 60000*\"y\" \"\\n\" 60000*\"z\" \"\\n\" 60000*\"u\" \"\\n\"\n"
              "expect a text \"xxx\" 60000*\"y\"\nexpect a text 60000*\"z\"\n"
              "expect a text 60000*\"u\"\n"));
}

TEST(PlayClient, ManyConnectionsOneBehindTheOther)
{
    passes(on("repeat 20\naccept a\nsend a text \"x\"\nexpect printed \"x\"\nabort a\nend\n"));
    fails(on("accept c 2\n"), "  1 action  the program connects to /ws as c (2 connections)     1 "
                              "came, then no more\n"
                              "            the program does nothing: all of its threads wait\n");
}

TEST(PlayClient, AnswersThatAClientMustNotTake)
{
    for (const char *kind : {"plain-101", "wrong-accept", "503"}) {
        const std::string steps = std::string("accept a answer=") + kind + "\nexpect exit 3\n";
        passes(on(steps));
        fails(on(steps, "accepts-any"),
              "  2 expect  the program ends with status 3                       the program is "
              "still running\n"
              "            the program does nothing: all of its threads wait\n");
    }
}

TEST(PlayClient, PythonWebsocketsIsSound)
{
    if (system("/usr/bin/python3 -c 'import websockets' 2>/dev/null") != 0) {
        if (getenv("CI"))
            FAIL() << "Python websockets is not installed";
        GTEST_SKIP() << "Python websockets is not installed (Debian: python3-websockets)";
    }
    passes(Played("role: client\nprogram: ws://127.0.0.1:{port}/ws\n" + ECHO +
                      "split a 1\nsend a text 50*\"ab\"\nexpect printed 50*\"ab\"\nsplit a whole\n"
                      "fence a\nabort a\nrefuse\nlisten\naccept a\ntype \"again\\n\"\n"
                      "expect a text \"again\"\nexpect masks differ\nsend a close 1001\n"
                      "expect a close 1001\nfinish a\nexpect a end\naccept b\n",
                  "", SOUND_PEER));
}

// ---- The record has the real directions ----

TEST(PlayClient, TheProgramIsTheClientOfTheRecord)
{
    Played p = on(ECHO);
    passes(p);
    const transcript *c = p.r->transcript;
    ASSERT_EQ(transcript_connections(c), 1u);
    EXPECT_NE(transcript_port(c, 0, true), transcript_port(c, 0, false));
    std::string sent[2];
    for (size_t i = 0; i < transcript_events(c); i++) {
        const transcript_event ev = transcript_event_at(c, i);
        if (ev.type == TRANSCRIPT_BYTES)
            sent[ev.from_client].append(reinterpret_cast<const char *>(ev.data), ev.len);
    }
    EXPECT_EQ(sent[true].substr(0, 4), "GET ");
    EXPECT_NE(sent[true].find("127.0.0.1:" + std::to_string(transcript_port(c, 0, false))),
              std::string::npos);
    EXPECT_EQ(sent[false].substr(0, 13), "HTTP/1.1 101 ");
    EXPECT_NE(sent[false].find("\x81\x05hello"), std::string::npos);
}

TEST(PlayClient, TheWrongPlaceIsTheClients)
{
    Played p = on(ECHO, "unmasked");
    EXPECT_TRUE(p.r->place.known);
    EXPECT_TRUE(p.r->place.from_client);
    EXPECT_EQ(p.r->place.frame, 1u);
    EXPECT_EQ(p.r->place.connection, 0u);
}

TEST(PlayClient, PiecesArriveApart)
{
    const std::string hello = "send a text \"Hello, world\"\nexpect printed \"Hello, world\"\n";
    passes(on("accept a\n" + hello, "one-read-one-frame"));
    // Each piece goes when the one before was read, not when it is time to: 400 times 0.2 s.
    Played many = on("accept a\nsplit a 1\nsend a text 400*\"x\"\nexpect printed 400*\"x\"\n");
    passes(many);
    EXPECT_LT(many.r->seconds, 40);
    for (int i = 0; i < 10; i++) {
        Played p = on("accept a\nsplit a 3\n" + hello, "one-read-one-frame");
        EXPECT_EQ(p.r->verdict, PLAY_FAIL) << "the program got the pieces in one read";
    }
}

// ---- What a fault is called ----

TEST(ClientFault, Request)
{
    fails(on("accept a path=/chat\n"),
          "  1 action  the program connects to /chat as a                   it asks for /ws\n"
          "            GET /ws HTTP/1.1\n"
          "            Host: 127.0.0.1:@\n"
          "            Upgrade: websocket\n"
          "            Connection: Upgrade\n"
          "            Sec-WebSocket-Key: c2l4dGVlbiBieXRlcy4uAA==\n"
          "            Sec-WebSocket-Version: 13\n"
          "            Sec-WebSocket-Protocol: chat, talk\n"
          "            X-One: a, b\n");
}

TEST(ClientFault, RequestInOneLine)
{
    const auto first = [](const Played &p) {
        const size_t at = p.story.find("  1 ");
        return p.story.substr(at, p.story.find("            GET") - at);
    };
    EXPECT_EQ(first(on("accept a\n", "no-version")),
              "  1 action  the program connects to /ws as a\n"
              "                got a request that no server accepts: handshake-version\n"
              "            the Sec-WebSocket-Version header is missing, double or not 13 "
              "(RFC 6455 4.4)\n");
    EXPECT_NE(on("accept a\n", "no-port").story.find("its Host does not name the port\n"),
              std::string::npos);
    EXPECT_EQ(first(on("accept a header=\"X-One: c\"\n")),
              "  1 action  the program connects to /ws as a, X-One: c           the request has "
              "no \"X-One: c\"\n");
    EXPECT_EQ(first(on("accept a no-header=X-One\n")),
              "  1 action  the program connects to /ws as a, no header X-One    the request has a "
              "header X-One\n");
    fails(on("accept a\n", "no-http"),
          "  1 action  the program connects to /ws as a                     got bytes that are no "
          "HTTP request\n"
          "            81 80 54 20 ...\n"
          "            ^ stream offset 0\n");
}

TEST(ClientFault, ItDoesNotWaitForTheAnswer)
{
    fails(on("accept a\n", "early"),
          "  1 action  a sends nothing before it is answered                got text \"early\"\n");
}

TEST(ClientFault, ItDoesNotConnect)
{
    fails(on("accept a\n", "stays-away"),
          "  1 action  the program connects to /ws as a                     the program ended "
          "with status 0\n");
    fails(on("accept a\n", "dies"),
          "  1 action  the program connects to /ws as a                     the program ended "
          "with status 4\n"
          "            log: cannot find my socks\n");
    fails(on("accept a\nleave a\naccept b\n", "leaves"),
          "  3 action  the program connects to /ws as b                     the program ended "
          "with status 0\n");
}

TEST(ClientFault, Frames)
{
    fails(on(ECHO, "unmasked"),
          "  5 expect  a gets text \"hi\"\n"
          "                got a frame that the client did not mask\n"
          "            81 02 68 69\n"
          "            ^ stream offset 205\n"
          "            a client must mask every frame it sends (RFC 6455 5.1)\n");
    fails(on("accept a\nfence a\n", "no-pong"),
          "  2 action  a gets the pong for its ping                         no response\n"
          "            the program does nothing: all of its threads wait\n");
    fails(on("accept a\nsend a text \"x\"\nexpect printed \"y\"\n"),
          "  3 expect  the next line that it prints is 'y'                  it printed \"x\"\n");
    fails(on("accept a then=hex:81026869\nexpect printed \"hi\"\n", "drops-rest"),
          "  2 expect  the next line that it prints is \"hi\"                 it printed nothing "
          "more\n"
          "            the program does nothing: all of its threads wait\n");
}

TEST(ClientFault, WhatItPrints)
{
    const std::string send = "accept a\nsend a text \"hello\"\nexpect printed ";
    fails(on(send + "\"hello\"\n", "shouts"),
          "  3 expect  the next line that it prints is \"hello\"              it printed "
          "\"hello!\"\n");
    fails(on(send + "\"hello\"\n", "no-line-end"),
          "  3 expect  the next line that it prints is \"hello\"\n"
          "                it printed \"hello\" without an end of line\n"
          "            the program does nothing: all of its threads wait\n");
    fails(
        on(send + "\"hello\\nworld\"\n"),
        "  3 expect  the next line that it prints is \"hello\\nworld\"       got 5 of 11 bytes, 6 "
        "missing\n"
        "            \"hello\"\n"
        "                  ^ byte 6\n");
    fails(on("accept a\nsend a text 70*\"a\" \"b\"\nexpect printed 71*\"a\"\n"),
          "  3 expect  the next line that it prints is 71 x 'a'             byte 71 of 71 is "
          "0x62, not 0x61\n"
          "            ... \"aaaaaaaaaaaaaaaaaaaaaaaab\"\n"
          "                                         ^ byte 71\n"
          "            ... \"aaaaaaaaaaaaaaaaaaaaaaaaa\"   wanted\n");
}

TEST(ClientFault, ItDoesNotRead)
{
    fails(on("accept a\ntype 30000*\"1234567\"\n", "never-reads"),
          "  2 action  the program reads 30000 x \"1234567\" on stdin         the program does not "
          "read it\n"
          "            the program does nothing: all of its threads wait\n");
}

TEST(ClientFault, ItHasClosedItsStdin)
{
    fails(on("accept a\ntype \"x\\n\"\n", "closes-stdin"),
          "  2 action  the program reads \"x\\n\" on stdin                     the program has "
          "closed "
          "its stdin\n");
}

TEST(ClientFault, MaskingKeys)
{
    const std::string steps =
        "accept a\nrepeat 5\ntype \"x\\n\"\nexpect a text \"x\"\nend\nexpect masks differ\n";
    passes(on(steps));
    const std::string line = "  4 expect  every frame had a masking key of its own             ";
    fails(on(steps, "zero-key"), line + "a key that is zero hides nothing\n"
                                        "            frame 1 of connection 1 has the key 00 00 00 "
                                        "00\n");
    Played same = on(steps, "same-key");
    fails(same, line + "two frames have the same key\n"
                       "            frame 1 of connection 1 has the key 73 61 6d 65\n"
                       "            frame 2 of connection 1 has the key 73 61 6d 65\n");
    EXPECT_EQ(same.r->place.frame, 2u);
    EXPECT_TRUE(same.r->place.from_client);
    fails(on(steps, "counted-key"),
          "  4 expect  every frame had a masking key of its own\n"
          "                keys that are counted up can be foretold\n"
          "            frame 3 of connection 1 has the key 00 00 00 19\n"
          "            frame 4 of connection 1 has the key 00 00 00 1c\n"
          "            frame 5 of connection 1 has the key 00 00 00 1f\n");
    fails(on("accept a\nexpect masks differ\n"),
          "  2 expect  every frame had a masking key of its own             fewer than two frames "
          "came\n");
}

// That the program has ended, which is right, says nothing about what is wrong.
TEST(ClientFault, BehindTheEndOfTheProgram)
{
    fails(
        on("accept a\ntype \"x\\ny\\n\"\ntype-end\nexpect a text \"x\"\nexpect a text \"y\"\n"
           "expect a close 1000\nsend a close 1000\nfinish a\nexpect exit 0\n"
           "expect masks differ\n",
           "same-key"),
        " 10 expect  every frame had a masking key of its own             two frames have the same "
        "key\n"
        "            frame 1 of connection 1 has the key 73 61 6d 65\n"
        "            frame 2 of connection 1 has the key 73 61 6d 65\n");
}

TEST(ClientFault, Stop)
{
    fails(on("accept a\n", "hangs"),
          "  2 expect  it stops within 2 s of SIGTERM                       the program is still "
          "running\n"
          "            1 threads, @ open descriptors\n");
    fails(on("accept a\n", "status"),
          "  2 expect  it ends with status 0, by itself or by SIGTERM       the program ended "
          "with status 1\n");
    fails(on("accept a answer=503\nleave a\n"),
          "  3 expect  it ends with status 0, by itself or by SIGTERM       the program ended "
          "with status 3\n");
    fails(on("accept a\nsignal TERM\nexpect a close 1000\n", "no-close"),
          "  3 expect  a gets close 1000                                    got the end of the "
          "stream (FIN)\n");
}

// ---- It leaves nothing behind ----

TEST(PlayClient, NobodyElsesServerIsTried)
{
    script *s = script_parse("1.case", ("title: t\n" + CLIENT + "accept a\n").c_str(), nullptr);
    play_options o = {};
    o.port = 9;
    play_result *r = play_case(s, &o);
    EXPECT_EQ(r->verdict, PLAY_SKIPPED);
    EXPECT_STREQ(r->reason, "it is about a client, which the grader starts: give --program");
    play_result_free(r);
    script_free(s);
}
