/*
 * Inflating without the beginning. As text: what plain zlib makes of it, joined at any message and
 * with any one lost, has its true lengths, and no byte is wrong that is not listed as unknown. As
 * payloads: the same bytes and the same ranges however much room there is.
 */
#include "certain.h"
#include "check.h"

#include <string.h>
#include <zlib.h>

enum { MESSAGE_MAX = 4096, MESSAGES_MAX = 64, DEFLATED_MAX = 8192 };

typedef struct result {
    bool ok;
    size_t len;
    uint8_t data[1 << 18];
} result;

/* Inflate a message, `room` bytes at a time, as far as *r has room. */
static void inflate_message(certain *c, const uint8_t *in, size_t len, size_t room, result *r)
{
    wsp_inflater *inflater = certain_inflater(c);
    CHECK(inflater->begin(inflater));
    r->len = 0;
    for (int status = 1; status > 0;) {
        size_t out_len = sizeof r->data - r->len < room ? sizeof r->data - r->len : room;
        size_t in_len = len;
        status = inflater->inflate(inflater, in, &in_len, true, r->data + r->len, &out_len);
        in += in_len;
        len -= in_len;
        r->len += out_len;
        r->ok = status == 0;
        if (r->len == sizeof r->data) /* the next begin() finds it unfinished */
            return;
    }
}

static void check_truth(const certain *c, const result *r, const uint8_t *truth, size_t len)
{
    static bool known[MESSAGE_MAX];
    CHECK(r->ok && r->len == len);
    memset(known, true, len);
    const GArray *unknown = certain_unknown(c);
    for (guint i = 0; i < unknown->len; i++) {
        const record_missing *m = &g_array_index(unknown, record_missing, i);
        CHECK(m->len > 0 && m->offset + m->len <= len);
        memset(known + m->offset, false, (size_t)m->len);
    }
    for (size_t i = 0; i < len; i++)
        CHECK(r->data[i] == (known[i] ? truth[i] : 0));
}

/* One line of the input is one message; lines[0..2] choose. */
static void as_text(const uint8_t *in, size_t len)
{
    static uint8_t deflated[DEFLATED_MAX];
    static result r;
    if (len < 3)
        return;
    unsigned join = in[0] % MESSAGES_MAX, lost = in[1] % MESSAGES_MAX;
    z_stream z = {0};
    CHECK(deflateInit2(&z, in[2] & 15 ? in[2] % 10 : 9, Z_DEFLATED, -(9 + (in[2] >> 4) % 7), 8,
                       Z_DEFAULT_STRATEGY) == Z_OK);
    certain_memory memory = {.max = UINT64_MAX};
    certain *c = certain_new(&memory, join == 0);
    const uint8_t *end = in + len;
    in += 3;
    for (unsigned i = 0; in < end && i < MESSAGES_MAX; i++) {
        const uint8_t *line_end = memchr(in, '\n', (size_t)(end - in));
        size_t line = (size_t)((line_end ? line_end : end) - in);
        if (line > MESSAGE_MAX)
            line = MESSAGE_MAX;
        z.next_in = (z_const Bytef *)in;
        z.avail_in = (uInt)line;
        z.next_out = deflated;
        z.avail_out = sizeof deflated;
        deflate(&z, Z_SYNC_FLUSH);
        size_t n = sizeof deflated - z.avail_out;
        n = n >= 4 ? n - 4 : 0; /* zlib does not flush twice in a row */
        wsp_inflater *inflater = certain_inflater(c);
        if (i >= join && i == lost) {
            inflater->lost(inflater);
        } else if (i >= join && n > 0) {
            inflate_message(c, deflated, n, sizeof r.data, &r);
            check_truth(c, &r, in, line);
        }
        in += line;
        in += in < end && *in == '\n';
    }
    certain_free(c);
    deflateEnd(&z);
}

/* Two payloads, the second of which may refer to the first. */
static void as_payloads(const uint8_t *in, size_t len)
{
    static result whole, pieces;
    if (len < 2)
        return;
    size_t room = 1U + in[0], first = in[1] < len - 2 ? in[1] : len - 2;
    certain_memory memory = {.max = UINT64_MAX};
    certain *a = certain_new(&memory, room & 1), *b = certain_new(&memory, room & 1);
    for (int turn = 0; turn < 2; turn++) {
        const uint8_t *payload = turn ? in + 2 + first : in + 2;
        size_t n = turn ? len - 2 - first : first;
        inflate_message(a, payload, n, sizeof whole.data, &whole);
        inflate_message(b, payload, n, room, &pieces);
        CHECK(whole.ok == pieces.ok && whole.len == pieces.len);
        CHECK(memcmp(whole.data, pieces.data, whole.len) == 0);
        const GArray *x = certain_unknown(a), *y = certain_unknown(b);
        CHECK(x->len == y->len);
        CHECK(x->len == 0 || memcmp(x->data, y->data, x->len * sizeof(record_missing)) == 0);
    }
    certain_free(a);
    certain_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8192)
        return 0;
    as_text(data, size);
    as_payloads(data, size);
    return 0;
}
