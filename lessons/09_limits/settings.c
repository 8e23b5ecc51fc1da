/*
 * Given: the numbers. A limit that nobody knows is somebody's bug report later: so each of them is
 * an option, and the program says at its start what they are.
 */
#include "09_limits/usage.h"

enum { KIB = 1024, MIB = 1024 * KIB };

struct limits limits = {
    .messages = {10, 20},
    .controls = {10, 40},
    .shared = {100, 200},
    .connects = {5, 50},
    .strikes = {.burst = 3},
    .per_address = 200,
    .total = 1000,
    .handshake_ms = 5000,
    .message_ms = 10000,
    .message_bytes = MESSAGE_MAX,
    .fragments = 64,
    .outbox_bytes = 64 * KIB,
    .socket_bytes = 64 * KIB,
    .ratio = 100,
};
static int forgive_ms = 10000;

static const GOptionEntry entries[] = {
    {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &limits.messages.per_second,
     "Messages of a client in a second (10), ...", "N"},
    {"burst", 0, 0, G_OPTION_ARG_INT, &limits.messages.burst,
     "... and at once; here and below 0 = no limit (20)", "N"},
    {"address-rate", 0, 0, G_OPTION_ARG_DOUBLE, &limits.shared.per_second,
     "Messages of all clients of one address in a second (100), ...", "N"},
    {"address-burst", 0, 0, G_OPTION_ARG_INT, &limits.shared.burst, "... and at once (200)", "N"},
    {"control-rate", 0, 0, G_OPTION_ARG_DOUBLE, &limits.controls.per_second,
     "Pings and pongs of a client in a second (10), ...", "N"},
    {"control-burst", 0, 0, G_OPTION_ARG_INT, &limits.controls.burst, "... and at once (40)", "N"},
    {"connect-rate", 0, 0, G_OPTION_ARG_DOUBLE, &limits.connects.per_second,
     "New connections of one address in a second (5), ...", "N"},
    {"connect-burst", 0, 0, G_OPTION_ARG_INT, &limits.connects.burst, "... and at once (50)", "N"},
    {"strikes", 0, 0, G_OPTION_ARG_INT, &limits.strikes.burst,
     "Refused requests of a client until it has to go (3)", "N"},
    {"forgive-ms", 0, 0, G_OPTION_ARG_INT, &forgive_ms,
     "One strike is forgiven each so many milliseconds (10000)", "MS"},
    {"per-address", 0, 0, G_OPTION_ARG_INT, &limits.per_address, "Connections of one address (200)",
     "N"},
    {"max-connections", 0, 0, G_OPTION_ARG_INT, &limits.total, "Connections of all (1000)", "N"},
    {"max-memory", 0, 0, G_OPTION_ARG_INT, &limits.memory_mib,
     "Let in fewer, so that this is enough; 0 = whatever it takes (0)", "MIB"},
    {"handshake-ms", 0, 0, G_OPTION_ARG_INT, &limits.handshake_ms,
     "The longest for a request (5000)", "MS"},
    {"message-ms", 0, 0, G_OPTION_ARG_INT, &limits.message_ms,
     "The longest from the first byte of a message to its last (10000)", "MS"},
    {"message-bytes", 0, 0, G_OPTION_ARG_INT, &limits.message_bytes,
     "Bytes of a message, inflated (16384)", "BYTES"},
    {"fragments", 0, 0, G_OPTION_ARG_INT, &limits.fragments, "Frames of a message (64)", "N"},
    {"outbox-bytes", 0, 0, G_OPTION_ARG_INT, &limits.outbox_bytes,
     "Bytes that may wait for a client (65536)", "BYTES"},
    {"socket-bytes", 0, 0, G_OPTION_ARG_INT, &limits.socket_bytes,
     "Each of a connection's two buffers in the kernel (65536)", "BYTES"},
    {"deflate", 0, 0, G_OPTION_ARG_NONE, &limits.deflate, "Compress, with who can", NULL},
    {"ratio", 0, 0, G_OPTION_ARG_INT, &limits.ratio,
     "Bytes that one compressed byte may become (100)", "N"},
    {"batch-ms", 0, 0, G_OPTION_ARG_INT, &limits.batch_ms,
     "Prices in rooms ticker:... go out so often, the latest only; 0 = each at once (0)", "MS"},
    {"open", 0, 0, G_OPTION_ARG_NONE, &limits.open, "Let everybody in, without a token", NULL},
    G_OPTION_ENTRY_NULL};

const GOptionEntry *limits_options(const GOptionEntry *more)
{
    GArray *both = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    g_array_append_vals(both, entries, G_N_ELEMENTS(entries) - 1);
    for (; more && more->long_name; more++)
        g_array_append_vals(both, more, 1);
    return (const GOptionEntry *)g_array_free(both, FALSE);
}

/* ---- Judging them ---- */

/* Those of which 0 is not "no limit" but no service. */
static const int *const needed[] = {
    &limits.total,         &limits.strikes.burst, &forgive_ms,
    &limits.handshake_ms,  &limits.message_ms,    &limits.ratio,
    &limits.message_bytes, &limits.fragments,     &limits.outbox_bytes};

static bool is_needed(const void *number)
{
    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
        if (needed[i] == number)
            return true;
    return false;
}

static void judge(void)
{
    enum { MOST = 1 << 24 };
    for (const GOptionEntry *one = entries; one->long_name; one++) {
        const int number = one->arg == G_OPTION_ARG_INT ? *(int *)one->arg_data : 1;
        if (one->arg == G_OPTION_ARG_DOUBLE && !(*(double *)one->arg_data > 0))
            chat_wrong("a number above 0 belongs to --", one->long_name);
        if (number < is_needed(one->arg_data) || number > MOST)
            chat_wrong(is_needed(one->arg_data) ? "a number from 1 to 16777216 belongs to --"
                                                : "a number from 0 to 16777216 belongs to --",
                       one->long_name);
    }
    limits.strikes.per_second = 1000.0 / forgive_ms;
    g_snprintf(limits.farewell, sizeof limits.farewell, "too many strikes, come back in %d s",
               (forgive_ms + 999) / 1000);
}

static void tell(void)
{
    g_autoptr(GString) values = g_string_new(NULL);
    for (const GOptionEntry *one = entries; one->long_name; one++)
        if (one->arg == G_OPTION_ARG_DOUBLE)
            g_string_append_printf(values, " %s %g", one->long_name, *(double *)one->arg_data);
        else if (one->arg == G_OPTION_ARG_INT)
            g_string_append_printf(values, " %s %d", one->long_name, *(int *)one->arg_data);
    lesson_log(0, "limits:%s%s%s", values->str, limits.deflate ? " deflate" : "",
               limits.open ? " open" : "");
    if (limits.open)
        lesson_log(0, "limits: the gate is open: whoever comes is let in, without a token");
}

void limits_prepare(void)
{
    judge();
    budget_prepare();
    tell();
}
