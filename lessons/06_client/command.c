/* Given: the command line. */
#include "06_client/client.h"

#include <locale.h>
#include <stdlib.h>

enum { HEADERS_MAX = 32, DAY_MS = 24 * 3600 * 1000 };

client_options options = {
    .rules = {.role = WSP_CLIENT, .message.max_message = 1 << 20},
    .open_ms = 10000,
    .close_ms = 2000,
    .quiet_ms = 500,
    .base_ms = 1000,
    .cap_ms = 30000,
    .ids = 1000,
};

static void G_GNUC_NORETURN wrong(const char *what, const char *more)
{
    fprintf(stderr, "%s: %s%s; --help lists the options\n", g_get_prgname(), what, more);
    exit(2);
}

/* The request's target and Host, and where to connect, from the URL (RFC 6455 3). */
static void read_url(const char *text)
{
    GError *error = NULL;
    GUri *url = g_uri_parse(text, G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE, &error);
    if (!url)
        wrong("no URL: ", error->message);
    const char *scheme = g_uri_get_scheme(url), *host = g_uri_get_host(url);
    if (strcmp(scheme, "ws") != 0 && strcmp(scheme, "wss") != 0)
        wrong("the URL has to begin with ws:// or wss://, not with ", scheme);
    if (g_uri_get_fragment(url) || g_uri_get_userinfo(url))
        wrong("neither #... nor a user's name may be in the URL", "");
    int port = g_uri_get_port(url);
    if (!host || !*host || port == 0)
        wrong("there is no host, or port 0, in ", text);
    options.url = url;

    /* The port is left out where it is the scheme's own; an address of IPv6 has brackets. */
    const char *form = strchr(host, ':') ? "[%s]:%d" : "%s:%d", *query = g_uri_get_query(url);
    char *name = g_strdup_printf(form, host, port);
    if (port == (strcmp(scheme, "ws") == 0 ? 80 : 443))
        *strrchr(name, ':') = '\0';
    options.offer.host = name;
    options.offer.target =
        g_strdup_printf("%s%s%s", g_uri_get_path(url), query ? "?" : "", query ? query : "");
}

/* "Name: value", but not what the handshake says itself: a second one of those, or a body, makes
 * another request of it. */
static void read_headers(char **lines)
{
    static const char *const ours[] = {"Host", "Upgrade", "Connection", "Content-Length",
                                       "Transfer-Encoding"};
    static wsp_http_header headers[HEADERS_MAX];
    options.offer.more = headers;
    for (; lines && *lines; lines++) {
        char *colon = strchr(*lines, ':');
        if (!colon || options.offer.more_count == HEADERS_MAX)
            wrong("--header takes \"Name: value\", and up to 32 of them", "");
        const char *value = colon + 1 + strspn(colon + 1, " \t");
        *colon = '\0';
        bool own = g_ascii_strncasecmp(*lines, "Sec-WebSocket-", strlen("Sec-WebSocket-")) == 0;
        for (size_t i = 0; i < G_N_ELEMENTS(ours); i++)
            own = own || g_ascii_strcasecmp(*lines, ours[i]) == 0;
        if (own)
            wrong("the handshake itself writes this line; --header cannot be ", *lines);
        headers[options.offer.more_count++] =
            (wsp_http_header){{*lines, (size_t)(colon - *lines)}, {value, strlen(value)}};
    }
}

/* What is wrong with the URL's path, a header or the subprotocols is known before we connect. */
static void check_offer(void)
{
    static char out[8192];
    wsp_handshake_offer offer = options.offer;
    offer.key = "AAAAAAAAAAAAAAAAAAAAAA==";
    int size = wsp_handshake_request_write(out, sizeof out, &offer);
    if (size < 0)
        wrong(size == WSP_ERR_SPACE
                  ? "the request is too long"
                  : "URL, --header or --subprotocol hold what may not stand in a request",
              "");
}

void command_read(int argc, char **argv)
{
    static char **urls, **headers, **subscribe, *seed;
    guint64 number = 0;
    static client_options *const o = &options;
    int ping_ms = 30000, read_ms = 60000, count = 0;
    setlocale(LC_CTYPE, ""); /* of the log; texts for the server are bytes, as they are typed */
    const GOptionEntry entries[] = {
        {"header", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &headers, "A header line of the request",
         "'NAME: VALUE'"},
        {"subprotocol", 0, 0, G_OPTION_ARG_FILENAME, &o->offer.subprotocols,
         "Offer these; the server has to choose one", "NAME,..."},
        {"ca", 0, 0, G_OPTION_ARG_FILENAME, &o->ca, "Trust these certificates (the system's)",
         "FILE"},
        {"subscribe", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &subscribe,
         "Send this first in every session; may be given again", "LINE"},
        {"quiet-ms", 0, 0, G_OPTION_ARG_INT, &o->quiet_ms,
         "When stdin has ended: close behind such a silence (500)", "MS"},
        {"stay", 0, 0, G_OPTION_ARG_NONE, &o->stay, "When stdin has ended: do not close", NULL},
        {"ids", 0, 0, G_OPTION_ARG_INT, &o->ids, "Drop what has one of the last ids (1000)", "N"},
        {"raw", 0, 0, G_OPTION_ARG_NONE, &o->raw, "Print messages as they are", NULL},
        {"ping-ms", 0, 0, G_OPTION_ARG_INT, &ping_ms, "Ping in a silence of (30000)", "MS"},
        {"read-ms", 0, 0, G_OPTION_ARG_INT, &read_ms, "Give up a silent server (60000)", "MS"},
        {"open-ms", 0, 0, G_OPTION_ARG_INT, &o->open_ms, "To connect and open (10000)", "MS"},
        {"close-ms", 0, 0, G_OPTION_ARG_INT, &o->close_ms, "To close (2000)", "MS"},
        {"base-ms", 0, 0, G_OPTION_ARG_INT, &o->base_ms, "First delay, at most (1000)", "MS"},
        {"cap-ms", 0, 0, G_OPTION_ARG_INT, &o->cap_ms, "Longest delay (30000)", "MS"},
        {"tries", 0, 0, G_OPTION_ARG_INT, &o->tries,
         "Give up when so many sessions in a row were no good (0 = never)", "N"},
        {"seed", 0, 0, G_OPTION_ARG_STRING, &seed, "The same delays again", "S"},
        {"print-backoff", 0, 0, G_OPTION_ARG_INT, &count, "Print N delays in ms, and end", "N"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &urls, NULL, NULL},
        {0}};
    g_autoptr(GOptionContext) context = g_option_context_new("ws://HOST[:PORT]/PATH");
    g_option_context_set_summary(
        context, "Send the lines of stdin as text messages, print the messages that come.");
    g_option_context_add_main_entries(context, entries, NULL);
    GError *error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error))
        wrong(error->message, "");
    const struct {
        int ms, least;
    } times[] = {{ping_ms, 0},    {read_ms, 0},    {o->quiet_ms, 0}, {o->close_ms, 1},
                 {o->open_ms, 1}, {o->base_ms, 1}, {o->cap_ms, 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        if (times[i].ms < times[i].least || times[i].ms > DAY_MS)
            wrong("a time is 1 to 86400000 ms; --ping-ms, --read-ms, --quiet-ms may be 0", "");
    if (o->tries < 0 || o->ids < 0 || count < 0)
        wrong("--tries, --ids and --print-backoff are not negative", "");
    o->rules.ping_interval = (uint64_t)ping_ms;
    o->rules.idle_timeout = (uint64_t)read_ms;
    if (seed && !g_ascii_string_to_unsigned(seed, 10, 0, UINT32_MAX, &number, NULL))
        wrong("--seed takes 0 to 4294967295, not ", seed);
    o->jitter = seed ? g_rand_new_with_seed((guint32)number) : g_rand_new();
    for (; subscribe && *subscribe; subscribe++) {
        if (!g_utf8_validate(*subscribe, -1, NULL))
            wrong("--subscribe takes UTF-8, as all texts of WebSocket are", "");
        g_queue_push_tail(&o->subscriptions, *subscribe);
    }
    if (o->ca && access(o->ca, R_OK) != 0)
        wrong("--ca: this file cannot be read: ", o->ca);
    for (int n = 0; n < count; n++)
        printf("%d\n", backoff_ms((unsigned)n));
    if (count > 0)
        exit(0);
    if (!urls || urls[1])
        wrong("give one URL", "");
    read_url(*urls);
    read_headers(headers);
    check_offer();
}
