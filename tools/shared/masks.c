#include "masks.h"

#include "decoded.h"
#include "player.h"

/* A key as a number. */
static uint32_t key_of(const decoded_frame *f)
{
    const uint8_t *k = f->header.masking_key;
    return (uint32_t)k[0] << 24 | (uint32_t)k[1] << 16 | (uint32_t)k[2] << 8 | k[3];
}

/* "frame 2 of connection 1 has the key 00 00 00 00": by wsdump's numbers. */
static void tell_key(finding *f, const decoded_frame *frame)
{
    const uint8_t *k = frame->header.masking_key;
    finding_detail(f, "frame %u of connection %u has the key %02x %02x %02x %02x", frame->number,
                   frame->connection->number, k[0], k[1], k[2], k[3]);
}

static const char *fault_of(const decoded_frame *frame, const decoded_frame *same)
{
    return !frame->header.masked ? "a frame has no key"
           : same                ? "two frames have the same key"
           : key_of(frame) == 0  ? "a key that is zero hides nothing"
                                 : NULL;
}

/* Are four keys or more always the one before and a number? */
static bool are_counted(const GPtrArray *frames)
{
    enum { ENOUGH = 4 };
    bool same = frames->len >= ENOUGH;
    for (guint i = 2; same && i < frames->len; i++)
        same = key_of(frames->pdata[i]) - key_of(frames->pdata[i - 1]) ==
               key_of(frames->pdata[1]) - key_of(frames->pdata[0]);
    return same;
}

/* All masked frames of clients, up to the first that is at fault; then *fault says what is wrong,
 * and *same may be the other one. */
static GPtrArray *look_through(const decoded *d, const char **fault, const decoded_frame **same)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    GPtrArray *frames = g_ptr_array_new();
    *fault = NULL;
    for (guint i = 0; !*fault && i < d->frames->len; i++) {
        decoded_frame *f = d->frames->pdata[i];
        if (f->from != WSP_FROM_CLIENT)
            continue;
        void *key = GUINT_TO_POINTER(key_of(f));
        *same = f->header.masked ? g_hash_table_lookup(seen, key) : NULL;
        *fault = fault_of(f, *same);
        g_hash_table_insert(seen, key, f);
        g_ptr_array_add(frames, f);
    }
    if (!*fault && are_counted(frames))
        *fault = "keys that are counted up can be foretold";
    return frames;
}

bool masks_expect(player *p, const step *s)
{
    (void)s;
    const char *fault = NULL;
    const decoded_frame *same = NULL;
    g_autoptr(decoded) d = decoded_of(p->result->transcript);
    g_autoptr(GPtrArray) frames = look_through(d, &fault, &same);
    if (!fault && frames->len < 2)
        fault = "fewer than two frames came";
    if (!fault)
        return true;
    finding_got(&p->found, "%s", fault);
    if (same)
        tell_key(&p->found, same);
    for (guint i = frames->len - MIN(frames->len, same ? 1 : 3); i < frames->len; i++)
        tell_key(&p->found, frames->pdata[i]);
    if (frames->len > 0) {
        const decoded_frame *last = frames->pdata[frames->len - 1];
        p->found.place = (play_place){.known = true,
                                      .connection = (unsigned)(last->connection - d->connections),
                                      .frame = last->nth};
    }
    return false;
}
