/* Escaping of payload for JSON and for the terminal. */
#include "escape.h"

#include "print.h"

#include <stdbool.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Characters that a terminal, or a reader of a line, may take for an instruction. */
static const struct {
    gunichar first, last;
} harmful[] = {
    {0x0000, 0x001f},   /* C0: ESC among them */
    {0x007f, 0x009f},   /* DEL and C1 */
    {0x061c, 0x061c},   /* bidi: Arabic letter mark */
    {0x200b, 0x200f},   /* zero width, bidi marks */
    {0x2028, 0x202e},   /* line and paragraph separators, bidi embeddings and overrides */
    {0x2060, 0x206f},   /* invisible operators, bidi isolates */
    {0xfeff, 0xfeff},   /* byte order mark */
    {0xfff9, 0xfffb},   /* interlinear annotation */
    {0xe0000, 0xe007f}, /* tags */
};

static bool is_harmful(gunichar c)
{
    for (size_t i = 0; i < G_N_ELEMENTS(harmful); i++)
        if (c >= harmful[i].first && c <= harmful[i].last)
            return true;
    return false;
}

/* The letter of a two-character escape that C and JSON share; 0 when there is none. */
static const char short_escapes[256] = {
    ['"'] = '"', ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
};

/* Bytes that are looked at together, and of which so many more may be copied than there are. */
enum { BLOCK = 64, COPIED = 16 };

/* Which bytes of a block are not written as they are in either style? Those are all but printable
 * ASCII without " and \. The first byte is the lowest bit. */
#ifdef __SSE2__
static unsigned special_bytes_16(const uint8_t *in)
{
    const __m128i bytes = _mm_loadu_si128((const void *)in);
    const __m128i outside = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)); /* 0x80 and up: negative */
    const __m128i deleted = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return (unsigned)_mm_movemask_epi8(
        _mm_or_si128(_mm_or_si128(outside, deleted), _mm_or_si128(quotes, backslashes)));
}

static uint64_t special_bytes(const uint8_t *block)
{
    uint64_t all = 0;
    for (size_t i = 0; i < BLOCK; i += 16)
        all |= (uint64_t)special_bytes_16(block + i) << i;
    return all;
}
#else
static uint64_t special_bytes(const uint8_t *block)
{
    uint64_t all = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        const uint8_t c = block[i];
        all |= (uint64_t)(c < 0x20 || c > 0x7e || c == '"' || c == '\\') << i;
    }
    return all;
}
#endif

/* Most are short: then nothing has to be predicted. */
static char *copy(char *to, const uint8_t *from, size_t len)
{
    memcpy(to, from, COPIED);
    for (size_t i = COPIED; i < len; i += COPIED)
        memcpy(to + i, from + i, COPIED);
    return to + len;
}

/*
 * Append from the front what both styles write alike and nobody need look at twice: nearly all of
 * most payloads, so straight into the memory of `out`. Returns how many bytes that was.
 */
static size_t append_easy(GString *out, const uint8_t *in, size_t len)
{
    char *const begin = print_room(out, 2 * len + COPIED), *to = begin;
    for (size_t i = 0; i < len; i += BLOCK) {
        const uint8_t *block = in + i;
        uint8_t last[BLOCK + COPIED];
        const size_t size = MIN(len - i, BLOCK);
        if (len - i < sizeof last)
            block = memcpy(last, block, len - i);
        uint64_t special = special_bytes(block);
        if (size < BLOCK)
            special &= (UINT64_C(1) << size) - 1;
        size_t done = 0;
        for (; special; special &= special - 1) {
            const size_t next = (size_t)__builtin_ctzll(special);
            to = copy(to, block + done, next - done);
            const char letter = short_escapes[block[next]];
            done = next;
            if (!letter) {
                print_wrote(out, (size_t)(to - begin));
                return i + done;
            }
            *to++ = '\\';
            *to++ = letter;
            done++;
        }
        to = copy(to, block + done, size - done);
    }
    print_wrote(out, (size_t)(to - begin));
    return len;
}

static void json_character(GString *out, gunichar c)
{
    if (c > 0xffff)
        g_string_append_printf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
    else
        g_string_append_printf(out, "\\u%04x", c);
}

static void json_byte(GString *out, uint8_t byte)
{
    (void)byte;
    g_string_append(out, "\\ufffd");
}

void escape_text_number(GString *out, gunichar c)
{
    g_string_append_printf(out, c < 0x80 ? "\\x%02x" : "\\u{%x}", c);
}

static void text_byte(GString *out, uint8_t byte)
{
    g_string_append_printf(out, "\\x%02x", byte);
}

/* What the two styles do differently. */
typedef struct style {
    void (*character)(GString *out, gunichar c); /* one that is harmful */
    void (*byte)(GString *out, uint8_t byte);    /* one that is not UTF-8 */
} style;

/* One character that may be anything. Returns its bytes. */
static size_t escape_step(GString *out, const uint8_t *in, size_t len, const style *which,
                          escape_how *how)
{
    gunichar c = g_utf8_get_char_validated((const char *)in, (gssize)len);
    if (in[0] == 0)
        c = 0; /* GLib calls a NUL an incomplete character */
    if (c == (gunichar)-1 || c == (gunichar)-2) {
        *how = ESCAPE_BYTE;
        which->byte(out, in[0]);
        return 1;
    }
    size_t size = (size_t)g_unichar_to_utf8(c, NULL);
    *how = is_harmful(c) ? ESCAPE_CHARACTER : ESCAPE_AS_IT_IS;
    if (*how == ESCAPE_CHARACTER)
        which->character(out, c);
    else
        g_string_append_len(out, (const char *)in, (gssize)size);
    return size;
}

static void escape(GString *out, const void *data, size_t len, const style *which)
{
    const uint8_t *in = data;
    escape_how how;
    for (size_t i = 0; i < len;) {
        if (in[i] < 0x80)
            i += append_easy(out, in + i, len - i);
        if (i < len)
            i += escape_step(out, in + i, len - i, which, &how);
    }
}

void escape_json(GString *out, const void *data, size_t len)
{
    static const style json = {json_character, json_byte};
    escape(out, data, len, &json);
}

static const style people = {escape_text_number, text_byte};

void escape_text(GString *out, const void *data, size_t len)
{
    escape(out, data, len, &people);
}

size_t escape_text_step(GString *out, const void *data, size_t len, escape_how *how)
{
    const uint8_t *in = data;
    char letter = in[0] < ' ' ? short_escapes[in[0]] : 0;
    if (!letter)
        return escape_step(out, in, len, &people, how);
    *how = ESCAPE_CHARACTER;
    g_string_append_c(out, '\\');
    g_string_append_c(out, letter);
    return 1;
}

void escape_hex(GString *out, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *in = data;
    for (size_t i = 0; i < len; i++) {
        g_string_append_c(out, digits[in[i] >> 4]);
        g_string_append_c(out, digits[in[i] & 15]);
    }
}

void escape_base64(GString *out, const void *data, size_t len)
{
    gsize before = out->len;
    gint state = 0, save = 0;
    g_string_set_size(out, before + (len / 3 + 1) * 4 + 4);
    gsize n = g_base64_encode_step(data, len, FALSE, out->str + before, &state, &save);
    n += g_base64_encode_close(FALSE, out->str + before + n, &state, &save);
    g_string_truncate(out, before + n);
}
