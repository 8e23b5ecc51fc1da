#include "frame_line.h"

#include <string.h>

/* The option's value as one of two words; *value stays as it is without the option. */
static bool read_yes_no(const words *w, const char *name, bool *value, GError **error)
{
    const word *option = words_option(w, name);
    if (!option)
        return true;
    *value = strcmp(option->text, "yes") == 0;
    return *value || strcmp(option->text, "no") == 0 ||
           words_wrong(w, option->column, error, "%s= is yes or no", name);
}

/* The option's value as a number; *found says whether there is one. */
static bool read_number(const words *w, const char *name, uint64_t high, bool *found,
                        uint64_t *value, GError **error)
{
    const word *option = words_option(w, name);
    *found = option != NULL;
    return !option || words_number(w, option, name, 0, high, value, error);
}

static bool read_key(const words *w, frame_line *f, GError **error)
{
    const word *option = words_option(w, "key");
    if (!option)
        return true;
    f->says_key = strlen(option->text) == 8;
    for (size_t i = 0; f->says_key && i < 4; i++) {
        int high = g_ascii_xdigit_value(option->text[2 * i]);
        int low = g_ascii_xdigit_value(option->text[2 * i + 1]);
        f->says_key = high >= 0 && low >= 0;
        f->header.masking_key[i] = (uint8_t)(high * 16 + low);
    }
    return f->says_key ||
           words_wrong(w, option->column, error, "key= is a masking key: 8 digits of 0-9 a-f");
}

static bool read_form(const words *w, frame_line *f, GError **error)
{
    uint64_t form = 0;
    bool found;
    if (!read_number(w, "form", 64, &found, &form, error))
        return false;
    f->header.length_form = (uint8_t)form;
    return !found || form == 7 || form == 16 || form == 64 ||
           words_wrong(w, words_option(w, "form")->column, error,
                       "form= is 7, 16 or 64: the bits of the length field");
}

static bool read_options(const words *w, frame_line *f, GError **error)
{
    bool fin = true, masked = false, found;
    uint64_t rsv = 0;
    if (!read_yes_no(w, "fin", &fin, error) || !read_yes_no(w, "mask", &masked, error) ||
        !read_number(w, "rsv", 7, &found, &rsv, error) ||
        !read_number(w, "length", UINT64_MAX, &f->says_length, &f->header.payload_length, error) ||
        !read_key(w, f, error) || !read_form(w, f, error))
        return false;
    f->header.fin = fin;
    f->header.rsv = (uint8_t)rsv;
    f->says_masked = words_option(w, "mask") != NULL;
    f->header.masked = masked;
    return true;
}

bool frame_line_opcode(const words *w, const word *at, uint8_t *opcode, GError **error)
{
    for (*opcode = 0; *opcode < 16; ++*opcode) {
        g_autofree char *number = g_strdup_printf("opcode-%d", *opcode);
        if (strcmp(at->text, number) == 0 || strcmp(at->text, wsp_opcode_name(*opcode)) == 0)
            return true;
    }
    return words_wrong(w, at->column, error,
                       "no such frame; there is text, binary, continuation, ping, pong, close, "
                       "opcode-0 to opcode-15");
}

/* [CODE ["reason"]] */
static bool read_close(const words *w, size_t first, frame_line *f, GError **error)
{
    uint64_t code = 0;
    f->close = g_byte_array_new();
    if (words_count(w) == first)
        return true;
    if (!words_number(w, words_at(w, first), "a close code", 0, UINT16_MAX, &code, error))
        return false;
    uint8_t bytes[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    g_byte_array_append(f->close, bytes, 2);
    if (words_count(w) == first + 1)
        return true;
    g_autofree char *reason = data_quoted(w, words_at(w, first + 1), error);
    if (!reason)
        return false;
    g_byte_array_append(f->close, (const uint8_t *)reason, (guint)strlen(reason));
    return words_count(w) == first + 2 ||
           words_wrong(w, words_at(w, first + 2)->column, error, "one word too many");
}

/* A length that its field cannot hold is found here, so that encoding cannot fail. */
static bool check_length(const words *w, const frame_line *f, uint64_t len, GError **error)
{
    wsp_frame_header header = f->header;
    uint8_t out[WSP_FRAME_HEADER_MAX];
    if (!f->says_length)
        header.payload_length = len;
    return wsp_frame_header_encode(out, &header) >= 0 ||
           words_wrong(w, words_option(w, "form")->column, error,
                       "%" G_GUINT64_FORMAT " bytes do not fit a length field of %d bits",
                       header.payload_length, header.length_form);
}

static bool read_line(frame_line *f, const words *w, size_t first, GError **error)
{
    if (!frame_line_opcode(w, words_at(w, first), &f->header.opcode, error) ||
        !read_options(w, f, error))
        return false;
    if (f->header.opcode == WSP_OPCODE_CLOSE && words_are(w, first, "close")) {
        if (!read_close(w, first + 1, f, error))
            return false;
    } else {
        f->payload = data_read(w, first + 1, error);
        if (!f->payload)
            return false;
    }
    g_autoptr(GByteArray) payload =
        f->close ? g_byte_array_ref(f->close) : data_bytes(f->payload, 0);
    return check_length(w, f, payload->len, error);
}

frame_line *frame_line_read(const words *w, size_t first, GError **error)
{
    frame_line *f = g_new0(frame_line, 1);
    if (read_line(f, w, first, error))
        return f;
    frame_line_free(f);
    return NULL;
}

void frame_line_append(const frame_line *f, wsp_sender sender, seed *keys, uint64_t data_seed,
                       GByteArray *out)
{
    g_autoptr(GByteArray) payload =
        f->close ? g_byte_array_ref(f->close) : data_bytes(f->payload, data_seed);
    wsp_frame_header header = f->header;
    if (!f->says_masked)
        header.masked = sender == WSP_FROM_CLIENT;
    if (!f->says_length)
        header.payload_length = payload->len;
    if (header.masked && !f->says_key)
        seed_bytes(keys, header.masking_key, sizeof header.masking_key);
    uint8_t bytes[WSP_FRAME_HEADER_MAX];
    int len = wsp_frame_header_encode(bytes, &header);
    g_byte_array_append(out, bytes, (guint)len);
    guint at = out->len;
    g_byte_array_append(out, payload->data, payload->len);
    if (header.masked)
        wsp_mask(out->data + at, out->data + at, payload->len, header.masking_key, 0);
}

void frame_line_free(frame_line *f)
{
    if (!f)
        return;
    g_clear_pointer(&f->close, g_byte_array_unref);
    g_clear_pointer(&f->payload, data_free);
    g_free(f);
}
