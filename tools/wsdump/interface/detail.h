/*
 * Detail: everything about one record, as a page: of a message its summary, its frames bit by bit,
 * and its payload as text, JSON or bytes. A pane of the messages' screen, or a screen of its own.
 */
#ifndef WSDUMP_INTERFACE_DETAIL_H
#define WSDUMP_INTERFACE_DETAIL_H

#include "pager.h"
#include "ui.h"

typedef struct detail detail;

detail *detail_new(void);

/* Show this row, in so many columns; cheap when it is what is shown. The row must be in the view.
 */
void detail_show(detail *d, ui *u, uint64_t row, int width);

void detail_next_view(detail *d); /* of the payload */
const char *detail_view_name(const detail *d);
void detail_fold(detail *d);

void detail_move(detail *d, list_step step);
void detail_sideways(detail *d, int columns);
void detail_click(detail *d, int y);
bool detail_search(detail *d, const char *text, bool backwards, bool here);
void detail_draw(detail *d, region r);
void detail_free(detail *d);

screen *detail_screen_new(ui *u, uint64_t row);

#endif
