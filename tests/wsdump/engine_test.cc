// The engine: two threads find what the stages find without them, in bounded memory, and stop when
// they are told to, whatever they are doing.
#include "bundled.h"
#include "direct.h"
#include "loopback.h"
#include "packets.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

extern "C" {
#include "engine.h"
}

namespace
{

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// An engine at work on a source.
class Engine
{
public:
    explicit Engine(source *packets, engine_options options = {}) : source_(packets)
    {
        GError *error = nullptr;
        engine_ = engine_new(source_, &options, &error);
        if (!engine_)
            throw std::runtime_error(error->message);
        engine_start(engine_);
    }
    ~Engine()
    {
        engine_free(engine_);
        source_close(source_);
    }
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;

    store_capture capture()
    {
        return store_get_capture(engine_store(engine_));
    }
    // Has nothing more to come; false when that takes more than 20 s.
    bool ends()
    {
        return soon([this] { return capture().phase != STORE_RUNNING; });
    }
    bool soon(const std::function<bool()> &condition)
    {
        for (int round = 0; round < 2000; round++) {
            if (condition())
                return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }
    // How long that takes.
    Clock::duration stop()
    {
        const auto begin = Clock::now();
        engine_stop(engine_);
        return Clock::now() - begin;
    }
    std::vector<std::string> json()
    {
        std::vector<std::string> lines;
        store_view view = store_look(engine_store(engine_));
        for (uint64_t n = view.first; n < view.end; n++)
            lines.push_back(json_of(*store_row(&view, n)));
        store_release(&view);
        return lines;
    }
    statistics counts()
    {
        return store_get_statistics(engine_store(engine_));
    }
    engine *get()
    {
        return engine_;
    }

private:
    source *source_;
    engine *engine_;
};

source *open_file(const std::string &path)
{
    GError *error = nullptr;
    source *s = source_open_file(path.c_str(), &error);
    if (!s)
        throw std::runtime_error(error->message);
    return s;
}

build::Bytes read_all(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    return build::Bytes(std::istreambuf_iterator<char>(in), {});
}

uint64_t messages(const statistics &s)
{
    return s.sides[0].messages + s.sides[1].messages;
}

// --- files ---

class EngineOn : public testing::TestWithParam<std::string>
{
};

TEST_P(EngineOn, FindsWhatTheStagesFind)
{
    const std::string path = capture_path(GetParam());
    Engine e(open_file(path));
    ASSERT_TRUE(e.ends());
    EXPECT_EQ(e.json(), direct_json(path));
    const store_capture c = e.capture();
    EXPECT_EQ(c.phase, STORE_ENDED);
    EXPECT_STREQ(c.error, "");
    EXPECT_EQ(c.bytes, std::filesystem::file_size(path));
    EXPECT_EQ(c.bytes_total, c.bytes);
    EXPECT_EQ(c.kernel_drops, -1);
    EXPECT_EQ(c.ring_drops, 0u);
    EXPECT_EQ(c.memory, 0u);
    EXPECT_FALSE(c.live);
    e.stop();
    EXPECT_EQ(c.packets, engine_get_totals(e.get()).packets);
}

TEST_P(EngineOn, FindsOfADamagedFileWhatIsBeforeTheDamage)
{
    const build::Bytes whole = read_all(capture_path(GetParam()));
    for (int cut = 1; cut < 8; cut++) {
        const size_t size = whole.size() * static_cast<size_t>(cut) / 8 + 1;
        const build::TempFile file(
            build::Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
        const bool damaged =
            run_capture(
                file.path(), [](void *, const record *) {}, nullptr) == SOURCE_DAMAGED;
        Engine e(open_file(file.path()));
        ASSERT_TRUE(e.ends());
        EXPECT_EQ(e.json(), direct_json(file.path()));
        const store_capture c = e.capture();
        EXPECT_EQ(c.phase, damaged ? STORE_DAMAGED : STORE_ENDED);
        EXPECT_EQ(std::string(c.error).rfind(file.path(), 0) == 0, damaged) << c.error;
    }
}

std::string name_of_case(const testing::TestParamInfo<std::string> &info)
{
    std::string name = capture_name(info.param);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Bundled, EngineOn, testing::ValuesIn(bundled_captures()), name_of_case);

TEST(Engine, StopsAfterAsManyPacketsAsAsked)
{
    engine_options options = {};
    options.count = 5;
    Engine e(open_file(capture_path("echo.pcapng")), options);
    ASSERT_TRUE(e.ends());
    EXPECT_EQ(e.capture().packets, 5u);
    EXPECT_EQ(e.capture().phase, STORE_ENDED);
}

TEST(Engine, KeepsToItsMemory)
{
    engine_options options = {};
    options.memory = 2 << 20;
    Engine e(open_file(capture_path("echo.pcapng")), options);
    ASSERT_TRUE(e.ends());
    uint64_t limit;
    EXPECT_LE(store_memory(engine_store(e.get()), &limit), limit);
    EXPECT_EQ(limit, options.memory / 8 * 5);
    EXPECT_GT(e.capture().packets_kept, 0u);
    EXPECT_LE(e.capture().packets_kept, options.memory / 8);
    EXPECT_EQ(e.capture().packets_kept, packet_log_memory(engine_packets(e.get())));
}

TEST(Engine, TouchesNothingBeforeItIsStarted)
{
    source *packets = open_file(capture_path("echo.pcapng"));
    const engine_options options = {};
    engine *e = engine_new(packets, &options, nullptr);
    ASSERT_NE(e, nullptr);
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ(store_get_capture(engine_store(e)).packets, 0u);
    EXPECT_EQ(store_get_statistics(engine_store(e)).connections, 0u);
    engine_free(e);
    source_close(packets);
}

// --- stopping ---

// A capture that comes through a pipe whose other end stays open.
class Pipe
{
public:
    explicit Pipe(const build::Bytes &begin)
    {
        remove(path().c_str());
        if (mkfifo(path().c_str(), 0600) != 0)
            std::abort();
        fd_ = open(path().c_str(), O_RDWR);
        if (fcntl(fd_, F_SETPIPE_SZ, static_cast<int>(begin.size())) < 0 ||
            write(fd_, begin.data(), begin.size()) != static_cast<ssize_t>(begin.size()))
            std::abort();
    }
    ~Pipe()
    {
        close(fd_);
    }
    Pipe(const Pipe &) = delete;
    Pipe &operator=(const Pipe &) = delete;

    std::string path() const
    {
        return file_.path();
    }

private:
    const build::TempFile file_ = build::TempFile({});
    int fd_;
};

TEST(EngineOnAPipe, ShowsWhatCameThroughAndStopsWhileItWaitsForMore)
{
    const std::string path = capture_path("echo.pcapng");
    const Pipe slow(read_all(path));
    Engine e(open_file(slow.path()));
    const uint64_t expected = direct_json(path).size();
    EXPECT_TRUE(e.soon([&] { return e.json().size() + 1 >= expected; })); // all but the end
    EXPECT_EQ(e.capture().phase, STORE_RUNNING);
    EXPECT_EQ(e.capture().bytes_total, 0u);
    EXPECT_LT(e.stop(), 300ms);
    EXPECT_EQ(e.capture().phase, STORE_ENDED);
    EXPECT_STREQ(e.capture().error, "");
    EXPECT_EQ(e.counts().connections, e.counts().ended);
}

TEST(EngineOnAPipe, IsNotDamagedWhereItIsStoppedInTheMidstOfAPacket)
{
    build::Bytes begin = read_all(capture_path("echo.pcapng"));
    begin.resize(begin.size() / 2 + 1);
    const Pipe slow(begin);
    Engine e(open_file(slow.path()));
    EXPECT_TRUE(e.soon([&] { return e.capture().packets > 10; }));
    e.stop();
    EXPECT_EQ(e.capture().phase, STORE_ENDED);
    EXPECT_STREQ(e.capture().error, "");
}

TEST(EngineOnAPipe, EndsWhenWhatIsSavedCannotBeWritten)
{
    const Pipe slow(read_all(capture_path("echo.pcapng")));
    FILE *full = fopen("/dev/full", "w");
    ASSERT_NE(full, nullptr);
    engine_options options = {};
    options.save_to = full;
    {
        Engine e(open_file(slow.path()), options);
        ASSERT_TRUE(e.ends());
        EXPECT_EQ(e.capture().phase, STORE_DAMAGED);
        EXPECT_NE(std::string(e.capture().error).find("No space left"), std::string::npos);
        e.stop();
        EXPECT_EQ(engine_save_failed(e.get()), ENOSPC);
    }
    fclose(full);
}

// 20,000 packets of a connection.
build::Bytes long_capture()
{
    build::PcapFile file;
    const size_t header = file.bytes.size();
    file.add(0, build::packet({}, build::text(std::string(1000, 'x'))));
    build::Bytes out = file.bytes;
    for (int i = 1; i < 20000; i++)
        out.insert(out.end(), file.bytes.begin() + static_cast<long>(header), file.bytes.end());
    return out;
}

TEST(EngineOnALargeFile, StopsInTheMiddle)
{
    const build::TempFile file(long_capture());
    Engine e(open_file(file.path()));
    EXPECT_LT(e.stop(), 300ms);
    EXPECT_LT(e.capture().packets, 20000u);
    EXPECT_EQ(e.capture().phase, STORE_ENDED);
}

// --- live ---

// NULL when this user may not.
source *open_loopback(const std::string &filter)
{
    source_live_options options = {};
    options.interface = "lo";
    GError *error = nullptr;
    source *s = source_open_live(&options, &error);
    if (s && !source_set_filter(s, filter.c_str(), &error)) {
        source_close(s);
        s = nullptr;
    }
    g_clear_error(&error);
    return s;
}

TEST(EngineLive, ShowsWhatPassesAtOnceUntilItIsStopped)
{
    const Loopback loopback;
    source *packets = open_loopback(loopback.filter);
    if (!packets)
        GTEST_SKIP() << "may not capture here";
    engine_options options = {};
    options.live = true;
    Engine e(packets, options);
    EXPECT_TRUE(e.capture().live);
    loopback.converse();
    EXPECT_TRUE(e.soon([&] { return e.counts().ended == 1; }));
    EXPECT_EQ(messages(e.counts()), 1u);
    loopback.converse(2000, [&] {
        EXPECT_TRUE(e.soon([&] { return messages(e.counts()) == 2001; }));
        EXPECT_EQ(e.counts().ended, 1u);
        EXPECT_EQ(e.capture().phase, STORE_RUNNING);
        EXPECT_EQ(e.capture().kernel_drops, 0);
        EXPECT_LT(e.stop(), 300ms);
    });
    EXPECT_EQ(e.counts().ended, 2u); // and what was open has an end
    EXPECT_EQ(e.capture().phase, STORE_ENDED);
    EXPECT_EQ(e.capture().ring_drops, 0u);
}

TEST(EngineLive, SaysSoonWhatIsLostAndThatItIsOverWhileNothingPasses)
{
    const Loopback loopback;
    source *packets = open_loopback(loopback.filter_of_small());
    if (!packets)
        GTEST_SKIP() << "may not capture here";
    engine_options options = {};
    options.live = true;
    Engine e(packets, options);
    loopback.lose([&] {
        EXPECT_TRUE(e.soon([&] { return e.counts().gaps == 1; }));
        EXPECT_EQ(e.counts().ended, 0u);
    });
    EXPECT_TRUE(e.soon([&] { return e.counts().ended == 1; }));
}

TEST(EngineLive, StopsWhileNothingPasses)
{
    const Loopback loopback;
    source *packets = open_loopback(loopback.filter);
    if (!packets)
        GTEST_SKIP() << "may not capture here";
    engine_options options = {};
    options.live = true;
    Engine e(packets, options);
    std::this_thread::sleep_for(300ms);
    EXPECT_LT(e.stop(), 300ms);
    EXPECT_EQ(e.capture().packets, 0u);
}

} // namespace
