// Facts about captures made by hand; answers in all their forms; the questions of the lessons.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

extern "C" {
#include "facts.h"
#include "questions.h"
#include "talk.h"
}

namespace
{

using Decoded = std::unique_ptr<decoded, decltype(&decoded_free)>;
using Fact = std::unique_ptr<fact, decltype(&fact_free)>;

Decoded decode(const talk *t, uint64_t seed)
{
    GError *error = nullptr;
    transcript *c = t ? talk_play(t, seed, &error) : nullptr;
    EXPECT_NE(c, nullptr) << (error ? error->message : "no talk");
    g_clear_error(&error);
    Decoded d(decoded_of(c ? c : transcript_new()), decoded_free);
    transcript_free(c);
    return d;
}

Decoded play(const std::string &steps)
{
    GError *error = nullptr;
    talk *t = talk_parse("a.talk", ("title: test\n" + steps).c_str(), &error);
    EXPECT_NE(t, nullptr) << error->message;
    g_clear_error(&error);
    Decoded d = decode(t, 1);
    talk_free(t);
    return d;
}

// The fact of the group [1] with these lines; *complaint is what is wrong with it.
Fact read(const std::string &lines, std::string *complaint = nullptr)
{
    static const char *const others[] = {"question", "why", nullptr};
    GKeyFile *file = g_key_file_new();
    EXPECT_TRUE(g_key_file_load_from_data(file, ("[1]\nquestion=?\nwhy=!\n" + lines).c_str(),
                                          static_cast<gsize>(-1), G_KEY_FILE_NONE, nullptr));
    GError *error = nullptr;
    Fact f(fact_read(file, "1", others, &error), fact_free);
    if (complaint)
        *complaint = error ? error->message : "nothing";
    else
        EXPECT_TRUE(f) << error->message;
    EXPECT_EQ(f == nullptr, error != nullptr);
    g_clear_error(&error);
    g_key_file_unref(file);
    return f;
}

std::string value(const Decoded &d, const std::string &lines)
{
    const Fact f = read(lines);
    GError *error = nullptr;
    char *text = f ? fact_value(f.get(), d.get(), &error) : nullptr;
    const std::string result = text ? text : error ? error->message : "no fact";
    EXPECT_EQ(text == nullptr, error != nullptr);
    g_free(text);
    g_clear_error(&error);
    return result;
}

const char talk_of_two[] =
    "client request header=\"Origin: http://here\"\nserver answer\n"
    "client send text \"Hel\" fin=no key=01020304\n"
    "client send ping hex:00ff7f10 key=a1b2c3d4\n"
    "delay 1s\n"
    "server send pong hex:00ff7f10\n"
    "client send continuation \"lo\" key=00000000\n"
    "server send binary 200*\"x\"\n"
    "server send text \"bad\" mask=yes key=00000000\n"
    "client send close 1001 \"bye\"\n"
    "server send close 1000\n"
    "server rst\n"
    "connection second\nhandshake answer=403\nserver fin\nclient fin\n"
    "connection third\nhandshake\nserver send binary 70000*\"y\"\nclient fin\n";

TEST(Facts, OfFrames)
{
    const Decoded d = play(talk_of_two);
    EXPECT_EQ(value(d, "fact=masked\nnth=1"), "yes");
    EXPECT_EQ(value(d, "fact=masked\nnth=3"), "no");
    EXPECT_EQ(value(d, "fact=masking-key\nfrom=client\nnth=2"), "a1b2c3d4");
    EXPECT_EQ(value(d, "fact=masking-key\nopcode=pong"),
              "the capture has nothing that masking-key asks for");
    EXPECT_EQ(value(d, "fact=length-form"), "7");
    EXPECT_EQ(value(d, "fact=length-form\nopcode=binary"), "16");
    EXPECT_EQ(value(d, "fact=length-form\nopcode=binary\nnth=last"), "64");
    EXPECT_EQ(value(d, "fact=length-form\nopcode=binary\nconnection=3"), "64");
    EXPECT_EQ(value(d, "fact=header-length"), "6");
    EXPECT_EQ(value(d, "fact=header-length\nopcode=binary\nnth=2"), "10");
    EXPECT_EQ(value(d, "fact=payload-length\nfrom=server\nnth=2"), "200");
    EXPECT_EQ(value(d, "fact=fin"), "no");
    EXPECT_EQ(value(d, "fact=fin\nnth=2"), "yes");
    EXPECT_EQ(value(d, "fact=opcode\nnth=4"), "continuation");
    EXPECT_EQ(value(d, "fact=frame-number\nopcode=ping"), "2");
    EXPECT_EQ(value(d, "fact=frame-number\nopcode=close\nfrom=server"), "8");
    EXPECT_EQ(value(d, "fact=payload-byte\nopcode=ping\nindex=2"), "7f");
    EXPECT_EQ(value(d, "fact=wire-byte\nopcode=ping\nindex=0"), "89");
    EXPECT_EQ(value(d, "fact=wire-byte\nopcode=ping\nindex=5"), "d4");
    EXPECT_EQ(value(d, "fact=wire-byte\nopcode=ping\nindex=8"), "bc"); // 7f xor c3
    EXPECT_EQ(value(d, "fact=wire-byte\nopcode=ping\nindex=10"),
              "the capture has nothing that wire-byte asks for");
    EXPECT_EQ(value(d, "fact=wire-byte\nopcode=pong\nindex=3"), "ff");
    EXPECT_EQ(value(d, "fact=payload-byte\nopcode=ping\nindex=4"),
              "the capture has nothing that payload-byte asks for");
    EXPECT_EQ(value(d, "fact=payload-text"), "Hel");
    EXPECT_EQ(value(d, "fact=payload-text\nopcode=ping"),
              "the capture has nothing that payload-text asks for");
    EXPECT_EQ(value(d, "fact=frames-count"), "9");
    EXPECT_EQ(value(d, "fact=frames-count\nfrom=client"), "4");
    EXPECT_EQ(value(d, "fact=frames-count\nconnection=3\nopcode=ping"), "0");
    EXPECT_EQ(value(d, "fact=violation\nviolating=yes"), "mask-unexpected");
    EXPECT_EQ(value(d, "fact=frame-number\nviolating=yes"), "6");
    EXPECT_EQ(value(d, "fact=violation"), "the capture has nothing that violation asks for");
    EXPECT_EQ(value(d, "fact=close-code"), "1001");
    EXPECT_EQ(value(d, "fact=close-code\nfrom=server"), "1000");
    EXPECT_EQ(value(d, "fact=close-code\nopcode=text"),
              "the capture has nothing that close-code asks for");
    EXPECT_EQ(value(d, "fact=connection-number\nopcode=binary\nnth=last"), "3");
    EXPECT_EQ(value(d, "fact=seconds\nopcode=pong"), "1.003");
}

TEST(Facts, OfMessagesAndConnections)
{
    const Decoded d = play(talk_of_two);
    EXPECT_EQ(value(d, "fact=message-text\nfrom=client\nopcode=text"), "Hello");
    EXPECT_EQ(value(d, "fact=fragments\nopcode=text"), "2");
    EXPECT_EQ(value(d, "fact=message-length\nopcode=text"), "5");
    EXPECT_EQ(value(d, "fact=messages-count"), "8");
    EXPECT_EQ(value(d, "fact=messages-count\nopcode=text"), "2");
    EXPECT_EQ(value(d, "fact=messages-count\nopcode=text\nfrom=client"), "1");
    EXPECT_EQ(value(d, "fact=header\nname=Origin"), "http://here");
    EXPECT_EQ(value(d, "fact=header\nname=upgrade\nfrom=server"), "websocket");
    EXPECT_EQ(value(d, "fact=header\nname=Cookie"), "the capture has nothing that header asks for");
    EXPECT_EQ(value(d, "fact=accept-key"),
              value(d, "fact=header\nfrom=server\nname=Sec-WebSocket-Accept"));
    EXPECT_EQ(value(d, "fact=status"), "101");
    EXPECT_EQ(value(d, "fact=status\nconnection=2"), "403");
    EXPECT_EQ(value(d, "fact=status\nnth=2"), "403");
    EXPECT_EQ(value(d, "fact=status\nnth=4"), "the capture has nothing that status asks for");
    EXPECT_EQ(value(d, "fact=ended-by"), "server");
    EXPECT_EQ(value(d, "fact=ended-how"), "rst");
    EXPECT_EQ(value(d, "fact=ended-by\nnth=last"), "client");
    EXPECT_EQ(value(d, "fact=ended-how\nnth=2"), "fin");
    const int client = std::stoi(value(d, "fact=bytes\nfrom=client"));
    const int server = std::stoi(value(d, "fact=bytes\nfrom=server"));
    EXPECT_EQ(value(d, "fact=bytes"), std::to_string(client + server));
    EXPECT_EQ(std::stoi(value(d, "fact=head-bytes\nfrom=client")), client - 9 - 10 - 8 - 11);
    EXPECT_EQ(std::stoi(value(d, "fact=head-bytes\nfrom=server")), server - 6 - 204 - 9 - 4);
}

TEST(Facts, OfAFrameWhoseEndNeverCame)
{
    const Decoded d = play("handshake\nclient send text \"x\"\n"
                           "client send binary \"ab\" length=4611686018427387904\nclient fin\n");
    EXPECT_EQ(value(d, "fact=payload-length\ncut=yes"), "4611686018427387904");
    EXPECT_EQ(value(d, "fact=header-length\ncut=yes"), "14");
    EXPECT_EQ(value(d, "fact=payload-length\nnth=last"), "1");
    EXPECT_EQ(value(d, "fact=payload-byte\ncut=yes\nindex=2"),
              "the capture has nothing that payload-byte asks for");
}

TEST(Facts, ThatCannotBe)
{
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "there is no fact \"\"; there is masked, masking-key, "},
        {"fact=colour", "there is no fact \"colour\"; there is masked, masking-key, "},
        {"fact=masked\nfrom=me", "from= is client or server, not \"me\""},
        {"fact=masked\nopcode=png", "opcode= is text, binary, continuation, close, ping or pong"},
        {"fact=masked\nconnection=0", "connection= is wsdump's number, from 1, not \"0\""},
        {"fact=masked\ncut=no", "cut= is yes or not there, not \"no\""},
        {"fact=masked\nviolating=no", "violating= is yes or not there, not \"no\""},
        {"fact=masked\nnth=0", "nth= is a number from 1, or last, not \"0\""},
        {"fact=masked\nnth=first", "nth= is a number from 1, or last, not \"first\""},
        {"fact=payload-byte\nindex=-1", "index= is a byte's number, from 0, not \"-1\""},
        {"fact=payload-byte", "the fact payload-byte needs index="},
        {"fact=header", "the fact header needs name="},
        {"fact=masked\nindex=1", "index= means nothing to the fact masked"},
        {"fact=masked\nnht=1", "nht= means nothing to the fact masked"},
        {"fact=status\nopcode=text", "opcode= means nothing to the fact status"},
        {"fact=fragments\nviolating=yes", "violating= means nothing to the fact fragments"},
    };
    for (const auto &[lines, expected] : cases) {
        std::string complaint;
        read(lines, &complaint);
        EXPECT_EQ(complaint.substr(0, expected.size()), expected) << lines;
    }
}

void judge(const std::string &lines, const char *right, fact_verdict verdict,
           const std::vector<const char *> &answers)
{
    const Fact f = read(lines);
    for (const char *answer : answers)
        EXPECT_EQ(fact_judge(f.get(), right, answer), verdict) << lines << ": " << answer;
}

TEST(Answers, AreForgivenTheirFormButNotWhatTheySay)
{
    judge("fact=masked", "yes", FACT_RIGHT, {"yes", "Y", " Yes ", "true", "1"});
    judge("fact=masked", "yes", FACT_WRONG, {"no", "N", "0", "false"});
    judge("fact=masked", "no", FACT_RIGHT, {"no", "0"});
    judge("fact=masked", "yes", FACT_UNREADABLE, {"", " ", "perhaps", "yes no", "10"});
    judge("fact=masking-key", "37fa213d", FACT_RIGHT,
          {"37fa213d", "37FA213D", "0x37fa213d", "37 fa 21 3d", "0x37 0xFA 0x21 0x3d",
           "37:fa:21:3d", "37-fa-21-3d", "37,fa,21,3d"});
    judge("fact=masking-key", "37fa213d", FACT_WRONG, {"37fa213e", "37fa21", "3d21fa37", "0"});
    judge("fact=masking-key", "37fa213d", FACT_UNREADABLE, {"key", "37fa213g", "0x", "--"});
    judge("fact=payload-byte\nindex=0", "0a", FACT_RIGHT, {"0a", "0A", "0x0a"});
    judge("fact=payload-byte\nindex=0", "0a", FACT_WRONG, {"10", "a0", "0b"});
    judge("fact=length-form", "16", FACT_RIGHT, {"16", "16 bits", "16-bit", "016", " 16 "});
    judge("fact=length-form", "16", FACT_WRONG, {"7", "64", "1", "160", "6"});
    judge("fact=length-form", "16", FACT_UNREADABLE, {"", "sixteen", "16.5", "1 6", "-16"});
    judge("fact=frame-number", "4", FACT_RIGHT, {"4", "#4", "04"});
    judge("fact=frames-count", "0", FACT_RIGHT, {"0", "00"});
    judge("fact=opcode", "ping", FACT_RIGHT, {"ping", "Ping", "9", "0x9"});
    judge("fact=opcode", "pong", FACT_RIGHT, {"10", "0xA", "0xa"});
    judge("fact=opcode", "ping", FACT_WRONG, {"pong", "8", "0x10", "99"});
    judge("fact=violation", "mask-missing", FACT_RIGHT,
          {"mask-missing", "Mask missing", "mask_missing"});
    judge("fact=violation", "mask-missing", FACT_WRONG, {"mask", "missing-mask"});
    judge("fact=seconds", "1.987", FACT_RIGHT, {"2", "1.99", "1.987", "2 s", "2 seconds", "1,99"});
    judge("fact=seconds", "1.987", FACT_WRONG, {"1", "1.9", "1.98", "1.986", "3", "200"});
    judge("fact=seconds", "1.450", FACT_RIGHT, {"1", "1.5", "1.4"});
    judge("fact=seconds", "1.550", FACT_WRONG, {"1", "1.49"});
    judge("fact=seconds", "1.987", FACT_UNREADABLE, {"two", "inf", "nan", "2 min", "0x2", "-2"});
    judge("fact=payload-text", "Hello", FACT_RIGHT, {"Hello", " Hello ", "\"Hello\"", "'Hello'"});
    judge("fact=payload-text", "Hello", FACT_WRONG, {"hello", "Hell", "\"Hello'", "\"Hello", "\""});
}

TEST(Answers, HaveTheirTextsForTheLearner)
{
    const Fact f = read("fact=masked");
    EXPECT_STREQ(fact_form(f.get()), "yes or no");
    EXPECT_NE(std::string(fact_means(f.get())).find("MASK bit"), std::string::npos);
    EXPECT_NE(std::string(fact_where(f.get())).find("the field MASK"), std::string::npos);
}

// ---- questions.ini -----------------------------------------------------------------------------

class Folder
{
public:
    Folder()
    {
        char name[] = "/tmp/wskit-test-XXXXXX";
        path = mkdtemp(name);
    }
    ~Folder()
    {
        std::filesystem::remove_all(path);
    }
    std::string complaint_about(const std::string &text) const
    {
        std::ofstream(path + "/questions.ini") << text;
        GError *error = nullptr;
        questions *q = questions_read(path.c_str(), &error);
        std::string message = error ? error->message : "nothing";
        EXPECT_EQ(q == nullptr, error != nullptr);
        questions_free(q);
        g_clear_error(&error);
        if (message.compare(0, path.size(), path) == 0)
            message.erase(0, path.size() + 1);
        return message;
    }
    std::string path;
};

TEST(Questions, SayWhatIsWrongWithTheirFile)
{
    const Folder folder;
    const std::string capture = "[capture]\ntalk=a.talk\n";
    const std::string good = "[1]\nquestion=a?\nwhy=b\nfact=masked\n";
    EXPECT_EQ(folder.complaint_about(capture + good), "nothing");
    EXPECT_EQ(folder.complaint_about(good), "questions.ini: [capture] has no talk=");
    EXPECT_EQ(folder.complaint_about(capture),
              "questions.ini: [1] is missing; the groups are [capture], [1], [2] …");
    EXPECT_EQ(folder.complaint_about(capture + good + "[3]\n"),
              "questions.ini: [2] is missing; the groups are [capture], [1], [2] …");
    EXPECT_EQ(folder.complaint_about(capture + "[1]\nwhy=b\nfact=masked\n"),
              "questions.ini: [1] has no question=");
    EXPECT_EQ(folder.complaint_about(capture + "[1]\nquestion= \nwhy=b\nfact=masked\n"),
              "questions.ini: [1] has no question=");
    EXPECT_EQ(folder.complaint_about(capture + "[1]\nquestion=a\nfact=masked\n"),
              "questions.ini: [1] has no why=");
    EXPECT_EQ(folder.complaint_about(capture + good + "nth=x\n"),
              "questions.ini: [1] nth= is a number from 1, or last, not \"x\"");
    EXPECT_EQ(folder.complaint_about("talk=a\n").substr(0, 15), "questions.ini: ");
}

// Every lesson's questions, as it has them, on the captures of many learners: each has an answer,
// it is its own right answer, and not everybody's is the same.
TEST(Questions, OfTheLessonsHaveAnswersForEverySeed)
{
    unsigned lessons = 0;
    for (const auto &entry : std::filesystem::directory_iterator(LESSONS_DIR)) {
        if (!std::filesystem::exists(entry.path() / "questions.ini"))
            continue;
        lessons++;
        GError *error = nullptr;
        questions *q = questions_read(entry.path().c_str(), &error);
        ASSERT_NE(q, nullptr) << error->message;
        talk *t = talk_read(q->talk, &error);
        ASSERT_NE(t, nullptr) << error->message;
        std::vector<std::set<std::string>> values(q->list->len);
        for (uint64_t seed = 1; seed <= 100; seed++) {
            const Decoded d = decode(t, seed);
            for (guint i = 0; i < q->list->len; i++) {
                const auto *one = static_cast<const question *>(g_ptr_array_index(q->list, i));
                char *text = fact_value(one->asks, d.get(), &error);
                ASSERT_NE(text, nullptr)
                    << entry.path() << " [" << i + 1 << "] seed " << seed << ": " << error->message;
                EXPECT_EQ(fact_judge(one->asks, text, text), FACT_RIGHT) << text;
                values[i].insert(text);
                g_free(text);
            }
        }
        size_t differ = 0;
        for (const auto &of_one : values)
            differ += of_one.size() > 1;
        EXPECT_GE(2 * differ, values.size())
            << entry.path() << ": most questions have the same answer for everybody";
        talk_free(t);
        questions_free(q);
    }
    EXPECT_GT(lessons, 0u);
}

} // namespace
