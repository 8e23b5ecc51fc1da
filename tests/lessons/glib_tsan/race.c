/* One of the two threads forgets the lock: ThreadSanitizer must say so. */
#include <glib.h>

static GMutex lock;
static int count;

static gpointer careful(gpointer data)
{
    for (int i = 0; i < 1000; i++) {
        g_mutex_lock(&lock);
        count++;
        g_mutex_unlock(&lock);
    }
    return data;
}

static gpointer careless(gpointer data)
{
    for (int i = 0; i < 1000; i++)
        count++;
    return data;
}

int main(void)
{
    GThread *threads[] = {g_thread_new("careful", careful, NULL),
                          g_thread_new("careless", careless, NULL)};
    for (int i = 0; i < 2; i++)
        g_thread_join(threads[i]);
    return 0;
}
