/*
 * The system-call filter: once everything is open, the program needs little of the kernel, and what
 * the bytes of strangers could make of it gets no more. See wsdump(1), SECURITY.
 */
#ifndef WSDUMP_SANDBOX_H
#define WSDUMP_SANDBOX_H

#include <glib.h>
#include <stdbool.h>

/* False in a build without the filter: without libseccomp, and under sanitizers and coverage,
 * whose runtimes need more system calls. */
bool sandbox_built(void);

/*
 * From here on this process, in all its threads, can read, write and close what is open, wait, map
 * memory that is not executable, ask the time, and capture; there is no way back. Reading a file by
 * its name fails with EACCES. Starting programs, opening files to write them, sockets and tracing
 * kill the process (SIGSYS). Every other system call fails with ENOSYS.
 *
 * With `terminal` it can also set the modes of terminals that are open, and stop itself (Ctrl-Z).
 * No new threads come from here on.
 *
 * Does nothing where sandbox_built() is false. FALSE when the kernel refused: *error says why.
 */
gboolean sandbox_enter(bool terminal, GError **error);

/* The same for the process that opens files to write (opener.h): from here on it can do that, and
 * hand them over; whatever else it tries kills it. */
gboolean sandbox_enter_opener(GError **error);

#endif
