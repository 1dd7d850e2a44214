#include "daemon/nearest.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t nearest_distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_WORD_BYTES_MAX + 1];
	size_t a_bytes = strlen(a);
	size_t b_bytes = strlen(b);

	if (a_bytes > NEAREST_WORD_BYTES_MAX || b_bytes > NEAREST_WORD_BYTES_MAX) {
		return SIZE_MAX;
	}
	for (size_t j = 0; j <= b_bytes; j++) {
		rows[0][j] = j;
	}
	for (size_t i = 1; i <= a_bytes; i++) {
		const size_t *above = rows[(i - 1) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_bytes; j++) {
			row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
				row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
			}
		}
	}
	return rows[a_bytes % 3][b_bytes];
}

const char *nearest_word(const char *wrong, const char *const *words, size_t count)
{
	const char *nearest = NULL;
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < count; i++) {
		size_t distance = nearest_distance(wrong, words[i]);

		if (distance < best) {
			best = distance;
			nearest = words[i];
		}
	}
	/* A third of the word may be wrong; beyond that a suggestion only confuses. */
	return nearest != NULL && best <= (strlen(wrong) + 2) / 3 ? nearest : NULL;
}
