#include "story.h"

#include <stdlib.h>
#include <string.h>

/* Columns: where a line's text begins, where its result does, and what a line may have. */
enum { TEXT_AT = 12, RESULT_AT = 65, WIDTH = 100 };

static size_t columns(const char *text)
{
    return (size_t)g_utf8_strlen(text, -1);
}

static void pad(FILE *out, size_t from, size_t to)
{
    fprintf(out, "%*s", from < to ? (int)(to - from) : 2, "");
}

void story_print_head(FILE *out, const script *s, const play_result *r)
{
    static const char *const words[] = {"PASS", "FAIL", "ERROR", "SKIP"};
    const size_t used = strlen(words[r->verdict]) + strlen(s->id) + columns(s->title) + 3;
    fprintf(out, "%s %s  %s", words[r->verdict], s->id, s->title);
    if (s->covers) {
        pad(out, used, RESULT_AT - 2);
        fprintf(out, "covers %s", s->covers);
    }
    fputc('\n', out);
}

/* A text in lines of at most `width` columns, broken at spaces, the later ones indented. */
static void print_wrapped(FILE *out, const char *text, size_t at, size_t width)
{
    for (size_t left = width - at; columns(text) > left;) {
        const char *end = g_utf8_offset_to_pointer(text, (glong)left), *cut = end;
        while (cut > text && *cut != ' ')
            cut--;
        if (cut == text)
            cut = end; /* a word longer than a line */
        fprintf(out, "%.*s\n%*s", (int)(cut - text), text, (int)at, "");
        text = cut + strspn(cut, " ");
    }
    fputs(text, out);
}

static void print_line(FILE *out, unsigned number, const play_line *line)
{
    const char *result = line->result ? line->result : "";
    const size_t end = TEXT_AT + columns(line->text);
    fprintf(out, "%3u %s  ", number, line->expect ? "expect" : "action");
    print_wrapped(out, line->text, TEXT_AT, WIDTH);
    const bool fits = end + 2 <= RESULT_AT && RESULT_AT + columns(result) <= WIDTH;
    const bool short_enough = end + 2 + columns(result) <= WIDTH && columns(result) <= 10;
    if (*result && (fits || short_enough)) {
        pad(out, end, RESULT_AT);
        fputs(result, out);
    } else if (*result) {
        fprintf(out, "\n%*s", TEXT_AT + 4, "");
        print_wrapped(out, result, TEXT_AT + 4, WIDTH);
    }
    fputc('\n', out);
    for (guint i = 0; i < line->detail->len; i++) {
        fprintf(out, "%*s", TEXT_AT, "");
        print_wrapped(out, line->detail->pdata[i], TEXT_AT, WIDTH);
        fputc('\n', out);
    }
}

void story_print_lines(FILE *out, const play_result *r)
{
    for (guint i = 0; i < r->story->len; i++)
        print_line(out, i + 1, r->story->pdata[i]);
    if (r->story->len == 0 && r->reason)
        fprintf(out, "  %s\n", r->reason);
}

void story_print_ways(FILE *out, const script *s, const play_result *r)
{
    if (transcript_connections(r->transcript) > 0) /* else there is nothing to look at */
        fprintf(out, "  look  wslab show %s   ", s->id);
    fprintf(out, "  hint  wslab hint %s     replay  --seed %" G_GUINT64_FORMAT "\n", s->id,
            r->seed);
}

void story_print(FILE *out, const script *s, const play_result *r)
{
    story_print_head(out, s, r);
    if (r->verdict == PLAY_FAIL) {
        story_print_lines(out, r);
        story_print_ways(out, s, r);
    } else if (r->reason) {
        fprintf(out, "  %s\n", r->reason);
    }
}

char *story_text(const script *s, const play_result *r)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return g_strdup("");
    story_print(out, s, r);
    fclose(out);
    char *copy = g_strdup(text);
    free(text); /* not GLib's memory */
    return copy;
}
