/* The prompt: one line that the user types, at the bottom of the screen. */
#ifndef WSDUMP_INTERFACE_PROMPT_H
#define WSDUMP_INTERFACE_PROMPT_H

#include "terminal.h"

#include <glib.h>
#include <stdbool.h>

typedef struct ui ui;

/* What to do with the text. False leaves the prompt open, with *error on the screen: one line, or,
 * as filter_new has it, what is wrong, the text, and carets under the place. */
typedef bool prompt_done(ui *u, const char *text, GError **error);

/* What the text means as it stands, in a word or two, static; NULL = nothing. */
typedef const char *prompt_meaning(const char *text);

typedef struct prompt {
    const char *label;       /* static; NULL = there is no prompt */
    char *subject;           /* shown behind the label, with ... */
    prompt_meaning *meaning; /* ... what this says, or NULL */
    GString *text;
    size_t cursor; /* byte in it */
    bool one_key;  /* a question: done gets the key that was pressed */
    prompt_done *done;
    char **error;          /* what is wrong with the text, lines; NULL = nothing */
    int error_at;          /* the column of the text that its first line begins at; -1 = none */
    GHashTable *histories; /* label -> GPtrArray of char *, the newest last */
    size_t history_at;
} prompt;

void prompt_init(prompt *p);
void prompt_clear(prompt *p);

/* `text`: to begin with, or NULL. */
void prompt_ask(prompt *p, const char *label, const char *text, prompt_done *done);

/* For the prompt that was just asked: behind its label are shown `subject`, and what `meaning` says
 * of the text: "Save 3 rows as text: ". */
void prompt_explain(prompt *p, const char *subject, prompt_meaning *meaning);

/* A question that one key answers. */
void prompt_question(prompt *p, const char *label, prompt_done *done);

void prompt_key(prompt *p, ui *u, int key);
void prompt_draw(prompt *p, region r); /* in its last rows */

#endif
