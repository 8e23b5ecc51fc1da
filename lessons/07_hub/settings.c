/* Given: the command line, and the rules where a lesson has none. */
#include "07_hub/settings.h"

#include "07_hub/rules.h"

#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

lesson_options options;
chat_rules rules;
struct chat_settings settings = {.room_max = 5000, .send_buffer = 128 << 10};

static unsigned allow_all(G_GNUC_UNUSED conn *c, G_GNUC_UNUSED uint8_t opcode,
                          G_GNUC_UNUSED size_t len)
{
    return 0;
}

static void without_a_word(G_GNUC_UNUSED conn *c, G_GNUC_UNUSED const char *code) {}

static void use_rules(void)
{
    rules.allow = rules.allow ? rules.allow : allow_all;
    rules.refused = rules.refused ? rules.refused : without_a_word;
    rules.receive = rules.receive ? rules.receive : plain_receive;
    rules.send = rules.send ? rules.send : plain_send;
    rules.finish = rules.finish ? rules.finish : plain_finish;
}

G_NORETURN void chat_wrong(const char *what, const char *more)
{
    fprintf(stderr, "%s: %s%s; --help lists the options\n", g_get_prgname(), what, more);
    exit(2);
}

void chat_read_options(int argc, char **argv)
{
    const GOptionEntry ours[] = {
        {"drop", 0, 0, G_OPTION_ARG_NONE, &settings.drop,
         "A slow client loses messages; otherwise it is disconnected", NULL},
        {"room-max", 0, 0, G_OPTION_ARG_INT, &settings.room_max, "Members of a room (5000)", "N"},
        {"send-buffer", 0, 0, G_OPTION_ARG_INT, &settings.send_buffer,
         "Bytes of a socket's send buffer (131072); 0 = what the system gives", "BYTES"}};
    GArray *all = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    g_array_append_vals(all, ours, G_N_ELEMENTS(ours));
    for (const GOptionEntry *more = rules.options; more && more->long_name; more++)
        g_array_append_val(all, *more);
    options = lesson_options_read(argc, argv, LESSON_PING | LESSON_READ | LESSON_WRITE,
                                  (const GOptionEntry *)(void *)all->data, rules.purpose);
    g_array_unref(all);
    if (settings.room_max < 1)
        chat_wrong("--room-max takes 1 or more", "");
    if (settings.send_buffer < 0)
        chat_wrong("--send-buffer takes 0 or more", "");
    if (options.ping_ms == 0)
        options.ping_ms = INT_MAX; /* 0 = never, or nearly so: in 24 days */
    if (options.read_ms == 0)
        options.read_ms = INT_MAX;
    use_rules();
    if (rules.prepare)
        rules.prepare();
}

void chat_listening(int listener)
{
    struct sockaddr_in at = {0};
    getsockname(listener, (struct sockaddr *)&at, &(socklen_t){sizeof at});
    if (rules.start)
        rules.start(ntohs(at.sin_port));
}
