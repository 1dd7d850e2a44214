#include "attempts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_FIRST 16

struct attempt {
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	bool is_text; /* the value is a text, whatever the knob's type */
	struct node_attempt attempt;
};

void attempts_fini(struct attempts *attempts)
{
	for (size_t i = 0; i < attempts->count; i++) {
		free(attempts->items[i]);
	}
	free(attempts->items);
	*attempts = (struct attempts){0};
}

static int compare(const struct attempt *item, const char *instance, const char *param)
{
	int order = strcmp(item->instance, instance);

	return order != 0 ? order : strcmp(item->param, param);
}

/* Index of the first item that is not before this knob. */
static size_t items_lower(const struct attempts *attempts, const char *instance, const char *param)
{
	size_t low = 0;
	size_t high = attempts->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(attempts->items[middle], instance, param) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static struct attempt *item_find(const struct attempts *attempts, const char *instance,
				 const char *param)
{
	size_t i = items_lower(attempts, instance, param);

	if (i < attempts->count && compare(attempts->items[i], instance, param) == 0) {
		return attempts->items[i];
	}
	return NULL;
}

static void forget_oldest(struct attempts *attempts)
{
	size_t oldest = 0;

	for (size_t i = 1; i < attempts->count; i++) {
		if (attempts->items[i]->attempt.time_unix_ns <
		    attempts->items[oldest]->attempt.time_unix_ns) {
			oldest = i;
		}
	}
	free(attempts->items[oldest]);
	attempts->count--;
	memmove(&attempts->items[oldest], &attempts->items[oldest + 1],
		(attempts->count - oldest) * sizeof(struct attempt *));
}

/* Room for one more. False: no memory. */
static bool items_grow(struct attempts *attempts)
{
	size_t wanted = attempts->capacity == 0 ? ITEMS_FIRST : 2 * attempts->capacity;
	struct attempt **grown;

	if (attempts->count == ATTEMPTS_MAX) {
		forget_oldest(attempts);
	}
	if (attempts->count < attempts->capacity) {
		return true;
	}
	grown = realloc(attempts->items, wanted * sizeof(struct attempt *));
	if (grown == NULL) {
		return false;
	}
	attempts->items = grown;
	attempts->capacity = wanted;
	return true;
}

/* NULL: no memory. */
static struct attempt *item_obtain(struct attempts *attempts, const char *instance,
				   const char *param)
{
	struct attempt *item = item_find(attempts, instance, param);
	size_t i;

	if (item != NULL || !items_grow(attempts)) {
		return item;
	}
	item = calloc(1, sizeof *item);
	if (item == NULL) {
		return NULL;
	}
	(void)snprintf(item->instance, sizeof item->instance, "%s", instance);
	(void)snprintf(item->param, sizeof item->param, "%s", param);
	i = items_lower(attempts, instance, param);
	memmove(&attempts->items[i + 1], &attempts->items[i],
		(attempts->count - i) * sizeof(struct attempt *));
	attempts->items[i] = item;
	attempts->count++;
	return item;
}

const struct node_attempt *attempts_find(const struct attempts *attempts, const char *instance,
					 const char *param)
{
	const struct attempt *item = item_find(attempts, instance, param);

	return item == NULL ? NULL : &item->attempt;
}

static void note(struct attempts *attempts, const char *instance, const char *param,
		 const struct node_attempt *attempt, bool is_text)
{
	struct attempt *item = item_obtain(attempts, instance, param);

	if (item != NULL) {
		item->attempt = *attempt;
		item->is_text = is_text;
	}
}

void attempts_note(struct attempts *attempts, const char *instance, const char *param,
		   const struct node_attempt *attempt)
{
	note(attempts, instance, param, attempt, false);
}

void attempts_note_text(struct attempts *attempts, const char *instance, const char *param,
			const struct node_attempt *attempt)
{
	note(attempts, instance, param, attempt, true);
}

/* What is no number of the type, or not for it, stays a text. */
static void number_read(struct fast_page_value *value, enum fast_param_type type)
{
	struct fast_page_value read = {.type = type};
	char *end = NULL;

	errno = 0;
	if (type == FAST_PARAM_INT) {
		read.u.integer = strtoll(value->string, &end, 10);
	} else {
		read.u.number = strtod(value->string, &end);
	}
	if (end != value->string && *end == '\0' && errno == 0) {
		*value = read;
	}
}

void attempts_read(struct attempts *attempts, const char *instance, const char *param,
		   enum fast_param_type type)
{
	struct attempt *item = item_find(attempts, instance, param);
	struct fast_page_value *value;
	bool is_true;

	if (item == NULL || !item->is_text) {
		return;
	}
	item->is_text = false;
	value = &item->attempt.value;
	is_true = strcmp(value->string, "true") == 0;
	if (type == FAST_PARAM_BOOL && (is_true || strcmp(value->string, "false") == 0)) {
		*value = (struct fast_page_value){.type = type, .u.boolean = is_true};
	} else if (type == FAST_PARAM_INT || type == FAST_PARAM_DOUBLE) {
		number_read(value, type);
	}
}
