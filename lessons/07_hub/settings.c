/* Given: the command line, and the rules where a lesson has none. */
#include "07_hub/chat.h"

#include <limits.h>

lesson_options options;
chat_rules rules;
struct chat_settings settings = {.room_max = 5000};

void chat_read_options(int argc, char **argv)
{
    const GOptionEntry ours[] = {
        {"drop", 0, 0, G_OPTION_ARG_NONE, &settings.drop,
         "A slow client loses messages; otherwise it is disconnected", NULL},
        {"room-max", 0, 0, G_OPTION_ARG_INT, &settings.room_max, "Members of a room (5000)", "N"},
        {"send-buffer", 0, 0, G_OPTION_ARG_INT, &settings.send_buffer,
         "A socket's send buffer; 1 = as small as the system allows", "BYTES"}};
    GArray *all = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    g_array_append_vals(all, ours, G_N_ELEMENTS(ours));
    for (const GOptionEntry *more = rules.options; more && more->long_name; more++)
        g_array_append_val(all, *more);
    options = lesson_options_read(argc, argv, LESSON_PING | LESSON_READ | LESSON_WRITE,
                                  (const GOptionEntry *)(void *)all->data, rules.purpose);
    g_array_unref(all);
    if (options.ping_ms == 0)
        options.ping_ms = INT_MAX; /* 0 = never, or nearly so: in 24 days */
    if (options.read_ms == 0)
        options.read_ms = INT_MAX;
    if (!rules.receive)
        rules.receive = plain_receive;
    if (!rules.send)
        rules.send = plain_send;
    if (!rules.finish)
        rules.finish = plain_finish;
}
