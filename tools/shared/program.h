/*
 * A program under test: started in a process group of its own, listened to, counted, ended. When
 * this process dies the kernel kills it. Its stdin is empty unless input is given, or typed.
 */
#ifndef SHARED_PROGRAM_H
#define SHARED_PROGRAM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PROGRAM_OUTPUT_MAX = 1 << 20, PROGRAM_LOG_MAX = 256 << 10 };

typedef struct program {
    pid_t pid;         /* 0: not running, or waited for */
    int out, err;      /* our ends of its stdout and stderr; -1 when they have ended */
    int in;            /* our end of its stdin; -1: there is none, or it has ended */
    GByteArray *typed; /* what was typed, and is not in the pipe yet */
    bool typed_end;    /* the end of its stdin comes behind that */
    GString *output;   /* stdout, its first PROGRAM_OUTPUT_MAX bytes */
    GString *log;      /* stderr, its last PROGRAM_LOG_MAX bytes */
    bool ended;        /* `status` is of waitpid */
    int status;
    unsigned port; /* where it listens; 0 = it has not said so */
} program;

typedef struct program_setup {
    const char *const *argv; /* NULL-terminated; argv[0] is its path */
    unsigned descriptors;    /* RLIMIT_NOFILE; 0 = as ours was at the start of this process */
    const GByteArray *input; /* its stdin; NULL = empty */
    bool typed;              /* its stdin is a pipe, for program_type; `input` is not used */
} program_setup;

/*
 * Start it. False with *error (G_SPAWN_ERROR) when it cannot be: no such file, not executable.
 * Sanitizers are told to report on stderr and to end with PROGRAM_SANITIZER_STATUS; the layout of
 * its memory is not random, where the system lets us say so (ThreadSanitizer needs that on new
 * kernels). program_end afterwards in both cases.
 */
bool program_start(program *p, const program_setup *setup, GError **error);

/* Let this process have as many descriptors as the system allows (a peer of 1,000 clients needs
 * them); programs that are started get the limit that was before. */
void program_raise_our_limit(void);

/* See play_ends_with_us: the kernel alone would end the program, not its group. */
void program_ends_with_us(void);

/* Take what it wrote so far, without waiting. */
void program_read(program *p);

/* Give these bytes to its stdin, as soon as the pipe has room: program_write. Nothing happens when
 * nobody reads it any more. */
void program_type(program *p, const void *bytes, size_t len);

/* ... and then the end of its stdin. */
void program_type_end(program *p);

/* Put what was typed into the pipe, as much as goes without waiting. */
void program_write(program *p);

/* Has it ended? Then p->status is set. */
bool program_has_ended(program *p);

/* Send a signal, if it runs. */
void program_signal(const program *p, int signal);

/* Kill its group, wait for it, close the pipes, free the texts. May be called twice. */
void program_end(program *p);

/*
 * Look for "listening on 127.0.0.1:PORT" as the first line of stdout: sets p->port. Returns NULL
 * while the line is not whole, or when it is right; else what is there instead (one line, to be
 * freed).
 */
char *program_listening(program *p);

/* How it ended, for people: "the program ended with status 3", "the program crashed: SIGSEGV
 * (Segmentation fault)", "the program was ended by SIGKILL (Killed)". Free with g_free. */
char *program_how_it_ended(const program *p);

/* Ended by SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL or SIGSYS. */
bool program_crashed(const program *p);

/* The first report of a sanitizer in its log: "ThreadSanitizer: data race", to be freed; NULL =
 * none. program_report_lines gives its first lines as they stand there. */
char *program_sanitizer_report(const program *p);
GPtrArray *program_report_lines(const program *p, unsigned count);

/* The last `count` lines of the log, to be freed. */
GPtrArray *program_last_lines(const program *p, unsigned count);

/* How many descriptors it has open, how many threads; 0 when that cannot be read. */
unsigned program_descriptors(const program *p);
unsigned program_threads(const program *p);

/* What its open descriptors are ("socket", "pipe", "/dev/null"), to be freed. */
GPtrArray *program_descriptor_kinds(const program *p);

/*
 * A number that changes when the program computes: its CPU time in clock ticks. *waiting tells
 * whether all of its threads sleep. 0 and true when it has ended.
 */
uint64_t program_ticks(const program *p, bool *waiting);

/* With this status a program ends that a sanitizer found fault with. */
enum { PROGRAM_SANITIZER_STATUS = 66 };

#ifdef __cplusplus
}
#endif

#endif
