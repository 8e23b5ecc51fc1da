/* Who talks: an address and a port. */
#ifndef WSDUMP_ENDPOINT_H
#define WSDUMP_ENDPOINT_H

#include <stdint.h>

typedef struct endpoint {
    uint8_t version;     /* 4 or 6 */
    uint8_t address[16]; /* network order; IPv4 in the first four bytes, the rest 0 */
    uint16_t port;       /* host order */
} endpoint;

/* "addr:port", IPv6 in brackets; at most ENDPOINT_TEXT bytes with the NUL. Returns its length. */
#define ENDPOINT_TEXT 56
int endpoint_format(char out[ENDPOINT_TEXT], const endpoint *e);

#endif
