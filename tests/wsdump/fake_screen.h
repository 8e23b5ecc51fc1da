/* A screen without a terminal, for the dialogs: C++ cannot read the interface's own headers. */
#ifndef FAKE_SCREEN_H
#define FAKE_SCREEN_H

#include "interface.h"

typedef struct fake_screen fake_screen;

/* A list above another one. Keeps both arguments. */
fake_screen *fake_screen_new(store *s, const interface_options *o);
void fake_screen_free(fake_screen *f);

/* What it lists: rows, connections; what of the rows is tagged; which is selected. Keeps copies. */
typedef enum fake_part { FAKE_ROWS, FAKE_CONNECTIONS, FAKE_TAGGED, FAKE_PARTS } fake_part;
void fake_screen_list(fake_screen *f, fake_part part, const uint64_t *numbers, size_t count);
void fake_screen_select(fake_screen *f, uint64_t row);
void fake_screen_filter(fake_screen *f, const char *filter);

/* The key for saving, keys for the prompt, and time to write: 0 = no more is to be done. */
void fake_screen_save(fake_screen *f);
void fake_screen_key(fake_screen *f, int key);
bool fake_screen_step(fake_screen *f);

/* The prompt: NULL where there is none. What the text of a name means, and of what it is. */
const char *fake_screen_prompt(const fake_screen *f);
const char *fake_screen_wrong(const fake_screen *f);
const char *fake_screen_meaning(const fake_screen *f);
const char *fake_screen_subject(const fake_screen *f);

const char *fake_screen_notice(const fake_screen *f, bool *is_error);

#endif
