/* See endpoint.h. */
#include "endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>

int endpoint_format(char out[ENDPOINT_TEXT], const endpoint *e)
{
    char address[INET6_ADDRSTRLEN] = "?";
    inet_ntop(e->version == 6 ? AF_INET6 : AF_INET, e->address, address, sizeof address);
    return snprintf(out, ENDPOINT_TEXT, e->version == 6 ? "[%s]:%u" : "%s:%u", address, e->port);
}
