/* The fields of a frame's header. */
#include "frame_fields.h"

/* Which field breaks a rule. What is not named here is about the payload. */
static const struct {
    uint32_t violation;
    field which;
} breaks[] = {
    {WSP_V_OPCODE_RESERVED, FIELD_OPCODE},       {WSP_V_MASK_MISSING, FIELD_MASK},
    {WSP_V_MASK_UNEXPECTED, FIELD_MASK},         {WSP_V_LENGTH_NOT_MINIMAL, FIELD_LENGTH},
    {WSP_V_LENGTH_MSB, FIELD_EXTENDED},          {WSP_V_CONTROL_FRAGMENTED, FIELD_FIN},
    {WSP_V_CONTROL_TOO_LONG, FIELD_LENGTH},      {WSP_V_CONTINUATION_UNEXPECTED, FIELD_OPCODE},
    {WSP_V_CONTINUATION_EXPECTED, FIELD_OPCODE}, {WSP_V_AFTER_CLOSE, FIELD_OPCODE},
    {WSP_V_LIMIT_FRAME, FIELD_LENGTH},           {WSP_V_LIMIT_FRAGMENTS, FIELD_FIN},
};

/* RSV1 has a meaning in permessage-deflate, the others have none in any registered extension. */
static field unnegotiated(uint8_t rsv)
{
    return rsv & WSP_RSV2 ? FIELD_RSV2 : rsv & WSP_RSV3 ? FIELD_RSV3 : FIELD_RSV1;
}

static void place(frame_fields *f)
{
    const wsp_frame_header *h = f->header;
    const unsigned bits[FIELD_PAYLOAD] = {
        1, 1, 1, 1, 4, 1, 7, h->length_form > 7 ? h->length_form : 0, h->masked ? 32 : 0,
    };
    unsigned next = 0;
    for (field i = 0; i < FIELD_PAYLOAD; i++) {
        f->at[i].first = next;
        f->at[i].bits = bits[i];
        next += bits[i];
    }
    f->at[FIELD_PAYLOAD].first = next;
}

static void blame(frame_fields *f)
{
    uint32_t rest = f->frame->frame.violations;
    for (size_t i = 0; i < G_N_ELEMENTS(breaks); i++) {
        field which = breaks[i].which;
        if (which == FIELD_EXTENDED && !f->at[which].bits)
            which = FIELD_LENGTH;
        f->at[which].violations |= rest & breaks[i].violation;
        rest &= ~breaks[i].violation;
    }
    f->at[unnegotiated(f->header->rsv)].violations |= rest & WSP_V_RSV_UNNEGOTIATED;
    f->at[FIELD_PAYLOAD].violations |= rest & ~WSP_V_RSV_UNNEGOTIATED;
}

void frame_fields_init(frame_fields *f, const record *frame)
{
    *f = (frame_fields){.frame = frame, .header = frame->frame.header};
    int size = wsp_frame_header_encode(f->bytes, f->header);
    f->size = size > 0 ? (unsigned)size : 0;
    place(f);
    blame(f);
}

field frame_fields_of_bit(const frame_fields *f, unsigned bit)
{
    for (field i = 0; i < FIELD_PAYLOAD; i++)
        if (bit >= f->at[i].first && bit < f->at[i].first + f->at[i].bits)
            return i;
    return FIELD_PAYLOAD;
}

style frame_fields_style(const frame_fields *f, field which)
{
    static const style styles[FIELDS] = {
        [FIELD_FIN] = STYLE_WORD,      [FIELD_RSV1] = STYLE_NORMAL,     [FIELD_RSV2] = STYLE_NORMAL,
        [FIELD_RSV3] = STYLE_NORMAL,   [FIELD_OPCODE] = STYLE_KEY,      [FIELD_MASK] = STYLE_MASKED,
        [FIELD_LENGTH] = STYLE_NUMBER, [FIELD_EXTENDED] = STYLE_NUMBER, [FIELD_KEY] = STYLE_MASKED,
        [FIELD_PAYLOAD] = STYLE_STRING};
    return f->at[which].violations ? STYLE_VIOLATION : styles[which];
}
