/* Is an answer right? Forgiving about its form, never about what it says. See facts.h. */
#include "fact_kinds.h"

#include <math.h>
#include <string.h>

/* Small letters, without spaces around. */
static char *normal(const char *text)
{
    g_autofree char *copy = g_strdup(text);
    return g_ascii_strdown(g_strstrip(copy), -1);
}

/* The hexadecimal digits of "0x37 FA:21-3d"; NULL when there is anything else. */
static char *digits_of(const char *text)
{
    GString *digits = g_string_new(NULL);
    for (const char *c = text; *c; c++) {
        if (c[0] == '0' && c[1] == 'x')
            c++;
        else if (g_ascii_isxdigit(*c))
            g_string_append_c(digits, *c);
        else if (!strchr(" ,:-", *c))
            return g_string_free(digits, TRUE);
    }
    return g_string_free(digits, digits->len == 0);
}

static fact_verdict judge_same(const char *value, const char *answer)
{
    return strcmp(value, answer) == 0 ? FACT_RIGHT : FACT_WRONG;
}

static fact_verdict judge_yes_no(const char *value, const char *answer)
{
    static const char *const yes[] = {"yes", "y", "true", "1", NULL};
    static const char *const no[] = {"no", "n", "false", "0", NULL};
    bool is_yes = g_strv_contains(yes, answer);
    if (!is_yes && !g_strv_contains(no, answer))
        return FACT_UNREADABLE;
    return judge_same(value, is_yes ? "yes" : "no");
}

static fact_verdict judge_hex(const char *value, const char *answer)
{
    g_autofree char *digits = digits_of(answer);
    return digits ? judge_same(value, digits) : FACT_UNREADABLE;
}

/* Units behind the number are passed over: "16 bits". "#7" is 7. */
static fact_verdict judge_number(const char *value, const char *answer)
{
    answer += *answer == '#';
    size_t digits = strspn(answer, "0123456789");
    const char *unit = answer + digits;
    if (digits == 0 || strspn(unit, " -abcdefghijklmnopqrstuvwxyz") != strlen(unit))
        return FACT_UNREADABLE;
    while (*answer == '0' && digits > 1)
        answer++, digits--;
    return strlen(value) == digits && memcmp(value, answer, digits) == 0 ? FACT_RIGHT : FACT_WRONG;
}

/* As exact as the answer is: 2 is right for 1.987, 1.9 is not. */
static fact_verdict judge_seconds(const char *value, const char *answer)
{
    char *end;
    g_autofree char *with_point = g_strdelimit(g_strdup(answer), ",", '.');
    double given = g_ascii_strtod(with_point, &end);
    const char *point = strchr(with_point, '.');
    int decimals = point ? (int)strspn(point + 1, "0123456789") : 0;
    if (!g_ascii_isdigit(*with_point) || end != with_point + strspn(with_point, "0123456789.") ||
        strspn(end, " seconds") != strlen(end))
        return FACT_UNREADABLE;
    double off = fabs(given - g_ascii_strtod(value, NULL));
    return off <= 0.5 * pow(10, -MIN(decimals, 3)) + 1e-9 ? FACT_RIGHT : FACT_WRONG;
}

/* "Mask missing" is mask-missing. */
static fact_verdict judge_name(const char *value, const char *answer)
{
    g_autofree char *name = g_strdelimit(g_strdup(answer), " _", '-');
    return judge_same(value, name);
}

/* By name, or as 9 or 0x9. */
static fact_verdict judge_opcode(const char *value, const char *answer)
{
    guint64 code = 0;
    bool hex = g_str_has_prefix(answer, "0x");
    return g_ascii_string_to_unsigned(hex ? answer + 2 : answer, hex ? 16 : 10, 0, 15, &code, NULL)
               ? judge_same(value, wsp_opcode_name((uint8_t)code))
               : judge_name(value, answer);
}

/* As it is, or in quotes. */
static fact_verdict judge_text(const char *value, const char *answer)
{
    g_autofree char *text = g_strstrip(g_strdup(answer));
    size_t len = strlen(text);
    if (strcmp(value, text) == 0)
        return FACT_RIGHT;
    if (len < 2 || (text[0] != '"' && text[0] != '\'') || text[len - 1] != text[0])
        return FACT_WRONG;
    text[len - 1] = '\0';
    return judge_same(value, text + 1);
}

fact_verdict fact_judge(const fact *f, const char *value, const char *answer)
{
    g_autofree char *plain = normal(answer);
    if (!*plain)
        return FACT_UNREADABLE;
    switch (f->kind->form) {
    case YES_NO: return judge_yes_no(value, plain);
    case HEX: return judge_hex(value, plain);
    case NUMBER:
    case COUNT: return judge_number(value, plain);
    case SECONDS: return judge_seconds(value, plain);
    case OPCODE: return judge_opcode(value, plain);
    case NAME: return judge_name(value, plain);
    default: return judge_text(value, answer);
    }
}
