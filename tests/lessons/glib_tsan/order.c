/* Two locks, taken in opposite order: no race, and one day a deadlock. ThreadSanitizer must say so
 * although nothing happens today. */
#include <glib.h>

static GMutex first, second;
static int count;

static gpointer forth(gpointer data)
{
    g_mutex_lock(&first);
    g_mutex_lock(&second);
    count++;
    g_mutex_unlock(&second);
    g_mutex_unlock(&first);
    return data;
}

static gpointer back(gpointer data)
{
    g_mutex_lock(&second);
    g_mutex_lock(&first);
    count++;
    g_mutex_unlock(&first);
    g_mutex_unlock(&second);
    return data;
}

int main(void)
{
    g_thread_join(g_thread_new("forth", forth, NULL));
    g_thread_join(g_thread_new("back", back, NULL));
    return 0;
}
