/*
 * Given: the chat service as a whole, and which header has what. A program of the lessons 08 and 09
 * includes this one; the parts include what they need.
 *
 *     main.c      the command line, signals, new clients
 *     conn.h      one client. conn.c: the thread that reads it; life.c: how it begins and ends;
 *                 door.c: the opening handshake, the page
 *     hub.h       one thread that owns who is here and who is in which room: hub.c. The thread
 *                 itself, and what the others tell it: turns.h, turns.c
 *     outbox.h    what is to be sent to a client; writers.h: the few threads that send it
 *     schema.h    the messages that clients may send; events.h: those that we send. Both JSON
 *     settings.h  the command line
 *     rules.h     what lessons 08 and 09 add
 *
 * A message goes one way: reader -> hub -> outboxes -> writers. Only the hub looks at rooms, only a
 * writer sends, and nobody but a reader ever waits for a client.
 */
#ifndef CHAT_H
#define CHAT_H

#include "07_hub/conn.h"
#include "07_hub/events.h"
#include "07_hub/outbox.h"
#include "07_hub/rules.h"
#include "07_hub/schema.h"
#include "07_hub/settings.h"
#include "07_hub/turns.h"
#include "07_hub/writers.h"

/* The main program: with these rules. */
int chat_run(int argc, char **argv, const chat_rules *which);

#endif
