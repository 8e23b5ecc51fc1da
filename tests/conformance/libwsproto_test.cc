// Every vector against the library, which names every broken rule and the byte at which it was
// known; and the files themselves: are they consistent, and do they touch every rule?
#include "../libwsproto/observer.h"
#include "../libwsproto/parsed_head.h"
#include "libwsproto_setup.h"

#include <wsproto/close.h>
#include <wsproto/handshake.h>
#include <wsproto/mask.h>

#include <gtest/gtest.h>

namespace conformance = wsproto_conformance;

namespace
{
// ---- The adapter -----------------------------------------------------------------------------

wsp_frame_rules frame_rules(const conformance::Setup &setup)
{
    wsp_frame_rules rules = {};
    rules.sender = setup.role == "client" ? WSP_FROM_CLIENT : WSP_FROM_SERVER;
    rules.rsv_allowed = setup.rsv_allowed;
    if (setup.extensions.count("permessage-deflate") > 0)
        rules.rsv_allowed |= WSP_RSV1;
    rules.max_payload = setup.limit("max_frame");
    return rules;
}

#ifdef WSPROTO_DEFLATE
// A server's answer to the offers of this request, by this policy.
std::string answer_to(const conformance::Parameters &policy, const wsp_http_head *request)
{
    const wsp_deflate_policy wanted = {policy.count("server_no_context_takeover") > 0,
                                       policy.count("client_no_context_takeover") > 0,
                                       libwsproto::window_of(policy, "server"),
                                       libwsproto::window_of(policy, "client")};
    wsp_deflate_params agreed;
    char text[WSP_DEFLATE_TEXT];
    if (!wsp_deflate_choose(&agreed, &wanted, request) ||
        wsp_deflate_answer_write(text, sizeof text, &agreed) < 0)
        return "";
    return text;
}

conformance::Parameters parameters_of(const wsp_deflate_params &agreed)
{
    conformance::Parameters parameters = {
        {"server_max_window_bits", std::to_string(agreed.server_max_window_bits)},
        {"client_max_window_bits", std::to_string(agreed.client_max_window_bits)}};
    if (agreed.server_no_context_takeover)
        parameters["server_no_context_takeover"] = "";
    if (agreed.client_no_context_takeover)
        parameters["client_no_context_takeover"] = "";
    return parameters;
}
#endif

class Reading : public conformance::Reading
{
public:
    explicit Reading(const conformance::Setup &setup)
        : setup_(setup), inflater_(libwsproto::make_inflater(setup)),
          observer_(frame_rules(setup), libwsproto::message_rules(setup, inflater_))
    {
        wsp_http_scan_init(&scanner_, nullptr);
    }

    void feed(const uint8_t *in, size_t len) override
    {
        if (setup_.handshake && !scanner_.done) {
            const size_t used = static_cast<size_t>(wsp_http_scan(&scanner_, in, len));
            head_.append(in, in + used);
            if (scanner_.done)
                judge_head();
            in += used;
            len -= used;
        }
        observer_.feed(in, len);
        tell();
    }
    void end() override
    {
        observer_.end();
        tell();
    }

private:
    void judge_head()
    {
        const std::string request_bytes(setup_.request.begin(), setup_.request.end());
        const ParsedHead head(head_), asked(request_bytes);
        wsp_handshake_request request;
        wsp_handshake_response response;
        uint32_t faults = setup_.role == "client"
                              ? wsp_handshake_request_check(&request, head.get())
                              : wsp_handshake_response_check(&response, head.get(), asked.get());
        if (setup_.negotiation)
            faults |= negotiate(head.get(), asked.get());
        refuse_with(wsp_handshake_status(faults));
        const wsp_handshake_fault *fault;
        for (; (fault = wsp_handshake_fault_first(faults)) != nullptr; faults &= ~fault->bit)
            fail(fault->name, static_cast<int64_t>(head_.size()));
    }

    // Returns the fault of an answer that must not be taken.
#ifdef WSPROTO_DEFLATE
    uint32_t negotiate(const wsp_http_head *head, const wsp_http_head *asked)
    {
        if (setup_.role == "client") {
            const std::string answer = answer_to(setup_.policy, head);
            if (!answer.empty())
                answer_with(answer);
            return 0;
        }
        wsp_deflate_params agreed;
        const wsp_deflate_verdict verdict = wsp_deflate_answer_check(&agreed, head, asked);
        if (verdict == WSP_DEFLATE_AGREED)
            agree(parameters_of(agreed));
        return verdict == WSP_DEFLATE_ILLEGAL ? WSP_H_EXTENSION : 0;
    }
#else
    uint32_t negotiate(const wsp_http_head *, const wsp_http_head *)
    {
        return 0;
    }
#endif

    // What the observer has seen since the last time. Messages that were whole before the first
    // violation come before it.
    void tell()
    {
        for (; told_messages_ < observer_.delivered; told_messages_++) {
            const SeenMessage &m = observer_.messages[told_messages_];
            deliver(m.opcode, m.data);
        }
        for (; told_violations_ < observer_.violations.size(); told_violations_++) {
            const SeenViolation &v = observer_.violations[told_violations_];
            const wsp_violation *rule = wsp_violation_named(v.name.c_str());
            const bool said = libwsproto::has_place(setup_, rule ? rule->bit : 0);
            fail(v.name, said ? static_cast<int64_t>(head_.size() + v.at) + 1 : -1);
        }
    }

    conformance::Setup setup_;
    std::string head_;
    wsp_http_scanner scanner_;
    libwsproto::Inflater inflater_;
    Observer observer_;
    size_t told_messages_ = 0, told_violations_ = 0;
};

conformance::Bytes write(const conformance::Setup &setup, const conformance::Event &event)
{
    int opcode = 0;
    while (wsp_opcode_name(static_cast<uint8_t>(opcode)) != event.type)
        opcode++;
    Bytes payload = event.data;
    if (event.code >= 0) {
        payload.resize(2 + WSP_CLOSE_REASON_MAX);
        const int size =
            wsp_close_encode(payload.data(), payload.size(), static_cast<uint16_t>(event.code),
                             event.reason.data(), event.reason.size());
        payload.resize(static_cast<size_t>(std::max(size, 0)));
    }
    wsp_frame_header h = {};
    h.fin = 1;
    h.opcode = static_cast<uint8_t>(opcode);
    h.masked = setup.role == "client";
    std::copy_n(test_key, h.masked ? 4 : 0, h.masking_key);
    h.payload_length = payload.size();
    Bytes frame(WSP_FRAME_HEADER_MAX);
    frame.resize(static_cast<size_t>(wsp_frame_header_encode(frame.data(), &h)));
    wsp_mask(payload.data(), payload.data(), payload.size(), h.masking_key, 0);
    return frame + payload;
}

conformance::Adapter make_adapter()
{
    conformance::Adapter adapter;
    adapter.name = "libwsproto";
    adapter.abilities = libwsproto::common_abilities();
    adapter.abilities.rules = conformance::Rules::all;
    adapter.abilities.requests = true;
    adapter.abilities.responses = true;
    adapter.abilities.statuses = true;
    adapter.abilities.extensions.insert("rsv");
#ifdef WSPROTO_DEFLATE
    adapter.abilities.offers = true;
    adapter.abilities.answers = true;
    adapter.abilities.policies = {"server_no_context_takeover", "client_no_context_takeover",
                                  "server_max_window_bits", "client_max_window_bits"};
#endif
    adapter.start = [](const conformance::Setup &setup) {
        return std::make_unique<Reading>(setup);
    };
    adapter.write = write;
    return adapter;
}

const conformance::Adapter observer = make_adapter();
} // namespace

WSPROTO_CONFORMANCE_TESTS(observer, VECTORS_DIR);

TEST(Abilities, AnAdapterThatStopsAtTheFirstBrokenRuleCanUseTheVectorsToo)
{
    conformance::Adapter adapter = make_adapter();
    adapter.abilities.rules = conformance::Rules::first;
    for (const conformance::Vector &v : conformance::read_folder(VECTORS_DIR))
        if (conformance::reason_to_skip(v, adapter.abilities).empty()) {
            EXPECT_EQ(conformance::problems_with(v, adapter), conformance::Problems()) << v.id;
        }
}

// ---- The files themselves --------------------------------------------------------------------

namespace
{
using conformance::Vector;

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
    EXPECT_TRUE(is_one_of(v.setup.role, {"client", "server"})) << v.setup.role;
    EXPECT_TRUE(is_one_of(v.result, {"valid", "invalid", "acceptable"})) << v.result;
    EXPECT_FALSE(v.clause.empty() || v.why.empty() || v.feed.empty());
    EXPECT_EQ(v.violations.empty(), v.result == "valid");
    EXPECT_TRUE(!v.agreed || v.result == "valid") << "nothing holds of what is refused";
    EXPECT_EQ(v.decidable_at < 0, v.result == "valid") << "valid bytes are never known to be wrong";
    EXPECT_LE(v.decidable_at, static_cast<int64_t>(v.feed.size()));
    for (const std::string &rule : v.violations)
        EXPECT_TRUE(is_known_rule(rule)) << rule;
    for (const conformance::Event &event : v.events)
        EXPECT_TRUE(is_one_of(event.type, {"text", "binary", "ping", "pong", "close"}));
}

TEST(VectorFiles, AreConsistentAndEveryIdIsUnique)
{
    std::set<std::string> ids, names;
    for (const Vector &v : conformance::read_folder(VECTORS_DIR)) {
        SCOPED_TRACE(v.id);
        check_consistent(v);
        EXPECT_TRUE(ids.insert(v.id).second);
        EXPECT_TRUE(names.insert(conformance::test_name(v.id)).second);
    }
    EXPECT_GE(ids.size(), 400U);
}

TEST(VectorFiles, TouchEveryRule)
{
    std::set<std::string> used;
    for (const Vector &v : conformance::read_folder(VECTORS_DIR))
        used.insert(v.violations.begin(), v.violations.end());
    for (uint32_t set = ~UINT32_C(0); const wsp_violation *v = wsp_violation_first(set);
         set &= ~v->bit)
        EXPECT_TRUE(is_one_of(v->name, used)) << v->name;
    // Which origins a server lets in is its own affair, so no vector can say it.
    for (uint32_t set = ~WSP_H_ORIGIN;
         const wsp_handshake_fault *fault = wsp_handshake_fault_first(set); set &= ~fault->bit)
        EXPECT_TRUE(is_one_of(fault->name, used)) << fault->name;
}
} // namespace
