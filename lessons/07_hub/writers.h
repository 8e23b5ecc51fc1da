/* Given: the few threads that send what is in outboxes (writers.c). */
#ifndef CHAT_WRITERS_H
#define CHAT_WRITERS_H

#include "07_hub/conn.h"

void writers_start(void);
void writers_stop(void);
void writers_note(conn *c); /* it has something to do, when its writer is woken */
void writers_wake(void);    /* now */
void writers_wait(void);    /* until they have tried to: they wait for no client, so it is soon */
void writers_look(conn *c); /* note it, and wake its writer */
struct writer *writer_of(unsigned number);

#endif
