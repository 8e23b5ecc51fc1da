/* A server of small frames for one client at a time: enough for a test of the grader. */
#include "common.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static int messages; /* how many came */

static void stop(int number)
{
    (void)number;
    _exit(0);
}

static gpointer count(gpointer unused)
{
    messages++; /* TODO 01.2: two threads do this. */
    return unused;
}

/* Answer one frame of less than 126 bytes; false: the connection ends. */
static bool answer(int fd)
{
    uint8_t in[6 + 125], out[2 + 125];
    if (recv(fd, in, 6, MSG_WAITALL) != 6)
        return false;
    uint8_t len = in[1] & 0x7f, opcode = in[0] & 0x0f;
    if (len > 125 || recv(fd, in + 6, len, MSG_WAITALL) != len)
        return false;
    GThread *thread = g_thread_new("count", count, NULL);
    count(NULL);
    out[0] = opcode == 9 ? 0x8a : in[0]; /* a ping becomes a pong */
    out[1] = len;
    for (uint8_t i = 0; i < len; i++)
        out[2 + i] = in[6 + i]; /* TODO 01.1: undo the masking. */
    g_thread_join(thread);
    return lesson_send(fd, out, 2U + len) && opcode != 8;
}

int main(int argc, char **argv)
{
    lesson_options options = lesson_options_read(argc, argv, 0, NULL, "Answers small frames.");
    signal(SIGTERM, stop);
    int listener = lesson_listen(&options);
    for (int fd; (fd = lesson_accept(listener)) >= 0; close(fd)) {
        g_autoptr(GByteArray) behind = g_byte_array_new();
        if (lesson_handshake(fd, behind))
            while (answer(fd))
                ;
    }
    return 0;
}
