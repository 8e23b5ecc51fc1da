/* The verbs of the case language: how each is written, read, played, and told. */
#include "backoff.h"
#include "event.h"
#include "expect.h"
#include "masks.h"
#include "opening.h"
#include "perform.h"
#include "step.h"

#include <wsproto/wsproto.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static bool read_nothing(step *s, const words *w, GError **error)
{
    (void)s;
    (void)w;
    (void)error;
    return true;
}

/* ---- What stands in options ---- */

static bool option_number(const words *w, const char *name, uint64_t high, uint64_t *number,
                          bool *said, GError **error)
{
    const word *option = words_option(w, name);
    if (said)
        *said = option != NULL;
    return !option || words_number(w, option, name, 0, high, number, error);
}

static bool option_absent(step *s, const words *w)
{
    const word *absent = words_option(w, "no-header");
    s->absent = absent ? g_strdup(absent->text) : NULL;
    return true;
}

static bool option_then(step *s, const words *w, GError **error)
{
    const word *then = words_option(w, "then");
    return !then || (s->then = data_read_word(w, then, error)) != NULL;
}

/* What a request must have. */
static bool option_request(step *s, const words *w, GError **error)
{
    return heads_read_path(w, &s->path, error) && option_absent(s, w) &&
           heads_read_lines(w, "header", s->lines, error);
}

/* [N] behind WHO: how many connections. */
static bool read_many(step *s, const words *w, GError **error)
{
    s->number = 1;
    return words_count(w) <= 2 || words_number(w, words_at(w, 2), "the number of connections", 1,
                                               STEP_GROUP_MAX, &s->number, error);
}

/* from=127.0.0.2 and rcvbuf=N */
static bool option_socket(step *s, const words *w, GError **error)
{
    const word *from = words_option(w, "from");
    uint64_t receive = 0;
    struct in_addr address = {0};
    if (from && (inet_pton(AF_INET, from->text, &address) != 1 ||
                 ntohl(address.s_addr) >> IN_CLASSA_NSHIFT != IN_LOOPBACKNET))
        return words_wrong(w, from->column, error,
                           "an address is 127.0.0.1, 127.0.0.2 and so on: one of loopback");
    bool ok = option_number(w, "rcvbuf", 1 << 20, &receive, NULL, error);
    s->socket = (peer_socket){.from = ntohl(address.s_addr), .receive = (unsigned)receive};
    return ok;
}

static bool read_open(step *s, const words *w, GError **error)
{
    return option_socket(s, w, error) && words_only(w, s->verb->options, 2, error);
}

static bool read_connect(step *s, const words *w, GError **error)
{
    return read_many(s, w, error) && option_then(s, w, error) && option_socket(s, w, error) &&
           heads_read_path(w, &s->path, error) && heads_read_lines(w, "header", s->lines, error) &&
           words_only(w, s->verb->options, 3, error);
}

/* KIND of an answer; 101 where it is not said. */
static bool read_kind(step *s, const words *w, const word *at, GError **error)
{
    s->kind = g_strdup(at ? at->text : "101");
    return !at || heads_check_kind(w, at, error);
}

static bool read_accept(step *s, const words *w, GError **error)
{
    return read_many(s, w, error) && option_request(s, w, error) &&
           read_kind(s, w, words_option(w, "answer"), error) && option_then(s, w, error) &&
           words_only(w, s->verb->options, 3, error);
}

static bool read_accept_tcp(step *s, const words *w, GError **error)
{
    return read_many(s, w, error) && words_only(w, s->verb->options, 3, error);
}

static bool read_reply(step *s, const words *w, GError **error)
{
    return read_kind(s, w, words_count(w) > 2 ? words_at(w, 2) : NULL, error) &&
           heads_read_lines(w, "header", s->lines, error) && option_then(s, w, error) &&
           words_only(w, s->verb->options, 3, error);
}

static bool read_request(step *s, const words *w, GError **error)
{
    return option_request(s, w, error) && words_only(w, s->verb->options, 3, error);
}

/* ---- Data and frames ---- */

static bool read_data(step *s, const words *w, GError **error)
{
    return words_only(w, s->verb->options, SIZE_MAX, error) &&
           (s->data = data_read(w, s->verb->has_who ? 2 : 1, error)) != NULL;
}

/* Data is optional behind word `first` - 1. */
static bool read_any_data(step *s, const words *w, size_t first, GError **error)
{
    return words_count(w) <= first || (s->data = data_read(w, first, error)) != NULL;
}

static bool read_send(step *s, const words *w, GError **error)
{
    return (s->frame = frame_line_read(w, 2, error)) != NULL &&
           words_only(w, s->verb->options, SIZE_MAX, error);
}

/* [CODE ["reason"]] */
static bool read_close(step *s, const words *w, GError **error)
{
    uint64_t code = 0;
    if (words_count(w) > 3) {
        if (!words_number(w, words_at(w, 3), "the code", 0, UINT16_MAX, &code, error))
            return false;
        s->code = (int)code;
    }
    if (words_count(w) > 4 && !(s->reason = data_quoted(w, words_at(w, 4), error)))
        return false;
    return words_only(w, s->verb->options, 5, error);
}

static bool read_expect_message(step *s, const words *w, GError **error)
{
    return frame_line_opcode(w, words_at(w, 2), &s->opcode, error) &&
           words_only(w, "", SIZE_MAX, error) && read_any_data(s, w, 3, error);
}

static bool read_expect_frame(step *s, const words *w, GError **error)
{
    return frame_line_opcode(w, words_at(w, 3), &s->opcode, error) &&
           words_only(w, "", SIZE_MAX, error) && read_any_data(s, w, 4, error);
}

static bool read_status(step *s, const words *w, GError **error)
{
    const word *code = words_option(w, "error");
    s->text = code ? g_strdup(code->text) : NULL;
    return words_number(w, words_at(w, 3), "the status", 100, 999, &s->number, error) &&
           option_absent(s, w) && heads_read_lines(w, "header", s->lines, error) &&
           words_only(w, s->verb->options, 4, error);
}

/* ---- Numbers and names ---- */

static bool read_split(step *s, const words *w, GError **error)
{
    s->text = g_strdup(words_at(w, 2)->text);
    return words_are(w, 2, "whole") || words_are(w, 2, "random") ||
           words_number(w, words_at(w, 2), "bytes in a piece (or: random, whole)", 1, 1 << 20,
                        &s->number, error);
}

static bool read_answer(step *s, const words *w, GError **error)
{
    s->text = g_strdup(words_at(w, 2)->text);
    s->number = words_are(w, 2, "yes");
    return s->number || words_are(w, 2, "no") ||
           words_wrong(w, words_at(w, 2)->column, error, "yes or no belongs here");
}

static bool read_repeat(step *s, const words *w, GError **error)
{
    return words_number(w, words_at(w, 1), "how often", 1, 1000000, &s->number, error) &&
           words_only(w, "", 2, error);
}

static bool read_pings(step *s, const words *w, GError **error)
{
    return words_number(w, words_at(w, 3), "how many", 1, 100000, &s->number, error) &&
           words_only(w, "", 4, error);
}

static bool read_after(step *s, const words *w, GError **error)
{
    return words_number(w, words_at(w, 3), "milliseconds", 1, 600000, &s->number, error) &&
           words_only(w, "", 4, error);
}

/* expect a open 5 pings-of b */
static bool read_still_open(step *s, const words *w, GError **error)
{
    if (!words_are(w, 4, "pings-of"))
        return words_wrong(w, words_at(w, 4)->column, error, "pings-of WHO belongs here");
    s->other = g_strdup(words_at(w, 5)->text);
    return words_number(w, words_at(w, 3), "how many", 1, 100000, &s->number, error) &&
           words_only(w, "", 6, error);
}

static bool read_signal(step *s, const words *w, GError **error)
{
    s->text = g_strdup(words_at(w, 1)->text);
    if (!perform_signal_number(s->text))
        return words_wrong(w, words_at(w, 1)->column, error,
                           "a signal is TERM, INT, HUP, USR1, "
                           "USR2, STOP, CONT or KILL");
    return words_only(w, "", 2, error);
}

static bool read_run(step *s, const words *w, GError **error)
{
    for (size_t i = 1; i < words_count(w); i++) { /* each word is one argument */
        g_autoptr(data) one = data_read_word(w, words_at(w, i), error);
        if (!one)
            return false;
        g_autoptr(GByteArray) bytes = data_bytes(one, 0);
        g_ptr_array_add(s->lines, g_strndup((const char *)bytes->data, bytes->len));
    }
    return words_only(w, "", SIZE_MAX, error);
}

static bool read_output_line(step *s, const words *w, GError **error)
{
    return words_number(w, words_at(w, 2), "the number of a line", 1, 100000, &s->number, error) &&
           words_only(w, "", SIZE_MAX, error) && (s->data = data_read(w, 3, error)) != NULL;
}

static bool read_output(step *s, const words *w, GError **error)
{
    return words_only(w, "", SIZE_MAX, error) && (s->data = data_read(w, 2, error)) != NULL;
}

/* An option that must be there. */
static bool needed_number(const words *w, const char *name, uint64_t low, uint64_t *number,
                          GError **error)
{
    const word *option = words_option(w, name);
    return option ? words_number(w, option, name, low, 3600000, number, error)
                  : words_wrong(w, words_at(w, SIZE_MAX)->column, error, "%s=MS is missing", name);
}

static bool read_backoff(step *s, const words *w, GError **error)
{
    return words_number(w, words_at(w, 2), "how many clients", BACKOFF_MIN_CLIENTS, 1000,
                        &s->number, error) &&
           words_number(w, words_at(w, 3), "how many retries", 1, 20, &s->rounds, error) &&
           needed_number(w, "base", BACKOFF_MIN_BASE_MS, &s->base_ms, error) &&
           needed_number(w, "cap", s->base_ms, &s->cap_ms, error) &&
           words_only(w, s->verb->options, 4, error);
}

static bool read_exit(step *s, const words *w, GError **error)
{
    return words_number(w, words_at(w, 2), "the status", 0, 255, &s->number, error) &&
           words_only(w, "", 3, error);
}

static bool read_log(step *s, const words *w, GError **error)
{
    g_autoptr(GError) regex = NULL;
    s->text = data_quoted(w, words_at(w, 2), error);
    if (!s->text)
        return false;
    s->pattern = g_regex_new(s->text, G_REGEX_OPTIMIZE, 0, &regex);
    if (!s->pattern)
        return words_wrong(w, words_at(w, 2)->column, error, "no regular expression: %s",
                           regex->message);
    s->number = 1;
    return (words_count(w) <= 3 ||
            words_number(w, words_at(w, 3), "how many lines", 1, 100000, &s->number, error)) &&
           words_only(w, "", 4, error);
}

/* One word that must stand there, so that the line reads well. */
static bool read_last(const words *w, const char *last, GError **error)
{
    return words_only(w, "", 3, error) &&
           (words_are(w, 2, last) ||
            words_wrong(w, words_at(w, 2)->column, error, "%s belongs here", last));
}

static bool read_no_log(step *s, const words *w, GError **error)
{
    return read_log(s, w, error) && words_only(w, "", 3, error);
}

static bool read_same(step *s, const words *w, GError **error)
{
    (void)s;
    return read_last(w, "same", error);
}

static bool read_differ(step *s, const words *w, GError **error)
{
    (void)s;
    return read_last(w, "differ", error);
}

static bool read_who_only(step *s, const words *w, GError **error)
{
    return words_only(w, "", s->verb->what ? 3 : s->verb->has_who ? 2 : 1, error);
}

/* Rows of the same name stand together, the ones with `what` first. */
/* clang-format off */
static const verb table[] = {
    {"say", NULL, 0, "say TEXT", "", "%t", read_nothing, false, NULL, NULL, STEP_OF_ANY},
    {"open", NULL, 0, "open WHO [from=127.0.0.1] [rcvbuf=N]", "from rcvbuf",
     "%w opens a TCP connection", read_open, true, "clients", opening_open, STEP_OF_OTHERS},
    {"connect", NULL, 0,
     "connect WHO [N] [path=/ws] [from=127.0.0.1] [rcvbuf=N] [header=\"Name: value\"] "
     "[then=DATA]",
     "path from rcvbuf header then", "%w connects to %p%h", read_connect, true, "clients",
     opening_connect, STEP_OF_OTHERS},
    {"request", NULL, 0,
     "request WHO [N] [path=/ws] [from=127.0.0.1] [rcvbuf=N] [header=\"Name: value\"] "
     "[then=DATA]",
     "path from rcvbuf header then", "%w asks for %p%h", read_connect, true, "clients",
     opening_request, STEP_OF_OTHERS},
    {"accept", NULL, 0,
     "accept WHO [N] [path=/ws] [header=\"Name: value\"] [no-header=Name] [answer=KIND] "
     "[then=DATA]",
     "path header no-header answer then", "the program connects to %p as %w%h%a", read_accept,
     true, "connections", opening_accept, STEP_OF_CLIENT},
    {"accept-tcp", NULL, 0, "accept-tcp WHO [N]", "",
     "the program opens a TCP connection: %w", read_accept_tcp, true, "connections",
     opening_accept_tcp, STEP_OF_CLIENT},
    {"reply", NULL, 0, "reply WHO [KIND] [header=\"Name: value\"] [then=DATA]", "header then",
     "the request of %w gets the answer %k%h", read_reply, true, NULL, opening_reply,
     STEP_OF_CLIENT},
    {"refuse", NULL, 0, "refuse", "", "nobody listens any more: connections are refused",
     read_who_only, false, NULL, perform_refuse, STEP_OF_CLIENT},
    {"listen", NULL, 0, "listen", "", "somebody listens again, on the same port",
     read_who_only, false, NULL, perform_listen, STEP_OF_CLIENT},
    {"bytes", NULL, 0, "bytes WHO DATA", "",
     "%w sends bytes %d", read_data, true, NULL, perform_bytes, STEP_OF_ANY},
    {"send", "do", 2, "send WHO do ACTION [member=value ...]", "",
     "%w asks to %t%m", event_read, true, NULL, event_send, STEP_OF_ANY},
    {"send", NULL, 0,
     "send WHO text|binary|ping|pong|continuation DATA or close [CODE [\"reason\"]] "
     "[fin=no] [rsv=N] [mask=no] [key=HEX] [length=N] [form=7|16|64]", FRAME_LINE_OPTIONS,
     "%w sends %f", read_send, true, NULL, perform_send, STEP_OF_ANY},
    {"split", NULL, 0, "split WHO N|random|whole", "",
     "%w writes in pieces: %t", read_split, true, NULL, perform_split, STEP_OF_ANY},
    {"join", NULL, 0, "join WHO", "",
     "%w collects what follows for one write", read_who_only, true, NULL, perform_join,
     STEP_OF_ANY},
    {"end", NULL, 0, "end", "", "end", read_who_only, false, NULL, NULL, STEP_OF_ANY},
    {"pause", NULL, 0, "pause WHO", "",
     "%w stops reading", read_who_only, true, NULL, perform_pause, STEP_OF_ANY},
    {"resume", NULL, 0, "resume WHO", "",
     "%w goes on reading", read_who_only, true, NULL, perform_resume, STEP_OF_ANY},
    {"answer", NULL, 0, "answer WHO yes|no", "",
     "%w answers pings: %t", read_answer, true, NULL, perform_answer, STEP_OF_ANY},
    {"finish", NULL, 0, "finish WHO", "",
     "%w ends its direction (FIN)", read_who_only, true, NULL, perform_finish, STEP_OF_ANY},
    {"abort", NULL, 0, "abort WHO", "",
     "%w drops the connection (RST)", read_who_only, true, NULL, perform_abort, STEP_OF_ANY},
    {"leave", NULL, 0, "leave WHO", "",
     "%w closes the connection", read_who_only, true, NULL, perform_leave, STEP_OF_ANY},
    {"fence", NULL, 0, "fence WHO", "",
     "%w gets the pong for its ping", read_who_only, true, NULL, perform_fence, STEP_OF_ANY},
    {"repeat", NULL, 0, "repeat N", "", "%n times", read_repeat, false, NULL, NULL, STEP_OF_ANY},
    {"signal", NULL, 0, "signal TERM|INT|HUP|USR1|USR2|STOP|CONT|KILL", "",
     "the program gets SIG%t", read_signal, false, NULL, perform_signal, STEP_OF_ANY},
    {"type", NULL, 0, "type DATA", "", "the program reads %d on stdin",
     read_data, false, NULL, perform_type, STEP_OF_CLIENT},
    {"type-end", NULL, 0, "type-end", "", "its stdin ends",
     read_who_only, false, NULL, perform_type_end, STEP_OF_CLIENT},
    {"input", NULL, 0, "input DATA", "",
     "what it will read on stdin: %d", read_data, false, NULL, perform_input, STEP_OF_OTHERS},
    {"run", NULL, 0, "run DATA...", "", "the program runs%h", read_run, false, NULL, perform_run,
     STEP_OF_RUN},
    {"expect", "output", 1, "expect output DATA", "",
     "it prints %d", read_output, false, NULL, expect_output, STEP_OF_OTHERS},
    {"expect", "output-line", 1, "expect output-line N DATA", "",
     "line %n of its output is %d", read_output_line, false, NULL, expect_output_line,
     STEP_OF_OTHERS},
    {"expect", "printed", 1, "expect printed DATA", "",
     "the next line that it prints is %d", read_output, false, NULL, expect_printed,
     STEP_OF_CLIENT},
    {"expect", "masks", 1, "expect masks differ", "",
     "every frame had a masking key of its own", read_differ, false, NULL, masks_expect,
     STEP_OF_CLIENT},
    {"expect", "backoff", 1, "expect backoff CLIENTS ROUNDS base=MS cap=MS", "base cap",
     "%n clients come back spread out", read_backoff, false, NULL, backoff_expect,
     STEP_OF_RUN},
    {"expect", "exit", 1, "expect exit STATUS", "",
     "the program ends with status %n", read_exit, false, NULL, expect_exit, STEP_OF_ANY},
    {"expect", "log", 1, "expect log \"REGEX\" [N]", "",
     "%n or more lines of its log match /%t/", read_log, false, NULL, expect_log, STEP_OF_ANY},
    {"expect", "no-log", 1, "expect no-log \"REGEX\"", "",
     "no line of its log matches /%t/", read_no_log, false, NULL, expect_no_log, STEP_OF_ANY},
    {"expect", "descriptors", 1, "expect descriptors same", "",
     "as many open descriptors as at its start", read_same, false, NULL, expect_descriptors,
     STEP_OF_ANY},
    {"expect", "threads", 1, "expect threads same", "",
     "as many threads as at its start", read_same, false, NULL, expect_threads, STEP_OF_ANY},
    {"expect", "text", 2, "expect WHO text [DATA]", "",
     "%w gets text %d", read_expect_message, true, NULL, expect_message, STEP_OF_ANY},
    {"expect", "binary", 2, "expect WHO binary [DATA]", "",
     "%w gets binary %d", read_expect_message, true, NULL, expect_message, STEP_OF_ANY},
    {"expect", "event", 2, "expect WHO event NAME [member=value ...]", "",
     "%w gets the event %t%m", event_read, true, NULL, event_expect, STEP_OF_ANY},
    {"expect", "ping", 2, "expect WHO ping [DATA]", "",
     "%w gets ping %d", read_expect_message, true, NULL, expect_frame, STEP_OF_ANY},
    {"expect", "pong", 2, "expect WHO pong [DATA]", "",
     "%w gets pong %d", read_expect_message, true, NULL, expect_frame, STEP_OF_ANY},
    {"expect", "frame", 2, "expect WHO frame text|binary|continuation|ping|pong [DATA]", "",
     "%w gets the frame %f %d", read_expect_frame, true, NULL, expect_frame, STEP_OF_ANY},
    {"expect", "close", 2, "expect WHO close [CODE [\"reason\"]]", "",
     "%w gets close%c", read_close, true, NULL, expect_close, STEP_OF_ANY},
    {"expect", "end", 2, "expect WHO end", "",
     "%w gets the end of the stream (FIN)", read_who_only, true, NULL, expect_end, STEP_OF_ANY},
    {"expect", "reset", 2, "expect WHO reset", "",
     "%w gets a reset (RST)", read_who_only, true, NULL, expect_end, STEP_OF_ANY},
    {"expect", "gone", 2, "expect WHO gone", "",
     "%w gets the end: FIN or RST", read_who_only, true, NULL, expect_end, STEP_OF_ANY},
    {"expect", "status", 2,
     "expect WHO status CODE [error=CODE] [header=\"Name: value\"] [no-header=Name]",
     "error header no-header", "%w gets the HTTP status %n%e%h", read_status, true, NULL,
     opening_expect_status, STEP_OF_OTHERS},
    {"expect", "request", 2,
     "expect WHO request [path=/ws] [header=\"Name: value\"] [no-header=Name]",
     "path header no-header", "%w asks for %p%h", read_request, true, NULL,
     opening_expect_request, STEP_OF_CLIENT},
    {"expect", "pings", 2, "expect WHO pings N", "",
     "%w gets %n pings", read_pings, true, NULL, expect_pings, STEP_OF_ANY},
    {"expect", "open", 2, "expect WHO open N pings-of WHO", "",
     "%w is still open when %o got %n pings", read_still_open, true, NULL, expect_still_open,
     STEP_OF_ANY},
    {"expect", "after", 2, "expect WHO after MS", "",
     "the end came %n ms or more after the last byte of %w", read_after, true, NULL,
     expect_after, STEP_OF_ANY},
};
/* clang-format on */

const verb *verbs(size_t *count)
{
    *count = G_N_ELEMENTS(table);
    return table;
}

/* "expect WHO text [DATA]; expect WHO ..." of all rows with this name. */
static char *shapes_of(const char *name)
{
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        const bool first = i == 0 || strcmp(table[i].name, table[i - 1].name) != 0;
        if (name ? strcmp(table[i].name, name) == 0 : first)
            g_string_append_printf(out, "%s%s", out->len > 0 ? (name ? "; " : " ") : "",
                                   name ? table[i].shape : table[i].name);
    }
    return g_string_free(out, FALSE);
}

const verb *verb_find(const words *w, GError **error)
{
    bool named = false;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        const verb *v = &table[i];
        if (!words_are(w, 0, v->name))
            continue;
        named = true;
        if (!v->what || words_are(w, v->what_at, v->what))
            return v;
    }
    const char *name = words_at(w, 0)->text;
    g_autofree char *known = shapes_of(named ? name : NULL);
    words_wrong(w, words_at(w, 0)->column, error,
                named ? "no such %s; there is: %s" : "no verb \"%s\"; there is: %s", name, known);
    return NULL;
}
