/* Keys that mean the same on every screen: their tables, which dispatch them and make the help. */
#ifndef WSDUMP_INTERFACE_KEYS_H
#define WSDUMP_INTERFACE_KEYS_H

#include "screen.h"

/* For what the screen can, and for everything. */
extern const action_table keys_of_lists, keys_of_all;

/* Has the screen what this action of keys_of_lists needs? */
bool keys_fit(const screen_class *kind, const action *a);

#endif
