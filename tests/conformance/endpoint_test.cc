// The vectors against wsp_conn, the library's endpoint, in both roles. It stops at the first broken
// rule, drops what follows a Close, and begins behind the opening handshake.
#include "../libwsproto/wire.h"
#include "libwsproto_setup.h"

#include <wsproto/conn.h>

#include <gtest/gtest.h>

namespace conformance = wsproto_conformance;

namespace
{
wsp_role other_than(const std::string &sender)
{
    return sender == "client" ? WSP_SERVER : WSP_CLIENT;
}

// An extension that compresses nothing: what comes with RSV1 is taken as it is.
int take_as_it_is(wsp_inflater *, const uint8_t *in, size_t *in_len, bool, uint8_t *out,
                  size_t *out_len)
{
    const bool full = *in_len > *out_len;
    *in_len = *out_len = std::min(*in_len, *out_len);
    std::copy_n(in, *in_len, out);
    return full;
}
wsp_inflater as_it_is = {take_as_it_is, [](wsp_inflater *) { return true; }, [](wsp_inflater *) {}};

class Reading : public conformance::Reading
{
public:
    explicit Reading(const conformance::Setup &setup)
        : setup_(setup), inflater_(libwsproto::make_inflater(setup))
    {
        wsp_conn_options options = {};
        options.role = other_than(setup.role);
        options.max_frame = setup.limit("max_frame");
        options.message = libwsproto::message_rules(setup, inflater_);
        if (setup.rsv_allowed == WSP_RSV1)
            options.message.inflater = &as_it_is;
        wsp_conn_init(&conn_, &options, 0);
    }

    void feed(const uint8_t *in, size_t len) override
    {
        fed_ += len;
        for (size_t used = 0;;) {
            uint8_t room[512];
            wsp_conn_event event;
            used += wsp_conn_receive(&conn_, 0, in + used, len - used, room, sizeof room, &event);
            if (event.type == WSP_CONN_NONE)
                return;
            take(event);
        }
    }
    void end() override
    {
        wsp_conn_event event;
        wsp_conn_end_of_stream(&conn_, &event);
        if (event.violations)
            fail_with(event.violations, fed_);
    }

private:
    void fail_with(uint32_t violations, int64_t known_after)
    {
        fail(wsp_violation_first(violations)->name, known_after);
    }

    void take(const wsp_conn_event &event)
    {
        const Bytes data(event.data, event.data + event.len);
        switch (event.type) {
        case WSP_CONN_DATA:
            message_ = event.first ? data : message_ + data;
            if (event.last)
                deliver(event.opcode, message_);
            break;
        case WSP_CONN_PING: deliver(WSP_OPCODE_PING, data); break;
        case WSP_CONN_PONG: deliver(WSP_OPCODE_PONG, data); break;
        case WSP_CONN_CLOSE: take_close(event, data); break;
        case WSP_CONN_FAILURE: take_failure(event); break;
        default: break;
        }
    }

    void take_close(const wsp_conn_event &event, const Bytes &reason)
    {
        conformance::Event close;
        close.type = "close";
        close.code = event.code == 1005 ? -1 : event.code;
        close.reason.assign(reason.begin(), reason.end());
        deliver(close);
    }

    // What a header breaks is said of the frame's beginning.
    void take_failure(const wsp_conn_event &event)
    {
        const uint32_t of_payload = WSP_V_CLOSE_CODE | WSP_V_CLOSE_UTF8 | WSP_V_TEXT_UTF8;
        const bool known = (event.violations & ~of_payload) == 0 &&
                           libwsproto::has_place(setup_, event.violations);
        fail_with(event.violations, known ? static_cast<int64_t>(event.at) + 1 : -1);
    }

    conformance::Setup setup_;
    libwsproto::Inflater inflater_;
    wsp_conn conn_;
    int64_t fed_ = 0;
    Bytes message_;
};

conformance::Bytes write(const conformance::Setup &setup, const conformance::Event &event)
{
    wsp_conn_options options = {};
    options.role = setup.role == "client" ? WSP_CLIENT : WSP_SERVER;
    wsp_conn conn;
    wsp_conn_init(&conn, &options, 0);
    Bytes out(event.data.size() + WSP_CONTROL_FRAME_MAX);
    int64_t size;
    if (event.type == "close") {
        const uint16_t code = static_cast<uint16_t>(std::max(event.code, 0));
        size = wsp_conn_close(&conn, 0, code, event.reason.data(), event.reason.size(), test_key,
                              out.data(), out.size());
    } else {
        wsp_conn_frame frame = {};
        while (wsp_opcode_name(frame.opcode) != event.type)
            frame.opcode++;
        frame.masking_key = test_key;
        frame.payload = event.data.data();
        frame.len = event.data.size();
        size = wsp_conn_send(&conn, 0, &frame, out.data(), out.size());
    }
    out.resize(static_cast<size_t>(std::max<int64_t>(size, 0)));
    return out;
}

conformance::Adapter make_adapter()
{
    conformance::Adapter adapter;
    adapter.name = "endpoint";
    adapter.abilities = libwsproto::common_abilities();
    adapter.abilities.rules = conformance::Rules::first;
    adapter.abilities.discards_after_close = true;
    adapter.abilities.extensions.insert("rsv");
    adapter.concerns = [](const conformance::Vector &v) { return !v.setup.handshake; };
    adapter.start = [](const conformance::Setup &setup) {
        return std::make_unique<Reading>(setup);
    };
    adapter.write = write;
    return adapter;
}

const conformance::Adapter endpoint = make_adapter();
} // namespace

WSPROTO_CONFORMANCE_TESTS(endpoint, VECTORS_DIR);
