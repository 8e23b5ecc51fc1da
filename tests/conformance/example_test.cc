// A whole test program for another implementation; README.md beside this file explains it.
#include "faulty_codec.h" // stands for the implementation under test
#include "wsproto_conformance.h"

namespace conformance = wsproto_conformance;

// One stream: hand bytes to the implementation, pass on what it says.
class Reading : public conformance::Reading
{
public:
    explicit Reading(const conformance::Setup &setup)
        : codec_(setup.role == "client", faulty::Fault::none)
    {
        codec_.on_message = [this](int opcode, const conformance::Bytes &payload) {
            deliver(opcode, payload);
        };
    }
    void feed(const uint8_t *in, size_t len) override
    {
        if (!codec_.receive(in, len))
            fail();
    }
    void end() override
    {
        if (!codec_.finish())
            fail();
    }

private:
    faulty::Codec codec_;
};

static conformance::Adapter make_adapter()
{
    conformance::Adapter adapter;
    adapter.name = "example";
    adapter.start = [](const conformance::Setup &setup) {
        return std::make_unique<Reading>(setup);
    };
    return adapter; // the abilities are left as they are: see the header for what they mean
}

static const conformance::Adapter example = make_adapter();
WSPROTO_CONFORMANCE_TESTS(example, VECTORS_DIR);
