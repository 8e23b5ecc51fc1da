// The records of --json are what records.schema.json says: judged by Python's jsonschema, on every
// bundled capture and on odd ones made here.
#include "bundled.h"
#include "program.h"
#include "traffic.h"

#include <gtest/gtest.h>

#include <cstdlib>

extern "C" {
#include "sink.h"
}

namespace
{

using build::Dialogue;

build::PcapFile as_pcap(const std::vector<build::Bytes> &packets)
{
    build::PcapFile file;
    int64_t time_ns = 1700000000123456000;
    for (const build::Bytes &packet : packets)
        file.add(time_ns += 1000000, packet);
    return file;
}

std::string records_of_file(const std::string &path, std::vector<std::string> options = {})
{
    options.insert(options.begin(), {"-q", "--json", "--frames", "-r", path});
    const Outcome outcome = wsdump(options);
    EXPECT_EQ(outcome.status, 0) << path << ": " << outcome.err;
    return outcome.out;
}

std::string records_of(const std::vector<build::Bytes> &packets,
                       const std::vector<std::string> &options = {})
{
    const build::TempFile file(as_pcap(packets).bytes);
    return records_of_file(file.path(), options);
}

void shake_hands(Dialogue &d, const std::string &more = "")
{
    d.open();
    d.say(d.CLIENT, build::text(request(more)));
    d.say(d.SERVER, build::text(accepted(more)));
}

Bytes masked(int opcode, const std::string &payload)
{
    return Frame(opcode, payload).masked();
}

// --- odd captures; each is about the records that are named in its comment ---

// Payload of every kind, pongs with and without a ping, broken rules, a close with a reason.
std::string payloads()
{
    Dialogue d;
    shake_hands(d);
    d.say(d.CLIENT, masked(1, std::string("NUL \0 in a text", 15)));
    d.say(d.CLIENT, masked(1, "not UTF-8: \xff"));
    d.say(d.CLIENT, masked(9, "p"));
    d.say(d.SERVER, Frame(10, "p"));
    d.say(d.SERVER, Frame(10, "nobody asked"));
    d.say(d.SERVER, Frame(1, "\x1b[31m \xe2\x80\xae \U0001f600"));
    d.say(d.SERVER, masked(2, std::string("\0\1\xfe\xff", 4)));
    d.say(d.SERVER, Frame(3, "reserved").rsv(7).not_final());
    d.say(d.SERVER, Frame(2, "").form(64));
    d.say(d.CLIENT, Frame(2, "").form(64).masked());
    d.say(d.SERVER, Frame(8, "\x03\xe8 bye"));
    d.say(d.CLIENT, masked(8, "\x03\xed"));
    d.close();
    return records_of(d.packets()) + records_of(d.packets(), {"--max-data", "3"});
}

// A Close without a body, with half a code, with a code that is none, with a wrong reason.
std::string closes()
{
    std::string records;
    for (const std::string body : {"", "\x03", "\x03\xee", "\xff\xff", "\x03\xe8\xff"}) {
        Dialogue d;
        shake_hands(d);
        d.say(d.SERVER, Frame(8, body));
        d.say(d.CLIENT, masked(8, body));
        d.reset(d.SERVER);
        records += records_of(d.packets());
    }
    return records;
}

// Handshakes that are refused, that lack a header, of which only one half was captured, or none.
std::string handshakes()
{
    Dialogue no;
    no.open();
    no.say(no.CLIENT, build::text("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"));
    no.say(no.SERVER, build::text(refused(403, "no")));
    no.close();

    Dialogue partial;
    partial.say(partial.SERVER, build::text("HTTP/1.1 101 \r\nUpgrade: websocket\r\n\r\n"));
    partial.say(partial.SERVER, Frame(1, "hello"));

    Dialogue unanswered;
    unanswered.say(unanswered.CLIENT, build::text(request()));

    Dialogue missing;
    for (int i = 0; i < 4; i++) {
        missing.say(missing.CLIENT, masked(1, "hello, server"));
        missing.say(missing.SERVER, Frame(1, "hello, dear client"));
    }
    return records_of(no.packets()) + records_of(partial.packets()) +
           records_of(unanswered.packets()) + records_of(missing.packets());
}

// What it says of a conversation of which one packet was lost, counted from the end.
std::string without_packet(const Dialogue &d, int from_end)
{
    std::vector<build::Bytes> packets = d.packets();
    packets.erase(packets.end() - from_end);
    return records_of(packets);
}

// Gaps inside a payload and between frames, of either side.
std::string gaps()
{
    std::string records;
    for (const int who : {Dialogue::CLIENT, Dialogue::SERVER}) {
        Dialogue inside, between;
        const auto frame = [who](const std::string &text) {
            return who == Dialogue::CLIENT ? masked(1, text) : Bytes(Frame(1, text));
        };
        const Bytes whole = frame(std::string(3000, 'x'));
        shake_hands(inside);
        for (size_t at = 0; at < whole.size(); at += 1000)
            inside.say(who, Bytes(whole.begin() + static_cast<std::ptrdiff_t>(at),
                                  whole.begin() + static_cast<std::ptrdiff_t>(
                                                      std::min(at + 1000, whole.size()))));
        records += without_packet(inside, 2);

        shake_hands(between);
        for (int i = 0; i < 5; i++)
            between.say(who, frame("a message that says as much as the others"));
        records += without_packet(between, 4);
    }
    return records;
}

// A message that is wrongly compressed, and one whose end was not captured.
std::string incomplete()
{
    Dialogue d;
    shake_hands(d, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    d.say(d.CLIENT, Frame(1, "\xff\xff\xff\xff").rsv(4).masked());
    d.say(d.SERVER, Frame(2, "half of it").not_final());
    std::string records = records_of(d.packets());

    // Its ports are used again before it ends.
    std::vector<build::Bytes> reused = d.packets();
    reused.push_back(build::packet(build::Tcp{40000, 80, 900000, 0, 0x02 /* SYN */}, {}));
    return records + records_of(reused);
}

// A gap of unknown length: no capture of TCP has one, so the sink is asked itself.
std::string gap_of_unknown_length()
{
    record r = {};
    r.type = RECORD_GAP;
    r.conn = 1;
    r.from = WSP_FROM_CLIENT;
    sink s = {};
    s.line = g_string_new(nullptr);
    sink_json(&s, &r);
    const std::string line = std::string(s.line->str) + "\n";
    g_string_free(s.line, TRUE);
    return line;
}

std::string odd_records()
{
    return payloads() + closes() + handshakes() + gaps() + incomplete() + gap_of_unknown_length();
}

std::string bundled_records()
{
    std::string records;
    for (const std::string &file : bundled_captures())
        records += records_of_file(capture_path(file));
    // Too little memory to inflate what 200 connections say at the same time.
    return records + records_of_file(capture_path("many.pcapng"), {"--memory", "1"});
}

// --- the schema ---

class Schema : public testing::Test
{
protected:
    void SetUp() override
    {
        if (run({"/usr/bin/python3", "-c", "import jsonschema; jsonschema.Draft202012Validator"})
                .status == 0)
            return;
        ASSERT_EQ(std::getenv("CI"), nullptr) << "python3-jsonschema is missing";
        GTEST_SKIP() << "python3-jsonschema is missing";
    }
};

TEST_F(Schema, IsExactlyWhatTheProgramPrints)
{
    const std::string records = bundled_records() + odd_records();
    const build::TempFile input(Bytes(records.begin(), records.end()));
    Surroundings around;
    around.input = input.path();
    const Outcome outcome = run({"/usr/bin/python3", CHECK_RECORDS, SCHEMA}, around);
    EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
}

} // namespace
