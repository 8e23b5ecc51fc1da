/* Watching for the opening handshake. See upgrade.h. */
#include "upgrade.h"

#include <string.h>

/* An observer reads heads that an endpoint would refuse for their size. */
static const wsp_http_limits head_limits = {
    .max_head = 65536, .max_line = 65536, .max_headers = UPGRADE_MAX_HEADERS};

void upgrade_init(upgrade *u, pieces_memory *memory)
{
    memset(u, 0, sizeof *u);
    u->memory = memory;
}

/* What a head takes; it grows in powers of two. */
static uint64_t cost_of(const GByteArray *head)
{
    enum { ARRAY = 40 };
    uint64_t room = 16;
    while (room < head->len)
        room *= 2;
    return ARRAY + room + 2 * (uint64_t)BUDGET_BLOCK;
}

static GByteArray *take(upgrade *u, GByteArray **bytes)
{
    GByteArray *taken = *bytes;
    if (taken)
        budget_charge(u->memory->shared, -cost_of(taken));
    *bytes = NULL;
    return taken;
}

static void drop(upgrade *u, GByteArray **bytes)
{
    GByteArray *dropped = take(u, bytes);
    if (dropped)
        g_byte_array_unref(dropped);
}

void upgrade_clear(upgrade *u)
{
    drop(u, &u->side[0].head);
    drop(u, &u->side[1].head);
    drop(u, &u->request);
    pieces_clear(&u->early, u->memory);
}

/* May these first bytes become a request line? A method in capitals, then a space. */
static bool may_be_request(const uint8_t *in, size_t len)
{
    size_t i = 0;
    while (i < len && i < 16 && in[i] >= 'A' && in[i] <= 'Z')
        i++;
    return i == len || (i > 0 && in[i] == ' ');
}

/* May they become a status line? Only "HTTP/1." matters here. */
static bool may_be_response(const uint8_t *in, size_t len)
{
    static const char start[] = "HTTP/1.";
    size_t n = MIN(len, sizeof start - 1);
    return memcmp(in, start, n) == 0;
}

/* Is a head with these first bytes worth collecting on this side? */
static bool worth_collecting(const upgrade *u, int side, const uint8_t *in, size_t len)
{
    if (may_be_response(in, len))
        return !(u->request && side == u->client);
    return may_be_request(in, len) && !u->request;
}

/* Do they begin with a whole first line of HTTP/1.x, which is no accident? */
static bool is_first_line(const uint8_t *in, size_t len)
{
    const uint8_t *lf = memchr(in, '\n', len);
    wsp_http_head head;
    if (!lf || !(may_be_response(in, len) || may_be_request(in, len)))
        return false;
    wsp_http_parse(&head, in, (size_t)(lf - in) + 1, NULL, 0);
    return head.kind != WSP_HTTP_NEITHER;
}

static bool is_interim(const wsp_http_head *head)
{
    return head->kind == WSP_HTTP_RESPONSE && head->status < 200 && head->status != 101;
}

/* What comes behind this head: a body of known length, the next head, or nobody knows what. */
static void expect_body(struct upgrade_side *s, const wsp_http_head *head)
{
    bool response = head->kind == WSP_HTTP_RESPONSE;
    wsp_text length = wsp_http_header_value(head, "Content-Length", NULL);
    uint64_t body = 0;
    for (size_t i = 0; i < length.len && i < 18 && g_ascii_isdigit(length.data[i]); i++)
        body = body * 10 + (uint64_t)(length.data[i] - '0');
    bool none = is_interim(head) || head->status == 204 || head->status == 304;
    bool known = none || (length.data || !response);
    if (wsp_http_header_value(head, "Transfer-Encoding", NULL).data)
        known = none;
    s->body = known && !none ? body : 0;
    s->boundary = known && s->body == 0;
}

/* Does this response, from `side`, answer the attempt? Ordinary requests are answered before it. */
static bool answers_attempt(upgrade *u, int side, const wsp_http_head *head)
{
    struct upgrade_side *asker = &u->side[1 - side];
    if (is_interim(head))
        return false;
    bool waits = u->request && side != u->client;
    if (waits && (head->status == 101 || u->ahead == 0))
        return true;
    if (waits)
        u->ahead--;
    else if (asker->unanswered > 0)
        asker->unanswered--;
    return false;
}

static void begin_attempt(upgrade *u, int side)
{
    struct upgrade_side *s = &u->side[side];
    u->request = s->head;
    s->head = NULL;
    u->client = side;
    u->ahead = s->unanswered;
    s->unanswered = 0;
}

/* A head is whole: is it an attempt, or the answer to one? */
static bool judge_head(upgrade *u, int side, upgrade_decision *decision)
{
    struct upgrade_side *s = &u->side[side];
    wsp_http_header headers[UPGRADE_MAX_HEADERS];
    wsp_http_head head;
    wsp_http_parse(&head, s->head->data, s->head->len, headers, UPGRADE_MAX_HEADERS);

    expect_body(s, &head);
    if (head.kind == WSP_HTTP_REQUEST) {
        if (!u->request && wsp_handshake_is_attempt(&head))
            begin_attempt(u, side);
        else
            s->unanswered++;
        return false;
    }
    bool answers = answers_attempt(u, side, &head);
    bool upgrades = head.status == 101 && wsp_http_list_has(&head, "Upgrade", "websocket");
    if (!answers && !upgrades)
        return false;
    decision->client = 1 - side;
    decision->status = head.status;
    decision->request = answers ? take(u, &u->request) : NULL;
    decision->response = take(u, &s->head);
    if (head.status != 101)
        pieces_clear(&u->early, u->memory);
    return true;
}

static void begin_head(upgrade *u, struct upgrade_side *s)
{
    drop(u, &s->head);
    s->head = g_byte_array_new();
    budget_charge(u->memory->shared, cost_of(s->head));
    s->confirmed = false;
    s->boundary = false;
    s->body = 0;
    wsp_http_scan_init(&s->scan, &head_limits);
}

/* Collect up to the end of the head. Returns the bytes taken; s->head is gone when it was none. */
static size_t collect(upgrade *u, int side, const uint8_t *in, size_t len)
{
    struct upgrade_side *s = &u->side[side];
    int64_t n = wsp_http_scan(&s->scan, in, len);
    if (n < 0) { /* too long for any handshake: not one */
        drop(u, &s->head);
        return len;
    }
    uint64_t cost = cost_of(s->head);
    g_byte_array_append(s->head, in, (guint)n);
    budget_charge(u->memory->shared, cost_of(s->head) - cost);
    if (!s->confirmed && s->scan.lines > 0)
        s->confirmed = is_first_line(s->head->data, s->head->len);
    else if (!s->confirmed && worth_collecting(u, side, s->head->data, s->head->len))
        return (size_t)n;
    if (s->confirmed)
        return (size_t)n;
    drop(u, &s->head);
    return len;
}

/* What is in no head: of an attempt's client it is kept, a body of known length is counted down. */
static size_t pass_over(upgrade *u, int side, const uint8_t *in, size_t len, bool segment_start,
                        capture_place place)
{
    struct upgrade_side *s = &u->side[side];
    if (u->request && side == u->client) {
        pieces_add(&u->early, u->memory, 0, in, len, segment_start, place);
        return len;
    }
    size_t n = s->body ? (size_t)MIN(s->body, len) : len;
    s->boundary = s->body == n;
    s->body -= MIN(s->body, n);
    return n;
}

/* Is a head to be looked for here? In a body only where a segment begins with a whole line of it:
 * an answer to HEAD announces a body that does not come. */
static bool look_here(const upgrade *u, int side, const uint8_t *in, size_t len, bool segment_start)
{
    const struct upgrade_side *s = &u->side[side];
    if (!(segment_start || s->boundary) || !worth_collecting(u, side, in, len))
        return false;
    return s->body == 0 || is_first_line(in, len);
}

size_t upgrade_feed(upgrade *u, int side, const uint8_t *in, size_t len, bool segment_start,
                    capture_place place, bool *decided, upgrade_decision *decision)
{
    struct upgrade_side *s = &u->side[side];
    size_t used = 0;
    *decided = false;
    while (used < len && !*decided) {
        const uint8_t *rest = in + used;
        bool start = segment_start && used == 0;
        if (!s->head ? look_here(u, side, rest, len - used, start)
                     : start && !s->confirmed && is_first_line(rest, len - used) &&
                           may_be_response(rest, len - used))
            begin_head(u, s);
        if (!s->head) {
            used += pass_over(u, side, rest, len - used, start, place);
            continue;
        }
        used += collect(u, side, rest, len - used);
        if (s->head && s->scan.done) {
            *decided = judge_head(u, side, decision);
            drop(u, &s->head);
        }
    }
    return used;
}

void upgrade_gap(upgrade *u, int side, uint64_t bytes, capture_place place)
{
    struct upgrade_side *s = &u->side[side];
    if (s->body > bytes) { /* inside a body, which nobody reads */
        s->body -= bytes;
        return;
    }
    drop(u, &s->head);
    s->body = 0;
    s->boundary = false;
    if (u->request && side == u->client) {
        pieces_add_gap(&u->early, u->memory, 0, bytes, true, place);
        return;
    }
    /* Who knows what was asked or answered in it. */
    u->ahead = 0;
    u->side[0].unanswered = u->side[1].unanswered = 0;
}

bool upgrade_finish(upgrade *u, upgrade_decision *decision)
{
    if (!u->request)
        return false;
    *decision = (upgrade_decision){.client = u->client, .request = take(u, &u->request)};
    return true;
}
