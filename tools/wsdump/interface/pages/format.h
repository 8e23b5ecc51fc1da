/*
 * Numbers as people read them: 48 211, 1.4 KiB, 12.1 ms, 11:26:34.268; and small drawings of them.
 * The same in every language: a point before decimals, a space between thousands.
 */
#ifndef WSDUMP_INTERFACE_FORMAT_H
#define WSDUMP_INTERFACE_FORMAT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FORMAT_TEXT = 40 };

/* Each writes to `out` and returns it, so that it can stand in an argument list. */
const char *format_count(char out[FORMAT_TEXT], uint64_t count);

/* "1023 B", "1.4 KiB", "130 KiB", at most 8 columns. */
const char *format_size(char out[FORMAT_TEXT], uint64_t bytes);

/* "0 s", "830 ns", "12.3 µs" ("us" in ASCII), "3.02 ms", "41.2 s", "4m 05s", "2h 03m", "12d 04h".
 * Negative ones have a minus: packets are not always captured in order. */
const char *format_duration(char out[FORMAT_TEXT], int64_t ns, bool ascii);

/* Things per second: "0", "0.3", "41.2", "48 211". */
const char *format_rate(char out[FORMAT_TEXT], double per_second);

/* `of` : `to`, as "2.7 : 1"; "-" when there is nothing. */
const char *format_ratio(char out[FORMAT_TEXT], uint64_t of, uint64_t to);

/* The time of day in the local time zone, to the millisecond: "11:26:34.268". */
const char *format_clock(char out[FORMAT_TEXT], int64_t time_ns);

/*
 * Append a sparkline of the newest `width` of `count` values, the newest last: a column each, blank
 * where it is 0, full at `max` (0 = the largest of those shown). With fewer values than columns it
 * is as long as there are values.
 */
void format_sparkline(GString *out, const uint64_t *values, size_t count, int width, uint64_t max,
                      bool ascii);

/* Append a bar of value/max of `width` columns, in steps of an eighth, or whole ones in ASCII; what
 * is not 0 is always seen. Returns its columns; nothing is appended behind it. */
int format_bar(GString *out, uint64_t value, uint64_t max, int width, bool ascii);

#endif
