#include "questions.h"

#define QUESTIONS_ERROR (g_quark_from_static_string("wslab-questions"))

static void free_question(void *one)
{
    question *q = one;
    g_free(q->text);
    fact_free(q->asks);
    g_free(q->why);
    g_free(q);
}

/* The text of a key, which must be there. */
static char *text_of(GKeyFile *file, const char *path, const char *group, const char *key,
                     GError **error)
{
    char *text = g_key_file_get_string(file, group, key, NULL);
    if (text && *g_strstrip(text))
        return text;
    g_free(text);
    g_set_error(error, QUESTIONS_ERROR, 0, "%s: [%s] has no %s=", path, group, key);
    return NULL;
}

static gboolean read_question(questions *all, GKeyFile *file, const char *path, const char *group,
                              GError **error)
{
    static const char *const texts[] = {"question", "why", NULL};
    question *q = g_new0(question, 1);
    g_ptr_array_add(all->list, q);
    GError *cause = NULL;
    q->text = text_of(file, path, group, "question", error);
    q->why = q->text ? text_of(file, path, group, "why", error) : NULL;
    q->asks = q->why ? fact_read(file, group, texts, &cause) : NULL;
    if (cause)
        g_set_error(error, QUESTIONS_ERROR, 0, "%s: [%s] %s", path, group, cause->message);
    g_clear_error(&cause);
    return q->asks != NULL;
}

/* [1] to [N], and nothing else but [capture]. */
static gboolean read_groups(questions *all, GKeyFile *file, const char *path, GError **error)
{
    gsize count;
    g_strfreev(g_key_file_get_groups(file, &count));
    for (guint i = 1; i < count || i == 1; i++) {
        g_autofree char *group = g_strdup_printf("%u", i);
        if (!g_key_file_has_group(file, group)) {
            g_set_error(error, QUESTIONS_ERROR, 0,
                        "%s: [%s] is missing; the groups are [capture], [1], [2] …", path, group);
            return FALSE;
        }
        if (!read_question(all, file, path, group, error))
            return FALSE;
    }
    return TRUE;
}

questions *questions_read(const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "questions.ini", NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    GError *cause = NULL;
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause)) {
        if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            g_propagate_error(error, g_steal_pointer(&cause));
        else
            g_set_error(error, QUESTIONS_ERROR, 0, "%s: %s", path, cause->message);
        g_clear_error(&cause);
        return NULL;
    }
    g_autofree char *talk = text_of(file, path, "capture", "talk", error);
    if (!talk)
        return NULL;
    questions *all = g_new0(questions, 1);
    all->talk = g_build_filename(folder, talk, NULL);
    all->list = g_ptr_array_new_with_free_func(free_question);
    if (read_groups(all, file, path, error))
        return all;
    questions_free(all);
    return NULL;
}

void questions_free(questions *q)
{
    if (!q)
        return;
    g_free(q->talk);
    g_ptr_array_unref(q->list);
    g_free(q);
}
