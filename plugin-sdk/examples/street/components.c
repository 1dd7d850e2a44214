#include "components.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Ones that lie side by side in one row. */
struct run {
	uint32_t from;
	uint32_t to; /* one past the last */
	uint32_t label;
};

struct labeller {
	size_t width;
	size_t height;
	struct run *above; /* runs of the row above, width / 2 + 1 at most */
	struct run *here;
	uint32_t *parents;            /* union-find over labels; a root is its own parent */
	struct component *components; /* what a root's label has gathered */
	uint32_t count;               /* labels in use */
};

enum fast_status labeller_new(size_t width, size_t height, struct labeller **out)
{
	struct labeller *labeller;
	size_t runs = (width + 1) / 2; /* a row's most */

	assert(width > 0 && height > 0);

	labeller = calloc(1, sizeof *labeller);
	if (labeller == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	labeller->width = width;
	labeller->height = height;
	labeller->above = calloc(runs, sizeof *labeller->above);
	labeller->here = calloc(runs, sizeof *labeller->here);
	labeller->parents = calloc(runs * height, sizeof *labeller->parents);
	labeller->components = calloc(runs * height, sizeof *labeller->components);
	if (labeller->above == NULL || labeller->here == NULL || labeller->parents == NULL ||
	    labeller->components == NULL) {
		labeller_free(labeller);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = labeller;
	return FAST_OK;
}

void labeller_free(struct labeller *labeller)
{
	if (labeller == NULL) {
		return;
	}
	free(labeller->above);
	free(labeller->here);
	free(labeller->parents);
	free(labeller->components);
	free(labeller);
}

static uint32_t labeller_root(struct labeller *labeller, uint32_t label)
{
	uint32_t *parents = labeller->parents;

	while (parents[label] != label) {
		parents[label] = parents[parents[label]]; /* halves the way for the next */
		label = parents[label];
	}
	return label;
}

/* The older root wins, so that a component keeps the place of its first run. */
static void labeller_join(struct labeller *labeller, uint32_t a, uint32_t b)
{
	a = labeller_root(labeller, a);
	b = labeller_root(labeller, b);
	if (a < b) {
		labeller->parents[b] = a;
	} else {
		labeller->parents[a] = b;
	}
}

static void component_merge(struct component *into, const struct component *from)
{
	into->left = from->left < into->left ? from->left : into->left;
	into->top = from->top < into->top ? from->top : into->top;
	into->right = from->right > into->right ? from->right : into->right;
	into->bottom = from->bottom > into->bottom ? from->bottom : into->bottom;
	into->pixels += from->pixels;
}

static size_t row_runs(const uint8_t *row, size_t width, struct run *runs)
{
	size_t count = 0;
	size_t x = 0;

	while (x < width) {
		const uint8_t *one = memchr(row + x, 1, width - x);
		if (one == NULL) {
			break;
		}
		size_t from = (size_t)(one - row);
		const uint8_t *zero = memchr(one, 0, width - from);
		x = zero == NULL ? width : (size_t)(zero - row);
		runs[count++] = (struct run){.from = (uint32_t)from, .to = (uint32_t)x};
	}
	return count;
}

/* Labels a row's runs: each joins what it touches above, or begins a component. */
static void labeller_label(struct labeller *labeller, size_t here_count, size_t above_count,
			   uint32_t y)
{
	size_t first = 0; /* runs above before this end left of all that is still to come */

	for (size_t i = 0; i < here_count; i++) {
		struct run *run = &labeller->here[i];

		run->label = labeller->count++;
		labeller->parents[run->label] = run->label;
		labeller->components[run->label] =
			(struct component){run->from, y, run->to, y + 1, run->to - run->from};
		while (first < above_count && labeller->above[first].to < run->from) {
			first++;
		}
		for (size_t j = first; j < above_count && labeller->above[j].from <= run->to; j++) {
			labeller_join(labeller, labeller->above[j].label, run->label);
		}
	}
}

/* Folds every label into its root and moves the roots together. */
static size_t labeller_gather(struct labeller *labeller)
{
	struct component *components = labeller->components;
	size_t count = 0;

	for (uint32_t i = 0; i < labeller->count; i++) {
		uint32_t root = labeller_root(labeller, i);

		if (root != i) {
			component_merge(&components[root], &components[i]);
		}
	}
	for (uint32_t i = 0; i < labeller->count; i++) {
		if (labeller->parents[i] == i) {
			components[count++] = components[i];
		}
	}
	return count;
}

size_t labeller_run(struct labeller *labeller, const uint8_t *mask, const struct component **out)
{
	size_t above_count = 0;

	labeller->count = 0;
	for (size_t y = 0; y < labeller->height; y++) {
		size_t count =
			row_runs(mask + y * labeller->width, labeller->width, labeller->here);

		labeller_label(labeller, count, above_count, (uint32_t)y);

		struct run *swap = labeller->above;
		labeller->above = labeller->here;
		labeller->here = swap;
		above_count = count;
	}
	*out = labeller->components;
	return labeller_gather(labeller);
}
