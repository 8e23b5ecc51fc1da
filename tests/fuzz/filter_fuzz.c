/*
 * Any text as a display filter. One that is wrong is refused with its place; one that is right
 * selects of every record it meets the same as its double negation, and the contrary of its
 * negation.
 */
#include "check.h"
#include "filter.h"
#include "filter_program.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const endpoint client = {4, {192, 0, 2, 1}, 40000};
static const endpoint server = {6, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, 8080};
static const wsp_frame_header masked = {1, 4, 1, 1, 64, {0, 0x1b, 0xff, 0x80}, UINT64_MAX};
static const wsp_frame_header bare = {0, 0, 0, 0, 7, {0}, 5};
static const char request[] = "GET /chat?room=\xff HTTP/1.1\r\nHost: a.example\r\n\r\n";
static const char response[] = "HTTP/1.1 101 Fine\r\nSec-WebSocket-Protocol: chat\r\n"
                               "Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: b\r\n\r\n";

static const record_message messages[] = {
    {.number = 1,
     .opcode = 1,
     .frames = 1,
     .length = 7,
     .wire_length = 7,
     .complete = true,
     .utf8 = true,
     .data = (const uint8_t *)"Gr\xc3\xbc\xc3\x9f"
                              "e",
     .data_len = 7,
     .close_code = -1,
     .rtt_ns = -1},
    {.number = 2,
     .opcode = 1,
     .frames = 2,
     .length = 90,
     .compressed = true,
     .truncated = true,
     .utf8 = true,
     .data = (const uint8_t *)"aaaaaaaaaaaaaaaaaaaaaaaa\xe2\x82",
     .data_len = 26,
     .close_code = -1,
     .rtt_ns = -1},
    {.number = 3,
     .opcode = 2,
     .length = 4,
     .data = (const uint8_t *)"\xff\x00\x80z",
     .data_len = 4,
     .close_code = -1,
     .rtt_ns = -1},
    {.number = 4, .opcode = 2, .compressed = true, .close_code = -1, .rtt_ns = -1},
    {.number = 5,
     .opcode = 8,
     .length = 5,
     .data = (const uint8_t *)"\x03\xe8"
                              "bye",
     .data_len = 5,
     .close_code = 1000,
     .rtt_ns = -1},
    {.number = 6, .opcode = 8, .data = (const uint8_t *)"", .close_code = -1, .rtt_ns = -1},
    {.number = 7, .opcode = 10, .data = (const uint8_t *)"", .close_code = -1, .rtt_ns = 1000000},
};

typedef struct outcome {
    uint32_t selected; /* a bit per record */
    uint32_t bit;
} outcome;

static void on_record(void *user, const record *r)
{
    (void)r;
    outcome *o = user;
    o->selected |= o->bit;
}

static void give(filter *f, outcome *o, record r)
{
    r.conn = 1;
    r.time_ns = 1763550000123456000;
    filter_take(f, &r);
    o->bit <<= 1;
}

/* A record of each kind; which of them come out. */
static uint32_t run(const char *text)
{
    GError *error = NULL;
    filter *f = filter_new(text, &error);
    CHECK(f && !error);
    outcome o = {.bit = 1};
    wsp_http_header headers[2][4];
    wsp_http_head heads[2];
    wsp_http_parse(&heads[0], request, sizeof request - 1, headers[0], 4);
    wsp_http_parse(&heads[1], response, sizeof response - 1, headers[1], 4);
    filter_connect(f, on_record, &o);
    give(f, &o, (record){.type = RECORD_GAP, .from = WSP_FROM_CLIENT, .gap = {0}});
    give(f, &o,
         (record){.type = RECORD_OPEN,
                  .from = WSP_FROM_UNKNOWN,
                  .open = {&client, &server, HANDSHAKE_SEEN, &heads[0], &heads[1]}});
    give(f, &o, (record){.type = RECORD_FRAME, .frame = {1, 2, &masked, 1, false}});
    give(f, &o, (record){.type = RECORD_FRAME, .frame = {2, 3, &bare, 0, true}});
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++)
        give(f, &o, (record){.type = RECORD_MESSAGE, .from = i % 2, .message = messages[i]});
    give(f, &o,
         (record){.type = RECORD_VIOLATION, .violation = {1, "mask-missing", "RFC 6455 5.1", ""}});
    give(f, &o, (record){.type = RECORD_GAP, .gap = {5000}});
    give(f, &o, (record){.type = RECORD_END, .from = WSP_FROM_UNKNOWN, .end = {.how = ENDED_RST}});
    CHECK(filter_remembered(f) == 0);
    CHECK(filter_needs_payload(f) || filter_given_up(f) == 0 || strstr(text, "~"));
    filter_free(f);
    o.selected |= o.bit; /* the number of records stands behind the last */
    return o.selected;
}

/* What is wrong, the filter and carets: three lines; or one, where there is no place. */
static void check_complaint(const char *message)
{
    CHECK(g_str_has_prefix(message, "-Y: ") && g_utf8_validate(message, -1, NULL));
    int lines = 1;
    for (const char *at = message; *at; at++) {
        CHECK((uint8_t)*at >= 0x20 || *at == '\n');
        lines += *at == '\n';
    }
    CHECK(lines == 1 || (lines == 3 && message[strlen(message) - 1] == '^'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    filter *f = filter_new(text, &error);
    if (!f) {
        check_complaint(error->message);
        return 0;
    }
    CHECK(!error);
    filter_free(f);
    uint32_t selected = run(text);
    g_autofree char *twice = g_strconcat("!!", text, NULL);
    g_autofree char *negated = g_strconcat("not(", text, ")", NULL);
    /* A parenthesis more may be one too many. */
    if (strlen(negated) <= FILTER_MAX_LENGTH && !strchr(text, '('))
        CHECK((run(negated) ^ selected) == (1U << (31 - __builtin_clz(selected))) - 1);
    if (strlen(twice) <= FILTER_MAX_LENGTH)
        CHECK(run(twice) == selected);
    return 0;
}
