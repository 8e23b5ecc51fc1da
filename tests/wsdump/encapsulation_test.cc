// The bundled captures, their packets put into other links, tunnels and fragments by
// captures/make/encapsulate.py: wsdump says the same of each, and tshark finds the same segments,
// so that the packets are what their names say.
#include "bundled.h"
#include "json.h"
#include "program.h"

#include <glib.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

using build::operator+;

namespace
{

const std::string script = capture_path("make/encapsulate.py");

const char *const kinds[] = {
    "raw",
    "null",
    "null-big-endian",
    "loop",
    "cooked",
    "cooked2",
    "nflog",
    "ppp",
    "hdlc",
    "snap",
    "padded",
    "vlan",
    "qinq",
    "qinq-9100",
    "pppoe",
    "mpls",
    "mpls-ethernet",
    "ipip",
    "in-ipv6",
    "gre",
    "gre-fields",
    "gre-ethernet",
    "erspan",
    "erspan2",
    "vxlan",
    "vxlan-8472",
    "geneve",
    "gtp",
    "mpls-udp",
    "etherip",
    "authentication",
    "extensions",
    "fragments",
    "fragments-backwards",
    "fragments-twice",
    "fragments-vxlan",
    "fragments-ipv6",
    "fragments-inside-fragments",
    "all-at-once",
};

// True when the program is there; CI has all of them.
bool have(const char *program)
{
    const bool there = run({program, "--version"}).status == 0;
    EXPECT_TRUE(there || !std::getenv("CI")) << program << " is missing";
    return there;
}

// The capture's packets in another coat.
std::string wrap(const char *kind, const char *capture, const build::TempFile &file)
{
    const Outcome outcome = run({"python3", script, kind, capture_path(capture), file.path()});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return file.path();
}

class Encapsulation : public testing::TestWithParam<const char *>
{
protected:
    void SetUp() override
    {
        if (!have("python3"))
            GTEST_SKIP() << "python3 is missing";
    }

    std::string wrapped(const char *capture)
    {
        return wrap(GetParam(), capture, file_);
    }

private:
    build::TempFile file_{{}};
};

TEST_P(Encapsulation, ChangesNoRecord)
{
    // Of both IP versions; with packets of 64 KiB; compressed, with two hops.
    for (const char *capture : {"vlan.pcapng", "echo.pcapng", "deflate_nginx.pcapng"}) {
        const Outcome before = wsdump({"-r", capture_path(capture), "--json", "-q"});
        const Outcome after = wsdump({"-r", wrapped(capture), "--json", "-q"});
        EXPECT_EQ(after.status, 0);
        EXPECT_EQ(after.err, "");
        ASSERT_GT(before.out.size(), 5000u);
        EXPECT_TRUE(after.out == before.out) << capture << "\n" << after.out.substr(0, 2000);
    }
}

TEST_P(Encapsulation, IsWrittenWithAllThatBelongsToTheConnections)
{
    const build::TempFile written({});
    const std::string path = wrapped("echo.pcapng");
    const Outcome before = wsdump({"-r", path, "-w", written.path(), "--json", "-q"});
    const Outcome after = wsdump({"-r", written.path(), "--json", "-q"});
    EXPECT_EQ(after.err, "");
    ASSERT_GT(before.out.size(), 5000u);
    EXPECT_TRUE(after.out == before.out) << after.out.substr(0, 2000);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Encapsulation, testing::ValuesIn(kinds), [](const auto &parameter) {
    std::string name = parameter.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

TEST(EncapsulationKinds, AreThoseOfTheScript)
{
    if (!have("python3"))
        GTEST_SKIP() << "python3 is missing";
    const std::vector<std::string> listed = lines_of(run({"python3", script, "--list"}).out);
    EXPECT_EQ(listed, std::vector<std::string>(std::begin(kinds), std::end(kinds)));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // nothing of ours runs here
// --- as tshark sees it ---

std::string segments(const std::string &path)
{
    const Outcome outcome = run({"tshark", "-n",
                                 "-r",     path,
                                 "-d",     "udp.port==8472,vxlan",
                                 "-d",     "mpls.label==16,pwethcw",
                                 "-o",     "ip.check_checksum:TRUE",
                                 "-Y",     "tcp || _ws.malformed || ip.checksum.status == 0",
                                 "-T",     "fields",
                                 "-e",     "tcp.srcport",
                                 "-e",     "tcp.seq_raw",
                                 "-e",     "tcp.len",
                                 "-e",     "_ws.malformed",
                                 "-e",     "ip.checksum.status"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.out;
}

// Of the checksums only the bad ones count: there are as many good ones as there are headers.
std::vector<std::string> without_good(std::vector<std::string> lines)
{
    for (std::string &line : lines) {
        const size_t tab = line.rfind('\t');
        const bool bad = line.find('0', tab) != std::string::npos;
        line = line.substr(0, tab) + (bad ? " bad checksum" : "");
    }
    return lines;
}

// All kinds in one test: tshark takes longer to start than to read.
TEST(EncapsulationKinds, AreWhatTsharkTakesThemFor)
{
    if (!have("tshark") || !have("python3"))
        GTEST_SKIP() << "tshark or python3 is missing";
    const auto expected = without_good(lines_of(segments(capture_path("vlan.pcapng"))));
    ASSERT_GT(expected.size(), 50u);
    for (const char *kind : kinds) {
        const build::TempFile file({});
        std::vector<std::string> lines = lines_of(segments(wrap(kind, "vlan.pcapng", file)));
        // tshark shows a segment again for each fragment that comes again
        if (kind == std::string("fragments-twice"))
            lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
        EXPECT_EQ(without_good(lines), expected) << kind;
    }
}
#endif

// --- what is lost ---

// A message in a segment that was sent in fragments, of each of which the snaplen cut off the end.
TEST(EncapsulationSnaplen, LeavesAllBytesThatWereCaptured)
{
    build::PcapFile file(101);
    uint32_t next[2] = {100, 500};
    const auto segment = [&next](int who, const build::Bytes &data) {
        build::Tcp h;
        h.sequence = next[who];
        h.acknowledgment = next[1 - who];
        if (who == 1)
            std::swap(h.source, h.destination);
        next[who] += static_cast<uint32_t>(data.size());
        return build::tcp(h, data);
    };
    build::Ipv4 from_client, from_server;
    std::swap(from_server.source, from_server.destination);
    file.add(0, build::ipv4(from_client, segment(0, build::text("GET / HTTP/1.1\r\n"
                                                                "Upgrade: websocket\r\n\r\n"))));
    file.add(0, build::ipv4(from_server, segment(1, build::text("HTTP/1.1 101 \r\n"
                                                                "Upgrade: websocket\r\n\r\n"))));
    const build::Bytes whole =
        segment(1, build::Bytes{0x81, 100} + build::Bytes(50, 'a') + build::Bytes(50, 'b'));
    for (size_t at = 0; at < whole.size(); at += 48) { // 122 bytes: 20 of them TCP's header
        const size_t end = std::min(whole.size(), at + 48);
        from_server.fragment = static_cast<uint16_t>(at / 8 | (end < whole.size() ? 0x2000 : 0));
        const build::Bytes piece =
            build::ipv4(from_server, build::Bytes(whole.begin() + static_cast<long>(at),
                                                  whole.begin() + static_cast<long>(end)));
        const size_t captured = std::min<size_t>(piece.size(), 20 + 44);
        file.add(0, build::Bytes(piece.begin(), piece.begin() + static_cast<long>(captured)),
                 piece.size());
    }
    const build::TempFile capture(file.bytes);
    const Outcome outcome = wsdump({"-r", capture.path(), "--json", "--show", "message", "-q"});
    EXPECT_EQ(outcome.err, "");
    const std::vector<Json> records = Json::parse_lines(outcome.out);
    ASSERT_EQ(records.size(), 1u) << outcome.out;
    // The first 22 bytes are headers; of what follows 44 to 48 and 92 to 96 are lost.
    EXPECT_NE(outcome.out.find("\"missing\":[[22,4],[70,4]]"), std::string::npos) << outcome.out;
    EXPECT_EQ(records[0]["length"].number(), 100);
    EXPECT_FALSE(records[0]["complete"].flag());
    std::string expected = std::string(50, 'a') + std::string(50, 'b');
    expected.replace(22, 4, 4, '\0').replace(70, 4, 4, '\0');
    g_autofree char *base64 =
        g_base64_encode(reinterpret_cast<const guchar *>(expected.data()), expected.size());
    const std::string data = records[0]["data"].text();
    EXPECT_TRUE(data == expected || data == base64) << data;
}

TEST(EncapsulationSummary, CountsPacketsThatLackFragments)
{
    build::PcapFile file(101);
    build::Ipv4 ip;
    ip.fragment = 0x2000;
    file.add(0, build::ipv4(ip, build::tcp(build::Tcp{}, build::text("beginning"))));
    const build::TempFile capture(file.bytes);
    const Outcome outcome = wsdump({"-r", capture.path()});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "wsdump: 1 packet, no WebSocket traffic, "
                           "1 IP packet with fragments missing\n");
}

} // namespace
