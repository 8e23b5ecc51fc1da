/* The statistics screen: what all connections, or one, add up to. */
#ifndef WSDUMP_INTERFACE_PAGE_STATISTICS_H
#define WSDUMP_INTERFACE_PAGE_STATISTICS_H

#include "lines.h"
#include "statistics.h"
#include "store.h"

/*
 * Append the page: in two columns from 120 columns on. No line has more than `width`, which should
 * be 80 at least. `ascii`: only ASCII.
 */
void page_statistics(lines *out, const statistics *s, const store_capture *c, int width,
                     bool ascii);

#endif
