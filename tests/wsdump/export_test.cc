// What the screens save to files and copy: the bytes, the questions before, and what is said after.
#include "bundled.h"
#include "direct.h"
#include "program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

extern "C" {
#include "clip.h"
#include "export.h"
#include "fake_screen.h"
}

namespace
{

namespace fs = std::filesystem;
using Rows = std::vector<uint64_t>;

GArray *array_of(const Rows &numbers)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    if (!numbers.empty())
        g_array_append_vals(array, numbers.data(), static_cast<guint>(numbers.size()));
    return array;
}

std::string text_of(GString *s)
{
    std::string text(s->str, s->len);
    g_string_free(s, TRUE);
    return text;
}

// A store, and files in a directory of their own.
class Export : public testing::Test
{
protected:
    void SetUp() override
    {
        char name[] = "/tmp/export_test.XXXXXX";
        dir_ = mkdtemp(name);
        options_.open_file = open_file;
        options_.open_user = this;
        options_.write_packets = write_packets;
        options_.packets_user = this;
    }
    void TearDown() override
    {
        store_free(store_);
        fs::remove_all(dir_);
    }
    static int open_file(void *user, const char *path, bool overwrite)
    {
        auto *self = static_cast<Export *>(user);
        errno = self->open_error_;
        if (errno)
            return -1;
        const std::string whole = path[0] == '/' ? path : self->path(path);
        return open(whole.c_str(), O_WRONLY | O_CREAT | (overwrite ? O_TRUNC : O_EXCL), 0600);
    }
    static int write_packets(void *user, const uint64_t *connections, size_t count, FILE *out,
                             interface_packets *said)
    {
        auto *self = static_cast<Export *>(user);
        self->asked_for_.assign(connections, connections + count);
        *said = self->packets_;
        fputs("packets", out);
        return 0;
    }
    std::string path(const std::string &name) const
    {
        return dir_ / name;
    }
    std::string content(const std::string &name) const
    {
        return contents_of(path(name));
    }
    void load(const std::string &file, uint64_t memory = 0)
    {
        const store_limits limits = {memory, 0};
        store_free(store_);
        store_ = store_new(&limits);
        run_capture(capture_path(file), store_take, store_);
        store_publish(store_);
    }
    // A message in the store.
    void add(const std::string &data, record_message m = {})
    {
        m.complete = m.missing_count == 0;
        if (!store_)
            store_ = store_new(nullptr);
        record r = {};
        r.type = RECORD_MESSAGE;
        r.conn = 7;
        r.from = WSP_FROM_CLIENT;
        m.opcode = m.opcode ? m.opcode : uint8_t{WSP_OPCODE_TEXT};
        m.data = reinterpret_cast<const uint8_t *>(data.data());
        m.data_len = data.size();
        m.length = m.data_len;
        m.utf8 = m.opcode == WSP_OPCODE_TEXT;
        m.close_code = -1;
        m.rtt_ns = -1;
        r.message = m;
        store_take(store_, &r);
        store_publish(store_);
    }
    // The rows that are not frames, or those of one type.
    Rows rows(int type = -1) const
    {
        Rows found;
        store_view v = store_look(store_);
        for (uint64_t n = v.first; n < v.end; n++) {
            const record_type t = store_row(&v, n)->type;
            if (type < 0 ? t != RECORD_FRAME : t == type)
                found.push_back(n);
        }
        store_release(&v);
        return found;
    }
    std::string objection(const std::string &name, const Rows &rows, const Rows &connections = {1})
    {
        export_job *j = export_new(name.c_str(), array_of(rows), array_of(connections));
        store_view v = store_look(store_);
        const char *said = export_objection(j, &v);
        store_release(&v);
        export_free(j);
        return said ? said : "";
    }
    // Writes them; what is said of it, with a "!" before bad news.
    std::string save(const std::string &name, const Rows &rows, const Rows &connections = {1})
    {
        EXPECT_EQ(objection(name, rows, connections), "");
        export_job *j = export_new(name.c_str(), array_of(rows), array_of(connections));
        EXPECT_EQ(export_open(j, &options_, false), 0);
        slices_ = 1;
        while (!export_step(j, store_, &options_, 0))
            slices_++;
        GString *said = g_string_new(nullptr);
        const bool good = export_describe(j, said);
        export_free(j);
        return (good ? "" : "!") + text_of(said);
    }

    fs::path dir_;
    store *store_ = nullptr;
    interface_options options_ = {};
    interface_packets packets_ = {34, 0, false};
    Rows asked_for_;
    int open_error_ = 0;
    int slices_ = 0;
};

// ---- The files ----

class ExportOf : public Export, public testing::WithParamInterface<std::string>
{
};

TEST_P(ExportOf, AllRowsIsWhatTheProgramPrints)
{
    const std::string file = GetParam();
    load(file);
    const std::string capture = capture_path(file);
    const std::string json = wsdump({"-r", capture, "-q", "--json"}).out;
    if (rows().empty()) {
        EXPECT_NE(objection("all.jsonl", {}), "");
        EXPECT_EQ(json, "");
        return;
    }
    save("all.jsonl", rows());
    save("all.json", rows());
    save("all.txt", rows());
    EXPECT_EQ(content("all.jsonl"), json);
    EXPECT_EQ(content("all.json"), json);
    EXPECT_EQ(content("all.txt"), wsdump({"-r", capture, "-q", "--text", "--max-data", "0"}).out);
}

INSTANTIATE_TEST_SUITE_P(Bundled, ExportOf, testing::ValuesIn(bundled_captures()),
                         [](const auto &of) { return capture_name(of.param); });

TEST_F(Export, WritesTheRowsThatWereChosenInTheirOrder)
{
    add("one");
    add("two");
    add("three");
    EXPECT_EQ(save("some.txt", {2, 0}), "2 messages written to some.txt");
    const std::string text = content("some.txt");
    EXPECT_LT(text.find("\"three\""), text.find("\"one\""));
    EXPECT_EQ(text.find("two"), std::string::npos);
}

TEST_F(Export, SaysHowMuchItWrote)
{
    load("echo.pcapng");
    EXPECT_EQ(save("a.jsonl", {rows(RECORD_MESSAGE)[0]}), "1 message written to a.jsonl");
    EXPECT_EQ(save("b.jsonl", {rows(RECORD_OPEN)[0], rows(RECORD_MESSAGE)[0]}),
              "2 rows written to b.jsonl");
    EXPECT_EQ(save("c.jsonl", {rows(RECORD_END)[0]}), "1 row written to c.jsonl");
}

TEST_F(Export, OfAPayloadIsItsBytes)
{
    const std::string bytes("a\0\r\n\xff\x1b[2J", 9);
    add(bytes);
    EXPECT_EQ(save("payload.bin", {0}), "9 bytes written to payload.bin");
    EXPECT_EQ(content("payload.bin"), bytes);
    add("");
    EXPECT_EQ(save("empty.raw", {1}), "0 bytes written to empty.raw");
    EXPECT_EQ(content("empty.raw"), "");
}

TEST_F(Export, SaysWhenAPayloadIsNotWhole)
{
    record_message m = {};
    m.truncated = true;
    add("beginning", m);
    EXPECT_EQ(save("cut.bin", {0}),
              "9 bytes written to cut.bin; of 1 message the beginning only (--max-data)");
    EXPECT_EQ(save("cut.jsonl", {0}),
              "1 message written to cut.jsonl; of 1 message the beginning only (--max-data)");
    const record_missing hole = {1, 2};
    m = {};
    m.missing = &hole;
    m.missing_count = 1;
    add(std::string("h\0\0lo", 5), m);
    EXPECT_EQ(save("hole.bin", {1}),
              "5 bytes written to hole.bin; bytes that were not captured are zero");
}

TEST_F(Export, WritesManyRowsInSlices)
{
    for (int i = 0; i < 2000; i++)
        add("x");
    EXPECT_EQ(save("all.txt", rows()), "2000 messages written to all.txt");
    EXPECT_GT(slices_, 3);
}

TEST_F(Export, SaysWhatLeftMemoryMeanwhile)
{
    const store_limits limits = {512 << 10, 0};
    store_ = store_new(&limits);
    for (int i = 0; i < 3; i++)
        add("early");
    const Rows early = rows();
    ASSERT_EQ(early.size(), 3u);
    for (int i = 0; i < 20; i++)
        add(std::string(100000, 'x'));
    const Rows late = rows();
    ASSERT_GT(late[0], early[2]);
    EXPECT_EQ(save("both.txt", {early[1], early[2], late[0]}),
              "1 message written to both.txt; 2 rows are not in memory any longer");
    EXPECT_EQ(save("early.txt", {early[1]}),
              "!0 messages written to early.txt; 1 row is not in memory any longer");
}

TEST_F(Export, OfPacketsNamesTheirConnections)
{
    add("x");
    EXPECT_EQ(save("a.pcapng", {}, {3}), "34 packets of connection 3 written to a.pcapng");
    EXPECT_EQ(content("a.pcapng"), "packets");
    packets_ = {1, 5, false};
    EXPECT_EQ(save("b.pcapng", {}, {3, 9}),
              "1 packet of 2 connections written to b.pcapng; 5 packets are not in memory any "
              "longer");
    EXPECT_EQ(asked_for_, (Rows{3, 9}));
    packets_ = {0, 0, true};
    EXPECT_EQ(save("c.pcapng", {}, {3})[0], '!');
}

TEST_F(Export, SaysThatAFileIsThereInPart)
{
    for (int i = 0; i < 2000; i++)
        add(std::string(1000, 'x'));
    add("small: it fails when the file is closed");
    const uint64_t last = rows().back();
    for (const char *ending : {"txt", "jsonl", "raw"}) {
        const std::string name = std::string("full.") + ending;
        fs::create_symlink("/dev/full", path(name));
        export_job *j =
            export_new(name.c_str(), array_of(*ending == 'r' ? Rows{last} : rows()), array_of({}));
        ASSERT_EQ(export_open(j, &options_, true), 0);
        while (!export_step(j, store_, &options_, G_MAXINT64))
            ;
        GString *said = g_string_new(nullptr);
        EXPECT_FALSE(export_describe(j, said));
        EXPECT_EQ(text_of(said),
                  "cannot write to " + name + ": No space left on device; it is there in part");
        export_free(j);
    }
}

TEST_F(Export, ObjectsToWhatCannotBeWritten)
{
    load("echo.pcapng");
    const uint64_t open = rows(RECORD_OPEN)[0], message = rows(RECORD_MESSAGE)[0];
    for (const char *name : {"x", "x.pcap", "x.jsonl.gz", "jsonl", ""})
        EXPECT_EQ(objection(name, {message}),
                  "end the name in .jsonl (or .json), .txt, .pcapng, or .bin (or .raw)");
    EXPECT_EQ(objection("x.bin", {message}), "");
    EXPECT_NE(objection("x.bin", {message, message}).find("one message"), std::string::npos);
    EXPECT_NE(objection("x.bin", {}).find("one message"), std::string::npos);
    EXPECT_NE(objection("x.raw", {open}).find("only a message"), std::string::npos);
    EXPECT_NE(objection("x.txt", {}).find("no rows"), std::string::npos);
    EXPECT_NE(objection("x.pcapng", {message}, {}).find("no connection"), std::string::npos);
    EXPECT_EQ(objection("x.pcapng", {}, {1}), "");
}

TEST_F(Export, NamesWhyAFileCannotBeOpened)
{
    const std::map<int, std::string> texts = {{EACCES, "Permission denied"},
                                              {ENOENT, "there is no such directory"},
                                              {EINVAL, "it is no regular file"},
                                              {EBUSY, "wsdump itself reads or writes it"},
                                              {EPIPE, "the process that opens files"}};
    for (const auto &[error, text] : texts) {
        GString *said = g_string_new(nullptr);
        export_describe_error("x.txt", error, said);
        EXPECT_EQ(text_of(said).find("cannot write to x.txt: " + text), 0u);
    }
}

// ---- The questions ----

class ExportDialog : public Export
{
protected:
    void SetUp() override
    {
        Export::SetUp();
        for (const char *text : {"one", "two", "three"})
            add(text);
        screen_ = fake_screen_new(store_, &options_);
        list(FAKE_ROWS, {0, 1, 2});
        fake_screen_select(screen_, 1);
    }
    void TearDown() override
    {
        fake_screen_free(screen_);
        Export::TearDown();
    }
    void list(fake_part part, const Rows &numbers)
    {
        fake_screen_list(screen_, part, numbers.data(), numbers.size());
    }
    void save()
    {
        fake_screen_save(screen_);
    }
    void press(const std::string &keys)
    {
        for (const char key : keys)
            fake_screen_key(screen_, key);
    }
    // In place of what is proposed.
    void type(const std::string &name)
    {
        press("\x15" + name + "\n");
    }
    bool asks() const
    {
        return fake_screen_prompt(screen_);
    }
    std::string proposed() const
    {
        return asks() ? fake_screen_prompt(screen_) : "";
    }
    std::string wrong() const
    {
        const char *text = fake_screen_wrong(screen_);
        return text ? text : "";
    }
    // At the end of what is written; "!" before bad news.
    std::string notice()
    {
        while (fake_screen_step(screen_))
            ;
        bool bad;
        const std::string text = fake_screen_notice(screen_, &bad);
        return (bad ? "!" : "") + text;
    }

    fake_screen *screen_ = nullptr;
};

TEST_F(ExportDialog, WritesAllThatIsListed)
{
    save();
    ASSERT_TRUE(asks());
    press("a");
    EXPECT_EQ(proposed(), "wsdump-7.jsonl");
    press("\n");
    EXPECT_FALSE(asks());
    EXPECT_EQ(notice(), "3 messages written to wsdump-7.jsonl");
}

TEST_F(ExportDialog, WritesWhatIsSelected)
{
    save();
    press("s");
    type("a.txt");
    EXPECT_EQ(notice(), "1 message written to a.txt");
    EXPECT_NE(content("a.txt").find("\"two\""), std::string::npos);
}

TEST_F(ExportDialog, WritesWhatIsTaggedWithoutAskingWhat)
{
    list(FAKE_TAGGED, {0, 2});
    save();
    EXPECT_EQ(proposed(), "wsdump-7.jsonl");
    type("a.txt");
    EXPECT_EQ(notice(), "2 messages written to a.txt");
    EXPECT_EQ(content("a.txt").find("\"two\""), std::string::npos);
}

TEST_F(ExportDialog, WritesThePacketsOfTheRowsConnections)
{
    save();
    press("a");
    type("a.pcapng");
    EXPECT_EQ(notice(), "34 packets of connection 7 written to a.pcapng");
    EXPECT_EQ(asked_for_, Rows{7});
}

TEST_F(ExportDialog, OfConnectionsWritesTheirPacketsOrTheirRows)
{
    list(FAKE_ROWS, {});
    list(FAKE_CONNECTIONS, {7, 8});
    save();
    press("a");
    EXPECT_EQ(proposed(), "wsdump.pcapng");
    type("a.pcapng");
    EXPECT_EQ(notice(), "34 packets of 2 connections written to a.pcapng");
    save();
    press("a");
    type("a.txt");
    EXPECT_EQ(notice(), "3 messages written to a.txt");
}

TEST_F(ExportDialog, OfConnectionsWritesTheRowsThatTheFilterLetsThrough)
{
    list(FAKE_ROWS, {});
    list(FAKE_CONNECTIONS, {7});
    fake_screen_filter(screen_, "length == 3");
    save();
    press("a");
    type("a.txt");
    EXPECT_EQ(notice(), "2 messages written to a.txt");
}

TEST_F(ExportDialog, AsksBeforeItOverwrites)
{
    for (const char *answer : {"n", "x"}) {
        save();
        press("a");
        type("a.txt");
        notice();
        const std::string before = content("a.txt");
        save();
        press("s");
        type("a.txt");
        EXPECT_TRUE(asks());
        press(answer);
        EXPECT_EQ(proposed(), "a.txt") << "to be changed";
        EXPECT_EQ(content("a.txt"), before);
        press("\x1b");
        fs::remove(path("a.txt"));
    }
    save();
    press("a");
    type("b.txt");
    notice();
    save();
    press("s");
    type("b.txt");
    press("y");
    EXPECT_EQ(notice(), "1 message written to b.txt");
    EXPECT_EQ(content("b.txt").find("\"one\""), std::string::npos);
}

TEST_F(ExportDialog, WritesNothingAfterEsc)
{
    save();
    press("\x1b");
    EXPECT_FALSE(asks());
    save();
    press("a\x1b");
    EXPECT_FALSE(asks());
    save();
    press("a\n");
    notice();
    save();
    press("s\n\x1b"); // at the question whether to overwrite
    EXPECT_FALSE(asks());
    save();
    press("q");
    EXPECT_FALSE(asks());
    EXPECT_EQ(std::distance(fs::directory_iterator(dir_), {}), 1);
    const std::string text = content("wsdump-7.jsonl");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST_F(ExportDialog, KeepsTheNameThatWasWrong)
{
    save();
    press("a");
    type("a.xyz");
    EXPECT_TRUE(asks());
    EXPECT_EQ(wrong(), "end the name in .jsonl (or .json), .txt, .pcapng, or .bin (or .raw)");
    open_error_ = EACCES;
    type("a.txt");
    EXPECT_TRUE(asks());
    EXPECT_EQ(wrong(), "cannot write to a.txt: Permission denied");
    open_error_ = 0;
    press("\n");
    EXPECT_EQ(notice(), "3 messages written to a.txt");
}

TEST_F(ExportDialog, SaysWhatTheNameMeans)
{
    save();
    press("a");
    const auto meaning = [this] { return fake_screen_meaning(screen_); };
    EXPECT_STREQ(meaning(), "JSON lines");
    EXPECT_STREQ(fake_screen_subject(screen_), "3 rows");
    press("\x15"
          "a.txt");
    EXPECT_STREQ(meaning(), "text");
    press("\x15"
          "a.pcapng");
    EXPECT_STREQ(meaning(), "pcapng (all packets)");
    press("\x15"
          "a.raw");
    EXPECT_STREQ(meaning(), "raw payload");
    press("\x7f");
    EXPECT_EQ(meaning(), nullptr);
}

TEST_F(ExportDialog, BeginsNothingWhileItWrites)
{
    save();
    press("a\n");
    save();
    EXPECT_FALSE(asks());
    bool bad = false;
    EXPECT_STREQ(fake_screen_notice(screen_, &bad), "wsdump-7.jsonl is still being written");
    EXPECT_TRUE(bad);
    EXPECT_EQ(notice(), "3 messages written to wsdump-7.jsonl");
}

// ---- The clipboard ----

class Clip : public Export
{
protected:
    std::string copied(uint64_t row = 0)
    {
        store_view v = store_look(store_);
        GString *out = g_string_new(nullptr);
        clip_ = clip_make(store_row(&v, row), out);
        store_release(&v);
        return text_of(out);
    }
    clip clip_ = {};
};

TEST_F(Clip, IsTheTextOfAMessage)
{
    add("a\n\"b\" \xc3\xa4");
    EXPECT_EQ(copied(), "a\n\"b\" \xc3\xa4");
    EXPECT_FALSE(clip_.json);
    EXPECT_FALSE(clip_.cut);
}

TEST_F(Clip, IsAJsonLineOfOtherRows)
{
    load("echo.pcapng");
    const std::vector<std::string> lines = direct_json(capture_path("echo.pcapng"));
    for (const uint64_t row : {rows(RECORD_OPEN)[0], rows(RECORD_FRAME)[0], rows(RECORD_END)[0]}) {
        EXPECT_EQ(copied(row) + '\n', lines[row]);
        EXPECT_TRUE(clip_.json);
    }
}

TEST_F(Clip, IsAJsonLineOfTextThatIsNone)
{
    load("echo.pcapng");
    store_view v = store_look(store_);
    record r = {};
    r.type = RECORD_MESSAGE;
    r.message = store_row(&v, rows(RECORD_MESSAGE)[1])->message;
    store_release(&v);
    r.message.utf8 = false;
    GString *out = g_string_new(nullptr);
    EXPECT_TRUE(clip_make(&r, out).json);
    EXPECT_EQ(text_of(out) + '\n', json_of(r));
}

TEST_F(Clip, IsAJsonLineOfBytesThatAreNoText)
{
    record_message m = {};
    m.opcode = WSP_OPCODE_BINARY;
    add(std::string(3, '\0'), m);
    add(std::string(200000, '\0'), m);
    EXPECT_NE(copied(0).find("\"encoding\":\"base64\",\"data\":\"AAAA\""), std::string::npos);
    EXPECT_EQ(copied(1).size(), size_t{CLIP_MAX});
    EXPECT_TRUE(clip_.json && clip_.cut);
}

TEST_F(Clip, EndsWithACharacterWhereItIsCut)
{
    add(std::string(CLIP_MAX, 'x'));
    add(std::string(CLIP_MAX + 1, 'x'));
    add(std::string(CLIP_MAX - 1, 'x') + "\xc3\xa4");
    EXPECT_EQ(copied(0).size(), size_t{CLIP_MAX});
    EXPECT_FALSE(clip_.cut);
    EXPECT_EQ(copied(1).size(), size_t{CLIP_MAX});
    EXPECT_TRUE(clip_.cut);
    EXPECT_EQ(copied(2), std::string(CLIP_MAX - 1, 'x'));
    EXPECT_TRUE(clip_.cut);
    record_message m = {};
    m.truncated = true;
    add("all that is kept", m);
    EXPECT_EQ(copied(3), "all that is kept");
    EXPECT_TRUE(clip_.cut);
}

} // namespace
