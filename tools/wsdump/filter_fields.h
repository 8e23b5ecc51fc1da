/*
 * The fields of display filters: one table, from which the parser, the help and the man page have
 * their names, types and words. Names are those of the JSON records where both exist.
 */
#ifndef WSDUMP_FILTER_FIELDS_H
#define WSDUMP_FILTER_FIELDS_H

#include "record.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum filter_type {
    FILTER_NUMBER,
    FILTER_DURATION, /* nanoseconds */
    FILTER_TIME,     /* nanoseconds since the epoch, by filter_time */
    FILTER_WORD,     /* one of a few words: its index */
    FILTER_FLAG,     /* 0 or 1 */
    FILTER_TEXT,     /* any bytes */
} filter_type;

typedef struct filter_value {
    uint64_t number; /* all types but FILTER_TEXT */
    const char *data;
    size_t len;
    bool utf8;     /* data is known to be valid UTF-8 */
    GString *room; /* the caller's, for text that stands nowhere in the record */
} filter_value;

/* In filter_field.records: the open record has it, and it holds for the whole connection. */
enum { FILTER_OF_CONNECTION = 1 << RECORD_TYPES };

typedef struct filter_field {
    const char *name;
    filter_type type;
    unsigned records; /* 1 << record_type of those that have it, or FILTER_OF_CONNECTION */
    /* False when this record lacks it. Only for records of these types; of a connection: its open
     * record. */
    bool (*get)(const record *r, filter_value *v);
    const char *meaning; /* of a FILTER_WORD: NULL, its words say it */
    /* FILTER_WORD: the words, by index; NULL for an index that means nothing. FILTER_TEXT: those
     * that it can hold, if they are known. */
    const char *(*word)(unsigned index);
    unsigned words; /* indices below it */
    bool payload;   /* comes from a message's data, or depends on how much of it is kept */
} filter_field;

/* NULL when there is no such field. */
const filter_field *filter_field_find(const char *name, size_t len);

/* The fields in the order of the help; NULL behind the last. */
const filter_field *filter_field_at(size_t index);

/* "number", "duration", ... */
const char *filter_type_name(filter_type type);

/* How values of the type are written: "1000, 0x3e8, 64K". */
const char *filter_type_example(filter_type type);

/* The index of a word of the field; -1 when it has no such word. */
int filter_field_word(const filter_field *field, const char *word, size_t len);

/* The field's words: "text, binary, close, ping, pong" with ", " between them. */
void filter_field_list_words(const filter_field *field, const char *between, GString *out);

/* One line per field: name, type, records that have it, meaning. */
void filter_fields_describe(GString *out);

/* Times as unsigned numbers in the same order. */
static inline uint64_t filter_time(int64_t ns)
{
    return (uint64_t)ns ^ (UINT64_C(1) << 63);
}

#endif
