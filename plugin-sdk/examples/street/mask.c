#include "mask.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct masker {
	size_t width;
	size_t height;
	uint32_t *columns; /* sums of the window's rows, column by column */
	uint8_t *copy;     /* the mask before a pass */
};

enum fast_status masker_new(size_t width, size_t height, struct masker **out)
{
	struct masker *masker;

	assert(width > 0 && height > 0);

	masker = calloc(1, sizeof *masker);
	if (masker == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	masker->width = width;
	masker->height = height;
	masker->columns = calloc(width, sizeof *masker->columns);
	masker->copy = calloc(width, height);
	if (masker->columns == NULL || masker->copy == NULL) {
		masker_free(masker);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = masker;
	return FAST_OK;
}

void masker_free(struct masker *masker)
{
	if (masker == NULL) {
		return;
	}
	free(masker->columns);
	free(masker->copy);
	free(masker);
}

static void masker_add_row(struct masker *masker, size_t y)
{
	const uint8_t *row = masker->copy + y * masker->width;

	for (size_t x = 0; x < masker->width; x++) {
		masker->columns[x] += row[x];
	}
}

static void masker_drop_row(struct masker *masker, size_t y)
{
	const uint8_t *row = masker->copy + y * masker->width;

	for (size_t x = 0; x < masker->width; x++) {
		masker->columns[x] -= row[x];
	}
}

/* One row of the result: 1 where the window holds at least least ones. */
static void masker_write_row(const struct masker *masker, size_t radius, uint32_t least,
			     uint8_t *row)
{
	const uint32_t *columns = masker->columns;
	size_t width = masker->width;
	uint32_t sum = 0;

	for (size_t x = 0; x < radius && x < width; x++) {
		sum += columns[x];
	}
	for (size_t x = 0; x < width; x++) {
		if (x + radius < width) {
			sum += columns[x + radius];
		}
		if (x > radius) {
			sum -= columns[x - radius - 1];
		}
		row[x] = sum >= least;
	}
}

/* Every pixel becomes 1 where its window holds at least least ones, else 0. The sums move with the
 * window, so that its size costs nothing. */
static void masker_count(struct masker *masker, size_t radius_x, size_t radius_y, uint32_t least,
			 uint8_t *mask)
{
	size_t height = masker->height;

	assert(radius_x <= MASK_RADIUS_MAX && radius_y <= MASK_RADIUS_MAX);

	memcpy(masker->copy, mask, masker->width * height);
	memset(masker->columns, 0, masker->width * sizeof *masker->columns);
	for (size_t y = 0; y < radius_y && y < height; y++) {
		masker_add_row(masker, y);
	}
	for (size_t y = 0; y < height; y++) {
		if (y + radius_y < height) {
			masker_add_row(masker, y + radius_y);
		}
		if (y > radius_y) {
			masker_drop_row(masker, y - radius_y - 1);
		}
		masker_write_row(masker, radius_x, least, mask + y * masker->width);
	}
}

static void masker_invert(const struct masker *masker, uint8_t *mask)
{
	for (size_t i = 0; i < masker->width * masker->height; i++) {
		mask[i] ^= 1;
	}
}

void masker_majority(struct masker *masker, size_t radius, uint8_t *mask)
{
	size_t side = 2 * radius + 1;

	masker_count(masker, radius, radius, (uint32_t)(side * side / 2 + 1), mask);
}

/* Grows the ones, then grows the zeros back: beyond the border is neither.
 */
void masker_close(struct masker *masker, size_t radius_x, size_t radius_y, uint8_t *mask)
{
	masker_count(masker, radius_x, radius_y, 1, mask);
	masker_invert(masker, mask);
	masker_count(masker, radius_x, radius_y, 1, mask);
	masker_invert(masker, mask);
}
