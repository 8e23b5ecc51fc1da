// Cases played against a server that is sound or has one fault: what the learner reads, word for
// word. `@` in an expected text stands for digits that differ from run to run.
#include "played.h"
#include "program.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

namespace
{
const char *const ECHO =
    "connect a\nsend a text \"Hello, world\"\nexpect a text \"Hello, world\"\n";
const char *const ECHO_AAA = "connect a\nsend a text 4096*\"a\"\nexpect a text 4096*\"a\"\n";

// Children of this process that are still there.
int children()
{
    int count = 0;
    while (waitpid(-1, nullptr, WNOHANG) >= 0)
        count++;
    return count;
}

unsigned open_descriptors()
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}
} // namespace

// ---- What passes ----

TEST(Play, EveryActionOnASoundServer)
{
    passes(Played("connect a header=\"Origin: http://x.example\" then=hex:818212345678\n"
                  "bytes a hex:5a5d\nexpect a text \"Hi\"\n"
                  "split a 1\nsend a binary random:300\nexpect a binary random:300\n"
                  "split a random\nsend a text 3000*\"r\"\nexpect a frame text 3000*\"r\"\n"
                  "split a whole\njoin a\nsend a text \"one \" fin=no\nsend a ping \"x\"\n"
                  "send a continuation \"two\"\nend\nexpect a pong \"x\"\n"
                  "expect a text \"one two\"\nfence a\nfinish a\nexpect a end\nexpect a gone\n"
                  "leave a\n"
                  "open b\nbytes b \"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\"\n"
                  "expect b status 400 header=\"connection: CLOSE\" no-header=Upgrade\n"
                  "expect b end\nleave b\nconnect c\nabort c\nexpect log \"^.*conn [0-9]+ \" 3\n"
                  "expect descriptors same\nexpect threads same\nsignal TERM\nexpect exit 0\n"));
}

TEST(Play, PingsAreAClock)
{
    passes(Played("program: --ping-ms 5\nconnect a rcvbuf=2000\nconnect b\nanswer a no\n"
                  "expect a pings 3\nexpect a open 5 pings-of b\nexpect a ping \"hi\"\npause a\n"
                  "repeat 50\nsend a text 4096*\"b\"\nend\nresume a\n"
                  "repeat 50\nexpect a text 4096*\"b\"\nend\nanswer a yes\nexpect a pings 2\n"));
}

// transcript_address is what the kernel says of the socket.
TEST(Play, ClientsComeFromTheAddressThatTheCaseSays)
{
    const Played p("open a from=127.0.0.2\nconnect b 2 from=127.3.2.1\nsplit b 1\n"
                   "send b text \"one by one\"\nexpect b text \"one by one\"\nconnect c\n");
    passes(p);
    const transcript *c = p.r->transcript;
    EXPECT_EQ(transcript_address(c, 0, true), 0x7F000002u);
    EXPECT_EQ(transcript_address(c, 1, true), 0x7F030201u);
    EXPECT_EQ(transcript_address(c, 2, true), 0x7F030201u);
    EXPECT_EQ(transcript_address(c, 3, true), 0x7F000001u);
    EXPECT_EQ(transcript_address(c, 0, false), 0x7F000001u);
}

// Pongs that we sent.
unsigned pongs(const Played &p)
{
    unsigned count = 0;
    for (size_t i = 0; i < transcript_events(p.r->transcript); i++) {
        const transcript_event ev = transcript_event_at(p.r->transcript, i);
        count += ev.type == TRANSCRIPT_BYTES && ev.from_client && ev.data[0] == 0x8A;
    }
    return count;
}

TEST(Play, PingsAreAnsweredUnlessTheCaseSaysNo)
{
    const std::string begin = "program: --ping-ms 5\nopen a\n",
                      end = "bytes a \"GET /ws HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\n"
                            "Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n\"\n"
                            "expect a status 101\nexpect a pings 5\n";
    EXPECT_GE(pongs(Played(begin + end)), 5u);
    EXPECT_EQ(pongs(Played(begin + "answer a no\n" + end)), 0u);
}

TEST(Play, AThousandClients)
{
    Played p("connect c 1000\nsend c text \"x\"\nexpect c text \"x\"\nsend c close 1000\n"
             "expect c close 1000\nexpect c end\nleave c\nexpect threads same\n"
             "expect descriptors same\n");
    passes(p);
    EXPECT_EQ(transcript_connections(p.r->transcript), 1000u);
}

TEST(Play, PythonWebsocketsIsSound)
{
    if (system("/usr/bin/python3 -c 'import websockets' 2>/dev/null") != 0) {
        if (getenv("CI"))
            FAIL() << "Python websockets is not installed";
        GTEST_SKIP() << "Python websockets is not installed (Debian: python3-websockets)";
    }
    passes(Played("connect a\nsplit a 1\nsend a text 50*\"ab\"\nexpect a text 50*\"ab\"\n"
                  "split a random\nsend a binary random:1000 fin=no\nsend a ping \"between\"\n"
                  "send a continuation \"end\"\nexpect a pong \"between\"\n"
                  "expect a binary random:1000 \"end\"\nconnect c 30\nsend c text \"x\"\n"
                  "expect c text \"x\"\nfence c\nsend a text \"x\" mask=no\nexpect a close 1002\n"
                  "expect a end\nsend c close 3001 \"bye\"\nexpect c close 3001\nexpect c end\n",
                  "", SOUND_PEER));
}

TEST(Play, AProgramThatIsNoServer)
{
    passes(Played("input \"some\\nmore\\n\"\nrun \"print\" \"a b\" \"3\"\nexpect exit 3\n"
                  "expect output-line 1 \"a b\"\nexpect output \"a b\\nread some\\n\"\n"));
    fails(Played("run \"print\" \"a b\"\nexpect output-line 1 \"a c\"\n"),
          "  1 action  the program runs print, a b                          ok\n"
          "  2 expect  line 1 of its output is \"a c\"                        byte 3 of 3 is 0x62, "
          "not 0x63\n"
          "            \"a b\"\n"
          "               ^ byte 3\n"
          "            \"a c\"   wanted\n");
    fails(Played("run \"print\" \"a b\" \"4\"\nexpect exit 0\n"),
          "  2 expect  the program ends with status 0                       the program ended with "
          "status 4\n");
    fails(Played("run \"print\" \"a b\"\nexpect output-line 2 \"x\"\n"),
          "  2 expect  line 2 of its output is 'x'                          it printed 1 line\n");
}

// ---- The text that is read most ----

TEST(Story, AnInterleavedPing)
{
    Played p("covers: 29\nconnect a\nsay two threads send 4096-byte text\nrepeat 2\n"
             "send a text 4096*\"a\"\nend\nexpect a text 4096*\"a\"\nexpect a text 4096*\"a\"\n",
             "ping-inside");
    EXPECT_EQ(p.story,
              "FAIL 1  t                                                      covers 29\n"
              "  1 action  a connects to /ws                                    ok\n"
              "  2 action  two threads send 4096-byte text                      ok\n"
              "  3 expect  frame 1 payload = 4096 x 'a'                         got a ping header "
              "inside it\n"
              "            ... 61 61 61 89 00 61 61 ...\n"
              "                         ^ stream offset 137\n"
              "  look  wslab show 1     hint  wslab hint 1     replay  --seed 7\n");
    EXPECT_TRUE(p.r->place.known);
    EXPECT_EQ(p.r->place.connection, 0u);
    EXPECT_EQ(p.r->place.frame, 1u);
    EXPECT_EQ(p.r->place.offset, 137u);
    EXPECT_STREQ(p.r->reason, "frame 1 payload = 4096 x 'a': got a ping header inside it");
}

TEST(Story, HeadOfOtherVerdicts)
{
    EXPECT_EQ(Played(ECHO).story, "PASS 1  t\n");
    EXPECT_EQ(Played(ECHO, "", "/nonexistent").story,
              "ERROR 1  t\n  cannot start /nonexistent: No such file or directory\n");
    script *s = script_parse("1.case", "title: t\nrun \"x\"\n", nullptr);
    play_result *r = play_not_tried(PLAY_SKIPPED, "no gcc");
    char *text = story_text(s, r);
    EXPECT_STREQ(text, "SKIP 1  t\n  no gcc\n");
    g_free(text);
    play_result_free(r);
    script_free(s);
}

TEST(Story, NoLineIsWiderThan100Columns)
{
    Played p("connect a header=\"X-A-Long-Header: " + std::string(200, 'x') + "\"\nsend a text \"" +
                 std::string(90, 'y') + "\"\nexpect a text \"z\"\n",
             "rsv");
    size_t at = 0;
    for (size_t end; (end = p.story.find('\n', at)) != std::string::npos; at = end + 1)
        EXPECT_LE(end - at, 100u) << p.story.substr(at, end - at);
}

// ---- What a fault is called ----

#define A_CONNECTS "  1 action  a connects to /ws                                    ok\n"

TEST(Fault, WrongByte)
{
    fails(Played(ECHO, "wrong-byte"), "  3 expect  frame 1 payload = \"Hello, world\"              "
                                      "       byte 7 of 12 is 0x21, not 0x20\n"
                                      "            \"Hello,!world\"\n"
                                      "                   ^ stream offset 137\n"
                                      "            \"Hello, world\"   wanted\n");
    fails(Played(ECHO_AAA, "wrong-byte"),
          "  3 expect  frame 1 payload = 4096 x 'a'                         byte 2049 of 4096 is "
          "0x60, not 0x61\n"
          "            ... \"aaaaaaaaaaaaaaaaaaaaaaaa`aaaaaaaaaaaaaaaaaaaaaaa\" ...\n"
          "                                         ^ stream offset 2181\n"
          "            ... \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" ...   wanted\n");
    fails(Played("connect a\nsend a binary 40*hex:ff\nexpect a binary 40*hex:ff\n", "wrong-byte"),
          "  3 expect  frame 1 payload = 40 x hex ff                        byte 21 of 40 is 0xfe, "
          "not 0xff\n"
          "            ... ff ff ff fe ff ff ff ...\n"
          "                         ^ stream offset 151\n"
          "            ... ff ff ff ff ff ff ff ...   wanted\n");
}

TEST(Fault, WrongLength)
{
    fails(Played(ECHO_AAA, "short"),
          "  3 expect  frame 1 payload = 4096 x 'a'                         got 4095 of 4096 "
          "bytes, 1 missing\n"
          "            ... \"aaaaaaaaaaaaaaaaaaaaaaaa\"\n"
          "                                         ^ stream offset 4228\n");
    fails(Played(ECHO_AAA, "long"),
          "  3 expect  frame 1 payload = 4096 x 'a'                         got 2 bytes more than "
          "that\n"
          "            ... \"aaaaaaaaaaaaaaaaaaaaaaaa!!\"\n"
          "                                         ^ stream offset 4229\n");
    fails(Played(ECHO_AAA, "stops-inside"),
          "  3 expect  a gets text 4096 x 'a'\n"
          "                got 4 of 4096 bytes of a text frame, then no more\n"
          "            the program does nothing: all of its threads wait\n");
}

TEST(Fault, WrongOpcode)
{
    fails(Played("connect a\nsend a binary hex:00ff\nexpect a binary hex:00ff\n", "wrong-type"),
          "  3 expect  a gets binary hex 00 ff                              got text for binary\n"
          "            81 02 00 ff\n"
          "            ^ stream offset 129\n");
}

TEST(Fault, AnotherFrame)
{
    fails(Played("connect a\nsend a text \"x\"\nexpect a pong\n"),
          "  3 expect  a gets pong                                          got text \"x\"\n");
    fails(Played("connect a\nsend a text \"x\"\nexpect a frame binary\n"),
          "  3 expect  a gets the frame binary                              got text for binary\n"
          "            81 01 78\n"
          "            ^ stream offset 129\n");
    fails(Played("connect a\nsend a ping \"x\"\nexpect a pong \"y\"\n"),
          "  3 expect  a gets pong 'y'                                      got pong \"x\"\n");
}

TEST(Fault, IllegalFrames)
{
    fails(Played(ECHO, "masked"),
          "  3 expect  a gets text \"Hello, world\"                           got a frame masked "
          "by the server\n"
          "            81 8c 00 00 ...\n"
          "            ^ stream offset 129\n"
          "            a server must not mask the frames it sends (RFC 6455 5.1)\n");
    fails(Played(ECHO, "rsv"), "  3 expect  a gets text \"Hello, world\"\n"
                               "                got an illegal frame: rsv-unnegotiated\n"
                               "            a1 0c 48 65 ...\n"
                               "            ^ stream offset 129\n"
                               "            a reserved bit is set that no negotiated extension "
                               "gives a meaning here (RFC 6455 5.2)\n");
}

// A slow machine multiplies all waiting, but not beyond idle_max_s: where the program pings less
// often than that, the pings do not keep it alive. Without that rule this waits for the ceiling.
TEST(Fault, OnlyPingsOnASlowMachine)
{
    GError *error = nullptr;
    script *s = script_parse(
        "1.case", "title: t\nconnect a\nsend a text \"?\"\nexpect a text \"?\"\n", &error);
    ASSERT_NE(s, nullptr);
    const char *const arguments[] = {"--fault", "mute", "--ping-ms", "2000", nullptr};
    play_options o = {};
    o.program = FAULTY_PROGRAM;
    o.arguments = arguments;
    o.scale = 100;
    o.idle_s = 0.3;     // times 100: 30 s
    o.ceiling_s = 0.15; // 15 s
    o.idle_max_s = 0.5;
    play_result *r = play_case(s, &o);
    EXPECT_EQ(r->verdict, PLAY_FAIL);
    char *story = story_text(s, r);
    EXPECT_NE(std::string(story).find("the program does nothing"), std::string::npos) << story;
    g_free(story);
    play_result_free(r);
    script_free(s);
}

TEST(Fault, NoResponse)
{
    fails(Played(ECHO, "mute"),
          "  3 expect  a gets text \"Hello, world\"                           no response\n"
          "            the program does nothing: all of its threads wait\n");
    fails(Played("connect a\nfence a\n", "no-pong"),
          "  2 action  a gets the pong for its ping                         no response\n"
          "            the program does nothing: all of its threads wait\n");
}

TEST(Fault, ItDoesNotReadOrNeverStops)
{
    fails(Played("connect a\nsend a binary random:20000000\n", "deaf"),
          "  2 action  a sends binary 20000000 random bytes                 the program does not "
          "read it\n"
          "            the program does nothing: all of its threads wait\n");
    fails(Played("connect a\nexpect a pings 1\n", "flood"),
          "  2 expect  a gets 1 pings\n"
          "                got more than 64 MiB that nobody asked for\n"
          "            it does not stop\n");
}

TEST(Fault, AnotherMessageAndAnotherMember)
{
    fails(Played("connect c 3\nsend c text \"what is this\"\nexpect c text \"what is this\"\n",
                 "unasked"),
          "  1 action  c (3 clients) connects to /ws                        ok\n"
          "  2 action  c sends text \"what is this\"                          ok\n"
          "  3 expect  c[1] gets text \"what is this\"                        got text "
          "\"unasked\"\n");
}

TEST(Fault, CloseCode)
{
    fails(Played("connect a\nsend a close 1000\nexpect a close 1000\n", "close-code"),
          "  3 expect  a gets close 1000                                    got close 1002 "
          "(protocol error)\n");
    fails(Played("connect a\nsend a close\nexpect a close 1000\n"),
          "  3 expect  a gets close 1000                                    got close without a "
          "code\n");
}

TEST(Fault, ResetIsToldFromTheEnd)
{
    const std::string close = "connect a\nsend a close 1000\nexpect a close 1000\nexpect a ";
    fails(Played(close + "end\n", "reset"),
          "  4 expect  a gets the end of the stream (FIN)                   got RST, not FIN\n");
    fails(Played(close + "reset\n"),
          "  4 expect  a gets a reset (RST)                                 got FIN, not RST\n");
    passes(Played(close + "reset\n", "reset"));
    passes(Played(close + "gone\n", "reset"));
    fails(Played("connect a\nexpect a end\n"),
          "  2 expect  a gets the end of the stream (FIN)                   no response\n"
          "            the program does nothing: all of its threads wait\n");
}

TEST(Fault, TheEndComesTooSoon)
{
    passes(Played("connect a\nsend a close 1000\nexpect a close\nexpect a after 30\n", "late"));
    fails(Played("connect a\nsend a close 1000\nexpect a close\nexpect a after 60000\n"),
          "  4 expect  the end came 60000 ms or more after the last byte of a\n"
          "                the end came after @ ms\n");
}

TEST(Fault, TheClockStops)
{
    fails(Played("program: --ping-ms 5\nconnect a\nconnect b\nsend a close 1000\n"
                 "expect a open 3 pings-of b\n"),
          "  4 expect  a is still open when b got 3 pings\n"
          "                got close 1000 (normal closure) after @ pings\n");
}

TEST(Fault, Handshake)
{
    fails(Played(ECHO, "bare-101"),
          "  1 action  a connects to /ws\n"
          "                got a 101 that no client accepts: handshake-upgrade\n"
          "            the Upgrade header is missing or does not say websocket (RFC 6455 4.1)\n"
          "            HTTP/1.1 101 Switching Protocols\n");
    fails(
        Played("connect a path=/other\n"),
        "  1 action  a connects to /other                                 got HTTP 404 Not Found\n"
        "            HTTP/1.1 404 Not Found\n"
        "            Connection: close\n"
        "            Content-Length: 0\n");
    fails(Played(ECHO, "no-http"), "  1 action  a connects to /ws                                  "
                                   "  got bytes that are no HTTP answer\n"
                                   "            68 65 6c 6c ...\n"
                                   "            ^ stream offset 0\n");
    const std::string get = "open a\nbytes a \"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\"\n";
    fails(Played(get + "expect a status 426\n"), "  3 expect  a gets the HTTP status 426           "
                                                 "                got HTTP 400 Bad Request\n");
    fails(Played(get + "expect a status 400 header=\"A: b\"\n"),
          "  3 expect  a gets the HTTP status 400, A: b                     the answer has no \"A: "
          "b\"\n");
    fails(Played(get + "expect a status 400 no-header=Connection\n"),
          "  3 expect  a gets the HTTP status 400, no header Connection     the answer has a "
          "header Connection\n");
}

TEST(Play, ARefusalSaysItsErrorAsJson)
{
    const std::string ask = "request a header=\"Origin: http://x.example\"\n";
    passes(Played(ask + "expect a status 403 error=origin\nexpect a end\n", "refuses"));
    fails(Played(ask + "expect a status 403 error=token\n", "refuses"),
          "  2 expect  a gets the HTTP status 403, error token              its error is origin\n");
    fails(Played(ask + "expect a status 101\nleave a\nrequest b path=/other\n"
                       "expect b status 404 error=x\n"),
          "  5 expect  b gets the HTTP status 404, error x\n"
          "                its body is no JSON object with an \"error\"\n");
}

TEST(Play, AnEventIsAnObjectWithTheseMembers)
{
    const std::string say = "connect a\nsend a text \"{\\\"event\\\":\\\"left\\\",\\\"room\\\":"
                            "\\\"room:tea\\\",\\\"count\\\":2,\\\"id\\\":\\\"17\\\"}\"\n";
    passes(Played(say + "expect a event left\n"));
    passes(Played(say + "expect a event left count=2 room=room:tea id=\"17\"\n"));
    passes(Played(say + "expect a event left count=* room=*\n"));
    EXPECT_EQ(Played(say + "expect a event left ref=*\n").r->verdict, PLAY_FAIL);
    fails(Played(say + "expect a event joined\n"),
          "  3 expect  a gets the event joined                              its event is left\n"
          "            {\"event\":\"left\",\"room\":\"room:tea\",\"count\":2,\"id\":\"17\"}\n");
    fails(Played(say + "expect a event left count=3 ref=\"a b\"\n"),
          "  3 expect  a gets the event left, count=3, ref=a b              its count is 2\n"
          "            {\"event\":\"left\",\"room\":\"room:tea\",\"count\":2,\"id\":\"17\"}\n");
    fails(Played(say + "expect a event left ref=1\n"),
          "  3 expect  a gets the event left, ref=1                         it has no ref\n"
          "            {\"event\":\"left\",\"room\":\"room:tea\",\"count\":2,\"id\":\"17\"}\n");
    fails(Played("connect a\nsend a text \"[1]\"\nexpect a event left\n"),
          "  3 expect  a gets the event left                                got a text that is no "
          "JSON object\n"
          "            [1]\n");
    const Played deep("connect a\nsend a text 300000*\"[\"\nexpect a event left\n");
    EXPECT_EQ(deep.r->verdict, PLAY_FAIL) << "our stack is too small for it";
    fails(Played("connect a\nsend a binary \"{}\"\nexpect a event left\n"),
          "  3 expect  a gets the event left                                got binary \"{}\"\n");
    fails(Played("connect a\nsend a close 1000\nexpect a event left\n"),
          "  3 expect  a gets the event left                                got close 1000 (normal "
          "closure)\n");
}

// The echo server says what it hears: {"do": "left", ...} is no event, so it is told as text.
TEST(Play, ARequestIsAnObjectWithTheseMembers)
{
    passes(
        Played("connect a\nsend a do join room=room:tea text=\"a \\\"b\\\" \\\\ c\" ref=2*\"x\"\n"
               "expect a text "
               "\"{\\\"do\\\":\\\"join\\\",\\\"room\\\":\\\"room:tea\\\",\\\"text\\\":"
               "\\\"a \\\\\\\"b\\\\\\\" \\\\\\\\ c\\\",\\\"ref\\\":\\\"xx\\\"}\"\n"));
    fails(Played("connect c 2\nsend c do join room=room:tea text=50*\"x\"\nexpect c pong\n"),
          "  3 expect  c[1] gets pong                                       got text of 91 "
          "bytes\n");
}

TEST(Play, AnEventIsIgnoredWhereNoStepExpectsIt)
{
    const std::string here = "send a text \"{\\\"event\\\":\\\"here\\\"}\"\n",
                      left = "send a text \"{\\\"event\\\":\\\"left\\\"}\"\n",
                      ignore = "ignore: gone here\nconnect a\n";
    passes(Played(ignore + here + here + left + "expect a event left\n" + here + here +
                  "expect a event here\nexpect a text\n" + here +
                  "send a text \"no event\"\nexpect a text\nexpect a text\n" + here +
                  "send a ping \"x\"\nexpect a pong \"x\"\n" + here +
                  "send a close 1000\nexpect a close\n"));
    passes(Played(ignore + "split a 1\n" + here +
                  "send a close 1000\nexpect a close\n"
                  "expect a end\n"));
    fails(Played(ignore + here + left + "expect a pong\n"),
          "  4 expect  a gets pong                                          got text "
          "\"{\"event\":\"left\"}\"\n");
    fails(Played("connect a\n" + here + left + "expect a event left\n"),
          "  4 expect  a gets the event left                                its event is here\n"
          "            {\"event\":\"here\"}\n");
}

TEST(Play, AValueOfARoundIsForgottenWithIt)
{
    const std::string one = "send a text \"{\\\"event\\\":\\\"x\\\",\\\"n\\\":1}\"\n",
                      two = "send a text \"{\\\"event\\\":\\\"x\\\",\\\"n\\\":2}\"\n",
                      begin = "connect a\njoin a\n" + one + two + "end\n";
    passes(
        Played(begin + "repeat 2\nexpect a event x n=$n\nend\n" + two + "expect a event x n=$n\n"));
    EXPECT_EQ(
        Played(begin + "expect a event x n=$n\nrepeat 1\nexpect a event x n=$n\nend\n").r->verdict,
        PLAY_FAIL);
    EXPECT_EQ(Played("connect a\n" + one + one + two +
                     "expect a event x n=$n\n"
                     "repeat 2\nexpect a event x n=$n\nend\n")
                  .r->verdict,
              PLAY_FAIL)
        << "it was remembered before the rounds";
}

TEST(Play, AValueIsRemembered)
{
    const std::string say = "connect a\nsend a text \"{\\\"event\\\":\\\"welcome\\\",\\\"id\\\":17,"
                            "\\\"name\\\":\\\"Ann\\\"}\"\nexpect a event welcome id=$id name=$n\n",
                      twice = say +
                              "send a text \"{\\\"event\\\":\\\"told\\\",\\\"from\\\":\\\"17\\\","
                              "\\\"id\\\":18}\"\n";
    passes(Played(twice + "expect a event told from=$id id=!$id id=$other\n"));
    passes(Played(say + "send a do tell to=$id name=$n\n"
                        "expect a text \"{\\\"do\\\":\\\"tell\\\",\\\"to\\\":\\\"17\\\","
                        "\\\"name\\\":\\\"Ann\\\"}\"\n"));
    fails(Played(twice + "expect a event told id=$id\n"),
          "  5 expect  a gets the event told, id=$id                        its id is 18\n"
          "            $id is 17\n"
          "            {\"event\":\"told\",\"from\":\"17\",\"id\":18}\n");
    fails(Played(twice + "expect a event told from=!$id\n"),
          "  5 expect  a gets the event told, from=!$id                     its from is 17\n"
          "            $id is 17\n"
          "            {\"event\":\"told\",\"from\":\"17\",\"id\":18}\n");
    fails(Played(twice + "expect a event told ref=!$id\n"),
          "  5 expect  a gets the event told, ref=!$id                      it has no ref\n"
          "            {\"event\":\"told\",\"from\":\"17\",\"id\":18}\n");
}

TEST(Play, ALineOfLogThatMustNotBeThere)
{
    passes(Played("connect a\nabort a\nexpect log \"conn 1 \"\nexpect no-log \"conn 2 \"\n"));
    fails(Played("connect a\nabort a\nexpect log \"conn 1 \"\nexpect no-log \"conn [0-9] \"\n"),
          "  4 expect  no line of its log matches /conn [0-9] /             there are @\n");
}

TEST(Fault, CrashesAndEnds)
{
    fails(Played(ECHO, "crash"),
          "  3 expect  a gets text \"Hello, world\"\n"
          "                the program crashed: SIGSEGV (Segmentation fault)\n");
    fails(Played(ECHO, "dies"), "  3 expect  a gets text \"Hello, world\"                          "
                                " the program ended with status 3\n");
    fails(Played("connect a\nsend a text \"x\"\nfence a\n", "undefined"),
          "  4 expect  no report of a sanitizer\n"
          "                runtime error: signed integer overflow\n"
          "            log: x.c:1:1: runtime error: signed integer overflow\n");
}

TEST(Fault, Start)
{
    const auto start = [](const char *fault) {
        return std::string("program: --fault ") + fault + "\nconnect a\n";
    };
    fails(Played(start("says-other")),
          "  1 expect  the program says \"listening on 127.0.0.1:PORT\"\n"
          "                the first line of its stdout is \"ready on port 80\"\n");
    fails(Played(start("ends-at-once")), "  1 expect  the program says \"listening on "
                                         "127.0.0.1:PORT\"       the program ended with status 4\n"
                                         "            log: cannot find my socks\n");
    fails(Played(start("closes-stdout")),
          "  1 expect  the program says \"listening on 127.0.0.1:PORT\"       the program has "
          "closed its stdout\n");
    fails(Played(start("says-nothing")),
          "  1 expect  the program says \"listening on 127.0.0.1:PORT\"       no response\n"
          "            the program does nothing: all of its threads wait\n");
}

TEST(Fault, Stop)
{
    fails(Played(ECHO, "hangs"), "  4 expect  it stops within 2 s of SIGTERM                       "
                                 "the program is still running\n"
                                 "            @ threads, 5 open descriptors\n");
    fails(Played(ECHO, "status"), "  4 expect  it stops after SIGTERM with status 0                "
                                  " the program ended with status 1\n");
    fails(Played("connect a\nsignal TERM\nexpect exit 2\n"),
          "  3 expect  the program ends with status 2                       the program ended with "
          "status 0\n");
    EXPECT_EQ(children(), 0) << "a program that does not stop is killed";
}

TEST(Fault, Leaks)
{
    const std::string five = "repeat 5\nconnect a\nsend a text \"x\"\nexpect a text \"x\"\n"
                             "send a close 1000\nexpect a close\nexpect a end\nleave a\nend\n";
    fails(Played(five + "expect descriptors same\n", "descriptor-leak"),
          "  8 expect  as many open descriptors as at its start             5 more\n"
          "            @ open descriptors at the start, @ now\n"
          "            6 of them are sockets\n");
    fails(Played(five + "expect threads same\n", "thread-leak"),
          "  8 expect  as many threads as at its start                      5 more\n"
          "            @ threads at the start, @ now\n");
    fails(Played(five + "expect log \"closed\" 6\n"),
          "  8 expect  6 or more lines of its log match /closed/            5 match\n"
          "            log: lesson-Message: @:@:@.@: conn @ closed after 1 messages\n"
          "            log: lesson-Message: @:@:@.@: conn @ closed after 1 messages\n"
          "            log: lesson-Message: @:@:@.@: conn @ closed after 1 messages\n"
          "            log: lesson-Message: @:@:@.@: conn @ closed after 1 messages\n"
          "            log: lesson-Message: @:@:@.@: conn @ closed after 1 messages\n");
}

TEST(Fault, ARoundIsNamed)
{
    fails(Played("connect a\nrepeat 3\nsend a text \"x\"\nexpect a text \"x\"\nend\n"
                 "repeat 2\nexpect a pong\nend\n"),
          "  4 expect  a gets pong                                          no response\n"
          "            the program does nothing: all of its threads wait\n");
    fails(Played("connect a\nsend a text \"x\"\nrepeat 2\nexpect a text \"x\"\nend\n"),
          "  3 expect  a gets text 'x' (round 2)                            no response\n"
          "            the program does nothing: all of its threads wait\n");
}

// ---- Splits ----

// A server that takes each read for a whole frame passes when frames come in one piece ...
TEST(Split, WholeFramesArriveWhole)
{
    passes(Played(ECHO, "one-read-one-frame"));
}

// ... and fails when they do not: so the pieces really come apart.
TEST(Split, PiecesArriveApart)
{
    for (int i = 0; i < 10; i++) {
        const std::string address = i % 2 ? "127.0.0.2" : "127.0.0.1"; // the kernel is asked for it
        Played p("connect a from=" + address +
                     "\nsplit a 3\nsend a text \"Hello, world\"\n"
                     "expect a text \"Hello, world\"\n",
                 "one-read-one-frame");
        EXPECT_EQ(p.r->verdict, PLAY_FAIL) << "the program got the pieces in one read";
    }
}

TEST(Split, JoinedFramesAreOneSegment)
{
    Played p("connect a\njoin a\nsend a text \"x\"\nsend a text \"y\"\nend\nexpect a text \"x\"\n"
             "expect a text \"y\"\n");
    passes(p);
    unsigned pieces = 0;
    for (size_t i = 0; i < transcript_events(p.r->transcript); i++) {
        const transcript_event ev = transcript_event_at(p.r->transcript, i);
        pieces += ev.type == TRANSCRIPT_BYTES && ev.from_client;
    }
    EXPECT_EQ(pieces, 2u) << "the request, and both frames";
}

// ---- It leaves nothing behind, and the same seed gives the same bytes ----

TEST(Play, LeavesNothing)
{
    const unsigned before = open_descriptors();
    for (const char *fault : {"none", "crash", "mute", "hangs"})
        Played p(ECHO, fault);
    Played missing(ECHO, "", "/nonexistent");
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(children(), 0);
}

std::string sent_bytes(const Played &p)
{
    std::string all;
    for (size_t i = 0; i < transcript_events(p.r->transcript); i++) {
        const transcript_event ev = transcript_event_at(p.r->transcript, i);
        if (ev.type == TRANSCRIPT_BYTES && ev.from_client)
            all.append(reinterpret_cast<const char *>(ev.data), ev.len);
    }
    return all.substr(all.find("\r\n\r\n")); // the Host line has the port
}

// Is there a process with this id that has not ended?
bool is_alive(pid_t pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    const bool read = fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
    fclose(file);
    return read && state != 'Z' && state != 'X';
}

// The grader is killed: the program under test goes with it.
TEST(Play, TheProgramDiesWithUs)
{
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t grader = fork();
    if (grader == 0) {
        const char *const argv[] = {FAULTY_PROGRAM, "--fault", "hangs", nullptr};
        program p = {};
        program_setup setup = {};
        setup.argv = argv;
        program_start(&p, &setup, nullptr);
        if (write(ends[1], &p.pid, sizeof p.pid) > 0)
            pause();
        _exit(1);
    }
    pid_t pid = 0;
    ASSERT_EQ(read(ends[0], &pid, sizeof pid), (ssize_t)sizeof pid);
    EXPECT_TRUE(is_alive(pid));
    kill(grader, SIGKILL);
    waitpid(grader, nullptr, 0);
    for (int i = 0; i < 500 && is_alive(pid); i++)
        usleep(10000);
    EXPECT_FALSE(is_alive(pid));
    close(ends[0]);
    close(ends[1]);
}

TEST(Play, TheSeedDecides)
{
    const std::string steps = "connect a\nsend a binary random:50\nexpect a binary random:50\n";
    EXPECT_EQ(sent_bytes(Played(steps)), sent_bytes(Played(steps)));
}

TEST(Play, ALimitOfDescriptorsReachesTheProgram)
{
    /* It looks for a descriptor now and then: whether that is seen to be nothing is chance. */
    const Played played("descriptors: 12\nconnect c 20\n");
    ASSERT_NE(played.r, nullptr);
    EXPECT_EQ(played.r->verdict, PLAY_FAIL);
    EXPECT_TRUE(g_regex_match_simple(R"(1 action  c\[\d+\] connects to /ws +no response\n)"
                                     R"( +(waited 1 s|the program does nothing))",
                                     played.story.c_str(), (GRegexCompileFlags)0,
                                     (GRegexMatchFlags)0))
        << played.story;
}
