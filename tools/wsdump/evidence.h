/*
 * Evidence: do these bytes, taken from here on, read as one direction of a WebSocket? A pure judge:
 * it is fed a stream from a byte where a frame may begin, and counts in bits how unlikely it is
 * that other bytes would read as these frames do. n bits: other bytes do so once in 2^n times.
 *
 * It serves whoever has no handshake to rely on: a connection joined in its middle, and a direction
 * in which a gap hid where the next frame begins.
 */
#ifndef WSDUMP_EVIDENCE_H
#define WSDUMP_EVIDENCE_H

#include <wsproto/wsproto.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits are counted in tenths. With so many of them frames are no guess any more. */
enum { EVIDENCE_PROOF = 240 };

enum { EVIDENCE_SHAPES = 4 };

/* What is known of the direction before its bytes are. */
typedef struct evidence_rules {
    uint8_t rsv_allowed; /* as in wsp_frame_rules; RSV1 where nobody knows */
    int masked;          /* 1, 0; -1 = not known: the first frame tells */
    bool websocket;      /* it is one; the question is only where its frames begin */
} evidence_rules;

/* The caller's memory; a copy is a snapshot; holds no pointers of its own. */
typedef struct evidence {
    evidence_rules rules; /* `masked` is known after the first frame */
    int bits;             /* so far, in tenths; never fewer than before */
    uint64_t frames;
    bool reads_as_text;  /* everything so far, headers too, is text: then it is more likely that */
    uint64_t ping, pong; /* hashes of the payloads of the last ones; 0 = none worth comparing */
    uint64_t close;      /* code of a Close; 0 = none */

    wsp_reader reader;
    enum { EVIDENCE_UNSURE, EVIDENCE_BETWEEN, EVIDENCE_INSIDE } place; /* is a message open? */
    unsigned idle; /* frames in a row that told nothing */
    bool told;     /* the last frame told something */
    bool new_shape, own_key;
    bool ends_message, long_form;     /* of the last frame */
    bool segments;                    /* a frame ended where its segment did */
    uint64_t shapes[EVIDENCE_SHAPES]; /* first byte and length of the last different frames */
    unsigned next_shape;
    uint8_t key[4]; /* of the last masked frame */
    wsp_utf8 utf8;
    bool whole, plain;        /* of the payload nothing is lost; it has no control characters */
    uint64_t hash, last_hash; /* of the payload's beginning; of the frame before */
    wsp_utf8 raw;             /* of everything so far */
    uint8_t raw_begun;        /* bytes that may belong to a character that began before; then 4 */
    /* Bytes of payload; of these such as begin a frame, zeros apart, and such as say "masked". */
    uint32_t sampled, may_begin, zeros, high;
} evidence;

/* Can a frame begin with this byte, if it is one? */
bool evidence_may_begin(const evidence_rules *rules, uint8_t first);

void evidence_begin(evidence *e, const evidence_rules *rules);

/*
 * The next bytes. False when they refute it: a legal WebSocket does not go on like this. Then there
 * is no more to ask of *e. The same bytes cut anywhere give the same bits in the same places.
 */
bool evidence_feed(evidence *e, const uint8_t *in, size_t len);

/* A captured segment ends behind the last byte that was fed. May be said twice. */
void evidence_segment_end(evidence *e);

/* `bytes` bytes are lost, 0 = nobody knows how many. False when it is not known where the next
 * frame begins: then nothing can follow from these frames for what comes. */
bool evidence_gap(evidence *e, uint64_t bytes);

/* Has a whole number of frames been fed? */
bool evidence_at_rest(const evidence *e);

#endif
