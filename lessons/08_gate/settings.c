/* Given: the command line of lesson 08, and what is made of it. */
#include "08_gate/gate.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <glib-unix.h>

enum { HOUR = 3600, GUEST_HOURS = 24 };

struct gate_settings gate;
static char *secret_file, *key;
static char **origins;
static gint64 now; /* --now; 0 = the real time. Atomic */

const GOptionEntry gate_options[] = {
    {"secret-file", 0, 0, G_OPTION_ARG_FILENAME, &secret_file,
     "What tokens are signed with: a file of 32 bytes or more", "FILE"},
    {"origin", 0, 0, G_OPTION_ARG_STRING_ARRAY, &origins,
     "Pages from here may use it too: https://chat.example.com; may be repeated", "ORIGIN"},
    {"cert", 0, 0, G_OPTION_ARG_FILENAME, &gate.certificate, "wss: the certificate (PEM)", "FILE"},
    {"key", 0, 0, G_OPTION_ARG_FILENAME, &key, "wss: its private key (PEM)", "FILE"},
    {"now", 0, 0, G_OPTION_ARG_INT64, &now,
     "Stop the clock that tokens are judged by; SIGUSR2 adds an hour", "SECONDS"},
    G_OPTION_ENTRY_NULL};

int64_t gate_clock(void)
{
    const gint64 stopped = __atomic_load_n(&now, __ATOMIC_RELAXED);
    return stopped ? stopped : (int64_t)time(NULL);
}

static gboolean on_hour(G_GNUC_UNUSED void *unused)
{
    if (now)
        __atomic_add_fetch(&now, HOUR, __ATOMIC_RELAXED);
    lesson_log(0, "the clock of tokens: %" G_GINT64_FORMAT, gate_clock());
    return G_SOURCE_CONTINUE;
}

static const char *scheme(void)
{
    return gate.certificate ? "https" : "http";
}

/* Those of other pages, from the command line. */
static void read_origins(void)
{
    gate.origins = g_ptr_array_new_with_free_func(g_free);
    for (char **one = origins; one && *one; one++) {
        const wsp_text text = {*one, strlen(*one)};
        if (!wsp_origin_equal(text, text)) /* what is no origin equals nothing */
            chat_wrong("--origin is scheme://host or scheme://host:port, and nothing behind it: ",
                       *one);
        g_ptr_array_add(gate.origins, g_strdup(*one));
    }
}

/* Our own page comes from one of two addresses. Not from what a request says in Host: whoever can
 * make a name of theirs lead to 127.0.0.1 would write it there. */
static void add_our_origins(int port)
{
    g_ptr_array_add(gate.origins, g_strdup_printf("%s://127.0.0.1:%d", scheme(), port));
    g_ptr_array_add(gate.origins, g_strdup_printf("%s://localhost:%d", scheme(), port));
}

/* Without --secret-file nobody else can make tokens; so here is one. It goes to whoever started
 * us, on stdout, and not into the log. What is behind the # stays in the browser. */
static void print_link(int port)
{
    char *all[] = {"*", NULL};
    const rights guest = {.name = "guest",
                          .expires = gate_clock() + (int64_t)GUEST_HOURS * HOUR,
                          .join = all,
                          .say = all};
    g_autofree char *made = token_make(&guest, gate.secret);
    printf("open %s://127.0.0.1:%d/#token=%s\n", scheme(), port, made);
    fflush(stdout);
}

void gate_prepare(void)
{
    if (!gate.certificate != !key)
        chat_wrong("--cert and --key belong together", "");
    gate.secret = secret_read(secret_file);
    read_origins();
    if (gate.certificate) {
        tls_start(gate.certificate, key);
        rules.arrive = tls_arrive;
        rules.receive = tls_receive;
        rules.send = tls_send;
        rules.finish = tls_finish;
    }
}

void gate_start(int port)
{
    add_our_origins(port);
    quiet_log();
    g_unix_signal_add(SIGUSR2, on_hour, NULL);
    if (!secret_file)
        print_link(port);
}
