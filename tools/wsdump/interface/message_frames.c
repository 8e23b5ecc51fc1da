/* See message_frames.h. */
#include "message_frames.h"

enum { FAR = 100000 };

static bool is_of(const record *frame, const record *message)
{
    uint8_t opcode = frame->frame.header->opcode;
    if (frame->from != message->from)
        return false;
    if (message->message.opcode >= WSP_OPCODE_CLOSE)
        return opcode == message->message.opcode;
    return opcode < WSP_OPCODE_CLOSE;
}

void message_frames(const store_view *v, uint64_t message, bool violations, GArray *out)
{
    const record *m = store_row(v, message);
    uint64_t row = message, left = m->message.frames;
    guint from = out->len;
    for (int i = 0; left > 0 && i < FAR; i++) {
        row = store_row_before(v, row);
        if (row == STORE_NO_ROW)
            break;
        const record *r = store_row(v, row);
        bool frame = r->type == RECORD_FRAME && is_of(r, m);
        bool broken = violations && r->type == RECORD_VIOLATION && r->from == m->from;
        if (frame || broken)
            g_array_append_val(out, row);
        left -= frame;
    }
    for (guint low = from, high = out->len; low + 1 < high; low++, high--) {
        uint64_t swapped = g_array_index(out, uint64_t, low);
        g_array_index(out, uint64_t, low) = g_array_index(out, uint64_t, high - 1);
        g_array_index(out, uint64_t, high - 1) = swapped;
    }
}

uint64_t message_find_frame(const store_view *v, uint64_t row, uint64_t number)
{
    wsp_sender from = store_row(v, row)->from;
    for (int i = 0; i < FAR && row != STORE_NO_ROW; i++, row = store_row_before(v, row)) {
        const record *r = store_row(v, row);
        if (r->type == RECORD_FRAME && r->from == from && r->frame.number == number)
            return row;
    }
    return STORE_NO_ROW;
}
