/* The command line of wsdump. The letters are tcpdump's and tshark's where they have one. */
#include "options.h"

#include "spelling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text output shows the beginning of a message, JSON all of it; the interface keeps a good deal. */
enum { TEXT_MAX_DATA = 200, TUI_MAX_DATA = 1 << 20, MEMORY_MIB = 512 };

/* Where GOption leaves what still has to be checked. */
typedef struct raw {
    char *show, *max_data, *count, *place, **rest;
    gboolean text, frames;
    int memory;
} raw;

/* Options of later versions: refused by name, so that nobody wonders what they did. */
static const struct {
    const char *name, *what;
} later[] = {
    {"-d", "decoding as WebSocket"},
    {"--keylog", "decryption"},
};

static gboolean wrong(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean wrong(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "");
    g_free((*error)->message);
    (*error)->message = g_strdup_vprintf(format, args);
    va_end(args);
    return FALSE;
}

static gboolean parse_number(const char *text, const char *option, uint64_t *value, GError **error)
{
    char *end;
    guint64 n = g_ascii_strtoull(text, &end, 10);
    if (!g_ascii_isdigit(text[0]) || *end || n > G_MAXINT64)
        return wrong(error, "%s takes a whole number, not \"%s\"", option, text);
    *value = n;
    return TRUE;
}

static gboolean parse_show(bool show[RECORD_TYPES], const char *list, GError **error)
{
    memset(show, 0, RECORD_TYPES * sizeof *show);
    g_auto(GStrv) names = g_strsplit(*list ? list : ",", ",", -1);
    for (char **name = names; *name; name++) {
        int type = 0;
        while (type < RECORD_TYPES && strcmp(*name, record_names[type]) != 0)
            type++;
        if (type == RECORD_TYPES)
            return wrong(error,
                         "--show takes a list of open, frame, message, violation, gap and end, "
                         "not \"%s\"",
                         *name);
        show[type] = true;
    }
    return TRUE;
}

/* "2", or "2:14": a connection, and one of its frames. */
static gboolean parse_place(options *o, const char *place, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(place, ":", 2);
    const guint64 most = G_MAXINT64;
    if (g_ascii_string_to_unsigned(parts[0] ? parts[0] : "", 10, 1, most, &o->goto_connection,
                                   NULL) &&
        (!parts[1] || g_ascii_string_to_unsigned(parts[1], 10, 1, most, &o->goto_frame, NULL)))
        return TRUE;
    return wrong(error, "--goto takes CONN or CONN:FRAME, numbers from 1, not \"%s\"", place);
}

static const char *nearest(const GOptionEntry *entries, const char *unknown)
{
    const char *best = NULL;
    size_t best_distance = strlen(unknown) / 2 + 1;
    for (; entries->long_name; entries++) {
        size_t d = spelling_distance(unknown, entries->long_name);
        if (d < best_distance) {
            best = entries->long_name;
            best_distance = d;
        }
    }
    return spelling_distance(unknown, "help") <= best_distance ? "help" : best;
}

static const GOptionEntry *find_long(const GOptionEntry *entries, const char *name, size_t len)
{
    for (; entries->long_name; entries++)
        if (strlen(entries->long_name) == len && memcmp(entries->long_name, name, len) == 0)
            return entries;
    return NULL;
}

static const GOptionEntry *find_short(const GOptionEntry *entries, char letter)
{
    while (entries->long_name && entries->short_name != letter)
        entries++;
    return entries->long_name ? entries : NULL;
}

static bool takes_value(const GOptionEntry *e)
{
    return e && e->arg != G_OPTION_ARG_NONE;
}

/* Is -LETTER an option of a later version? Those take a value. */
static bool is_later_letter(char letter)
{
    for (size_t i = 0; i < G_N_ELEMENTS(later); i++)
        if (later[i].name[1] == letter)
            return true;
    return false;
}

/*
 * "-qc7" as GOption does not understand it: each letter on its own, a value behind the last.
 * Returns the entry whose value is the next argument, NULL if none is.
 */
static const GOptionEntry *add_letters(GPtrArray *out, const GOptionEntry *entries,
                                       const char *letters)
{
    for (; *letters; letters++) {
        const GOptionEntry *e = find_short(entries, *letters);
        if (takes_value(e) && letters[1])
            g_ptr_array_add(out, g_strdup_printf("--%s=%s", e->long_name, letters + 1));
        else
            g_ptr_array_add(out, g_strdup_printf("-%c", *letters));
        if (takes_value(e))
            return letters[1] ? NULL : e;
        if (is_later_letter(*letters))
            return NULL;
    }
    return NULL;
}

/* The command line with every option an argument of its own, its value in it: "-c 7" becomes
 * "--count=7". So what begins with a dash is an option, and never a value. */
static char **spread(const GOptionEntry *entries, char **argv)
{
    GPtrArray *out = g_ptr_array_new();
    bool options_over = false;
    for (char **arg = argv; *arg; arg++) {
        options_over |= strcmp(*arg, "--") == 0;
        const GOptionEntry *wants = NULL;
        if (arg == argv || options_over || (*arg)[0] != '-' || !(*arg)[1]) {
            g_ptr_array_add(out, g_strdup(*arg));
        } else if ((*arg)[1] != '-') {
            wants = add_letters(out, entries, *arg + 1);
        } else {
            const GOptionEntry *e = find_long(entries, *arg + 2, strlen(*arg + 2));
            wants = takes_value(e) ? e : NULL;
            g_ptr_array_add(out, g_strdup(*arg));
        }
        if (wants && arg[1]) {
            char **last = (char **)&out->pdata[out->len - 1];
            g_free(*last);
            *last = g_strdup_printf("--%s=%s", wants->long_name, *++arg);
        }
    }
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(out, FALSE);
}

/* The first option that we do not have, without its dashes; NULL if none. */
static char *find_unknown(const GOptionEntry *entries, char **argv)
{
    for (char **arg = argv + 1; *arg && strcmp(*arg, "--") != 0; arg++) {
        if (!g_str_has_prefix(*arg, "--"))
            continue;
        size_t len = strcspn(*arg + 2, "=");
        if (!find_long(entries, *arg + 2, len))
            return g_strndup(*arg + 2, len);
    }
    return NULL;
}

/* GOption's own message, or a better one for an option that does not exist. */
static void explain(GError **error, const GOptionEntry *entries, char **argv)
{
    if (!g_error_matches(*error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
        return;
    g_autofree char *unknown = find_unknown(entries, argv);
    const char *meant = unknown ? nearest(entries, unknown) : NULL;
    if (!meant)
        return;
    g_clear_error(error);
    wrong(error, "unknown option --%s: did you mean --%s?", unknown, meant);
}

static gboolean check_later(char **argv, GError **error)
{
    for (char **arg = argv + 1; *arg && strcmp(*arg, "--") != 0; arg++)
        for (size_t i = 0; i < G_N_ELEMENTS(later); i++)
            if (strncmp(*arg, later[i].name, strcspn(*arg, "=")) == 0 &&
                strlen(later[i].name) == strcspn(*arg, "="))
                return wrong(error, "%s: not part of this version (%s)", later[i].name,
                             later[i].what);
    return TRUE;
}

static gboolean check(options *o, raw *r, GError **error)
{
    if (o->read_file && o->interface)
        return wrong(error, "-r and -i exclude each other: a file or an interface");
    if (r->text && o->json)
        return wrong(error, "--text and --json exclude each other");
    if (o->tui && (r->text || o->json))
        return wrong(error, "--tui excludes --text and --json");
    if (r->place && (r->text || o->json))
        return wrong(error, "--goto is for the screens: it excludes --text and --json");
    if (r->place && g_strcmp0(o->write_file, "-") == 0)
        return wrong(error, "-w - leaves no room for --goto on standard output");
    if (r->place && !parse_place(o, r->place, error))
        return FALSE;
    if (o->write_file && strcmp(o->write_file, "-") == 0 && (r->text || o->json))
        return wrong(error, "-w - leaves no room for --text or --json on standard output");
    if (o->tui && g_strcmp0(o->write_file, "-") == 0)
        return wrong(error, "-w - leaves no room for --tui on standard output");
    o->may_choose = !r->text && !o->json && !o->tui && g_strcmp0(o->write_file, "-") != 0;
    if (o->bpf && r->rest)
        return wrong(error, "a capture filter is given twice: with -f and behind the options");
    if (r->rest)
        o->bpf = g_strjoinv(" ", r->rest);
    if (r->count && !parse_number(r->count, "-c", &o->count, error))
        return FALSE;
    if (o->snaplen < 0 || o->snaplen > 262144)
        return wrong(error, "-s takes 0 to 262144 bytes, not %d", o->snaplen);
    if (o->buffer_kib < 0 || o->buffer_kib > 2097151)
        return wrong(error, "-B takes 0 to 2097151 KiB, not %d", o->buffer_kib);
    if (r->memory < 1)
        return wrong(error, "--memory takes MiB, at least 1, not %d", r->memory);
    o->memory_mib = (uint64_t)r->memory;
    o->max_data = o->json ? 0 : TEXT_MAX_DATA;
    if (r->max_data && !parse_number(r->max_data, "--max-data", &o->max_data, error))
        return FALSE;
    o->tui_max_data = r->max_data ? o->max_data : TUI_MAX_DATA;
    for (int type = 0; type < RECORD_TYPES; type++)
        o->show[type] = type != RECORD_FRAME;
    if (r->show && !parse_show(o->show, r->show, error))
        return FALSE;
    o->show[RECORD_FRAME] |= r->frames;
    if (o->write_file && strcmp(o->write_file, "-") == 0)
        memset(o->show, 0, sizeof o->show);
    return TRUE;
}

static const char description[] =
    "Without -r and -i: live on every interface. Diagnostics and the summary go to standard "
    "error.\n"
    "Exit status: 0, also when there was no WebSocket traffic; 1 when reading or capturing "
    "failed;\n"
    "2 when the command line is wrong. See wsdump(1) for the JSON records.\n"
    "Examples:\n"
    "  wsdump -r captures/echo.pcapng -Y 'type == text and length > 4'\n"
    "  wsdump -r dump.pcap --json --show message | jq .data\n"
    "  sudo wsdump -i lo --frames tcp port 8080\n";

gboolean options_parse(options *o, char **argv, GError **error)
{
    *o = (options){0};
    raw r = {.memory = MEMORY_MIB};
    const GOptionEntry entries[] = {
        {"read-file", 'r', 0, G_OPTION_ARG_FILENAME, &o->read_file,
         "Read pcap or pcapng, also .gz or .zst; - = stdin", "FILE"},
        {"interface", 'i', 0, G_OPTION_ARG_STRING, &o->interface, "Capture live", "IFACE"},
        {"filter", 'f', 0, G_OPTION_ARG_STRING, &o->bpf, "Only packets that match, pcap-filter(7)",
         "BPF"},
        {"display-filter", 'Y', 0, G_OPTION_ARG_STRING, &o->display,
         "Only records that match; help = its fields", "FILTER"},
        {"write-file", 'w', 0, G_OPTION_ARG_FILENAME, &o->write_file,
         "Write WebSocket connections' packets (pcapng); - = stdout", "FILE"},
        {"count", 'c', 0, G_OPTION_ARG_STRING, &r.count, "Stop after COUNT packets", "COUNT"},
        {"snapshot-length", 's', 0, G_OPTION_ARG_INT, &o->snaplen, "Live: bytes kept per packet",
         "BYTES"},
        {"buffer-size", 'B', 0, G_OPTION_ARG_INT, &o->buffer_kib, "Live: the kernel's buffer",
         "KIB"},
        {"no-promiscuous-mode", 'p', 0, G_OPTION_ARG_NONE, &o->no_promiscuous,
         "Live: leave the interface's mode alone", NULL},
        {"list-interfaces", 'D', 0, G_OPTION_ARG_NONE, &o->list_interfaces, "List the interfaces",
         NULL},
        {"relinquish-privileges", 'Z', 0, G_OPTION_ARG_STRING, &o->user,
         "Live: the user to become once the capture is open", "USER"},
        {"no-names", 'n', G_OPTION_FLAG_NOALIAS, G_OPTION_ARG_NONE, &(gboolean){0},
         "Never resolve names (wsdump never does)", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &o->quiet, "No summary at the end", NULL},
        {"line-buffered", 'l', 0, G_OPTION_ARG_NONE, &o->line_buffered,
         "Write out every line at once", NULL},
        {"tui", 0, 0, G_OPTION_ARG_NONE, &o->tui, "Screens (the default on a terminal)", NULL},
        {"goto", 0, 0, G_OPTION_ARG_STRING, &r.place,
         "Screens: begin at this connection, this frame", "CONN[:FRAME]"},
        {"text", 0, 0, G_OPTION_ARG_NONE, &r.text, "One line per event (the default elsewhere)",
         NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o->json, "One JSON object per line", NULL},
        {"show", 0, 0, G_OPTION_ARG_STRING, &r.show,
         "Which events: open,frame,message,violation,gap,end", "LIST"},
        {"frames", 0, 0, G_OPTION_ARG_NONE, &r.frames, "Show frames too", NULL},
        {"hex", 0, 0, G_OPTION_ARG_NONE, &o->hex, "Text: payload in hexadecimal", NULL},
        {"max-data", 0, 0, G_OPTION_ARG_STRING, &r.max_data,
         "Payload of a message; 0 = all (text 200, screens 1 MiB)", "BYTES"},
        {"memory", 0, 0, G_OPTION_ARG_INT, &r.memory,
         "Memory for what is unfinished, and what screens show (512)", "MIB"},
        {"version", 'V', 0, G_OPTION_ARG_NONE, &o->version, "Print the version", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &r.rest, NULL, "[BPF EXPRESSION]"},
        G_OPTION_ENTRY_NULL};

    g_autoptr(GOptionContext) context = g_option_context_new("- decode WebSocket traffic");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, description);
    g_auto(GStrv) arguments = spread(entries, argv);
    g_auto(GStrv) left = g_strdupv(arguments);
    gboolean good = check_later(arguments, error);
    if (good && !g_option_context_parse_strv(context, &left, error)) {
        explain(error, entries, arguments);
        good = FALSE;
    }
    good = good && check(o, &r, error);
    g_free(r.show);
    g_free(r.max_data);
    g_free(r.count);
    g_free(r.place);
    g_strfreev(r.rest);
    return good;
}

void options_clear(options *o)
{
    g_free(o->read_file);
    g_free(o->write_file);
    g_free(o->interface);
    g_free(o->bpf);
    g_free(o->display);
    g_free(o->user);
}
