// A transcript written as a capture is what libpcap, tshark and wsdump read in it.
#include "program.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <cerrno>
#include <cstring>
#include <memory>

extern "C" {
#include "capture.h"
}

namespace
{

using Transcript = std::unique_ptr<transcript, decltype(&transcript_free)>;

Transcript new_transcript()
{
    return {transcript_new(), transcript_free};
}

void say(transcript *c, unsigned connection, bool client, int64_t time, const std::string &bytes)
{
    transcript_bytes(c, connection, client, time, bytes.data(), bytes.size());
}

class File
{
public:
    explicit File(const transcript *c)
    {
        FILE *out = fopen(file_.path(), "wb");
        EXPECT_TRUE(capture_write(c, out)) << strerror(errno);
        fclose(out);
    }
    const char *path() const
    {
        return file_.path();
    }

private:
    const build::TempFile file_ = build::TempFile({});
};

struct Packet {
    int64_t time_ns = 0;
    uint32_t from = 0, to = 0;
    uint16_t source = 0, destination = 0;
    uint32_t sequence = 0, acknowledgment = 0;
    uint8_t flags = 0;
    std::string data;
};

uint32_t number(const u_char *at, int width)
{
    uint32_t value = 0;
    for (int i = 0; i < width; i++)
        value = value << 8 | at[i];
    return value;
}

std::vector<Packet> packets_of(const File &file)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap =
        pcap_open_offline_with_tstamp_precision(file.path(), PCAP_TSTAMP_PRECISION_NANO, why);
    EXPECT_NE(pcap, nullptr) << why;
    std::vector<Packet> packets;
    pcap_pkthdr *header = nullptr;
    const u_char *ip = nullptr;
    while (pcap && pcap_next_ex(pcap, &header, &ip) == 1) {
        EXPECT_EQ(header->caplen, number(ip + 2, 2)); // IP's total length
        const u_char *tcp = ip + 20;
        const size_t tcp_header = tcp[12] / 16 * 4u;
        packets.push_back({header->ts.tv_sec * INT64_C(1000000000) + header->ts.tv_usec,
                           number(ip + 12, 4), number(ip + 16, 4),
                           static_cast<uint16_t>(number(tcp, 2)),
                           static_cast<uint16_t>(number(tcp + 2, 2)), number(tcp + 4, 4),
                           number(tcp + 8, 4), tcp[13],
                           std::string(reinterpret_cast<const char *>(tcp + tcp_header),
                                       header->caplen - 20 - tcp_header)});
    }
    if (pcap)
        pcap_close(pcap);
    return packets;
}

std::string flags_of(const std::vector<Packet> &packets)
{
    std::string names;
    for (const Packet &p : packets) {
        names += names.empty() ? "" : " ";
        for (const auto &[bit, name] :
             {std::pair(0x02, 'S'), std::pair(0x01, 'F'), std::pair(0x04, 'R'),
              std::pair(0x08, 'P'), std::pair(0x10, 'A')})
            if (p.flags & bit)
                names += name;
        names += p.source == 8080 ? "<" : ">";
    }
    return names;
}

const char request[] = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                       "Sec-WebSocket-Version: 13\r\n\r\n";
const char response[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

std::string frame(const std::string &payload)
{
    return "\x81" + std::string(1, static_cast<char>(payload.size())) + payload;
}

TEST(Capture, IsATcpConnectionWithItsBytesAndTimes)
{
    const Transcript c = new_transcript();
    transcript_open(c.get(), 1000, 50001, 8080);
    say(c.get(), 0, true, 2000, "ask");
    say(c.get(), 0, false, 3000, "answer");
    say(c.get(), 0, false, 4000, "more");
    say(c.get(), 0, false, 5000, "");
    transcript_fin(c.get(), 0, false, 6000);
    transcript_fin(c.get(), 0, false, 6001);
    transcript_fin(c.get(), 0, true, 7000);
    const auto packets = packets_of(File(c.get()));
    // The answer acknowledges what was asked; the client acknowledges the answer before more comes.
    ASSERT_EQ(flags_of(packets), "S> SA< A> PA> PA< A> PA< A> FA< A> FA> A<");
    const uint32_t client = packets[0].sequence, server = packets[1].sequence;
    EXPECT_EQ(packets[3].data, "ask");
    EXPECT_EQ(packets[3].sequence, client + 1);
    EXPECT_EQ(packets[3].time_ns, 2000);
    EXPECT_EQ(packets[4].data, "answer");
    EXPECT_EQ(packets[4].acknowledgment, client + 4);
    EXPECT_EQ(packets[5].acknowledgment, server + 7);
    EXPECT_EQ(packets[6].data, "more");
    EXPECT_EQ(packets[6].sequence, server + 7);
    EXPECT_EQ(packets[8].time_ns, 6000);
    EXPECT_EQ(packets[9].acknowledgment, server + 12); // its FIN counts as one
    EXPECT_EQ(packets[11].acknowledgment, client + 5);
}

TEST(Capture, HasTheAddressOfTheClient)
{
    const Transcript c = new_transcript();
    transcript_open(c.get(), 1, 50001, 8080);
    transcript_open(c.get(), 1, 50001, 8080);
    transcript_set_client(c.get(), 1, 0x7F000002);
    const auto packets = packets_of(File(c.get()));
    EXPECT_EQ(packets[0].from, 0x7F000001u);
    EXPECT_EQ(packets[0].to, 0x7F000001u);
    EXPECT_EQ(packets[3].from, 0x7F000002u);
    EXPECT_EQ(packets[3].to, 0x7F000001u);
    EXPECT_EQ(packets[4].from, 0x7F000001u);
    EXPECT_EQ(packets[4].to, 0x7F000002u);
}

TEST(Capture, EndsWithAReset)
{
    const Transcript c = new_transcript();
    transcript_open(c.get(), 1, 50001, 8080);
    say(c.get(), 0, true, 2, "x");
    transcript_reset(c.get(), 0, false, 3);
    EXPECT_EQ(flags_of(packets_of(File(c.get()))), "S> SA< A> PA> RA<");
}

TEST(Capture, CutsWhatNoSegmentHolds)
{
    const Transcript c = new_transcript();
    transcript_open(c.get(), 1, 50001, 8080);
    const std::string big(200000, 'b');
    say(c.get(), 0, false, 2, big);
    const auto packets = packets_of(File(c.get()));
    ASSERT_EQ(flags_of(packets), "S> SA< A> A< A> A< A> A< A> PA<");
    std::string all;
    for (const Packet &p : packets)
        all += p.data;
    EXPECT_EQ(all, big);
    EXPECT_EQ(packets[3].data.size(), 65495u);
}

// Where the sequence numbers of a connection begin is fixed; one of a few thousand begins so near
// to the end of the numbers that a megabyte goes past it.
TEST(Capture, CountsOnBehindTheLastSequenceNumber)
{
    const Transcript many = new_transcript();
    for (unsigned i = 0; i < 4000; i++)
        transcript_open(many.get(), 1, static_cast<uint16_t>(20000 + i), 8080);
    unsigned late = 0;
    uint32_t last = 0;
    for (const Packet &p : packets_of(File(many.get())))
        if (p.flags == 0x02 && p.sequence > last) {
            last = p.sequence;
            late = p.source - 20000u;
        }
    ASSERT_GT(last, UINT32_MAX - 2000000);
    const std::string piece(50000, 'p');
    say(many.get(), late, true, 2, request);
    say(many.get(), late, false, 3, response);
    for (int i = 0; i < 50; i++)
        say(many.get(), late, true, 4, std::string("\x82\xfe\xc3\x50\1\1\1\1", 8) + piece);
    const File file(many.get());
    const Outcome messages =
        wsdump({"-r", file.path(), "--json", "--show", "message,gap,violation"});
    EXPECT_EQ(messages.status, 0) << messages.err;
    EXPECT_EQ(lines_of(messages.out).size(), 50u) << messages.out.substr(0, 1000);
}

TEST(Capture, SameTranscriptSameBytes)
{
    const auto made = [] {
        const Transcript c = new_transcript();
        transcript_open(c.get(), 1, 50001, 8080);
        say(c.get(), 0, true, 2, "abc");
        return contents_of(File(c.get()).path());
    };
    EXPECT_EQ(made(), made());
}

TEST(Capture, WhatWasNotKeptIsAGapAndANote)
{
    const Transcript c = new_transcript();
    transcript_open(c.get(), 1, 50001, 8080);
    say(c.get(), 0, true, 2, request);
    say(c.get(), 0, false, 3, response);
    say(c.get(), 0, false, 4, frame("kept"));
    const std::string big(TRANSCRIPT_MAX, 'x');
    say(c.get(), 0, false, 5, big);
    say(c.get(), 0, false, 6, frame("behind")); // would fit; but then a hole would be in between
    transcript_fin(c.get(), 0, false, 7);
    EXPECT_EQ(transcript_lost(c.get()), big.size() + 8);
    transcript_set_note(c.get(), "the note");
    const File file(c.get());
    EXPECT_NE(contents_of(file.path()).find("the note\nThe conversation"), std::string::npos);
    // The name of the program, padded to 32 bits, then the end of the options.
    EXPECT_NE(contents_of(file.path()).find(std::string("\x04\0\x05\0wskit\0\0\0\0\0\0\0", 16)),
              std::string::npos);
    const auto packets = packets_of(file);
    EXPECT_EQ(packets.back().acknowledgment - packets[1].sequence,
              1 + strlen(response) + 6 + big.size() + 8 + 1);
    EXPECT_NE(contents_of(file.path()).find("67108872 further bytes are not in this capture"),
              std::string::npos);
    const Outcome records = wsdump({"-r", file.path(), "--json", "--show", "message,gap"});
    ASSERT_EQ(lines_of(records.out).size(), 2u) << records.out;
    EXPECT_NE(records.out.find("\"kept\""), std::string::npos);
    EXPECT_NE(records.out.find("\"bytes\":67108872"), std::string::npos) << records.out;
}

TEST(Capture, ManySmallPiecesAreBoundedToo)
{
    const Transcript c = new_transcript();
    transcript_open(c.get(), 1, 50001, 8080);
    const unsigned most = TRANSCRIPT_MAX / (TRANSCRIPT_EVENT_COST + 1);
    for (unsigned i = 0; i < most + 10; i++)
        say(c.get(), 0, true, 2, "x");
    EXPECT_GT(transcript_lost(c.get()), 0u);
    EXPECT_LT(transcript_lost(c.get()), 20u);
    EXPECT_LE(transcript_events(c.get()), most + 1);
}

TEST(Capture, SaysWhyItCouldNotBeWritten)
{
    const Transcript c = new_transcript();
    transcript_open(c.get(), 1, 50001, 8080);
    FILE *full = fopen("/dev/full", "wb");
    ASSERT_NE(full, nullptr);
    errno = 0;
    EXPECT_FALSE(capture_write(c.get(), full));
    EXPECT_EQ(errno, ENOSPC);
    fclose(full);
}

// Two connections at once; every byte its own segment in one of them.
Transcript dialogues()
{
    Transcript c = new_transcript();
    const int64_t start = INT64_C(1767603600000000000);
    int64_t now = start;
    transcript_open(c.get(), now++, 50001, 8080);
    transcript_open(c.get(), now++, 50002, 8080);
    for (const unsigned connection : {0u, 1u}) {
        say(c.get(), connection, true, now++, request);
        say(c.get(), connection, false, now++, response);
    }
    for (const char byte : frame("one by one"))
        say(c.get(), 0, false, now++, std::string(1, byte));
    say(c.get(), 1, false, now++, frame("together") + frame("in one segment"));
    transcript_fin(c.get(), 1, true, now++);
    transcript_fin(c.get(), 1, false, now++);
    transcript_reset(c.get(), 0, true, now++);
    return c;
}

TEST(Capture, WsdumpFindsTheSameMessages)
{
    const File file(dialogues().get());
    const Outcome text = wsdump({"-r", file.path(), "--json", "--show", "message,violation,end"});
    EXPECT_EQ(text.status, 0) << text.err;
    const auto has = [&text](const char *what) { return text.out.find(what) != std::string::npos; };
    EXPECT_TRUE(has("\"one by one\"") && has("\"together\"") && has("\"in one segment\""));
    EXPECT_TRUE(has("\"fin\"") && has("\"rst\""));
    EXPECT_FALSE(has("\"gap\""));
}

TEST(Capture, TsharkHasNoComplaint)
{
    if (run({"tshark", "--version"}).status != 0)
        GTEST_SKIP() << "tshark is not installed (Debian: tshark)";
    const File file(dialogues().get());
    const std::vector<std::string> judge = {"tshark",
                                            "-r",
                                            file.path(),
                                            "-o",
                                            "tcp.check_checksum:TRUE",
                                            "-o",
                                            "ip.check_checksum:TRUE"};
    auto sound = judge, complaints = judge, texts = judge;
    sound.insert(sound.end(), {"-Y", "tcp.checksum.status == 1 && ip.checksum.status == 1"});
    complaints.insert(
        complaints.end(),
        {"-Y", "_ws.malformed || tcp.analysis.flags || _ws.expert.severity == error"});
    texts.insert(texts.end(), {"-Y", "websocket", "-T", "fields", "-e", "websocket.payload.text"});
    EXPECT_EQ(lines_of(run(sound).out).size(), packets_of(file).size());
    EXPECT_EQ(run(complaints).out, "");
    const std::string said = run(texts).out;
    for (const char *text : {"one by one", "together", "in one segment"})
        EXPECT_NE(said.find(text), std::string::npos) << said;
}

} // namespace
