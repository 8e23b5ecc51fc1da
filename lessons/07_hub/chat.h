/*
 * Given: the parts of the chat service, and the lines between them.
 *
 *     main.c    the command line, signals, new clients
 *     door.c    the opening handshake, the page
 *     conn.c    one client: the thread that reads it (life.c: how it begins and ends)
 *     hub.c     one thread that owns who is here and who is in which room (turns.c: that thread)
 *     outbox.c  what is to be sent to a client; writers.c: the few threads that send it
 *     schema.c  the messages that clients may send; events.c: those that we send. Both JSON
 *
 * A message goes one way: reader -> hub -> outboxes -> writers. Only the hub looks at rooms, only a
 * writer sends, and nobody but a reader ever waits for a client.
 */
#ifndef CHAT_H
#define CHAT_H

#include "common.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <sys/uio.h>

typedef struct conn conn;

/* ---- How a connection can end ----------------------------------------------------------------
 */

enum { GOING_AWAY = 1001, NO_CLOSE = 1006, POLICY_CODE = 1008, TRY_LATER = 1013 };
typedef enum end {
    OPEN,
    CLIENT,  /* the client sent a Close */
    RULE,    /* the client broke a rule of the protocol, or a limit of the decoder */
    IDLE,    /* it said nothing for --read-ms */
    STUCK,   /* it took nothing for --write-ms */
    SLOW,    /* it took less than its rooms said: its outbox was full */
    POLICY,  /* our own rules ended it (lessons 08 and 09) */
    LOST,    /* TCP ended without a Close */
    STOPPED, /* this server stops */
    FORCED,  /* this server stops, and could not wait any longer */
    REFUSED, /* there was no sound handshake */
    ENDS,
} end;

/* The word for it in log and Close, and the code of the Close that we send: 0 = whoever ends it
 * says, NO_CLOSE = none is sent. */
extern const struct end_kind {
    const char *word;
    uint16_t code;
} ends[ENDS];

/* ---- Requests (schema.c) ------------------------------------------------------------------------
 */

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

/* ---- Events (events.c): text frames. The caller owns them. `ref` may be NULL. ----------------
 */

enum { LISTED_MAX = 100 }; /* members that an event lists */

GBytes *event_welcome(const conn *c);
GBytes *event_error(const request *r, const char *code, const char *what);
GBytes *event_joined(const char *room, uint64_t seq, GHashTable *members, const char *ref);
GBytes *event_left(const char *room, const char *ref);
/* name: member_joined, member_left */
GBytes *event_presence(const char *name, const char *room, const conn *c, unsigned count);
GBytes *event_message_sent(const char *room, uint64_t seq, const char *id, const conn *from,
                           const char *text);
GBytes *event_told(const char *id, const conn *from, const char *text);
GBytes *event_sent(const char *id, const conn *to, const char *ref);

/* Any frame of a server. */
GBytes *frame_new(uint8_t opcode, const void *payload, size_t len);

/* ---- One client (conn.c, life.c, door.c) -----------------------------------------------------
 */

enum {
    OUTBOX_MAX = 64,   /* frames that may wait for one client ... */
    OUTBOX_PLACES,     /* ... and the Close behind them */
    OUTBOX_COST = 128, /* bytes of memory that a frame takes beside its own */
    CREDIT = 32,       /* requests of one client that may wait for the hub */
    CLOSE_MS = 2000,   /* the longest wait for a client's end of the closing handshake */
};

/* What waits to be sent. All of it is behind the lock; what the writer has taken is its own. */
typedef struct outbox {
    GMutex lock;
    GBytes *frames[OUTBOX_PLACES];
    uint64_t put, taken; /* frames ever put in, and taken out */
    atomic_size_t bytes; /* put in and not sent yet; what the writer has taken counts, too */
    end ended;           /* why no more is put in; the last frame is the Close */
    uint16_t code;       /* of that Close; NO_CLOSE = there is none */
} outbox;

struct conn {
    atomic_int refs;  /* its reader's; the hub's; a writer's while it has something to do */
    unsigned number;  /* for the log: 1 is the first client */
    char id[9];       /* made by the server, what others see: 8 hexadecimal digits */
    char *name;       /* who it says it is (lesson 08: who it is) */
    uint32_t address; /* IPv4, host's order */
    int fd;
    void *tls, *rights, *usage; /* of lessons 08 and 09, freed by their rules' `gone` */

    outbox out;
    struct writer *writer;
    bool due;               /* on its writer's list (under that writer's lock) */
    struct sending *rest;   /* the writer's own: what it has taken and not sent; NULL = nothing */
    bool waits, said_fin;   /* the writer's own: for room in the socket; our direction has ended */
    bool watched;           /* the writer's own: either of them ... */
    int64_t deadline;       /* ... and when it gives up */
    atomic_bool open, left; /* the handshake is done; the reader has ended */
    bool half;              /* the reader's own: it has a part of a frame or of a message */

    sem_t credit;      /* the reader takes one for each request, the hub gives it back */
    GHashTable *rooms; /* the hub's own: the rooms that it is in */
    unsigned dropped;  /* the hub's own: messages that it did not get */
};

/* A client that has connected; its reader begins. False: no thread could be had. */
bool conn_start(int fd, unsigned number);
void *conn_read(void *data); /* the reader's thread */
conn *conn_ref(conn *c);
void conn_unref(conn *c);

/* Read the request and answer it (door.c): the page, a refusal, or the 101. True: the connection is
 * open, `behind` (empty before) holds what came with the head and belongs to the frames, and
 * `decoder` has what was agreed on about them. */
bool door_open(conn *c, GByteArray *behind, wsp_conn_options *decoder);

/* End it without good manners: who waits for the socket wakes up. */
void conn_cut(conn *c, end why);

/* ---- Outboxes (outbox.c) ---------------------------------------------------------------------
 */

typedef enum put { PUT, PUT_FULL, PUT_ENDED } put;

/* The handshake is done, and this is our answer, which goes out first: from now on c is open.
 * False: it was told to go before that. */
bool outbox_open(conn *c, GBytes *answer);

/* Put a frame in (it is shared, not copied). Never waits. Its writer learns of it from the next
 * writers_wake(). */
put outbox_put(conn *c, GBytes *frame);

/*
 * No more is put in. What is in still goes out, then a Close. The first reason stays; code is only
 * used where `ends` has 0, and `reason` (NULL = the word of `why`) is the text of the Close. With
 * SLOW what nobody has taken yet is thrown away.
 */
void outbox_end(conn *c, end why, uint16_t code, const char *reason);
end outbox_why(conn *c, uint16_t *code);

/* What a writer has taken out: frames [first, count) are not sent yet, of the first one `offset`
 * bytes are. */
typedef struct sending {
    GBytes *frames[OUTBOX_PLACES];
    unsigned first, count;
    size_t offset;
} sending;

/* All that is in, to be freed with g_free() when all has gone; NULL = nothing is in. */
sending *outbox_take(conn *c);

/* A frame that was taken out has gone: it is unreferenced. */
void outbox_sent(outbox *o, GBytes *frame);

/* Only when no thread uses it any more. */
void outbox_clear(conn *c);

/* ---- Writers (writers.c) ---------------------------------------------------------------------
 */

void writers_start(void);
void writers_stop(void);
void writers_note(conn *c); /* it has something to do, when its writer is woken */
void writers_wake(void);    /* now */
void writers_wait(void);    /* until they have tried to: they wait for no client, so it is soon */
void writers_look(conn *c); /* note it, and wake its writer */
struct writer *writer_of(unsigned number);

/* ---- The hub (hub.c, turns.c) ----------------------------------------------------------------
 */

typedef enum happening { ARRIVED, OPENED, ASKED, GONE, STOP, LAST, STATS } happening;

/* Tell the hub. c is referenced, r is taken over; both may be NULL. Any thread. */
void hub_tell(happening what, conn *c, request *r);

/* Tell it, in one go, what c asks for: c's reader only; the queue is empty then. Waits while the
 * hub has CREDIT requests of c that it has not dealt with. */
void hub_ask_all(conn *c, GQueue *requests);

void hub_init(void); /* before the first hub_tell */

/* The hub's thread; returns when LAST has said that nobody new will come, and nobody is left. */
void hub_run(void);
void hub_clear(void); /* behind the last hub_tell */

/* ---- What later lessons add ------------------------------------------------------------------
 */

/* How a request is refused before the 101. */
typedef struct refusal {
    uint16_t status;    /* 400 to 599 */
    const char *code;   /* "token-expired" */
    const char *what;   /* one sentence */
    const char *header; /* NULL, or the name of one more header line */
    const char *value;  /* ... and its value */
} refusal;

/* A NULL function is a rule that nobody made: everything is allowed. (In `rules` those that are
 * called in many places, or often, are never NULL.) */
typedef struct chat_rules {
    const char *purpose;         /* for --help */
    const GOptionEntry *options; /* further ones; NULL = none */
    /* Once, when we listen and before the first client. Ends the program if it must. */
    void (*start)(int port);
    /* Before anything is read of a client (reader's thread): may have something to prepare, such as
     * TLS. False: it is cut. */
    bool (*arrive)(conn *c);
    /* Behind a sound request for /ws and before the 101 (reader's thread): NULL = let in. Sets
     * c->name and c->rights. */
    const refusal *(*admit)(conn *c, const wsp_http_head *head);
    /* Behind that: what is agreed on about frames. `decoder` has our role and limits; what of the
     * answer it points to has to live until the next call in the same thread. */
    void (*agree)(conn *c, const wsp_http_head *head, wsp_conn_options *decoder,
                  wsp_handshake_answer *answer);
    /* Each whole message, before it is read as JSON, each ping, and each pong (reader's thread):
     * 0 = goes on, else it is dropped, and may come again after so many milliseconds; for a message
     * the client gets an error that says so. */
    unsigned (*allow)(conn *c, uint8_t opcode, size_t len);
    /* Each request (hub's thread): NULL = may, else the code of the error. */
    const char *(*may)(const conn *c, const request *r);
    /* A request got an error with this code, for whatever reason (hub's thread). */
    void (*refused)(conn *c, const char *code);
    /* Each request that may (hub's thread). True: it is dealt with, the hub has nothing to do. */
    bool (*take)(conn *c, const request *r);
    /* Behind all that has just happened (hub's thread). `now` is g_get_monotonic_time(); returns
     * when it wants to be called again if nothing happens. */
    int64_t (*tick)(int64_t now);
    /* Each frame that goes into an outbox (any thread, but texts in the hub's only): what goes in
     * in its place, a reference of its own. */
    GBytes *(*dress)(const conn *c, GBytes *frame);
    /* Each connection, once per --ping-ms (hub's thread): NULL = may stay, else why not. */
    const char *(*stay)(const conn *c);
    /* Somebody wants to see numbers: one more line of log (hub's thread). */
    void (*stats)(void);
    /* It has ended, and nobody uses it any more (any thread). */
    void (*gone)(conn *c);
    /* Bytes from and to the client, as recv() and sendmsg(MSG_DONTWAIT) give and take them. */
    ssize_t (*receive)(conn *c, void *in, size_t size);
    ssize_t (*send)(conn *c, const struct iovec *out, int count);
    /* That was all that we send. */
    void (*finish)(conn *c);
} chat_rules;

extern lesson_options options;
extern chat_rules rules;

ssize_t plain_receive(conn *c, void *in, size_t size);
ssize_t plain_send(conn *c, const struct iovec *out, int count);
void plain_finish(conn *c); /* a FIN, when all is sent */

/* ---- The whole (main.c) ----------------------------------------------------------------------
 */

extern struct chat_settings {
    gboolean drop;    /* --drop: a slow client loses messages; otherwise it is disconnected */
    int room_max;     /* --room-max: members of one room */
    int send_buffer;  /* --send-buffer: of each socket; 0 = what the system gives */
    int outbox_bytes; /* that may wait for one client, each frame with OUTBOX_COST more; 0 = no
                         limit but that of their number */
} settings;

/* The main program: with these rules. */
int chat_run(int argc, char **argv, const chat_rules *which);

/* settings.c: the command line; then, that we listen. */
void chat_read_options(int argc, char **argv);
void chat_listening(int listener);

extern const char chat_page[]; /* page.html */

#endif
