/* Deep copies of records. See record_copy.h. */
#include "record_copy.h"

#include <string.h>

enum { ALIGNMENT = 8 };

/* Where the next thing goes that a copy points at. */
typedef struct place {
    uint8_t *at;
} place;

static size_t aligned(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static void *put(place *p, const void *data, size_t size)
{
    void *copy = p->at;
    if (size) /* a pointer to nothing may be NULL */
        memcpy(copy, data, size);
    p->at += aligned(size);
    return copy;
}

#define SIZE_WITH(member) (offsetof(record, member) + sizeof(((record *)NULL)->member))

/* The bytes of a record that its type uses. */
static const uint8_t sizes[RECORD_TYPES] = {
    [RECORD_OPEN] = SIZE_WITH(open),       [RECORD_FRAME] = SIZE_WITH(frame),
    [RECORD_MESSAGE] = SIZE_WITH(message), [RECORD_VIOLATION] = SIZE_WITH(violation),
    [RECORD_GAP] = SIZE_WITH(gap),         [RECORD_END] = SIZE_WITH(end)};

/* --- heads --- */

static size_t text_size(const wsp_http_head *h)
{
    size_t size = h->method.len + h->target.len + h->reason.len;
    for (size_t i = 0; i < h->header_count; i++)
        size += h->headers[i].name.len + h->headers[i].value.len;
    return size;
}

static size_t head_size(const wsp_http_head *h)
{
    if (!h)
        return 0;
    return aligned(sizeof *h) + h->header_count * sizeof *h->headers + aligned(text_size(h));
}

static void put_text(char **at, wsp_text *t)
{
    if (!t->data)
        return;
    memcpy(*at, t->data, t->len);
    t->data = *at;
    *at += t->len;
}

static const wsp_http_head *put_head(place *p, const wsp_http_head *h)
{
    if (!h)
        return NULL;
    wsp_http_head *copy = put(p, h, sizeof *h);
    wsp_http_header *headers = put(p, h->headers, h->header_count * sizeof *headers);
    copy->headers = headers;
    char *text = (char *)p->at;
    put_text(&text, &copy->method);
    put_text(&text, &copy->target);
    put_text(&text, &copy->reason);
    for (size_t i = 0; i < h->header_count; i++) {
        put_text(&text, &headers[i].name);
        put_text(&text, &headers[i].value);
    }
    p->at += aligned(text_size(h));
    return copy;
}

static size_t open_size(const record_open *o)
{
    return 2 * aligned(sizeof(endpoint)) + head_size(o->request) + head_size(o->response);
}

static void put_open(place *p, record_open *o)
{
    o->client = put(p, o->client, sizeof *o->client);
    o->server = put(p, o->server, sizeof *o->server);
    o->request = put_head(p, o->request);
    o->response = put_head(p, o->response);
}

/* --- messages --- */

static size_t message_size(record_cut cut)
{
    return cut.missing * sizeof(record_missing) + aligned(cut.data);
}

static void put_message(place *p, record_message *m, record_cut cut)
{
    m->truncated |= cut.data < m->data_len;
    m->data_len = cut.data;
    m->missing_count = cut.missing;
    m->missing = m->missing ? put(p, m->missing, cut.missing * sizeof *m->missing) : NULL;
    m->data = m->data ? put(p, m->data, cut.data) : NULL;
}

/* Unknown bytes are zero; so there are no data behind the last stretch that is listed. */
record_cut record_cut_to(const record *r, size_t room)
{
    if (r->type != RECORD_MESSAGE)
        return (record_cut){0};
    const record_message *m = &r->message;
    record_cut cut = {m->data ? m->data_len : 0, m->missing_count};
    size_t most = room / 2 / sizeof *m->missing;
    if (cut.missing > most) {
        cut.missing = most;
        cut.data = MIN(cut.data, m->missing[most].offset);
    }
    size_t taken = sizes[RECORD_MESSAGE] + cut.missing * sizeof *m->missing + ALIGNMENT;
    cut.data = MIN(cut.data, room - MIN(room, taken));
    return cut;
}

/* --- all of them --- */

size_t record_copy_size(const record *r, record_cut cut)
{
    size_t size = sizes[r->type];
    switch (r->type) {
    case RECORD_OPEN: return size + open_size(&r->open);
    case RECORD_FRAME: return size + aligned(sizeof *r->frame.header);
    case RECORD_MESSAGE: return size + message_size(cut);
    default: return size;
    }
}

record *record_copy(void *memory, const record *r, record_cut cut)
{
    record *copy = memory;
    memcpy(memory, r, sizes[r->type]);
    place p = {(uint8_t *)memory + sizes[r->type]};
    if (r->type == RECORD_OPEN)
        put_open(&p, &copy->open);
    else if (r->type == RECORD_FRAME)
        copy->frame.header = put(&p, r->frame.header, sizeof *r->frame.header);
    else if (r->type == RECORD_MESSAGE)
        put_message(&p, &copy->message, cut);
    return copy;
}
