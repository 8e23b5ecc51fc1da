/* ncurses. See terminal.h. */
#define _GNU_SOURCE /* strcasestr */
#include "terminal.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

/* Combining characters that one cell can hold. */
enum { MAX_COMBINING = 4 };

typedef struct look {
    short foreground, background; /* with 8 colours; -1 = the terminal's own */
    short foreground256;          /* with 256; 0 = the same */
    attr_t attributes;            /* with colours */
    attr_t monochrome;            /* without */
} look;

static const look looks[STYLES] = {
    [STYLE_NORMAL] = {-1, -1, 0, A_NORMAL, A_NORMAL},
    [STYLE_TITLE] = {COLOR_BLACK, COLOR_GREEN, 0, A_NORMAL, A_REVERSE},
    [STYLE_BAR] = {COLOR_BLACK, COLOR_CYAN, 0, A_NORMAL, A_REVERSE},
    [STYLE_BAR_KEY] = {-1, -1, 0, A_NORMAL, A_BOLD},
    [STYLE_HEADING] = {COLOR_BLACK, COLOR_GREEN, 0, A_NORMAL, A_REVERSE},
    [STYLE_SELECTED] = {COLOR_BLACK, COLOR_CYAN, 0, A_NORMAL, A_REVERSE},
    [STYLE_SELECTED_OTHER] = {COLOR_BLACK, COLOR_WHITE, 0, A_NORMAL, A_UNDERLINE},
    [STYLE_TAGGED] = {COLOR_YELLOW, -1, 0, A_BOLD, A_BOLD | A_UNDERLINE},
    [STYLE_MATCH] = {COLOR_BLACK, COLOR_YELLOW, 0, A_NORMAL, A_REVERSE | A_BOLD},
    [STYLE_DIM] = {-1, -1, 244, A_DIM, A_DIM},
    [STYLE_STRONG] = {-1, -1, 0, A_BOLD, A_BOLD},
    [STYLE_CLIENT] = {COLOR_CYAN, -1, 0, A_NORMAL, A_NORMAL},
    [STYLE_SERVER] = {COLOR_GREEN, -1, 0, A_NORMAL, A_NORMAL},
    [STYLE_VIOLATION] = {COLOR_RED, -1, 196, A_BOLD, A_BOLD},
    [STYLE_GUESS] = {COLOR_YELLOW, -1, 0, A_NORMAL, A_UNDERLINE},
    [STYLE_GAP] = {COLOR_MAGENTA, -1, 0, A_NORMAL, A_BOLD},
    [STYLE_ERROR] = {COLOR_WHITE, COLOR_RED, 0, A_BOLD, A_REVERSE | A_BOLD},
    [STYLE_KEY] = {COLOR_BLUE, -1, 75, A_NORMAL, A_BOLD},
    [STYLE_STRING] = {COLOR_GREEN, -1, 114, A_NORMAL, A_NORMAL},
    [STYLE_NUMBER] = {COLOR_YELLOW, -1, 179, A_NORMAL, A_NORMAL},
    [STYLE_WORD] = {COLOR_MAGENTA, -1, 176, A_NORMAL, A_UNDERLINE},
    [STYLE_MASKED] = {COLOR_YELLOW, -1, 137, A_DIM, A_DIM},
    [STYLE_UNKNOWN] = {COLOR_MAGENTA, -1, 0, A_BOLD, A_BOLD},
};

static struct {
    SCREEN *screen;
    bool ascii;
    attr_t attributes[STYLES];
    short pairs[STYLES];
} terminal;

/* ---- Opening and closing --------------------------------------------------------------------- */

static void set_looks(void)
{
    bool colours = has_colors() && !getenv("NO_COLOR");
    if (colours) {
        start_color();
        use_default_colors();
    }
    for (int s = 0; s < STYLES; s++) {
        const look *l = &looks[s];
        bool paired = colours && (l->foreground >= 0 || l->background >= 0 || l->foreground256);
        if (!colours) {
            terminal.attributes[s] = l->monochrome;
        } else if (COLORS >= 256 && l->foreground256) {
            terminal.attributes[s] = l->attributes & ~(attr_t)A_DIM;
            init_pair((short)s, l->foreground256, l->background);
        } else {
            terminal.attributes[s] = l->attributes;
            if (paired)
                init_pair((short)s, l->foreground, l->background);
        }
        terminal.pairs[s] = (short)(paired ? s : 0);
    }
}

/* What gives the terminal back without ncurses: it may be ncurses that crashed. */
static struct {
    struct termios modes;
    char text[128];
    size_t len;
} rescue;

static void on_crash(int number)
{
    (void)!write(STDOUT_FILENO, rescue.text, rescue.len);
    tcsetattr(STDIN_FILENO, TCSANOW, &rescue.modes);
    signal(number, SIG_DFL);
    raise(number);
}

/* Before the modes are changed. A crash leaves the terminal usable, and then is the crash that it
 * was. */
static void prepare_for_crash(void)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
    const char *const wanted[] = {orig_pair, exit_attribute_mode, cursor_normal, exit_ca_mode,
                                  "\033[?1000l"};
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        g_strlcat(rescue.text, wanted[i] ? wanted[i] : "", sizeof rescue.text);
    rescue.len = strlen(rescue.text);
    if (tcgetattr(STDIN_FILENO, &rescue.modes) != 0)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(crashes); i++)
        signal(crashes[i], on_crash);
}

gboolean term_open(FILE *keys, GError **error)
{
    const char *name = getenv("TERM");
    terminal.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    int result;
    if (!name || !*name || setupterm(name, STDOUT_FILENO, &result) != OK) {
        g_set_error(
            error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
            "the terminal type \"%s\" (TERM) is not known here: set TERM, to xterm for one, "
            "or use --text",
            name ? name : "");
        return FALSE;
    }
    if (!cursor_address) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "a terminal of type \"%s\" (TERM) cannot place text: use --text", name);
        return FALSE;
    }
    prepare_for_crash();
    del_curterm(cur_term); /* newterm makes one of its own */
    set_escdelay(25);
    terminal.screen = newterm(NULL, stdout, keys ? keys : stdin);
    if (!terminal.screen) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                    "the terminal cannot be opened (TERM=%s): use --text", name);
        return FALSE;
    }
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    curs_set(0);
    mouseinterval(0);
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    set_looks();
    return TRUE;
}

void term_close(void)
{
    if (!terminal.screen)
        return;
    endwin();
    terminal.screen = NULL;
}

region term_screen(void)
{
    return (region){0, 0, LINES, COLS};
}

bool term_is_ascii(void)
{
    return terminal.ascii;
}

const glyphs *term_glyphs(void)
{
    return glyphs_get(terminal.ascii);
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static void put_style(style s)
{
    attr_set(terminal.attributes[s], terminal.pairs[s], NULL);
}

/* Columns of a character; -1 = it is not to be shown. */
static int columns_of(gunichar c)
{
    if (c < 0x20 || c == 0x7f)
        return -1;
    if (c < 0x7f)
        return 1;
    return terminal.ascii ? -1 : wcwidth((wchar_t)c);
}

int term_width(const char *text)
{
    int width = 0;
    for (; *text; text = g_utf8_next_char(text)) {
        int w = columns_of(g_utf8_get_char(text));
        width += w < 0 ? 1 : w;
    }
    return width;
}

/* Where text is being written. */
typedef struct pen {
    int y, x, skip, left; /* columns still to leave out, and still there */
    int combining;        /* of the last character */
    bool wrote;
} pen;

/* False: it does not fit. */
static bool put_char(pen *p, gunichar c)
{
    int w = columns_of(c);
    if (w < 0) {
        c = '?';
        w = 1;
    }
    if (w == 0) { /* it has no cell of its own, nor may it enter a neighbour's */
        if (p->wrote && p->combining++ < MAX_COMBINING) {
            wchar_t one[2] = {(wchar_t)c, 0};
            addwstr(one);
        }
        return true;
    }
    if (p->skip > 0) {
        p->skip -= w;
        p->wrote = false;
        return true;
    }
    if (w > p->left)
        return false;
    wchar_t one[2] = {(wchar_t)c, 0};
    if (!p->wrote)
        move(p->y, p->x);
    addwstr(one);
    p->wrote = true;
    p->combining = 0;
    p->left -= w;
    p->x += w;
    return true;
}

int term_text(int y, int x, int width, style s, const char *text, bool mark)
{
    if (width <= 0)
        return 0;
    bool cut = mark && term_width(text) > width;
    pen p = {.y = y, .x = x, .left = cut ? width - 1 : width};
    put_style(s);
    while (*text && put_char(&p, g_utf8_get_char(text)))
        text = g_utf8_next_char(text);
    if (cut)
        mvaddstr(y, p.x++, term_glyphs()->cut);
    put_style(STYLE_NORMAL);
    return p.x - x;
}

void term_line(int y, int x, int width, const line *l, int from, style over, const char *match)
{
    pen p = {.y = y, .x = x, .skip = from, .left = width};
    size_t at = 0, next = 0, found_end = 0;
    const char *text = l->text;
    const char *found = match && *match ? strcasestr(text, match) : NULL;
    style s = STYLE_NORMAL;
    while (text[at]) {
        while (next < l->span_count && l->spans[next].at <= at)
            s = l->spans[next++].style;
        if (found && at >= (size_t)(found - text)) {
            found_end = (size_t)(found - text) + strlen(match);
            found = strcasestr(text + found_end, match);
        }
        put_style(at < found_end ? STYLE_MATCH : over != STYLE_NORMAL ? over : s);
        if (!put_char(&p, g_utf8_get_char(text + at)))
            break;
        at = (size_t)(g_utf8_next_char(text + at) - text);
    }
    put_style(STYLE_NORMAL);
}

void term_fill(region r, style s)
{
    put_style(s);
    for (int y = r.y; y < r.y + r.height; y++)
        mvhline(y, r.x, ' ', r.width);
    put_style(STYLE_NORMAL);
}

void term_wall(int y, int x, int height)
{
    for (int i = 0; i < height; i++)
        term_text(y + i, x, 1, STYLE_DIM, term_glyphs()->bar, false);
}

void term_cursor(int y, int x)
{
    curs_set(y >= 0);
    if (y >= 0)
        move(y, x);
}

void term_begin(void)
{
    erase();
}

void term_end(void)
{
    refresh();
}

void term_redraw_all(void)
{
    clearok(stdscr, TRUE);
}

/* ---- Keys and the mouse ---------------------------------------------------------------------- */

static const struct {
    int curses, key;
} keypad_keys[] = {
    {KEY_UP, TERM_UP},
    {KEY_DOWN, TERM_DOWN},
    {KEY_LEFT, TERM_LEFT},
    {KEY_RIGHT, TERM_RIGHT},
    {KEY_PPAGE, TERM_PAGE_UP},
    {KEY_NPAGE, TERM_PAGE_DOWN},
    {KEY_HOME, TERM_HOME},
    {KEY_END, TERM_END},
    {KEY_DC, TERM_DELETE},
    {KEY_BTAB, TERM_BACKTAB},
    {KEY_BACKSPACE, TERM_BACKSPACE},
    {KEY_ENTER, TERM_ENTER},
    {KEY_RESIZE, TERM_RESIZE},
};

static int from_keypad(int curses)
{
    if (curses >= KEY_F(1) && curses <= KEY_F(12))
        return TERM_F1 + curses - KEY_F(1);
    for (size_t i = 0; i < G_N_ELEMENTS(keypad_keys); i++)
        if (keypad_keys[i].curses == curses)
            return keypad_keys[i].key;
    return TERM_NONE;
}

static term_event from_mouse(void)
{
    MEVENT m;
    if (getmouse(&m) != OK)
        return (term_event){0};
    int key = m.bstate & BUTTON4_PRESSED   ? TERM_WHEEL_UP
              : m.bstate & BUTTON5_PRESSED ? TERM_WHEEL_DOWN
              : m.bstate & BUTTON1_PRESSED ? TERM_CLICK
                                           : TERM_NONE;
    return (term_event){key, m.y, m.x};
}

term_event term_wait(int milliseconds)
{
    wint_t c;
    timeout(milliseconds);
    int result = get_wch(&c);
    if (result == ERR)
        return (term_event){0};
    if (result == KEY_CODE_YES)
        return c == KEY_MOUSE ? from_mouse() : (term_event){.key = from_keypad((int)c)};
    if (c == '\n')
        c = TERM_ENTER;
    if (c == '\b')
        c = TERM_BACKSPACE;
    return (term_event){.key = (int)c};
}

void term_key_name(int key, char out[16])
{
    static const struct {
        int key;
        const char *name;
    } names[] = {
        {TERM_TAB, "Tab"},      {TERM_ENTER, "Enter"},         {TERM_ESCAPE, "Esc"},
        {' ', "Space"},         {TERM_BACKSPACE, "Backspace"}, {TERM_UP, "Up"},
        {TERM_DOWN, "Down"},    {TERM_LEFT, "Left"},           {TERM_RIGHT, "Right"},
        {TERM_PAGE_UP, "PgUp"}, {TERM_PAGE_DOWN, "PgDn"},      {TERM_HOME, "Home"},
        {TERM_END, "End"},      {TERM_DELETE, "Delete"},       {TERM_BACKTAB, "Shift-Tab"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].key == key) {
            g_strlcpy(out, names[i].name, 16);
            return;
        }
    if (key >= TERM_F1 && key <= TERM_F12)
        g_snprintf(out, 16, "F%d", key - TERM_F1 + 1);
    else if (key < ' ')
        g_snprintf(out, 16, "^%c", key + '@');
    else
        out[g_unichar_to_utf8((gunichar)key, out)] = '\0';
}

void term_copy(const void *data, size_t len)
{
    g_autofree char *encoded = g_base64_encode(data, len);
    fprintf(stdout, "\033]52;c;%s\a", encoded);
    fflush(stdout);
}
