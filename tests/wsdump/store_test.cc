// The store: what comes out is what went in, whatever the type; memory stays bounded and row
// numbers stay as they are; a view is not touched by what the writer does meanwhile.
#include "bundled.h"
#include "direct.h"
#include "records.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <thread>

extern "C" {
#include "filter.h"
#include "store.h"
#include "store_connections.h"
}

namespace
{

using namespace sample;

// A store with a writer and a reader.
class Store
{
public:
    explicit Store(uint64_t memory = 0, uint32_t connections = 0)
    {
        const store_limits limits = {memory, connections};
        store_ = store_new(&limits);
    }
    ~Store()
    {
        g_array_unref(summaries_);
        store_free(store_);
    }
    Store(const Store &) = delete;
    Store &operator=(const Store &) = delete;

    void take(const record &r)
    {
        store_take(store_, &r);
        store_publish(store_);
    }
    uint64_t memory()
    {
        return store_memory(store_, nullptr);
    }
    std::vector<store_connection> connections()
    {
        dropped = store_connections(store_, summaries_);
        const auto *first = reinterpret_cast<const store_connection *>(summaries_->data);
        return std::vector<store_connection>(first, first + summaries_->len);
    }
    store *get()
    {
        return store_;
    }
    uint64_t dropped = 0;

private:
    store *store_;
    GArray *summaries_ = g_array_new(FALSE, FALSE, sizeof(store_connection));
};

class View
{
public:
    explicit View(Store &s) : view_(store_look(s.get())) {}
    ~View()
    {
        store_release(&view_);
    }
    View(const View &) = delete;
    View &operator=(const View &) = delete;

    uint64_t first() const
    {
        return view_.first;
    }
    uint64_t end() const
    {
        return view_.end;
    }
    const record &operator[](uint64_t n) const
    {
        return *store_row(&view_, n);
    }
    uint64_t before(uint64_t n) const
    {
        return store_row_before(&view_, n);
    }

private:
    store_view view_;
};

record of_connection(uint64_t number, record r)
{
    r.conn = number;
    return r;
}

record open_of(uint64_t number)
{
    return of_connection(number, some_open(HANDSHAKE_MISSING, nullptr, nullptr));
}

record end_of(uint64_t number)
{
    return of_connection(number, some(RECORD_END));
}

std::string data_of(const record &r)
{
    return std::string(reinterpret_cast<const char *>(r.message.data), r.message.data_len);
}

// --- copies ---

struct Both {
    Store &stored;
    std::vector<std::string> direct;
};

void take_both(void *user, const record *r)
{
    auto *both = static_cast<Both *>(user);
    store_take(both->stored.get(), r);
    both->direct.push_back(json_of(*r));
}

class StoredCapture : public testing::TestWithParam<std::string>
{
};

TEST_P(StoredCapture, ComesOutAsItWentIn)
{
    Store s;
    Both both = {s, {}};
    run_capture(capture_path(GetParam()), take_both, &both);
    const View view(s);
    ASSERT_EQ(view.first(), 0u);
    ASSERT_EQ(view.end(), both.direct.size());
    for (uint64_t n = 0; n < view.end(); n++)
        ASSERT_EQ(json_of(view[n]), both.direct[n]);
}

TEST_P(StoredCapture, IsSummedUpAsItsEndRecordsSay)
{
    Store s;
    Both both = {s, {}};
    run_capture(capture_path(GetParam()), take_both, &both);
    const View view(s);
    uint64_t ends = 0;
    for (uint64_t n = 0; n < view.end(); n++) {
        const record &r = view[n];
        if (r.type != RECORD_END)
            continue;
        ends++;
        store_connection c;
        ASSERT_TRUE(store_find_connection(s.get(), r.conn, &c));
        EXPECT_TRUE(c.ended);
        EXPECT_EQ(c.how, r.end.how);
        EXPECT_EQ(c.last_row, n);
        EXPECT_EQ(view[c.open_row].type, RECORD_OPEN);
        EXPECT_EQ(view[c.open_row].conn, r.conn);
        for (int side = 0; side < 2; side++) {
            EXPECT_EQ(c.messages[side], r.end.totals[side].messages);
            EXPECT_EQ(c.bytes[side], r.end.totals[side].bytes);
        }
    }
    EXPECT_EQ(s.connections().size(), ends);
}

TEST_P(StoredCapture, IsReadBackwardsAlongEachConnection)
{
    Store s;
    Both both = {s, {}};
    run_capture(capture_path(GetParam()), take_both, &both);
    const View view(s);
    uint64_t seen = 0;
    for (const store_connection &c : s.connections()) {
        uint64_t at = c.last_row;
        for (; at != c.open_row; at = view.before(at), seen++) {
            ASSERT_LT(at, view.end());
            ASSERT_EQ(view[at].conn, c.number);
            ASSERT_TRUE(view.before(at) < at);
        }
        EXPECT_EQ(view.before(at), STORE_NO_ROW);
        seen++;
    }
    EXPECT_EQ(seen, view.end());
}

std::string name_of_case(const testing::TestParamInfo<std::string> &info)
{
    std::string name = capture_name(info.param);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Bundled, StoredCapture, testing::ValuesIn(bundled_captures()),
                         name_of_case);

TEST(Store, KeepsNothingOfTheOriginal)
{
    Store s;
    {
        auto request = std::make_unique<Head>("GET /a HTTP/1.1\r\nHost: example.org\r\n\r\n");
        auto from = std::make_unique<endpoint>(client);
        record r = some_open(HANDSHAKE_PARTIAL, request.get(), nullptr);
        r.open.client = from.get();
        s.take(r);
        auto header = std::make_unique<wsp_frame_header>(masked_header);
        s.take(some_frame(*header, WSP_V_LENGTH_MSB));
        auto missing = std::make_unique<record_missing>(record_missing{1, 2});
        auto data = std::make_unique<std::string>(std::string("a\0\0d", 4));
        record m = some_message(WSP_OPCODE_BINARY, *data);
        m.message.missing = missing.get();
        m.message.missing_count = 1;
        s.take(m);
        *from = {};
        *header = {};
        *missing = {};
        data->assign("xxxx");
    }
    const View view(s);
    const wsp_http_head *head = view[0].open.request;
    EXPECT_EQ(std::string(head->target.data, head->target.len), "/a");
    EXPECT_EQ(std::string(head->headers[0].value.data, head->headers[0].value.len), "example.org");
    EXPECT_EQ(view[0].open.response, nullptr);
    EXPECT_EQ(view[0].open.client->port, 40000);
    EXPECT_EQ(view[1].frame.header->payload_length, masked_header.payload_length);
    EXPECT_EQ(data_of(view[2]), std::string("a\0\0d", 4));
    EXPECT_EQ(view[2].message.missing[0].len, 2u);
}

TEST(Store, TellsNoDataFromEmptyData)
{
    Store s;
    s.take(some_message(WSP_OPCODE_BINARY, ""));
    record unknown = some_message(WSP_OPCODE_BINARY, "");
    unknown.message.data = nullptr;
    s.take(unknown);
    const View view(s);
    EXPECT_NE(view[0].message.data, nullptr);
    EXPECT_EQ(view[1].message.data, nullptr);
}

// --- memory ---

// Whatever a store of a mebibyte is fed with, `check` holds after every record.
void feed_at_random(Store &s, unsigned seed, const std::function<void()> &check)
{
    std::mt19937 random(seed);
    const std::string payload(300000, 'x');
    const Head head("GET / HTTP/1.1\r\nHost: example.org\r\nCookie: " + std::string(4000, 'c') +
                    "\r\n\r\n");
    uint64_t opened = 0;
    for (int i = 0; i < 20000; i++) {
        const auto conn = opened ? 1 + random() % opened : 1;
        const auto size = random() % 500 ? random() % 300 : random() % payload.size();
        switch (random() % 8) {
        case 0: s.take(of_connection(++opened, some_open(HANDSHAKE_SEEN, &head, nullptr))); break;
        case 1: s.take(end_of(conn)); break;
        case 2: s.take(of_connection(conn, some(RECORD_GAP))); break;
        case 3: s.take(of_connection(conn, some_frame(masked_header, 0))); break;
        default:
            s.take(of_connection(conn, some_message(WSP_OPCODE_TEXT, payload.substr(0, size))));
        }
        check();
    }
}

TEST(StoreMemory, StaysBoundedWhateverComes)
{
    const uint64_t limit = 1 << 20;
    Store s(limit);
    uint64_t most = 0;
    feed_at_random(s, 1, [&] { most = std::max(most, s.memory()); });
    EXPECT_LE(most, limit);
    EXPECT_GT(most, limit / 2); // and is made use of
    const View view(s);
    EXPECT_GT(view.first(), 0u);
    EXPECT_EQ(view.end(), 20000u);
    EXPECT_GT(s.connections().size(), 0u);
}

TEST(StoreMemory, OfManySmallRecordsIsUsedForThem)
{
    const uint64_t limit = 8 << 20, size = 100;
    Store s(limit);
    const std::string payload(size, 'x');
    for (int i = 0; i < 100000; i++)
        s.take(some_message(WSP_OPCODE_TEXT, payload));
    const View view(s);
    const uint64_t kept = view.end() - view.first();
    EXPECT_LE(s.memory(), limit);
    EXPECT_GT(kept * (size + sizeof(record)), limit * 3 / 4);
}

TEST(StoreMemory, OfWhatAViewHoldsCountsUntilItIsReleased)
{
    const uint64_t limit = 1 << 20;
    Store s(limit);
    const std::string payload(1000, 'x');
    const auto fill = [&] {
        for (int i = 0; i < 2000; i++)
            s.take(some_message(WSP_OPCODE_TEXT, payload));
    };
    fill();
    {
        const View view(s);
        fill();
        EXPECT_GT(s.memory(), limit * 3 / 2);
    }
    EXPECT_LE(s.memory(), limit);
}

TEST(StoreMemory, IsNotExceededByOneRecordLargerThanAll)
{
    const uint64_t limit = 1 << 20;
    Store s(limit);
    std::string payload(4 << 20, 'x');
    payload[0] = 'a';
    for (int i = 0; i < 3; i++)
        s.take(some_message(WSP_OPCODE_TEXT, payload));
    EXPECT_LE(s.memory(), limit);
    const View view(s);
    const record_message &kept = view[2].message;
    EXPECT_TRUE(kept.truncated);
    EXPECT_EQ(kept.length, payload.size());
    EXPECT_GT(kept.data_len, limit / 4);
    EXPECT_LT(kept.data_len, limit);
    EXPECT_EQ(data_of(view[2]), payload.substr(0, kept.data_len));
}

TEST(StoreMemory, IsNotExceededByAMessageWithManyHoles)
{
    const uint64_t limit = 1 << 20;
    Store s(limit);
    const std::string payload(400000, '\0');
    std::vector<record_missing> missing;
    for (uint64_t i = 0; i < 200000; i++)
        missing.push_back({2 * i, 1});
    record r = some_message(WSP_OPCODE_BINARY, payload);
    r.message.missing = missing.data();
    r.message.missing_count = missing.size();
    s.take(r);
    EXPECT_LE(s.memory(), limit);
    const View view(s);
    const record_message &kept = view[0].message;
    EXPECT_TRUE(kept.truncated);
    EXPECT_GT(kept.missing_count, 1000u);
    EXPECT_LE(kept.data_len, missing[kept.missing_count].offset); // no hole passes for zeros
}

TEST(StoreMemory, IsNotExceededByConnections)
{
    const uint64_t limit = 1 << 20;
    Store s(limit);
    for (uint64_t n = 1; n <= 5000; n++)
        s.take(open_of(n));
    EXPECT_LE(s.memory(), limit);
    EXPECT_GT(s.connections().size(), 100u);
    EXPECT_EQ(s.connections().size() + s.dropped, 5000u);
}

// --- rows ---

TEST(StoreRows, KeepTheirNumbersWhenOlderOnesLeave)
{
    Store s(1 << 20);
    for (uint64_t i = 0; i < 50000; i++) {
        record r = some_message(WSP_OPCODE_TEXT, "some payload");
        r.message.number = i;
        s.take(r);
        if (i % 1000)
            continue;
        const View view(s);
        ASSERT_EQ(view.end(), i + 1);
        for (uint64_t n = view.first(); n < view.end(); n++)
            ASSERT_EQ(view[n].message.number, n);
    }
    EXPECT_GT(View(s).first(), 0u);
}

TEST(StoreRows, OfAViewSurviveThatAllOfThemLeave)
{
    Store s(1 << 20);
    const auto payload = [](uint64_t n) { return "payload " + std::to_string(n); };
    for (uint64_t n = 0; n < 1000; n++)
        s.take(some_message(WSP_OPCODE_TEXT, payload(n)));
    const View view(s);
    for (int i = 0; i < 20000; i++)
        s.take(some_message(WSP_OPCODE_TEXT, std::string(300, 'x')));
    ASSERT_GT(View(s).first(), view.end());
    ASSERT_EQ(view.end(), 1000u);
    for (uint64_t n = 0; n < 1000; n++)
        ASSERT_EQ(data_of(view[n]), payload(n));
}

TEST(StoreRows, ThatLeftAreNotBeforeOthers)
{
    Store s(1 << 20);
    s.take(open_of(1));
    for (int i = 0; i < 50000; i++)
        s.take(of_connection(1, some_message(WSP_OPCODE_TEXT, "some payload")));
    const View view(s);
    uint64_t rows = 0, at = view.end() - 1;
    for (; at != STORE_NO_ROW; at = view.before(at), rows++)
        ASSERT_GE(at, view.first());
    EXPECT_EQ(rows, view.end() - view.first());
}

TEST(StoreRows, GoThroughFiltersAsTheyAre)
{
    Store s;
    s.take(some_message(WSP_OPCODE_TEXT, "needle"));
    s.take(some_message(WSP_OPCODE_TEXT, "hay"));
    GError *error = nullptr;
    filter *f = filter_new("data contains \"needle\"", &error);
    ASSERT_NE(f, nullptr) << error->message;
    int selected = 0;
    filter_connect(
        f, [](void *user, const record *) { ++*static_cast<int *>(user); }, &selected);
    const View view(s);
    for (uint64_t n = 0; n < view.end(); n++)
        filter_take(f, &view[n]);
    EXPECT_EQ(selected, 1);
    filter_free(f);
}

TEST(Store, TellsOfWhatIsNew)
{
    Store s;
    const uint64_t before = store_version(s.get());
    const record r = some(RECORD_GAP);
    store_take(s.get(), &r);
    store_publish(s.get());
    const uint64_t after = store_version(s.get());
    EXPECT_NE(after, before);
    store_publish(s.get());
    EXPECT_EQ(store_version(s.get()), after);
    store_capture capture = {};
    capture.packets = 7;
    store_set_capture(s.get(), &capture);
    EXPECT_NE(store_version(s.get()), after);
    const uint64_t told = store_version(s.get());
    store_set_capture(s.get(), &capture);
    EXPECT_EQ(store_version(s.get()), told);
    EXPECT_EQ(store_get_capture(s.get()).packets, 7u);
    EXPECT_EQ(store_get_statistics(s.get()).gaps, 1u);
}

// --- connections ---

std::vector<uint64_t> numbers(Store &s)
{
    std::vector<uint64_t> out;
    for (const store_connection &c : s.connections())
        out.push_back(c.number);
    return out;
}

TEST(StoreConnections, BeyondTheLimitTheOldestEndedOnesGo)
{
    Store s(0, 3);
    for (uint64_t n = 1; n <= 3; n++)
        s.take(open_of(n));
    s.take(end_of(2));
    s.take(end_of(1));
    s.take(open_of(4));
    EXPECT_EQ(numbers(s), (std::vector<uint64_t>{1, 3, 4}));
    s.take(open_of(5));
    EXPECT_EQ(numbers(s), (std::vector<uint64_t>{3, 4, 5}));
    s.take(open_of(6));
    EXPECT_EQ(numbers(s), (std::vector<uint64_t>{4, 5, 6}));
    EXPECT_EQ(s.dropped, 3u);
    store_connection c;
    EXPECT_FALSE(store_find_connection(s.get(), 3, &c));
    EXPECT_TRUE(store_find_connection(s.get(), 4, &c));
}

TEST(StoreConnections, AreAllCopiedHoweverMany)
{
    Store s;
    for (uint64_t n = 1; n <= 1000; n++)
        s.take(open_of(n));
    const auto all = numbers(s);
    ASSERT_EQ(all.size(), 1000u);
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
}

// They are copied some at a time; connections come and go in between.
TEST(StoreConnections, AreCopiedOnWhenTheNextOneHasGone)
{
    connection_table table;
    connections_init(&table, 200);
    const auto add = [&](uint64_t from, uint64_t to) {
        for (uint64_t n = from; n <= to; n++) {
            const record r = open_of(n);
            connections_take(&table, connections_find(&table, n), &r, n);
        }
    };
    GArray *out = g_array_new(FALSE, FALSE, sizeof(store_connection));
    add(1, 200);
    ASSERT_TRUE(connections_copy(&table, true, out));
    const guint before = out->len;
    add(201, 350); // so that those up to 150 go
    while (connections_copy(&table, false, out))
        ;
    ASSERT_EQ(out->len, before + 200);
    EXPECT_EQ(g_array_index(out, store_connection, before).number, 151u);
    EXPECT_EQ(g_array_index(out, store_connection, out->len - 1).number, 350u);
    add(351, 551); // all of them go
    EXPECT_FALSE(connections_copy(&table, false, out));
    g_array_unref(out);
    connections_clear(&table);
}

TEST(StoreConnections, HaveTheirHandshakeInShort)
{
    const Head request("GET /" + std::string(500, 'p') + " HTTP/1.1\r\nHost: example.org\r\n\r\n");
    const Head response("HTTP/1.1 101 Go\r\nSec-WebSocket-Protocol: chat\r\n"
                        "Sec-WebSocket-Extensions: permessage-deflate; "
                        "client_no_context_takeover\r\n\r\n");
    Store s;
    s.take(some_open(HANDSHAKE_SEEN, &request, &response));
    const store_connection c = s.connections().at(0);
    EXPECT_EQ(c.number, 7u);
    EXPECT_EQ(c.client.port, 40000);
    EXPECT_EQ(c.server.version, 6);
    EXPECT_EQ(c.handshake, HANDSHAKE_SEEN);
    EXPECT_EQ(c.status, 101);
    EXPECT_STREQ(c.host, "example.org");
    EXPECT_EQ(std::string(c.path), "/" + std::string(STORE_TEXT - 2, 'p'));
    EXPECT_STREQ(c.subprotocol, "chat");
    EXPECT_TRUE(c.compressed);
    EXPECT_FALSE(c.ended);
    EXPECT_EQ(c.close_code, -1);
    EXPECT_EQ(c.closed_by, WSP_FROM_UNKNOWN);
    EXPECT_EQ(c.rtt_ns, -1);
}

TEST(StoreConnections, KeepTheFirstCloseAndTheNewestRoundTrip)
{
    Store s;
    s.take(of_connection(7, open_of(7)));
    const auto pong = [&](int64_t rtt) {
        record r = some_message(WSP_OPCODE_PONG, "");
        r.message.rtt_ns = rtt;
        s.take(r);
    };
    const auto close = [&](wsp_sender from, int32_t code) {
        record r = some_message(WSP_OPCODE_CLOSE, "");
        r.from = from;
        r.message.close_code = code;
        s.take(r);
    };
    for (int64_t rtt : {5, 9, -1})
        pong(rtt);
    close(WSP_FROM_SERVER, 1001);
    close(WSP_FROM_CLIENT, 1000);
    record broken = some(RECORD_VIOLATION);
    broken.violation = {1, "mask-missing", "RFC 6455 5.1", ""};
    s.take(broken);
    s.take(some(RECORD_GAP));
    const store_connection c = s.connections().at(0);
    EXPECT_EQ(c.rtt_ns, 9);
    EXPECT_EQ(c.closed_by, WSP_FROM_SERVER);
    EXPECT_EQ(c.close_code, 1001);
    EXPECT_EQ(c.messages[WSP_FROM_SERVER], 4u);
    EXPECT_EQ(c.messages[WSP_FROM_CLIENT], 1u);
    EXPECT_EQ(c.violations, 1u);
    EXPECT_EQ(c.gaps, 1u);
}

TEST(StoreConnections, CountTheMessagesOfTheNewestSeconds)
{
    Store s;
    s.take(open_of(7));
    const int64_t second = 1000000000, begin = some(RECORD_GAP).time_ns / second;
    const auto at = [&](int64_t n, int count = 1) {
        record r = some_message(WSP_OPCODE_TEXT, "");
        r.time_ns = (begin + n) * second + 1;
        for (int i = 0; i < count; i++)
            s.take(r);
    };
    at(0);
    at(2, 2);
    at(1); // late
    at(3, UINT16_MAX + 1);
    store_connection c = s.connections().at(0);
    EXPECT_EQ(c.rates_second, begin + 3);
    const uint16_t *newest = &c.rates[WSP_FROM_SERVER][STORE_RATES - 1];
    EXPECT_EQ(newest[0], UINT16_MAX);
    EXPECT_EQ(newest[-1], 2);
    EXPECT_EQ(newest[-2], 1);
    EXPECT_EQ(newest[-3], 1);
    EXPECT_EQ(newest[-4], 0);
    EXPECT_EQ(c.rates[WSP_FROM_CLIENT][STORE_RATES - 1], 0);
    at(3 + STORE_RATES);
    c = s.connections().at(0);
    EXPECT_EQ(std::count(c.rates[1], c.rates[1] + STORE_RATES, 0), STORE_RATES - 1);
    EXPECT_EQ(c.rates[1][STORE_RATES - 1], 1);
    at(0); // older than all
    c = s.connections().at(0);
    EXPECT_EQ(std::count(c.rates[0], c.rates[0] + 2 * STORE_RATES, 0), 2 * STORE_RATES - 1);
}

// --- two threads ---

// For TSan as well: what the reader sees is whole while the writer goes on.
TEST(StoreThreads, ReadWhatIsThereWhileMoreComes)
{
    Store s(1 << 20, 300);
    std::atomic<bool> over{false};
    std::thread writer([&] {
        for (uint64_t n = 0; n < 60000; n++) {
            if (n % 50 == 0)
                s.take(open_of(n / 50 + 1));
            else if (n % 50 == 49)
                s.take(end_of(n / 50 + 1));
            else
                s.take(of_connection(n / 50 + 1, some_message(WSP_OPCODE_TEXT, std::to_string(n))));
        }
        over = true;
    });
    uint64_t looks = 0, last_end = 0;
    while (!over || looks == 0) {
        const View view(s);
        EXPECT_GE(view.end(), last_end);
        last_end = view.end();
        for (uint64_t n = view.first(); n < view.end(); n++)
            if (view[n].type == RECORD_MESSAGE) {
                ASSERT_EQ(data_of(view[n]), std::to_string(n));
            }
        const auto all = numbers(s);
        ASSERT_EQ(std::adjacent_find(all.begin(), all.end(), std::greater_equal<>()), all.end());
        const statistics counts = store_get_statistics(s.get());
        ASSERT_GE(counts.connections, counts.ended);
        looks++;
    }
    writer.join();
    EXPECT_EQ(View(s).end(), 60000u);
}

} // namespace
