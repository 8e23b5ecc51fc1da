/* How a step of a case reads in a story; and its end. */
#include "step.h"

#include "event.h"

#include <string.h>

static void describe_code(GString *out, const step *s)
{
    if (s->code != STEP_NO_CODE)
        g_string_append_printf(out, " %d", s->code);
    if (s->reason)
        g_string_append_printf(out, " \"%s\"", s->reason);
}

static void describe_close(GString *out, const GByteArray *payload)
{
    if (payload->len >= 2)
        g_string_append_printf(out, " %d", payload->data[0] * 256 + payload->data[1]);
    if (payload->len > 2) {
        g_autofree char *reason =
            g_utf8_make_valid((const char *)payload->data + 2, (gssize)payload->len - 2);
        g_string_append_printf(out, " \"%s\"", reason);
    }
}

/* The frame that is sent, and what is unusual about it; or the opcode that is expected. */
static void describe_frame(GString *out, const step *s)
{
    const frame_line *f = s->frame;
    g_string_append(out, wsp_opcode_name(f ? f->header.opcode : s->opcode));
    if (!f)
        return;
    g_autofree char *payload = f->payload ? data_describe(f->payload) : NULL;
    if (f->close)
        describe_close(out, f->close);
    else if (payload)
        g_string_append_printf(out, " %s", payload);
    g_string_append(out, f->header.fin ? "" : ", not the last fragment");
    if (f->says_masked)
        g_string_append(out, f->header.masked ? ", masked" : ", not masked");
    if (f->header.rsv)
        g_string_append_printf(out, ", RSV bits %u", f->header.rsv);
    if (f->says_length)
        g_string_append_printf(out, ", declared length %" G_GUINT64_FORMAT,
                               f->header.payload_length);
    if (f->header.length_form)
        g_string_append_printf(out, ", length in %u bits", f->header.length_form);
}

static void describe_lines(GString *out, const step *s)
{
    for (guint i = 0; i < s->lines->len; i++)
        g_string_append_printf(out, "%s%s", i > 0 || s->verb->fits != STEP_OF_RUN ? ", " : " ",
                               (const char *)s->lines->pdata[i]);
    if (s->absent)
        g_string_append_printf(out, ", no header %s", s->absent);
    if (s->then)
        g_string_append(out, s->kind ? ", and more with the answer"
                                     : ", and sends more with the request");
}

char *step_describe(const step *s, const char *who)
{
    GString *out = g_string_new(NULL);
    for (const char *c = s->verb->reads; *c; c++) {
        if (*c != '%') {
            g_string_append_c(out, *c);
            continue;
        }
        switch (*++c) {
        case 'w':
            g_string_append(out, who ? who : s->who);
            if (s->verb->makes_who && s->number > 1 && !who)
                g_string_append_printf(out, " (%" G_GUINT64_FORMAT " %s)", s->number,
                                       s->verb->makes_who);
            break;
        case 'o': g_string_append(out, s->other); break;
        case 't': g_string_append(out, s->text ? s->text : ""); break;
        case 'p': g_string_append(out, s->path); break;
        case 'n': g_string_append_printf(out, "%" G_GUINT64_FORMAT, s->number); break;
        case 'k': g_string_append(out, s->kind); break;
        case 'a':
            g_string_append(out, strcmp(s->kind, "101") == 0 ? "" : ", answered with ");
            g_string_append(out, strcmp(s->kind, "101") == 0 ? "" : s->kind);
            break;
        case 'f': describe_frame(out, s); break;
        case 'c': describe_code(out, s); break;
        case 'h': describe_lines(out, s); break;
        case 'm': event_describe(out, s); break;
        case 'e':
            if (s->text)
                g_string_append_printf(out, ", error %s", s->text);
            break;
        case 'd': {
            g_autofree char *payload = s->data ? data_describe(s->data) : NULL;
            g_string_append(out, payload ? payload : "");
            break;
        }
        default: g_assert_not_reached();
        }
    }
    g_strchomp(out->str);
    return g_string_free(out, FALSE);
}

bool step_expects(const step *s)
{
    return strcmp(s->verb->name, "expect") == 0;
}

void step_free(void *one)
{
    step *s = one;
    g_free(s->who);
    g_free(s->other);
    g_free(s->text);
    g_free(s->reason);
    g_free(s->absent);
    g_free(s->path);
    g_free(s->kind);
    data_free(s->data);
    data_free(s->then);
    frame_line_free(s->frame);
    g_ptr_array_unref(s->lines);
    g_ptr_array_unref(s->members);
    if (s->pattern)
        g_regex_unref(s->pattern);
    g_free(s);
}
