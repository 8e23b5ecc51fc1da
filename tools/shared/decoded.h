/*
 * A transcript decoded: its handshakes, frames and messages, numbered as wsdump numbers them. It
 * comes from the bytes alone, by libwsproto; nothing is known of who said them or why. What the
 * questions about a capture and the place of a wrong frame are answered from.
 */
#ifndef SHARED_DECODED_H
#define SHARED_DECODED_H

#include "transcript.h"

#include <wsproto/wsproto.h>

#include <glib.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { DECODED_MAX_HEADERS = 100 };

/* A request's or response's head; `parsed` points into `text`. */
typedef struct decoded_head {
    GByteArray *text; /* of the head and nothing else */
    bool whole;       /* its end was seen; otherwise nothing of it is parsed */
    wsp_http_head parsed;
    wsp_http_header headers[DECODED_MAX_HEADERS];
} decoded_head;

typedef struct decoded_connection {
    unsigned number;       /* wsdump's, from 1; 0 = no WebSocket: wsdump does not show it */
    int64_t answered_ns;   /* when the head of the response was whole; 0 = it never was */
    decoded_head heads[2]; /* by wsp_sender: the request, the response */
    uint64_t bytes[2];     /* by wsp_sender: all that this side sent */
    unsigned frames[2];    /* by wsp_sender: how many headers were whole */
    bool ended;            /* a FIN or RST was seen; the first: */
    wsp_sender ended_by;
    bool reset;
} decoded_connection;

typedef struct decoded_frame {
    const decoded_connection *connection;
    unsigned
        number;   /* wsdump's: in its connection, of both directions, from 1, as the headers came */
    unsigned nth; /* of its direction in its connection, from 1 */
    bool whole;   /* all of its payload came */
    wsp_sender from;
    wsp_frame_header header;
    uint32_t violations; /* WSP_V_* seen at this frame */
    int64_t time_ns;     /* of its last byte */
    GByteArray *payload; /* unmasked; as on the wire where it is compressed */
} decoded_frame;

typedef struct decoded_message {
    const decoded_connection *connection;
    wsp_sender from;
    uint8_t opcode;
    unsigned frames;
    int64_t time_ns;     /* of its last byte */
    GByteArray *payload; /* as of a frame */
} decoded_message;

/* Frames and messages are in the order in which they were complete, unfinished frames behind all
 * others; unfinished messages are not in it. */
typedef struct decoded {
    decoded_connection *connections; /* numbered as the transcript's, from 0 */
    unsigned connection_count;
    GPtrArray *frames;   /* of decoded_frame */
    GPtrArray *messages; /* of decoded_message */
} decoded;

/* Never NULL. The transcript is not needed afterwards. Free with decoded_free. */
decoded *decoded_of(const transcript *c);
void decoded_free(decoded *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(decoded, decoded_free)

/*
 * The place for `wsdump --goto` of frame `nth` (from 1) of a direction of a connection (from 0):
 * "CONN:FRAME", or "CONN" when that frame is not there (nth 0). NULL when
 * wsdump does not show the connection. Free with g_free.
 */
char *decoded_place(const decoded *d, unsigned connection, wsp_sender from, uint64_t nth);

#ifdef __cplusplus
}
#endif

#endif
