// Heads of HTTP messages: where they end however they are cut, what their lines say, and which
// fault each deviation is.
#include "guarded.h"
#include "parsed_head.h"

#include <wsproto/error.h>
#include <wsproto/http.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using std::string;
using std::string_view;
using Strings = std::vector<string>;
using namespace std::string_literals;

namespace
{

// A request with one line of the test's choice among its headers.
string with_line(const string &line)
{
    return "GET /chat HTTP/1.1\r\nHost: a\r\n" + line + "\r\nLast: z\r\n\r\n";
}

// The sum of what a scan returned for `bytes` in pieces of these sizes, or its first error.
int64_t scan(wsp_http_scanner *s, string_view bytes, const std::vector<size_t> &pieces)
{
    int64_t total = 0;
    size_t at = 0;
    for (size_t piece : pieces) {
        Guarded copy(bytes.substr(at, piece));
        int64_t n = wsp_http_scan(s, copy.data(), copy.size());
        if (n < 0)
            return n;
        total += n;
        at += copy.size();
    }
    return total;
}

int64_t scan_whole(string_view bytes, const wsp_http_limits *limits = nullptr)
{
    wsp_http_scanner s;
    wsp_http_scan_init(&s, limits);
    return scan(&s, bytes, {bytes.size()});
}

int64_t scan_bytewise(string_view bytes, const wsp_http_limits *limits = nullptr)
{
    wsp_http_scanner s;
    wsp_http_scan_init(&s, limits);
    return scan(&s, bytes, std::vector<size_t>(bytes.size(), 1));
}

const string REQUEST = "GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\n\r\n";

// RFC 9110 5.6.2
const string_view TOKEN_CHARS = "!#$%&'*+-.^_`|~0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// ---- Texts ---------------------------------------------------------------------------------

TEST(Text, EqualIsByteForByteAndOfTheSameLength)
{
    EXPECT_TRUE(wsp_text_equal(text("chat"), "chat"));
    EXPECT_FALSE(wsp_text_equal(text("chat"), "Chat"));
    EXPECT_FALSE(wsp_text_equal(text("chat"), "chats"));
    EXPECT_FALSE(wsp_text_equal(text("chats"), "chat"));
    EXPECT_FALSE(wsp_text_equal(text("a\0b"s), "a"));
    EXPECT_TRUE(wsp_text_equal({nullptr, 0}, ""));
    EXPECT_FALSE(wsp_text_equal({nullptr, 0}, "x"));
}

TEST(Text, NocaseFoldsAsciiLettersAndNothingElse)
{
    EXPECT_TRUE(wsp_text_equal_nocase(text("WebSocket-9"), "wEBsOCKET-9"));
    EXPECT_FALSE(wsp_text_equal_nocase(text("websocke"), "websocket"));
    EXPECT_FALSE(wsp_text_equal_nocase(text("@"), "`"));
    EXPECT_FALSE(wsp_text_equal_nocase(text("["), "{"));
    EXPECT_FALSE(wsp_text_equal_nocase(text("\xC4"), "\xE4"));
}

// Texts are compared some bytes at a time: each length, each place, each pair of neighbours.
TEST(Text, NocaseIsTheSameForEveryByteAtEveryPlace)
{
    for (size_t len : {3, 7, 8, 9, 15, 16, 17, 24})
        for (size_t place = 0; place < len; place++)
            for (int c = 0; c < 256; c++) {
                string a(len, 'q'), b(len, 'Q');
                a[place] = static_cast<char>(c);
                b[place] = static_cast<char>(c ^ 0x20);
                const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
                const Guarded guarded(a);
                EXPECT_EQ(wsp_text_equal_nocase(text(guarded.view()), b.c_str()), letter && c != 0)
                    << c << " at " << place << " of " << len;
                b[place] = a[place];
                EXPECT_EQ(wsp_text_equal_nocase(text(guarded.view()), b.c_str()), c != 0)
                    << c << " at " << place << " of " << len;
            }
}

TEST(Text, TokenIsWhatRfc9110AllowsForEveryByte)
{
    for (int c = 0; c < 256; c++) {
        const char byte = static_cast<char>(c);
        EXPECT_EQ(wsp_text_is_token({&byte, 1}), TOKEN_CHARS.find(byte) != string_view::npos) << c;
    }
    EXPECT_FALSE(wsp_text_is_token(text("")));
    EXPECT_FALSE(wsp_text_is_token({nullptr, 0}));
    EXPECT_FALSE(wsp_text_is_token(text("a b")));
}

// ---- Scan ----------------------------------------------------------------------------------

TEST(HttpScan, HeadFedByteByByteIsLinearAndEndsAtTheSameByte)
{
    wsp_http_scanner s;
    wsp_http_scan_init(&s, nullptr);
    for (size_t i = 0; i < REQUEST.size(); i++) {
        EXPECT_FALSE(s.done) << i;
        Guarded byte(REQUEST.substr(i, 1));
        EXPECT_EQ(wsp_http_scan(&s, byte.data(), 1), 1) << i;
    }
    EXPECT_TRUE(s.done);
    EXPECT_EQ(s.head_len, REQUEST.size());
    EXPECT_EQ(s.lines, 3u);
}

TEST(HttpScan, HeadCutAnywhereEndsAtTheSameByte)
{
    for (size_t cut = 0; cut <= REQUEST.size(); cut++) {
        wsp_http_scanner s;
        wsp_http_scan_init(&s, nullptr);
        EXPECT_EQ(scan(&s, REQUEST, {cut, REQUEST.size() - cut}),
                  static_cast<int64_t>(REQUEST.size()));
        EXPECT_TRUE(s.done) << cut;
        EXPECT_EQ(s.head_len, REQUEST.size());
    }
}

TEST(HttpScan, FramesBehindTheHeadAreNotConsumed)
{
    const string frames = "\x81\x05\r\n\r\nHello";
    const auto head = static_cast<int64_t>(REQUEST.size());
    EXPECT_EQ(scan_whole(REQUEST + frames), head);
    EXPECT_EQ(scan_bytewise(REQUEST + frames), head);

    wsp_http_scanner s;
    wsp_http_scan_init(&s, nullptr);
    EXPECT_EQ(scan(&s, REQUEST, {REQUEST.size()}), head);
    EXPECT_EQ(scan(&s, frames, {frames.size()}), 0);
    EXPECT_EQ(s.head_len, REQUEST.size());
}

TEST(HttpScan, UnfinishedHeadIsConsumedAndNotDone)
{
    for (size_t len = 0; len < REQUEST.size(); len++) {
        wsp_http_scanner s;
        wsp_http_scan_init(&s, nullptr);
        EXPECT_EQ(scan(&s, string_view(REQUEST).substr(0, len), {len}), static_cast<int64_t>(len));
        EXPECT_FALSE(s.done) << len;
    }
}

TEST(HttpScan, LinesMayEndInLfAlone)
{
    for (const char *head : {"GET / HTTP/1.1\nA: b\n\n", "GET / HTTP/1.1\r\nA: b\n\r\n",
                             "GET / HTTP/1.1\nA: b\r\n\n"}) {
        EXPECT_EQ(scan_whole(head + "more"s), static_cast<int64_t>(strlen(head)));
        EXPECT_EQ(scan_bytewise(head + "more"s), static_cast<int64_t>(strlen(head)));
    }
}

TEST(HttpScan, ALineOfTwoCrsOrOfBlanksIsNotEmpty)
{
    for (const char *line : {"\r\r\n", " \r\n", "\t\n"}) {
        const string head = "GET / HTTP/1.1\r\n"s + line + "A: b\r\n\r\n";
        EXPECT_EQ(scan_whole(head), static_cast<int64_t>(head.size()));
        EXPECT_EQ(scan_bytewise(head), static_cast<int64_t>(head.size()));
    }
}

// RFC 9112 2.2
TEST(HttpScan, EmptyLinesBeforeTheFirstLineDoNotEndTheHead)
{
    const string head = "\r\n\n\r\n" + REQUEST;
    EXPECT_EQ(scan_whole(head), static_cast<int64_t>(head.size()));
    EXPECT_EQ(scan_bytewise(head), static_cast<int64_t>(head.size()));
}

struct LimitCase {
    const char *name;
    wsp_http_limits at, below; // the limit that `head` just meets, and one less
    string head;
};

std::vector<LimitCase> limit_cases()
{
    const string head = "GET / HTTP/1.1\r\nA: 1\r\nBcdef: 123456789\r\nC: 3\r\n\r\n";
    return {
        {"head", {head.size(), 0, 0}, {head.size() - 1, 0, 0}, head},
        {"line", {0, 18, 0}, {0, 17, 0}, head}, // "Bcdef: 123456789\r\n"
        {"headers", {0, 0, 3}, {0, 0, 2}, head},
        {"default head",
         {0, 0, 0},
         {16383, 0, 0},
         "GET / HTTP/1.1\r\nA: " + string(8000, 'a') +
             "\r\nB: " + string(8355, 'b').substr(0, 8000) +
             "\r\nC: " + string(16384 - 16 - 2 * 8005 - 5 - 2, 'c') + "\r\n\r\n"},
        {"default line",
         {0, 0, 0},
         {0, 8191, 0},
         "GET / HTTP/1.1\r\nA: " + string(8192 - 5, 'a') + "\r\n\r\n"},
    };
}

TEST(HttpScan, LimitsHoldAtTheirValueAndFailOnePastIt)
{
    for (const LimitCase &c : limit_cases()) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(scan_whole(c.head, &c.at), static_cast<int64_t>(c.head.size()));
        EXPECT_EQ(scan_bytewise(c.head, &c.at), static_cast<int64_t>(c.head.size()));
        EXPECT_EQ(scan_whole(c.head, &c.below), WSP_ERR_LIMIT);
        EXPECT_EQ(scan_bytewise(c.head, &c.below), WSP_ERR_LIMIT);
    }
}

TEST(HttpScan, DefaultsAreThoseThatTheHeaderPromises)
{
    wsp_http_scanner s;
    wsp_http_scan_init(&s, nullptr);
    EXPECT_EQ(s.limits.max_head, 16384u);
    EXPECT_EQ(s.limits.max_line, 8192u);
    EXPECT_EQ(s.limits.max_headers, 100u);

    string head = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 100; i++)
        head += "A: b\r\n";
    EXPECT_EQ(scan_whole(head + "\r\n"), static_cast<int64_t>(head.size() + 2));
    EXPECT_EQ(scan_whole(head + "A: b\r\n\r\n"), WSP_ERR_LIMIT);
}

TEST(HttpScan, ALimitIsNoticedBeforeTheLineEnds)
{
    const wsp_http_limits limits = {0, 10, 0};
    EXPECT_EQ(scan_bytewise("GET /12345", &limits), 10);
    EXPECT_EQ(scan_bytewise("GET /123456", &limits), WSP_ERR_LIMIT);
    EXPECT_EQ(scan_whole("GET /123456", &limits), WSP_ERR_LIMIT);
}

TEST(HttpScan, PastALimitEveryLaterCallSaysSo)
{
    for (const wsp_http_limits &limits :
         {wsp_http_limits{20, 0, 0}, wsp_http_limits{0, 12, 0}, wsp_http_limits{0, 0, 1}}) {
        wsp_http_scanner s;
        wsp_http_scan_init(&s, &limits);
        const string head = "GET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n";
        EXPECT_EQ(scan(&s, head, {head.size()}), WSP_ERR_LIMIT);
        EXPECT_EQ(wsp_http_scan(&s, nullptr, 0), WSP_ERR_LIMIT);
        EXPECT_EQ(scan(&s, "\r\n\r\n", {4}), WSP_ERR_LIMIT);
        EXPECT_FALSE(s.done);
    }
}

// A head within its limits is not refused for the frames that were received with it.
TEST(HttpScan, BytesBehindTheHeadDoNotCountAgainstTheLimits)
{
    const wsp_http_limits limits = {REQUEST.size(), 24, 2};
    EXPECT_EQ(scan_whole(REQUEST + string(1000, 'x'), &limits),
              static_cast<int64_t>(REQUEST.size()));
}

TEST(HttpScan, ACopyOfTheScannerIsASnapshot)
{
    wsp_http_scanner s;
    wsp_http_scan_init(&s, nullptr);
    scan(&s, REQUEST, {30});
    const wsp_http_scanner snapshot = s;
    scan(&s, string_view(REQUEST).substr(30), {REQUEST.size() - 30});
    EXPECT_TRUE(s.done);
    wsp_http_scanner again = snapshot;
    scan(&again, string_view(REQUEST).substr(30), {REQUEST.size() - 30});
    EXPECT_TRUE(again.done);
    EXPECT_EQ(again.head_len, s.head_len);
}

// ---- Parse: the first line -----------------------------------------------------------------

TEST(HttpParse, RequestLineGivesMethodTargetAndVersion)
{
    ParsedHead head(REQUEST);
    EXPECT_EQ(head->kind, WSP_HTTP_REQUEST);
    EXPECT_EQ(str(head->method), "GET");
    EXPECT_EQ(str(head->target), "/chat");
    EXPECT_EQ(head->version_minor, 1);
    EXPECT_EQ(head->status, 0);
    EXPECT_EQ(head->reason.data, nullptr);
    EXPECT_EQ(head.lines(), (Strings{"Host=example.org", "Upgrade=websocket"}));
    EXPECT_EQ(head->faults, 0u);
}

TEST(HttpParse, StatusLineGivesStatusAndReason)
{
    ParsedHead head("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    EXPECT_EQ(head->kind, WSP_HTTP_RESPONSE);
    EXPECT_EQ(head->status, 101);
    EXPECT_EQ(str(head->reason), "Switching Protocols");
    EXPECT_EQ(head->method.data, nullptr);
    EXPECT_EQ(head->target.data, nullptr);
    EXPECT_EQ(head->faults, 0u);
}

struct FirstLineCase {
    const char *line;
    wsp_http_kind kind;
    bool faulty;
    const char *method_or_status;
    const char *target_or_reason;
    int minor;
};

// RFC 9112 3 and 4
const FirstLineCase first_lines[] = {
    {"GET / HTTP/1.1", WSP_HTTP_REQUEST, false, "GET", "/", 1},
    {"GET / HTTP/1.0", WSP_HTTP_REQUEST, false, "GET", "/", 0},
    {"GET / HTTP/1.9", WSP_HTTP_REQUEST, false, "GET", "/", 9},
    {"M-SEARCH * HTTP/1.1", WSP_HTTP_REQUEST, false, "M-SEARCH", "*", 1},
    {"GET  / HTTP/1.1", WSP_HTTP_REQUEST, true, "GET", "/", 1},
    {"GET /  HTTP/1.1", WSP_HTTP_REQUEST, true, "GET", "/", 1},
    {"GET\t/ HTTP/1.1", WSP_HTTP_REQUEST, true, "GET", "/", 1},
    {"GET /\tHTTP/1.1", WSP_HTTP_REQUEST, true, "GET", "/", 1},
    {" GET / HTTP/1.1", WSP_HTTP_REQUEST, true, "GET", "/", 1},
    {"GET / HTTP/1.1 ", WSP_HTTP_REQUEST, true, "GET", "/", 1},
    {"GET /a b HTTP/1.1", WSP_HTTP_REQUEST, true, "GET", "/a b", 1},
    {"GET HTTP/1.1", WSP_HTTP_REQUEST, true, "GET", "", 1},
    {"G@T / HTTP/1.1", WSP_HTTP_REQUEST, true, "G@T", "/", 1},
    {"GET /\xC3\xA4 HTTP/1.1", WSP_HTTP_REQUEST, true, "GET", "/\xC3\xA4", 1},
    {"GET /\x01 HTTP/1.1", WSP_HTTP_REQUEST, true, "GET", "/\x01", 1},
    {"GET /#top HTTP/1.1", WSP_HTTP_REQUEST, true, "GET", "/#top", 1},
    {"GET / HTTP/2.0", WSP_HTTP_NEITHER, true, "", "", 0},
    {"GET / HTTP/1.10", WSP_HTTP_NEITHER, true, "", "", 0},
    {"GET / HTTP/1.", WSP_HTTP_NEITHER, true, "", "", 0},
    {"GET / HTTP/1.x", WSP_HTTP_NEITHER, true, "", "", 0},
    {"GET / http/1.1", WSP_HTTP_NEITHER, true, "", "", 0},
    {"GET /", WSP_HTTP_NEITHER, true, "", "", 0},
    {"PRI * HTTP/2.0", WSP_HTTP_NEITHER, true, "", "", 0},
    {"\x81\x85zzzz", WSP_HTTP_NEITHER, true, "", "", 0},
    {"HTTP/1.1 200 OK", WSP_HTTP_RESPONSE, false, "200", "OK", 1},
    {"HTTP/1.0 404 Not Found", WSP_HTTP_RESPONSE, false, "404", "Not Found", 0},
    {"HTTP/1.1 101 ", WSP_HTTP_RESPONSE, false, "101", "", 1},
    {"HTTP/1.1 101 \xC3\xA4\tb", WSP_HTTP_RESPONSE, false, "101", "\xC3\xA4\tb", 1},
    {"HTTP/1.1 101", WSP_HTTP_RESPONSE, false, "101", "", 1},
    {"HTTP/1.1  101 x", WSP_HTTP_RESPONSE, true, "101", "x", 1},
    {"HTTP/1.1\t101 x", WSP_HTTP_RESPONSE, true, "101", "x", 1},
    {"HTTP/1.1 101\tx", WSP_HTTP_RESPONSE, true, "101", "x", 1},
    {"    HTTP/1.1 101 x", WSP_HTTP_RESPONSE, true, "101", "x", 1},
    {" HTTP/1.1 101 x", WSP_HTTP_RESPONSE, true, "101", "x", 1},
    {"HTTP/1.1 101 a\x01z", WSP_HTTP_RESPONSE, true, "101", "a\x01z", 1},
    {"HTTP/1.1 999 x", WSP_HTTP_RESPONSE, false, "999", "x", 1},
    {"HTTP/1.1 099 x", WSP_HTTP_NEITHER, true, "", "", 0},
    {"HTTP/1.1 1010 x", WSP_HTTP_NEITHER, true, "", "", 0},
    {"HTTP/1.1 10 x", WSP_HTTP_NEITHER, true, "", "", 0},
    {"HTTP/1.1 1x1 x", WSP_HTTP_NEITHER, true, "", "", 0},
    {"HTTP/2 200 OK", WSP_HTTP_NEITHER, true, "", "", 0},
    {"HTTP/1.1", WSP_HTTP_NEITHER, true, "", "", 0},
    {" HTTP/1.1 ", WSP_HTTP_NEITHER, true, "", "", 0},
};

TEST(HttpParseFirstLine, IsReadInTheEvidentWayAndStrictlyJudged)
{
    for (const FirstLineCase &c : first_lines) {
        SCOPED_TRACE(c.line);
        ParsedHead head(c.line + "\r\nA: b\r\n\r\n"s);
        EXPECT_EQ(head->kind, c.kind);
        const uint32_t faults = c.faulty ? uint32_t{WSP_HTTP_FAULT_FIRST_LINE} : 0;
        EXPECT_EQ(head->faults, faults);
        EXPECT_EQ(head->version_minor, c.minor);
        if (c.kind == WSP_HTTP_REQUEST) {
            EXPECT_EQ(str(head->method), c.method_or_status);
            EXPECT_EQ(str(head->target), c.target_or_reason);
        } else if (c.kind == WSP_HTTP_RESPONSE) {
            EXPECT_EQ(std::to_string(head->status), c.method_or_status);
            EXPECT_EQ(str(head->reason), c.target_or_reason);
        }
        EXPECT_EQ(head.lines(), Strings{"A=b"})
            << "the headers are read whatever the first line is";
    }
}

// ---- Parse: header lines -------------------------------------------------------------------

struct LineCase {
    string line;
    uint32_t faults;
    Strings headers; // what stands between Host and Last
};

// RFC 9112 2.2 and 5, RFC 9110 5.5
const LineCase header_lines[] = {
    {"X: 1", 0, {"X=1"}},
    {"X:1", 0, {"X=1"}},
    {"X: \t 1 \t", 0, {"X=1"}},
    {"X:", 0, {"X="}},
    {"X:  \t", 0, {"X="}},
    {"X: a b\tc", 0, {"X=a b\tc"}},
    {"X: a:b", 0, {"X=a:b"}},
    {"X: \xC3\xA4\xFF", 0, {"X=\xC3\xA4\xFF"}},
    {"X: 1\nY: 2", WSP_HTTP_FAULT_BARE_LF, {"X=1", "Y=2"}},
    {"X: 1\r2", WSP_HTTP_FAULT_BARE_CR, {"X=1\r2"}},
    {"X: 1\r", WSP_HTTP_FAULT_BARE_CR, {"X=1\r"}},
    {"X: 1\r\n 2", WSP_HTTP_FAULT_FOLDED, {"X=1\r\n 2"}},
    {"X: 1 \r\n\t2\r\n  3 ", WSP_HTTP_FAULT_FOLDED, {"X=1 \r\n\t2\r\n  3"}},
    {"X:\r\n 2", WSP_HTTP_FAULT_FOLDED, {"X=2"}},
    {"X: 1\r\n ", WSP_HTTP_FAULT_FOLDED, {"X=1"}},
    {"X: 1\r\n a:b", WSP_HTTP_FAULT_FOLDED, {"X=1\r\n a:b"}},
    {"X: 1\r\n \x01", WSP_HTTP_FAULT_FOLDED | WSP_HTTP_FAULT_VALUE, {"X=1\r\n \x01"}},
    {"X : 1", WSP_HTTP_FAULT_SPACE_COLON, {"X=1"}},
    {"X\t: 1", WSP_HTTP_FAULT_SPACE_COLON, {"X=1"}},
    {"no colon", WSP_HTTP_FAULT_NAME, {}},
    {"a b: 1", WSP_HTTP_FAULT_NAME, {"a b=1"}},
    {": 1", WSP_HTTP_FAULT_NAME, {"=1"}},
    {"\xC3\xA4: 1", WSP_HTTP_FAULT_NAME, {"\xC3\xA4=1"}},
    {"X\0: 1"s, WSP_HTTP_FAULT_NAME, {"X\0=1"s}},
    {"X: a\0z"s, WSP_HTTP_FAULT_VALUE, {"X=a\0z"s}},
    {"X: a\x01z", WSP_HTTP_FAULT_VALUE, {"X=a\x01z"}},
    {"X: a\x7fz", WSP_HTTP_FAULT_VALUE, {"X=a\x7fz"}},
    {"X: a\x1b[31m", WSP_HTTP_FAULT_VALUE, {"X=a\x1b[31m"}},
    {"\rX: 1", WSP_HTTP_FAULT_BARE_CR | WSP_HTTP_FAULT_NAME, {"\rX=1"}},
    {"\r", WSP_HTTP_FAULT_BARE_CR | WSP_HTTP_FAULT_NAME, {}},
};

TEST(HttpParseHeaderLine, EachFaultAloneIsExactlyItsBitAndTheRestIsRead)
{
    for (const LineCase &c : header_lines) {
        SCOPED_TRACE(c.line);
        ParsedHead head(with_line(c.line));
        Strings expected = c.headers;
        expected.insert(expected.begin(), "Host=a");
        expected.push_back("Last=z");
        EXPECT_EQ(head.lines(), expected);
        EXPECT_EQ(head->faults, c.faults);
    }
}

// Lines are read some bytes at a time: what a byte means must not depend on where it stands.
TEST(HttpParseHeaderLine, EveryByteIsJudgedAlikeAtEveryPlaceOfAValue)
{
    for (size_t place = 1; place < 39; place++)
        for (int c = 0; c < 256; c++) {
            SCOPED_TRACE(std::to_string(c) + " at " + std::to_string(place));
            string value(40, 'v');
            value[place] = static_cast<char>(c);
            ParsedHead head(with_line("X: " + value));
            if (c == '\n') {
                EXPECT_EQ(head->faults, WSP_HTTP_FAULT_BARE_LF | WSP_HTTP_FAULT_NAME);
                EXPECT_EQ(head.lines()[1], "X=" + value.substr(0, place));
                continue;
            }
            const bool control = (c < 0x20 && c != '\t') || c == 0x7f;
            const int fault = c == '\r' ? WSP_HTTP_FAULT_BARE_CR : WSP_HTTP_FAULT_VALUE;
            EXPECT_EQ(head->faults, static_cast<uint32_t>(control ? fault : 0));
            EXPECT_EQ(head.lines(), (Strings{"Host=a", "X=" + value, "Last=z"}));
        }
}

TEST(HttpParseHeaderLine, EveryByteIsJudgedAlikeAtEveryPlaceOfAName)
{
    for (size_t place = 1; place < 39; place++)
        for (int c = 0; c < 256; c++) {
            if (c == '\n' || c == ':')
                continue;
            SCOPED_TRACE(std::to_string(c) + " at " + std::to_string(place));
            string name(40, 'n');
            name[place] = static_cast<char>(c);
            ParsedHead head(with_line(name + ": 1"));
            const bool token = TOKEN_CHARS.find(name[place]) != string_view::npos;
            uint32_t faults = token ? 0 : WSP_HTTP_FAULT_NAME;
            if (c == '\r')
                faults |= WSP_HTTP_FAULT_BARE_CR;
            EXPECT_EQ(head->faults, faults);
            EXPECT_EQ(head.lines(), (Strings{"Host=a", name + "=1", "Last=z"}));
        }
}

TEST(HttpParseHeaderLine, EveryLengthOfNameAndValueIsRead)
{
    for (size_t name = 1; name <= 40; name++)
        for (size_t value = 0; value <= 40; value++) {
            const string line = string(name, 'n') + ":" + string(value, 'v');
            ParsedHead head("GET / HTTP/1.1\r\n" + line + "\r\n\r\n");
            EXPECT_EQ(head.lines(), Strings{string(name, 'n') + "=" + string(value, 'v')});
            EXPECT_EQ(head->faults, 0u);
        }
}

TEST(HttpParse, AFoldBelongsToNothingWhenTheLineBeforeItWasSkipped)
{
    ParsedHead skipped(with_line("no colon\r\n folded"));
    EXPECT_EQ(skipped.lines(), (Strings{"Host=a", "Last=z"}));
    EXPECT_EQ(skipped->faults, WSP_HTTP_FAULT_NAME | WSP_HTTP_FAULT_FOLDED);

    ParsedHead first("GET / HTTP/1.1\r\n Host: a\r\nB: c\r\n\r\n");
    EXPECT_EQ(first.lines(), Strings{"B=c"});
    EXPECT_EQ(first->faults, static_cast<uint32_t>(WSP_HTTP_FAULT_FOLDED));
}

TEST(HttpParse, CombinedFaultsAreAllNamed)
{
    ParsedHead head("GET  / HTTP/1.1\nA : b\r\n c\r\nno colon\r\nX: \x01\r\nY: \r1\r\nZ: 1\r\n", 4);
    EXPECT_EQ(head->faults, 0x17fu);
    ParsedHead all("GET  / HTTP/1.1\nA : b\r\n c\r\nno colon\r\nX: \x01\r\nY: \r1\r\nZ: 1\r\n", 3);
    EXPECT_EQ(all->faults, 0x1ffu);
}

TEST(HttpParse, MoreLinesThanRoomAreCountedOutAndNeverWritten)
{
    const string head = with_line("X: 1");
    ParsedHead fits(head, 3);
    EXPECT_EQ(fits->faults, 0u);
    EXPECT_EQ(fits->header_count, 3u);
    ParsedHead full(head, 2);
    EXPECT_EQ(full->faults, static_cast<uint32_t>(WSP_HTTP_FAULT_TOO_MANY));
    EXPECT_EQ(full.lines(), (Strings{"Host=a", "X=1"}));
    ParsedHead none(with_line("X: 1\r\n fold"), 0);
    EXPECT_EQ(none->faults, WSP_HTTP_FAULT_TOO_MANY | WSP_HTTP_FAULT_FOLDED);
    EXPECT_EQ(none->header_count, 0u);
}

TEST(HttpParse, EmptyLinesBeforeTheFirstLineAreSkipped)
{
    ParsedHead head("\r\n\r\n" + REQUEST);
    EXPECT_EQ(head->kind, WSP_HTTP_REQUEST);
    EXPECT_EQ(head->faults, 0u);
}

TEST(HttpParse, NothingBehindTheEmptyLineIsRead)
{
    ParsedHead head(REQUEST + "X: 1\r\n\r\n");
    EXPECT_EQ(head->header_count, 2u);
    EXPECT_EQ(head->faults, 0u);
}

TEST(HttpParse, AHeadCutAnywhereIsReadUpToItsLastWholeLineAndNamedUnfinished)
{
    for (size_t len = 0; len < REQUEST.size(); len++) {
        ParsedHead head(string_view(REQUEST).substr(0, len));
        const auto lines =
            std::count(REQUEST.begin(), REQUEST.begin() + static_cast<std::ptrdiff_t>(len), '\n');
        EXPECT_TRUE(head->faults & WSP_HTTP_FAULT_UNFINISHED) << len;
        EXPECT_EQ(head->kind, lines > 0 ? WSP_HTTP_REQUEST : WSP_HTTP_NEITHER) << len;
        EXPECT_EQ(head->header_count, static_cast<size_t>(lines > 0 ? lines - 1 : 0)) << len;
        if (lines > 0) {
            EXPECT_EQ(head->faults, static_cast<uint32_t>(WSP_HTTP_FAULT_UNFINISHED)) << len;
        }
    }
}

TEST(HttpParse, NoBytesAtAllGiveNeither)
{
    wsp_http_head head;
    wsp_http_parse(&head, nullptr, 0, nullptr, 0);
    EXPECT_EQ(head.kind, WSP_HTTP_NEITHER);
    EXPECT_EQ(head.header_count, 0u);
    EXPECT_EQ(head.faults, WSP_HTTP_FAULT_FIRST_LINE | WSP_HTTP_FAULT_UNFINISHED);
}

// ---- Looking things up ---------------------------------------------------------------------

TEST(HttpHeaderValue, FindsTheFirstOfANameWhateverItsCaseAndCountsThem)
{
    ParsedHead head("GET / HTTP/1.1\r\nhOsT: a\r\nX: 1\r\nHOST: b\r\nEmpty:\r\n\r\n");
    size_t count = 99;
    EXPECT_EQ(str(wsp_http_header_value(head.get(), "Host", &count)), "a");
    EXPECT_EQ(count, 2u);
    EXPECT_EQ(str(wsp_http_header_value(head.get(), "x", &count)), "1");
    EXPECT_EQ(count, 1u);
    EXPECT_EQ(str(wsp_http_header_value(head.get(), "Hos", &count)), "(absent)");
    EXPECT_EQ(count, 0u);
    EXPECT_EQ(str(wsp_http_header_value(head.get(), "Empty", nullptr)), "");
}

struct ListCase {
    const char *lines;
    Strings elements;
};

// RFC 9110 5.3, 5.6.1 and 5.6.4
const ListCase lists[] = {{"L: a", {"a"}},
                          {"L: a, b,c", {"a", "b", "c"}},
                          {"X: a", {}},
                          {"L:", {}},
                          {"L: , ,,", {}},
                          {"L: ,a,, b ,", {"a", "b"}},
                          {"L: a\r\nX: x\r\nl: b, c\r\nL:\r\nL: d", {"a", "b", "c", "d"}},
                          {"L: a=\"1,2\", b", {"a=\"1,2\"", "b"}},
                          {"L: a=\"\\\",\", b", {"a=\"\\\",\"", "b"}},
                          {"L: a=\"\\\\\", b", {"a=\"\\\\\"", "b"}},
                          {"L: a\\,b", {"a\\", "b"}},
                          {"L: \"open, b\r\nL: c", {"\"open, b", "c"}},
                          {"L: \"open\\\r\nL: c", {"\"open\\", "c"}},
                          {"L: a,\r\n b", {"a", "b"}},
                          {"L: a\r\n , b", {"a", "b"}}};

TEST(HttpList, GivesTheElementsOfAllLinesInOrder)
{
    for (const ListCase &c : lists) {
        SCOPED_TRACE(c.lines);
        ParsedHead head("GET / HTTP/1.1\r\n"s + c.lines + "\r\n\r\n");
        EXPECT_EQ(head.list("L"), c.elements);
    }
}

TEST(HttpList, AnEscapeAtTheEndOfAValueReachesNotBehindIt)
{
    const Guarded value("\"open\\");
    const wsp_http_header header = {text("L"), text(value.view())};
    wsp_http_head head = {};
    head.headers = &header;
    head.header_count = 1;
    wsp_http_list_place at = {0, 0};
    wsp_text element;
    ASSERT_TRUE(wsp_http_list_next(&head, "L", &at, &element));
    EXPECT_EQ(str(element), value.view());
    EXPECT_FALSE(wsp_http_list_next(&head, "L", &at, &element));
}

TEST(HttpListHas, ComparesWholeElementsWhateverTheirCase)
{
    ParsedHead head("GET / HTTP/1.1\r\nConnection: keep-alive\r\nConnection: x, UPgrade\r\n\r\n");
    EXPECT_TRUE(wsp_http_list_has(head.get(), "connection", "upgrade"));
    EXPECT_TRUE(wsp_http_list_has(head.get(), "Connection", "Keep-Alive"));
    EXPECT_FALSE(wsp_http_list_has(head.get(), "Connection", "keep"));
    EXPECT_FALSE(wsp_http_list_has(head.get(), "Connection", "upgrades"));
    EXPECT_FALSE(wsp_http_list_has(head.get(), "Upgrade", "upgrade"));
}

} // namespace
