// What the interface shows of a connection beside its messages: ladder, handshake, statistics,
// findings, and the numbers in all of them. Whole pages of bundled captures are compared with text
// in views/; `VIEWS_UPDATE=1 views_test` writes it again.
#include "bundled.h"
#include "interface_text.h"
#include "records.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

extern "C" {
#include "findings.h"
#include "flow.h"
#include "format.h"
#include "ladder.h"
#include "layout.h"
#include "page_handshake.h"
#include "page_statistics.h"
#include "pipeline.h"
#include "source.h"
#include "store.h"
}

namespace
{

using Texts = std::vector<std::string>;

const int widths[] = {80, 120, 200};

// --- captures ---

using Sink = std::function<void(const record *)>;

void give(void *user, const record *r)
{
    (*static_cast<Sink *>(user))(r);
}

// All records of a bundled capture. Returns how many packets it has.
uint64_t read_capture(const std::string &file, Sink sink)
{
    GError *error = nullptr;
    source *in = source_open_file(capture_path(file).c_str(), &error);
    if (!in)
        throw std::runtime_error(error->message);
    const pipeline_options options = {};
    pipeline *stages = pipeline_new(&options, give, &sink);
    packet p;
    while (source_next(in, &p) == SOURCE_PACKET)
        pipeline_take(stages, &p);
    pipeline_finish(stages);
    const uint64_t packets = pipeline_get_totals(stages).packets;
    pipeline_free(stages);
    source_close(in);
    return packets;
}

// Where a record's last arrow was, per connection: what a reader of the store finds there.
class Ladder
{
public:
    Ladder(lines *out, int width, bool ascii) : out_(out), width_(width), ascii_(ascii) {}
    void add(const record *r)
    {
        const auto before = before_.find(r->conn);
        ladder_row(out_, r, before == before_.end() ? nullptr : &before->second, width_, ascii_);
        if (ladder_is_arrow(r))
            before_[r->conn] = *r; // of which the time is read only
    }

private:
    lines *out_;
    int width_;
    bool ascii_;
    std::map<uint64_t, record> before_;
};

void draw_ladder(lines *out, const std::string &file, uint64_t conn, int width, bool ascii)
{
    Ladder ladder(out, width, ascii);
    read_capture(file, [&](const record *r) {
        if (r->conn != conn)
            return;
        if (r->type == RECORD_OPEN)
            ladder_head(out, r->open.client, r->open.server, width, ascii);
        ladder.add(r);
    });
}

void draw_handshake(lines *out, const std::string &file, uint64_t conn, int width, bool ascii)
{
    std::vector<record> faults; // all they point at is static
    read_capture(file, [&](const record *r) {
        if (r->conn == conn && r->type == RECORD_VIOLATION)
            faults.push_back(*r);
    });
    std::vector<const record *> pointers;
    for (const record &r : faults)
        pointers.push_back(&r);
    read_capture(file, [&](const record *r) {
        if (r->conn == conn && r->type == RECORD_OPEN)
            page_handshake(out, r, pointers.data(), pointers.size(), width, ascii);
    });
}

void draw_statistics(lines *out, const std::string &file, int width, bool ascii)
{
    statistics s = {};
    store_capture c = {};
    c.packets = read_capture(file, [&](const record *r) { statistics_add(&s, r); });
    c.phase = STORE_ENDED;
    c.bytes = c.bytes_total = std::filesystem::file_size(capture_path(file));
    c.kernel_drops = -1;
    c.time_ns = s.last_ns;
    page_statistics(out, &s, &c, width, ascii);
}

void draw_findings(lines *out, const std::string &file, int width, bool ascii)
{
    read_capture(file, [&](const record *r) {
        const size_t before = lines_count(out);
        findings_line(out, r, width, ascii);
        EXPECT_EQ(lines_count(out) - before, findings_is(r) ? 1u : 0u);
    });
}

// --- golden text ---

void expect_golden(const std::string &name, const std::string &text)
{
    const std::string path = std::string(VIEWS_DIR) + "/" + name + ".txt";
    if (getenv("VIEWS_UPDATE"))
        std::ofstream(path) << text;
    std::ifstream file(path);
    std::istringstream made(text);
    std::string is, expected;
    for (int number = 1;; number++) {
        const bool more = static_cast<bool>(std::getline(made, is));
        if (more != static_cast<bool>(std::getline(file, expected))) {
            ADD_FAILURE() << path << " has " << (more ? "fewer" : "more") << " lines";
            return;
        }
        if (!more)
            return;
        if (is != expected) { // the first one says enough, and in words: not what EXPECT_EQ prints
            ADD_FAILURE() << path << ":" << number << "\n" << expected << "\nis now\n" << is;
            return;
        }
    }
}

using Draw = std::function<void(lines *out, int width, bool ascii)>;

void expect_golden_pages(const std::string &name, const Draw &draw)
{
    for (const int width : widths) {
        Page page;
        draw(page, width, false);
        page.expect_within(width);
        expect_golden(name + "." + std::to_string(width), page.text());
    }
}

class Views : public testing::Test
{
protected:
    void SetUp() override
    {
        setenv("TZ", "UTC", 1);
        tzset();
    }
};

TEST_F(Views, LaddersOfCaptures)
{
    const std::vector<std::tuple<std::string, std::string, uint64_t>> cases = {
        {"ladder_ipv6", "ipv6.pcapng", 1},
        {"ladder_subprotocol", "subprotocol.pcapng", 1},
        {"ladder_fragments", "fragments.pcapng", 1},
        {"ladder_refused", "refused.pcapng", 4},
        {"ladder_reset", "closing.pcapng", 20},
        {"ladder_lossy", "lossy.pcapng", 1},
    };
    for (const auto &[name, file, conn] : cases)
        expect_golden_pages(name, [&, file = file, conn = conn](lines *out, int width, bool ascii) {
            draw_ladder(out, file, conn, width, ascii);
        });
}

// As an interface does it: any row of a store, in any order.
TEST_F(Views, LaddersAreDrawnFromAnyRowOfAStore)
{
    store *kept = store_new(nullptr);
    Page expected;
    Ladder ladder(expected, 120, false);
    read_capture("fragments.pcapng", [&](const record *r) {
        store_take(kept, r);
        ladder.add(r);
    });
    store_publish(kept);
    store_view view = store_look(kept);
    std::vector<std::string> rows(view.end);
    for (uint64_t n = view.end; n-- > view.first;) {
        Page page;
        ladder_row(page, store_row(&view, n), ladder_before(&view, n), 120, false);
        rows[n] = page.text();
    }
    std::string all;
    for (const std::string &row : rows)
        all += row;
    EXPECT_EQ(all, expected.text());
    store_release(&view);
    store_free(kept);
}

TEST_F(Views, LaddersDoNotLookBackForever)
{
    store *kept = store_new(nullptr);
    const record message = sample::some_message(WSP_OPCODE_TEXT, "a");
    const record frame = sample::some_frame(sample::bare_header, 0);
    const record open = sample::some_open(HANDSHAKE_MISSING, nullptr, nullptr);
    store_take(kept, &open);
    for (const int frames : {9999, 10000}) {
        for (int i = 0; i < frames; i++)
            store_take(kept, &frame);
        store_take(kept, &message);
    }
    store_publish(kept);
    store_view view = store_look(kept);
    EXPECT_EQ(ladder_before(&view, 10000), store_row(&view, 0));
    EXPECT_EQ(ladder_before(&view, 20001), nullptr);
    EXPECT_EQ(ladder_before(&view, 1), nullptr); // a frame
    EXPECT_EQ(ladder_before(&view, 0), nullptr);
    store_release(&view);
    store_free(kept);
}

TEST_F(Views, HandshakesOfCaptures)
{
    const std::vector<std::tuple<std::string, std::string, uint64_t>> cases = {
#ifdef WSPROTO_DEFLATE
        {"handshake_browser", "deflate_browser.pcapng", 1},
        {"handshake_window", "deflate.pcapng", 3},
#endif
        {"handshake_subprotocol", "subprotocol.pcapng", 4},
        {"handshake_version", "refused.pcapng", 4},
        {"handshake_forbidden", "refused.pcapng", 2},
    };
    for (const auto &[name, file, conn] : cases)
        expect_golden_pages(name, [&, file = file, conn = conn](lines *out, int width, bool ascii) {
            draw_handshake(out, file, conn, width, ascii);
        });
}

TEST_F(Views, StatisticsOfCaptures)
{
    for (const std::string name : {"fragments", "closing", "refused", "deflate", "http"}) {
#ifndef WSPROTO_DEFLATE
        if (name == "deflate")
            continue;
#endif
        expect_golden_pages("statistics_" + name, [&](lines *out, int width, bool ascii) {
            draw_statistics(out, name + ".pcapng", width, ascii);
        });
    }
}

TEST_F(Views, FindingsOfCaptures)
{
    for (const std::string name : {"closing", "refused", "lossy"})
        expect_golden_pages("findings_" + name, [&](lines *out, int width, bool ascii) {
            draw_findings(out, name + ".pcapng", width, ascii);
        });
}

// --- numbers ---

std::string duration(int64_t ns, bool ascii = false)
{
    char out[FORMAT_TEXT];
    return format_duration(out, ns, ascii);
}

std::string size(uint64_t bytes)
{
    char out[FORMAT_TEXT];
    return format_size(out, bytes);
}

std::string number(uint64_t n)
{
    char out[FORMAT_TEXT];
    return format_count(out, n);
}

TEST(Format, CountsInThousands)
{
    EXPECT_EQ(number(0), "0");
    EXPECT_EQ(number(999), "999");
    EXPECT_EQ(number(48211), "48 211");
    EXPECT_EQ(number(1000000), "1 000 000");
    EXPECT_EQ(number(UINT64_MAX), "18 446 744 073 709 551 615");
}

TEST(Format, SizesInPowersOf1024AndAtMostEightColumns)
{
    EXPECT_EQ(size(0), "0 B");
    EXPECT_EQ(size(1023), "1023 B");
    EXPECT_EQ(size(1024), "1.0 KiB");
    EXPECT_EQ(size(1448), "1.4 KiB");
    EXPECT_EQ(size(102400), "100 KiB");
    EXPECT_EQ(size(1023 * 1024), "1.0 MiB");
    EXPECT_EQ(size(UINT64_C(3) << 40), "3.0 TiB");
    EXPECT_EQ(size(UINT64_MAX), "16.0 EiB");
    for (uint64_t bytes = 1; bytes < UINT64_C(1) << 60; bytes += bytes / 7 + 1)
        EXPECT_LE(size(bytes).size(), 8u) << bytes;
}

TEST(Format, DurationsWithThreeDigitsOrTwoUnits)
{
    EXPECT_EQ(duration(0), "0 s");
    EXPECT_EQ(duration(830), "830 ns");
    EXPECT_EQ(duration(12300), "12.3 µs");
    EXPECT_EQ(duration(12300, true), "12.3 us");
    EXPECT_EQ(duration(999499), "999 µs");
    EXPECT_EQ(duration(999500), "1.00 ms");
    EXPECT_EQ(duration(3020000), "3.02 ms");
    EXPECT_EQ(duration(301000000), "301 ms");
    EXPECT_EQ(duration(41200000000), "41.2 s");
    EXPECT_EQ(duration(59949999999), "59.9 s");
    EXPECT_EQ(duration(59950000000), "1m 00s");
    EXPECT_EQ(duration(245000000000), "4m 05s");
    EXPECT_EQ(duration(INT64_C(7380) * 1000000000), "2h 03m");
    EXPECT_EQ(duration(INT64_C(1051200) * 1000000000), "12d 04h");
    EXPECT_EQ(duration(-3020000), "-3.02 ms");
    EXPECT_EQ(duration(INT64_MIN), "-106751d 23h");
}

TEST(Format, RatesAndRatios)
{
    char out[FORMAT_TEXT];
    EXPECT_STREQ(format_rate(out, 0), "0");
    EXPECT_STREQ(format_rate(out, 0.26), "0.3");
    EXPECT_STREQ(format_rate(out, 41.24), "41.2");
    EXPECT_STREQ(format_rate(out, 48211.4), "48 211");
    EXPECT_STREQ(format_ratio(out, 27, 10), "2.7 : 1");
    EXPECT_STREQ(format_ratio(out, 1234, 100), "12 : 1");
    EXPECT_STREQ(format_ratio(out, 5, 0), "-");
}

TEST_F(Views, ClockIsLocalToTheMillisecond)
{
    char out[FORMAT_TEXT];
    EXPECT_STREQ(format_clock(out, 1763550000123999999), "11:00:00.123");
    EXPECT_STREQ(format_clock(out, -1), "23:59:59.999");
    setenv("TZ", "UTC-2", 1);
    tzset();
    EXPECT_STREQ(format_clock(out, 1763550000123999999), "13:00:00.123");
}

std::string sparkline(const std::vector<uint64_t> &values, int width, uint64_t max = 0,
                      bool ascii = false)
{
    GString *text = g_string_new(nullptr);
    format_sparkline(text, values.data(), values.size(), width, max, ascii);
    std::string result = text->str;
    g_string_free(text, TRUE);
    return result;
}

TEST(Format, SparklinesShowTheNewestAndWhateverIsNotZero)
{
    EXPECT_EQ(sparkline({0, 1, 4, 8}, 4), " ▁▄█");
    EXPECT_EQ(sparkline({8, 1, 4}, 2), "▂█");
    EXPECT_EQ(sparkline({1, 1000}, 9), "▁█");
    EXPECT_EQ(sparkline({4}, 9, 8), "▄");
    EXPECT_EQ(sparkline({9}, 9, 8), "█");
    EXPECT_EQ(sparkline({0, 1, 4, 8}, 4, 0, true), " .-#");
    EXPECT_EQ(sparkline({0, 0}, 4), "  ");
    EXPECT_EQ(sparkline({1}, 0), "");
}

std::string bar(uint64_t value, uint64_t max, int width, bool ascii = false)
{
    GString *text = g_string_new(nullptr);
    const int columns = format_bar(text, value, max, width, ascii);
    std::string result = text->str;
    EXPECT_EQ(columns, g_utf8_strlen(text->str, -1));
    g_string_free(text, TRUE);
    return result;
}

TEST(Format, BarsAreInEighths)
{
    EXPECT_EQ(bar(8, 8, 2), "██");
    EXPECT_EQ(bar(9, 16, 2), "█▏");
    EXPECT_EQ(bar(1, 1000, 2), "▏");
    EXPECT_EQ(bar(0, 8, 2), "");
    EXPECT_EQ(bar(9, 16, 2, true), "#");
    EXPECT_EQ(bar(1, 1000, 2, true), "#");
    EXPECT_EQ(bar(99, 16, 2), "██");
}

// --- layout ---

TEST(Layout, CutsBetweenCharactersByColumns)
{
    for (const auto &[width, expected] : {std::pair<int, const char *>{7, "日本e\u0301x"},
                                          {6, "日本e\u0301x"},
                                          {5, "日本…"},
                                          {4, "日…"}}) {
        Page page, cut;
        lines_begin(page);
        lines_add(page, STYLE_CLIENT, "日本e\u0301x");
        layout_clip(cut, page, width, false);
        EXPECT_EQ(cut.texts(), Texts{expected}) << width;
        cut.expect_within(width);
    }
}

TEST(Layout, PutsPagesBesideEachOtherWithTheirStyles)
{
    Page left, right, both;
    lines_begin(left);
    lines_add(left, STYLE_NORMAL, "a");
    lines_add(left, STYLE_CLIENT, "é");
    lines_begin(right);
    lines_add(right, STYLE_SERVER, "one");
    lines_begin(right);
    lines_add(right, STYLE_STRONG, "two");
    layout_beside(both, left, 4, right, true);
    EXPECT_EQ(both.texts(), (Texts{"aé   | one", "     | two"}));
    EXPECT_EQ(both.style_of("a"), STYLE_NORMAL);
    EXPECT_EQ(both.style_of("é"), STYLE_CLIENT);
    EXPECT_EQ(both.style_of("one"), STYLE_SERVER);
    EXPECT_EQ(both.style_of("two"), STYLE_STRONG);
}

TEST(Layout, FillsColumnsExactly)
{
    Page page;
    lines_begin(page);
    layout_add_left(page, STYLE_NORMAL, "日本", 3);
    layout_add_right(page, STYLE_NORMAL, "7", 3);
    layout_add_left(page, STYLE_NORMAL, "abcd", 2);
    lines_add(page, STYLE_NORMAL, "|");
    EXPECT_EQ(page.texts(), Texts{"日   7ab|"});
}

// --- the ladder ---

Texts rows(const record &r, const record *before = nullptr, int width = 80, bool ascii = false)
{
    Page page;
    ladder_row(page, &r, before, width, ascii);
    page.expect_within(width);
    if (ascii)
        page.expect_ascii();
    return page.texts();
}

record later(record r, int64_t ns)
{
    r.time_ns += ns;
    return r;
}

TEST_F(Views, LadderShowsPausesAsRowsOfTheirOwn)
{
    const record first = sample::some_message(WSP_OPCODE_TEXT, "a");
    EXPECT_EQ(rows(later(first, 999999999), &first).size(), 1u);
    EXPECT_EQ(rows(later(first, 1000000000), &first).size(), 2u);
    EXPECT_EQ(rows(later(first, 2500000000), &first),
              (Texts{"                        ┊             2.50 s             ┊",
                     " 11:00:02.623           │◀─────────────────── text 1 B ──│ \"a\""}));
    EXPECT_EQ(rows(later(first, -1000), &first),
              (Texts{" 11:00:00.123  -1.00 µs │◀─────────────────── text 1 B ──│ \"a\""}));
    EXPECT_EQ(rows(later(first, 2500000000), &first, 80, true),
              (Texts{"                        :             2.50 s             :",
                     " 11:00:02.623           |<------------------- text 1 B --| \"a\""}));
}

TEST_F(Views, LadderShowsWhatWentNowhere)
{
    record gap = sample::some(RECORD_GAP);
    gap.gap.bytes = 1448;
    EXPECT_EQ(
        rows(gap, &gap),
        (Texts{" 11:00:00.123           │~~~~~~~ 1.4 KiB missing ~~~~~~~~│ of the server's"}));
    gap.gap.bytes = 0;
    gap.from = WSP_FROM_CLIENT;
    EXPECT_EQ(
        rows(gap),
        (Texts{" 11:00:00.123           │~~~~~~~~ bytes missing ~~~~~~~~~│ of the client's"}));
    record broken = sample::some(RECORD_VIOLATION);
    broken.violation = {3, "mask-missing", "RFC 6455 5.1", "a frame"};
    EXPECT_EQ(
        rows(broken),
        (Texts{
            " 11:00:00.123           │                 ⚑ mask-missing │ RFC 6455 5.1: a frame"}));
    broken.from = WSP_FROM_CLIENT;
    EXPECT_EQ(
        rows(broken, nullptr, 80, true),
        (Texts{
            " 11:00:00.123           | ! mask-missing                 | RFC 6455 5.1: a frame"}));
}

TEST_F(Views, LadderSaysWhatOfAMessageIsNotKnown)
{
    record r = sample::some_message(WSP_OPCODE_BINARY, "");
    r.message.data = nullptr;
    r.message.compressed = true;
    r.message.wire_length = 5000;
    EXPECT_EQ(rows(r),
              (Texts{" 11:00:00.123           │◀───────────── binary 4.9 KiB ──│ not inflated"}));
    r = sample::some_message(WSP_OPCODE_TEXT, "abc");
    r.message.complete = false;
    r.message.guessed = true;
    EXPECT_EQ(
        rows(r),
        (Texts{
            " 11:00:00.123           │◀─────────────────── text 3 B ──│ guessed incomplete \"…"}));
}

TEST_F(Views, LadderOfOpensThatWereNotSeenWhole)
{
    const sample::Head request("GET /chat HTTP/1.1\r\nHost: a.test\r\n\r\n");
    const sample::Head response("HTTP/1.1 101 Yes\r\nSec-WebSocket-Protocol: chat\r\n"
                                "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    EXPECT_EQ(rows(sample::some_open(HANDSHAKE_MISSING, nullptr, nullptr)),
              (Texts{" 11:00:00.123           │       handshake not seen       │"}));
    EXPECT_EQ(rows(sample::some_open(HANDSHAKE_PARTIAL, &request, nullptr)),
              (Texts{"                        │── GET /chat ──────────────────▶│ a.test",
                     " 11:00:00.123           │       response not seen        │"}));
    EXPECT_EQ(
        rows(sample::some_open(HANDSHAKE_PARTIAL, nullptr, &response), nullptr, 120),
        (Texts{"                        │                    request not seen                    │",
               " 11:00:00.123           │◀──────────────────────────────────────────── 101 Yes ──│ "
               "chat, permessage-deflate"}));
}

TEST_F(Views, LadderHeadFitsTheLongestAddresses)
{
    endpoint longest = {6, {}, 65535};
    std::fill(std::begin(longest.address), std::end(longest.address), 0xfe);
    const std::string address = "[fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe]:65535";
    Page narrow, wide;
    ladder_head(narrow, &longest, &longest, 80, false);
    EXPECT_EQ(narrow.texts(), (Texts{std::string(24, ' ') + "client " + address,
                                     std::string(26, ' ') + "server " + address}));
    ladder_head(wide, &longest, &longest, 200, false);
    EXPECT_EQ(wide.texts().size(), 1u);
}

TEST_F(Views, LadderHasNoRowForAFrame)
{
    EXPECT_EQ(rows(sample::some_frame(sample::bare_header, 0)), Texts{});
    const record frame = sample::some_frame(sample::bare_header, 0);
    EXPECT_FALSE(ladder_is_arrow(&frame));
}

// --- the handshake ---

const char good_request[] = "GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                            "Sec-WebSocket-Protocol: chat, other\r\n"
                            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

std::string response_with(const std::string &headers)
{
    return "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + headers + "\r\n";
}

const char good_accept[] = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

// Draws the page of these heads ("" = not seen), with all faults that the codec finds in them.
class Handshake
{
public:
    Handshake(record_handshake how, const std::string &request, const std::string &response)
        : request_(request), response_(response),
          open_(sample::some_open(how, request.empty() ? nullptr : &request_,
                                  response.empty() ? nullptr : &response_))
    {
        wsp_handshake_request asked;
        wsp_handshake_response answered;
        if (open_.open.request)
            add(WSP_FROM_CLIENT, wsp_handshake_request_check(&asked, open_.open.request));
        if (open_.open.response && open_.open.response->status == 101)
            add(WSP_FROM_SERVER,
                wsp_handshake_response_check(&answered, open_.open.response, open_.open.request));
    }
    void draw(Page &page, int width, bool ascii = false) const
    {
        std::vector<const record *> pointers;
        for (const record &r : faults_)
            pointers.push_back(&r);
        page_handshake(page, &open_, pointers.data(), pointers.size(), width, ascii);
        page.expect_within(width);
    }

private:
    void add(wsp_sender from, uint32_t faults)
    {
        for (const wsp_handshake_fault *f; (f = wsp_handshake_fault_first(faults));
             faults &= ~f->bit) {
            record r = sample::some(RECORD_VIOLATION);
            r.from = from;
            r.violation = {0, f->name, f->clause, f->text};
            faults_.push_back(r);
        }
    }

    sample::Head request_, response_;
    record open_;
    std::vector<record> faults_;
};

TEST_F(Views, HandshakeComputesTheAccept)
{
    Page right, wrong;
    Handshake(HANDSHAKE_SEEN, good_request, response_with(good_accept)).draw(right, 80);
    EXPECT_TRUE(right.says("expected      s3pPLMBiTxaQ9kYGzzhZRbK+xOo= "
                           "found         s3pPLMBiTxaQ9kYGzzhZRbK+xOo= ✓ They are the same"));
    Handshake(HANDSHAKE_SEEN, good_request, response_with("Sec-WebSocket-Accept: no\r\n"))
        .draw(wrong, 80);
    EXPECT_TRUE(wrong.says("expected      s3pPLMBiTxaQ9kYGzzhZRbK+xOo= "
                           "found         no ✗ They differ"));
    EXPECT_EQ(wrong.style_of("Sec-WebSocket-Accept: no"), STYLE_VIOLATION);
    EXPECT_TRUE(wrong.says("⚑ handshake-accept: "));
    EXPECT_TRUE(wrong.says("(RFC 6455 4.2.2) by the server"));
}

TEST_F(Views, HandshakeExplainsHeadersThatMatter)
{
    Page page;
    Handshake(HANDSHAKE_SEEN, good_request, response_with(good_accept)).draw(page, 80);
    for (const char *says :
         {"16 random bytes in base64", "the only one that is in use", "The server's name",
          "the one it likes best first", "frames follow right behind this head"})
        EXPECT_TRUE(page.says(says)) << says;
    EXPECT_EQ(page.style_of("Sec-WebSocket-Key"), STYLE_KEY);
    EXPECT_EQ(page.style_of("dGhlIHNhbXBsZSBub25jZQ=="), STYLE_STRING);
    EXPECT_TRUE(page.says("Nothing: no rule is broken."));
}

TEST_F(Views, HandshakeKnowsHeadersInAnyCase)
{
    Page page;
    Handshake(HANDSHAKE_SEEN, "GET / HTTP/1.1\r\nhost: a b\r\nSEC-WEBSOCKET-KEY: no\r\n\r\n",
              response_with(good_accept))
        .draw(page, 80);
    EXPECT_TRUE(page.says("16 random bytes in base64"));
    EXPECT_EQ(page.style_of("host: a b"), STYLE_VIOLATION);
}

TEST_F(Views, HandshakeShowsItsOwnFaultsOnly)
{
    const sample::Head request(good_request);
    const record open = sample::some_open(HANDSHAKE_PARTIAL, &request, nullptr);
    record later = sample::some(RECORD_VIOLATION), own = later;
    later.violation = {3, "mask-missing", "RFC 6455 5.1", "a frame"};
    own.violation = {0, "handshake-key", "RFC 6455 4.2.1", "a key"};
    own.from = WSP_FROM_CLIENT;
    const record *const faults[] = {&later, &own};
    Page none, one;
    page_handshake(none, &open, faults, 1, 80, false);
    EXPECT_FALSE(none.says("mask-missing"));
    EXPECT_TRUE(none.says("Nothing, as far as it was seen."));
    page_handshake(one, &open, faults, 2, 80, true);
    EXPECT_FALSE(one.says("mask-missing"));
    EXPECT_TRUE(one.says("! handshake-key: a key (RFC 6455 4.2.1) by the client"));
    EXPECT_EQ(one.style_of("Host"), STYLE_KEY);
}

TEST_F(Views, HandshakeTellsWhatWasNegotiated)
{
    const auto page_of = [](const std::string &headers) {
        auto page = std::make_unique<Page>();
        Handshake(HANDSHAKE_SEEN, good_request, response_with(good_accept + headers))
            .draw(*page, 80);
        return page;
    };
    EXPECT_TRUE(page_of("")->says("The server took none of those offered"));
    EXPECT_TRUE(
        page_of("Sec-WebSocket-Protocol: chat\r\n")->says("chosen        chat Messages have"));
    const auto wrong = page_of("Sec-WebSocket-Protocol: mine\r\n");
    EXPECT_TRUE(wrong->says("chosen        mine Not one of those offered"));
    EXPECT_EQ(wrong->style_of("Sec-WebSocket-Protocol: mine"), STYLE_VIOLATION);
    EXPECT_NE(wrong->style_of("Sec-WebSocket-Protocol: chat, other"), STYLE_VIOLATION);
#ifdef WSPROTO_DEFLATE
    EXPECT_TRUE(page_of("")->says("Messages are not compressed."));
    const auto deflate = page_of("Sec-WebSocket-Extensions: permessage-deflate; "
                                 "server_no_context_takeover; server_max_window_bits=10\r\n");
    EXPECT_TRUE(deflate->says("client_no_context_takeover no  It may refer back"));
    EXPECT_TRUE(deflate->says("client_max_window_bits     15  It refers back 32 768 bytes"));
    EXPECT_TRUE(deflate->says("server_no_context_takeover yes It begins each message anew"));
    EXPECT_TRUE(deflate->says("server_max_window_bits     10  It refers back 1 024 bytes"));
    EXPECT_TRUE(
        page_of("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9\r\n")
            ->says("is not one that the offer allows"));
#endif
}

TEST_F(Views, HandshakeSaysWhatWasNotSeen)
{
    Page missing, request, response;
    Handshake(HANDSHAKE_MISSING, "", "").draw(missing, 80);
    EXPECT_TRUE(missing.says("The capture began after the handshake"));
    Handshake(HANDSHAKE_PARTIAL, good_request, "").draw(request, 80);
    EXPECT_TRUE(request.says("The response is not in the capture."));
    EXPECT_TRUE(request.says("found         not in the capture"));
    EXPECT_TRUE(request.says("expected      s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    Handshake(HANDSHAKE_PARTIAL, "", response_with(good_accept)).draw(response, 120);
    EXPECT_TRUE(response.says("The request is not in the capture"));
    EXPECT_TRUE(response.says("expected      not known without the key"));
    EXPECT_TRUE(response.says("Nothing, as far as it was seen."));
}

TEST_F(Views, HandshakeNamesWhatIsWrongWithTheFormOfAHead)
{
    Page page;
    Handshake(HANDSHAKE_SEEN, "GET / HTTP/1.1\nHost : a\r\nX: 1\r\n 2\r\n\r\n",
              response_with(good_accept))
        .draw(page, 80);
    EXPECT_TRUE(page.says("⚑ handshake-head: "));
    EXPECT_TRUE(page.says("a line ends in LF without CR"));
    EXPECT_TRUE(page.says("there is a blank before a header's colon"));
    EXPECT_TRUE(page.says("a header is folded over two lines"));
}

TEST_F(Views, HandshakeExplainsEveryStatus)
{
    const std::map<int, const char *> means = {{200, "like a web page"},
                                               {302, "sends the client elsewhere"},
                                               {304, "or otherwise"},
                                               {308, "Browsers do not follow"},
                                               {400, "found the request"},
                                               {401, "credentials are missing"},
                                               {403, "does not want"},
                                               {404, "nothing at this address"},
                                               {418, "the fault with the client"},
                                               {426, "An upgrade is needed"},
                                               {502, "A proxy in between"},
                                               {599, "wrong on its side"},
                                               {999, "No status that HTTP knows"}};
    for (const auto &[status, text] : means) {
        Page page;
        Handshake(HANDSHAKE_REFUSED, good_request,
                  "HTTP/1.1 " + std::to_string(status) + " No\r\n\r\n")
            .draw(page, 80);
        EXPECT_TRUE(page.says(text)) << page.text();
        EXPECT_TRUE(page.says("The server refused"));
        EXPECT_FALSE(page.says("Messages are not compressed"));
    }
}

TEST_F(Views, HandshakeIsDrawnInAscii)
{
    Page page;
    Handshake(HANDSHAKE_SEEN, good_request, response_with(good_accept)).draw(page, 120, true);
    page.expect_ascii();
}

// --- statistics ---

statistics counted(const std::vector<record> &records)
{
    statistics s = {};
    for (const record &r : records)
        statistics_add(&s, &r);
    return s;
}

std::string statistics_text(const statistics &s, const store_capture &c, bool ascii = false)
{
    Page page;
    page_statistics(page, &s, &c, 80, ascii);
    page.expect_within(80);
    if (ascii)
        page.expect_ascii();
    return page.text();
}

bool holds(const std::string &text, const std::string &what)
{
    return text.find(what) != std::string::npos;
}

TEST_F(Views, StatisticsSayWhatTheCaptureLost)
{
    record gap = sample::some(RECORD_GAP);
    gap.gap.bytes = 5000;
    store_capture c = {};
    c.live = true;
    c.packets = 48211;
    c.kernel_drops = 12;
    c.ring_drops = 3456;
    const std::string text = statistics_text(counted({gap}), c);
    EXPECT_TRUE(holds(text, "  packets               48 211\n")) << text;
    EXPECT_TRUE(holds(text, "  kernel drops              12\n")) << text;
    EXPECT_TRUE(holds(text, "  wsdump drops           3 456  packets")) << text;
    EXPECT_TRUE(holds(text, "  gaps                       1  4.9 KiB missing\n")) << text;
    c.kernel_drops = -1;
    EXPECT_TRUE(holds(statistics_text({}, c), "  kernel drops       not known\n"));
    EXPECT_FALSE(holds(text, "damaged"));
    c.phase = STORE_DAMAGED;
    g_strlcpy(c.error, "x.pcapng: packet 7 \x1b[31m is cut off", sizeof c.error);
    EXPECT_TRUE(
        holds(statistics_text({}, c), "damaged        x.pcapng: packet 7 \\x1b[31m is cut"));
}

TEST_F(Views, StatisticsNameCodesAndRules)
{
    record closed = sample::some_message(WSP_OPCODE_CLOSE, "");
    record known = closed;
    known.message.close_code = 1001;
    record unknown = closed;
    unknown.message.close_code = 999;
    record broken = sample::some(RECORD_VIOLATION);
    broken.violation = {3, "mask-missing", "RFC 6455 5.1", "a frame"};
    const std::string text = statistics_text(counted({closed, known, known, unknown, broken}), {});
    EXPECT_TRUE(holds(text, "  none                       1  a Close without a code\n")) << text;
    EXPECT_TRUE(holds(text, "  1001                       2  going away\n")) << text;
    EXPECT_TRUE(holds(text, "  999                        1  not a registered code\n")) << text;
    EXPECT_TRUE(holds(text, "  mask-missing                         1  RFC 6455 5.1\n")) << text;
}

TEST_F(Views, StatisticsColourBarsByWhoSent)
{
    record mine = sample::some_message(WSP_OPCODE_TEXT, "a");
    mine.from = WSP_FROM_CLIENT;
    const record theirs = sample::some_message(WSP_OPCODE_TEXT, "a");
    for (const auto &[records, first] :
         {std::pair<std::vector<record>, int>{{mine, theirs}, STYLE_CLIENT},
          {{theirs}, STYLE_SERVER}}) {
        const statistics s = counted(records);
        const store_capture c = {};
        Page page;
        page_statistics(page, &s, &c, 80, false);
        EXPECT_EQ(page.style_of("███"), first);
    }
}

TEST_F(Views, LadderDimsControlFrames)
{
    const record ping = sample::some_message(WSP_OPCODE_PING, "a"),
                 text = sample::some_message(WSP_OPCODE_TEXT, "a");
    Page page;
    ladder_row(page, &text, nullptr, 80, false);
    EXPECT_EQ(page.style_of("◀"), STYLE_SERVER);
    Page other;
    ladder_row(other, &ping, nullptr, 80, false);
    EXPECT_EQ(other.style_of("◀"), STYLE_DIM);
}

TEST_F(Views, StatisticsRatesMoveOnInSilence)
{
    std::vector<record> records;
    for (int i = 0; i < 8; i++)
        records.push_back(sample::some_message(WSP_OPCODE_TEXT, "a"));
    const statistics s = counted(records);
    store_capture c = {};
    c.time_ns = s.last_ns;
    EXPECT_TRUE(holds(statistics_text(s, c), "◀│" + std::string(59, ' ') + "█│"));
    c.time_ns += INT64_C(1000000000);
    EXPECT_TRUE(holds(statistics_text(s, c), "◀│" + std::string(58, ' ') + "█ │"));
    EXPECT_TRUE(holds(statistics_text(s, c), "  server ◀                   8            8"));
    c.time_ns += INT64_C(60000000000);
    EXPECT_TRUE(holds(statistics_text(s, c), "◀│" + std::string(60, ' ') + "│"));
}

TEST_F(Views, StatisticsOfHugeNumbersFit)
{
    statistics s;
    std::fill_n(reinterpret_cast<uint8_t *>(&s), sizeof s, uint8_t{0x7f});
    for (auto &rule : s.rules)
        rule.rule = "continuation-unexpected";
    store_capture c;
    std::fill_n(reinterpret_cast<uint8_t *>(&c), sizeof c, uint8_t{0x7f});
    c.live = false;
    c.phase = STORE_DAMAGED;
    for (const int width : {80, 81, 119, 120, 121, 200})
        for (const bool ascii : {false, true}) {
            Page page;
            page_statistics(page, &s, &c, width, ascii);
            page.expect_within(width);
        }
}

// --- findings ---

std::string finding(const record &r, int width = 120, bool ascii = false)
{
    Page page;
    findings_line(page, &r, width, ascii);
    page.expect_within(width);
    EXPECT_EQ(findings_is(&r), lines_count(page) == 1);
    return lines_count(page) ? page.texts()[0] : "";
}

record ended(record_how how, uint64_t bytes)
{
    record r = sample::some(RECORD_END);
    r.end = {};
    r.end.how = how;
    r.end.totals[WSP_FROM_SERVER].wire_bytes = bytes;
    return r;
}

TEST_F(Views, FindingsAreWhatDeservesALook)
{
    const sample::Head refusal("HTTP/1.1 403 No\r\n\r\n");
    const std::string from_server = " 11:00:00.123      #7 ◀ ",
                      from_none = " 11:00:00.123      #7   ";
    EXPECT_EQ(finding(sample::some_open(HANDSHAKE_REFUSED, &refusal, &refusal)),
              "⚑" + from_none + "refused                  the server refused the handshake: 403");
    EXPECT_EQ(
        finding(sample::some_open(HANDSHAKE_MISSING, nullptr, nullptr)),
        "≈" + from_none +
            "joined                   the handshake is not in the capture: known from its frames");
    record gap = sample::some(RECORD_GAP);
    gap.gap.bytes = 1448;
    EXPECT_EQ(finding(gap),
              "~" + from_server + "gap                      missing from the capture: 1.4 KiB");
    gap.gap.bytes = 0;
    EXPECT_EQ(finding(gap),
              "~" + from_server +
                  "gap                      missing from the capture: nobody knows how much");
    record broken = sample::some(RECORD_VIOLATION);
    broken.violation = {3, "mask-missing", "RFC 6455 5.1", "a frame"};
    EXPECT_EQ(finding(broken),
              "⚑" + from_server + "mask-missing             a frame, frame #3 (RFC 6455 5.1)");
    EXPECT_EQ(finding(ended(ENDED_RST, 0)),
              "⚑" + from_none + "reset                    TCP was reset (code 1006)");
    EXPECT_EQ(finding(ended(ENDED_FIN, 1)),
              "⚑" + from_none +
                  "no-close                 TCP was closed without a Close (code 1006)");
    record m = sample::some_message(WSP_OPCODE_TEXT, "abc");
    m.message.guessed = true;
    EXPECT_EQ(finding(m),
              "≈" + from_server +
                  "guessed                  that this is a message is not proven (text #5, 3 B)");
    m.message.complete = false;
    EXPECT_EQ(finding(m),
              "~" + from_server +
                  "incomplete               bytes of a message are not known (text #5, 3 B)");
    EXPECT_EQ(finding(m, 80, true),
              "~ 11:00:00.123      #7 < incomplete         bytes of a message are "
              "not known (t>");
    m.message.data = nullptr;
    EXPECT_EQ(finding(m),
              "≈" + from_server +
                  "not-inflated             a compressed message was not inflated (text #5, 3 B)");
    m = sample::some_message(WSP_OPCODE_CLOSE, "");
    m.message.close_code = 1011;
    EXPECT_EQ(finding(m),
              "⚑" + from_server + "close                    closed with 1011 internal error");
}

TEST_F(Views, FindingsAreNothingElse)
{
    const sample::Head head("HTTP/1.1 101 Yes\r\n\r\n");
    EXPECT_EQ(finding(sample::some_open(HANDSHAKE_SEEN, &head, &head)), "");
    EXPECT_EQ(finding(sample::some_message(WSP_OPCODE_TEXT, "abc")), "");
    record m = sample::some_message(WSP_OPCODE_CLOSE, "");
    for (const int code : {-1, 1000, 1001, 3000, 4999}) {
        m.message.close_code = code;
        EXPECT_EQ(finding(m), "") << code;
    }
    EXPECT_EQ(finding(sample::some_frame(sample::masked_header, ~0u)), "");
    EXPECT_EQ(finding(ended(ENDED_CLOSE, 1)), "");
    EXPECT_EQ(finding(ended(ENDED_EOF, 1)), "");
    EXPECT_EQ(finding(ended(ENDED_FIN, 0)), ""); // of a refused handshake, most likely
}

// --- anything that strangers may send ---

std::string random_bytes(std::mt19937 &random, size_t len)
{
    static const Texts pieces = {"\x1b[2J",
                                 "\n",
                                 "日本語",
                                 "e\u0301\u0301\u0301",
                                 "\u202e",
                                 "\xff",
                                 "\u200d",
                                 "\u0300",
                                 "👨‍👩‍👧",
                                 "plain words here",
                                 "\0x",
                                 "\u00ad",
                                 "\u0605",
                                 "\"",
                                 "\\",
                                 ", ",
                                 ";",
                                 "\t"};
    std::string bytes;
    while (bytes.size() < len) {
        if (random() % 3)
            bytes += pieces[random() % pieces.size()];
        else
            bytes += static_cast<char>(random());
    }
    return bytes;
}

// As it may stand in a head that is parsed: no line ends.
std::string random_value(std::mt19937 &random)
{
    std::string value = random_bytes(random, random() % 300);
    for (char &c : value)
        if (c == '\n' || c == '\r')
            c = ' ';
    return value;
}

// At which column the first arrow of these rows ends.
int end_of_arrow(const Texts &drawn)
{
    const size_t at = drawn.at(0).find("▶│");
    return at == std::string::npos ? -1 : flow_text_columns(drawn[0].data(), at);
}

TEST_F(Views, NothingInAHeadBreaksALine)
{
    const sample::Head plain("GET / HTTP/1.1\r\n\r\n");
    std::mt19937 random(5);
    for (int i = 0; i < 300; i++) {
        const std::string request =
            "GET /" + random_value(random) + " HTTP/1.1\r\nHost: " + random_value(random) +
            "\r\nSec-WebSocket-Key: " + random_value(random) + "\r\n" + random_value(random) +
            ": " + random_value(random) + "\r\nSec-WebSocket-Protocol: " + random_value(random) +
            "\r\n\r\n";
        const std::string response = "HTTP/1.1 101 " + random_value(random) +
                                     "\r\nSec-WebSocket-Accept: " + random_value(random) +
                                     "\r\nSec-WebSocket-Extensions: " + random_value(random) +
                                     "\r\n\r\n";
        const int width = 80 + static_cast<int>(random() % 130);
        Page page;
        Handshake(HANDSHAKE_SEEN, request, response).draw(page, width);
        const sample::Head asked(request), answered(response);
        ASSERT_EQ(
            end_of_arrow(
                rows(sample::some_open(HANDSHAKE_SEEN, &asked, &answered), nullptr, width)),
            end_of_arrow(rows(sample::some_open(HANDSHAKE_SEEN, &plain, &plain), nullptr, width)));
        ASSERT_FALSE(HasFailure()) << i;
    }
}

TEST_F(Views, NothingInAPayloadBreaksALadder)
{
    std::mt19937 random(6);
    for (int i = 0; i < 1000; i++) {
        const std::string payload = random_bytes(random, random() % 1000);
        const int width = 80 + static_cast<int>(random() % 130);
        const Texts drawn =
            rows(sample::some_message(i % 2 ? WSP_OPCODE_TEXT : WSP_OPCODE_CLOSE, payload), nullptr,
                 width);
        ASSERT_EQ(drawn.size(), 1u);
        ASSERT_FALSE(HasFailure()) << i;
    }
}

} // namespace
