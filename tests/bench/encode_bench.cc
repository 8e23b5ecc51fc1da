// Encoding messages: the header alone where the payload goes out from where it lies, the whole
// frame into a buffer, and a client's frame, which must be masked.
#include "bench.h"

#include <cstring>
#ifdef HAVE_WSLAY
#include <wslay/wslay.h>
#endif

namespace
{

const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};

// For the header alone: no payload is read or written, and turning to another place would take
// about as long as what is measured.
class OnePlace
{
public:
    explicit OnePlace(size_t size) : memory_(size + WSP_FRAME_HEADER_MAX) {}
    uint8_t *next()
    {
        return memory_.data();
    }

private:
    Bytes memory_;
};

template <typename Memory, typename Send>
void encode_wsproto(benchmark::State &state, wsp_role role, Send send)
{
    const size_t len = size_of(state);
    Memory from(len), to(len);
    wsp_conn_options options = {};
    options.role = role;
    wsp_conn conn;
    wsp_conn_init(&conn, &options, 0);
    for (auto _ : state) {
        wsp_conn_frame frame = {};
        frame.opcode = WSP_OPCODE_BINARY;
        frame.masking_key = role == WSP_CLIENT ? key : nullptr;
        frame.payload = from.next();
        frame.len = len;
        if (send(&conn, &frame, to.next()) < 2)
            state.SkipWithError("a frame was refused");
        benchmark::ClobberMemory();
    }
}

int64_t send_header(wsp_conn *conn, const wsp_conn_frame *frame, uint8_t *out)
{
    return wsp_conn_send_header(conn, 0, frame, out, nullptr);
}

int64_t send_whole(wsp_conn *conn, const wsp_conn_frame *frame, uint8_t *out)
{
    return wsp_conn_send(conn, 0, frame, out, frame->len + WSP_FRAME_HEADER_MAX);
}

void copy(benchmark::State &state)
{
    const size_t len = size_of(state);
    Places from(len), to(len);
    for (auto _ : state) {
        memcpy(to.next(), from.next(), len);
        benchmark::ClobberMemory();
    }
}

#ifdef HAVE_WSLAY
struct Sink {
    uint8_t *out; // NULL = what is sent is only counted
    size_t len;
};

ssize_t send_bytes(wslay_event_context_ptr, const uint8_t *data, size_t len, int, void *user)
{
    auto *sink = static_cast<Sink *>(user);
    if (sink->out)
        memcpy(sink->out + sink->len, data, len);
    sink->len += len;
    return static_cast<ssize_t>(len);
}

int make_key(wslay_event_context_ptr, uint8_t *out, size_t len, void *)
{
    memcpy(out, key, len);
    return 0;
}

template <typename Memory>
void encode_wslay(benchmark::State &state, wsp_role role, bool copied)
{
    const size_t len = size_of(state);
    Memory from(len), to(len);
    wslay_event_callbacks callbacks = {};
    callbacks.send_callback = send_bytes;
    callbacks.genmask_callback = make_key;
    Sink sink = {};
    wslay_event_context_ptr context;
    if (role == WSP_CLIENT)
        wslay_event_context_client_init(&context, &callbacks, &sink);
    else
        wslay_event_context_server_init(&context, &callbacks, &sink);
    for (auto _ : state) {
        const wslay_event_msg message = {WSLAY_BINARY_FRAME, from.next(), len};
        sink = {copied ? to.next() : nullptr, 0};
        wslay_event_queue_msg(context, &message);
        wslay_event_send(context);
        if (sink.len < len + 2)
            state.SkipWithError("a frame was lost");
        benchmark::ClobberMemory();
    }
    wslay_event_context_free(context);
}
#endif

} // namespace

void add_encode()
{
    for (int64_t size : {0, 16, 125, 1024, 65536, 1048576}) {
        add("encode, server, header alone", "wsproto", size,
            [](auto &state) { encode_wsproto<OnePlace>(state, WSP_SERVER, send_header); });
        add("encode, server, into a buffer", "wsproto", size,
            [](auto &state) { encode_wsproto<Places>(state, WSP_SERVER, send_whole); });
        add("encode, client, masked", "wsproto", size,
            [](auto &state) { encode_wsproto<Places>(state, WSP_CLIENT, send_whole); });
#ifdef HAVE_WSLAY
        add("encode, server, header alone", "wslay", size,
            [](auto &state) { encode_wslay<OnePlace>(state, WSP_SERVER, false); });
        add("encode, server, into a buffer", "wslay", size,
            [](auto &state) { encode_wslay<Places>(state, WSP_SERVER, true); });
        add("encode, client, masked", "wslay", size,
            [](auto &state) { encode_wslay<Places>(state, WSP_CLIENT, true); });
#endif
        add("encode, server, into a buffer", "memcpy", size, copy);
        add("encode, client, masked", "memcpy", size, copy);
    }
}
