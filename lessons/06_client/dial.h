/*
 * Given: a stream of bytes to a server, over TCP or over TLS. Nothing here waits longer than its
 * caller says; the descriptor is non-blocking. SIGPIPE has to be ignored.
 */
#ifndef CLIENT_DIAL_H
#define CLIENT_DIAL_H

#include <glib.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct dial dial;

/* Milliseconds of a clock that nobody sets back. Every `until` below is a time of it. */
static inline uint64_t now_ms(void)
{
    return (uint64_t)g_get_monotonic_time() / 1000;
}

/* How long it is until then, as poll() wants to know it. */
static inline int ms_until(uint64_t until)
{
    uint64_t now = now_ms();
    return until > now ? (int)MIN(until - now, INT_MAX) : 0;
}

/* Why there is no connection: another attempt may help, or a person has to change something. */
#define DIAL_ERROR g_quark_from_static_string("dial")
typedef enum dial_error { DIAL_FAILED, DIAL_UNTRUSTED } dial_error;

/*
 * Connect to host and port of a URL, trying one address of the host after the other. For wss:// the
 * server has to show a certificate for that host, signed by somebody whom the system trusts, or
 * who is in the file `ca` (not NULL). Looking up the name may take longer than `until`. NULL, with
 * *error set, when it cannot be done.
 */
dial *dial_open(GUri *url, const char *ca, uint64_t until, GError **error);

/*
 * As recv() and send(): bytes read or written, 0 = the other side has ended its direction, -1 =
 * errno tells. They wait for the first byte until `until`, and then fail with EAGAIN; 0: at once.
 * Read with room for 16 KiB: that is a whole record of TLS, and nothing stays behind which poll()
 * cannot see.
 */
ssize_t dial_read(dial *d, void *bytes, size_t size, uint64_t until);
ssize_t dial_write(dial *d, const void *bytes, size_t len, uint64_t until);

/* Write what is in `out`, as far as it goes now, and take it out. False: nothing will go any more.
 */
bool dial_flush(dial *d, GByteArray *out);

/* What to give to poll(): something comes, or can be written. */
struct pollfd dial_poll(const dial *d, bool to_write);

/* For dial.c itself: a connected socket, or -1 with *error set; wait for one of `events`.
 * (connect.c)
 */
int dial_connect(const char *host, int port, uint64_t until, GError **error);
bool dial_wait(int fd, short events, uint64_t until);

/* End our direction: the other side reads the end. */
void dial_finish(dial *d);

/* Close it and forget it. */
void dial_close(dial *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(dial, dial_close)

#endif
