/*
 * Lesson 07's writers, when a connection is ended at the worst moment: while one of them is busy
 * with it. Whoever ends it, and whenever: its Close goes out behind all that was put in before, and
 * then the end of our direction.
 */
#include "07_hub/conn.h"
#include "07_hub/rules.h"
#include "07_hub/settings.h"
#include "07_hub/writers.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUNDS = 100 };

static const char answer[] = "the answer", expected[] = "the answer\x88\x02\x03\xe8";

/* Where the connection is ended: before the writer asks whether it is, or while it sends. */
static enum moment { NEVER, ASKING, SENDING } moment;

static void end_it(conn *c, enum moment now)
{
    if (now != moment)
        return;
    moment = NEVER;
    outbox_end(c, CLIENT, 1000, NULL);
    writers_look(c);
}

/* The linker puts ours in the place of outbox_why(). */
end __real_outbox_why(conn *c, uint16_t *code); /* NOLINT(bugprone-reserved-identifier) */
end __wrap_outbox_why(conn *c, uint16_t *code); /* NOLINT(bugprone-reserved-identifier) */
end __wrap_outbox_why(conn *c, uint16_t *code)  /* NOLINT(bugprone-reserved-identifier) */
{
    end_it(c, ASKING);
    return __real_outbox_why(c, code);
}

static ssize_t slow_send(conn *c, const struct iovec *out, int count)
{
    end_it(c, SENDING);
    return plain_send(c, out, count);
}

static void test_its_close_goes_out(enum moment when)
{
    int pair[2];
    char got[64];
    size_t len = 0;
    conn *c = g_new0(conn, 1);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    atomic_init(&c->refs, 1);
    g_mutex_init(&c->out.lock);
    sem_init(&c->credit, 0, CREDIT);
    c->rooms = g_hash_table_new(NULL, NULL);
    c->writer = writer_of(1), c->fd = pair[0];
    moment = when; /* its writer does not know it yet */
    g_autoptr(GBytes) first = g_bytes_new_static(answer, strlen(answer));
    g_assert_true(outbox_open(c, first));
    for (ssize_t n; (n = read(pair[1], got + len, sizeof got - len)) > 0;)
        len += (size_t)n;
    g_assert_cmpuint(len, ==, strlen(expected));
    g_assert_true(memcmp(got, expected, len) == 0);
    atomic_store(&c->left, true);
    writers_look(c);
    writers_wait(); /* they have done with it */
    close(pair[1]);
    conn_unref(c);
}

int main(void)
{
    rules.send = slow_send, rules.finish = plain_finish;
    options.write_ms = 60000;
    writers_start();
    for (int n = 0; n < ROUNDS; n++)
        for (enum moment when = ASKING; when <= SENDING; when++)
            test_its_close_goes_out(when);
    writers_stop();
    return 0;
}
