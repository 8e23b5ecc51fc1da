// A case is read whole or not at all, and its error names the place.
#include "script.h"

#include <gtest/gtest.h>

#include <string>

namespace
{
std::string wrong(const std::string &steps)
{
    GError *error = nullptr;
    script *s = script_parse("1.case", ("title: t\n" + steps).c_str(), &error);
    if (s) {
        script_free(s);
        return "it is right";
    }
    const std::string message = error->message;
    g_clear_error(&error);
    return message;
}
} // namespace

TEST(Script, HeaderFields)
{
    GError *error = nullptr;
    script *s = script_parse("x/03.2.case",
                             "# about\ntitle: one \"writer\ncovers: 29 30\nclause: RFC 6455 5.4\n"
                             "program: --ping-ms 1 'a b'\ndescriptors: 32\nbuild: thread\n\n"
                             "connect a\nsay it's done\nleave a\n",
                             &error);
    ASSERT_NE(s, nullptr) << error->message;
    EXPECT_STREQ(s->id, "03.2");
    EXPECT_STREQ(s->title, "one \"writer");
    EXPECT_STREQ(s->covers, "29 30");
    EXPECT_STREQ(s->clause, "RFC 6455 5.4");
    EXPECT_STREQ(s->program[2], "a b");
    EXPECT_EQ(s->program[3], nullptr);
    EXPECT_EQ(s->descriptors, 32u);
    EXPECT_EQ(s->build, SCRIPT_THREAD);
    EXPECT_EQ(s->role, SCRIPT_SERVER);
    EXPECT_EQ(s->steps->len, 3u);
    script_free(s);
}

TEST(Script, AFileOfTheProgramIsNamedFromTheFolderOfTheCase)
{
    script *s = script_parse("/course/x/check/1.case",
                             "title: t\nprogram: --a ./b ../c /d .e f/../g\nconnect a\n", nullptr);
    ASSERT_NE(s, nullptr);
    EXPECT_STREQ(s->program[1], "/course/x/check/b");
    EXPECT_STREQ(s->program[2], "/course/x/c");
    EXPECT_STREQ(s->program[3], "/d");
    EXPECT_STREQ(s->program[4], ".e");
    EXPECT_STREQ(s->program[5], "f/../g");
    script_free(s);
    g_autofree char *here = g_get_current_dir();
    g_autofree char *there = g_build_filename(here, "x", "b", nullptr);
    s = script_parse("x/1.case", "title: t\nprogram: ./b\nconnect a\n", nullptr);
    ASSERT_NE(s, nullptr);
    EXPECT_STREQ(s->program[0], there);
    script_free(s);
}

TEST(Script, ARunMakesItNoServer)
{
    script *s = script_parse("1.case", "title: t\nrun \"x\"\n", nullptr);
    ASSERT_NE(s, nullptr);
    EXPECT_EQ(s->role, SCRIPT_RUN);
    script_free(s);
}

TEST(Script, EveryVerbReads)
{
    EXPECT_EQ(wrong("open o from=127.0.0.2 rcvbuf=100\n"
                    "connect a 3 path=/x from=127.255.255.254 header=\"A: b\" header=\"C: d\" "
                    "then=hex:00\nconnect b\n"
                    "bytes a \"x\"\nsend a text \"x\" fin=no rsv=1 mask=no length=3\n"
                    "send a close\nsend a close 1000\nsend a close 999 \"r\"\nsplit a 1\n"
                    "split a random\nsplit a whole\njoin a\nend\npause a\nresume a\nanswer a no\n"
                    "fence a\nfinish a\nabort a\nleave a\nrepeat 2\nrepeat 3\nend\nend\n"
                    "signal TERM\nexpect a text\nexpect a binary \"x\"\nexpect a ping\n"
                    "expect a pong \"x\"\nexpect a frame continuation \"x\"\nexpect a close\n"
                    "expect a close 1001 \"r\"\nexpect a end\nexpect a reset\nexpect a gone\n"
                    "expect a status 400 header=\"A: b\" no-header=C\nexpect a pings 2\n"
                    "expect a open 5 pings-of b\nexpect a after 5\nexpect output \"x\"\n"
                    "expect output-line 1 \"x\"\nexpect exit 0\nexpect log \"x.*\" 3\n"
                    "expect no-log \"x\"\nrequest r path=/x header=\"A: b\"\n"
                    "expect r status 403 error=x\nexpect a event left\n"
                    "expect a event left a=1 b=\"c d\" c=* d=$d e=!$d\n"
                    "send a do join\nsend a do join b=$d c=\"$d\" d=2*\"x\"\n"
                    "expect descriptors same\nexpect threads same\ninput \"x\"\nrun \"x\"\n"),
              "it is right");
}

TEST(Script, EveryVerbOfAClientReads)
{
    EXPECT_EQ(
        wrong("role: client\naccept a\n"
              "accept c 3 path=/x header=\"A: b\" no-header=C answer=503 then=hex:00\n"
              "accept d answer=plain-101\naccept e answer=wrong-accept\naccept-tcp b 2\n"
              "expect b request path=/x header=\"A: b\" no-header=C\nreply b\n"
              "reply b 404 header=\"A: b\" then=\"x\"\nrefuse\nlisten\ntype \"x\\n\"\ntype-end\n"
              "expect printed \"x\" \"y\"\nexpect masks differ\nsend a text \"x\"\n"
              "expect exit 0\n"),
        "it is right");
}

TEST(Script, ARoleIsTheProgramsOwn)
{
    EXPECT_EQ(wrong("role: server\nconnect a\n"), "it is right");
    EXPECT_EQ(wrong("role: hub\n").substr(0, 46),
              "1.case:2:7: role: takes client or server\n  rol");
    for (const char *step : {"connect a", "open a", "run \"x\"", "input \"x\"",
                             "expect output \"x\"", "expect backoff 100 6 base=100 cap=2000"})
        EXPECT_EQ(wrong(std::string("role: client\n") + step + "\n"),
                  std::string("1.case:3:1: this is for a program that is no client; see \"role:\" "
                              "above\n  ") +
                      step + "\n  ^");
    for (const char *step : {"accept a", "accept-tcp a", "listen", "refuse", "type \"x\"",
                             "type-end", "expect printed \"x\"", "expect masks differ"})
        EXPECT_EQ(wrong(std::string(step) + "\n"),
                  std::string("1.case:2:1: this is for a program that is a client: say \"role: "
                              "client\" above\n  ") +
                      step + "\n  ^");
    EXPECT_EQ(wrong("role: client\naccept a answer=200\n").substr(0, 60),
              "1.case:3:17: no such answer; there is 101, plain-101, wrong-");
    EXPECT_EQ(wrong("role: client\naccept a 0\n").substr(0, 48),
              "1.case:3:10: the number of connections is a whol");
    EXPECT_EQ(wrong("role: client\naccept a\nexpect masks vary\n"),
              "1.case:4:14: differ belongs here\n  expect masks vary\n               ^");
}

TEST(Script, ErrorsNameTheirPlace)
{
    EXPECT_EQ(wrong("connect a\nsend b text \"x\"\n"),
              "1.case:3:6: no connection \"b\" so far: open or connect it first\n"
              "  send b text \"x\"\n       ^");
    EXPECT_EQ(wrong("repeat 2\nconnect a\n"),
              "1.case:4:1: the repeat of line 2 has no end\n  \n  ^");
    EXPECT_EQ(wrong("end\n"), "1.case:2:1: nothing to end: no repeat or join is open\n  end\n  ^");
    EXPECT_EQ(wrong("connect a\nexpect a nothing\n").substr(0, 52),
              "1.case:3:1: no such expect; there is: expect output ");
    EXPECT_EQ(wrong("jump\n").substr(0, 50),
              "1.case:2:1: no verb \"jump\"; there is: say open con");
    EXPECT_EQ(wrong("connect a\nexpect log \"(\"\n").substr(0, 36),
              "1.case:3:12: no regular expression: ");
    EXPECT_EQ(wrong("connect a\nsplit a half\n"),
              "1.case:3:9: bytes in a piece (or: random, whole) is a whole number from 1 to 1048576"
              "\n  split a half\n          ^");
    EXPECT_EQ(wrong("connect a\nexpect no-log \"x\" 2\n").substr(0, 14), "1.case:3:19: o");
    EXPECT_EQ(wrong("connect a\nexpect a event x y\n").substr(0, 51),
              "1.case:3:18: one name belongs here: expect WHO even");
    EXPECT_EQ(wrong("connect a\nexpect a event\n").substr(0, 35),
              "1.case:3:15: one name belongs here:");
    EXPECT_EQ(wrong("connect a\nsend a do tell to=$b\n"),
              "1.case:3:19: no value is named b so far: expect WHO event NAME to=$b\n"
              "  send a do tell to=$b\n                    ^");
    EXPECT_EQ(wrong("connect a\nexpect a event told to=!$b\n").substr(0, 34),
              "1.case:3:24: no value is named b s");
    EXPECT_EQ(wrong("connect a\nexpect a event told b=$b to=*x\n").substr(0, 49),
              "1.case:3:29: a value is a text, *, $name or !$nam");
    EXPECT_EQ(wrong("connect a\nexpect a event told to=$\n").substr(0, 31),
              "1.case:3:24: a value is a text,");
    EXPECT_EQ(wrong("connect a\nexpect a event told to=\"x\n").substr(0, 31),
              "1.case:3:24: this text has no e");
    EXPECT_EQ(wrong("connect a\nexpect a event told to=x\"y\"\n").substr(0, 20),
              "1.case:3:24: no data");
    for (const char *value : {"*", "!$b"})
        EXPECT_EQ(wrong("connect a\nexpect a event x to=$b\nsend a do tell to=" +
                        std::string(value) + "\n")
                      .substr(0, 49),
                  "1.case:4:19: what is sent is a text or $name\n  se");
    EXPECT_EQ(wrong("connect a\nsend a do tell x\n").substr(0, 57),
              "1.case:3:16: one name belongs here: send WHO do ACTION [m");
    EXPECT_EQ(wrong("connect 1\n").substr(0, 57),
              "1.case:2:9: the name of a connection belongs here: connec");
    EXPECT_EQ(wrong("connect a path=x\n"),
              "1.case:2:16: a path begins with /\n  connect a path=x\n                 ^");
    EXPECT_EQ(wrong("open a from=10.0.0.1\n"),
              "1.case:2:13: an address is 127.0.0.1, 127.0.0.2 and so on: one of loopback\n"
              "  open a from=10.0.0.1\n              ^");
    EXPECT_EQ(wrong("connect a from=here\n").substr(0, 35), "1.case:2:16: an address is 127.0.0.");
    EXPECT_EQ(wrong("say \n"), "1.case:2:5: say what?\n  say \n      ^");
    EXPECT_EQ(wrong("colour: red\n").substr(0, 31), "1.case:2:1: no such key; there ");
    EXPECT_EQ(wrong("ignore: \n").substr(0, 36), "1.case:2:9: ignore: takes names of e");
    EXPECT_EQ(wrong("build: memory\n").substr(0, 44),
              "1.case:2:8: build: takes thread or address\n ");
    EXPECT_EQ(wrong(""), "1.case:2:1: the case has no steps\n  \n  ^");
    EXPECT_EQ(wrong("title: u\n"), "1.case:2:1: said twice\n  title: u\n  ^");
    EXPECT_EQ(script_parse("1.case", "connect a\n", nullptr), nullptr) << "no title";
    GError *error = nullptr;
    EXPECT_EQ(script_read("/nonexistent.case", &error), nullptr);
    EXPECT_EQ(error->domain, G_FILE_ERROR);
    g_clear_error(&error);
}
