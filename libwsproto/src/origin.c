/* Hosts and origins: which are well-formed, which are the same (RFC 3986 3.2, RFC 6454). */
#include "parts.h"
#include "text.h"
#include "wsproto/handshake.h"

typedef struct authority {
    wsp_text host; /* with the brackets of an IPv6 address */
    int port;      /* -1 = none */
} authority;

static bool is_address_char(char c)
{
    return c == ':' || is_host_char(c);
}

static bool read_port(wsp_text text, int *port)
{
    if (text.len == 0 || text.len > 5 || !text_all(text, is_digit))
        return false;
    *port = 0;
    for (size_t i = 0; i < text.len; i++)
        *port = *port * 10 + (text.data[i] - '0');
    return *port <= 65535;
}

/* RFC 3986 3.2: host [":" port], the host a name, an IPv4 address or "[" IPv6 address "]". */
static bool read_authority(wsp_text text, authority *a)
{
    size_t n = 0;
    bool bracketed = text.len > 0 && text.data[0] == '[';
    if (bracketed) {
        const char *end = memchr(text.data, ']', text.len);
        if (!end)
            return false;
        n = (size_t)(end - text.data) + 1;
        if (n == 2 || !text_all((wsp_text){text.data + 1, n - 2}, is_address_char))
            return false;
    } else {
        n = text_front(text, is_host_char);
    }
    a->host = text_cut(&text, n);
    a->port = -1;
    if (n == 0 || text.len == 0)
        return n > 0;
    return text_cut(&text, 1).data[0] == ':' && read_port(text, &a->port);
}

bool wsp_is_authority(wsp_text text)
{
    authority ignored;
    return read_authority(text, &ignored);
}

typedef struct origin {
    wsp_text scheme;
    authority authority; /* with the scheme's port if none is said */
} origin;

static bool is_scheme_char(char c)
{
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
}

int wsp_default_port(wsp_text scheme)
{
    static const struct {
        const char *scheme;
        int port;
    } ports[] = {{"http", 80}, {"ws", 80}, {"https", 443}, {"wss", 443}};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        if (wsp_text_equal_nocase(scheme, ports[i].scheme))
            return ports[i].port;
    return -1;
}

/* RFC 6454 6.1: scheme "://" host [":" port], and nothing behind it. */
static bool read_origin(wsp_text text, origin *o)
{
    size_t n = text_front(text, is_scheme_char);
    o->scheme = text_cut(&text, n);
    if (n == 0 || !is_alpha(o->scheme.data[0]) || text.len < 3 || memcmp(text.data, "://", 3) != 0)
        return false;
    text_cut(&text, 3);
    if (!read_authority(text, &o->authority))
        return false;
    if (o->authority.port < 0)
        o->authority.port = wsp_default_port(o->scheme);
    return true;
}

bool wsp_origin_equal(wsp_text a, wsp_text b)
{
    origin x, y;
    return read_origin(a, &x) && read_origin(b, &y) && text_same_nocase(x.scheme, y.scheme) &&
           text_same_nocase(x.authority.host, y.authority.host) &&
           x.authority.port == y.authority.port;
}
