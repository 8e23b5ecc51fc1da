// source: pcap and pcapng files, from disk or a pipe, give the same packets, filtered as asked.
#include "packed.h"
#include "packets.h"

#include <fcntl.h>
#include <glib.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>

extern "C" {
#include "source.h"
}

using build::Bytes;
using build::PcapFile;
using build::PcapngFile;
using build::TempFile;
using build::operator+;
using build::text;

namespace
{

using Packets = std::vector<std::string>;

std::string message_of(GError *error)
{
    const std::string message = error ? error->message : "no error";
    g_clear_error(&error);
    return message;
}

struct Seen {
    Packets packets; // "number link time captured/original first-byte"
    std::string error;
};

Seen read(const char *path, const char *filter = nullptr)
{
    Seen seen;
    GError *error = nullptr;
    source *s = source_open_file(path, &error);
    if (!s || (filter && !source_set_filter(s, filter, &error))) {
        source_close(s);
        seen.error = message_of(error);
        return seen;
    }
    packet p;
    source_status status;
    while ((status = source_next(s, &p)) == SOURCE_PACKET)
        seen.packets.push_back(std::to_string(p.number) + " " + std::to_string(p.link) + " " +
                               std::to_string(p.time_ns) + " " + std::to_string(p.captured) + "/" +
                               std::to_string(p.original));
    EXPECT_EQ(status, source_error(s) ? SOURCE_DAMAGED : SOURCE_END);
    EXPECT_EQ(source_next(s, &p), status) << "the end stays the end";
    EXPECT_EQ(source_drops(s), -1);
    if (source_error(s))
        seen.error = source_error(s);
    source_close(s);
    return seen;
}

Seen read(const Bytes &bytes, const char *filter = nullptr)
{
    TempFile file(bytes);
    Seen seen = read(file.path(), filter);
    const std::string name = file.path();
    for (size_t at; (at = seen.error.find(name)) != std::string::npos;)
        seen.error.replace(at, name.size(), "FILE");
    return seen;
}

// --- pcap ---

TEST(Source, ReadsPcapOfBothByteOrdersAndResolutions)
{
    for (bool big_endian : {false, true})
        for (bool nanoseconds : {false, true}) {
            PcapFile file(1, big_endian, nanoseconds);
            file.add(1700000000123456000, Bytes(60, 1));
            file.add(1700000000123456789, Bytes(10, 2), 1514);
            const Seen seen = read(file.bytes);
            EXPECT_EQ(seen.error, "");
            EXPECT_EQ(seen.packets, (Packets{"1 1 1700000000123456000 60/60",
                                             std::string("2 1 1700000000123456") +
                                                 (nanoseconds ? "789" : "000") + " 10/1514"}));
        }
}

TEST(Source, NumbersLinksAsPcapFilesDo)
{
    for (uint32_t link : {0u, 1u, 12u, 101u, 108u, 113u, 228u, 229u, 276u}) {
        PcapFile file(link);
        file.add(0, Bytes(40, 0));
        const std::string expected = link == 12 ? "101" : std::to_string(link); // both are raw IP
        EXPECT_EQ(read(file.bytes).packets, Packets{"1 " + expected + " 0 40/40"});
    }
}

TEST(Source, TakesPcapPacketsLargerThanTheSnaplenOfOldTools)
{
    PcapFile file(101);
    file.add(0, Bytes(200000, 0x45));
    EXPECT_EQ(read(file.bytes).packets, Packets{"1 101 0 200000/200000"});
}

TEST(Source, ReadsPcapOfOldTools)
{
    for (bool big_endian : {false, true}) {
        const auto n = [=](uint64_t value, int width) {
            return build::number(value, width, big_endian);
        };
        const Bytes packet(60, 1);
        const Bytes modified = n(0xa1b2cd34, 4) + n(2, 2) + n(4, 2) + n(0, 8) + n(0, 4) + n(1, 4) +
                               n(7, 4) + n(8, 4) + n(60, 4) + n(61, 4) + n(0, 8) + packet;
        EXPECT_EQ(read(modified).packets, Packets{"1 1 7000008000 60/61"});
        const Bytes turned_round = n(0xa1b2c3d4, 4) + n(2, 2) + n(2, 2) + n(0, 8) + n(0, 4) +
                                   n(1, 4) + n(7, 4) + n(8, 4) + n(61, 4) + n(60, 4) + packet;
        EXPECT_EQ(read(turned_round).packets, Packets{"1 1 7000008000 60/61"});
    }
    PcapFile with_checksums(0xf4000001); // four bytes of checksum behind each frame
    with_checksums.add(0, Bytes(64, 1));
    EXPECT_EQ(read(with_checksums.bytes).packets, Packets{"1 1 0 64/64"});
}

TEST(Source, SaysWhereAPcapFileIsDamaged)
{
    PcapFile file;
    file.add(0, Bytes(60, 1));
    file.add(0, Bytes(262144, 2));
    file.add(0, Bytes(262145, 3));
    const Seen seen = read(file.bytes);
    EXPECT_EQ(seen.packets.size(), 2u);
    EXPECT_EQ(seen.error, "FILE: cannot be read beyond packet 2: the next one is said to have "
                          "262145 bytes, more than any has");
    file.bytes.resize(24 + 16 + 59);
    EXPECT_EQ(read(file.bytes).error,
              "FILE: cannot be read beyond packet 0: the file ends within the next one");
    file.bytes.resize(23);
    EXPECT_EQ(read(file.bytes).error, "FILE cannot be read as pcap: it ends within its header");
    PcapFile other;
    other.bytes[4] = 3;
    EXPECT_EQ(read(other.bytes).error, "FILE cannot be read as pcap: its version is not known");
}

TEST(Source, DeliversAllPacketsBeforeACutPcapRecord)
{
    PcapFile whole;
    whole.add(0, Bytes(60, 1));
    const size_t after_first = whole.bytes.size();
    whole.add(0, Bytes(60, 2));
    for (size_t len = 24; len <= whole.bytes.size(); len++) {
        const Seen seen =
            read(Bytes(whole.bytes.begin(), whole.bytes.begin() + static_cast<long>(len)));
        const bool complete = len == 24 || len == after_first || len == whole.bytes.size();
        ASSERT_EQ(seen.packets.size(), len == whole.bytes.size() ? 2u
                                       : len >= after_first      ? 1u
                                                                 : 0u);
        ASSERT_EQ(seen.error.empty(), complete) << len << seen.error;
        if (!complete) {
            ASSERT_EQ(seen.error.find("FILE: cannot be read beyond packet " +
                                      std::to_string(seen.packets.size()) + ": "),
                      0u)
                << seen.error;
        }
    }
}

// --- pcapng ---

TEST(Source, ReadsPcapngWithInterfacesOfDifferentLinks)
{
    PcapngFile file;
    file.interface(1);
    file.interface(101);
    file.enhanced(0, 1, Bytes(60, 0));
    file.enhanced(1, 2, Bytes(40, 0), 100);
    const Seen seen = read(file.bytes);
    EXPECT_EQ(seen.packets, (Packets{"1 1 1000 60/60", "2 101 2000 40/100"}));
    EXPECT_EQ(seen.error, "");
}

TEST(Source, SaysWhereAPcapngFileIsDamaged)
{
    PcapngFile file;
    file.interface(1);
    file.enhanced(0, 1, Bytes(60, 0));
    const std::string at = std::to_string(file.bytes.size());
    file.bytes.push_back(6);
    const Seen seen = read(file.bytes);
    EXPECT_EQ(seen.packets.size(), 1u);
    EXPECT_EQ(seen.error, "FILE: the block at byte " + at + " is cut off by the end of the file");
}

// --- opening ---

TEST(Source, ReadsBothFormatsFromAPipe)
{
    PcapFile classic;
    classic.add(0, Bytes(60, 1));
    PcapngFile next;
    next.interface(1);
    next.enhanced(0, 0, Bytes(60, 1));
    for (const Bytes &bytes : {classic.bytes, next.bytes}) {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        ASSERT_EQ(write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
        close(ends[1]);
        const int saved = dup(STDIN_FILENO);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        const Seen seen = read("-");
        dup2(saved, STDIN_FILENO);
        close(saved);
        EXPECT_EQ(seen.packets, Packets{"1 1 0 60/60"});
        EXPECT_EQ(seen.error, "");
    }
}

TEST(Source, NamesTheFileThatIsNoCapture)
{
    EXPECT_EQ(read("/nowhere.pcap").error, "cannot open /nowhere.pcap: No such file or directory");
    EXPECT_EQ(read(Bytes{}).error, "FILE is empty; it should be a pcap or pcapng capture");
    EXPECT_EQ(read(text("GET / HTTP/1.1")).error, "FILE is not a pcap or pcapng capture");
    EXPECT_EQ(read(Bytes{0x0a, 0x0d}).error, "FILE is not a pcap or pcapng capture");
    const Seen header_only = read(Bytes{0xd4, 0xc3, 0xb2, 0xa1});
    EXPECT_EQ(header_only.error.find("FILE cannot be read as pcap: "), 0u) << header_only.error;
}

// --- packed files ---

TEST(Source, ReadsPackedCaptures)
{
    PcapFile classic(1, true, true);
    PcapngFile next(true);
    next.interface(1, 0, next.option(9, Bytes{9}));
    for (int i = 1; i <= 3; i++) {
        classic.add(i, Bytes(60, 1));
        next.enhanced(0, static_cast<uint64_t>(i), Bytes(60, 1));
    }
    for (const Packing &p : packings())
        for (const Bytes &bytes : {classic.bytes, next.bytes}) {
            const Seen seen = read(p.pack(bytes));
            EXPECT_EQ(seen.packets, (Packets{"1 1 1 60/60", "2 1 2 60/60", "3 1 3 60/60"}));
            EXPECT_EQ(seen.error, "");
        }
}

TEST(Source, DeliversWhatThereIsBeforePackedDataIsCutOff)
{
    PcapFile file;
    for (uint8_t i = 0; i < 50; i++)
        file.add(i * 1000, Bytes(60, i));
    for (const Packing &p : packings()) {
        const std::string reason = std::string("the ") + p.name + " data is cut off";
        const Bytes whole = p.pack(file.bytes);
        for (size_t len = 4; len < whole.size(); len++) {
            const Seen seen = read(Bytes(whole.begin(), whole.begin() + static_cast<long>(len)));
            const std::string count = std::to_string(seen.packets.size());
            // The file's header may be out of reach: then it cannot be opened at all.
            ASSERT_TRUE(seen.error ==
                            "FILE: cannot be read beyond packet " + count + ": " + reason ||
                        (count == "0" && seen.error == "FILE cannot be read: " + reason))
                << len << " " << seen.error;
        }
    }
}

TEST(Source, SaysWhatIsPackedIfItIsNoCapture)
{
    for (const Packing &p : packings()) {
        EXPECT_EQ(read(p.pack(text("GET / HTTP/1.1"))).error,
                  "FILE is not a pcap or pcapng capture");
        EXPECT_EQ(read(p.pack({})).error, "FILE is empty; it should be a pcap or pcapng capture");
    }
    EXPECT_EQ(read(text("BZh91AY&SY")).error,
              "FILE is compressed with bzip2; try: bzip2 -dc FILE | wsdump -r -");
}

// --- filters ---

Bytes to_port(uint16_t port)
{
    build::Tcp h;
    h.destination = port;
    return build::packet(h, text("x"));
}

TEST(Source, FiltersPcapAndStillCountsWhatItLeavesOut)
{
    PcapFile file;
    for (const uint16_t port : std::vector<uint16_t>{80, 81, 80, 82, 81})
        file.add(0, to_port(port));
    EXPECT_EQ(read(file.bytes, "tcp dst port 81").packets, (Packets{"2 1 0 55/55", "5 1 0 55/55"}));
}

TEST(Source, FiltersEachLinkOfAPcapngFile)
{
    build::Tcp h;
    const Bytes ip = build::ipv4(build::Ipv4{}, build::tcp(h, text("x")));
    h.destination = 81;
    const Bytes other = build::ipv4(build::Ipv4{}, build::tcp(h, text("x")));
    PcapngFile file;
    for (const uint16_t link :
         std::vector<uint16_t>{1, 101, 276, 113, 12, 147}) // 147 has no meaning for filters
        file.interface(link);
    for (const Bytes &bytes : {ip, other}) {
        file.enhanced(0, 0, build::ethernet(0x0800, bytes));
        file.enhanced(1, 0, bytes);
        file.enhanced(2, 0, build::linux_cooked_2(0x0800, bytes));
        file.enhanced(3, 0, build::linux_cooked(0x0800, bytes));
        file.enhanced(4, 0, bytes);
        file.enhanced(5, 0, bytes);
    }
    testing::internal::CaptureStderr();
    const Seen seen = read(file.bytes, "port 81");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(seen.packets, (Packets{"7 1 0 55/55", "8 101 0 41/41", "9 276 0 61/61",
                                     "10 113 0 57/57", "11 12 0 41/41"}));
    EXPECT_EQ(seen.error, "");
}

TEST(Source, QuotesAFilterThatIsWrong)
{
    PcapngFile next;
    next.interface(1);
    for (const Bytes &bytes : {PcapFile().bytes, next.bytes}) {
        const std::string error = read(bytes, "tcp prot 80").error;
        EXPECT_EQ(error.find("cannot use the filter 'tcp prot 80': "), 0u) << error;
        EXPECT_NE(error.find("syntax error"), std::string::npos) << error;
    }
    const std::string error = read(PcapFile(101).bytes, "ether host 02:00:00:00:00:01").error;
    EXPECT_NE(error.find("supported only on ethernet"), std::string::npos) << error;
}

TEST(Source, LeavesOutAndNamesLinksWhereTheFilterMeansNothing)
{
    PcapngFile file;
    file.interface(101);
    file.interface(1);
    for (int i = 0; i < 2; i++) {
        file.enhanced(0, 0, build::ipv4(build::Ipv4{}, build::tcp(build::Tcp{}, text("x"))));
        file.enhanced(1, 0, to_port(80));
    }
    testing::internal::CaptureStderr();
    const Seen seen = read(file.bytes, "ether host 02:00:00:00:00:01");
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_EQ(seen.packets, (Packets{"2 1 0 55/55", "4 1 0 55/55"}));
    EXPECT_NE(said.find("packets of link type 101 are left out"), std::string::npos) << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

// --- live: what can be tested without an interface of one's own ---

std::string live_error(const char *interface)
{
    source_live_options options = {};
    options.interface = interface;
    GError *error = nullptr;
    source *s = source_open_live(&options, &error);
    if (s) {
        source_close(s);
        return "it opened";
    }
    return message_of(error);
}

TEST(SourceLive, NamesAnInterfaceThatIsNotThere)
{
    const std::string error = live_error("wskit-none0");
    EXPECT_NE(error.find("wskit-none0"), std::string::npos) << error;
    if (geteuid() == 0) {
        EXPECT_EQ(error, "there is no interface wskit-none0; wsdump -D lists those there are");
    }
}

// Runs `body` in a child that has given up its privileges; true when that succeeded.
template <typename Body>
bool succeeds_unprivileged(Body body)
{
    const pid_t child = fork();
    if (child == 0) {
        const uid_t nobody = 65534;
        if (geteuid() == 0 && (setgid(nobody) != 0 || setuid(nobody) != 0))
            _exit(2);
        _exit(body() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(SourceLive, NamesTheRemediesWhenItMayNotCapture)
{
    EXPECT_TRUE(succeeds_unprivileged([] {
        const std::string error = live_error("lo");
        return error.find("no permission to capture on lo; run wsdump with sudo") == 0 &&
               error.find("sudo setcap cap_net_raw+ep /") != std::string::npos;
    }));
}

} // namespace
