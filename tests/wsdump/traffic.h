// One TCP connection as the session stage is told of it, and what it says of the WebSocket in it:
// every record as one line.
#pragma once

#include "../libwsproto/wire.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include "session.h"
}

// --- handshakes ---

inline std::string request(const std::string &more = "")
{
    return "GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\n"
           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           more + "\r\n";
}

inline std::string accepted(const std::string &more = "")
{
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
           more + "\r\n";
}

inline std::string refused(int status, const std::string &body = "")
{
    return "HTTP/1.1 " + std::to_string(status) +
           " No\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// --- records as lines ---

inline std::string printable(const uint8_t *data, size_t len)
{
    std::string text;
    for (size_t i = 0; i < len; i++)
        text += data[i] >= 0x20 && data[i] < 0x7f ? std::string(1, static_cast<char>(data[i]))
                                                  : "\\" + to_hex({data[i]});
    return text;
}

inline std::string describe(const record_open &o)
{
    char client[ENDPOINT_TEXT], server[ENDPOINT_TEXT];
    endpoint_format(client, o.client);
    endpoint_format(server, o.server);
    std::string line =
        std::string("open ") + record_handshake_name(o.handshake) + " " + client + " > " + server;
    if (o.request)
        line += " " + std::string(o.request->target.data, o.request->target.len);
    if (o.response)
        line += " " + std::to_string(o.response->status);
    return line;
}

inline std::string describe(const record_frame &f)
{
    const wsp_frame_header &h = *f.header;
    std::string line = "frame " + std::to_string(f.number) + (h.fin ? " FIN " : " ") +
                       wsp_opcode_name(h.opcode) + " " + std::to_string(h.payload_length);
    uint32_t set = f.violations;
    for (const wsp_violation *v; (v = wsp_violation_first(set)); set &= ~v->bit)
        line += std::string(" !") + v->name;
    return line + (f.guessed ? " guessed" : "");
}

// What is as usual (one frame, complete, UTF-8 where it is text) is not said.
inline std::string describe(const record_message &m)
{
    std::string line = std::string(record_message_type(m.opcode)) + " " + std::to_string(m.number) +
                       " length " + std::to_string(m.length);
    if (m.frames != 1)
        line += " frames " + std::to_string(m.frames);
    if (m.wire_length != m.length)
        line += " wire " + std::to_string(m.wire_length);
    if (m.opcode == WSP_OPCODE_CLOSE)
        line += " code " + std::to_string(m.close_code);
    if (m.rtt_ns >= 0)
        line += " rtt " + std::to_string(m.rtt_ns);
    line += m.compressed ? " compressed" : "";
    if (!m.data)
        return line + " not-inflated";
    line += m.complete ? "" : " incomplete";
    for (size_t i = 0; i < m.missing_count; i++)
        line += " missing " + std::to_string(m.missing[i].offset) + "+" +
                std::to_string(m.missing[i].len);
    line += m.truncated ? " truncated" : "";
    line += m.opcode == WSP_OPCODE_TEXT && !m.utf8 ? " not-utf8" : "";
    return line + " '" + printable(m.data, m.data_len) + "'" + (m.guessed ? " guessed" : "");
}

inline std::string describe(const record_end &e)
{
    std::string line = std::string("end ") + record_how_name(e.how);
    for (const record_side_totals &t : e.totals)
        line += " [" + std::to_string(t.frames) + " frames, " + std::to_string(t.messages) +
                " messages, " + std::to_string(t.bytes) + " of " + std::to_string(t.wire_bytes) +
                " bytes]";
    return line;
}

inline std::string describe(const record *r)
{
    const std::string from = r->from == WSP_FROM_CLIENT   ? "client "
                             : r->from == WSP_FROM_SERVER ? "server "
                                                          : "";
    switch (r->type) {
    case RECORD_OPEN: return from + describe(r->open);
    case RECORD_FRAME: return from + describe(r->frame);
    case RECORD_MESSAGE: return from + describe(r->message);
    case RECORD_VIOLATION:
        return from + "violation " + r->violation.rule + " frame " +
               std::to_string(r->violation.frame);
    case RECORD_GAP: return from + "gap " + std::to_string(r->gap.bytes);
    case RECORD_END: return from + describe(r->end);
    default: return "?";
    }
}

// --- the connection ---

using Lines = std::vector<std::string>;

// From 192.0.2.1:40000 (side 0) to 192.0.2.2:80. Packets count from 1, a millisecond apart.
class Traffic
{
public:
    enum { CLIENT, SERVER };

    explicit Traffic(uint64_t max_data = 0, uint64_t memory = 0)
    {
        const session_options options = {max_data, memory, false};
        session_ = session_new(&options, take, this);
        connection_.side[CLIENT] = {4, {192, 0, 2, 1}, 40000};
        connection_.side[SERVER] = {4, {192, 0, 2, 2}, 80};
        connection_.syn_side = -1;
        tcp_event e = {};
        e.type = TCP_EVENT_OPEN;
        give(e);
    }
    ~Traffic()
    {
        end(TCP_END_EOF);
        session_free(session_);
    }
    Traffic(const Traffic &) = delete;
    Traffic &operator=(const Traffic &) = delete;

    // One segment.
    void say(int side, const Bytes &bytes, bool segment_start = true)
    {
        packet++;
        const Bytes exact(bytes.begin(), bytes.end()); // a sanitizer sees what is read behind it
        tcp_event e = {};
        e.type = TCP_EVENT_DATA;
        e.side = side;
        e.data = exact.data();
        e.len = exact.size();
        e.segment_start = segment_start;
        give(e);
    }
    // One segment, of bytes that are the caller's.
    void say_borrowed(int side, const uint8_t *bytes, size_t len)
    {
        packet++;
        tcp_event e = {};
        e.type = TCP_EVENT_DATA;
        e.side = side;
        e.data = bytes;
        e.len = len;
        e.segment_start = true;
        give(e);
    }
    void say(int side, const std::string &text)
    {
        say(side, from_text(text));
    }
    // Segments of `size` bytes.
    void say_in_pieces(int side, const Bytes &bytes, size_t size)
    {
        for (size_t at = 0; at < bytes.size(); at += size) {
            const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
            say(side,
                Bytes(from, from + static_cast<std::ptrdiff_t>(std::min(size, bytes.size() - at))));
        }
    }
    void lose(int side, size_t bytes)
    {
        packet++;
        tcp_event e = {};
        e.type = TCP_EVENT_GAP;
        e.side = side;
        e.len = bytes;
        give(e);
    }
    void end(tcp_end how)
    {
        if (ended_)
            return;
        ended_ = true;
        tcp_event e = {};
        e.type = TCP_EVENT_END;
        e.end = how;
        give(e);
    }
    void handshake(const std::string &response_headers = "")
    {
        say(CLIENT, request(response_headers));
        say(SERVER, accepted(response_headers));
    }

    // The records since the last call; frames only when asked for.
    Lines records()
    {
        return std::exchange(records_, {});
    }
    const session_totals &totals() const
    {
        return *session_get_totals(session_);
    }

    bool frames = false;      // tell of frames too
    uint64_t packet = 0;      // of the last event
    uint64_t last_packet = 0; // of the last frame record
    int64_t last_time = 0;    // of the last record
    std::string violation;    // clause and text of the last one

private:
    void give(tcp_event e)
    {
        e.connection = &connection_;
        e.packet = packet;
        e.time_ns = static_cast<int64_t>(packet) * 1000000;
        session_tcp_event(session_, &e);
    }

    static void take(void *user, const record *r)
    {
        auto *traffic = static_cast<Traffic *>(user);
        traffic->last_time = r->time_ns;
        if (r->type == RECORD_FRAME)
            traffic->last_packet = r->frame.packet;
        if (r->type == RECORD_VIOLATION)
            traffic->violation = std::string(r->violation.clause) + ": " + r->violation.text;
        if (r->type != RECORD_FRAME || traffic->frames)
            traffic->records_.push_back(std::to_string(r->conn) + " " + describe(r));
    }

    session *session_;
    tcp_connection connection_ = {};
    bool ended_ = false;
    Lines records_;
};
