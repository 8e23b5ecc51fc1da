// Every vector of tests/vectors against the library: whole, cut at every byte, byte by byte, with
// the same events, the same violations, and the first of them known at the same byte.
#include "observer.h"
#include "parsed_head.h"
#include "vectors.h"

#include <wsproto/handshake.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace
{
const std::vector<std::string> frame_subjects = {"framing",       "masking", "length", "opcodes",
                                                 "fragmentation", "control", "close",  "utf8"};
const std::vector<std::string> handshake_subjects = {"handshake-request", "handshake-response"};

std::vector<Vector> read_all(const std::vector<std::string> &subjects)
{
    std::vector<Vector> all;
    for (const std::string &subject : subjects)
        for (Vector &v : read_vectors(VECTORS_DIR, subject))
            all.push_back(std::move(v));
    return all;
}

std::string test_name(const testing::TestParamInfo<Vector> &vector)
{
    std::string name = vector.param.id;
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
    return name;
}

// ---- The files themselves

bool is_one_of(const std::string &value, const std::set<std::string> &values)
{
    return values.count(value) > 0;
}

bool is_known_rule(const std::string &name)
{
    return wsp_violation_named(name.c_str()) || wsp_handshake_fault_named(name.c_str());
}

void check_consistent(const Vector &v)
{
    EXPECT_TRUE(is_one_of(v.level, {"MUST", "SHOULD", "MAY"})) << v.level;
    EXPECT_TRUE(is_one_of(v.role, {"client", "server"})) << v.role;
    EXPECT_TRUE(is_one_of(v.result, {"valid", "invalid", "acceptable"})) << v.result;
    EXPECT_FALSE(v.clause.empty() || v.why.empty() || v.feed.empty());
    EXPECT_EQ(v.violations.empty(), v.result == "valid");
    EXPECT_EQ(v.decidable_at < 0, v.result == "valid") << "valid bytes are never known to be wrong";
    EXPECT_LE(v.decidable_at, static_cast<int64_t>(v.feed.size()));
    for (const std::string &rule : v.violations)
        EXPECT_TRUE(is_known_rule(rule)) << rule;
    for (const VectorEvent &event : v.events)
        EXPECT_TRUE(is_one_of(event.type, {"text", "binary", "ping", "pong", "close"}));
}

TEST(VectorFiles, AreConsistentAndEveryIdIsUnique)
{
    std::set<std::string> ids;
    for (const auto &subjects : {frame_subjects, handshake_subjects})
        for (const Vector &v : read_all(subjects)) {
            SCOPED_TRACE(v.id);
            check_consistent(v);
            EXPECT_TRUE(ids.insert(v.id).second);
        }
    EXPECT_GE(ids.size(), 200U);
}

TEST(VectorFiles, TouchEveryRuleThatNeedsNoLimitAndNoDeflate)
{
    std::set<std::string> used;
    for (const Vector &v : read_all(frame_subjects))
        used.insert(v.violations.begin(), v.violations.end());
    for (uint32_t bit = 1; const wsp_violation *v = wsp_violation_first(bit); bit <<= 1)
        if (std::string(v->clause) != "limit" && bit != WSP_V_DEFLATE_DATA) {
            EXPECT_TRUE(is_one_of(v->name, used)) << v->name;
        }
}

// ---- Frames

wsp_frame_rules rules_of(const Vector &v)
{
    wsp_frame_rules rules = {};
    rules.sender = v.role == "client" ? WSP_FROM_CLIENT : WSP_FROM_SERVER;
    rules.rsv_allowed = v.rsv_allowed;
    return rules;
}

VectorEvent to_event(const SeenMessage &m)
{
    VectorEvent event;
    event.type = wsp_opcode_name(static_cast<uint8_t>(m.opcode));
    if (m.opcode != WSP_OPCODE_CLOSE) {
        event.data = m.data;
        return event;
    }
    if (m.data.size() >= 2) {
        event.code = m.data[0] << 8 | m.data[1];
        event.reason.assign(m.data.begin() + 2, m.data.end());
    }
    return event;
}

// What a strict endpoint delivers: nothing from the first violation on.
std::vector<VectorEvent> delivered(const Observer &o)
{
    std::vector<VectorEvent> events;
    for (size_t i = 0; i < o.delivered; i++)
        events.push_back(to_event(o.messages[i]));
    return events;
}

void check(const Vector &v, const Observer &o, const std::string &cut)
{
    std::vector<std::string> names;
    for (const SeenViolation &violation : o.violations)
        names.push_back(violation.name);
    EXPECT_EQ(names, v.violations) << cut;
    EXPECT_EQ(delivered(o), v.events) << cut;
    if (!o.violations.empty()) {
        EXPECT_EQ(static_cast<int64_t>(o.violations[0].at) + 1, v.decidable_at) << cut;
    }
}

class FrameVector : public testing::TestWithParam<Vector>
{
};

TEST_P(FrameVector, GivesItsEventsAndViolationsHoweverItIsCut)
{
    const Vector &v = GetParam();
    const wsp_frame_rules rules = rules_of(v);
    observe_all_cuts(v.feed, rules, {}, [&](Observer &o, const std::string &cut) {
        if (v.end)
            o.end();
        check(v, o, cut);
    });
}

TEST_P(FrameVector, IsKnownToBeInvalidExactlyAtItsByte)
{
    const Vector &v = GetParam();
    if (v.result == "valid" || v.end)
        return;
    const wsp_frame_rules rules = rules_of(v);
    const size_t at = static_cast<size_t>(v.decidable_at);
    const auto begin = v.feed.begin();
    EXPECT_TRUE(
        observe(Bytes(begin, begin + static_cast<ptrdiff_t>(at - 1)), rules).violations.empty());
    EXPECT_FALSE(
        observe(Bytes(begin, begin + static_cast<ptrdiff_t>(at)), rules).violations.empty());
}

INSTANTIATE_TEST_SUITE_P(Vectors, FrameVector, testing::ValuesIn(read_all(frame_subjects)),
                         test_name);

// ---- Handshakes

// The size of the head at the front of `in`, scanned in pieces of `step` bytes; 0 = not whole.
size_t head_size(const Bytes &in, size_t step)
{
    wsp_http_scanner scanner;
    wsp_http_scan_init(&scanner, nullptr);
    size_t used = 0;
    while (!scanner.done && used < in.size()) {
        const int64_t n =
            wsp_http_scan(&scanner, in.data() + used, std::min(step, in.size() - used));
        if (n <= 0)
            return 0;
        used += static_cast<size_t>(n);
    }
    return scanner.done ? used : 0;
}

std::string_view chars(const Bytes &bytes, size_t size)
{
    return {reinterpret_cast<const char *>(bytes.data()), size};
}

std::vector<std::string> names_of(uint32_t faults)
{
    std::vector<std::string> names;
    const wsp_handshake_fault *fault;
    for (; (fault = wsp_handshake_fault_first(faults)) != nullptr; faults &= ~fault->bit)
        names.push_back(fault->name);
    return names;
}

class HandshakeVector : public testing::TestWithParam<Vector>
{
};

TEST_P(HandshakeVector, GivesItsFaultsHoweverItIsCut)
{
    const Vector &v = GetParam();
    for (size_t step : {v.feed.size(), size_t(1), size_t(2), size_t(3), size_t(7)}) {
        const size_t size = head_size(v.feed, step);
        ASSERT_GT(size, 0U) << "in pieces of " << step;
        if (v.decidable_at >= 0) {
            EXPECT_EQ(static_cast<int64_t>(size), v.decidable_at);
        }
        const ParsedHead head(chars(v.feed, size));
        uint32_t faults;
        if (v.role == "client") {
            wsp_handshake_request request;
            faults = wsp_handshake_request_check(&request, head.get());
            EXPECT_EQ(wsp_handshake_status(faults), v.status);
        } else {
            const ParsedHead asked(chars(v.request, v.request.size()));
            wsp_handshake_response response;
            faults = wsp_handshake_response_check(&response, head.get(), asked.get());
        }
        EXPECT_EQ(names_of(faults), v.violations) << "in pieces of " << step;

        Observer behind(rules_of(v));
        behind.feed(v.feed.data() + size, v.feed.size() - size);
        EXPECT_EQ(delivered(behind), v.events) << "what follows the head belongs to frames";
    }
}

INSTANTIATE_TEST_SUITE_P(Vectors, HandshakeVector, testing::ValuesIn(read_all(handshake_subjects)),
                         test_name);
} // namespace
