/* The command line and the log of every lesson's server. */
#include "common.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Before main: where 0, 1 or 2 is closed, a socket would get that number, and then the log. */
__attribute__((constructor)) static void fill_standard_streams(void)
{
    for (int fd = 0; fd <= fileno(stderr); fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", O_RDWR); /* the lowest free number: this one */
}

lesson_options lesson_options_read(int argc, char **argv, unsigned which, const GOptionEntry *more,
                                   const char *purpose)
{
    lesson_options o = {.ping_ms = 30000, .read_ms = 60000, .write_ms = 10000};
    const GOptionEntry port[] = {
        {"port", 0, 0, G_OPTION_ARG_INT, &o.port, "Listen here; 0 = any free port", "N"}, {0}};
    const GOptionEntry times[] = {
        {"ping-ms", 0, 0, G_OPTION_ARG_INT, &o.ping_ms, "Ping this often (30000)", "MS"},
        {"read-ms", 0, 0, G_OPTION_ARG_INT, &o.read_ms, "Give up a silent peer (60000)", "MS"},
        {"write-ms", 0, 0, G_OPTION_ARG_INT, &o.write_ms, "Give up a stuck write (10000)", "MS"},
    };
    GOptionContext *context = g_option_context_new(NULL);
    g_option_context_set_summary(context, purpose);
    g_option_context_add_main_entries(context, port, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(times); i++)
        if (which & (1U << i))
            g_option_context_add_main_entries(context, (GOptionEntry[]){times[i], {0}}, NULL);
    if (more)
        g_option_context_add_main_entries(context, more, NULL);
    GError *error = NULL;
    bool read = g_option_context_parse(context, &argc, &argv, &error);
    const char *wrong = !read                               ? error->message
                        : argc > 1                          ? "takes options only, no arguments"
                        : o.port < 0 || o.port > UINT16_MAX ? "--port takes 0 to 65535"
                        : o.ping_ms < 0 || o.read_ms < 0 || o.write_ms < 0
                            ? "a time in milliseconds is not negative"
                            : NULL;
    if (wrong) {
        fprintf(stderr, "%s: %s; --help lists the options\n", g_get_prgname(), wrong);
        exit(2);
    }
    g_option_context_free(context);
    return o;
}

void lesson_log(unsigned conn, const char *format, ...)
{
    static GMutex one_line;
    static unsigned lost;
    struct pollfd log = {.fd = fileno(stderr), .events = POLLOUT};
    va_list values;
    va_start(values, format);
    g_autofree char *what = g_strdup_vprintf(format, values);
    va_end(values);
    g_autofree char *number = g_strdup_printf("%u", conn);
    g_mutex_lock(&one_line); /* no other thread comes between looking and writing */
    const bool room = poll(&log, 1, 0) == 1 && log.revents == POLLOUT;
    if (room && lost > 0)
        g_log_structured("lesson", G_LOG_LEVEL_MESSAGE, "MESSAGE", "conn 0 log: %u lines lost",
                         lost);
    if (room)
        g_log_structured("lesson", G_LOG_LEVEL_MESSAGE, "CONN", number, "MESSAGE", "conn %s %s",
                         number, what);
    lost = room ? 0 : lost + 1;
    g_mutex_unlock(&one_line);
}
