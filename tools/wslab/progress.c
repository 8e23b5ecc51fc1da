#include "progress.h"

#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct progress {
    GKeyFile *file;
    char *folder, *path;
    int lock; /* -1 = no change is being made */
};

/* Read it anew: other commands may have written it meanwhile. */
static gboolean load(progress *p, GError **error)
{
    GError *cause = NULL;
    GKeyFile *file = g_key_file_new();
    if (g_key_file_load_from_file(file, p->path, G_KEY_FILE_KEEP_COMMENTS, &cause) ||
        g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_key_file_unref(p->file);
        p->file = file;
    } else {
        lab_wrong(error, LAB_CANNOT, "%s: %s; delete the file to begin anew", p->path,
                  cause->message);
        g_key_file_unref(file);
        file = NULL;
    }
    g_clear_error(&cause);
    return file != NULL;
}

progress *progress_open(const char *state, GError **error)
{
    progress *p = g_new0(progress, 1);
    p->file = g_key_file_new();
    p->folder = g_strdup(state);
    p->path = g_build_filename(state, "progress.ini", NULL);
    p->lock = -1;
    if (load(p, error))
        return p;
    progress_close(p);
    return NULL;
}

void progress_close(progress *p)
{
    if (!p)
        return;
    g_key_file_unref(p->file);
    g_free(p->folder);
    g_free(p->path);
    g_free(p);
}

static void unlock(progress *p)
{
    close(p->lock);
    p->lock = -1;
}

/*
 * Each change is between begin and save: of what the file says now, and nobody else changes it
 * meanwhile. The lock is a file of its own, since saving puts another file in the place of the old.
 */
static gboolean begin(progress *p, GError **error)
{
    g_autofree char *path = g_strconcat(p->path, ".lock", NULL);
    if (g_mkdir_with_parents(p->folder, 0755) == 0)
        p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (p->lock < 0) {
        lab_wrong(error, LAB_CANNOT, "cannot keep your progress in %s: %s", p->path,
                  g_strerror(errno));
        return FALSE;
    }
    while (flock(p->lock, LOCK_EX) != 0 && errno == EINTR) /* else: not every file system can */
        ;
    if (load(p, error))
        return TRUE;
    unlock(p);
    return FALSE;
}

static gboolean save(progress *p, GError **error)
{
    GError *cause = NULL;
    gboolean saved = g_key_file_save_to_file(p->file, p->path, &cause);
    if (!saved)
        lab_wrong(error, LAB_CANNOT, "cannot keep your progress in %s: %s", p->path,
                  cause->message);
    g_clear_error(&cause);
    unlock(p);
    return saved;
}

progress_result progress_get(const progress *p, const char *check)
{
    g_autofree char *word = g_key_file_get_string(p->file, check, "result", NULL);
    progress_result r = {
        .title = g_key_file_get_string(p->file, check, "title", NULL),
        .reason = g_key_file_get_string(p->file, check, "reason", NULL),
        .details = g_key_file_get_string(p->file, check, "details", NULL),
        .seconds = g_key_file_get_double(p->file, check, "seconds", NULL),
        .seed = g_key_file_get_uint64(p->file, check, "seed", NULL),
    };
    for (play_verdict v = PLAY_PASS; word && v <= PLAY_SKIPPED && !r.known; v++)
        if (strcmp(word, play_verdict_name(v)) == 0)
            r.known = TRUE, r.verdict = v;
    return r;
}

void progress_result_clear(progress_result *r)
{
    g_free(r->title);
    g_free(r->reason);
    g_free(r->details);
    *r = (progress_result){0};
}

static void put_text(progress *p, const char *check, const char *key, const char *text)
{
    if (!text) {
        g_key_file_remove_key(p->file, check, key, NULL);
        return;
    }
    g_autofree char *valid = g_utf8_make_valid(text, -1); /* or it could not be read again */
    g_key_file_set_string(p->file, check, key, valid);
}

gboolean progress_keep(progress *p, const char *check, const progress_result *r, GError **error)
{
    if (!begin(p, error))
        return FALSE;
    put_text(p, check, "result", play_verdict_name(r->verdict));
    put_text(p, check, "title", r->title);
    put_text(p, check, "reason", r->reason);
    put_text(p, check, "details", r->details);
    g_key_file_set_double(p->file, check, "seconds", r->seconds);
    g_key_file_set_uint64(p->file, check, "seed", r->seed);
    return save(p, error);
}

gboolean progress_forget(progress *p, const char *check, GError **error)
{
    if (!begin(p, error))
        return FALSE;
    static const char *const keys[] = {"result", "title", "reason", "details", "seconds", "seed"};
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        g_key_file_remove_key(p->file, check, keys[i], NULL);
    return save(p, error);
}

char *progress_where(const progress *p, const char *check)
{
    return g_key_file_get_string(p->file, "captures", check, NULL);
}

gboolean progress_keep_where(progress *p, const char *check, const char *where, GError **error)
{
    if (!begin(p, error))
        return FALSE;
    put_text(p, "captures", check, where);
    return save(p, error);
}

int progress_hints(const progress *p, const char *check)
{
    int shown = g_key_file_get_integer(p->file, check, "hints", NULL);
    return CLAMP(shown, 0, COURSE_HINTS);
}

gboolean progress_keep_hints(progress *p, const char *check, int shown, GError **error)
{
    if (!begin(p, error))
        return FALSE;
    g_key_file_set_integer(p->file, check, "hints", shown);
    return save(p, error);
}

gboolean progress_seed(progress *p, guint64 *seed, GError **error)
{
    *seed = g_key_file_get_uint64(p->file, "learner", "seed", NULL);
    if (*seed > 0)
        return TRUE;
    if (!begin(p, error))
        return FALSE;
    *seed = g_key_file_get_uint64(p->file, "learner", "seed", NULL);
    if (*seed == 0)
        *seed = 1 + g_random_int() / 2; /* short enough to be typed */
    g_key_file_set_uint64(p->file, "learner", "seed", *seed);
    return save(p, error);
}

/* One key for each pair: somebody may answer for a class and for themselves. */
static char *question_key(const char *question, guint64 seed)
{
    return g_strdup_printf("%s.%" G_GUINT64_FORMAT, question, seed);
}

gboolean progress_answered(const progress *p, const char *question, guint64 seed)
{
    g_autofree char *key = question_key(question, seed);
    return g_key_file_get_boolean(p->file, "questions", key, NULL);
}

gboolean progress_keep_answered(progress *p, const char *question, guint64 seed, GError **error)
{
    if (!begin(p, error))
        return FALSE;
    g_autofree char *key = question_key(question, seed);
    g_key_file_set_boolean(p->file, "questions", key, TRUE);
    return save(p, error);
}
