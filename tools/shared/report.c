#include "report.h"

#include <string.h>

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static unsigned count_of(const report_row *rows, size_t count, play_verdict verdict)
{
    unsigned found = 0;
    for (size_t i = 0; i < count; i++)
        found += rows[i].verdict == verdict;
    return found;
}

static double seconds_of(const report_row *rows, size_t count)
{
    double all = 0;
    for (size_t i = 0; i < count; i++)
        all += rows[i].seconds;
    return all;
}

/* A time the same way in every locale. */
static void put_seconds(FILE *out, double seconds)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    fputs(g_ascii_formatd(text, sizeof text, "%.3f", seconds), out);
}

/* ---- JSON ---- */

static void put_json(FILE *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)valid; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c == '\n')
            fputs("\\n", out);
        else if (*c < 0x20 || *c == 0x7F)
            fprintf(out, "\\u%04x", *c);
        else
            fputc(*c, out);
    }
    fputc('"', out);
}

/* The texts of a row, in both formats' order. */
static const struct {
    const char *name;
    size_t offset;
} texts[] = {
    {"id", offsetof(report_row, id)},           {"title", offsetof(report_row, title)},
    {"group", offsetof(report_row, group)},     {"reason", offsetof(report_row, reason)},
    {"details", offsetof(report_row, details)}, {"capture", offsetof(report_row, capture)},
};

static const char *text_of(const report_row *row, size_t index)
{
    return *(const char *const *)((const char *)row + texts[index].offset);
}

static void put_json_row(FILE *out, const report_row *row)
{
    fprintf(out, "{\"verdict\":\"%s\",\"seed\":%" G_GUINT64_FORMAT ",\"seconds\":",
            play_verdict_name(row->verdict), row->seed);
    put_seconds(out, row->seconds);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (text_of(row, i)) {
            fprintf(out, ",\"%s\":", texts[i].name);
            put_json(out, text_of(row, i));
        }
    fputc('}', out);
}

static bool done(FILE *out)
{
    return fflush(out) == 0 && !ferror(out);
}

bool report_json(FILE *out, const char *suite, const report_row *rows, size_t count)
{
    fputs("{\"suite\":", out);
    put_json(out, suite);
    fprintf(out, ",\"passed\":%u,\"failed\":%u,\"errors\":%u,\"skipped\":%u,\"seconds\":",
            count_of(rows, count, PLAY_PASS), count_of(rows, count, PLAY_FAIL),
            count_of(rows, count, PLAY_ERROR), count_of(rows, count, PLAY_SKIPPED));
    put_seconds(out, seconds_of(rows, count));
    fputs(",\"checks\":[", out);
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        put_json_row(out, &rows[i]);
    }
    fputs("]}\n", out);
    return done(out);
}

/* ---- JUnit ---- */

static void put_xml(FILE *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (char *c = valid; *c; c++) /* XML 1.0 cannot write other control characters at all */
        if (((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7F)
            *c = '?';
    g_autofree char *escaped = g_markup_escape_text(valid, -1);
    fputs(escaped, out);
}

static void put_attribute(FILE *out, const char *name, const char *text)
{
    g_autofree char *one_line = g_strdelimit(g_strdup(text), "\n", ' '); /* as a parser would */
    fprintf(out, " %s=\"", name);
    put_xml(out, one_line);
    fputc('"', out);
}

static void put_junit_row(FILE *out, const report_row *row)
{
    static const char *const elements[] = {NULL, "failure", "error", "skipped"};
    const char *element = elements[row->verdict];
    g_autofree char *name = g_strdup_printf("%s %s", or_empty(row->id), or_empty(row->title));
    fputs("  <testcase", out);
    put_attribute(out, "name", name);
    put_attribute(out, "classname", or_empty(row->group));
    fputs(" time=\"", out);
    put_seconds(out, row->seconds);
    fputs(element ? "\">\n" : "\"/>\n", out);
    if (!element)
        return;
    fprintf(out, "    <%s", element);
    put_attribute(out, "message", or_empty(row->reason));
    fputc('>', out);
    put_xml(out, or_empty(row->details));
    fprintf(out, "</%s>\n  </testcase>\n", element);
}

bool report_junit(FILE *out, const char *suite, const report_row *rows, size_t count)
{
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite", out);
    put_attribute(out, "name", suite);
    fprintf(out, " tests=\"%zu\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"", count,
            count_of(rows, count, PLAY_FAIL), count_of(rows, count, PLAY_ERROR),
            count_of(rows, count, PLAY_SKIPPED));
    put_seconds(out, seconds_of(rows, count));
    fputs("\">\n", out);
    for (size_t i = 0; i < count; i++)
        put_junit_row(out, &rows[i]);
    fputs("</testsuite>\n</testsuites>\n", out);
    return done(out);
}
