/*
 * The terminal, through ncurses: colours, text that stays in its place, and what the user
 * does. Nothing else includes curses.h.
 */
#ifndef WSDUMP_INTERFACE_TERMINAL_H
#define WSDUMP_INTERFACE_TERMINAL_H

#include "glyphs.h"
#include "lines.h"
#include "style.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

/* A rectangle of cells; y and x count from 0 at the top left. */
typedef struct region {
    int y, x, height, width;
} region;

/* A key: a character (its code point; 1 to 26 are ^A to ^Z), or one of these. */
enum {
    TERM_NONE = 0, /* nothing came */
    TERM_TAB = '\t',
    TERM_ENTER = '\r',
    TERM_ESCAPE = 27,
    TERM_BACKSPACE = 127,
    TERM_UP = 0x110000, /* beyond Unicode */
    TERM_DOWN,
    TERM_LEFT,
    TERM_RIGHT,
    TERM_PAGE_UP,
    TERM_PAGE_DOWN,
    TERM_HOME,
    TERM_END,
    TERM_DELETE,
    TERM_BACKTAB,
    TERM_RESIZE,
    TERM_CLICK, /* the mouse, at event.y and x */
    TERM_WHEEL_UP,
    TERM_WHEEL_DOWN,
    TERM_F1,
    TERM_F12 = TERM_F1 + 11,
};

typedef struct term_event {
    int key;
    int y, x; /* of the mouse's events */
} term_event;

gboolean term_open(FILE *keys, GError **error); /* keys: NULL = stdin */
void term_close(void);

region term_screen(void);
bool term_is_ascii(void); /* no UTF-8 */
const glyphs *term_glyphs(void);

/* The columns that text takes on the terminal. */
int term_width(const char *text);

/* Write text, valid UTF-8, from column x on; what does not fit in `width` columns is cut, with a
 * mark if `mark`. Characters that the terminal might not know, and control characters, become "?".
 * Returns the columns used. */
int term_text(int y, int x, int width, style s, const char *text, bool mark);

/* The same for a line of a page, beginning at its column `from`. If `over` is not STYLE_NORMAL, it
 * stands in for the line's own styles. `match`: a text to show as found, or NULL. */
void term_line(int y, int x, int width, const line *l, int from, style over, const char *match);

void term_fill(region r, style s);
void term_wall(int y, int x, int height);
void term_cursor(int y, int x); /* show it there; -1 = hide it */

void term_begin(void); /* a picture: begin, draw, end */
void term_end(void);
void term_redraw_all(void); /* the next picture is drawn anew, whatever the terminal shows */

/* What the user does; waits for it at most so long. */
term_event term_wait(int milliseconds);

/* "F4", "Enter", "^L", "\\": how people write a key. */
void term_key_name(int key, char out[16]);

/* Ask the terminal to put text on the clipboard (OSC 52). */
void term_copy(const void *data, size_t len);

#endif
