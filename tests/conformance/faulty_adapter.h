// The adapter of the deliberately faulty codec: what the vectors are fed through.
#pragma once

#include "faulty_codec.h"
#include "wsproto_conformance.h"

namespace faulty
{
namespace conformance = wsproto_conformance;

inline uint64_t limit(const conformance::Setup &setup, const char *name)
{
    const auto found = setup.limits.find(name);
    return found == setup.limits.end() ? 0 : found->second;
}

class Reading : public conformance::Reading
{
public:
    Reading(const conformance::Setup &setup, Fault fault)
        : fault_(fault), setup_(setup), head_(fault),
          codec_(setup.role == "client", fault, setup.rsv_allowed,
                 {limit(setup, "max_frame"), limit(setup, "max_message"),
                  limit(setup, "max_fragments")})
    {
        codec_.on_message = [this](int opcode, const Bytes &payload) { deliver(opcode, payload); };
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
    void judge_head()
    {
        const std::string asked(setup_.request.begin(), setup_.request.end());
        const int status = setup_.role == "client" ? judge_request(head_.head(), fault_)
                                                   : judge_response(head_.head(), asked, fault_);
        refuse_with(status);
        if (status)
            fail();
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
    adapter.abilities.extensions = {"rsv"};
    adapter.abilities.limits = {"max_frame", "max_message", "max_fragments"};
    adapter.start = [fault](const conformance::Setup &setup) {
        return std::make_unique<Reading>(setup, fault);
    };
    adapter.write = write;
    return adapter;
}
} // namespace faulty
