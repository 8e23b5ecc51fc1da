/*
 * The results of many checks for machines: JSON, and the XML of JUnit that CI systems read. A
 * failure (the program is wrong), an error (the grader had trouble) and a skipped check are three
 * different things in both.
 */
#ifndef SHARED_REPORT_H
#define SHARED_REPORT_H

#include "play.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One check. All texts are the caller's, NUL-terminated; control characters and what is not UTF-8
 * are replaced. */
typedef struct report_row {
    const char *id;    /* "03.2" */
    const char *title; /* of the case */
    const char *group; /* "03_threads": the classname of JUnit */
    play_verdict verdict;
    double seconds;
    uint64_t seed;
    const char *reason;  /* one line; NULL where it passed */
    const char *details; /* the story; NULL = none */
    const char *capture; /* path of the capture; NULL = none */
} report_row;

/* One JSON object and a newline: {"suite","passed","failed","errors","skipped","seconds","checks":
 * [{"id","title","group","verdict","seconds","seed","reason","details","capture"}]}. What is NULL
 * is left out. False when writing failed: errno says why. */
bool report_json(FILE *out, const char *suite, const report_row *rows, size_t count);

/* A JUnit XML document with one <testsuite>. As above. */
bool report_junit(FILE *out, const char *suite, const report_row *rows, size_t count);

#ifdef __cplusplus
}
#endif

#endif
