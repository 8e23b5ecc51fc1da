/* How message.c has compressed messages inflated: message_inflate.c. */
#ifndef WSPROTO_MESSAGE_INFLATE_H
#define WSPROTO_MESSAGE_INFLATE_H

#include "wsproto/message.h"

typedef struct wsp_message_open open_message;

/* Does this event end the message? */
static inline bool is_end(const wsp_event *ev)
{
    return ev->bytes_left == 0 && (ev->frame->fin || wsp_opcode_is_control(ev->frame->opcode));
}

/* Inflate what there is of the event's bytes from m->taken on, as far as there is room. */
void wsp_message_inflate(wsp_message *m, open_message *o, const wsp_event *ev, uint8_t *out,
                         size_t size, wsp_message_event *mev);

/* From here on nothing of the compressed message is known. */
void wsp_message_tear(wsp_message *m, open_message *o);

#endif
