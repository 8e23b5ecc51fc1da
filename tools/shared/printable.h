/*
 * Texts from elsewhere, a program's log or a file's name, as they may be shown on a terminal: what
 * is written there must not be an instruction to it.
 */
#ifndef SHARED_PRINTABLE_H
#define SHARED_PRINTABLE_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A copy, to be freed: what is not UTF-8 is replaced, control characters and invisible ones
 * (directions, joiners) become \x1b or \u202e, a tab a space; from PRINTABLE_MAX characters on
 * " ..." stands for the rest.
 */
enum { PRINTABLE_MAX = 500 };
char *printable(const char *text);

/* The same of a compiler's messages, of any length: newlines, tabs and colours stay. */
char *printable_messages(const char *text);

#ifdef __cplusplus
}
#endif

#endif
