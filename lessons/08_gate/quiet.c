/*
 * Given: the log, when somebody knocks ten thousand times. Failures have to be seen, or nobody
 * learns of an attack; but whoever can fill a disk with failures has another one. So of the lines
 * about clients that are refused, shown out or lost, and that begin with the same three words, ten
 * are written in a minute; then the hundredth, the thousandth and so on, with its number.
 */
#include "08_gate/gate.h"

#include <string.h>

enum { WORDS = 3, WRITTEN = 10, PERIOD_S = 60 };

typedef struct tally {
    unsigned count;
    int64_t since;
} tally;

static GMutex lock;
static GHashTable *tallies; /* first words -> tally. They are ours, so they are few */

/* What happens as often as others like: they misbehave, come and vanish, or are too many. */
static bool is_bounded(const char *begin)
{
    static const char *const kinds[] = {"refused",     "ended: policy", "ended: rule",
                                        "ended: slow", "ended: stuck",  "ended: lost",
                                        "no thread"};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strstr(begin, kinds[i]))
            return true;
    return false;
}

/* "conn 7 refused: 403 origin-not-allowed" -> "refused: 403 origin-not-allowed"; NULL for lines
 * about something else. Free it. */
static char *begin_of(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 2 + WORDS + 1);
    if (g_strv_length(words) < 3 || strcmp(words[0], "conn") != 0)
        return NULL;
    if (g_strv_length(words) > 2 + WORDS)
        g_clear_pointer(&words[2 + WORDS], g_free);
    char *begin = g_strjoinv(" ", words + 2);
    if (!is_bounded(begin))
        g_clear_pointer(&begin, g_free);
    return begin;
}

/* Which one of its kind in this minute. */
static unsigned count(char *begin)
{
    const int64_t now = g_get_monotonic_time() / G_USEC_PER_SEC;
    g_mutex_lock(&lock);
    tally *t = g_hash_table_lookup(tallies, begin);
    if (!t)
        g_hash_table_insert(tallies, g_strdup(begin), t = g_new0(tally, 1));
    if (now - t->since >= PERIOD_S)
        *t = (tally){.since = now};
    const unsigned which = ++t->count;
    g_mutex_unlock(&lock);
    return which;
}

static bool is_round(unsigned number)
{
    while (number > 1 && number % 10 == 0)
        number /= 10;
    return number == 1;
}

static GLogWriterOutput write_line(GLogLevelFlags level, const GLogField *fields, gsize n,
                                   G_GNUC_UNUSED void *unused)
{
    gsize at = 0;
    while (at < n && strcmp(fields[at].key, "MESSAGE") != 0)
        at++;
    g_autofree char *begin = at < n && fields[at].length < 0 ? begin_of(fields[at].value) : NULL;
    const unsigned which = begin ? count(begin) : 0;
    if (which <= WRITTEN)
        return g_log_writer_default(level, fields, n, NULL);
    if (!is_round(which))
        return G_LOG_WRITER_HANDLED;
    g_autofree char *line =
        g_strdup_printf("%s (%u in this minute)", (const char *)fields[at].value, which);
    g_autofree GLogField *changed = g_memdup2(fields, n * sizeof *fields);
    changed[at].value = line;
    return g_log_writer_default(level, changed, n, NULL);
}

void quiet_log(void)
{
    tallies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_log_set_writer_func(write_line, NULL, NULL);
}
