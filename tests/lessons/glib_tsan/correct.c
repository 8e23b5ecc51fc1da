/* Shares data in every way that glib_tsan.h knows, correctly: ThreadSanitizer must stay silent. */
#include <glib.h>

enum { ROUNDS = 2000 };

static GMutex lock;
static GCond changed;
static int box, seen; /* box: 0 = empty; both under the lock */

static GRWLock rw;
static int table[4]; /* under rw */
static GRecMutex rec;
static int depth; /* under rec */

static GOnce once = G_ONCE_INIT;
static GAsyncQueue *queue;

static gpointer make(gpointer data)
{
    int *made = g_new(int, 1);
    *made = 42;
    (void)data;
    return made;
}

static int *made_by_init(void)
{
    static gsize made;
    if (g_once_init_enter(&made))
        g_once_init_leave(&made, (gsize)make(NULL));
    return (int *)made;
}

static gpointer producer(gpointer data)
{
    for (int i = 1; i <= ROUNDS; i++) {
        g_mutex_lock(&lock);
        while (box != 0)
            g_cond_wait(&changed, &lock);
        box = i;
        g_cond_broadcast(&changed);
        g_mutex_unlock(&lock);

        int *item = g_new(int, 1);
        *item = i;
        if (i % 2 == 0) {
            g_async_queue_push(queue, item);
        } else {
            g_async_queue_lock(queue);
            g_async_queue_push_unlocked(queue, item);
            g_async_queue_unlock(queue);
        }

        g_rw_lock_writer_lock(&rw);
        table[i % 4] = i;
        g_rw_lock_writer_unlock(&rw);
        g_rec_mutex_lock(&rec);
        g_rec_mutex_lock(&rec);
        depth++;
        g_rec_mutex_unlock(&rec);
        g_rec_mutex_unlock(&rec);
    }
    if (*(int *)g_once(&once, make, NULL) != 42 || *made_by_init() != 42)
        g_error("once");
    g_autoptr(GBytes) bytes = data; /* the other thread gives its reference back by hand */
    if (*(const char *)g_bytes_get_data(bytes, NULL) != 'a')
        g_error("bytes");
    g_log_structured("test", G_LOG_LEVEL_MESSAGE, "MESSAGE", "the producer is done");
    return NULL;
}

static gpointer consumer(gpointer data)
{
    for (int i = 1; i <= ROUNDS; i++) {
        gint64 until = g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND;
        g_mutex_lock(&lock);
        while (box == 0)
            g_cond_wait_until(&changed, &lock, until);
        seen += box;
        box = 0;
        g_cond_broadcast(&changed);
        g_mutex_unlock(&lock);

        int *item = i % 3 == 0 ? g_async_queue_try_pop(queue) : NULL;
        item = item ? item : g_async_queue_pop(queue);
        if (*item != i)
            g_error("queue");
        g_free(item);

        g_rw_lock_reader_lock(&rw);
        int sum = table[0] + table[1] + table[2] + table[3];
        g_rw_lock_reader_unlock(&rw);
        if (g_mutex_trylock(&lock)) {
            seen += sum < 0;
            g_mutex_unlock(&lock);
        }
        if (g_rec_mutex_trylock(&rec)) {
            depth++;
            g_rec_mutex_unlock(&rec);
        }
    }
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&lock);
    seen += *(int *)g_once(&once, make, NULL) + *made_by_init();
    if (*(const char *)g_bytes_get_data(data, NULL) != 'a')
        g_error("bytes");
    g_bytes_unref(data);
    g_log_structured("test", G_LOG_LEVEL_MESSAGE, "MESSAGE", "the consumer is done");
    return NULL;
}

int main(void)
{
    queue = g_async_queue_new();
    GBytes *bytes = g_bytes_new("abc", 3);
    GThread *threads[] = {g_thread_new("producer", producer, g_bytes_ref(bytes)),
                          g_thread_new("consumer", consumer, g_bytes_ref(bytes))};
    g_bytes_unref(bytes);
    for (int i = 0; i < 2; i++)
        g_thread_join(threads[i]);
    g_async_queue_unref(queue);
    g_free(once.retval);
    g_free(made_by_init());
    return seen == ROUNDS * (ROUNDS + 1) / 2 + 84 ? 0 : 1;
}
