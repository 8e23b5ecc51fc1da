/* Where things are: the project's root, its lessons, this build, the learner's state. */
#ifndef WSLAB_PROJECT_H
#define WSLAB_PROJECT_H

#include <glib.h>

/* Absolute paths. */
typedef struct project {
    char *root;    /* has lessons/manifest.ini */
    char *lessons; /* root/lessons */
    char *state;   /* lessons/.wslab, or what WSLAB_STATE says */
    char *self;    /* this program */
    char *recipe;  /* how exercises are compiled: beside this program, in build/PRESET */
    char *wsdump;  /* the one that was built with this program */
} project;

/*
 * The root is `root` when that is not NULL; otherwise the nearest folder with lessons/manifest.ini
 * above the working directory, or above this program.
 */
gboolean project_find(project *p, const char *root, GError **error);
void project_clear(project *p);

#endif
