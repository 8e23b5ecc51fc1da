// Display filters: which records each selects, and what is said of a wrong one.
#include "json.h"
#include "records.h"

#include <gtest/gtest.h>

#include <set>

extern "C" {
#include "filter.h"
#include "filter_fields.h"
#include "filter_program.h"
#include "sink.h"
}

namespace
{

using namespace sample;

// The stage with a filter, and what comes out of it.
class Stage
{
public:
    explicit Stage(const std::string &text) : filter_(filter_new(text.c_str(), &error_))
    {
        if (!filter_)
            throw std::invalid_argument(error_->message);
        filter_connect(filter_, take, this);
    }
    ~Stage()
    {
        filter_free(filter_);
    }
    Stage(const Stage &) = delete;
    Stage &operator=(const Stage &) = delete;

    // Does this record come out, as it went in?
    bool selects(const record &r)
    {
        last_ = nullptr;
        filter_take(filter_, &r);
        EXPECT_TRUE(!last_ || last_ == &r);
        return last_;
    }
    filter *get()
    {
        return filter_;
    }

private:
    static void take(void *user, const record *r)
    {
        static_cast<Stage *>(user)->last_ = r;
    }

    GError *error_ = nullptr;
    filter *filter_;
    const record *last_ = nullptr;
};

bool selects(const std::string &text, const record &r)
{
    return Stage(text).selects(r);
}

// What is said of a wrong filter; "" of a good one.
std::string complaint(const std::string &text)
{
    GError *error = nullptr;
    filter *f = filter_new(text.c_str(), &error);
    if (f) {
        filter_free(f);
        EXPECT_EQ(error, nullptr);
        return "";
    }
    std::string message = error->message;
    g_error_free(error);
    return message;
}

record text_message(std::string_view data)
{
    return some_message(WSP_OPCODE_TEXT, data);
}

record raw_message(std::string_view data)
{
    record r = some_message(WSP_OPCODE_BINARY, data);
    r.message.utf8 = false;
    return r;
}

record some_violation(const char *rule, uint64_t frame)
{
    record r = some(RECORD_VIOLATION);
    r.violation = {frame, rule, "RFC 6455 5.1", "what is wrong"};
    return r;
}

record some_gap(uint64_t bytes)
{
    record r = some(RECORD_GAP);
    r.gap.bytes = bytes;
    return r;
}

record some_end(record_how how)
{
    record r = some(RECORD_END);
    r.end.how = how;
    r.end.totals[WSP_FROM_CLIENT] = {1, 2, 3, 4};
    r.end.totals[WSP_FROM_SERVER] = {5, 6, 7, 8};
    return r;
}

const Head request("GET /chat?room=1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
const Head response("HTTP/1.1 101 Fine\r\nSec-WebSocket-Protocol: chat\r\n"
                    "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                    "sec-websocket-extensions: other; a=1\r\n\r\n");

record an_open()
{
    return some_open(HANDSHAKE_SEEN, &request, &response);
}

// Filters that select the record and filters that do not.
void expect_selection(const record &r, const std::vector<std::string> &yes,
                      const std::vector<std::string> &no)
{
    for (const std::string &text : yes)
        EXPECT_TRUE(selects(text, r)) << text;
    for (const std::string &text : no)
        EXPECT_FALSE(selects(text, r)) << text;
}

// --- fields ---

TEST(FilterFields, OfAnOpenRecord)
{
    expect_selection(an_open(),
                     {"record == open", "conn == 7", "client == \"192.0.2.1:40000\"",
                      "client.address == \"192.0.2.1\"", "client.port == 40000",
                      "server == \"[2001:db8::1]:8080\"", "server.address == \"2001:db8::1\"",
                      "server.port == 8080", "transport == tcp", "handshake == seen",
                      "host == \"a.example\"", "path ~ \"^/chat\"", "path == \"/chat?room=1\"",
                      "status == 101", "subprotocol == \"chat\"",
                      "extensions == \"permessage-deflate, other; a=1\""},
                     {"record == end", "conn == 8", "client.port == 8080", "handshake == partial",
                      "host == \"a.exampl\"", "path ~ \"^chat\"", "status == 200", "from", "length",
                      "type", "rule"});
}

TEST(FilterFields, OfAFrame)
{
    expect_selection(some_frame(masked_header, 0),
                     {"record == frame", "frame == 3", "packet == 12345678901", "fin", "rsv == 4",
                      "opcode == 1", "masked", "masking_key == \"001bff80\"", "length > 1G",
                      "length == 0x8000000000000001", "header_length == 14", "not guessed",
                      "from == server"},
                     {"type", "frame == 2", "not fin", "guessed", "data", "from == client"});
    expect_selection(some_frame(bare_header, 0), {"masked == false", "length == 5"},
                     {"masking_key", "masked", "masking_key == \"\""});
}

TEST(FilterFields, OfAMessage)
{
    expect_selection(text_message("the price is 5"),
                     {"record == message", "message == 5", "type == text", "frames == 1",
                      "wire_length == 14", "length == 14", "complete", "encoding == utf8",
                      "data ~ \"price\"", "not compressed", "not truncated"},
                     {"type == binary", "compressed", "code", "rtt", "reason", "frame", "packet",
                      "encoding == base64", "how", "bytes"});
    record compressed = text_message("");
    compressed.message.compressed = true;
    compressed.message.data = nullptr; // and could not be inflated
    expect_selection(compressed, {"compressed", "wire_length == 0"},
                     {"length", "length == 0", "data", "data == \"\"", "encoding"});
}

TEST(FilterFields, OfControlMessages)
{
    record close = some_message(WSP_OPCODE_CLOSE, "\x03\xe8"
                                                  "bye");
    close.message.utf8 = false;
    close.message.close_code = 1000;
    expect_selection(
        close, {"type == close", "code == 1000", "reason == \"bye\"", "code in {999, 1000..1015}"},
        {"rtt", "code == 1001", "reason == \"\""});
    expect_selection(some_message(WSP_OPCODE_CLOSE, ""), {"type == close"}, {"code", "reason"});
    record pong = some_message(WSP_OPCODE_PONG, "");
    EXPECT_FALSE(selects("rtt", pong));
    pong.message.rtt_ns = 10000000;
    expect_selection(pong,
                     {"rtt == 10ms", "rtt > 9.999999ms", "rtt < 0.01000001s", "rtt >= 10ms",
                      "rtt <= 10000us", "rtt != 0", "rtt"},
                     {"rtt > 10ms", "rtt < 10ms", "rtt == 0"});
}

TEST(FilterFields, OfViolationGapAndEnd)
{
    expect_selection(some_violation("mask-missing", 3),
                     {"rule == \"mask-missing\"", "rule == mask-missing", "rule ~ \"^mask-\"",
                      "clause contains \"6455\"", "frame == 3",
                      "rule in {opcode-reserved, "
                      "mask-missing}"},
                     {"rule == opcode-reserved", "packet"});
    EXPECT_FALSE(selects("frame", some_violation("handshake-key", 0)));
    expect_selection(some_gap(5000), {"bytes > 4K", "record == gap"}, {"bytes > 5K"});
    EXPECT_FALSE(selects("bytes", some_gap(0)));
    expect_selection(some_end(ENDED_RST),
                     {"how == rst", "client.frames == 1", "client.messages == 2",
                      "client.bytes == 3", "client.wire_bytes == 4", "server.frames == 5",
                      "server.messages == 6", "server.bytes == 7", "server.wire_bytes == 8"},
                     {"how == fin", "from"});
}

TEST(FilterFields, TimeIsThatOfTheCapture)
{
    setenv("TZ", "UTC", 1);
    tzset();
    const record r = some(RECORD_GAP); // 2025-11-19 11:00:00.123456 UTC
    expect_selection(r,
                     {"time == 1763550000.123456", "time > 1763550000",
                      "time > \"2025-11-19 11:00:00\"", "time < \"2025-11-19 11:00:00.2\"",
                      "time < \"2025-11-19T11:00:01Z\"", "time > \"2025-11-19T11:59:59+01:00\"",
                      "time in {1763550000..1763550001}"},
                     {"time < 1763550000", "time > \"2025-11-19 11:00:01\""});
    record early = r;
    early.time_ns = -1;
    EXPECT_TRUE(selects("time < 0", early) && !selects("time >= 0", early));
}

// Each name of the JSON records is a field of the same name, but for those that are no one value.
TEST(FilterFields, AreNamedAsInJson)
{
    const std::set<std::string> none = {"text", "violations", "request_headers", "missing",
                                        "response_headers"};
    std::set<std::string> names;
    for (size_t i = 0; filter_field_at(i); i++)
        EXPECT_TRUE(names.insert(filter_field_at(i)->name).second);
    record pong = some_message(WSP_OPCODE_PONG, "");
    for (const record &r :
         {an_open(), some_frame(masked_header, 0), pong, some_message(WSP_OPCODE_CLOSE, ""),
          some_violation("mask-missing", 1), some_gap(1), some_end(ENDED_FIN)}) {
        sink s = {};
        s.line = g_string_new(nullptr);
        sink_json(&s, &r);
        for (const std::string &member : Json::parse(s.line->str).members())
            EXPECT_NE(names.count(member), none.count(member)) << member;
        g_string_free(s.line, TRUE);
    }
}

// --- what a field that is not there means ---

TEST(FilterAbsence, MakesEveryComparisonFalse)
{
    const record gap = some_gap(1);
    for (const char *text : {"length == 0", "length != 0", "length < 1", "length >= 0",
                             "length in {0..1}", "data == \"\"", "data != \"x\"", "data ~ \"\"",
                             "data !~ \"x\"", "data contains \"\"", "complete", "complete == false",
                             "complete != true", "rule != \"\"", "type != text", "host != \"x\""})
        EXPECT_FALSE(selects(text, gap)) << text;
}

TEST(FilterAbsence, IsTurnedByNot)
{
    const record gap = some_gap(1);
    EXPECT_TRUE(selects("not complete", gap));
    EXPECT_TRUE(selects("not rule != \"\"", gap));
    EXPECT_TRUE(selects("not length", gap));
    EXPECT_TRUE(selects("not (type == text)", gap));
}

TEST(FilterAbsence, SoUnequalNothingSelectsViolations)
{
    Stage stage("rule != \"\"");
    EXPECT_TRUE(stage.selects(some_violation("mask-missing", 1)));
    for (const record &r : {an_open(), some_frame(bare_header, 0), text_message("x"), some_gap(1),
                            some_end(ENDED_FIN)})
        EXPECT_FALSE(stage.selects(r));
}

TEST(FilterAbsence, IsWhatAFieldByItselfAsksFor)
{
    EXPECT_TRUE(selects("data", text_message("")));
    EXPECT_TRUE(selects("length", text_message("")));
    EXPECT_FALSE(selects("data", some_gap(1)));
    EXPECT_TRUE(selects("subprotocol", an_open()));
    EXPECT_FALSE(selects("host", some_open(HANDSHAKE_MISSING, nullptr, nullptr)));
    EXPECT_TRUE(selects("client", some_open(HANDSHAKE_MISSING, nullptr, nullptr)));
}

// --- connections ---

TEST(FilterConnection, HoldsForAllItsRecords)
{
    Stage stage("host == \"a.example\" and path ~ \"^/chat\"");
    const Head other_request("GET /feed HTTP/1.1\r\nHost: a.example\r\n\r\n");
    record other = some_open(HANDSHAKE_SEEN, &other_request, &response);
    other.conn = 8;
    EXPECT_TRUE(stage.selects(an_open()));
    EXPECT_FALSE(stage.selects(other));
    for (record r : {some_frame(bare_header, 0), text_message("x"), some_gap(1),
                     some_violation("mask-missing", 1), some_end(ENDED_FIN)}) {
        EXPECT_TRUE(stage.selects(r));
        r.conn = 8;
        EXPECT_FALSE(stage.selects(r));
    }
    EXPECT_FALSE(stage.selects(text_message("x"))) << "it has ended";
}

TEST(FilterConnection, IsRememberedUntilItsEnd)
{
    Stage stage("host == \"a.example\"");
    for (uint64_t conn = 1; conn <= 1000; conn++) {
        record r = an_open();
        r.conn = conn;
        stage.selects(r);
    }
    EXPECT_EQ(filter_remembered(stage.get()), 1000u);
    for (uint64_t conn = 1; conn <= 1000; conn++) {
        record r = some_end(ENDED_FIN);
        r.conn = conn;
        EXPECT_TRUE(stage.selects(r));
    }
    EXPECT_EQ(filter_remembered(stage.get()), 0u);
}

TEST(FilterConnection, IsNotRememberedWhereNobodyAsks)
{
    Stage stage("conn == 7 and length > 3");
    EXPECT_FALSE(stage.selects(an_open()));
    EXPECT_EQ(filter_remembered(stage.get()), 0u);
    EXPECT_TRUE(stage.selects(text_message("four")));
}

TEST(FilterConnection, RemembersEachOfManyComparisons)
{
    std::string all = "host == \"a.example\"";
    for (int i = 1; i < 200; i++)
        all += i % 2 ? " and client.port != " + std::to_string(i) : " and status == 101";
    Stage stage(all), none(all + " and server.port == 1");
    EXPECT_TRUE(stage.selects(an_open()) && stage.selects(text_message("x")));
    EXPECT_FALSE(none.selects(an_open()) || none.selects(text_message("x")));
}

// --- the language ---

TEST(FilterLanguage, TakesTheExampleAsAWhole)
{
    Stage stage("type == text && length > 1000 && data ~ \"price\" && from == client && conn == 7 "
                "&& rule != \"\" && host == \"a.example\" && path ~ \"^/chat\"");
    EXPECT_FALSE(stage.selects(an_open())); // no record is a message and a violation
    Stage possible("type == text && length > 10 && data ~ \"price\" && from == server && conn == 7 "
                   "&& host == \"a.example\" && path ~ \"^/chat\"");
    EXPECT_FALSE(possible.selects(an_open()));
    EXPECT_TRUE(possible.selects(text_message("a price of 5")));
    EXPECT_FALSE(possible.selects(text_message("a prize of 5")));
}

// or, and, not: against C++'s own idea of every combination of three facts.
TEST(FilterLanguage, BindsNotBeforeAndBeforeOr)
{
    for (int bits = 0; bits < 8; bits++) {
        record r = text_message("x");
        const bool a = bits & 1, b = bits & 2, c = bits & 4;
        r.message.compressed = a;
        r.message.complete = b;
        r.message.guessed = c;
        const std::pair<const char *, bool> cases[] = {
            {"compressed or complete and guessed", a || (b && c)},
            {"compressed and complete or guessed", (a && b) || c},
            {"(compressed or complete) and guessed", (a || b) && c},
            {"not compressed or complete", !a || b},
            {"not compressed and complete", !a && b},
            {"not (compressed and complete)", !(a && b)},
            {"not (compressed or complete) or guessed", !(a || b) || c},
            {"!compressed && !complete && !guessed", !a && !b && !c},
            {"not not compressed and !!complete", a && b},
            {"not compressed == true", !a},
            {"compressed || complete || guessed", a || b || c},
            {"compressed and (complete or not (guessed and not compressed))",
             a && (b || !(c && !a))},
            {"((compressed))", a},
        };
        for (const auto &[text, expected] : cases)
            EXPECT_EQ(selects(text, r), expected) << text << bits;
    }
}

TEST(FilterLanguage, ComparesNumbers)
{
    const record r = text_message("12345");
    expect_selection(r,
                     {"length == 5", "length==5", "length != 4", "length < 6", "length <= 5",
                      "length > 4", "length >= 5", "length == 0x5", "length < 1K", "length < 0.5K",
                      "length in {1, 5}", "length in {1..9}", "length in {5..5}",
                      "length in { 0x1 .. 0x9 , 20 }", "length <= 18446744073709551615",
                      "length >= 0", "length < 15.5G", "length == 05"},
                     {"length == 4", "length != 5", "length < 5", "length > 5", "length in {1, 2}",
                      "length in {6..9}", "length > 18446744073709551615", "length < 0"});
}

TEST(FilterLanguage, KnowsSizesAndDurations)
{
    record r = text_message("x");
    for (const auto &[text, value] : {std::pair<const char *, uint64_t>{"64K", 65536},
                                      {"1M", 1048576},
                                      {"1.5M", 1572864},
                                      {"2G", 2147483648},
                                      {"0xfF", 255},
                                      {"10", 10}}) {
        r.message.length = value;
        EXPECT_TRUE(selects(std::string("length == ") + text, r)) << text;
    }
    record pong = some_message(WSP_OPCODE_PONG, "");
    for (const auto &[text, ns] : {std::pair<const char *, int64_t>{"7ns", 7},
                                   {"7us", 7000},
                                   {"10ms", 10000000},
                                   {"2s", 2000000000},
                                   {"0.000000001s", 1},
                                   {"3m", 180000000000},
                                   {"1.5h", 5400000000000},
                                   {"2d", 172800000000000}}) {
        pong.message.rtt_ns = ns;
        EXPECT_TRUE(selects(std::string("rtt == ") + text, pong)) << text;
    }
}

TEST(FilterLanguage, UnderstandsStrings)
{
    const record r = text_message("a\"b'\\\n\t\xc3\xbc\xe2\x80\xae\x1b");
    expect_selection(r,
                     {"data == \"a\\\"b'\\\\\\n\\t\xc3\xbc\\u202e\\x1b\"",
                      "data == 'a\"b\\'\\\\\\n\\t\\u{fc}\\u{202e}\\x1b'", "data contains 'a\"b'",
                      "data contains \"\\xc3\\xbc\"", "data contains \"\"", "data != \"\"",
                      "data in {\"x\", \"a\\\"b'\\\\\\n\\t\\u00fc\\u202e\\x1b\"}"},
                     {"data == \"a\"", "data contains \"ab\"", "data in {\"\", \"a\"}"});
    expect_selection(text_message(""), {"data == \"\"", "data in {\"x\", \"\"}"}, {"data != \"\""});
    expect_selection(text_message(std::string_view("a\0b", 3)),
                     {"data contains \"b\"", "data == \"a\\x00b\"", "data ~ \"a.b\""},
                     {"data == \"a\""});
}

TEST(FilterLanguage, TakesWordsInQuotesToo)
{
    EXPECT_TRUE(selects("type == \"text\"", text_message("x")));
    EXPECT_TRUE(selects("type in {\"ping\", text}", text_message("x")));
    EXPECT_FALSE(selects("type != \"text\"", text_message("x")));
}

TEST(FilterLanguage, IsSpacedFreely)
{
    EXPECT_TRUE(selects("\n type==text\t&&(length>0)||not(complete) ", text_message("x")));
}

// --- regular expressions ---

TEST(FilterRegex, SearchesTheWholePayload)
{
    std::string data(1 << 20, ' ');
    data += "price";
    EXPECT_TRUE(selects("data ~ \"pri[cs]e$\"", text_message(data)));
    EXPECT_TRUE(selects("data ~ \"price\"", raw_message(data)));
    EXPECT_FALSE(selects("data ~ \"^price\"", text_message(data)));
}

TEST(FilterRegex, HasEscapesOfItsOwn)
{
    const record r = text_message("a.b\\ \"7\" \xe2\x82\xac");
    expect_selection(r,
                     {R"(data ~ "a\.b")", R"(data ~ "\d")", R"(data ~ "\"7\"")", R"(data ~ '"\d"')",
                      R"(data ~ "\\ ")", R"(data ~ "\x{20ac}$")", "data ~ \"(?i)A\\.B\"",
                      "data !~ \"x\"", "data ~ \"\""},
                     {R"(data ~ "a\.\.b")", R"(data ~ "\d\d")", "data ~ \"A\"", "data !~ \"a\""});
}

TEST(FilterRegex, MatchesCharactersInTextAndBytesElsewhere)
{
    EXPECT_TRUE(selects("data ~ \"^\xc3\xbc.$\"", text_message("\xc3\xbc\xe2\x82\xac")));
    EXPECT_FALSE(selects("data ~ \"^...$\"", text_message("\xc3\xbc")));
    EXPECT_TRUE(selects("data ~ \"^..$\"", raw_message("\xc3\xbc")));
    EXPECT_TRUE(selects("data ~ \"\xc3\xbc\"", raw_message("\xff\xc3\xbc\xfe")));
    EXPECT_TRUE(selects("data ~ \"\\xff\"", raw_message("a\xff")));
}

TEST(FilterRegex, SearchesPayloadThatIsNotUtf8)
{
    record wrong = text_message("\xff\xfe price \x80");
    wrong.message.utf8 = false;
    EXPECT_TRUE(selects("data ~ \"price\"", wrong));
    EXPECT_TRUE(selects("data ~ \"p.*\"", wrong));
    EXPECT_TRUE(selects("data ~ \"price|\\x{20ac}\"", wrong)); // no pattern of bytes
    EXPECT_FALSE(selects("data ~ \"\\x{20ac}\"", wrong));
    record torn = text_message("price \xe2\x82"); // by --memory
    torn.message.truncated = true;
    EXPECT_TRUE(selects("data ~ \"price.*\"", torn));
    const Head strange("GET /\xff\xfe HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(selects("path ~ \"^/.\"", some_open(HANDSHAKE_SEEN, &strange, nullptr)));
}

TEST(FilterRegex, GivesUpOnWhatWouldNeverEnd)
{
    Stage stage("data ~ \"^(a+)+$\"");
    const std::string data = std::string(40, 'a') + "b";
    EXPECT_FALSE(stage.selects(text_message(data)));
    EXPECT_EQ(filter_given_up(stage.get()), 1u);
    EXPECT_FALSE(stage.selects(raw_message(data)));
    EXPECT_EQ(filter_given_up(stage.get()), 2u);
    EXPECT_TRUE(stage.selects(text_message("aaaa")));
    EXPECT_EQ(filter_given_up(stage.get()), 2u);
}

TEST(FilterRegex, DoesNotGiveUpOnALongMatch)
{
    Stage stage("data ~ \"^(a|b)*$\"");
    EXPECT_TRUE(stage.selects(text_message(std::string(4096, 'a'))));
    EXPECT_EQ(filter_given_up(stage.get()), 0u);
}

// Without a limit that depends on the length this would take as many minutes.
TEST(FilterRegex, GivesUpOnWhatGrowsWithTheSquareOfTheLength)
{
    for (const char *pattern : {"(a|b)*[0-9]", "a+a+[0-9]", "a[a-z]*a[a-z]*[0-9]"}) {
        Stage stage("data ~ \"" + std::string(pattern) + "\"");
        const gint64 begin = g_get_monotonic_time();
        EXPECT_FALSE(stage.selects(text_message(std::string(500000, 'a'))));
        EXPECT_EQ(filter_given_up(stage.get()), 1u) << pattern;
        EXPECT_LT(g_get_monotonic_time() - begin, 10 * G_USEC_PER_SEC) << pattern;
        EXPECT_TRUE(stage.selects(text_message(std::string(500, 'a') + "1")));
    }
}

TEST(FilterRegex, CannotLiftItsLimits)
{
    EXPECT_NE(complaint("data ~ \"(*LIMIT_MATCH=4000000000)x\""), "");
    EXPECT_NE(complaint("data ~ \"(*UTF)x\""), "");
}

// --- what it needs ---

TEST(FilterNeeds, PayloadOnlyWhereItLooksIntoIt)
{
    for (const char *text :
         {"data ~ \"x\"", "type == text and not data == \"x\"", "reason == \"x\"", "truncated"})
        EXPECT_TRUE(filter_needs_payload(Stage(text).get())) << text;
    for (const char *text :
         {"length > 3", "type == text", "code == 1000", "encoding == utf8", "rule != \"\""})
        EXPECT_FALSE(filter_needs_payload(Stage(text).get())) << text;
}

// --- what is wrong ---

struct Wrong {
    const char *filter, *message;
    int column, width; // of the carets
};

TEST(FilterWrong, IsShownWithItsPlace)
{
    const Wrong cases[] = {
        {"lenght > 3", "there is no field lenght: did you mean length; -Y help lists them", 0, 6},
        {"conn == 1 and Type == text",
         "there is no field Type: did you mean type; "
         "-Y help lists them",
         14, 4},
        {"xyzzyxyzzy", "there is no field xyzzyxyzzy; -Y help lists them", 0, 10},
        {"text", "text is a value, not a field: write type == text", 0, 4},
        {"not violation", "violation is a value, not a field: write record == violation", 4, 9},
        {"length > \"1000\"", "length is a number (1000, 0x3e8, 64K); this is text", 9, 6},
        {"length > text", "length is a number (1000, 0x3e8, 64K); this is a word", 9, 4},
        {"length > 10ms", "length is a number (1000, 0x3e8, 64K); this is a duration", 9, 4},
        {"length > width", "length is a number (1000, 0x3e8, 64K); this is a word", 9, 5},
        {"length > frames", "length is a number (1000, 0x3e8, 64K); this is a field", 9, 6},
        {"type == violation",
         "type is one of text, binary, close, ping, pong; violation is a value of record", 8, 9},
        {"rtt > 10", "rtt is a duration (10ms, 2s, 1.5h); this is a number", 6, 2},
        {"rtt > 10K", "rtt is a duration (10ms, 2s, 1.5h); this is a size", 6, 3},
        {"data == 5", "data is a text (\"in quotes\"); this is a number", 8, 1},
        {"data ~ 5", "a regular expression in quotes belongs here", 7, 1},
        {"data contains 5", "data is a text (\"in quotes\"); this is a number", 14, 1},
        {"host == example", "host is a text (\"in quotes\"); this is a word", 8, 7},
        {"type == txt", "type is one of text, binary, close, ping, pong: did you mean text", 8, 3},
        {"type == 1", "type is one of text, binary, close, ping, pong; this is a number", 8, 1},
        {"from == \"cleint\"", "from is one of client, server: did you mean client", 8, 8},
        {"complete == yes", "complete is a flag (true, false); this is a word", 12, 3},
        {"complete == 1", "complete is a flag (true, false); this is a number", 12, 1},
        {"rule == mask-mising", "there is no such rule: did you mean mask-missing", 8, 11},
        {"type < text", "type takes ==, != and in", 5, 1},
        {"type ~ \"t\"", "type takes ==, != and in", 5, 1},
        {"data > \"a\"", "data takes ==, !=, ~, !~, contains and in", 5, 1},
        {"length ~ \"5\"", "length takes ==, !=, <, <=, >, >= and in", 7, 1},
        {"length contains 5", "length takes ==, !=, <, <=, >, >= and in", 7, 8},
        {"length in 5", "in takes values in braces: {1, 2}", 10, 1},
        {"length in {}", "length is a number (1000, 0x3e8, 64K); this is punctuation", 11, 1},
        {"length in {1 2}", "a comma or } belongs here", 13, 1},
        {"length in {1, 2", "a comma or } belongs here", 15, 1},
        {"length in {5..1}", "the range ends before it begins", 11, 1},
        {"type in {text..ping}", "a comma or } belongs here", 13, 2},
        {"length = 5", "this means nothing here: equal is ==", 7, 1},
        {"conn & conn", "this means nothing here: and is &&", 5, 1},
        {"conn | conn", "this means nothing here: or is ||", 5, 1},
        {"length > -1", "this means nothing here", 9, 1},
        {"length > $x", "this means nothing here", 9, 1},
        {"length > 5k", "no unit: sizes are K, M and G, durations ns, us, ms, s, m, h and d", 10,
         1},
        {"length > 18446744073709551616", "the number is too large", 9, 20},
        {"length > 0x10000000000000000", "the number is too large", 9, 19},
        {"length > 17179869184G", "length is a whole number below 2^64", 9, 12},
        {"length > 1.5", "length is a whole number below 2^64", 9, 3},
        {"rtt > 300000d", "the duration is too long", 6, 7},
        {"time > 9300000000", "times are seconds since 1970, to the year 2262", 7, 10},
        {"time > \"9999-01-01 00:00:00\"", "times go from the year 1678 to 2262", 7, 21},
        {"1000 < length", "a field belongs here, and this is a number", 0, 4},
        {"\"a\" == data", "a field belongs here, and this is text", 0, 3},
        {"== 5", "a field belongs here, and this is a comparison", 0, 2},
        {"", "the filter is empty", 0, 1},
        {"  ", "the filter is empty", 2, 1},
        {"length >", "length is a number (1000, 0x3e8, 64K); this is the end", 8, 1},
        {"conn == 1 and", "something is missing here", 13, 1},
        {"not", "something is missing here", 3, 1},
        {"conn == 1 or or conn == 2", "a field belongs here, and this is an or", 13, 2},
        {"conn == 1 conn == 2", "and, or, or the end belongs here, and this is a field", 10, 4},
        {"1 < length < 5", "a field belongs here, and this is a number", 0, 1},
        {"length < 5 < 6", "and, or, or the end belongs here, and this is a comparison", 11, 1},
        {"(conn == 1", "this parenthesis has no end", 0, 1},
        {"conn == 1)", "and, or, or the end belongs here, and this is punctuation", 9, 1},
        {"(conn == 1 length)", "and, or, or ) belongs here", 11, 6},
        {"data == \"x", "this quote has no end", 8, 1},
        {"data == \"x\\\"", "this quote has no end", 8, 1},
        {"data == 'x\"", "this quote has no end", 8, 1},
        {"data == \"a\\q\"",
         "no escape: there are \\n \\r \\t \\\\ \\\" \\' \\x1b \\u202e "
         "\\u{1f600}",
         10, 2},
        {"data == \"\\x1\"",
         "no escape: there are \\n \\r \\t \\\\ \\\" \\' \\x1b \\u202e "
         "\\u{1f600}",
         9, 2},
        {"data == \"\\ud800\"",
         "no escape: there are \\n \\r \\t \\\\ \\\" \\' \\x1b \\u202e "
         "\\u{1f600}",
         9, 2},
        {"data ~ \"a(b\"", "the regular expression: missing terminating )", 11, 1},
        {"data ~ \"[z-a]\"", "the regular expression: range out of order in character class", 11,
         1},
    };
    for (const Wrong &wrong : cases) {
        const std::string expected = std::string("-Y: ") + wrong.message + "\n  " + wrong.filter +
                                     "\n  " + std::string(static_cast<size_t>(wrong.column), ' ') +
                                     std::string(static_cast<size_t>(wrong.width), '^');
        EXPECT_EQ(complaint(wrong.filter), expected);
    }
}

// The last line of a complaint: blanks and carets.
std::string carets(const std::string &text)
{
    const std::string all = complaint(text);
    return all.substr(all.rfind('\n') + 1);
}

TEST(FilterWrong, IsPointedAtInColumns)
{
    EXPECT_EQ(carets("data ~ \"\xe6\x97\xa5\xe6\x9c\xac\" and x"), "                    ^"); // wide
    EXPECT_EQ(carets("data ~ \"\xc3\xa9\" and x"), "                 ^");
    EXPECT_EQ(carets("data ~ \"e\xcc\x81\" and x"), "                 ^"); // a combining accent
    EXPECT_EQ(carets("data ~ \"\xe6\x97\xa5[z-a]\""), "               ^");
    EXPECT_EQ(carets("data == \xe6\x97\xa5"), "          ^^");
    EXPECT_EQ(carets("data == \"\\\xe6\x97\xa5\""), "           ^^^");
}

TEST(FilterWrong, IsShownWithoutWhatATerminalObeys)
{
    const std::string said = complaint("conn ==\n\x1b[31m\xe2\x80\xae");
    EXPECT_EQ(said, "-Y: this means nothing here\n  conn == ?[31m?\n          ^");
}

TEST(FilterWrong, IsShownInPartIfItIsLong)
{
    std::string text = "conn == 1";
    for (int i = 0; i < 30; i++)
        text += " or conn == 1";
    const std::string said = complaint(text + " or x" + text.substr(9) + text.substr(9));
    const size_t filter = said.find('\n') + 1, place = said.find('\n', filter) + 1;
    const std::string shown = said.substr(filter, place - filter - 1);
    EXPECT_LE(g_utf8_strlen(shown.c_str(), -1), 80);
    EXPECT_EQ(shown.find("\xe2\x80\xa6"), 2u);
    EXPECT_EQ(shown.rfind("\xe2\x80\xa6"), shown.size() - 3);
    // The ellipsis has three bytes and one column.
    EXPECT_EQ(shown[said.size() - 1 - place + 2], 'x') << said;
}

TEST(FilterWrong, IsTooLongOrTooDeep)
{
    const auto nested = [](size_t depth) {
        return std::string(depth, '(') + "conn" + std::string(depth, ')');
    };
    EXPECT_EQ(complaint(nested(FILTER_MAX_DEPTH)), "");
    EXPECT_NE(complaint(nested(FILTER_MAX_DEPTH + 1)).find("more than 100 parentheses"),
              std::string::npos);
    EXPECT_EQ(complaint(nested(FILTER_MAX_DEPTH) + " and " + nested(FILTER_MAX_DEPTH)), "");
    std::string text = "conn";
    while (text.size() + 8 <= FILTER_MAX_LENGTH)
        text += " or conn";
    EXPECT_EQ(complaint(text), "");
    EXPECT_TRUE(selects(text, some_gap(1)));
    EXPECT_EQ(complaint(text + " or conn or conn"), "-Y: the filter is longer than 65536 bytes");
    EXPECT_EQ(complaint(std::string(60000, '!') + "conn"), "");
}

TEST(FilterWrong, IsNotUtf8)
{
    EXPECT_EQ(complaint("data == \"\xff\""), "-Y: the filter is not valid UTF-8");
}

} // namespace
