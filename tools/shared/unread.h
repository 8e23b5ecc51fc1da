/*
 * How much of what we sent over loopback has the program not read yet? Asked of the kernel
 * (NETLINK_SOCK_DIAG, for the program's end of the connection), so that pieces of a split write
 * can be sent one after the other has been read: no sleeping, and no two pieces in one read.
 */
#ifndef SHARED_UNREAD_H
#define SHARED_UNREAD_H

#include <stdbool.h>
#include <stdint.h>

/* A netlink socket; -1 where the system has none. Close it with close. */
int unread_open(void);

/*
 * Bytes that wait in the receive queue of the program's end (127.0.0.1:program_port, connected to
 * our_port of our_address, which is a number in the host's order). False when the kernel does not
 * say: no such connection, no such service.
 */
bool unread_bytes(int netlink, uint16_t program_port, uint32_t our_address, uint16_t our_port,
                  uint32_t *bytes);

#endif
