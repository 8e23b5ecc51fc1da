#include "project.h"

#include "lab.h"

/* What makes a folder the root. */
static const char manifest[] = "lessons/manifest.ini";

static gboolean is_root(const char *folder)
{
    g_autofree char *file = g_build_filename(folder, manifest, NULL);
    return g_file_test(file, G_FILE_TEST_IS_REGULAR);
}

/* The nearest root, from this folder upwards; NULL when there is none. */
static char *root_above(const char *folder)
{
    char *at = g_strdup(folder);
    while (!is_root(at)) {
        char *up = g_path_get_dirname(at);
        gboolean top = strcmp(up, at) == 0;
        g_free(at);
        at = up;
        if (top) {
            g_free(at);
            return NULL;
        }
    }
    return at;
}

static char *find_root(const char *wanted, const char *program_folder, GError **error)
{
    if (wanted) {
        char *root = g_canonicalize_filename(wanted, NULL);
        if (is_root(root))
            return root;
        lab_wrong(error, LAB_USAGE, "--root %s: there is no %s in it", wanted, manifest);
        g_free(root);
        return NULL;
    }
    g_autofree char *here = g_get_current_dir();
    char *root = root_above(here);
    if (!root)
        root = root_above(program_folder);
    if (!root)
        lab_wrong(
            error, LAB_CANNOT,
            "there is no %s here or above; go to the project's folder, or name it with --root",
            manifest);
    return root;
}

gboolean project_find(project *p, const char *root, GError **error)
{
    *p = (project){.self = g_file_read_link("/proc/self/exe", error)};
    if (!p->self)
        return FALSE;
    g_autofree char *folder = g_path_get_dirname(p->self);
    p->root = find_root(root, folder, error);
    if (!p->root)
        return FALSE;
    const char *state = g_getenv("WSLAB_STATE");
    p->lessons = g_build_filename(p->root, "lessons", NULL);
    p->state = state && *state ? g_canonicalize_filename(state, NULL)
                               : g_build_filename(p->lessons, ".wslab", NULL);
    g_autofree char *recipe = g_build_filename(folder, "..", "lessons", "recipe.ini", NULL);
    p->recipe = g_canonicalize_filename(recipe, NULL);
    p->wsdump = g_build_filename(folder, "wsdump", NULL);
    return TRUE;
}

void project_clear(project *p)
{
    g_free(p->root);
    g_free(p->lessons);
    g_free(p->state);
    g_free(p->self);
    g_free(p->recipe);
    g_free(p->wsdump);
}
