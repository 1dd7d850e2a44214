/* daemon/nearest.h - which of the right words a wrong one was meant to be. */
#ifndef FASTD_NEAREST_H
#define FASTD_NEAREST_H

#include <fast/status.h>

#define NEAREST_WORD_BYTES_MAX 64

/* Letters to insert, delete, change or swap to get from a to b. Longer words than
 * NEAREST_WORD_BYTES_MAX are infinitely far apart. */
size_t nearest_distance(const char *a, const char *b);

/* The word closest to wrong, or NULL when none is close enough to be worth saying. */
const char *nearest_word(const char *wrong, const char *const *words, size_t count);

#endif
