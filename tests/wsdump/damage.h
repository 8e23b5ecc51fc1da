// Captures from which packets are taken away: what should still come out, by an account of its own
// (sequence numbers and a walk over the frames of the whole streams), and what the stages say.
#pragma once

#include "bundled.h"

#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include "decap.h"
#include "session.h"
#include "source.h"
#include "tcp.h"
}

namespace damage
{

struct Packet {
    uint64_t number;
    int64_t time_ns;
    segment s;
    std::vector<uint8_t> data;
};

// The TCP segments of a capture.
inline std::vector<Packet> read_capture(const std::string &path)
{
    std::vector<Packet> packets;
    GError *error = nullptr;
    source *in = source_open_file(path.c_str(), &error);
    if (!in)
        throw std::runtime_error(error->message);
    packet p;
    while (source_next(in, &p) == SOURCE_PACKET) {
        Packet kept{p.number, p.time_ns, {}, {}};
        if (decap(&p, nullptr, &kept.s) != DECAP_TCP)
            continue;
        kept.data.assign(kept.s.data, kept.s.data + kept.s.len);
        packets.push_back(kept);
    }
    source_close(in);
    for (Packet &kept : packets)
        kept.s.data = kept.data.data();
    return packets;
}

inline std::string name_of(const endpoint &e)
{
    char text[ENDPOINT_TEXT];
    endpoint_format(text, &e);
    return text;
}

using Direction = std::pair<std::string, std::string>; // from, to

struct Frame {
    uint64_t begin, end; // in its stream
    wsp_frame_header header;
};

struct Message {
    uint8_t opcode;
    std::vector<uint8_t> payload;
    bool compressed = false, complete = true, guessed = false;
    std::vector<size_t> frames; // indices into Stream.frames
};

// One direction of one connection.
struct Stream {
    std::vector<uint8_t> bytes;
    std::vector<bool> there;
    std::vector<Frame> frames;
    std::vector<Message> messages;
    uint32_t start = 0; // sequence number of its first byte
    uint32_t first = 0; // offset of the first byte that is of use
    bool begun = false;
};

using Streams = std::map<Direction, Stream>;

inline void put(Stream &stream, const Packet &p)
{
    const uint32_t at = p.s.sequence - stream.start;
    if (at > 1u << 28)
        return;
    if (stream.bytes.size() < at + p.data.size()) {
        stream.bytes.resize(at + p.data.size());
        stream.there.resize(at + p.data.size());
    }
    for (size_t i = 0; i < p.data.size(); i++) {
        if (!stream.there[at + i])
            stream.bytes[at + i] = p.data[i];
        stream.there[at + i] = true;
    }
}

// Where the handshake ends: behind the head with this line.
inline size_t behind_head(const std::vector<uint8_t> &bytes, const std::string &line)
{
    const std::string end = "\r\n\r\n";
    const auto at = std::find_end(bytes.begin(), bytes.end(), line.begin(), line.end());
    if (at == bytes.end())
        return bytes.size();
    const auto found = std::search(at, bytes.end(), end.begin(), end.end());
    return found == bytes.end() ? bytes.size() : static_cast<size_t>(found - bytes.begin()) + 4;
}

inline void add_frame(Stream &stream, const Frame &f, size_t header_size)
{
    stream.frames.push_back(f);
    const size_t index = stream.frames.size() - 1;
    std::vector<uint8_t> payload(f.header.payload_length);
    const uint8_t *masked = stream.bytes.data() + f.begin + header_size;
    if (f.header.masked)
        wsp_mask(payload.data(), masked, payload.size(), f.header.masking_key, 0);
    else
        std::copy(masked, masked + payload.size(), payload.begin());
    if (f.header.opcode == WSP_OPCODE_CONTINUATION) {
        for (size_t i = stream.messages.size(); i-- > 0;) {
            Message &m = stream.messages[i];
            if (wsp_opcode_is_control(m.opcode))
                continue;
            m.payload.insert(m.payload.end(), payload.begin(), payload.end());
            m.frames.push_back(index);
            break;
        }
    } else {
        stream.messages.push_back(
            {f.header.opcode, payload, (f.header.rsv & WSP_RSV1) != 0, true, false, {index}});
    }
}

inline void walk(Stream &stream, const std::string &line)
{
    size_t at = behind_head(stream.bytes, line);
    wsp_frame_header h;
    for (int n; (n = wsp_frame_header_decode(&h, stream.bytes.data() + at,
                                             stream.bytes.size() - at)) > 0;) {
        const uint64_t end = at + static_cast<uint64_t>(n) + h.payload_length;
        if (end > stream.bytes.size())
            break;
        add_frame(stream, {at, end, h}, static_cast<size_t>(n));
        at = end;
    }
    // In the order in which they end; what never ends is none.
    std::vector<Message> &all = stream.messages;
    all.erase(std::remove_if(
                  all.begin(), all.end(),
                  [&](const Message &m) { return !stream.frames[m.frames.back()].header.fin; }),
              all.end());
    std::sort(all.begin(), all.end(),
              [](const Message &a, const Message &b) { return a.frames.back() < b.frames.back(); });
}

// What the whole capture says. Every connection has its SYN in it.
inline Streams truth_of(const std::vector<Packet> &packets)
{
    Streams streams;
    for (const Packet &p : packets) {
        Stream &stream = streams[{name_of(p.s.source), name_of(p.s.destination)}];
        if (p.s.flags & TCP_SYN && !stream.begun) {
            stream.begun = true;
            stream.start = p.s.sequence + 1;
        }
        if (stream.begun)
            put(stream, p);
    }
    for (auto &[direction, stream] : streams) {
        walk(stream, "Sec-WebSocket-Key");
        if (stream.frames.empty())
            walk(stream, "Sec-WebSocket-Accept");
    }
    return streams;
}

// The bytes of the streams that these packets still have.
inline std::map<Direction, std::vector<bool>> there_in(const std::vector<Packet> &packets,
                                                       const Streams &truth)
{
    Streams streams;
    for (const auto &[direction, stream] : truth)
        streams[direction].start = stream.start;
    for (const Packet &p : packets) {
        Stream &stream = streams[{name_of(p.s.source), name_of(p.s.destination)}];
        const bool syn = p.s.flags & TCP_SYN;
        if (!stream.begun && (syn || p.s.len)) { // it begins here, for who sees these packets only
            stream.first = syn ? 0 : p.s.sequence - stream.start;
            stream.begun = true;
        }
        if (p.s.sequence - stream.start >= stream.first)
            put(stream, p);
    }
    std::map<Direction, std::vector<bool>> there;
    for (const auto &[direction, stream] : truth) {
        there[direction] = streams[direction].there;
        there[direction].resize(stream.bytes.size());
    }
    return there;
}

inline bool is_there(const std::vector<bool> &there, uint64_t begin, uint64_t end)
{
    for (uint64_t i = begin; i < end; i++)
        if (!there[i])
            return false;
    return true;
}

// What the stages say.
struct Account {
    std::map<Direction, std::vector<wsp_frame_header>> frames;
    std::map<Direction, std::vector<Message>> messages;
    std::map<uint64_t, std::pair<std::string, std::string>> ends; // client, server
    std::vector<record_handshake> opens;
    session_totals totals;
};

inline void take(void *user, const record *r)
{
    auto *account = static_cast<Account *>(user);
    if (r->type == RECORD_OPEN) {
        account->ends[r->conn] = {name_of(*r->open.client), name_of(*r->open.server)};
        account->opens.push_back(r->open.handshake);
    }
    if (r->type != RECORD_FRAME && r->type != RECORD_MESSAGE)
        return;
    auto [client, server] = account->ends.at(r->conn);
    const Direction direction =
        r->from == WSP_FROM_CLIENT ? Direction{client, server} : Direction{server, client};
    if (r->type == RECORD_FRAME) {
        account->frames[direction].push_back(*r->frame.header);
        return;
    }
    const record_message &m = r->message;
    Message said{m.opcode, {}, m.compressed, m.complete, m.guessed, {}};
    if (m.data)
        said.payload.assign(m.data, m.data + m.data_len);
    account->messages[direction].push_back(said);
}

inline Account decode(const std::vector<Packet> &packets)
{
    Account account;
    const session_options options = {};
    session *sessions = session_new(&options, take, &account);
    tcp *streams = tcp_new(nullptr, session_tcp_event, sessions);
    for (const Packet &p : packets)
        tcp_segment(streams, &p.s, p.number, p.time_ns);
    tcp_finish(streams);
    account.totals = *session_get_totals(sessions);
    tcp_free(streams);
    session_free(sessions);
    return account;
}

// `data` of the second is taken from the first only.
inline std::vector<Packet> without(const std::vector<Packet> &packets,
                                   const std::function<bool(size_t)> &lost)
{
    std::vector<Packet> kept;
    for (size_t i = 0; i < packets.size(); i++)
        if (!lost(i))
            kept.push_back(packets[i]);
    for (Packet &p : kept)
        p.s.data = p.data.data();
    return kept;
}

// The same streams in segments of `size` bytes at most.
inline std::vector<Packet> cut_to(const std::vector<Packet> &packets, size_t size)
{
    std::vector<Packet> all;
    for (const Packet &p : packets) {
        for (size_t at = 0; at == 0 || at < p.data.size(); at += size) {
            const size_t end = std::min(at + size, p.data.size());
            Packet part = p;
            part.number = all.size() + 1;
            part.data.assign(p.data.begin() + static_cast<std::ptrdiff_t>(at),
                             p.data.begin() + static_cast<std::ptrdiff_t>(end));
            part.s.sequence += static_cast<uint32_t>(at);
            part.s.len = static_cast<uint32_t>(part.data.size());
            if (end < p.data.size())
                part.s.flags &= static_cast<uint8_t>(~TCP_FIN);
            all.push_back(part);
        }
    }
    for (Packet &p : all)
        p.s.data = p.data.data();
    return all;
}

inline std::string describe(const Message &m)
{
    const std::string payload(
        m.payload.begin(),
        m.payload.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(m.payload.size(), 30)));
    return std::string(wsp_opcode_name(m.opcode)) + " " + std::to_string(m.payload.size()) + " '" +
           payload + "'" + (m.complete ? "" : " incomplete") + (m.guessed ? " guessed" : "");
}

// What was compared, so that a test can tell that it was something.
struct Score {
    size_t expected = 0, told = 0; // messages whose bytes are all there; of these told
    size_t wrong_messages = 0, wrong_frames = 0, frames = 0;
    std::vector<std::string> faults;
};

inline bool same(const wsp_frame_header &a, const wsp_frame_header &b)
{
    return a.fin == b.fin && a.rsv == b.rsv && a.opcode == b.opcode && a.masked == b.masked &&
           a.payload_length == b.payload_length &&
           std::equal(a.masking_key, a.masking_key + 4, b.masking_key);
}

// Each of the frames told is one of the stream's, in its order.
inline void score_frames(const Stream &stream, const std::vector<wsp_frame_header> &told,
                         Score &score)
{
    size_t at = 0;
    for (const wsp_frame_header &h : told) {
        size_t next = at;
        while (next < stream.frames.size() && !same(stream.frames[next].header, h))
            next++;
        score.frames++;
        if (next == stream.frames.size()) {
            score.wrong_frames++;
            score.faults.push_back(std::string("wrong frame ") + wsp_opcode_name(h.opcode) + " " +
                                   std::to_string(h.payload_length));
        } else {
            at = next + 1;
        }
    }
}

inline bool same(const Message &a, const Message &b)
{
    return a.opcode == b.opcode && a.payload == b.payload;
}

// Every message whose bytes are all there is told whole; each that is told whole is one of the
// stream's; both in order.
inline void score_messages(const Stream &stream, const std::vector<bool> &there,
                           const std::vector<Message> &told, Score &score)
{
    std::vector<Message> whole, account;
    for (const Message &m : told)
        if (m.complete && !m.compressed)
            account.push_back(m);
    size_t at = 0;
    for (const Message &m : stream.messages) {
        // Between its fragments too: what is lost there might have been one.
        const bool all = is_there(there, stream.frames[m.frames.front()].begin,
                                  stream.frames[m.frames.back()].end);
        if (m.compressed || !all)
            continue;
        score.expected++;
        size_t next = at;
        while (next < account.size() && !same(account[next], m))
            next++;
        if (next == account.size()) {
            score.faults.push_back("not told: " + describe(m));
        } else {
            score.told++;
            at = next + 1;
        }
    }
    at = 0;
    for (const Message &m : account) {
        size_t next = at;
        while (next < stream.messages.size() && !same(stream.messages[next], m))
            next++;
        if (next < stream.messages.size()) {
            at = next + 1;
            continue;
        }
        score.wrong_messages++;
        score.faults.push_back("wrong: " + describe(m));
    }
}

inline Score score(const Streams &truth, const std::vector<Packet> &kept, const Account &account)
{
    Score result;
    const auto there = there_in(kept, truth);
    for (const auto &[direction, stream] : truth) {
        const auto frames = account.frames.find(direction);
        const auto messages = account.messages.find(direction);
        const size_t before = result.faults.size();
        if (frames != account.frames.end())
            score_frames(stream, frames->second, result);
        score_messages(
            stream, there.at(direction),
            messages == account.messages.end() ? std::vector<Message>{} : messages->second, result);
        for (size_t i = before; i < result.faults.size(); i++)
            result.faults[i] = direction.first + " > " + direction.second + ": " + result.faults[i];
    }
    return result;
}

} // namespace damage
