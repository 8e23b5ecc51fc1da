#include "masks.h"

#include "decoded.h"
#include "player.h"

/* A key as a number; a frame without one has none. */
static uint32_t key_of(const decoded_frame *f)
{
    const uint8_t *k = f->header.masking_key;
    return (uint32_t)k[0] << 24 | (uint32_t)k[1] << 16 | (uint32_t)k[2] << 8 | k[3];
}

static bool wrong(player *p, const decoded *d, const decoded_frame *f, const char *what)
{
    const uint8_t *k = f->header.masking_key;
    finding_got(&p->found, "frame %u of connection %u: %s", f->number, f->connection->number, what);
    if (f->header.masked)
        finding_detail(&p->found,
                       "its masking key is %02x %02x %02x %02x (frames and connections "
                       "have wsdump's numbers)",
                       k[0], k[1], k[2], k[3]);
    p->found.place = (play_place){
        .known = true, .connection = (unsigned)(f->connection - d->connections), .frame = f->nth};
    return false;
}

/* One more frame. `seen` has the frames by their keys. */
static bool is_new(player *p, const decoded *d, GHashTable *seen, decoded_frame *f)
{
    if (!f->header.masked)
        return wrong(p, d, f, "it is not masked");
    if (key_of(f) == 0)
        return wrong(p, d, f, "its masking key is zero");
    const decoded_frame *before = g_hash_table_lookup(seen, GUINT_TO_POINTER(key_of(f)));
    g_hash_table_insert(seen, GUINT_TO_POINTER(key_of(f)), f);
    if (!before)
        return true;
    g_autofree char *what = g_strdup_printf("the same masking key as frame %u of connection %u",
                                            before->number, before->connection->number);
    return wrong(p, d, f, what);
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

bool masks_expect(player *p, const step *s)
{
    (void)s;
    g_autoptr(decoded) d = decoded_of(p->result->conversation);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) frames = g_ptr_array_new();
    bool right = true;
    for (guint i = 0; right && i < d->frames->len; i++) {
        decoded_frame *f = d->frames->pdata[i];
        if (f->from != WSP_FROM_CLIENT)
            continue;
        right = is_new(p, d, seen, f);
        g_ptr_array_add(frames, f);
    }
    if (right && are_counted(frames))
        right = wrong(p, d, frames->pdata[frames->len - 1],
                      "each masking key is the one before and the same number");
    if (right && frames->len < 2) {
        finding_got(&p->found, "%u frames came: too few to compare", frames->len);
        right = false;
    }
    return right;
}
