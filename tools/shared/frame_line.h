/*
 * A frame as a line of the case language or the talk language describes it:
 *
 *     text|binary|ping|pong|continuation DATA     close [CODE ["reason"]]     opcode-N DATA
 *
 * with the options
 *
 *     fin=no          more fragments follow (default yes)
 *     rsv=N           the three reserved bits, 0 to 7: RSV1 = 4 (default 0)
 *     mask=yes|no     whether it is masked (default: a client masks, a server does not)
 *     key=HEX         the masking key, 8 digits (default: from the seed)
 *     length=N        the length that the header declares (default: that of DATA)
 *     form=7|16|64    bits of the length field (default: the shortest that fits)
 *
 * Nothing has to be legal: this is how a peer speaks wrongly on purpose.
 */
#ifndef SHARED_FRAME_LINE_H
#define SHARED_FRAME_LINE_H

#include "data.h"
#include "seed.h"

#include <wsproto/wsproto.h>

/* The options, for words_only; who takes more adds them. */
#define FRAME_LINE_OPTIONS "fin rsv mask key length form"

typedef struct frame_line {
    wsp_frame_header header; /* masked and masking_key only where the line says so */
    bool says_masked, says_key, says_length;
    GByteArray *close; /* the payload of a Close; NULL: it is `payload` */
    data *payload;
} frame_line;

/* "text" and its like, or "opcode-3". False with *error when it is none. */
bool frame_line_opcode(const words *w, const word *at, uint8_t *opcode, GError **error);

/*
 * Read the words from `first` on. NULL with *error (WORDS_ERROR) when they are wrong; that there
 * are no other options is the caller's to say with words_only. Free with frame_line_free.
 */
frame_line *frame_line_read(const words *w, size_t first, GError **error);

/* Append the frame's bytes as `sender` sends it. Masking keys are taken from `keys`; random data
 * is that of data_seed. */
void frame_line_append(const frame_line *f, wsp_sender sender, seed *keys, uint64_t data_seed,
                       GByteArray *out);

void frame_line_free(frame_line *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(frame_line, frame_line_free)

#endif
