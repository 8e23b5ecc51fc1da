#include "results.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The strings of the rows are in the chunk. */
struct results {
    GArray *rows; /* of report_row */
    GStringChunk *texts;
};

results *results_new(void)
{
    results *r = g_new0(results, 1);
    r->rows = g_array_new(FALSE, FALSE, sizeof(report_row));
    r->texts = g_string_chunk_new(4096);
    return r;
}

void results_free(results *r)
{
    g_array_unref(r->rows);
    g_string_chunk_free(r->texts);
    g_free(r);
}

static const char *keep(results *r, const char *text)
{
    return text ? g_string_chunk_insert(r->texts, text) : NULL;
}

void results_add(results *r, const char *group, const char *id, const progress_result *result,
                 const char *capture)
{
    report_row row = {
        .id = keep(r, id),
        .title = keep(r, result->title ? result->title : ""),
        .group = keep(r, group),
        .verdict = result->known ? result->verdict : PLAY_SKIPPED,
        .seconds = result->seconds,
        .seed = result->seed,
        .reason = result->known ? keep(r, result->reason) : "not checked yet",
        .details = keep(r, result->details),
        .capture = keep(r, capture),
    };
    g_array_append_val(r->rows, row);
}

guint results_count(const results *r, play_verdict verdict)
{
    guint count = 0;
    for (guint i = 0; i < r->rows->len; i++)
        count += g_array_index(r->rows, report_row, i).verdict == verdict;
    return count;
}

int results_status(const results *r)
{
    if (results_count(r, PLAY_ERROR))
        return LAB_CANNOT;
    return results_count(r, PLAY_FAIL) ? LAB_FAILED : LAB_PASSED;
}

static gboolean write_junit(const results *r, const char *path, GError **error)
{
    FILE *file = fopen(path, "w");
    gboolean good =
        file && report_junit(file, "wslab", (const report_row *)r->rows->data, r->rows->len);
    if (file && fclose(file) != 0)
        good = FALSE;
    if (!good)
        lab_wrong(error, LAB_CANNOT, "cannot write %s: %s", path, g_strerror(errno));
    return good;
}

gboolean results_report(const results *r, gboolean json, const char *junit, GError **error)
{
    if (junit && !write_junit(r, junit, error))
        return FALSE;
    if (!json || (report_json(stdout, "wslab", (const report_row *)r->rows->data, r->rows->len) &&
                  fflush(stdout) == 0))
        return TRUE;
    lab_wrong(error, LAB_CANNOT, "cannot write the report: %s", g_strerror(errno));
    return FALSE;
}

char *results_capture(const lab *here, const char *check)
{
    g_autofree char *name = g_strconcat(check, ".pcapng", NULL);
    return g_build_filename(here->project.state, "captures", name, NULL);
}
