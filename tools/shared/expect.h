/* What the expectations of a case look for. Each is a verb's `play`: true = it came. */
#ifndef SHARED_EXPECT_H
#define SHARED_EXPECT_H

#include "peer.h"
#include "step.h"

/* The first item of its inbox that counts for this step; pings and ignored events before it are
 * dropped. NULL: none is there yet. */
GList *expect_first(const player *p, peer *who, const step *s);

bool expect_message(player *p, const step *s);
bool expect_frame(player *p, const step *s);
bool expect_close(player *p, const step *s);
bool expect_end(player *p, const step *s);
bool expect_pings(player *p, const step *s);
bool expect_still_open(player *p, const step *s);
bool expect_after(player *p, const step *s);
bool expect_output(player *p, const step *s);
bool expect_output_line(player *p, const step *s);
bool expect_printed(player *p, const step *s);
bool expect_exit(player *p, const step *s);
bool expect_log(player *p, const step *s);
bool expect_no_log(player *p, const step *s);
bool expect_descriptors(player *p, const step *s);
bool expect_threads(player *p, const step *s);

#endif
