/*
 * The exercises as they came. lessons/starters.sha256 (as sha256sum writes it) says what each was,
 * so that a copy is known for one wherever it lies, whatever the learner did before it was made.
 */
#ifndef WSLAB_STARTER_H
#define WSLAB_STARTER_H

#include "lab.h"

/* Keep a copy of each exercise that is as it came in STATE/starters, for later. Quiet: what cannot
 * be kept is looked for elsewhere when it is wanted. */
void starter_keep(const lab *here);

/* Whether the learner's file is still as it came. */
gboolean starter_untouched(const lab *here, const course_lesson *lesson);

/*
 * The starter's text; free it. It comes from the file itself where that is untouched, from
 * STATE/starters, or from the history that git has. NULL and an error when it is nowhere.
 */
char *starter_text(const lab *here, const course_lesson *lesson, GError **error);

#endif
