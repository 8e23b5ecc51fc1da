// An observer for tests: it feeds bytes through the reader and the message layer, cut as the test
// wants, and writes down what they said in a form that does not depend on the cuts.
#pragma once

#include "wire.h"

#include <wsproto/message.h>
#include <wsproto/reader.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

// A connection whose two roles are not known, and on which permessage-deflate may be in use.
inline wsp_frame_rules rules_of_any_sender()
{
    wsp_frame_rules rules = {};
    rules.sender = WSP_FROM_UNKNOWN;
    rules.rsv_allowed = WSP_RSV1;
    return rules;
}

// A frame as the reader gave it, its pieces joined.
struct SeenFrame {
    uint64_t at = 0;
    Bytes header; // as it would stand on the wire: all fields of it in one
    uint64_t payload_length = 0;
    uint32_t violations = 0;
    Bytes payload; // as on the wire
    bool complete = false;
};

// A message as the message layer gave it. Bytes that a gap hid are zero in data.
struct SeenMessage {
    int opcode = 0;
    bool compressed = false, complete = false;
    uint64_t frames = 0;
    Bytes data;
    bool raw = false, torn = false; // compressed: not inflated; inflated only so far
    uint64_t wire_length = 0;       // not compared
};

// A broken rule, and the stream offset of the byte at which that was known.
struct SeenViolation {
    std::string name;
    uint64_t at = 0;
};

inline bool operator==(const SeenFrame &a, const SeenFrame &b)
{
    return a.at == b.at && a.header == b.header && a.payload_length == b.payload_length &&
           a.violations == b.violations && a.payload == b.payload && a.complete == b.complete;
}
inline bool operator==(const SeenMessage &a, const SeenMessage &b)
{
    return a.opcode == b.opcode && a.compressed == b.compressed && a.complete == b.complete &&
           a.frames == b.frames && a.data == b.data && a.raw == b.raw && a.torn == b.torn;
}
inline bool operator==(const SeenViolation &a, const SeenViolation &b)
{
    return a.name == b.name && a.at == b.at;
}
inline void PrintTo(const SeenFrame &f, std::ostream *os)
{
    *os << "frame at " << f.at << ": " << to_hex(f.header) << " | " << to_hex(f.payload)
        << (f.complete ? "" : " …") << " violations " << f.violations;
}
inline void PrintTo(const SeenMessage &m, std::ostream *os)
{
    *os << (m.compressed ? "compressed " : "") << (m.raw ? "raw " : "") << (m.torn ? "torn " : "")
        << wsp_opcode_name(static_cast<uint8_t>(m.opcode)) << " of " << m.frames
        << " frames: " << to_hex(m.data) << (m.complete ? "" : " …");
}
inline void PrintTo(const SeenViolation &v, std::ostream *os)
{
    *os << v.name << " at " << v.at;
}

class Observer
{
public:
    std::vector<SeenFrame> frames;
    std::vector<SeenMessage> messages; // in the order in which they ended; open ones at the end
    std::vector<SeenViolation> violations;
    size_t delivered = 0; // so many messages were whole when the first violation was known
    int reader_calls = 0, message_calls = 0;

    explicit Observer(const wsp_frame_rules &rules = {}, const wsp_message_rules &limits = {},
                      size_t out_size = 1 << 16)
        : out_(out_size)
    {
        wsp_reader_init(&reader, &rules);
        wsp_message_init(&message, &limits);
    }

    // The piece is copied, so that a sanitizer sees a read past its end or after its life.
    void feed(const uint8_t *in, size_t len)
    {
        const Bytes piece(in, in + len);
        size_t used = 0;
        for (wsp_event ev;;) {
            const size_t n = wsp_reader_next(&reader, piece.data() + used, len - used, &ev);
            reader_calls++;
            used += n;
            if (ev.type == WSP_EVENT_NONE)
                break;
            take(ev);
        }
        consumed += used;
    }
    void feed(const Bytes &in)
    {
        feed(in.data(), in.size());
    }
    void feed_bytewise(const Bytes &in)
    {
        for (uint8_t byte : in)
            feed(&byte, 1);
    }

    void gap(uint64_t bytes)
    {
        wsp_reader_gap(&reader, bytes);
        if (wsp_reader_lost(&reader))
            wsp_message_abandon(&message);
        feed(nullptr, 0);
    }

    void end()
    {
        const bool truncated = wsp_reader_end(&reader) || wsp_message_end(&message);
        if (truncated)
            violations.push_back({"truncated", reader.at - 1});
    }

    wsp_reader reader;
    wsp_message message;
    uint64_t consumed = 0;

private:
    void report(uint32_t set, uint64_t at)
    {
        const wsp_violation *v;
        for (; (v = wsp_violation_first(set)) != nullptr; set &= ~v->bit)
            violations.push_back({v->name, at});
    }

    void finish(const SeenMessage &m)
    {
        messages.push_back(m);
        if (violations.empty())
            delivered = messages.size();
    }

    void take(const wsp_event &ev)
    {
        if (ev.type == WSP_EVENT_FRAME) {
            const wsp_frame_header &h = *ev.frame;
            header_end_ = ev.at + static_cast<uint64_t>(wsp_frame_header_size(&h));
            uint8_t raw[WSP_FRAME_HEADER_MAX];
            const int n = wsp_frame_header_encode(raw, &h);
            frames.push_back(
                {ev.at, Bytes(raw, raw + n), h.payload_length, ev.violations, {}, false});
            report(ev.violations, header_end_ - 1);
        }
        frames.back().payload.insert(frames.back().payload.end(), ev.data, ev.data + ev.len);
        frames.back().complete = ev.bytes_left == 0;
        wsp_message_event mev;
        do {
            wsp_message_next(&message, &ev, out_.data(), out_.size(), &mev);
            message_calls++;
            take(ev, mev);
        } while (mev.more);
    }

    void take(const wsp_event &ev, const wsp_message_event &mev)
    {
        const uint32_t of_payload = WSP_V_CLOSE_CODE | WSP_V_CLOSE_UTF8 | WSP_V_TEXT_UTF8 |
                                    WSP_V_DEFLATE_DATA | WSP_V_LIMIT_INFLATED | WSP_V_LIMIT_RATIO;
        report(mev.violations & ~of_payload, header_end_ - 1);
        report(mev.violations & of_payload, mev.violation_at);
        const bool control = wsp_opcode_is_control(ev.frame->opcode);
        SeenMessage &open = open_[control];
        if (mev.first) {
            if (!control && open.frames > 0)
                finish(open); // abandoned
            open = {};
        }
        open.opcode = mev.opcode;
        open.compressed = mev.compressed;
        open.frames = mev.frames;
        open.raw = mev.raw;
        open.torn = mev.torn;
        open.wire_length = mev.wire_length;
        if (mev.len > 0)
            open.data.resize(mev.offset);
        open.data.insert(open.data.end(), mev.data, mev.data + mev.len);
        open.complete = mev.last;
        if (mev.last) {
            finish(open);
            open = {};
        }
    }

    Bytes out_;
    SeenMessage open_[2]; // the data message and the control frame that are being read
    uint64_t header_end_ = 0;
};

inline Observer observe(const Bytes &in, const wsp_frame_rules &rules = {},
                        const wsp_message_rules &limits = {})
{
    Observer o(rules, limits);
    o.feed(in);
    return o;
}

// The same bytes whole, cut once at every place, and byte by byte: `check` sees each observer.
inline void observe_all_cuts(const Bytes &in, const wsp_frame_rules &rules,
                             const wsp_message_rules &limits,
                             const std::function<void(Observer &, const std::string &)> &check)
{
    for (size_t cut = 0; cut < in.size() || cut == 0; cut++) {
        Observer o(rules, limits);
        o.feed(in.data(), cut);
        o.feed(in.data() + cut, in.size() - cut);
        check(o, "cut at " + std::to_string(cut));
    }
    Observer o(rules, limits);
    o.feed_bytewise(in);
    check(o, "byte by byte");
}
