/* Is it JSON, and how does it look indented? */
#include "page_json.h"

#include "json_grammar.h"
#include "json_token.h"
#include "page.h"
#include "page_text.h"

static char *judge(const uint8_t *in, size_t len)
{
    json_grammar g;
    json_grammar_init(&g);
    const char *wrong = NULL;
    size_t i = 0;
    for (size_t size = 0; i < len; i += size) {
        json_kind kind = json_token(in + i, len - i, &size);
        wrong = json_grammar_take(&g, kind, (char)in[i]);
        if (wrong)
            return g_strdup_printf("byte %zu: %s", i, wrong);
    }
    return g_strdup(json_grammar_end(&g));
}

/* Why it is not shown as JSON; NULL = it is. The caller's. */
static char *why_not(const record_message *m)
{
    if (m->truncated)
        return g_strdup("only its beginning was kept");
    if (!m->complete)
        return g_strdup("not all of it was captured");
    if (m->data_len > PAGE_JSON_BYTES)
        return g_strdup_printf("it is longer than %d bytes", PAGE_JSON_BYTES);
    if (!g_utf8_validate_len((const char *)m->data, m->data_len, NULL))
        return g_strdup("it is not UTF-8, or has a NUL");
    return judge(m->data, m->data_len);
}

typedef struct indenter {
    flow f;
    const uint8_t *in;
    size_t len, at;
    unsigned depth;
} indenter;

/* The token behind the blanks, without taking it. */
static json_kind peek(const indenter *n, size_t *at, size_t *size)
{
    *at = n->at;
    json_kind kind = JSON_NONE;
    while (*at < n->len) {
        kind = json_token(n->in + *at, n->len - *at, size);
        if (kind != JSON_BLANK)
            break;
        *at += *size;
    }
    return *at < n->len ? kind : JSON_NONE;
}

/* A line `indent` levels in, which belongs to `depth` foldable parts. What is very deep is not
 * indented further. */
static void new_line(indenter *n, unsigned indent, unsigned depth)
{
    int columns = MIN((int)indent * 2, n->f.width / 3);
    flow_line(&n->f, columns + 4);
    lines_fold(n->f.out, 0, depth);
    flow_to(&n->f, columns);
}

static void add_open(indenter *n, const uint8_t *bracket)
{
    size_t at, size;
    flow_bytes(&n->f, STYLE_NORMAL, bracket, 1);
    if (peek(n, &at, &size) == JSON_CLOSE) {
        flow_bytes(&n->f, STYLE_NORMAL, n->in + at, 1);
        n->at = at + 1;
        return;
    }
    lines_fold(n->f.out, n->depth + 1, n->depth);
    n->depth++;
    new_line(n, n->depth, n->depth);
}

static void add_token(indenter *n, json_kind kind, const uint8_t *token, size_t size)
{
    static const style styles[] = {
        [JSON_STRING] = STYLE_STRING, [JSON_NUMBER] = STYLE_NUMBER, [JSON_WORD] = STYLE_WORD};
    size_t at, next;
    switch (kind) {
    case JSON_OPEN: add_open(n, token); break;
    case JSON_CLOSE:
        new_line(n, n->depth - 1, n->depth);
        flow_bytes(&n->f, STYLE_NORMAL, token, 1);
        n->depth--;
        break;
    case JSON_COMMA:
        flow_bytes(&n->f, STYLE_NORMAL, token, 1);
        new_line(n, n->depth, n->depth);
        break;
    case JSON_COLON: flow_bytes(&n->f, STYLE_NORMAL, ": ", 2); break;
    default:
        flow_bytes(&n->f, peek(n, &at, &next) == JSON_COLON ? STYLE_KEY : styles[kind], token,
                   size);
    }
}

static void add_json(lines *out, const record_message *m, int width)
{
    indenter n = {.in = m->data, .len = m->data_len};
    size_t at, size;
    json_kind kind;
    flow_init(&n.f, out, width);
    new_line(&n, 0, 0);
    while ((kind = peek(&n, &at, &size)) != JSON_NONE) {
        n.at = at + size;
        add_token(&n, kind, n.in + at, size);
    }
    flow_clear(&n.f);
}

bool page_json(lines *out, const record *message, int width)
{
    const record_message *m = &message->message;
    if (m->data && m->data_len) {
        g_autofree char *why = why_not(m);
        if (!why) {
            add_json(out, m, width);
            return true;
        }
        flow f;
        flow_init(&f, out, width);
        flow_line(&f, 0);
        flow_words(&f, STYLE_DIM, "Shown as text, not as JSON: ");
        flow_bytes(&f, STYLE_DIM, why, strlen(why));
        flow_clear(&f);
    }
    page_text(out, message, width);
    return false;
}
