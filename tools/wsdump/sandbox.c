/* The lists of system calls, and handing them to the kernel. See sandbox.h. */
#include "sandbox.h"

#ifndef WSDUMP_SECCOMP

bool sandbox_built(void)
{
    return false;
}

gboolean sandbox_enter(bool terminal, GError **error)
{
    (void)terminal, (void)error;
    return TRUE;
}

gboolean sandbox_enter_opener(GError **error)
{
    (void)error;
    return TRUE;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What a running wsdump and its libraries do, found by strace. */
static const int allowed[] = {
    /* what is open */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek),
    SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(fcntl),
    /* waiting for packets */
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(getsockopt),
    /* memory */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
    /* time, where the vDSO has none, and random numbers */
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep), SCMP_SYS(getrandom),
    /* signals and the end, that of abort() too */
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(exit),
    SCMP_SYS(exit_group)};

/* What ncurses does besides. */
static const int for_terminal[] = {SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(getpgrp)};
static const unsigned long terminal_requests[] = {TCSETS, TCSETSW, TCSETSF, TIOCGPGRP, TCFLSH};

/* What only an intruder does here. */
static const int deadly[] = {SCMP_SYS(execve),
                             SCMP_SYS(execveat),
                             SCMP_SYS(fork),
                             SCMP_SYS(vfork),
                             SCMP_SYS(socket),
                             SCMP_SYS(socketpair),
                             SCMP_SYS(connect),
                             SCMP_SYS(bind),
                             SCMP_SYS(listen),
                             SCMP_SYS(sendto),
                             SCMP_SYS(sendmsg),
                             SCMP_SYS(creat),
                             SCMP_SYS(openat2),
                             SCMP_SYS(unlink),
                             SCMP_SYS(unlinkat),
                             SCMP_SYS(rename),
                             SCMP_SYS(renameat),
                             SCMP_SYS(renameat2),
                             SCMP_SYS(ptrace),
                             SCMP_SYS(process_vm_readv),
                             SCMP_SYS(process_vm_writev),
                             SCMP_SYS(setuid),
                             SCMP_SYS(setgid),
                             SCMP_SYS(setresuid),
                             SCMP_SYS(setresgid)};

/* Those that depend on one argument. */
static const struct {
    uint32_t action;
    int call;
    struct scmp_arg_cmp argument;
} conditional[] = {
    {SCMP_ACT_ALLOW, SCMP_SYS(mmap), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
    {SCMP_ACT_ALLOW, SCMP_SYS(mprotect), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
    /* the C library asks whether output goes to a terminal, libpcap whether the interface lives */
    {SCMP_ACT_ALLOW, SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, TCGETS, 0}},
    {SCMP_ACT_ALLOW, SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, TIOCGWINSZ, 0}},
    {SCMP_ACT_ALLOW, SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, SIOCGIFFLAGS, 0}},
    /* libpcap takes down its ring */
    {SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), {1, SCMP_CMP_EQ, SOL_PACKET, 0}},
    /* Libraries look for files that they can do without: libpcap for an interface's counts below
     * /sys, the C library for the translation of an error message. */
    {SCMP_ACT_ERRNO(EACCES), SCMP_SYS(open), {1, SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY}},
    {SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), {2, SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDONLY}},
    {SCMP_ACT_KILL_PROCESS, SCMP_SYS(open), {1, SCMP_CMP_MASKED_EQ, O_ACCMODE, O_WRONLY}},
    {SCMP_ACT_KILL_PROCESS, SCMP_SYS(openat), {2, SCMP_CMP_MASKED_EQ, O_ACCMODE, O_WRONLY}},
    {SCMP_ACT_KILL_PROCESS, SCMP_SYS(open), {1, SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDWR}},
    {SCMP_ACT_KILL_PROCESS, SCMP_SYS(openat), {2, SCMP_CMP_MASKED_EQ, O_ACCMODE, O_RDWR}},
};

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = seccomp_rule_add_array(filter, action, calls[i], 0, NULL);
    return result;
}

static int add_rules(scmp_filter_ctx filter)
{
    int result = add_all(filter, SCMP_ACT_ALLOW, allowed, G_N_ELEMENTS(allowed));
    if (result == 0)
        result = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, G_N_ELEMENTS(deadly));
    for (size_t i = 0; i < G_N_ELEMENTS(conditional) && result == 0; i++)
        result = seccomp_rule_add_array(filter, conditional[i].action, conditional[i].call, 1,
                                        &conditional[i].argument);
    if (result == 0) { /* abort() signals this process; no other one may be */
        struct scmp_arg_cmp self = SCMP_A0_64(SCMP_CMP_EQ, (scmp_datum_t)getpid());
        result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self);
    }
    return result;
}

/* kill() of this process: how ncurses stops at Ctrl-Z. */
static int add_terminal_rules(scmp_filter_ctx filter)
{
    int result = add_all(filter, SCMP_ACT_ALLOW, for_terminal, G_N_ELEMENTS(for_terminal));
    for (size_t i = 0; i < G_N_ELEMENTS(terminal_requests) && result == 0; i++) {
        struct scmp_arg_cmp request = SCMP_A1_64(SCMP_CMP_EQ, terminal_requests[i]);
        result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &request);
    }
    if (result == 0) {
        struct scmp_arg_cmp self = SCMP_A0_64(SCMP_CMP_EQ, (scmp_datum_t)getpid());
        result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, &self);
    }
    return result;
}

/* Hands the filter to the kernel, unless making it failed; it is gone then. */
static gboolean load(scmp_filter_ctx filter, int result, GError **error)
{
    if (result == 0)
        result = seccomp_load(filter); /* forbids new privileges too */
    if (filter)
        seccomp_release(filter);
    if (result != 0)
        g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(-result),
                    "cannot set the system-call filter: %s", g_strerror(-result));
    return result == 0;
}

bool sandbox_built(void)
{
    return true;
}

gboolean sandbox_enter(bool terminal, GError **error)
{
    tzset(); /* reads the time zone's file, which cannot be opened later */
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int result = filter ? add_rules(filter) : -ENOMEM;
    if (result == 0 && terminal)
        result = add_terminal_rules(filter);
    if (result == 0)
        result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    return load(filter, result, error);
}

/* All that the opener does from here on. */
static const int allowed_to_open[] = {
    SCMP_SYS(read),           SCMP_SYS(sendmsg), SCMP_SYS(open),       SCMP_SYS(openat),
    SCMP_SYS(stat),           SCMP_SYS(fstat),   SCMP_SYS(newfstatat), SCMP_SYS(ftruncate),
    SCMP_SYS(close),          SCMP_SYS(exit),    SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall)};

gboolean sandbox_enter_opener(GError **error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int result =
        filter ? add_all(filter, SCMP_ACT_ALLOW, allowed_to_open, G_N_ELEMENTS(allowed_to_open))
               : -ENOMEM;
    return load(filter, result, error);
}

#endif
