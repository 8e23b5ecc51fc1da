#include "backoff.h"

#include "player.h"
#include "spread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* The longest delay of a round. */
static uint64_t longest(uint64_t base_ms, uint64_t cap_ms, uint64_t round)
{
    uint64_t most = base_ms;
    for (; round > 0 && most < cap_ms; round--)
        most *= 2;
    return MIN(most, cap_ms);
}

/* ---- One client ---- */

/* Wrong: this client, and what it did in place of what it should. */
static bool wrong_client(player *p, uint64_t number, const char *should, char *did)
{
    p->found.expected =
        g_strdup_printf("the client with --seed %" G_GUINT64_FORMAT " %s", number, should);
    finding_got(&p->found, "%s", did);
    g_free(did);
    return false;
}

/* The lines that it printed, as numbers, into delays[0 .. s->rounds). */
static bool read_delays(player *p, const step *s, uint64_t number, uint64_t *delays)
{
    static const char should[] = "prints a whole number of ms for each retry";
    g_auto(GStrv) lines = g_strsplit(g_strchomp(p->program.output->str), "\n", -1);
    const guint count = *p->program.output->str ? g_strv_length(lines) : 0;
    for (guint i = 0; i < MIN(count, s->rounds); i++)
        if (!g_ascii_string_to_unsigned(lines[i], 10, 0, G_MAXINT64, &delays[i], NULL))
            return wrong_client(p, number, should,
                                g_strdup_printf("line %u is \"%.40s\"", i + 1, lines[i]));
    return count == s->rounds ||
           wrong_client(
               p, number, should,
               g_strdup_printf("%u lines for %" G_GUINT64_FORMAT " retries", count, s->rounds));
}

/* Run it: its delays go into delays[0 .. s->rounds). */
static bool run_client(player *p, const step *s, uint64_t number, uint64_t *delays)
{
    g_autoptr(GPtrArray) more = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(more, g_strdup("--print-backoff"));
    g_ptr_array_add(more, g_strdup_printf("%" G_GUINT64_FORMAT, s->rounds));
    g_ptr_array_add(more, g_strdup("--seed"));
    g_ptr_array_add(more, g_strdup_printf("%" G_GUINT64_FORMAT, number));
    if (!player_run(p, more, s))
        return false;
    if (!WIFEXITED(p->program.status) || WEXITSTATUS(p->program.status) != 0)
        return wrong_client(p, number, "ends with status 0", program_how_it_ended(&p->program));
    return read_delays(p, s, number, delays);
}

static bool is_in_range(player *p, const step *s, uint64_t number, const uint64_t *delays)
{
    for (uint64_t i = 0; i < s->rounds; i++) {
        const uint64_t most = longest(s->base_ms, s->cap_ms, i);
        if (delays[i] <= most)
            continue;
        g_autofree char *should = g_strdup_printf(
            "waits at most %" G_GUINT64_FORMAT " ms before retry %" G_GUINT64_FORMAT, most, i + 1);
        return wrong_client(p, number, should,
                            g_strdup_printf("%" G_GUINT64_FORMAT " ms", delays[i]));
    }
    return true;
}

/* The same seed must give the same delays: a failure can be played again. */
static bool is_repeated(player *p, const step *s, const uint64_t *before, uint64_t *again)
{
    if (!run_client(p, s, 1, again))
        return false;
    for (uint64_t i = 0; i < s->rounds; i++)
        if (again[i] != before[i])
            return wrong_client(p, 1, "waits as long again when it runs again",
                                g_strdup_printf("%" G_GUINT64_FORMAT " ms, then %" G_GUINT64_FORMAT
                                                " ms before retry %" G_GUINT64_FORMAT,
                                                before[i], again[i], i + 1));
    return true;
}

/* ---- All clients in one round ---- */

static int compare_delays(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* How many come in each tenth of the range: a wall is seen at once. */
static void tell_tenths(finding *f, const uint64_t *delays, unsigned count, uint64_t most)
{
    unsigned tenths[10] = {0};
    g_autoptr(GString) line = g_string_new(NULL);
    for (unsigned i = 0; i < count; i++)
        tenths[delays[i] * 10 / (most + 1)]++;
    for (size_t i = 0; i < G_N_ELEMENTS(tenths); i++)
        g_string_append_printf(line, " %3u", tenths[i]);
    finding_detail(f, "0 ms |%s | %" G_GUINT64_FORMAT " ms", line->str, most);
    finding_detail(f, "clients in each tenth of the time; about %u in each would be even",
                   count / 10);
}

/* `all` has the delays of one client behind the other; `delays` is room for one of each. */
static bool is_spread(player *p, const step *s, const uint64_t *all, uint64_t *delays,
                      uint64_t round)
{
    const unsigned count = (unsigned)s->number;
    const uint64_t most = longest(s->base_ms, s->cap_ms, round);
    for (unsigned i = 0; i < count; i++)
        delays[i] = all[i * s->rounds + round];
    qsort(delays, count, sizeof *delays, compare_delays);
    const spread_gap gap = spread_farthest(delays, count, most);
    if (gap.distance <= spread_bound(count, most))
        return true;
    p->found.expected = g_strdup_printf("%u clients come back spread over 0 to %" G_GUINT64_FORMAT
                                        " ms, retry %" G_GUINT64_FORMAT,
                                        count, most, round + 1);
    finding_got(&p->found, "%u come within %" G_GUINT64_FORMAT " ms, not about %.0f", gap.count,
                gap.below > 0 ? gap.below - 1 : 0, gap.even);
    tell_tenths(&p->found, delays, count, most);
    return false;
}

static GArray *numbers(uint64_t count)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(uint64_t));
    return g_array_set_size(all, (guint)count);
}

bool backoff_expect(player *p, const step *s)
{
    g_autoptr(GArray) all = numbers(s->number * s->rounds);
    g_autoptr(GArray) some = numbers(MAX(s->number, s->rounds));
    uint64_t *first = &g_array_index(all, uint64_t, 0);
    uint64_t *room = &g_array_index(some, uint64_t, 0);
    bool right = true;
    for (uint64_t i = 0; right && i < s->number; i++) {
        uint64_t *delays = first + i * s->rounds;
        right = run_client(p, s, i + 1, delays) && is_in_range(p, s, i + 1, delays);
    }
    right = right && is_repeated(p, s, first, room);
    for (uint64_t round = 0; right && round < s->rounds; round++)
        right = is_spread(p, s, first, room, round);
    return right;
}
