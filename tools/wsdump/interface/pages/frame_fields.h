/*
 * The fields of a frame's header (RFC 6455 5.2): where they are, what is in them, and which of them
 * breaks which rule.
 */
#ifndef WSDUMP_INTERFACE_FRAME_FIELDS_H
#define WSDUMP_INTERFACE_FRAME_FIELDS_H

#include "record.h"
#include "style.h"

typedef enum field {
    FIELD_FIN,
    FIELD_RSV1,
    FIELD_RSV2,
    FIELD_RSV3,
    FIELD_OPCODE,
    FIELD_MASK,
    FIELD_LENGTH,
    FIELD_EXTENDED, /* extended payload length */
    FIELD_KEY,
    FIELD_PAYLOAD, /* what comes behind the header */
    FIELDS
} field;

typedef struct frame_fields {
    const record *frame; /* the caller's */
    const wsp_frame_header *header;
    uint8_t bytes[WSP_FRAME_HEADER_MAX]; /* of the header, as on the wire */
    unsigned size;                       /* how many; 0 = no wire has such a header */
    struct {
        unsigned first, bits; /* bits = 0: this header has no such field, or it is the payload */
        uint32_t violations;  /* a set of WSP_V_*: of this field */
    } at[FIELDS];
} frame_fields;

/* Take a frame record apart; what it points at stays the caller's. */
void frame_fields_init(frame_fields *f, const record *frame);

/* The field that this bit is in, counted from the frame's first. */
field frame_fields_of_bit(const frame_fields *f, unsigned bit);

/* The style of its name and bits. */
style frame_fields_style(const frame_fields *f, field which);

#endif
