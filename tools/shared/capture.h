/*
 * A transcript as a capture file (pcapng), with packets that are made up around its bytes: IPv4
 * and TCP on 127.0.0.1, as loopback would carry them. wsdump, tshark and Wireshark open it; no
 * privilege is needed to make it.
 */
#ifndef SHARED_CAPTURE_H
#define SHARED_CAPTURE_H

#include "transcript.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Write all of `c` and flush. The same transcript gives the same bytes. What the transcript
 * did not keep is a gap in front of each FIN or RST. The file's comment is the transcript's note,
 * and says how much was not kept.
 * False when writing failed: errno says why.
 */
bool capture_write(const transcript *c, FILE *out);

#ifdef __cplusplus
}
#endif

#endif
