/* Numbers as people read them. See format.h. */
#include "format.h"

#include "glyphs.h"

#include <string.h>
#include <time.h>

/* With three digits or a little more, whatever the language. */
static void add_decimal(char out[FORMAT_TEXT], double value, const char *unit)
{
    char number[FORMAT_TEXT];
    const char *digits = value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f";
    g_ascii_formatd(number, sizeof number, digits, value);
    g_snprintf(out, FORMAT_TEXT, "%s %s", number, unit);
}

const char *format_count(char out[FORMAT_TEXT], uint64_t count)
{
    char digits[FORMAT_TEXT];
    size_t len = (size_t)g_snprintf(digits, sizeof digits, "%" G_GUINT64_FORMAT, count);
    char *to = out;
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ' ';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

const char *format_size(char out[FORMAT_TEXT], uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        g_snprintf(out, FORMAT_TEXT, "%u B", (unsigned)bytes);
        return out;
    }
    double value = (double)bytes / 1024;
    size_t unit = 1;
    for (; value >= 999.5 && unit + 1 < G_N_ELEMENTS(units); unit++)
        value /= 1024;
    char number[FORMAT_TEXT];
    g_ascii_formatd(number, sizeof number, value < 99.95 ? "%.1f" : "%.0f", value);
    g_snprintf(out, FORMAT_TEXT, "%s %s", number, units[unit]);
    return out;
}

/* A minute and more, in two units. */
static void add_long(char *out, size_t size, uint64_t seconds)
{
    static const struct {
        uint64_t large, small; /* in seconds */
        char large_name, small_name;
    } pairs[] = {{86400, 3600, 'd', 'h'}, {3600, 60, 'h', 'm'}, {60, 1, 'm', 's'}};
    size_t i = 0;
    while (i + 1 < G_N_ELEMENTS(pairs) && seconds < pairs[i].large)
        i++;
    g_snprintf(out, size, "%" G_GUINT64_FORMAT "%c %02u%c", seconds / pairs[i].large,
               pairs[i].large_name, (unsigned)(seconds % pairs[i].large / pairs[i].small),
               pairs[i].small_name);
}

const char *format_duration(char out[FORMAT_TEXT], int64_t ns, bool ascii)
{
    char unit[8];
    g_snprintf(unit, sizeof unit, "%ss", glyphs_get(ascii)->micro);
    uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    char *to = out;
    char text[FORMAT_TEXT];
    if (ns < 0)
        *to++ = '-';
    if (size == 0)
        g_strlcpy(text, "0 s", sizeof text);
    else if (size < 1000)
        g_snprintf(text, sizeof text, "%u ns", (unsigned)size);
    else if (size < 999500)
        add_decimal(text, (double)size / 1e3, unit);
    else if (size < 999500000)
        add_decimal(text, (double)size / 1e6, "ms");
    else if (size < UINT64_C(59950000000))
        add_decimal(text, (double)size / 1e9, "s");
    else
        add_long(text, sizeof text, (size + 500000000) / 1000000000);
    g_strlcpy(to, text, FORMAT_TEXT - 1);
    return out;
}

const char *format_rate(char out[FORMAT_TEXT], double per_second)
{
    if (per_second >= 99.95)
        return format_count(out, (uint64_t)(per_second + 0.5));
    const char *digits = per_second == (double)(unsigned)per_second ? "%.0f" : "%.1f";
    g_ascii_formatd(out, FORMAT_TEXT, digits, per_second);
    return out;
}

const char *format_ratio(char out[FORMAT_TEXT], uint64_t of, uint64_t to)
{
    if (!of || !to) {
        g_strlcpy(out, "-", FORMAT_TEXT);
        return out;
    }
    char number[FORMAT_TEXT];
    double ratio = (double)of / (double)to;
    g_ascii_formatd(number, sizeof number, ratio < 9.95 ? "%.1f" : "%.0f", ratio);
    g_snprintf(out, FORMAT_TEXT, "%s : 1", number);
    return out;
}

const char *format_clock(char out[FORMAT_TEXT], int64_t time_ns)
{
    int64_t second = time_ns / 1000000000, rest = time_ns % 1000000000;
    if (rest < 0) {
        rest += 1000000000;
        second--;
    }
    time_t seconds = (time_t)second;
    struct tm local;
    size_t len = localtime_r(&seconds, &local) ? strftime(out, FORMAT_TEXT, "%H:%M:%S", &local) : 0;
    if (!len)
        len = g_strlcpy(out, "??:??:??", FORMAT_TEXT);
    g_snprintf(out + len, FORMAT_TEXT - len, ".%03u", (unsigned)(rest / 1000000));
    return out;
}

void format_sparkline(GString *out, const uint64_t *values, size_t count, int width, uint64_t max,
                      bool ascii)
{
    const glyphs *g = glyphs_get(ascii);
    size_t shown = MIN(count, (size_t)MAX(width, 0));
    values += count - shown;
    uint64_t full = max;
    for (size_t i = 0; i < shown && !max; i++)
        full = MAX(full, values[i]);
    for (size_t i = 0; i < shown; i++) {
        double share = full ? MIN((double)values[i] / (double)full, 1) : 0;
        g_string_append(out, g->levels[values[i] ? MAX((int)(share * 8 + 0.5), 1) : 0]);
    }
}

int format_bar(GString *out, uint64_t value, uint64_t max, int width, bool ascii)
{
    const glyphs *g = glyphs_get(ascii);
    if (!value || !max || width <= 0)
        return 0;
    double share = MIN((double)value / (double)max, 1);
    int unit = ascii ? 8 : 1; /* eighths that cannot be told apart */
    int eighths = (int)(share * width * 8 / unit + 0.5) * unit;
    eighths = MAX(eighths, unit);
    for (int i = 0; i < eighths / 8; i++)
        g_string_append(out, g->eighths[8]);
    if (eighths % 8)
        g_string_append(out, g->eighths[eighths % 8]);
    return (eighths + 7) / 8;
}
