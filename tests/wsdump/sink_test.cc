// The two outputs: a record of every type has exactly its fields, in JSON; its columns, in text.
#include "json.h"
#include "records.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <map>

extern "C" {
#include "sink.h"
}

namespace
{

using Fields = std::map<std::string, std::string>; // kinds by name

// Writes records and gives their lines back.
class Output
{
public:
    explicit Output(void (*format)(sink *, const record *), bool hex = false)
    {
        sink_.out = tmpfile();
        sink_.line = g_string_new(nullptr);
        sink_.format = format;
        sink_.hex = hex;
        for (bool &show : sink_.show)
            show = true;
    }
    ~Output()
    {
        fclose(sink_.out);
        g_string_free(sink_.line, TRUE);
    }
    Output(const Output &) = delete;
    Output &operator=(const Output &) = delete;

    void show_at_most(uint64_t bytes)
    {
        sink_.max_data = bytes;
    }
    void hide(record_type type)
    {
        sink_.show[type] = false;
    }
    // The line of one record, without its end; "" when there is none.
    std::string line(const record &r)
    {
        const long before = ftell(sink_.out);
        sink_write(&sink_, &r);
        sink_flush(&sink_);
        std::string text(static_cast<size_t>(ftell(sink_.out) - before), 0);
        fseek(sink_.out, before, SEEK_SET);
        EXPECT_EQ(fread(text.data(), 1, text.size(), sink_.out), text.size());
        fseek(sink_.out, 0, SEEK_END);
        if (text.empty())
            return text;
        EXPECT_EQ(text.find('\n'), text.size() - 1);
        text.pop_back();
        return text;
    }

private:
    sink sink_ = {};
};

Json as_json(const record &r)
{
    return Json::parse(Output(sink_json).line(r));
}

std::string as_text(const record &r, bool hex = false)
{
    setenv("TZ", "UTC", 1);
    tzset();
    return Output(sink_text, hex).line(r);
}

Fields fields_of(const Json &record)
{
    Fields fields;
    for (const std::string &name : record.members())
        fields[name] = record[name.c_str()].kind();
    return fields;
}

Fields operator+(Fields a, const Fields &b)
{
    a.insert(b.begin(), b.end());
    return a;
}

const Fields every_record = {{"record", "string"}, {"time", "number"}, {"conn", "int"}};
const Fields directional = every_record + Fields{{"from", "string"}};

using namespace sample;

const Fields message_fields =
    directional + Fields{{"message", "int"},     {"type", "string"},    {"frames", "int"},
                         {"wire_length", "int"}, {"length", "int"},     {"compressed", "bool"},
                         {"complete", "bool"},   {"missing", "array"},  {"encoding", "string"},
                         {"data", "string"},     {"truncated", "bool"}, {"guessed", "bool"}};

// --- JSON ---

TEST(SinkJson, GivesAnOpenRecordAllItsFields)
{
    const Head request(
        "GET /chat?a=\"b\" HTTP/1.1\r\nHost: example.org\r\nX-A: 1\r\nx-a:\t2 \r\n\r\n");
    const Head response("HTTP/1.1 101 Fine\r\nSec-WebSocket-Protocol: chat\r\n"
                        "Sec-WebSocket-Extensions: a; b=1\r\nsec-websocket-extensions: c\r\n\r\n");
    const Json r = as_json(some_open(HANDSHAKE_SEEN, &request, &response));
    EXPECT_EQ(fields_of(r), every_record + Fields({{"client", "string"},
                                                   {"server", "string"},
                                                   {"transport", "string"},
                                                   {"handshake", "string"},
                                                   {"host", "string"},
                                                   {"path", "string"},
                                                   {"status", "int"},
                                                   {"subprotocol", "string"},
                                                   {"extensions", "string"},
                                                   {"request_headers", "array"},
                                                   {"response_headers", "array"}}));
    EXPECT_EQ(r["record"].text(), "open");
    EXPECT_EQ(r["conn"].number(), 7);
    EXPECT_EQ(r["client"].text(), "192.0.2.1:40000");
    EXPECT_EQ(r["server"].text(), "[2001:db8::1]:8080");
    EXPECT_EQ(r["transport"].text(), "tcp");
    EXPECT_EQ(r["handshake"].text(), "seen");
    EXPECT_EQ(r["host"].text(), "example.org");
    EXPECT_EQ(r["path"].text(), "/chat?a=\"b\"");
    EXPECT_EQ(r["status"].number(), 101);
    EXPECT_EQ(r["subprotocol"].text(), "chat");
    EXPECT_EQ(r["extensions"].text(), "a; b=1, c");
    EXPECT_EQ(r["request_headers"].dump(),
              "[[\"Host\",\"example.org\"],[\"X-A\",\"1\"],[\"x-a\",\"2\"]]");
    EXPECT_EQ(r["response_headers"].size(), 3u);
}

TEST(SinkJson, GivesNullForWhatIsUnknownOfAHandshake)
{
    const Head response("HTTP/1.1 101 Fine\r\n\r\n");
    const Head request("GET / HTTP/1.1\r\n\r\n");
    const Json no_request = as_json(some_open(HANDSHAKE_PARTIAL, nullptr, &response));
    for (const char *name : {"host", "path", "subprotocol", "extensions", "request_headers"})
        EXPECT_TRUE(no_request[name].is_null()) << name;
    EXPECT_EQ(no_request["response_headers"].size(), 0u);
    const Json no_response = as_json(some_open(HANDSHAKE_PARTIAL, &request, nullptr));
    for (const char *name : {"host", "status", "subprotocol", "extensions", "response_headers"})
        EXPECT_TRUE(no_response[name].is_null()) << name;
    EXPECT_EQ(fields_of(no_request).size(), fields_of(no_response).size());
}

TEST(SinkJson, NamesEveryKindOfHandshakeAndEnd)
{
    const char *const handshakes[] = {"seen", "partial", "missing", "refused"};
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(
            as_json(some_open(static_cast<record_handshake>(i), nullptr, nullptr))["handshake"]
                .text(),
            handshakes[i]);
    const char *const hows[] = {"close", "fin", "rst", "timeout", "eof"};
    for (int i = 0; i < 5; i++) {
        record r = some(RECORD_END);
        r.end.how = static_cast<record_how>(i);
        EXPECT_EQ(as_json(r)["how"].text(), hows[i]);
    }
}

TEST(SinkJson, GivesAFrameRecordAllItsFields)
{
    const Fields fields =
        directional + Fields{{"frame", "int"},       {"packet", "int"},        {"fin", "bool"},
                             {"rsv", "int"},         {"opcode", "int"},        {"masked", "bool"},
                             {"length", "int"},      {"header_length", "int"}, {"guessed", "bool"},
                             {"violations", "array"}};
    const Json masked =
        as_json(some_frame(masked_header, WSP_V_MASK_UNEXPECTED | WSP_V_RSV_UNNEGOTIATED));
    EXPECT_EQ(fields_of(masked), (fields + Fields{{"masking_key", "string"}}));
    EXPECT_EQ(masked["from"].text(), "server");
    EXPECT_EQ(masked["frame"].number(), 3);
    EXPECT_EQ(masked["packet"].number(), 12345678901);
    EXPECT_TRUE(masked["fin"].flag());
    EXPECT_EQ(masked["rsv"].number(), 4);
    EXPECT_EQ(masked["opcode"].number(), 1);
    EXPECT_EQ(masked["masking_key"].text(), "001bff80");
    EXPECT_EQ(masked["header_length"].number(), 14);
    EXPECT_EQ(masked["violations"].dump(), "[\"rsv-unnegotiated\",\"mask-unexpected\"]");

    const Json bare = as_json(some_frame(bare_header, 0));
    EXPECT_EQ(fields_of(bare), (fields + Fields{{"masking_key", "null"}}));
    EXPECT_FALSE(bare["fin"].flag());
    EXPECT_EQ(bare["length"].number(), 5);
    EXPECT_EQ(bare["header_length"].number(), 2);
    EXPECT_EQ(bare["violations"].size(), 0u);
}

TEST(SinkJson, WritesLengthsOf64BitsInFull)
{
    // json-glib has no integers above 2^63 - 1.
    const std::string line = Output(sink_json).line(some_frame(masked_header, 0));
    EXPECT_NE(line.find("\"length\":9223372036854775809,"), std::string::npos) << line;
    wsp_frame_header header = bare_header;
    header.payload_length = INT64_MAX;
    EXPECT_EQ(as_json(some_frame(header, 0))["length"].number(), INT64_MAX);
}

TEST(SinkJson, GivesEveryMessageAllItsFields)
{
    const std::string data("a\"\x1b\0\xe2\x80\xae\xf0\x9f\x98\x80", 11);
    const Json text = as_json(some_message(WSP_OPCODE_TEXT, data));
    EXPECT_EQ(fields_of(text), message_fields);
    EXPECT_EQ(text["type"].text(), "text");
    EXPECT_EQ(text["message"].number(), 5);
    EXPECT_EQ(text["length"].number(), 11);
    EXPECT_EQ(text["encoding"].text(), "utf8");
    EXPECT_EQ(text["data"].text(), data);

    const Json binary = as_json(some_message(WSP_OPCODE_BINARY, data));
    EXPECT_EQ(fields_of(binary), message_fields);
    EXPECT_EQ(binary["type"].text(), "binary");
    EXPECT_EQ(binary["encoding"].text(), "base64");
    EXPECT_EQ(from_base64(binary["data"].text()), data);

    const Json ping = as_json(some_message(WSP_OPCODE_PING, data));
    EXPECT_EQ(fields_of(ping), message_fields);
    EXPECT_EQ(ping["type"].text(), "ping");
    EXPECT_EQ(ping["encoding"].text(), "base64");
}

TEST(SinkJson, WritesEmptyMessagesAsEmpty)
{
    for (uint8_t opcode : {WSP_OPCODE_TEXT, WSP_OPCODE_BINARY})
        EXPECT_EQ(as_json(some_message(opcode, ""))["data"].text(), "");
}

TEST(SinkJson, WritesTextThatIsNotUtf8InBase64)
{
    record r = some_message(WSP_OPCODE_TEXT, "\xff");
    r.message.utf8 = false;
    const Json json = as_json(r);
    EXPECT_EQ(json["type"].text(), "text");
    EXPECT_EQ(json["encoding"].text(), "base64");
    EXPECT_EQ(from_base64(json["data"].text()), "\xff");
}

TEST(SinkJson, AddsCodeAndReasonToAClose)
{
    const Fields fields = message_fields + Fields{{"code", "int"}, {"reason", "string"}};
    record r = some_message(WSP_OPCODE_CLOSE, "\x03\xe8"
                                              "bye");
    r.message.close_code = 1000;
    const Json whole = as_json(r);
    EXPECT_EQ(fields_of(whole), fields);
    EXPECT_EQ(whole["code"].number(), 1000);
    EXPECT_EQ(whole["reason"].text(), "bye");
    r.message.data_len = 1;
    const Json cut = as_json(r);
    EXPECT_EQ(cut["code"].number(), 1000);
    EXPECT_EQ(cut["reason"].text(), "");

    const Json empty = as_json(some_message(WSP_OPCODE_CLOSE, ""));
    EXPECT_EQ(fields_of(empty), (message_fields + Fields{{"code", "null"}, {"reason", "null"}}));
}

TEST(SinkJson, AddsTheRoundTripToAPong)
{
    record r = some_message(WSP_OPCODE_PONG, "a");
    EXPECT_EQ(fields_of(as_json(r)), (message_fields + Fields{{"rtt", "null"}}));
    r.message.rtt_ns = 1500000;
    EXPECT_EQ(fields_of(as_json(r)), (message_fields + Fields{{"rtt", "number"}}));
    EXPECT_DOUBLE_EQ(as_json(r)["rtt"].real(), 0.0015);
}

TEST(SinkJson, GivesBothLengthsOfWhatWasCompressed)
{
    record r = some_message(WSP_OPCODE_TEXT, "hello hello");
    r.message.compressed = true;
    r.message.wire_length = 9;
    const Json json = as_json(r);
    EXPECT_EQ(fields_of(json), message_fields);
    EXPECT_EQ(json["wire_length"].number(), 9);
    EXPECT_EQ(json["length"].number(), 11);
    EXPECT_TRUE(json["compressed"].flag());
    EXPECT_EQ(json["data"].text(), "hello hello");
}

TEST(SinkJson, GivesNoDataOfWhatCouldNotBeInflated)
{
    record r = some_message(WSP_OPCODE_TEXT, "");
    r.message.compressed = true;
    r.message.complete = false;
    r.message.data = nullptr;
    r.message.wire_length = 9;
    const Json json = as_json(r);
    Fields fields = message_fields;
    fields["length"] = fields["encoding"] = fields["data"] = "null";
    EXPECT_EQ(fields_of(json), fields);
    EXPECT_EQ(json["wire_length"].number(), 9);
}

TEST(SinkJson, ListsWhatIsMissing)
{
    const std::string zeros(30, '\0');
    record r = some_message(WSP_OPCODE_BINARY, zeros);
    const record_missing missing[] = {{0, 10}, {20, 1}};
    r.message.missing = missing;
    r.message.missing_count = 2;
    r.message.complete = false;
    EXPECT_EQ(as_json(r)["missing"].dump(), "[[0,10],[20,1]]");
    EXPECT_FALSE(as_json(r)["complete"].flag());
}

TEST(SinkJson, GivesViolationsGapsAndEndsAllTheirFields)
{
    record violation = some(RECORD_VIOLATION);
    violation.violation = {9, "mask-missing", "RFC 6455 5.1", "Text."};
    const Fields texts = {{"rule", "string"}, {"clause", "string"}, {"text", "string"}};
    EXPECT_EQ(fields_of(as_json(violation)), directional + texts + (Fields{{"frame", "int"}}));
    violation.violation.frame = 0;
    EXPECT_EQ(fields_of(as_json(violation)), directional + texts + (Fields{{"frame", "null"}}));

    record gap = some(RECORD_GAP);
    gap.gap.bytes = 5000000000;
    EXPECT_EQ(fields_of(as_json(gap)), (directional + Fields{{"bytes", "int"}}));
    EXPECT_EQ(as_json(gap)["bytes"].number(), 5000000000);
    gap.gap.bytes = 0;
    EXPECT_EQ(fields_of(as_json(gap)), (directional + Fields{{"bytes", "null"}}));

    record end = some(RECORD_END);
    end.end.totals[WSP_FROM_SERVER] = {1, 2, 3, 4};
    const Json json = as_json(end);
    EXPECT_EQ(
        fields_of(json),
        (every_record + Fields{{"how", "string"}, {"client", "object"}, {"server", "object"}}));
    EXPECT_EQ(json["server"].dump(), "{\"frames\":1,\"messages\":2,\"bytes\":3,\"wire_bytes\":4}");
    EXPECT_EQ(json["client"].dump(), "{\"frames\":0,\"messages\":0,\"bytes\":0,\"wire_bytes\":0}");
}

TEST(SinkJson, WritesTimeAsExactlyAsTheCaptureHasIt)
{
    const std::pair<int64_t, std::string> times[] = {
        {0, "0.000000"},
        {1000, "0.000001"},
        {1763550000123456000, "1763550000.123456"},
        {1763550000123456789, "1763550000.123456789"},
        {1, "0.000000001"},
        {-1500000000, "-1.500000"},
    };
    for (const auto &[ns, text] : times) {
        record r = some(RECORD_GAP);
        r.time_ns = ns;
        const std::string line = Output(sink_json).line(r);
        EXPECT_NE(line.find("\"time\":" + text + ","), std::string::npos) << line;
    }
}

TEST(Sink, ShowsAtMostSoMuchPayload)
{
    const std::pair<uint64_t, const char *> cases[] = {{1, "a"},
                                                       {2, "a"},
                                                       {3, "a\xc3\xbc"},
                                                       {4, "a\xc3\xbc"},
                                                       {5, "a\xc3\xbc\xc3\x9f"},
                                                       {0, "a\xc3\xbc\xc3\x9f"}};
    const record r = some_message(WSP_OPCODE_TEXT, "a\xc3\xbc\xc3\x9f");
    for (const auto &[limit, expected] : cases) {
        Output output(sink_json);
        output.show_at_most(limit);
        const Json shown = Json::parse(output.line(r));
        EXPECT_EQ(shown["data"].text(), expected);
        EXPECT_EQ(shown["truncated"].flag(), limit > 0 && limit < 5);
        EXPECT_EQ(shown["length"].number(), 5);
    }
    record binary = some_message(WSP_OPCODE_BINARY, "\xc3\xbc");
    binary.message.utf8 = false;
    Output output(sink_json);
    output.show_at_most(1);
    EXPECT_EQ(payload_of(Json::parse(output.line(binary))), "\xc3");
}

TEST(Sink, WritesOnlyWhatIsShown)
{
    Output output(sink_json);
    output.hide(RECORD_GAP);
    EXPECT_EQ(output.line(some(RECORD_GAP)), "");
    EXPECT_NE(output.line(some(RECORD_END)), "");
}

// --- text ---

// They are escaped a part after the other; here characters and groups of three lie across the cuts.
TEST(Sink, WritesLongPayloadsAsOne)
{
    for (size_t before : {0, 1, 2, 3}) {
        std::string data(before, 'x'), escaped = data;
        for (int i = 0; i < 60000; i++) {
            data += "\xf0\x9f\x98\x80";
            escaped += "\xf0\x9f\x98\x80";
        }
        data += '\n';
        escaped += "\\n";
        Output json(sink_json), text(sink_text), hex(sink_text, true);
        record r = some_message(WSP_OPCODE_TEXT, data);
        EXPECT_NE(json.line(r).find("\"data\":\"" + escaped + "\",\""), std::string::npos)
            << before;
        EXPECT_EQ(text.line(r).substr(45), " \"" + escaped + "\"") << before;
        EXPECT_EQ(hex.line(r).size(), 46 + 2 * data.size()) << before;
        r.message.opcode = WSP_OPCODE_BINARY;
        char *base64 = g_base64_encode(r.message.data, data.size());
        EXPECT_NE(json.line(r).find('"' + std::string(base64) + '"'), std::string::npos) << before;
        g_free(base64);
    }
}

TEST(Sink, WritesLongListsAsOne)
{
    std::vector<record_missing> missing;
    for (uint64_t i = 0; i < 20000; i++)
        missing.push_back({i * 10, 5});
    record r = some_message(WSP_OPCODE_TEXT, "x");
    r.message.missing = missing.data();
    r.message.missing_count = missing.size();
    Output json(sink_json);
    const Json list = Json::parse_lines(json.line(r) + "\n").at(0)["missing"];
    ASSERT_EQ(list.size(), missing.size());
    for (size_t i = 0; i < missing.size(); i++)
        ASSERT_EQ(list[i].dump(), "[" + std::to_string(i * 10) + ",5]");
}

TEST(SinkText, HasStableColumns)
{
    const Head request("GET /chat HTTP/1.1\r\nHost: example.org\r\n\r\n");
    const Head response("HTTP/1.1 101 Fine\r\nSec-WebSocket-Protocol: chat\r\n\r\n");
    record gap = some(RECORD_GAP);
    gap.gap.bytes = 17;
    record violation = some(RECORD_VIOLATION);
    violation.violation = {9, "mask-missing", "RFC 6455 5.1", "Text."};
    record incomplete = some_message(WSP_OPCODE_TEXT, "hel");
    incomplete.message.complete = false;
    incomplete.message.frames = 2;
    const std::pair<record, std::string> cases[] = {
        {some_open(HANDSHAKE_SEEN, &request, &response),
         "-      open              192.0.2.1:40000 > [2001:db8::1]:8080 101 "
         "ws://example.org/chat subprotocol chat"},
        {some_open(HANDSHAKE_PARTIAL, nullptr, &response),
         "-      open              192.0.2.1:40000 > [2001:db8::1]:8080 handshake partial 101 "
         "subprotocol chat"},
        {some_frame(bare_header, 0), "server frame           5 #3 packet 12345678901 continuation"},
        {some_message(WSP_OPCODE_TEXT, "hello"), "server text            5 \"hello\""},
        {incomplete, "server text            3 \"hel\" frames 2 incomplete"},
        {some_message(WSP_OPCODE_BINARY, "hello"), "server binary          5 68656c6c6f"},
        {gap, "server gap            17 bytes missing from the capture"},
        {violation, "server violation         mask-missing frame #9 Text. (RFC 6455 5.1)"},
    };
    for (const auto &[r, expected] : cases)
        EXPECT_EQ(as_text(r), "11:00:00.123456    7 " + expected);
}

TEST(SinkText, NamesRsvMaskAndViolationsOfAFrame)
{
    EXPECT_EQ(as_text(some_frame(masked_header, WSP_V_LENGTH_MSB)),
              "11:00:00.123456    7 server frame     9223372036854775809 #3 packet 12345678901 FIN "
              "text RSV1 mask 001bff80 !length-msb");
}

TEST(SinkText, ShowsPayloadInHexWhenAsked)
{
    EXPECT_EQ(as_text(some_message(WSP_OPCODE_TEXT, "hello"), true),
              "11:00:00.123456    7 server text            5 68656c6c6f");
}

TEST(SinkText, EscapesWhatComesFromThePeers)
{
    const Head request("GET /\x1b[2J HTTP/1.1\r\nHost: a\x9b\r\n\r\n");
    const Head response("HTTP/1.1 101 Fine\r\nSec-WebSocket-Protocol: \xe2\x80\xae\r\n"
                        "Sec-WebSocket-Extensions: \x7f\r\n\r\n");
    const std::string open = as_text(some_open(HANDSHAKE_SEEN, &request, &response));
    for (const char *expected : {"a\\x9b/\\x1b[2J", "subprotocol \\u{202e}", "extensions \\x7f"})
        EXPECT_NE(open.find(expected), std::string::npos) << open;
    const std::string text = as_text(some_message(WSP_OPCODE_TEXT, "\x1b]0;title\x07"));
    EXPECT_NE(text.find("\"\\x1b]0;title\\x07\""), std::string::npos) << text;
}

TEST(SinkText, TellsWhatCompressionSaved)
{
    record r = some_message(WSP_OPCODE_TEXT, "hello hello");
    r.message.compressed = true;
    r.message.wire_length = 9;
    EXPECT_EQ(as_text(r),
              "11:00:00.123456    7 server text           11 \"hello hello\" compressed 9 -> 11");
    r.message.complete = false;
    r.message.data = nullptr;
    EXPECT_EQ(as_text(r), "11:00:00.123456    7 server text            9 "
                          "compressed (permessage-deflate), not inflated");
}

TEST(SinkText, ShowsCodeAndReasonOfAClose)
{
    record r = some_message(WSP_OPCODE_CLOSE, "\x03\xe8"
                                              "bye");
    r.message.close_code = 1000;
    EXPECT_EQ(as_text(r), "11:00:00.123456    7 server close           5 1000 \"bye\"");
    EXPECT_EQ(as_text(some_message(WSP_OPCODE_CLOSE, "")),
              "11:00:00.123456    7 server close           0 \"\"");
}

} // namespace
