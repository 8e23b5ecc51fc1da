// The test vectors against any WebSocket implementation: write an adapter, get one GoogleTest per
// vector. README.md beside this file shows one; the README of the vectors says what they mean.
// Needs GoogleTest, json-glib and the folder of the vectors, and nothing else of this project.
#pragma once

#include "wsproto_vectors.h"

#include <gtest/gtest.h>

#include <functional>

namespace wsproto_conformance
{
// ---- What an adapter gives -------------------------------------------------------------------

// One stream, as the implementation under test reads it. An adapter derives from it, and says what
// the implementation says by calling deliver and fail from inside feed and end.
class Reading
{
public:
    virtual ~Reading() = default;
    // The next piece of the stream. It is not called again after a failure, unless the adapter's
    // abilities say that it names all rules.
    virtual void feed(const uint8_t *in, size_t len) = 0;
    // The stream has ended.
    virtual void end() {}

    // A message or control frame is whole. What comes behind a failure does not count.
    void deliver(const Event &event)
    {
        if (!failed_)
            events_.push_back(event);
    }
    // As deliver, with the opcode and the payload as they come from a decoder.
    void deliver(int opcode, const Bytes &payload);
    // The implementation fails the connection, or refuses the handshake. `rule`: its name in the
    // table of the vectors' README, if known. `known_after`: so many bytes of the stream, if known.
    void fail(const std::string &rule = "", int64_t known_after = -1)
    {
        if (!failed_)
            known_after_ = known_after;
        failed_ = true;
        rules_.push_back(rule);
    }
    // The HTTP status with which a request is refused.
    void refuse_with(int status)
    {
        status_ = status;
    }
    // A server takes an offer of permessage-deflate, and this is the element of
    // Sec-WebSocket-Extensions that it answers. Not called: it declines.
    void answer_with(const std::string &element)
    {
        answer_ = element;
    }
    // A client takes the server's answer, and these parameters of permessage-deflate hold from now
    // on. Windows of 15 bits may be left out. Not called: messages are not compressed.
    void agree(const Parameters &agreed)
    {
        agreed_ = agreed;
    }

    bool failed() const
    {
        return failed_;
    }
    const std::vector<Event> &events() const
    {
        return events_;
    }
    const std::vector<std::string> &rules() const
    {
        return rules_;
    }
    int64_t known_after() const
    {
        return known_after_;
    }
    int status() const
    {
        return status_;
    }
    const std::optional<std::string> &answer() const
    {
        return answer_;
    }
    const std::optional<Parameters> &agreed() const
    {
        return agreed_;
    }

private:
    bool failed_ = false;
    std::vector<Event> events_;
    std::vector<std::string> rules_;
    int64_t known_after_ = -1;
    int status_ = 0;
    std::optional<std::string> answer_;
    std::optional<Parameters> agreed_;
};

enum class Rules {
    verdict_only, // it fails; its names for rules, if any, are other ones
    first,        // it stops at the first broken rule, and names it as the vectors do
    all,          // it reads on and names every broken rule, in stream order
};

// What the implementation can do. A vector that asks for more is skipped, with the reason.
struct Abilities {
    Rules rules = Rules::verdict_only;
    bool places = false;      // it says after how many bytes a failure was known
    bool judges_early = true; // it fails as soon as decidable_at; false: when a message is whole
    bool judges_end = true;   // it tells a stream that ends too soon from one that ends well
    bool requests = false;    // it judges a client's opening handshake
    bool responses = false;   // it judges a server's opening handshake
    bool statuses = false;    // it says with which status it refuses a request
    bool offers = false;      // it chooses among a client's offers of permessage-deflate
    bool answers = false;     // it judges a server's answer to an offer of permessage-deflate
    std::set<std::string> policies; // parameters of it that it can be told to insist on
    // What follows a Close is dropped unread (RFC 6455 1.4) instead of failed.
    bool discards_after_close = false;
    std::set<std::string> reads = {"client", "server"}; // whose bytes it reads
    std::set<std::string> extensions; // "rsv": bits without an extension behind them
    std::set<std::string> limits;     // "max_frame", "max_message", "max_fragments", …
};

struct Adapter {
    std::string name; // the tests are called NAME/SUBJECT.REST_OF_THE_ID
    Abilities abilities;
    std::function<std::unique_ptr<Reading>(const Setup &)> start;
    // Optional: the bytes that the implementation sends for a message when setup.role is its own.
    std::function<Bytes(const Setup &, const Event &)> write = {};
    // Optional: is this vector about what the adapter is for? What is not becomes no test, not even
    // one that is skipped.
    std::function<bool(const Vector &)> concerns = {};
};

// ---- A decoder of our own, for bytes that need not be judged byte by byte --------------------

struct Frame {
    bool fin = false, masked = false, whole = false;
    int rsv = 0, opcode = 0, form = 7; // form: bits of the length
    uint64_t length = 0;
    Bytes payload; // unmasked, as much as there is
};

// The frame at in[*at]; *at goes behind it. Not whole when the bytes end before it does.
inline Frame next_frame(const Bytes &in, size_t *at)
{
    const auto take = [&] { return *at < in.size() ? in[(*at)++] : uint8_t{0}; };
    Frame f;
    const size_t begin = *at;
    const int first = take(), second = take();
    f.fin = first & 0x80;
    f.rsv = first >> 4 & 7;
    f.opcode = first & 15;
    f.masked = second & 0x80;
    f.length = second & 127;
    f.form = f.length == 127 ? 64 : f.length == 126 ? 16 : 7;
    if (f.form > 7)
        f.length = 0;
    for (int bits = f.form; bits > 7; bits -= 8)
        f.length = f.length << 8 | take();
    uint8_t key[4] = {};
    for (int i = 0; f.masked && i < 4; i++)
        key[i] = take();
    const size_t header = size_t(f.form == 64 ? 10 : f.form == 16 ? 4 : 2) + (f.masked ? 4 : 0);
    f.whole = in.size() - begin >= header && in.size() - *at >= f.length;
    for (size_t i = 0; i < f.length && *at < in.size(); i++)
        f.payload.push_back(take() ^ key[i % 4]);
    return f;
}

inline std::vector<Frame> frames_of(const Bytes &in)
{
    std::vector<Frame> frames;
    for (size_t at = 0; at < in.size();)
        frames.push_back(next_frame(in, &at));
    return frames;
}

// Do these frames end inside a frame or a fragmented message?
inline bool ends_inside(const Bytes &in)
{
    bool open = false;
    for (const Frame &f : frames_of(in)) {
        if (!f.whole)
            return true;
        if (f.opcode < 8)
            open = !f.fin;
    }
    return open;
}

inline Event event_of(int opcode, const Bytes &payload)
{
    static const std::map<int, const char *> types = {
        {1, "text"}, {2, "binary"}, {8, "close"}, {9, "ping"}, {10, "pong"}};
    Event event;
    event.type = types.count(opcode) ? types.at(opcode) : "opcode " + std::to_string(opcode);
    if (opcode != 8) {
        event.data = payload;
    } else if (payload.size() >= 2) {
        event.code = payload[0] << 8 | payload[1];
        event.reason.assign(payload.begin() + 2, payload.end());
    }
    return event;
}

inline void Reading::deliver(int opcode, const Bytes &payload)
{
    deliver(event_of(opcode, payload));
}

// ---- Telling what was seen -------------------------------------------------------------------

inline std::string describe(const Bytes &bytes)
{
    static const char digits[] = "0123456789abcdef";
    std::string hex;
    for (size_t i = 0; i < bytes.size() && i < 64; i++)
        hex += {digits[bytes[i] >> 4], digits[bytes[i] & 15]};
    return bytes.size() > 64 ? hex + "… (" + std::to_string(bytes.size()) + " bytes)" : hex;
}

inline std::string describe(const Event &e)
{
    if (e.type == "close")
        return "close " + (e.code < 0 ? "without code" : std::to_string(e.code)) + " \"" +
               e.reason + "\"";
    return e.type + " [" + describe(e.data) + "]";
}

inline std::string describe(const std::string &text)
{
    return text;
}

template <typename Thing>
std::string describe_all(const std::vector<Thing> &things)
{
    std::string text;
    for (const Thing &thing : things)
        text += (text.empty() ? "" : ", ") + describe(thing);
    return text.empty() ? "nothing" : text;
}

inline std::string describe(const std::optional<Parameters> &parameters)
{
    if (!parameters)
        return "no permessage-deflate";
    std::string text = "permessage-deflate";
    for (const auto &[name, value] : *parameters)
        text += "; " + name + (value.empty() ? "" : "=" + value);
    return text;
}

// ---- Judging ---------------------------------------------------------------------------------

using Problems = std::vector<std::string>;

// Why this implementation cannot be asked to negotiate so.
inline std::string reason_not_to_negotiate(const Setup &setup, const Abilities &a)
{
    if (setup.role == "client" && !a.offers)
        return "does not choose among offers of permessage-deflate";
    if (setup.role == "server" && !a.answers)
        return "does not judge answers to an offer of permessage-deflate";
    for (const auto &parameter : setup.policy)
        if (a.policies.count(parameter.first) == 0)
            return "cannot be told to insist on " + parameter.first;
    return "";
}

// Why this implementation cannot be asked this; empty = it can.
inline std::string reason_to_skip(const Vector &v, const Abilities &a)
{
    if (a.reads.count(v.setup.role) == 0)
        return "does not read what a " + v.setup.role + " sends";
    if (v.setup.negotiation)
        return reason_not_to_negotiate(v.setup, a);
    if (v.setup.handshake && !(v.setup.role == "client" ? a.requests : a.responses))
        return "does not judge the " + v.setup.role + "'s opening handshake";
    for (const auto &extension : v.setup.extensions)
        if (a.extensions.count(extension.first) == 0)
            return "does not have the extension " + extension.first;
    for (const auto &limit : v.setup.limits)
        if (a.limits.count(limit.first) == 0)
            return "does not have the limit " + limit.first;
    if (v.end && !a.judges_end)
        return "does not judge where a stream ends";
    if (!a.judges_early && !v.end && v.result != "valid" && !v.setup.handshake &&
        ends_inside(v.feed))
        return "judges whole messages, and the vector ends inside one";
    return "";
}

// Is what this vector breaks behind a Close, where this implementation does not look?
inline bool may_drop(const Vector &v, const Abilities &a)
{
    return a.discards_after_close && !v.events.empty() && v.events.back().type == "close";
}

inline bool begins_with(const std::vector<Event> &events, const std::vector<Event> &front)
{
    return events.size() >= front.size() && std::equal(front.begin(), front.end(), events.begin());
}

inline void judge_events(const Vector &v, const Abilities &a, const Reading &r,
                         const std::string &how, Problems &problems)
{
    // Who takes what others refuse, or judges late, may deliver more before it fails.
    const bool more =
        (v.result == "acceptable" && !r.failed()) || (v.result != "valid" && !a.judges_early);
    if (more ? !begins_with(r.events(), v.events) : r.events() != v.events)
        problems.push_back(how + ": delivered " + describe_all(r.events()) + "; should be " +
                           describe_all(v.events));
}

inline void judge_failure(const Vector &v, const Abilities &a, const Reading &r,
                          const std::string &how, Problems &problems)
{
    const auto differs = [&](const std::string &got, const std::string &wanted) {
        problems.push_back(how + ": " + got + "; should be " + wanted);
    };
    if (a.rules == Rules::all && r.rules() != v.violations)
        differs("broken " + describe_all(r.rules()), describe_all(v.violations));
    if (a.rules == Rules::first && r.rules()[0] != v.violations[0])
        differs("broken " + r.rules()[0], v.violations[0]);
    if (a.places && r.known_after() >= 0 && r.known_after() != v.decidable_at)
        differs("known after " + std::to_string(r.known_after()) + " bytes",
                std::to_string(v.decidable_at));
    if (a.statuses && v.status && r.status() != v.status)
        differs("refused with " + std::to_string(r.status()), std::to_string(v.status));
}

inline std::string trimmed(const std::string &text)
{
    const size_t first = text.find_first_not_of(" \t\"");
    return first == std::string::npos
               ? ""
               : text.substr(first, text.find_last_not_of(" \t\"") - first + 1);
}

// The parameters of an element of Sec-WebSocket-Extensions; none when it is not permessage-deflate,
// or names one twice.
inline std::optional<Parameters> parameters_of_element(const std::string &element)
{
    Parameters parameters;
    size_t at = std::min(element.find(';'), element.size());
    bool legal = trimmed(element.substr(0, at)) == "permessage-deflate";
    while (at < element.size()) {
        const size_t end = std::min(element.find(';', at + 1), element.size());
        const std::string part = element.substr(at + 1, end - at - 1);
        const size_t equals = std::min(part.find('='), part.size());
        const std::string value = equals < part.size() ? trimmed(part.substr(equals + 1)) : "";
        legal = parameters.emplace(trimmed(part.substr(0, equals)), value).second && legal;
        at = end;
    }
    return legal ? std::optional<Parameters>(parameters) : std::nullopt;
}

// Does the answer name all that it must, and nothing but what it may?
inline bool answer_fits(const Vector &v, const Parameters &named)
{
    Parameters all = v.answer_may;
    all.insert(v.answer->begin(), v.answer->end());
    const auto within = [](const Parameters &some, const Parameters &others) {
        return std::includes(others.begin(), others.end(), some.begin(), some.end());
    };
    return within(*v.answer, named) && within(named, all);
}

inline void judge_answer(const Vector &v, const Reading &r, const std::string &how,
                         Problems &problems)
{
    const std::optional<Parameters> named =
        r.answer() ? parameters_of_element(*r.answer()) : std::nullopt;
    const bool fits =
        r.answer() ? named && v.answer && answer_fits(v, *named) : !v.answer || v.may_decline;
    if (!fits)
        problems.push_back(how + ": answered " + r.answer().value_or("nothing") + "; should be " +
                           describe(v.answer));
}

inline void judge_agreement(const Vector &v, const Reading &r, const std::string &how,
                            Problems &problems)
{
    std::optional<Parameters> agreed = r.agreed();
    for (const char *window : {"client_max_window_bits", "server_max_window_bits"})
        if (agreed && agreed->count(window) && agreed->at(window) == "15")
            agreed->erase(window);
    if (!r.failed() && agreed != v.agreed)
        problems.push_back(how + ": agreed on " + describe(agreed) + "; should be " +
                           describe(v.agreed));
}

inline void judge(const Vector &v, const Abilities &a, const Reading &r, const std::string &how,
                  Problems &problems)
{
    if (v.result == "valid" && r.failed())
        problems.push_back(how + ": failed (" + describe_all(r.rules()) + "), and is valid");
    if (v.result == "invalid" && !r.failed() && !may_drop(v, a))
        problems.push_back(how + ": taken, and breaks " + describe_all(v.violations));
    judge_events(v, a, r, how, problems);
    if (v.result != "valid" && r.failed())
        judge_failure(v, a, r, how, problems);
    if (v.setup.negotiation && v.setup.role == "client")
        judge_answer(v, r, how, problems);
    else if (v.setup.negotiation)
        judge_agreement(v, r, how, problems);
}

// ---- Feeding ---------------------------------------------------------------------------------

// The first `size` bytes of the vector, in pieces that end at `cuts`. Each piece is copied into
// memory of its own, so that a sanitizer sees a read past its end or after its life.
inline std::unique_ptr<Reading> read_in_pieces(const Adapter &adapter, const Vector &v, size_t size,
                                               std::vector<size_t> cuts)
{
    std::unique_ptr<Reading> reading = adapter.start(v.setup);
    const bool reads_on = adapter.abilities.rules == Rules::all;
    cuts.push_back(size);
    size_t from = 0;
    for (size_t to : cuts) {
        if (reading->failed() && !reads_on)
            return reading;
        const auto begin = v.feed.begin();
        const Bytes piece(begin + static_cast<ptrdiff_t>(from), begin + static_cast<ptrdiff_t>(to));
        reading->feed(piece.data(), piece.size());
        from = to;
    }
    if (v.end && size == v.feed.size() && (reads_on || !reading->failed()))
        reading->end();
    return reading;
}

// Where to cut a stream in two: everywhere, or where it is long, near its ends and at some places
// between.
inline std::vector<size_t> places_to_cut(size_t size)
{
    const size_t near = size <= 600 ? size : 24;
    std::vector<size_t> places;
    for (size_t i = 1; i < size; i += i < near || size - i <= 24 ? 1 : (size - 48) / 12)
        places.push_back(i);
    return places;
}

// Where to cut a stream into its bytes; a long one, into small pieces of odd sizes.
inline std::vector<size_t> cuts_of_all(size_t size)
{
    std::vector<size_t> cuts;
    for (size_t i = 1; i < size; i += i < 4096 ? 1 : 997)
        cuts.push_back(i);
    return cuts;
}

// Who judges early has failed by decidable_at; who says so exactly, not a byte before.
inline void judge_moment(const Vector &v, const Adapter &adapter, Problems &problems)
{
    if (v.result != "invalid" || v.end || !adapter.abilities.judges_early)
        return;
    const size_t at = static_cast<size_t>(v.decidable_at);
    const std::unique_ptr<Reading> there = read_in_pieces(adapter, v, at, {});
    if (!there->failed() && !may_drop(v, adapter.abilities))
        problems.push_back("the first " + std::to_string(at) + " bytes: not failed yet");
    if (adapter.abilities.places && there->known_after() >= 0 &&
        read_in_pieces(adapter, v, at - 1, {})->failed())
        problems.push_back("the first " + std::to_string(at - 1) + " bytes: failed already");
}

// Everything that is wrong with how the implementation reads this vector; empty = nothing.
inline Problems problems_with(const Vector &v, const Adapter &adapter)
{
    Problems problems;
    const size_t size = v.feed.size();
    const auto read = [&](const std::vector<size_t> &cuts, const std::string &how) {
        judge(v, adapter.abilities, *read_in_pieces(adapter, v, size, cuts), how, problems);
    };
    read({}, "whole");
    for (size_t place : places_to_cut(size))
        read({place}, "cut at " + std::to_string(place));
    read(cuts_of_all(size), "byte by byte");
    judge_moment(v, adapter, problems);
    return problems;
}

// ---- What an implementation sends ------------------------------------------------------------

struct Sending {
    const char *name;
    int opcode;
    size_t length;
};

// Each length form on both sides of its boundary, and every type.
inline const std::vector<Sending> sendings = {
    {"text_0", 1, 0},           {"text_125", 1, 125},   {"binary_1", 2, 1},
    {"binary_126", 2, 126},     {"binary_127", 2, 127}, {"binary_65535", 2, 65535},
    {"binary_65536", 2, 65536}, {"ping_0", 9, 0},       {"ping_125", 9, 125},
    {"pong_125", 10, 125},      {"close_0", 8, 0},      {"close_2", 8, 2},
    {"close_125", 8, 125},
};

inline Event event_to_send(const Sending &s)
{
    Bytes payload(s.length, 'x');
    if (s.opcode == 8 && s.length >= 2) { // code 1000
        payload[0] = 1000 >> 8;
        payload[1] = 1000 & 255;
    }
    return event_of(s.opcode, payload);
}

// What is wrong with frame `i` of a message of this opcode.
inline void judge_frame(const Frame &f, size_t i, bool last, int opcode, bool client,
                        Problems &problems)
{
    const int shortest = f.length < 126 ? 7 : f.length < 65536 ? 16 : 64;
    const std::pair<bool, const char *> rules[] = {
        {!f.whole, "truncated"},
        {f.rsv != 0, "rsv-unnegotiated"},
        {client && !f.masked, "mask-missing"},
        {!client && f.masked, "mask-unexpected"},
        {f.form != shortest, "length-not-minimal"},
        {f.opcode != (i == 0 ? opcode : 0), "the opcode is not that of the message"},
        {f.fin != last, "FIN is not on the last frame, and there alone"},
        {opcode >= 8 && !(i == 0 && last), "control-fragmented"},
        {opcode >= 8 && f.length > 125, "control-too-long"},
    };
    for (const auto &rule : rules)
        if (rule.first)
            problems.push_back("frame " + std::to_string(i) + " of a " +
                               (client ? "client: " : "server: ") + rule.second);
}

inline Problems problems_with(const Sending &s, const Adapter &adapter, const std::string &role)
{
    Problems problems;
    Setup setup;
    setup.role = role;
    const Event event = event_to_send(s);
    const std::vector<Frame> frames = frames_of(adapter.write(setup, event));
    Bytes payload;
    for (size_t i = 0; i < frames.size(); i++) {
        judge_frame(frames[i], i, i + 1 == frames.size(), s.opcode, role == "client", problems);
        payload.insert(payload.end(), frames[i].payload.begin(), frames[i].payload.end());
    }
    if (!(event_of(s.opcode, payload) == event))
        problems.push_back("a " + role + " sent " + describe(event_of(s.opcode, payload)) +
                           "; should be " + describe(event));
    return problems;
}

// ---- The tests -------------------------------------------------------------------------------

// A test whose body is a function.
class Test : public testing::Test
{
public:
    explicit Test(std::function<void()> body) : body_(std::move(body)) {}
    void TestBody() override
    {
        body_();
    }

private:
    std::function<void()> body_;
};

inline void report(const Problems &problems, const std::string &about)
{
    const size_t shown = std::min<size_t>(problems.size(), 5);
    std::string text;
    for (size_t i = 0; i < shown; i++)
        text += "\n  " + problems[i];
    if (problems.size() > shown)
        text += "\n  and " + std::to_string(problems.size() - shown) + " more";
    if (!problems.empty())
        ADD_FAILURE() << about << text;
}

inline void test_vector(const Vector &v, const Adapter &adapter)
{
    const std::string reason = reason_to_skip(v, adapter.abilities);
    if (!reason.empty())
        GTEST_SKIP() << adapter.name << " " << reason;
    report(problems_with(v, adapter), v.id + " (" + v.clause + ", " + v.level + "): " + v.why +
                                          "\n  feed: " + describe(v.feed));
}

inline void test_sending(const Sending &s, const Adapter &adapter)
{
    if (!adapter.write)
        GTEST_SKIP() << adapter.name << " shows nothing that it sends";
    for (const char *role : {"client", "server"})
        report(problems_with(s, adapter, role), s.name);
}

// GoogleTest's filters give '-' and '*' a meaning, so names keep to letters, digits and '_'.
inline std::string test_name(std::string name)
{
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !g_ascii_isalnum(c); }, '_');
    return name;
}

inline void add_test(const std::string &suite, const std::string &name, std::function<void()> body)
{
    testing::RegisterTest(suite.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [body]() -> Test * { return new Test(body); });
}

// Adds the tests to the program. Files that cannot be read become a test that fails and says so.
inline bool add_tests(const Adapter &of, const std::string &folder)
{
    const auto adapter = std::make_shared<const Adapter>(of);
    const std::string prefix = adapter->name + "/";
    try {
        for (Vector &v : read_folder(folder)) {
            if (adapter->concerns && !adapter->concerns(v))
                continue;
            const size_t slash = v.id.find('/');
            const std::string suite = prefix + test_name(v.id.substr(0, slash));
            const std::string name = test_name(v.id.substr(slash + 1));
            const auto shared = std::make_shared<const Vector>(std::move(v));
            add_test(suite, name, [=] { test_vector(*shared, *adapter); });
        }
    } catch (const std::exception &e) {
        const std::string message = e.what();
        add_test(prefix + "vectors", "can_be_read", [=] { FAIL() << message; });
    }
    for (const Sending &s : sendings)
        add_test(prefix + "sending", s.name, [=] { test_sending(s, *adapter); });
    return true;
}
} // namespace wsproto_conformance

// At namespace scope of one source file of a test program: a test per vector of `folder`.
#define WSPROTO_CONFORMANCE_TESTS(adapter, folder)                      \
    [[maybe_unused]] static const bool conformance_tests_of_##adapter = \
        wsproto_conformance::add_tests(adapter, folder)
