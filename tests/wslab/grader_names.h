/* What the tables of the two languages and of the facts have, for a test in C++, which cannot read
 * their headers. Each is NULL behind the last one. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

const char *case_step_name(size_t i);
const char *case_step_shape(size_t i);
const char *talk_step_name(size_t i);
const char *fact_name(size_t i);
const char *frame_options(void);

#ifdef __cplusplus
}
#endif
