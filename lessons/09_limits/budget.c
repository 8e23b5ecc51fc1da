/*
 * Given: what the limits cost. What one connection can take at most, times the connections that are
 * let in, is the budget of the server. An attack may use it up; it may not exceed it.
 */
#include "08_gate/gate.h"
#include "09_limits/usage.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

static const size_t KIB = 1024, MIB = 1048576;

/* Threads, addresses, the libraries: what is there however many come. */
static const size_t COST_OF_NONE = 25165824; /* 24 MiB */

/* One connection, at most. What is shared (a frame waits in many outboxes) counts for each. */
static size_t cost_of_one(GString *parts)
{
    const struct {
        const char *what;
        size_t bytes;
    } costs[] = {
        {"read", 16 * KIB},                            /* the head, later 4096 at a time */
        {"message", 3 * (size_t)limits.message_bytes}, /* as bytes, and while JSON is read */
        {"requests", (size_t)(2 * CREDIT) * (TEXT_MAX + 256)}, /* the reader's, and the hub's */
        {"outbox", (size_t)limits.outbox_bytes},               /* until the socket has taken it */
        {"stack", 64 * KIB},                                   /* the pages that a reader touches */
        {"compression", limits.deflate ? INFLATER_BYTES : 0},
        {"TLS", gate.certificate ? 128 * KIB : 0}, /* OpenSSL's, and what is encrypted, not sent */
        {"else", 16 * KIB},                        /* conn, rooms, what malloc needs */
    };
    size_t sum = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(costs); i++) {
        sum += costs[i].bytes;
        if (costs[i].bytes > 0)
            g_string_append_printf(parts, "%s%s %zu", i > 0 ? ", " : "", costs[i].what,
                                   (costs[i].bytes + KIB - 1) / KIB);
    }
    return sum;
}

static G_NORETURN void no_room(void)
{
    fprintf(stderr, "%s: not even one connection fits into --max-memory, or into ulimit -n\n",
            g_get_prgname());
    exit(2);
}

/* As many connections as memory and descriptors allow; one in ten more may come in to be refused.
 */
static void fit(size_t one)
{
    enum { OTHER_FILES = 64 };
    struct rlimit files = {0};
    const int wanted = limits.total;
    const size_t room = (size_t)limits.memory_mib * MIB;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    for (;; limits.total--) {
        limits.places = limits.total + limits.total / 10 + 1;
        if ((room == 0 || (size_t)limits.places * one + COST_OF_NONE <= room) &&
            (rlim_t)limits.places + OTHER_FILES <= files.rlim_cur)
            break;
        if (limits.total <= 1)
            no_room();
    }
    if (limits.total < wanted)
        lesson_log(0, "limits: room for %d connections, not for %d", limits.total, wanted);
}

void budget_prepare(void)
{
    g_autoptr(GString) parts = g_string_new(NULL);
    mallopt(M_ARENA_MAX, 2); /* each arena keeps what was freed in it */
    mallopt(M_TRIM_THRESHOLD, (int)MIB);
    settings.outbox_bytes = limits.outbox_bytes;
    const size_t one = cost_of_one(parts);
    fit(one);
    const size_t count = (size_t)limits.places;
    const size_t kernel = count * 4 * (size_t)limits.socket_bytes; /* two, and it doubles each */
    lesson_log(0, "budget: %zu KiB for one connection at most: %s", (one + KIB - 1) / KIB,
               parts->str);
    lesson_log(0,
               "budget: %zu MiB for %d connections, %zu more to refuse, and the rest; "
               "%zu MiB of socket buffers in the kernel",
               (count * one + COST_OF_NONE + MIB - 1) / MIB, limits.total,
               count - (size_t)limits.total, (kernel + MIB - 1) / MIB);
}

/* By itself the kernel lets a buffer grow to megabytes, for a client that is fast, or seems to be.
 */
void budget_socket(int fd)
{
    const int bytes = limits.socket_bytes;
    if (bytes > 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    }
}

void limits_stats(void)
{
    g_mutex_lock(&all.lock);
    lesson_log(
        0, "limits: addresses %u, refused %" PRIu64 ", cut %" PRIu64 ", messages dropped %" PRIu64,
        all.addresses ? g_hash_table_size(all.addresses) : 0, all.refused, all.cut, all.dropped);
    g_mutex_unlock(&all.lock);
}
