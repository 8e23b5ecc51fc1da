// -w: of all packets those of WebSocket connections, from their first on, in bounded memory.
#include "packets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

extern "C" {
#include "pcapng.h"
#include "pcapng_write.h"
#include "save.h"
}

namespace
{

using Written = std::vector<std::string>;

// Plays the tcp stage and the session: connections that begin, turn out to be WebSockets, and end.
class Saving
{
public:
    explicit Saving(const save_limits &limits = {})
    {
        stream_ = open_memstream(&buffer_, &size_);
        writer_ = pcapng_writer_new(stream_, "wsdump", nullptr);
        save_ = save_new(write_packet, this, &limits, on_event, this);
    }
    ~Saving()
    {
        save_free(save_);
        pcapng_writer_free(writer_);
        fclose(stream_);
        free(buffer_);
    }
    Saving(const Saving &) = delete;
    Saving &operator=(const Saving &) = delete;

    void begin(char name)
    {
        connections_[name] = {};
        send(name, TCP_EVENT_OPEN);
    }
    // A packet "a1", "a2", ... of connection "a". What it brings is a handshake, or nothing new.
    void pass(const std::string &text, bool handshake = false)
    {
        tcp_connection &c = connections_[text[0]];
        decides_ = handshake;
        send(text[0], TCP_EVENT_DATA);
        decides_ = false;
        hand_over(text, &c);
    }
    void end(char name, bool is_websocket = false)
    {
        decides_ = is_websocket;
        send(name, TCP_EVENT_END);
        decides_ = false;
    }
    void hand_over(const std::string &text, tcp_connection *connection)
    {
        const packet p = packet_of(text, 0);
        save_packet(save_, &p, connection);
    }
    void fragment(const std::string &text, uint64_t number)
    {
        const packet p = packet_of(text, number);
        save_fragment(save_, &p);
    }
    void claim(char name, const std::vector<uint64_t> &numbers)
    {
        save_claim(save_, numbers.data(), numbers.size(), &connections_[name]);
    }
    Written written()
    {
        pcapng_writer_flush(writer_);
        FILE *file = fmemopen(buffer_, size_, "rb");
        pcapng *reader = pcapng_new(file);
        Written texts;
        for (packet p = {}; pcapng_next(reader, &p) == PCAPNG_PACKET;)
            texts.emplace_back(p.data, p.data + p.captured);
        EXPECT_STREQ(pcapng_error(reader), "");
        pcapng_free(reader);
        fclose(file);
        return texts;
    }
    save_totals totals() const
    {
        return *save_get_totals(save_);
    }
    // Of each packet that was handed on: how many of its connection came before it.
    std::vector<uint64_t> before;
    // Events that the next stage got.
    int events = 0;

private:
    packet packet_of(const std::string &text, uint64_t number)
    {
        packet p = {};
        p.number = number;
        p.time_ns = ++clock_;
        p.link = 1;
        p.captured = static_cast<uint32_t>(text.size());
        p.original = p.captured;
        p.data = reinterpret_cast<const uint8_t *>(text.data());
        return p;
    }
    static void write_packet(void *user, const packet *p, const save_origin *origin)
    {
        auto *self = static_cast<Saving *>(user);
        self->before.push_back(origin->before);
        pcapng_writer_add(self->writer_, p->time_ns, p->link, p->data, p->captured, p->original);
    }
    static void on_event(void *user, const tcp_event *event)
    {
        auto *self = static_cast<Saving *>(user);
        self->events++;
        event->connection->websocket |= self->decides_;
    }
    void send(char name, tcp_event_type type)
    {
        tcp_event event = {};
        event.type = type;
        event.connection = &connections_[name];
        save_tcp_event(save_, &event);
    }

    char *buffer_ = nullptr;
    size_t size_ = 0;
    FILE *stream_;
    pcapng_writer *writer_;
    save *save_;
    std::map<char, tcp_connection> connections_;
    bool decides_ = false;
    int64_t clock_ = 0;
};

TEST(Save, BeginsWithTheFirstPacketOfTheConnection)
{
    Saving s;
    s.begin('a');
    s.pass("a1");
    s.pass("a2");
    EXPECT_EQ(s.written(), Written{}) << "not known yet";
    s.pass("a3", true);
    EXPECT_EQ(s.written(), (Written{"a1", "a2", "a3"}));
    s.pass("a4");
    EXPECT_EQ(s.written(), (Written{"a1", "a2", "a3", "a4"}));
    EXPECT_EQ(s.totals().packets, 4u);
    EXPECT_EQ(s.totals().dropped, 0u);
    EXPECT_EQ(s.events, 5) << "all go on to the next stage";
    s.end('a');
}

TEST(Save, LeavesOutOtherConnectionsAndPacketsOfNone)
{
    Saving s;
    s.begin('a');
    s.begin('b');
    s.pass("a1");
    s.pass("b1");
    s.hand_over("stray", nullptr);
    s.pass("b2", true);
    s.pass("a2");
    s.end('a');
    s.end('b');
    EXPECT_EQ(s.written(), (Written{"b1", "b2"}));
    EXPECT_EQ(s.totals().dropped, 0u);
}

TEST(Save, WritesWhatShowsToBeAWebSocketOnlyAtItsEnd)
{
    Saving s;
    s.begin('a');
    s.pass("a1");
    s.end('a', true);
    s.pass("a2"); // the last ACK
    EXPECT_EQ(s.written(), (Written{"a1", "a2"}));
}

TEST(Save, HoldsNothingOfAConnectionThatIsOver)
{
    save_limits limits = {};
    limits.max_held = 200;
    Saving s(limits);
    s.begin('a');
    s.end('a');
    s.begin('b');
    s.pass("b1");
    for (int i = 0; i < 100; i++)
        s.pass("a1"); // would push b1 out
    s.pass("b2", true);
    s.end('b');
    EXPECT_EQ(s.written(), (Written{"b1", "b2"}));
}

TEST(Save, DropsTheOldestOfAConnectionBeyondItsLimitAndCountsThem)
{
    save_limits limits = {};
    limits.max_connection = 3 * (SAVE_PACKET_COST + 2);
    Saving s(limits);
    s.begin('a');
    for (int i = 1; i <= 5; i++)
        s.pass("a" + std::to_string(i));
    s.begin('b'); // others have their own
    s.pass("b1");
    s.pass("b2", true);
    s.pass("a6", true);
    EXPECT_EQ(s.written(), (Written{"b1", "b2", "a3", "a4", "a5", "a6"}));
    EXPECT_EQ(s.before, (std::vector<uint64_t>{0, 1, 2, 3, 4, 5})) << "with those that are gone";
    EXPECT_EQ(s.totals().dropped, 2u);
    s.end('a');
    s.end('b');
}

TEST(Save, DropsTheOldestOfAllBeyondTheLimitAndCountsThoseOfWebSockets)
{
    save_limits limits = {};
    limits.max_held = 3 * (SAVE_PACKET_COST + 2);
    Saving s(limits);
    s.begin('a');
    s.begin('b');
    for (const char *packet : {"a1", "b1", "a2", "b2", "a3"})
        s.pass(packet); // a1 and b1 go
    s.pass("b3", true);
    EXPECT_EQ(s.written(), (Written{"b2", "b3"}));
    EXPECT_EQ(s.totals().dropped, 1u);
    s.end('a');
    s.end('b');
    EXPECT_EQ(s.totals().dropped, 1u) << "what is no WebSocket is no loss";
}

TEST(Save, TakesTheFragmentsThatASegmentWasMadeOf)
{
    Saving s;
    s.begin('a');
    s.fragment("f1", 1);
    s.fragment("g1", 2);
    s.fragment("f2", 3);
    s.claim('a', {1, 3, 4});
    s.pass("a3", true);
    EXPECT_EQ(s.written(), (Written{"f1", "f2", "a3"}));
    s.claim('a', {1, 3, 4}); // are there no longer
    s.fragment("f4", 5);
    s.claim('a', {5});
    EXPECT_EQ(s.written(), (Written{"f1", "f2", "a3", "f4"}));
    s.end('a');
}

TEST(Save, HoldsFourMebibytesOfFragments)
{
    Saving s;
    s.begin('a');
    s.pass("a1", true);
    s.fragment("first", 1);
    for (uint64_t i = 2; i < 100; i++)
        s.fragment(std::string(50000, 'x'), i);
    s.fragment("last", 100);
    s.claim('a', {1, 100});
    EXPECT_EQ(s.written(), (Written{"a1", "last"}));
    s.end('a');
}

TEST(Save, DropsAPacketThatIsLargerThanTheLimit)
{
    save_limits limits = {};
    limits.max_held = 100;
    Saving s(limits);
    s.begin('a');
    s.pass("a" + std::string(100, 'x'));
    s.pass("a2", true);
    s.end('a');
    EXPECT_EQ(s.written(), (Written{"a2"}));
    EXPECT_EQ(s.totals().dropped, 1u);
}

} // namespace
