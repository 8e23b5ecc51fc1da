// One record of each type, for tests of what comes behind the session.
#pragma once

#include <string>
#include <string_view>
#include <utility>

extern "C" {
#include "record.h"
}

namespace sample
{

inline record some(record_type type)
{
    record r = {};
    r.type = type;
    r.time_ns = 1763550000123456000;
    r.conn = 7;
    r.from = type == RECORD_OPEN || type == RECORD_END ? WSP_FROM_UNKNOWN : WSP_FROM_SERVER;
    return r;
}

inline const endpoint client = {4, {192, 0, 2, 1}, 40000};
inline const endpoint server = {
    6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 8080};

// A head and the room that it needs.
struct Head {
    explicit Head(std::string text) : text_(std::move(text))
    {
        wsp_http_parse(&head, text_.data(), text_.size(), headers_, 16);
    }
    wsp_http_head head;

private:
    std::string text_;
    wsp_http_header headers_[16];
};

inline record some_open(record_handshake handshake, const Head *request, const Head *response)
{
    record r = some(RECORD_OPEN);
    r.open.client = &client;
    r.open.server = &server;
    r.open.handshake = handshake;
    r.open.request = request ? &request->head : nullptr;
    r.open.response = response ? &response->head : nullptr;
    return r;
}

inline const wsp_frame_header masked_header = {
    1, 4, 1, 1, 64, {0, 0x1b, 0xff, 0x80}, 0x8000000000000001};
inline const wsp_frame_header bare_header = {0, 0, 0, 0, 7, {}, 5};

inline record some_frame(const wsp_frame_header &header, uint32_t violations)
{
    record r = some(RECORD_FRAME);
    r.frame = {3, 12345678901, &header, violations, false};
    return r;
}

// `data` must outlive the record.
inline record some_message(uint8_t opcode, std::string_view data)
{
    record r = some(RECORD_MESSAGE);
    r.message.number = 5;
    r.message.opcode = opcode;
    r.message.frames = 1;
    r.message.wire_length = r.message.length = data.size();
    r.message.complete = true;
    r.message.utf8 = true;
    r.message.data = reinterpret_cast<const uint8_t *>(data.data());
    r.message.data_len = data.size();
    r.message.close_code = -1;
    r.message.rtt_ns = -1;
    return r;
}

} // namespace sample
