#include "boxes.h"

#include <assert.h>

static int overlap(int a_from, int a_to, int b_from, int b_to)
{
	int from = a_from > b_from ? a_from : b_from;
	int to = a_to < b_to ? a_to : b_to;

	return to > from ? to - from : 0;
}

static double box_area(const struct box *box)
{
	return (double)(box->right - box->left) * (double)(box->bottom - box->top);
}

double box_iou(const struct box *a, const struct box *b)
{
	double common = (double)overlap(a->left, a->right, b->left, b->right) *
			(double)overlap(a->top, a->bottom, b->top, b->bottom);

	return common > 0 ? common / (box_area(a) + box_area(b) - common) : 0;
}

/* The best pair of boxes that are both free; 0 when none overlaps enough. */
static double boxes_best(const struct boxes *a, const struct boxes *b, const bool *a_taken,
			 const bool *b_taken, size_t *a_best, size_t *b_best)
{
	double best = 0;

	for (size_t i = 0; i < a->count; i++) {
		for (size_t j = 0; j < b->count && !a_taken[i]; j++) {
			double iou = b_taken[j] ? 0 : box_iou(&a->items[i], &b->items[j]);

			if (iou >= BOXES_IOU_MIN && iou > best) {
				best = iou;
				*a_best = i;
				*b_best = j;
			}
		}
	}
	return best;
}

double boxes_match(const struct boxes *a, const struct boxes *b)
{
	bool a_taken[BOXES_MAX] = {false};
	bool b_taken[BOXES_MAX] = {false};
	double sum = 0;

	assert(a->count <= BOXES_MAX && b->count <= BOXES_MAX);
	for (;;) {
		size_t i = 0;
		size_t j = 0;
		double iou = boxes_best(a, b, a_taken, b_taken, &i, &j);

		if (iou == 0) {
			return sum;
		}
		a_taken[i] = true;
		b_taken[j] = true;
		sum += iou;
	}
}

struct agreement boxes_agreement(const struct boxes *found, const struct boxes *reference)
{
	return (struct agreement){
		.matched = boxes_match(found, reference),
		.boxes = (double)(found->count + reference->count) / 2,
	};
}

double agreement_acc(const struct agreement *agreement)
{
	return agreement->boxes > 0 ? agreement->matched / agreement->boxes : 1;
}

void agreement_window_add(struct agreement_window *window, struct agreement agreement)
{
	window->frames[window->next] = agreement;
	window->next = (window->next + 1) % AGREEMENT_WINDOW_FRAMES;
	if (window->count < AGREEMENT_WINDOW_FRAMES) {
		window->count++;
	}
}

/* Summed anew each time: 32 additions, and no error that creeps in. */
double agreement_window_acc(const struct agreement_window *window)
{
	struct agreement sum = {0};

	for (size_t i = 0; i < window->count; i++) {
		sum.matched += window->frames[i].matched;
		sum.boxes += window->frames[i].boxes;
	}
	return agreement_acc(&sum);
}
