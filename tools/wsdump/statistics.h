/*
 * Statistics of records: what the statistics screen shows, of everything or of one connection. A
 * fold over records; it knows nothing of where they come from.
 */
#ifndef WSDUMP_STATISTICS_H
#define WSDUMP_STATISTICS_H

#include "record.h"

enum {
    STATISTICS_SIZES = 34, /* message sizes by power of two: 0, 1, 2-3, 4-7, … 2^32 and more */
    STATISTICS_RTTS = 128, /* round trips: 4 steps for each doubling, from 1 us */
    STATISTICS_RULES = 48, /* broken rules that are told apart */
    STATISTICS_CODES = 32, /* close codes that are told apart */
    STATISTICS_OTHER_CODE = -2,
    STATISTICS_RATES = 60, /* seconds of the capture's time whose messages are counted */
};

typedef struct statistics_side {
    uint64_t messages, bytes, wire_bytes;                         /* data and control messages */
    uint64_t frames[16];                                          /* by opcode */
    uint64_t types[16];                                           /* messages by opcode */
    uint64_t sizes[STATISTICS_SIZES];                             /* data messages */
    uint64_t compressed_messages, compressed_from, compressed_to; /* bytes inflated, on the wire */
    uint64_t rates[STATISTICS_RATES]; /* messages per second, the newest last */
} statistics_side;

typedef struct statistics {
    uint64_t connections, ended, refused, joined;
    uint64_t incomplete, guessed; /* messages */
    uint64_t gaps, gap_bytes;     /* where it is known how many */
    statistics_side sides[2];     /* WSP_FROM_CLIENT, WSP_FROM_SERVER */
    uint64_t rtts[STATISTICS_RTTS], rtt_count;
    struct {
        const char *rule; /* static; NULL = not in use. Beyond the last one they are one: "other" */
        uint64_t count;
    } rules[STATISTICS_RULES];
    struct {
        int32_t code; /* -1 = a Close without one; beyond the last place STATISTICS_OTHER_CODE */
        uint64_t count;
    } codes[STATISTICS_CODES]; /* count 0 = not in use */
    uint64_t hows[ENDED_EOF + 1];
    int64_t first_ns, last_ns; /* time of the first and the newest record; 0 = none */
    int64_t rates_second;      /* seconds since the epoch that the newest of the rates stands for */
    int64_t longest_silence_ns; /* between two messages */
    int64_t last_message_ns;
} statistics;

void statistics_add(statistics *s, const record *r); /* a zeroed one is ready */

/* What `share` (0 to 1) of the round trips were not slower than, in nanoseconds, within 20 %; -1
 * when there were none. */
int64_t statistics_rtt(const statistics *s, double share);

/* The smallest size that a step of `sizes` stands for. */
uint64_t statistics_size_from(int step);

#endif
