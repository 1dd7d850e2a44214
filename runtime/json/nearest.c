#include "json/parse.h"

#include <string.h>

/* Names that are longer are compared by their beginning. */
#define NEAREST_BYTES_MAX 64

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Letters to insert, drop or replace; capitals count as small letters. */
static size_t distance(const char *left, const char *right)
{
	size_t row[NEAREST_BYTES_MAX + 1];
	size_t width = strnlen(right, NEAREST_BYTES_MAX);
	size_t height = strnlen(left, NEAREST_BYTES_MAX);

	for (size_t k = 0; k <= width; k++) {
		row[k] = k;
	}
	for (size_t i = 1; i <= height; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t k = 1; k <= width; k++) {
			size_t above = row[k];
			size_t replaced = diagonal + (lower(left[i - 1]) != lower(right[k - 1]));

			row[k] = min3(above + 1, row[k - 1] + 1, replaced);
			diagonal = above;
		}
	}
	return row[width];
}

/* Keeps the nearer of best and candidate, if it is near at all. */
static void nearer(const char *name, const char *candidate, const char **best,
		   size_t *best_distance)
{
	size_t found = distance(name, candidate);

	if (found < *best_distance) {
		*best = candidate;
		*best_distance = found;
	}
}

/* A third of the letters may be wrong, and two of a short name. */
static size_t distance_limit(const char *name)
{
	size_t bytes = strnlen(name, NEAREST_BYTES_MAX);

	return (bytes < 6 ? 2 : bytes / 3) + 1;
}

const char *fast_name_nearest(const struct fast_schema_message *message, const char *name)
{
	size_t best_distance = distance_limit(name);
	const char *best = NULL;

	for (unsigned i = 0; i < message->descriptor.n_fields; i++) {
		nearer(name, message->fields[i].json_name, &best, &best_distance);
	}
	return best;
}

const char *fast_value_nearest(const ProtobufCEnumDescriptor *descriptor, const char *name)
{
	size_t best_distance = distance_limit(name);
	const char *best = NULL;

	for (unsigned i = 0; i < descriptor->n_value_names; i++) {
		nearer(name, descriptor->values_by_name[i].name, &best, &best_distance);
	}
	return best;
}
