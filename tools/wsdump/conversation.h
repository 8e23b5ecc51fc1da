/*
 * A conversation: the two directions of a WebSocket after its handshake. Bytes go in, frame,
 * message, violation and gap records come out, in the order in which their last byte was captured.
 */
#ifndef WSDUMP_CONVERSATION_H
#define WSDUMP_CONVERSATION_H

#include "record.h"

/* What all conversations share. */
typedef struct conversation_settings {
    uint64_t max_data;  /* bytes kept of a message; 0 = all */
    uint64_t memory;    /* bytes that all unfinished messages may take together */
    uint64_t used;      /* of these, taken now, inflaters included */
    uint64_t inflaters; /* of these, by inflaters: at most half of `memory` */
    record_sink *sink;
    void *user;
    uint8_t scratch[65536]; /* payload is unmasked here, larger pieces in turns */
} conversation_settings;

/* Where the bytes that are fed come from. */
typedef struct capture_place {
    uint64_t packet;
    int64_t time_ns;
} capture_place;

/* What the handshake agreed on. */
typedef struct conversation_extensions {
    uint8_t rsv_allowed;         /* as in wsp_frame_rules */
    bool deflate;                /* permessage-deflate: messages with RSV1 are inflated */
    bool no_context_takeover[2]; /* by sender: after a message that could not be inflated the next
                                    can be */
} conversation_extensions;

typedef struct conversation conversation;

/*
 * `number` is the connection's in the records. *settings stays the caller's and must outlive the
 * conversation; *extensions is copied.
 */
conversation *conversation_new(conversation_settings *settings, uint64_t number,
                               const conversation_extensions *extensions);

void conversation_feed(conversation *c, wsp_sender from, const uint8_t *in, size_t len,
                       capture_place place);

/* `bytes` bytes of a direction are lost; 0 = nobody knows how many. */
void conversation_gap(conversation *c, wsp_sender from, uint64_t bytes, capture_place place);

/*
 * The connection is over. What is unfinished is reported as it is; where `ended` is true (the peers
 * ended it, not the capture), a frame or message that is cut off is a violation.
 */
void conversation_finish(conversation *c, bool ended, capture_place place);

/* Did both sides send a Close? */
bool conversation_closed(const conversation *c);

const record_side_totals *conversation_totals(const conversation *c, wsp_sender from);

/* Bytes behind a gap that hid a frame boundary: counted, not decoded. */
uint64_t conversation_undecoded(const conversation *c);

void conversation_free(conversation *c);

#endif
