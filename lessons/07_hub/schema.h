/* Given: the messages that clients may send (schema.c): JSON, checked once. */
#ifndef CHAT_SCHEMA_H
#define CHAT_SCHEMA_H

#include "common.h"

enum { REF_MAX = 32, ROOM_NAME_MAX = 48, TEXT_MAX = 2000, MESSAGE_MAX = 16384 };

typedef enum action { WRONG, JOIN, LEAVE, SAY, TELL } action;

/* What a client asks for. Texts are valid UTF-8, and NULL where the action has none. */
typedef struct request {
    action action;
    char *room, *text, *to;
    char *ref;        /* the client's own word for this request; NULL = none */
    const char *code; /* WRONG: the code of the error, and a sentence, ... */
    char *what;
    unsigned retry_ms; /* ... and when it may come again; 0 = nobody says */
} request;

/* Never NULL: what is no request is one to do something WRONG. */
request *request_read(bool is_text, const void *message, size_t len);
void request_free(request *r);

/* One that came too fast: it is not read. */
request *request_too_fast(unsigned retry_ms);

#endif
