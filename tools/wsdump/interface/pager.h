/* The pager: lines that are longer than their region: scrolling, folding, searching. */
#ifndef WSDUMP_INTERFACE_PAGER_H
#define WSDUMP_INTERFACE_PAGER_H

#include "lines.h"
#include "list.h"
#include "terminal.h"

typedef struct pager {
    lines *all;       /* the pager's; NULL = nothing yet */
    GArray *visible;  /* of uint32_t: lines that are not folded away */
    GHashTable *shut; /* lines whose part is folded */
    struct list list; /* over `visible`; what is selected is where a search goes on */
    int column;       /* scrolled sideways */
    bool cursor;      /* show what is selected */
    char *match;      /* what was searched; NULL = nothing */
} pager;

void pager_init(pager *p);
void pager_clear(pager *p);

/* Show these lines, which become the pager's, from the top unless `stay`. */
void pager_set(pager *p, lines *l, bool stay);

void pager_move(pager *p, list_step step);
void pager_sideways(pager *p, int columns);
bool pager_search(pager *p, const char *text, bool backwards, bool here);
void pager_fold(pager *p); /* or unfold, what begins at the selected line or is around it */
void pager_click(pager *p, int y);
void pager_draw(pager *p, region r);

#endif
