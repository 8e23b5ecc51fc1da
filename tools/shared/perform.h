/* What the actions of a case do. Each is a verb's `play`: true = done. */
#ifndef SHARED_PERFORM_H
#define SHARED_PERFORM_H

#include "step.h"

bool perform_bytes(player *p, const step *s);
bool perform_send(player *p, const step *s);
bool perform_split(player *p, const step *s);
bool perform_join(player *p, const step *s);
bool perform_end_join(player *p, const step *s);
bool perform_pause(player *p, const step *s);
bool perform_resume(player *p, const step *s);
bool perform_answer(player *p, const step *s);
bool perform_finish(player *p, const step *s);
bool perform_abort(player *p, const step *s);
bool perform_leave(player *p, const step *s);
bool perform_fence(player *p, const step *s);
bool perform_signal(player *p, const step *s);
bool perform_listen(player *p, const step *s);
bool perform_refuse(player *p, const step *s);
bool perform_type(player *p, const step *s);
bool perform_type_end(player *p, const step *s);
bool perform_input(player *p, const step *s);
bool perform_run(player *p, const step *s);

/* "TERM" to SIGTERM; 0 = not one of those that a case may send. */
int perform_signal_number(const char *name);

#endif
