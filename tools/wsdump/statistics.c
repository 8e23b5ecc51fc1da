/* Counting records. See statistics.h. */
#include "statistics.h"

#include "rates.h"

#include <math.h>
#include <string.h>

static int size_step(uint64_t size)
{
    int bits = 0;
    for (; size && bits < STATISTICS_SIZES - 1; size >>= 1)
        bits++;
    return bits;
}

uint64_t statistics_size_from(int step)
{
    return step ? UINT64_C(1) << (step - 1) : 0;
}

enum { RTT_FROM_NS = 1000, RTT_STEPS = 4 }; /* steps for each doubling */

static int rtt_step(int64_t ns)
{
    if (ns <= RTT_FROM_NS)
        return 0;
    int step = (int)ceil(RTT_STEPS * log2((double)ns / RTT_FROM_NS));
    return step < STATISTICS_RTTS ? step : STATISTICS_RTTS - 1;
}

int64_t statistics_rtt(const statistics *s, double share)
{
    if (!s->rtt_count)
        return -1;
    double wanted = share * (double)s->rtt_count;
    uint64_t passed = 0;
    int step = 0;
    for (; step < STATISTICS_RTTS - 1; step++) {
        passed += s->rtts[step];
        if (passed && (double)passed >= wanted)
            break;
    }
    return (int64_t)(RTT_FROM_NS * exp2((double)step / RTT_STEPS));
}

static void add_rule(statistics *s, const char *rule)
{
    int i = 0;
    while (i < STATISTICS_RULES - 1 && s->rules[i].rule && strcmp(s->rules[i].rule, rule) != 0)
        i++;
    s->rules[i].rule = i < STATISTICS_RULES - 1 ? rule : "other";
    s->rules[i].count++;
}

static void add_code(statistics *s, int32_t code)
{
    int i = 0;
    while (i < STATISTICS_CODES - 1 && s->codes[i].count && s->codes[i].code != code)
        i++;
    s->codes[i].code = i < STATISTICS_CODES - 1 ? code : STATISTICS_OTHER_CODE;
    s->codes[i].count++;
}

static void add_rate(statistics *s, statistics_side *side, int64_t time_ns)
{
    int64_t now = rates_second(time_ns);
    if (now > s->rates_second) {
        for (int i = 0; i < 2; i++)
            rates_move(s->sides[i].rates, sizeof side->rates[0], STATISTICS_RATES,
                       now - s->rates_second);
        s->rates_second = now;
    }
    int place = rates_place(STATISTICS_RATES, s->rates_second, now);
    if (place >= 0)
        side->rates[place]++;
}

static void add_silence(statistics *s, int64_t time_ns)
{
    if (s->last_message_ns && time_ns - s->last_message_ns > s->longest_silence_ns)
        s->longest_silence_ns = time_ns - s->last_message_ns;
    if (time_ns > s->last_message_ns)
        s->last_message_ns = time_ns;
}

static void add_message(statistics *s, const record *r)
{
    const record_message *m = &r->message;
    statistics_side *side = &s->sides[r->from == WSP_FROM_SERVER];
    side->messages++;
    side->bytes += m->length;
    side->wire_bytes += m->wire_length;
    side->types[m->opcode & 15]++;
    if (!(m->opcode & 8))
        side->sizes[size_step(m->length)]++;
    if (m->compressed && m->data) {
        side->compressed_messages++;
        side->compressed_from += m->length;
        side->compressed_to += m->wire_length;
    }
    s->incomplete += !m->complete;
    s->guessed += m->guessed;
    if (m->opcode == WSP_OPCODE_CLOSE)
        add_code(s, m->close_code);
    if (m->opcode == WSP_OPCODE_PONG && m->rtt_ns >= 0) {
        s->rtts[rtt_step(m->rtt_ns)]++;
        s->rtt_count++;
    }
    add_rate(s, side, r->time_ns);
    add_silence(s, r->time_ns);
}

static void add_open(statistics *s, const record_open *o)
{
    s->connections++;
    s->refused += o->handshake == HANDSHAKE_REFUSED;
    s->joined += o->handshake == HANDSHAKE_MISSING;
}

static void add_end(statistics *s, const record_end *e)
{
    s->ended++;
    s->hows[e->how]++;
}

void statistics_add(statistics *s, const record *r)
{
    if (!s->first_ns)
        s->first_ns = r->time_ns;
    if (r->time_ns > s->last_ns)
        s->last_ns = r->time_ns;
    switch (r->type) {
    case RECORD_OPEN: add_open(s, &r->open); break;
    case RECORD_FRAME:
        s->sides[r->from == WSP_FROM_SERVER].frames[r->frame.header->opcode & 15]++;
        break;
    case RECORD_MESSAGE: add_message(s, r); break;
    case RECORD_VIOLATION: add_rule(s, r->violation.rule); break;
    case RECORD_GAP:
        s->gaps++;
        s->gap_bytes += r->gap.bytes;
        break;
    case RECORD_END: add_end(s, &r->end); break;
    case RECORD_TYPES: break;
    }
}
