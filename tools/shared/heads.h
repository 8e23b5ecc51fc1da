/*
 * The heads of the opening handshake as the case language and the talk language write them: header
 * lines "Name: value", requests, and the answers of a server, right ones and wrong ones.
 */
#ifndef SHARED_HEADS_H
#define SHARED_HEADS_H

#include "words.h"

#include <wsproto/wsproto.h>

/* Header lines of one head, bytes of a head. */
enum { HEADS_MAX_LINES = 32, HEADS_MAX_SIZE = 16384 };

/* The values of all options with this name, each a "Name: value", are appended to `lines` (of
 * char *, to be freed by it). False with *error when one is no header line, or one too many. */
bool heads_read_lines(const words *w, const char *name, GPtrArray *lines, GError **error);

/* path=/ws: *path gets a copy, to be freed; "/ws" where the option is not there. False with *error
 * when it is no path; *path is set all the same. */
bool heads_read_path(const words *w, char **path, GError **error);

/*
 * The KIND of an answer: "101" (right), "plain-101" (a 101 without any header), "wrong-accept" (for
 * another key), or the status of a refusal, 300 to 599. False with *error when it is none.
 */
bool heads_check_kind(const words *w, const word *at, GError **error);

/* The lines taken apart: `headers` points into them. Returns how many there are. */
size_t heads_split(const GPtrArray *lines, wsp_http_header headers[HEADS_MAX_LINES]);

/* A request to 127.0.0.1:port. Returns its length; less than 0 (enum wsp_error) when the path or a
 * header cannot be written. */
int heads_write_request(char head[HEADS_MAX_SIZE], const char *path, unsigned port, const char *key,
                        const GPtrArray *lines);

/* An answer of this kind to a request with this key. As above. */
int heads_write_answer(char head[HEADS_MAX_SIZE], const char *kind, const char *key,
                       const GPtrArray *lines);

#endif
