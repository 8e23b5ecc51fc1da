// Written pcapng is read again as it was: by our reader, by libpcap.
#include "packets.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <cerrno>

extern "C" {
#include "pcapng.h"
#include "pcapng_write.h"
}

namespace
{

packet packet_of(const build::Bytes &data, uint32_t link, int64_t time_ns, uint32_t cut = 0)
{
    packet p = {};
    p.link = link;
    p.time_ns = time_ns;
    p.captured = static_cast<uint32_t>(data.size());
    p.original = p.captured + cut;
    p.data = data.data();
    return p;
}

class Written
{
public:
    explicit Written(const std::vector<packet> &packets)
    {
        FILE *stream = fopen(file.path(), "wb");
        pcapng_writer *writer = pcapng_writer_new(stream, "test", nullptr);
        for (const packet &p : packets)
            pcapng_writer_add(writer, p.time_ns, p.link, p.data, p.captured, p.original);
        pcapng_writer_finish(writer);
        EXPECT_EQ(pcapng_writer_failed(writer), 0);
        pcapng_writer_free(writer);
        fclose(stream);
    }
    const build::TempFile file = build::TempFile({});
};

TEST(PcapngWrite, KeepsEveryPacketWithItsTimeLinkAndLengths)
{
    const int64_t second = 1000000000;
    const build::Bytes bytes[] = {{}, {1}, {1, 2}, {1, 2, 3}, {1, 2, 3, 4}, build::Bytes(70000, 9)};
    std::vector<packet> packets;
    for (const build::Bytes &data : bytes)
        for (const uint32_t link : {1u, 113u, 276u, 1u})
            packets.push_back(packet_of(data, link, 1700000000 * second + 123456789, link));
    packets.push_back(packet_of(bytes[3], 1, 0));
    packets.push_back(packet_of(bytes[3], 1, 9000000000 * second + 1));

    const Written written(packets);
    FILE *stream = fopen(written.file.path(), "rb");
    pcapng *reader = pcapng_new(stream);
    for (const packet &expected : packets) {
        packet p = {};
        ASSERT_EQ(pcapng_next(reader, &p), PCAPNG_PACKET) << pcapng_error(reader);
        EXPECT_EQ(p.time_ns, expected.time_ns);
        EXPECT_EQ(p.link, expected.link);
        EXPECT_EQ(p.original, expected.original);
        EXPECT_EQ(build::Bytes(p.data, p.data + p.captured),
                  build::Bytes(expected.data, expected.data + expected.captured));
    }
    packet p = {};
    EXPECT_EQ(pcapng_next(reader, &p), PCAPNG_END);
    pcapng_free(reader);
    fclose(stream);
}

TEST(PcapngWrite, TakesATimeBefore1970For1970)
{
    const build::Bytes data = {1};
    const Written written({packet_of(data, 1, -5)});
    FILE *stream = fopen(written.file.path(), "rb");
    pcapng *reader = pcapng_new(stream);
    packet p = {};
    ASSERT_EQ(pcapng_next(reader, &p), PCAPNG_PACKET);
    EXPECT_EQ(p.time_ns, 0);
    pcapng_free(reader);
    fclose(stream);
}

TEST(PcapngWrite, IsReadByLibpcapAlsoWithoutPackets)
{
    const build::Bytes data = {1, 2, 3};
    for (const size_t count : {0u, 3u}) {
        const Written written(std::vector<packet>(count, packet_of(data, 1, 1000000001, 5)));
        char why[PCAP_ERRBUF_SIZE] = "";
        pcap_t *pcap = pcap_open_offline_with_tstamp_precision(written.file.path(),
                                                               PCAP_TSTAMP_PRECISION_NANO, why);
        ASSERT_NE(pcap, nullptr) << why;
        pcap_pkthdr *header = nullptr;
        const u_char *at = nullptr;
        for (size_t i = 0; i < count; i++) {
            ASSERT_EQ(pcap_next_ex(pcap, &header, &at), 1) << pcap_geterr(pcap);
            EXPECT_EQ(header->caplen, 3u);
            EXPECT_EQ(header->len, 8u);
            EXPECT_EQ(header->ts.tv_sec, 1);
            EXPECT_EQ(header->ts.tv_usec, 1);
        }
        EXPECT_EQ(pcap_next_ex(pcap, &header, &at), PCAP_ERROR_BREAK);
        pcap_close(pcap);
    }
}

TEST(PcapngWrite, SaysWhyItFailed)
{
    FILE *stream = fopen("/dev/full", "wb");
    ASSERT_NE(stream, nullptr);
    pcapng_writer *writer = pcapng_writer_new(stream, "test", nullptr);
    EXPECT_FALSE(pcapng_writer_flush(writer));
    EXPECT_EQ(pcapng_writer_failed(writer), ENOSPC);
    const build::Bytes data(100000);
    const packet p = packet_of(data, 1, 1);
    pcapng_writer_add(writer, p.time_ns, p.link, p.data, p.captured, p.original);
    EXPECT_EQ(pcapng_writer_failed(writer), ENOSPC);
    pcapng_writer_free(writer);
    fclose(stream);
}

} // namespace
