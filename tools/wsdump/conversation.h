/*
 * A conversation: the two directions of a WebSocket after its handshake. Bytes go in, frame,
 * message, violation and gap records come out, in the order in which their last byte was captured.
 */
#ifndef WSDUMP_CONVERSATION_H
#define WSDUMP_CONVERSATION_H

#include "budget.h"
#include "certain.h"
#include "hunt.h"
#include "record.h"

/* What all conversations share. */
typedef struct conversation_settings {
    uint64_t max_data;        /* bytes kept of a message; 0 = all */
    budget memory;            /* that all unfinished messages and the inflaters take from */
    certain_memory inflaters; /* a part of it */
    pieces_memory waiting;    /* for bytes of which nobody knows yet how they are to be read */
    bool no_frames;           /* frames are counted, and no records made of them */
    uint64_t frames;
    uint64_t cut_short;    /* messages of which `memory` let less be kept than max_data would */
    uint64_t not_inflated; /* messages that could not be inflated, for want of memory */
    record_sink *sink;
    void *user;
    uint8_t scratch[65536]; /* payload is unmasked here, larger pieces in turns */
} conversation_settings;

/* What the handshake agreed on. */
typedef struct conversation_extensions {
    uint8_t rsv_allowed; /* as in wsp_frame_rules */
    bool deflate;        /* permessage-deflate: messages with RSV1 are inflated. Its parameters make
                            no difference to an observer */
} conversation_extensions;

typedef struct conversation conversation;

/*
 * `number` is the connection's in the records. *settings stays the caller's and must outlive the
 * conversation; *extensions is copied.
 */
conversation *conversation_new(conversation_settings *settings, uint64_t number,
                               const conversation_extensions *extensions);

/*
 * The conversation was joined without a handshake: *h has seen all of this direction so far. It is
 * taken over: the caller clears it no more. To be said of each direction before anything is fed;
 * what the hunts found is read with whatever is fed next.
 */
void conversation_join(conversation *c, wsp_sender from, const hunt *h);

/* What a direction has sent before it was known that this is a conversation; *waiting is empty
 * then. To be said before anything is fed. */
void conversation_replay(conversation *c, wsp_sender from, pieces *waiting);

/*
 * The next bytes of a direction; segment_start when a captured segment begins with them. Behind a
 * gap that hid where the next frame begins they are read on from a segment start at which one does
 * by all evidence; its frames count as guessed until they are proven.
 */
void conversation_feed(conversation *c, wsp_sender from, const uint8_t *in, size_t len,
                       bool segment_start, capture_place place);

/* The segments so far are over: a direction has sent its last byte. Not needed before other calls.
 */
void conversation_pause(conversation *c);

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

/* Bytes that were passed over where nobody knew where the next frame begins. */
uint64_t conversation_undecoded(const conversation *c);

void conversation_free(conversation *c);

#endif
