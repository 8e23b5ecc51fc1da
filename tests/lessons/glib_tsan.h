/*
 * What ThreadSanitizer cannot see by itself: GLib's locks and queues. libglib is not compiled with
 * it, and its GMutex is a futex, not a pthread mutex; so a correct program is reported. This header
 * is included in front of each source file (-include) of a ThreadSanitizer build. It wraps GLib's
 * functions so that they tell the sanitizer what they do:
 *
 *   locks       __tsan_mutex_*: reports then say which locks were held, and which two of them are
 *               taken in opposite order
 *   the others  __tsan_release where one thread hands on, __tsan_acquire where another takes over
 *
 * Threads need nothing: GLib makes and joins them with pthread_create and pthread_join.
 */
#ifndef LESSONS_GLIB_TSAN_H
#define LESSONS_GLIB_TSAN_H

#if __has_include(<glib.h>) && !defined(__ASSEMBLER__)
/* A file that asks for all of the C library does so behind this line, which is too late for it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <glib.h>
#include <sanitizer/tsan_interface.h>

/* What the code of a library does that the sanitizer did not compile is not looked at: GObject
 * keeps its types under locks of GLib's own. Our calls into GLib are still seen, and what we give
 * it. */
#ifdef __cplusplus
extern "C" {
#endif
const char *__tsan_default_options(void);
__attribute__((weak, used, no_sanitize_thread)) const char *__tsan_default_options(void)
{
    return "ignore_noninstrumented_modules=1";
}

/* The sanitizer's: what this thread does from Begin to End is not looked at. */
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
#ifdef __cplusplus
}
#endif

#define TSAN_WRAPPER static inline __attribute__((unused, always_inline))

/* ---- Locks ------------------------------------------------------------------------------------
 * A lock in zeroed memory is never announced (linker_init), one on the heap may be freed without a
 * g_mutex_clear: both are fine with GLib. */

TSAN_WRAPPER void tsan_before_lock(void *lock, unsigned how)
{
    __tsan_mutex_pre_lock(lock, __tsan_mutex_linker_init | how);
}

TSAN_WRAPPER void tsan_after_lock(void *lock, unsigned how)
{
    __tsan_mutex_post_lock(lock, __tsan_mutex_linker_init | how, 0);
}

TSAN_WRAPPER void tsan_before_unlock(void *lock, unsigned how)
{
    (void)__tsan_mutex_pre_unlock(lock, how);
}

TSAN_WRAPPER void tsan_after_unlock(void *lock, unsigned how)
{
    __tsan_mutex_post_unlock(lock, how);
}

#define TSAN_LOCK(name, type, how)            \
    TSAN_WRAPPER void tsan_##name(type *lock) \
    {                                         \
        tsan_before_lock(lock, how);          \
        name(lock);                           \
        tsan_after_lock(lock, how);           \
    }
#define TSAN_TRYLOCK(name, type, how)                                                              \
    TSAN_WRAPPER gboolean tsan_##name(type *lock)                                                  \
    {                                                                                              \
        tsan_before_lock(lock, (how) | __tsan_mutex_try_lock);                                     \
        gboolean got = name(lock);                                                                 \
        tsan_after_lock(lock,                                                                      \
                        (how) | __tsan_mutex_try_lock | (got ? 0 : __tsan_mutex_try_lock_failed)); \
        return got;                                                                                \
    }
#define TSAN_UNLOCK(name, type, how)          \
    TSAN_WRAPPER void tsan_##name(type *lock) \
    {                                         \
        tsan_before_unlock(lock, how);        \
        name(lock);                           \
        tsan_after_unlock(lock, how);         \
    }
#define TSAN_CLEAR(name, type)                                \
    TSAN_WRAPPER void tsan_##name(type *lock)                 \
    {                                                         \
        __tsan_mutex_destroy(lock, __tsan_mutex_linker_init); \
        name(lock);                                           \
    }

TSAN_LOCK(g_mutex_lock, GMutex, 0)
TSAN_TRYLOCK(g_mutex_trylock, GMutex, 0)
TSAN_UNLOCK(g_mutex_unlock, GMutex, 0)
TSAN_CLEAR(g_mutex_clear, GMutex)
TSAN_LOCK(g_rec_mutex_lock, GRecMutex, __tsan_mutex_write_reentrant)
TSAN_TRYLOCK(g_rec_mutex_trylock, GRecMutex, __tsan_mutex_write_reentrant)
TSAN_UNLOCK(g_rec_mutex_unlock, GRecMutex, 0)
TSAN_CLEAR(g_rec_mutex_clear, GRecMutex)
TSAN_LOCK(g_rw_lock_writer_lock, GRWLock, 0)
TSAN_TRYLOCK(g_rw_lock_writer_trylock, GRWLock, 0)
TSAN_UNLOCK(g_rw_lock_writer_unlock, GRWLock, 0)
TSAN_LOCK(g_rw_lock_reader_lock, GRWLock, __tsan_mutex_read_lock)
TSAN_TRYLOCK(g_rw_lock_reader_trylock, GRWLock, __tsan_mutex_read_lock)
TSAN_UNLOCK(g_rw_lock_reader_unlock, GRWLock, __tsan_mutex_read_lock)
TSAN_CLEAR(g_rw_lock_clear, GRWLock)

/* g_autoptr(GMutexLocker): GLib's own are inline functions that this file came too late for. */
TSAN_WRAPPER GMutexLocker *tsan_g_mutex_locker_new(GMutex *lock)
{
    tsan_g_mutex_lock(lock);
    return (GMutexLocker *)lock;
}

TSAN_WRAPPER void tsan_g_mutex_locker_free(GMutexLocker *locker)
{
    tsan_g_mutex_unlock((GMutex *)locker);
}

TSAN_WRAPPER void tsan_g_mutex_locker_clear(GMutexLocker **locker)
{
    if (*locker)
        tsan_g_mutex_locker_free(*locker);
}

/* ---- Conditions: waiting gives the lock away and takes it again -------------------------------
 */

TSAN_WRAPPER void tsan_g_cond_wait(GCond *cond, GMutex *lock)
{
    tsan_before_unlock(lock, 0);
    tsan_after_unlock(lock, 0);
    g_cond_wait(cond, lock);
    tsan_before_lock(lock, 0);
    tsan_after_lock(lock, 0);
}

TSAN_WRAPPER gboolean tsan_g_cond_wait_until(GCond *cond, GMutex *lock, gint64 end)
{
    tsan_before_unlock(lock, 0);
    tsan_after_unlock(lock, 0);
    gboolean signalled = g_cond_wait_until(cond, lock, end);
    tsan_before_lock(lock, 0);
    tsan_after_lock(lock, 0);
    return signalled;
}

/* ---- Queues between threads -------------------------------------------------------------------
 */

/* The queue's own memory: one thread allocates a link, another frees it, under a lock that is not
 * seen. What is handed on is the caller's, and is watched. */
#define TSAN_UNSEEN(call)                              \
    do {                                               \
        AnnotateIgnoreWritesBegin(__FILE__, __LINE__); \
        call;                                          \
        AnnotateIgnoreWritesEnd(__FILE__, __LINE__);   \
    } while (0)

TSAN_WRAPPER void tsan_g_async_queue_push(GAsyncQueue *queue, gpointer data)
{
    __tsan_release(queue);
    TSAN_UNSEEN(g_async_queue_push(queue, data));
}

TSAN_WRAPPER void tsan_g_async_queue_push_unlocked(GAsyncQueue *queue, gpointer data)
{
    __tsan_release(queue);
    TSAN_UNSEEN(g_async_queue_push_unlocked(queue, data));
}

TSAN_WRAPPER void tsan_g_async_queue_push_front(GAsyncQueue *queue, gpointer data)
{
    __tsan_release(queue);
    TSAN_UNSEEN(g_async_queue_push_front(queue, data));
}

TSAN_WRAPPER gpointer tsan_g_async_queue_pop(GAsyncQueue *queue)
{
    gpointer data;
    TSAN_UNSEEN(data = g_async_queue_pop(queue));
    __tsan_acquire(queue);
    return data;
}

TSAN_WRAPPER gpointer tsan_g_async_queue_try_pop(GAsyncQueue *queue)
{
    gpointer data;
    TSAN_UNSEEN(data = g_async_queue_try_pop(queue));
    __tsan_acquire(queue);
    return data;
}

TSAN_WRAPPER gpointer tsan_g_async_queue_timeout_pop(GAsyncQueue *queue, guint64 timeout)
{
    gpointer data;
    TSAN_UNSEEN(data = g_async_queue_timeout_pop(queue, timeout));
    __tsan_acquire(queue);
    return data;
}

/* The last reference frees: all that was done with the others came before. */
TSAN_WRAPPER void tsan_g_async_queue_unref(GAsyncQueue *queue)
{
    __tsan_release(queue);
    __tsan_acquire(queue);
    g_async_queue_unref(queue);
}

TSAN_WRAPPER void tsan_g_bytes_unref(GBytes *bytes)
{
    if (bytes) {
        __tsan_release(bytes);
        __tsan_acquire(bytes);
    }
    g_bytes_unref(bytes);
}

TSAN_WRAPPER void tsan_g_bytes_clear(GBytes **bytes)
{
    if (*bytes)
        tsan_g_bytes_unref(*bytes);
}

/* ---- Once: who made it hands on, all others take over -----------------------------------------
 */

typedef struct tsan_once {
    GOnce *once;
    GThreadFunc make;
    gpointer data;
} tsan_once;

TSAN_WRAPPER gboolean tsan_g_once_init_enter(volatile void *location)
{
    gboolean first = (g_once_init_enter)(location);
    __tsan_acquire((void *)location);
    return first;
}

TSAN_WRAPPER void tsan_g_once_init_leave(volatile void *location, gsize result)
{
    __tsan_release((void *)location);
    (g_once_init_leave)(location, result);
}

static __attribute__((unused)) gpointer tsan_once_make(gpointer data)
{
    tsan_once *o = (tsan_once *)data;
    gpointer made = o->make(o->data);
    __tsan_release(o->once);
    return made;
}

TSAN_WRAPPER gpointer tsan_g_once(GOnce *once, GThreadFunc make, gpointer data)
{
    tsan_once o = {once, make, data};
    gpointer made = g_once_impl(once, tsan_once_make, &o);
    __tsan_acquire(once);
    return made;
}

/* ---- The log: it writes the time of day, for which the C library has a lock of its own. Nothing
 * that happens inside is looked at. */

TSAN_WRAPPER void tsan_look_away(void)
{
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

TSAN_WRAPPER void tsan_look_again(void)
{
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

#define g_log_structured(...) (tsan_look_away(), (g_log_structured)(__VA_ARGS__), tsan_look_again())

#undef g_once
#undef g_once_init_enter
#undef g_once_init_leave
#define g_once tsan_g_once
#define g_once_init_enter(location) tsan_g_once_init_enter(location)
#define g_once_init_leave(location, result) tsan_g_once_init_leave(location, (gsize)(result))
#define g_mutex_lock tsan_g_mutex_lock
#define g_mutex_trylock tsan_g_mutex_trylock
#define g_mutex_unlock tsan_g_mutex_unlock
#define g_mutex_clear tsan_g_mutex_clear
#define g_rec_mutex_lock tsan_g_rec_mutex_lock
#define g_rec_mutex_trylock tsan_g_rec_mutex_trylock
#define g_rec_mutex_unlock tsan_g_rec_mutex_unlock
#define g_rec_mutex_clear tsan_g_rec_mutex_clear
#define g_rw_lock_writer_lock tsan_g_rw_lock_writer_lock
#define g_rw_lock_writer_trylock tsan_g_rw_lock_writer_trylock
#define g_rw_lock_writer_unlock tsan_g_rw_lock_writer_unlock
#define g_rw_lock_reader_lock tsan_g_rw_lock_reader_lock
#define g_rw_lock_reader_trylock tsan_g_rw_lock_reader_trylock
#define g_rw_lock_reader_unlock tsan_g_rw_lock_reader_unlock
#define g_rw_lock_clear tsan_g_rw_lock_clear
#define g_mutex_locker_new tsan_g_mutex_locker_new
#define g_mutex_locker_free tsan_g_mutex_locker_free
#define glib_autoptr_cleanup_GMutexLocker tsan_g_mutex_locker_clear
#define g_cond_wait tsan_g_cond_wait
#define g_cond_wait_until tsan_g_cond_wait_until
#define g_async_queue_push tsan_g_async_queue_push
#define g_async_queue_push_unlocked tsan_g_async_queue_push_unlocked
#define g_async_queue_push_front tsan_g_async_queue_push_front
#define g_async_queue_pop tsan_g_async_queue_pop
#define g_async_queue_try_pop tsan_g_async_queue_try_pop
#define g_async_queue_timeout_pop tsan_g_async_queue_timeout_pop
#define g_async_queue_unref tsan_g_async_queue_unref
#define g_bytes_unref tsan_g_bytes_unref
#define glib_autoptr_cleanup_GBytes tsan_g_bytes_clear

#endif
#endif
