// An endpoint for tests: a wsp_conn that is fed bytes and writes down its events in a form that
// does not depend on the cuts; with the frames that it sends.
#pragma once

#include "wire.h"

#include <wsproto/conn.h>
#include <wsproto/error.h>

#include <algorithm>
#include <string>
#include <vector>

// The names of the violations in a set.
inline std::string names_of(uint32_t set)
{
    std::string names;
    for (const wsp_violation *v; (v = wsp_violation_first(set)) != nullptr; set &= ~v->bit)
        names += (names.empty() ? "" : ",") + std::string(v->name);
    return names;
}

inline wsp_conn_options options_of(wsp_role role)
{
    wsp_conn_options options = {};
    options.role = role;
    return options;
}

class Endpoint
{
public:
    wsp_conn conn;
    std::vector<std::string> log; // "text Hello", "ping x", "close 1000 bye", "fail 1002 …"
    std::vector<Bytes> replies;   // frames that the events proposed and `answering` sent
    Bytes wire;                   // all frames sent and not taken yet
    wsp_conn_event last = {};
    uint64_t now = 0;
    bool answering = true;
    bool in_place = false;
    size_t room = 4096; // of the buffer for payload

    explicit Endpoint(const wsp_conn_options &options)
    {
        wsp_conn_init(&conn, &options, 0);
    }
    explicit Endpoint(wsp_role role) : Endpoint(options_of(role)) {}

    const uint8_t *key() const
    {
        return conn.options.role == WSP_CLIENT ? test_key : nullptr;
    }

    // ---- Receiving

    // The piece is copied, so that a sanitizer sees a read past its end or after its life.
    void feed(const uint8_t *in, size_t len)
    {
        Bytes piece(in, in + len);
        Bytes apart(room);
        for (size_t used = 0;;) {
            uint8_t *out = in_place ? piece.data() + used : apart.data();
            used += wsp_conn_receive(&conn, now, piece.data() + used, len - used, out,
                                     in_place ? len - used : room, &last);
            if (last.type == WSP_CONN_NONE) {
                consumed += used;
                all_consumed = all_consumed && used == len;
                return;
            }
            take(last);
        }
    }
    void feed(const Bytes &in)
    {
        feed(in.data(), in.size());
    }
    void feed_in_pieces(const Bytes &in, size_t size)
    {
        for (size_t at = 0; at < in.size(); at += size)
            feed(in.data() + at, std::min(size, in.size() - at));
    }
    void end()
    {
        wsp_conn_end_of_stream(&conn, &last);
        take(last);
    }

    // ---- Sending: each returns what the library did, and keeps the frame.

    int64_t send(wsp_conn_frame f)
    {
        f.masking_key = key();
        Bytes out(f.len + WSP_FRAME_HEADER_MAX);
        return keep(wsp_conn_send(&conn, now, &f, out.data(), out.size()), out);
    }
    int64_t send(int opcode, const std::string &payload, bool more = false)
    {
        wsp_conn_frame f = {};
        f.opcode = static_cast<uint8_t>(opcode);
        f.more = more;
        f.payload = payload.data();
        f.len = payload.size();
        return send(f);
    }
    int64_t close(int code, const std::string &reason = "")
    {
        Bytes out(WSP_CONTROL_FRAME_MAX);
        return keep(wsp_conn_close(&conn, now, static_cast<uint16_t>(code), reason.data(),
                                   reason.size(), key(), out.data(), out.size()),
                    out);
    }
    int64_t ping()
    {
        Bytes out(WSP_CONTROL_FRAME_MAX);
        return keep(wsp_conn_ping(&conn, now, key(), out.data(), out.size()), out);
    }

    Bytes take_wire()
    {
        Bytes taken;
        taken.swap(wire);
        return taken;
    }

    wsp_conn_state state() const
    {
        return wsp_conn_get_state(&conn);
    }
    wsp_conn_tcp tcp() const
    {
        return wsp_conn_get_tcp(&conn);
    }

    uint64_t consumed = 0;
    bool all_consumed = true; // whenever the event was NONE
    size_t data_events = 0;

private:
    int64_t keep(int64_t n, const Bytes &out)
    {
        if (n > 0)
            wire.insert(wire.end(), out.begin(), out.begin() + n);
        return n;
    }

    void take_data(const wsp_conn_event &ev)
    {
        data_events++;
        if (ev.first)
            message_.clear();
        if (ev.offset != message_.size())
            log.push_back("offset " + std::to_string(ev.offset));
        message_.append(reinterpret_cast<const char *>(ev.data), ev.len);
        if (ev.last)
            log.push_back(std::string(ev.compressed ? "compressed " : "") +
                          wsp_opcode_name(ev.opcode) + " " + message_);
    }

    void take(const wsp_conn_event &ev)
    {
        const std::string payload(reinterpret_cast<const char *>(ev.data), ev.len);
        const std::string code = std::to_string(ev.code);
        switch (ev.type) {
        case WSP_CONN_NONE: break;
        case WSP_CONN_DATA: take_data(ev); break;
        case WSP_CONN_PING: log.push_back("ping " + payload); break;
        case WSP_CONN_PONG:
            log.push_back((ev.answer ? "pong after " + std::to_string(ev.round_trip) + " "
                                     : std::string("pong ")) +
                          payload);
            break;
        case WSP_CONN_CLOSE: log.push_back("close " + code + " " + payload); break;
        case WSP_CONN_FAILURE:
            log.push_back("fail " + code + " " + names_of(ev.violations) + " at " +
                          std::to_string(ev.at));
            break;
        case WSP_CONN_END:
            log.push_back(std::string(ev.clean ? "clean end " : "end ") + code +
                          (ev.violations ? " " + names_of(ev.violations) : ""));
            break;
        }
        if (answering)
            reply(ev);
    }

    void reply(const wsp_conn_event &ev)
    {
        Bytes out(WSP_CONTROL_FRAME_MAX);
        const int n = wsp_conn_reply(&conn, now, &ev, key(), out.data(), out.size());
        if (n < 0) // what is proposed may always be sent
            log.push_back(wsp_error_name(n));
        if (n <= 0)
            return;
        replies.emplace_back(out.begin(), out.begin() + n);
        keep(n, out);
    }

    std::string message_;
};
