// The bundled captures, damaged as networks and captures damage them: what is still there is
// decoded, all of it, and nothing that was never sent. captures/make/damage says what each kind
// does.
#include "account.h"

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>

extern "C" {
#include "decap.h"
#include "source.h"
#include "tcp.h"
}

namespace
{

using Case = std::tuple<std::string, std::string>; // kind of damage, file of the capture

std::string case_name(const testing::TestParamInfo<Case> &info)
{
    return std::get<0>(info.param) + "_" + capture_name(std::get<1>(info.param));
}

// A damaged copy of a capture.
class Damaged : public testing::TestWithParam<Case>
{
protected:
    void SetUp() override
    {
        const Outcome made = run({"/usr/bin/python3", std::string(CAPTURES_DIR) + "/make/damage",
                                  kind, capture_path(file), copy_.path()});
        if (made.status == 127)
            GTEST_SKIP() << "/usr/bin/python3 is missing: the Debian package python3";
        ASSERT_EQ(made.status, 0) << made.err;
    }
    const char *path() const
    {
        return copy_.path();
    }

    const std::string kind = std::get<0>(GetParam()), file = std::get<1>(GetParam());

private:
    const build::TempFile copy_{{}};
};

constexpr char LOST = '\0';

// What was sent one way over a connection: bytes, and for each whether it is known.
struct Stream {
    std::string bytes, known; // known: 'x', or ' ' where a gap is
    int conflicts = 0;
};

// By "from > to", and which of the connections between these.
using Streams = std::map<std::string, Stream>;

class Reader
{
public:
    explicit Reader(const std::string &path)
    {
        GError *error = nullptr;
        source *s = source_open_file(path.c_str(), &error);
        if (!s) {
            ADD_FAILURE() << error->message;
            g_error_free(error);
            return;
        }
        tcp *t = tcp_new(nullptr, sink, this);
        packet p;
        segment found;
        while (source_next(s, &p) == SOURCE_PACKET)
            if (decap(&p, nullptr, &found) == DECAP_TCP)
                tcp_segment(t, &found, p.number, p.time_ns);
        tcp_finish(t);
        tcp_free(t);
        source_close(s);
    }
    Streams streams;

private:
    static void sink(void *user, const tcp_event *e)
    {
        static_cast<Reader *>(user)->take(e);
    }

    Stream &stream_of(const tcp_event *e)
    {
        char from[ENDPOINT_TEXT], to[ENDPOINT_TEXT];
        endpoint_format(from, &e->connection->side[e->side]);
        endpoint_format(to, &e->connection->side[1 - e->side]);
        return streams[std::string(from) + " > " + to];
    }

    void take(const tcp_event *e)
    {
        if (e->type == TCP_EVENT_DATA) {
            Stream &s = stream_of(e);
            s.bytes.append(reinterpret_cast<const char *>(e->data), e->len);
            s.known.append(e->len, 'x');
        } else if (e->type == TCP_EVENT_GAP) {
            Stream &s = stream_of(e);
            s.bytes.append(e->len, LOST);
            s.known.append(e->len, ' ');
        } else if (e->type == TCP_EVENT_CONFLICT) {
            stream_of(e).conflicts++;
        }
    }
};

// --- what loses nothing ---

class Harmless : public Damaged
{
};

TEST_P(Harmless, ChangesNoByteOfAnyStream)
{
    const Reader whole(capture_path(file)), now(path());
    EXPECT_EQ(whole.streams.size(), now.streams.size());
    for (const auto &[name, sent] : whole.streams) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(now.streams.count(name));
        const Stream &seen = now.streams.at(name);
        EXPECT_EQ(seen.known, sent.known);
        EXPECT_TRUE(seen.bytes == sent.bytes);
        EXPECT_EQ(sent.conflicts, 0);
        if (kind != "rewrite" && kind != "all") {
            EXPECT_EQ(seen.conflicts, 0);
        }
    }
}

TEST_P(Harmless, HidesNoMessageThatTheApplicationsKnowOf)
{
    for (const char *side : {"client", "server"})
        if (std::filesystem::exists(log_path(file, side)))
            expect_agreement(path(), file, side, kind != "apart");
}

INSTANTIATE_TEST_SUITE_P(Damage, Harmless,
                         testing::Combine(testing::Values("reorder", "duplicate", "overlap",
                                                          "rewrite", "swap", "apart", "wrap",
                                                          "all"),
                                          testing::ValuesIn(bundled_captures())),
                         case_name);

class Rewritten : public Damaged
{
};

TEST_P(Rewritten, IsSaid)
{
    const Outcome outcome = wsdump({"-r", path(), "--show", "end"});
    EXPECT_NE(outcome.err.find(" bytes were sent twice with different content; the first were used "
                               "(first in connection 1, packet "),
              std::string::npos)
        << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(Damage, Rewritten, testing::Values(Case{"rewrite", "echo.pcapng"}),
                         case_name);

// --- what loses something ---

class Lossy : public Damaged
{
};

// Every byte stays where it was, or is in a gap.
TEST_P(Lossy, LeavesGapsOfTheLengthThatIsLost)
{
    const Reader whole(capture_path(file)), now(path());
    for (const auto &[name, seen] : now.streams) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(whole.streams.count(name));
        const Stream &sent = whole.streams.at(name);
        ASSERT_EQ(seen.bytes.size(), sent.bytes.size());
        for (size_t i = 0; i < sent.bytes.size(); i++)
            ASSERT_TRUE(seen.known[i] == ' ' || seen.bytes[i] == sent.bytes[i]) << i;
    }
    if (kind == "loss") {
        EXPECT_EQ(whole.streams.size(), now.streams.size());
    }
}

INSTANTIATE_TEST_SUITE_P(Damage, Lossy,
                         testing::Combine(testing::Values("loss", "cut", "oneway"),
                                          testing::ValuesIn(bundled_captures())),
                         case_name);

} // namespace
