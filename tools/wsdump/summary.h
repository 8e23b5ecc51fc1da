/* The closing summary: what was seen of a capture, for people, on stderr. */
#ifndef WSDUMP_SUMMARY_H
#define WSDUMP_SUMMARY_H

#include "pipeline.h"

/* `kernel_drops` as source_drops has it. */
void summary_print(const pipeline_totals *t, int64_t kernel_drops);

#endif
