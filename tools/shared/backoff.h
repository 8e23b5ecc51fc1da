/*
 * How clients that have lost their server come back: each waits a random time before each retry,
 * so that they do not come all at once. Judged on numbers, without a clock: the program prints its
 * delays.
 */
#ifndef SHARED_BACKOFF_H
#define SHARED_BACKOFF_H

#include "step.h"

/*
 * `expect backoff CLIENTS ROUNDS base=MS cap=MS`: run the program with "--print-backoff ROUNDS
 * --seed S" for S = 1 to CLIENTS, and for S = 1 again. Right when each run prints ROUNDS whole
 * numbers of milliseconds, a line each, and ends with status 0; when a seed gives the same delays
 * again; and when in each round the delays of all clients are spread evenly from 0 to base *
 * 2^round (the first round is 0), at most to cap.
 */
bool backoff_expect(player *p, const step *s);

/* No fewer clients, no smaller base: with them half of the range left empty cannot be chance. */
enum { BACKOFF_MIN_CLIENTS = 60, BACKOFF_MIN_BASE_MS = 20 };

#endif
