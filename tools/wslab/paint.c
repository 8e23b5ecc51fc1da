#include "paint.h"

#include <string.h>
#include <unistd.h>

static gboolean colours;

gboolean paint_choose(const char *when)
{
    const char *forbidden = g_getenv("NO_COLOR"), *terminal = g_getenv("TERM");
    if (!when || strcmp(when, "auto") == 0)
        colours = isatty(STDOUT_FILENO) && !(forbidden && *forbidden) && terminal &&
                  strcmp(terminal, "dumb") != 0;
    else
        colours = strcmp(when, "always") == 0;
    return !when || strcmp(when, "auto") == 0 || strcmp(when, "never") == 0 || colours;
}

gboolean paint_has_colours(void)
{
    return colours;
}

const char *paint_good(void)
{
    return colours ? "\033[32m" : "";
}

const char *paint_bad(void)
{
    return colours ? "\033[31;1m" : "";
}

const char *paint_strong(void)
{
    return colours ? "\033[1m" : "";
}

const char *paint_faint(void)
{
    return colours ? "\033[2m" : "";
}

const char *paint_end(void)
{
    return colours ? "\033[0m" : "";
}
