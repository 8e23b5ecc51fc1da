/* The tokens of JSON as RFC 8259 has them, and no others: parsers tend to take more. */
#ifndef WSDUMP_INTERFACE_JSON_TOKEN_H
#define WSDUMP_INTERFACE_JSON_TOKEN_H

#include <stddef.h>
#include <stdint.h>

typedef enum json_kind {
    JSON_NONE, /* no token begins here */
    JSON_BLANK,
    JSON_STRING,
    JSON_NUMBER,
    JSON_WORD, /* true, false, null */
    JSON_OPEN, /* { or [ */
    JSON_CLOSE,
    JSON_COMMA,
    JSON_COLON,
} json_kind;

/* Which token begins at `in` (len > 0)? *size gets its bytes, all blanks that follow each other
 * being one. UTF-8 is not looked at. */
json_kind json_token(const uint8_t *in, size_t len, size_t *size);

#endif
