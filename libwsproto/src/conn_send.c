/* The sending side of an endpoint: what may be sent when, and frames made of it. */
#include "endpoint.h"
#include "frame_encode.h"
#include "internal.h"
#include "wsproto/close.h"
#include "wsproto/conn.h"
#include "wsproto/error.h"
#include "wsproto/mask.h"

#include <string.h>

/* ---- What may be sent ----------------------------------------------------------------------- */

static bool begins_message(uint8_t opcode)
{
    return opcode == WSP_OPCODE_TEXT || opcode == WSP_OPCODE_BINARY;
}

/* Is it a frame at all, whatever the connection is doing? */
static int check_shape(const wsp_conn_frame *f)
{
    bool control = f->opcode >= WSP_OPCODE_CLOSE && f->opcode <= WSP_OPCODE_PONG;
    if (!control && !begins_message(f->opcode) && f->opcode != WSP_OPCODE_CONTINUATION)
        return WSP_ERR_RANGE;
    if (control && (f->more || f->len > WSP_CONTROL_PAYLOAD_MAX))
        return WSP_ERR_RANGE;
    if (f->compressed && !begins_message(f->opcode))
        return WSP_ERR_EXTENSION;
    if (f->opcode != WSP_OPCODE_CLOSE)
        return WSP_OK;
    uint16_t code;
    uint32_t wrong = wsp_close_check(f->payload, f->len, &code);
    if (wrong & (WSP_V_CLOSE_SHORT | WSP_V_CLOSE_CODE))
        return WSP_ERR_RANGE;
    return wrong ? WSP_ERR_VALUE : WSP_OK;
}

/* Is it its turn? RFC 6455 5.4 and 5.5.1. */
static int check_turn(const wsp_conn *c, const wsp_conn_frame *f)
{
    if (c->ended || c->close_sent || (c->failed && f->opcode != WSP_OPCODE_CLOSE))
        return WSP_ERR_STATE;
    if (wsp_opcode_is_control(f->opcode))
        return WSP_OK;
    if (begins_message(f->opcode) == (c->sending != 0))
        return WSP_ERR_ORDER;
    if (f->compressed && !c->options.deflater && !c->options.compress_alone)
        return WSP_ERR_EXTENSION;
    return WSP_OK;
}

/* Text must be UTF-8 (8.1), also when it is cut inside a character. *u goes on from fragment to
 * fragment. */
static int check_text(const wsp_conn_frame *f, wsp_utf8 *u)
{
    if (f->len && wsp_utf8_feed(u, f->payload, f->len) != f->len)
        return WSP_ERR_VALUE;
    return f->more || wsp_utf8_done(u) ? WSP_OK : WSP_ERR_VALUE;
}

/* All rules. *text_end gets where the text of `f` ends, if it is text. */
static int check(const wsp_conn *c, const wsp_conn_frame *f, wsp_utf8 *text_end)
{
    int error = check_shape(f);
    if (!error)
        error = check_turn(c, f);
    if (!error && c->options.role == WSP_CLIENT && !f->masking_key)
        error = WSP_ERR_MASK;
    if (error || wsp_opcode_is_control(f->opcode))
        return error;
    bool begins = begins_message(f->opcode);
    if ((begins ? f->opcode : c->sending) != WSP_OPCODE_TEXT ||
        (begins ? f->compressed : c->sending_compressed))
        return WSP_OK;
    if (!begins)
        *text_end = c->sending_utf8;
    return check_text(f, text_end);
}

/* ---- What follows from sending -------------------------------------------------------------- */

/* A ping waits for its pong; the wait for a sign of life is that of the first ping without one. */
static void note_ping(wsp_conn *c, uint64_t now, const wsp_conn_frame *f)
{
    if (f->len)
        memcpy(c->ping, f->payload, f->len);
    c->ping_len = (uint8_t)f->len;
    c->ping_open = true;
    c->pinged = now;
    if (!c->life_due)
        c->life_since = now;
    c->life_due = true;
}

static void note_sent(wsp_conn *c, uint64_t now, const wsp_conn_frame *f, wsp_utf8 text_end)
{
    if (f->opcode == WSP_OPCODE_PING)
        note_ping(c, now, f);
    if (f->opcode == WSP_OPCODE_CLOSE) {
        wsp_conn_note_closing(c, now);
        c->close_sent = true;
    }
    if (wsp_opcode_is_control(f->opcode))
        return;
    if (begins_message(f->opcode)) {
        c->sending = f->opcode;
        c->sending_compressed = f->compressed;
    }
    c->sending_utf8 = text_end;
    if (!f->more)
        c->sending = 0;
}

/* ---- Admission ------------------------------------------------------------------------------ */

WSP_APART static int admit_any(wsp_conn *c, uint64_t now, const wsp_conn_frame *f, int last)
{
    wsp_utf8 text_end = {0};
    int error = check(c, f, &text_end);
    if (!error)
        error = last;
    if (!error)
        note_sent(c, now, f, text_end);
    return error;
}

/*
 * A whole message, not compressed, on an open connection and between messages: no rule forbids it,
 * and nothing follows from it. Most frames are so, and need no closer look.
 */
static inline bool is_plain(const wsp_conn *c, const wsp_conn_frame *f)
{
    wsp_utf8 text = {0};
    return begins_message(f->opcode) && !f->more && !f->compressed && !c->sending &&
           !c->close_sent && !c->failed && !c->ended &&
           (c->options.role == WSP_SERVER || f->masking_key) &&
           (f->opcode == WSP_OPCODE_BINARY || check_text(f, &text) == WSP_OK);
}

static inline int admit(wsp_conn *c, uint64_t now, const wsp_conn_frame *f, int last)
{
    return is_plain(c, f) ? last : admit_any(c, now, f, last);
}

int wsp_conn_admit(wsp_conn *c, uint64_t now, const wsp_conn_frame *f, int last)
{
    return admit(c, now, f, last);
}

/* ---- Frames --------------------------------------------------------------------------------- */

/* Below, a key of NULL is a server's: nothing is masked. */

static inline int write_header(const wsp_conn_frame *f, size_t len, const uint8_t *key,
                               uint8_t out[WSP_FRAME_HEADER_MAX])
{
    wsp_frame_header h = {
        .fin = !f->more,
        .rsv = f->compressed ? WSP_RSV1 : 0,
        .opcode = f->opcode,
        .masked = key != NULL,
        .payload_length = len,
    };
    if (key)
        memcpy(h.masking_key, key, sizeof h.masking_key);
    return encode_header(out, &h);
}

int wsp_conn_write_header(const wsp_conn *c, const wsp_conn_frame *f, size_t len,
                          uint8_t out[WSP_FRAME_HEADER_MAX])
{
    return write_header(f, len, c->options.role == WSP_CLIENT ? f->masking_key : NULL, out);
}

static inline int check_room(const wsp_conn_frame *f, const uint8_t *key, size_t size)
{
    wsp_frame_header h = {.length_form = shortest_form(f->len), .masked = key != NULL};
    size_t header_size = (size_t)wsp_frame_header_size(&h);
    return size >= header_size && size - header_size >= f->len ? WSP_OK : WSP_ERR_SPACE;
}

/* Where there is room. */
static inline int64_t write_frame(const wsp_conn_frame *f, const uint8_t *key, uint8_t *out)
{
    int header_size = write_header(f, f->len, key, out);
    if (key)
        wsp_mask(out + header_size, f->payload, f->len, key, 0);
    else if (f->len)
        memcpy(out + header_size, f->payload, f->len);
    return header_size + (int64_t)f->len;
}

/*
 * The two roles are apart, so that a server's common way has no branch of a client's. What is noted
 * of a ping is noted before its payload may be masked in place.
 */

WSP_APART static int send_header_masked(wsp_conn *c, uint64_t now, const wsp_conn_frame *f,
                                        uint8_t header[WSP_FRAME_HEADER_MAX], uint8_t *masked)
{
    int error = admit(c, now, f, f->len && !masked ? WSP_ERR_MASK : WSP_OK);
    if (error)
        return error;
    int header_size = write_header(f, f->len, f->masking_key, header);
    wsp_mask(masked, f->payload, f->len, f->masking_key, 0);
    return header_size;
}

int wsp_conn_send_header(wsp_conn *c, uint64_t now, const wsp_conn_frame *f,
                         uint8_t header[WSP_FRAME_HEADER_MAX], uint8_t *masked)
{
    if (c->options.role == WSP_CLIENT)
        return send_header_masked(c, now, f, header, masked);
    int error = admit(c, now, f, WSP_OK);
    return error ? error : write_header(f, f->len, NULL, header);
}

static inline int64_t send_frame(wsp_conn *c, uint64_t now, const wsp_conn_frame *f,
                                 const uint8_t *key, uint8_t *out, size_t size)
{
    int error = admit(c, now, f, check_room(f, key, size));
    return error ? error : write_frame(f, key, out);
}

WSP_APART static int64_t send_masked(wsp_conn *c, uint64_t now, const wsp_conn_frame *f,
                                     uint8_t *out, size_t size)
{
    return send_frame(c, now, f, f->masking_key, out, size);
}

int64_t wsp_conn_send(wsp_conn *c, uint64_t now, const wsp_conn_frame *f, uint8_t *out, size_t size)
{
    if (c->options.role == WSP_CLIENT)
        return send_masked(c, now, f, out, size);
    return send_frame(c, now, f, NULL, out, size);
}

/* ---- Control frames ------------------------------------------------------------------------- */

int wsp_conn_reply(wsp_conn *c, uint64_t now, const wsp_conn_event *ev, const uint8_t *masking_key,
                   uint8_t *out, size_t size)
{
    if (ev->reply.opcode == 0)
        return 0;
    wsp_conn_frame f = {
        .opcode = ev->reply.opcode,
        .masking_key = masking_key,
        .payload = ev->reply.payload,
        .len = ev->reply.len,
    };
    return (int)wsp_conn_send(c, now, &f, out, size);
}

int wsp_conn_close(wsp_conn *c, uint64_t now, uint16_t code, const char *reason, size_t reason_len,
                   const uint8_t *masking_key, uint8_t *out, size_t size)
{
    uint8_t payload[WSP_CONTROL_PAYLOAD_MAX];
    int len = 0;
    if (code || reason_len)
        len = wsp_close_encode(payload, sizeof payload, code, reason, reason_len);
    if (len < 0)
        return len;
    wsp_conn_frame f = {WSP_OPCODE_CLOSE, false, false, masking_key, payload, (size_t)len};
    return (int)wsp_conn_send(c, now, &f, out, size);
}

int wsp_conn_ping(wsp_conn *c, uint64_t now, const uint8_t *masking_key, uint8_t *out, size_t size)
{
    uint8_t payload[8];
    uint64_t number = c->pings_sent + 1;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(number >> (56 - 8 * i));
    wsp_conn_frame f = {WSP_OPCODE_PING, false, false, masking_key, payload, sizeof payload};
    int n = (int)wsp_conn_send(c, now, &f, out, size);
    if (n > 0)
        c->pings_sent = number;
    return n;
}

/* ---- One frame for many connections --------------------------------------------------------- */

int64_t wsp_conn_shared_encode(const wsp_conn_frame *f, uint8_t *out, size_t size)
{
    int error = check_shape(f);
    wsp_utf8 text = {0};
    if (!error && (f->more || f->opcode == WSP_OPCODE_CONTINUATION))
        error = WSP_ERR_RANGE;
    if (!error && f->opcode == WSP_OPCODE_TEXT && !f->compressed)
        error = check_text(f, &text);
    if (!error)
        error = check_room(f, NULL, size);
    return error ? error : write_frame(f, NULL, out);
}

int wsp_conn_shared_send(wsp_conn *c, uint64_t now, const uint8_t *frame, size_t len)
{
    wsp_frame_header h;
    size_t header_len = (size_t)wsp_frame_header_decode(&h, frame, len);
    if (header_len == 0 || !h.fin || h.masked || (h.rsv & ~WSP_RSV1) ||
        h.payload_length != len - header_len || h.opcode == WSP_OPCODE_CONTINUATION)
        return WSP_ERR_RANGE;
    wsp_conn_frame f = {
        .opcode = h.opcode,
        .compressed = h.rsv != 0,
        .payload = frame + header_len,
        .len = len - header_len,
    };
    int error = check_shape(&f);
    if (!error && c->options.role == WSP_CLIENT)
        error = WSP_ERR_MASK;
    if (!error && f.compressed && !c->options.compress_alone)
        error = WSP_ERR_EXTENSION;
    if (!error)
        error = check_turn(c, &f);
    if (error)
        return error;
    note_sent(c, now, &f, (wsp_utf8){0});
    return WSP_OK;
}
