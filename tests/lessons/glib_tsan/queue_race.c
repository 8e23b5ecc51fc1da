/* What was pushed is written again behind the push: ThreadSanitizer must say so. */
#include <glib.h>

static gpointer taker(gpointer data)
{
    int *item = g_async_queue_pop(data);
    return GINT_TO_POINTER(*item);
}

int main(void)
{
    static int item;
    GAsyncQueue *queue = g_async_queue_new();
    GThread *thread = g_thread_new("taker", taker, queue);
    item = 1;
    g_async_queue_push(queue, &item);
    item = 2;
    g_thread_join(thread);
    g_async_queue_unref(queue);
    return 0;
}
