// The adapter of the deliberately faulty codec: what the vectors are fed through.
#pragma once

#include "faulty_codec.h"
#include "faulty_inflate.h"
#include "wsproto_conformance.h"

namespace faulty
{
namespace conformance = wsproto_conformance;

class Reading : public conformance::Reading
{
public:
    Reading(const conformance::Setup &setup, Fault fault)
        : fault_(fault), setup_(setup), head_(fault),
          codec_(setup.role == "client", fault, rsv_allowed(setup),
                 {setup.limit("max_frame"), setup.limit("max_message"),
                  setup.limit("max_fragments"), setup.limit("max_inflated")})
    {
        codec_.on_message = [this](int opcode, const Bytes &payload) { deliver(opcode, payload); };
        if (setup.extensions.count("permessage-deflate") > 0)
            start_inflating(setup.extensions.at("permessage-deflate"));
    }

    void feed(const uint8_t *in, size_t len) override
    {
        if (setup_.handshake && !head_.whole()) {
            const size_t used = head_.take(in, len);
            if (head_.whole())
                judge_head();
            in += used;
            len -= used;
        }
        if (!failed() && !codec_.receive(in, len))
            fail();
    }
    void end() override
    {
        if (!codec_.finish())
            fail();
    }

private:
    static uint8_t rsv_allowed(const conformance::Setup &setup)
    {
        return setup.extensions.count("permessage-deflate") ? 4 : setup.rsv_allowed;
    }

    void start_inflating(const Parameters &agreed)
    {
        const bool client =
            (setup_.role == "client") != (fault_ == Fault::deflate_of_the_other_role);
        const bool forgets =
            agreed.count(client ? "client_no_context_takeover" : "server_no_context_takeover") > 0;
        const auto inflation = std::make_shared<Inflation>(
            fault_, forgets, setup_.limit("max_inflated"), setup_.limit("max_ratio"));
        codec_.inflate = [inflation](const Bytes &so_far, bool last, Bytes *text) {
            return inflation->inflate(so_far, last, text);
        };
    }

    void judge_head()
    {
        const std::string asked(setup_.request.begin(), setup_.request.end());
        const int status = setup_.role == "client" ? judge_request(head_.head(), fault_)
                                                   : judge_response(head_.head(), asked, fault_);
        refuse_with(status);
        if (status)
            fail();
        else if (setup_.negotiation)
            negotiate(asked);
    }

    void negotiate(const std::string &asked)
    {
        if (setup_.role == "client") {
            const auto answer = answer_offers(head_.head(), setup_.policy, fault_);
            if (answer)
                answer_with(*answer);
            return;
        }
        std::optional<Parameters> agreed;
        if (!judge_answer(head_.head(), asked, fault_, &agreed))
            fail();
        else if (agreed)
            agree(*agreed);
    }

    Fault fault_;
    conformance::Setup setup_;
    HeadBuffer head_;
    Codec codec_;
};

inline Bytes write(const conformance::Setup &setup, const conformance::Event &event)
{
    static const std::map<std::string, int> opcodes = {
        {"text", 1}, {"binary", 2}, {"close", 8}, {"ping", 9}, {"pong", 10}};
    Bytes payload = event.data;
    if (event.code >= 0)
        payload = {static_cast<uint8_t>(event.code >> 8), static_cast<uint8_t>(event.code)};
    payload.insert(payload.end(), event.reason.begin(), event.reason.end());
    return write_frame(setup.role == "client", opcodes.at(event.type), payload);
}

inline conformance::Adapter adapter_with(Fault fault)
{
    conformance::Adapter adapter;
    adapter.name = "faulty_codec";
    adapter.abilities.requests = adapter.abilities.responses = adapter.abilities.statuses = true;
    adapter.abilities.offers = adapter.abilities.answers = true;
    adapter.abilities.policies = {"server_no_context_takeover", "client_no_context_takeover",
                                  "server_max_window_bits", "client_max_window_bits"};
    adapter.abilities.extensions = {"rsv", "permessage-deflate"};
    adapter.abilities.limits = {"max_frame", "max_message", "max_fragments", "max_inflated",
                                "max_ratio"};
    adapter.start = [fault](const conformance::Setup &setup) {
        return std::make_unique<Reading>(setup, fault);
    };
    adapter.write = write;
    return adapter;
}
} // namespace faulty
