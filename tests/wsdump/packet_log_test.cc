// The packets that are kept for whoever looks on: which can be saved, and what is said of the rest.
#include "bundled.h"
#include "direct.h"
#include "packets.h"
#include "program.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <thread>

extern "C" {
#include "packet_log.h"
#include "pcapng.h"
}

namespace
{

using Texts = std::vector<std::string>;

class PacketLog : public testing::Test
{
protected:
    void TearDown() override
    {
        packet_log_free(log_);
    }
    void take(const std::string &text, uint64_t first, uint64_t newest, uint64_t before)
    {
        packet p = {};
        p.time_ns = ++clock_;
        p.link = 1;
        p.captured = static_cast<uint32_t>(text.size());
        p.original = p.captured + 1;
        p.data = reinterpret_cast<const uint8_t *>(text.data());
        const save_origin origin = {first, newest, before};
        packet_log_take(log_, &p, &origin);
    }
    // The packets that are written for these connections.
    Texts saved(const std::vector<uint64_t> &connections)
    {
        char *buffer = nullptr;
        size_t size = 0;
        FILE *out = open_memstream(&buffer, &size);
        EXPECT_EQ(packet_log_write(log_, connections.data(), connections.size(), out, &said), 0);
        fclose(out);
        FILE *in = fmemopen(buffer, size, "rb");
        pcapng *reader = pcapng_new(in);
        Texts texts;
        for (packet p = {}; pcapng_next(reader, &p) == PCAPNG_PACKET;) {
            texts.emplace_back(p.data, p.data + p.captured);
            EXPECT_EQ(p.original, p.captured + 1);
        }
        EXPECT_STREQ(pcapng_error(reader), "");
        EXPECT_EQ(said.packets, texts.size());
        pcapng_free(reader);
        fclose(in);
        free(buffer);
        return texts;
    }

    packet_log *log_ = packet_log_new(0);
    packet_log_written said = {};

private:
    int64_t clock_ = 0;
};

TEST_F(PacketLog, WritesTheConnectionsThatAreAskedFor)
{
    take("a1", 1, 1, 0);
    take("b1", 2, 2, 0);
    take("a2", 1, 1, 1);
    take("", 3, 3, 0);
    EXPECT_EQ(saved({1}), (Texts{"a1", "a2"}));
    EXPECT_EQ(saved({2, 3}), (Texts{"b1", ""}));
    EXPECT_EQ(said.lost, 0u);
    EXPECT_FALSE(said.unknown);
}

TEST_F(PacketLog, SaysWhenItHasNothingOfAConnection)
{
    take("a1", 1, 1, 0);
    EXPECT_EQ(saved({1, 7}), Texts{"a1"});
    EXPECT_TRUE(said.unknown);
    EXPECT_EQ(saved({}), Texts{});
    EXPECT_FALSE(said.unknown);
}

// The second attempt's request comes before anything has its number.
TEST_F(PacketLog, WritesRefusedAttemptsWithTheWebSocketThatFollowedThem)
{
    take("request", 1, 1, 0);
    take("refusal", 1, 1, 1);
    take("request again", 1, 1, 2);
    take("101", 1, 2, 3);
    const Texts all = {"request", "refusal", "request again", "101"};
    EXPECT_EQ(saved({2}), all);
    EXPECT_EQ(saved({1}), all);
    EXPECT_EQ(saved({1, 2}), all);
    EXPECT_FALSE(said.unknown);
    take("of another, without its refusal", 3, 4, 5);
    EXPECT_EQ(saved({3}).size(), 1u);
    EXPECT_FALSE(said.unknown);
}

TEST_F(PacketLog, StaysWithinItsMemoryAndCountsWhatLeft)
{
    const uint64_t limit = 1 << 20;
    packet_log_free(log_);
    log_ = packet_log_new(limit);
    take("old", 2, 2, 0);
    const std::string text(1000, 'x');
    for (uint64_t i = 0; i < 5000; i++) {
        take(text, 1, 1, i);
        ASSERT_LE(packet_log_memory(log_), limit);
    }
    const size_t kept = saved({1}).size();
    EXPECT_GT(kept, 700u);
    EXPECT_EQ(said.lost, 5000 - kept);
    EXPECT_FALSE(said.unknown);
    EXPECT_EQ(saved({2}), Texts{});
    EXPECT_TRUE(said.unknown);
}

TEST_F(PacketLog, CountsPacketsThatItNeverGot)
{
    take("a4", 1, 1, 3);
    take("a5", 1, 1, 4);
    EXPECT_EQ(saved({1}), (Texts{"a4", "a5"}));
    EXPECT_EQ(said.lost, 3u);
}

TEST_F(PacketLog, PassesOverAPacketThatIsLargerThanItsMemory)
{
    take("a1", 1, 1, 0);
    take(std::string(1 << 20, 'x'), 1, 1, 1);
    take(std::string(100 << 10, 'y'), 1, 1, 2);
    take("a4", 1, 1, 3);
    const Texts texts = saved({1});
    ASSERT_EQ(texts.size(), 3u);
    EXPECT_EQ(texts[1].size(), 100u << 10) << "more than it allots at once, but it fits";
    EXPECT_EQ(said.lost, 1u);
}

TEST_F(PacketLog, SaysWhyWritingFailed)
{
    take(std::string(100000, 'x'), 1, 1, 0);
    FILE *full = fopen("/dev/full", "w");
    ASSERT_NE(full, nullptr);
    const uint64_t number = 1;
    EXPECT_EQ(packet_log_write(log_, &number, 1, full, &said), ENOSPC);
    fclose(full);
}

TEST_F(PacketLog, IsReadWhileItIsFilled)
{
    std::thread writer([this] {
        const std::string text(500, 'x');
        for (uint64_t i = 0; i < 20000; i++)
            take(text, 1, 1, i);
    });
    for (int round = 0; round < 20; round++)
        for (const std::string &text : saved({1}))
            ASSERT_EQ(text.size(), 500u);
    writer.join();
    EXPECT_EQ(saved({1}).size() + said.lost, 20000u);
}

// ---- Behind the stages ----

struct Decoded {
    Texts lines, opens;
    std::vector<uint64_t> connections;
};

void note(void *user, const record *r)
{
    auto *d = static_cast<Decoded *>(user);
    if (r->type == RECORD_FRAME) // has the number of its packet, which is another one
        return;
    d->lines.push_back(json_of(*r));
    if (r->type != RECORD_OPEN)
        return;
    d->connections.push_back(r->conn);
    d->opens.push_back(d->lines.back());
}

Decoded decode(const std::string &path, packet_log *log)
{
    Decoded d;
    GError *error = nullptr;
    source *in = source_open_file(path.c_str(), &error);
    if (!in)
        throw std::runtime_error(error->message);
    pipeline_options options = {};
    options.packets = packet_log_take;
    options.packets_user = log;
    pipeline *stages = pipeline_new(&options, note, &d);
    for (packet p; source_next(in, &p) == SOURCE_PACKET;)
        pipeline_take(stages, &p);
    pipeline_finish(stages);
    pipeline_free(stages);
    source_close(in);
    return d;
}

std::string save_to_file(packet_log *log, const std::vector<uint64_t> &connections)
{
    std::string path = testing::TempDir() + "packet_log_test.XXXXXX";
    const int fd = mkstemp(path.data());
    FILE *out = fdopen(fd, "wb");
    packet_log_written said;
    EXPECT_EQ(packet_log_write(log, connections.data(), connections.size(), out, &said), 0);
    EXPECT_EQ(said.lost, 0u);
    EXPECT_FALSE(said.unknown);
    fclose(out);
    return path;
}

// A line without its connection's number and how it ended: the end of the capture is another one.
std::string without_number(const std::string &line)
{
    const size_t at = line.find("\"conn\":");
    return line.substr(0, at) + line.substr(line.find(',', at));
}

TEST(PacketLogOfACapture, DecodesToTheSameMessages)
{
    for (const std::string &file : bundled_captures()) {
        SCOPED_TRACE(file);
        packet_log *log = packet_log_new(64 << 20), *again = packet_log_new(0);
        const Decoded all = decode(capture_path(file), log);
        for (const uint64_t number : all.connections) {
            const std::string path = save_to_file(log, {number});
            const Decoded one = decode(path, again);
            Texts found, expected;
            for (const std::string &line : one.lines)
                if (line.find("{\"record\":\"message\"") == 0)
                    found.push_back(without_number(line));
            const std::string conn = "\"conn\":" + std::to_string(number) + ",";
            for (const std::string &line : all.lines)
                if (line.find("{\"record\":\"message\"") == 0 &&
                    line.find(conn) != std::string::npos)
                    expected.push_back(without_number(line));
            EXPECT_EQ(found, expected) << "connection " << number;
            remove(path.c_str());
        }
        packet_log_free(log);
        packet_log_free(again);
    }
}

// Both attempts are one TCP connection's.
TEST(PacketLogOfACapture, KnowsAWebSocketByItsRefusedAttemptToo)
{
    const build::Bytes request = build::text(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    build::Dialogue d;
    d.open();
    for (const char *status : {"401 No", "401 No", "101 Yes"}) {
        d.say(0, request);
        d.say(1, build::text(std::string("HTTP/1.1 ") + status +
                             "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: "
                             "0\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
    }
    build::PcapFile file;
    for (const build::Bytes &packet : d.packets())
        file.add(0, packet);
    const build::TempFile capture(file.bytes);
    packet_log *log = packet_log_new(0);
    const Decoded all = decode(capture.path(), log);
    ASSERT_EQ(all.connections, (std::vector<uint64_t>{1, 2, 3}));
    for (const uint64_t number : all.connections) {
        const std::string path = save_to_file(log, {number});
        packet_log *again = packet_log_new(0);
        EXPECT_EQ(decode(path, again).connections, all.connections) << number;
        packet_log_free(again);
        remove(path.c_str());
    }
    packet_log_free(log);
}

// What tshark finds of a connection in the whole capture and in what was saved of it.
TEST(PacketLogOfACapture, ShowsTsharkTheSameFrames)
{
    if (run({"tshark", "--version"}).status != 0)
        GTEST_SKIP() << "tshark is missing";
    packet_log *log = packet_log_new(64 << 20);
    const Decoded all = decode(capture_path("many.pcapng"), log);
    ASSERT_GT(all.connections.size(), 1u);
    for (size_t i = 0; i < 2; i++) {
        const std::string path = save_to_file(log, {all.connections[i]});
        const std::string &open = all.opens[i], label = "\"client\":\"";
        const std::string client = open.substr(open.find(label) + label.size());
        const std::string port =
            client.substr(client.find(':') + 1, client.find('"') - client.find(':') - 1);
        const auto frames = [&port](const std::string &file) {
            return run({"tshark", "-n",
                        "-r",     file,
                        "-d",     "tcp.port==8080,http",
                        "-Y",     "websocket && tcp.port == " + port,
                        "-T",     "fields",
                        "-e",     "frame.time_epoch",
                        "-e",     "tcp.srcport",
                        "-e",     "websocket.opcode",
                        "-e",     "websocket.payload_length",
                        "-e",     "data.data"})
                .out;
        };
        const std::string saved = frames(path);
        EXPECT_FALSE(saved.empty());
        EXPECT_EQ(saved, frames(capture_path("many.pcapng")));
        remove(path.c_str());
    }
    packet_log_free(log);
}

} // namespace
