/*
 * Given: makes a token and prints it. In a company this is the server where people log in; it and
 * the chat know the same secret, and need not know each other.
 */
#include "08_gate/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { A_DAY = 86400 };
static const gint64 A_CENTURY = G_GINT64_CONSTANT(36525) * A_DAY;

static char *secret_file, *name, *join, *say;
static gint64 seconds = A_DAY, expires;

static const GOptionEntry entries[] = {
    {"secret-file", 0, 0, G_OPTION_ARG_FILENAME, &secret_file, "Sign with what is in it", "FILE"},
    {"name", 0, 0, G_OPTION_ARG_FILENAME, &name, "Who it is for", "NAME"}, /* UTF-8 anywhere */
    {"join", 0, 0, G_OPTION_ARG_STRING, &join, "Rooms to read: room:tea,game:* (none)", "ROOMS"},
    {"say", 0, 0, G_OPTION_ARG_STRING, &say, "Rooms to write to (none)", "ROOMS"},
    {"seconds", 0, 0, G_OPTION_ARG_INT64, &seconds, "How long it is valid (86400: a day)", "N"},
    {"expires", 0, 0, G_OPTION_ARG_INT64, &expires, "Until when, in seconds since 1970", "N"},
    G_OPTION_ENTRY_NULL};

static G_NORETURN void wrong(const char *what)
{
    fprintf(stderr, "make_token: %s; --help lists the options\n", what);
    exit(2);
}

static char **rooms_of(const char *text)
{
    return g_strsplit(text ? text : "", ",", -1);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    GOptionContext *context = g_option_context_new(NULL);
    g_option_context_set_summary(context, "Make a token for lesson 08's chat, and print it.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        wrong(error->message);
    g_option_context_free(context);
    if (argc > 1 || !secret_file || !name)
        wrong("--secret-file and --name are needed, and no other arguments");
    if (seconds > A_CENTURY)
        wrong("--seconds is a century at most");
    rights all = {.name = name,
                  .expires = expires ? expires : time(NULL) + seconds,
                  .join = rooms_of(join),
                  .say = rooms_of(say)};
    g_autoptr(GBytes) secret = secret_read(secret_file);
    g_autofree char *text = token_make(&all, secret);
    token parts;
    const char *what = NULL;
    if (!token_split(&parts, (wsp_text){text, strlen(text)}))
        wrong("that is too much for one token");
    rights *read = token_rights(&parts, &what); /* what no chat would take is not made */
    if (!read)
        wrong(what);
    rights_free(read);
    g_strfreev(all.join);
    g_strfreev(all.say);
    puts(text);
    return 0;
}
