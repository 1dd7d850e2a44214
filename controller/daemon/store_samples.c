#include "store_samples.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES_FIRST 64

const int64_t store_level_seconds[STORE_LEVELS] = {
	[STORE_SECONDS] = 1,
	[STORE_MINUTES] = 60,
};

struct store_samples *store_samples_new(enum store_level level, int64_t slot)
{
	struct store_samples *samples = calloc(1, sizeof *samples);

	if (samples != NULL) {
		samples->level = level;
		samples->slot = slot;
	}
	return samples;
}

void store_samples_free(struct store_samples *samples)
{
	if (samples == NULL) {
		return;
	}
	free(samples->series);
	free(samples->samples);
	free(samples);
}

/* The array with room for one more; NULL: no memory. */
static void *grow(void *array, size_t count, size_t *capacity, size_t item_bytes)
{
	size_t wanted = *capacity == 0 ? SAMPLES_FIRST : 2 * *capacity;

	if (count < *capacity) {
		return array;
	}
	array = realloc(array, wanted * item_bytes);
	if (array != NULL) {
		*capacity = wanted;
	}
	return array;
}

struct store_sample *store_samples_add(struct store_samples *samples)
{
	struct store_sample *grown =
		grow(samples->samples, samples->count, &samples->capacity, sizeof *grown);

	if (grown == NULL) {
		return NULL;
	}
	samples->samples = grown;
	return memset(&grown[samples->count++], 0, sizeof *grown);
}

struct store_series *store_samples_add_series(struct store_samples *samples)
{
	struct store_series *grown = grow(samples->series, samples->series_count,
					  &samples->series_capacity, sizeof *grown);

	if (grown == NULL) {
		return NULL;
	}
	samples->series = grown;
	return memset(&grown[samples->series_count++], 0, sizeof *grown);
}
