/* Levenshtein's distance. See spelling.h. */
#include "spelling.h"

#include <glib.h>
#include <string.h>

size_t spelling_distance(const char *a, const char *b)
{
    size_t n = strlen(b), row[32];
    if (n >= G_N_ELEMENTS(row))
        return n;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t replaced = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}
