/* What was found wrong when a step was judged, in words and with the bytes. */
#ifndef SHARED_FINDING_H
#define SHARED_FINDING_H

#include "inbox.h"
#include "play.h"

typedef struct finding {
    char *expected;    /* says more exactly than the step what was expected; NULL = the step does */
    char *got;         /* "got ...", "no response" */
    GPtrArray *detail; /* of char *; lines below */
    play_place place;
    bool trouble; /* it is the grader's own: verdict ERROR */
} finding;

void finding_init(finding *f);
void finding_clear(finding *f);

/* Set f->got, once: what was found first counts. */
void finding_got(finding *f, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Set f->got in place of what was found before. */
void finding_got_instead(finding *f, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Add a line to the details. */
void finding_detail(finding *f, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* An item as people call it: "text \"hello\"", "close 1002", "HTTP 400 Bad Request", "the request
 * GET /ws". To be freed. */
char *finding_name(const inbox_item *item);

/* "got ITEM", or what makes it illegal. Sets the place. */
void finding_item(finding *f, unsigned connection, const inbox_item *item);

/* What a head is to people: a server's "answer", a client's "request". */
const char *finding_head_word(const inbox_item *item);

/* Is it a whole frame that is short and readable, so that finding_item shows all of it? */
bool finding_is_another(const inbox_item *item);

/* "got OPCODE for WANTED", with the frame's first bytes. Sets the place. */
void finding_opcode(finding *f, unsigned connection, const inbox_item *item, uint8_t wanted);

/* Two stretches of bytes that should be equal, as far as both go. */
typedef struct finding_bytes {
    const uint8_t *got, *wanted;
    size_t got_len, wanted_len;
    bool whole;      /* no more of `got` will come */
    uint64_t offset; /* stream offset of got[0] */
    bool in_stream;  /* false: it is no stream; the caret says "byte" */
} finding_bytes;

/* Where they differ: the index of the first wrong or superfluous byte; got_len where something is
 * missing (only when `whole`); -1: nothing wrong so far. */
int64_t finding_difference(const finding_bytes *b);

/* Say what is wrong at that index, with the bytes around it and a caret. */
void finding_difference_told(finding *f, const finding_bytes *b, int64_t index);

#endif
