/* Given: the hub's thread and its inbox (turns.c), as other threads see them. */
#ifndef CHAT_TURNS_H
#define CHAT_TURNS_H

#include "07_hub/conn.h"
#include "07_hub/schema.h"

typedef enum happening { ARRIVED, OPENED, ASKED, GONE, STOP, LAST, STATS } happening;

/* Tell the hub. c is referenced, r is taken over; both may be NULL. Any thread. */
void hub_tell(happening what, conn *c, request *r);

/* Tell it, in one go, what c asks for: c's reader only; the queue is empty then. Waits while the
 * hub has CREDIT requests of c that it has not dealt with. */
void hub_ask_all(conn *c, GQueue *requests);

void hub_init(void); /* before the first hub_tell */

/* The hub's thread; returns when LAST has said that nobody new will come, and nobody is left. */
void hub_run(void);
void hub_clear(void); /* behind the last hub_tell */

#endif
