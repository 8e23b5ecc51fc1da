/* Fails 00.2. The learner copies the answer of the example. It is the answer to one key only. */
#include <wsproto/wsproto.h>

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>

/* The proof that the server knows WebSockets: the key as it stands in the header, and behind it a
 * text that nobody else would put there; of both the SHA-1, 20 bytes; of these the base64. */
static char *accept_for_key(const char *key)
{
    (void)key;
    return g_strdup("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/* One frame: its header as it is on the wire, what that means, its payload without the mask.
 * Returns how many bytes all that is. */
static size_t print_frame(uint8_t *in, size_t left)
{
    wsp_frame_header h;
    size_t size = (size_t)wsp_frame_header_decode(&h, in, left); /* 2 to 14; 0 = it is not whole */
    g_autoptr(GString) header = g_string_new(NULL);
    for (size_t i = 0; i < (size ? size : left); i++)
        g_string_append_printf(header, "%02x ", in[i]);
    if (size == 0) {
        printf("%-24s cut inside the header\n", header->str);
        return left;
    }
    printf("%-24s %s %-12s length %" PRIu64 "%s: ", header->str, h.fin ? "FIN" : "   ",
           wsp_opcode_name(h.opcode), h.payload_length, h.masked ? ", masked" : "");
    size_t len = MIN(h.payload_length, left - size);
    wsp_mask(in + size, in + size, len, h.masking_key, 0); /* without a mask the key is 00000000 */
    for (size_t i = size; i < size + MIN(len, 24); i++)
        printf(g_ascii_isprint(in[i]) ? "%c" : "\\x%02x", in[i]);
    printf("%s\n", len < h.payload_length ? " (cut)" : len > 24 ? " ..." : "");
    return size + len;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    g_autofree char *accept = argc == 3 ? accept_for_key(argv[2]) : NULL;
    if (accept && g_str_equal(what, "accept")) {
        printf("%s\n", accept);
    } else if (accept && g_str_equal(what, "answer")) {
        /* A client believes a 101 only with these three lines. Behind the empty one come frames. */
        printf("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
               accept);
    } else if (argc == 2 && g_str_equal(what, "frames")) {
        static uint8_t in[1 << 20];
        for (size_t at = 0, len = fread(in, 1, sizeof in, stdin); at < len;)
            at += print_frame(in + at, len - at);
    } else {
        fprintf(stderr, "wire: accept KEY, answer KEY, or frames (on stdin)\n");
        return 2;
    }
    return 0;
}
