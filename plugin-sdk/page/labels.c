#include "page/labels.h"

#include "page/names.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What would break the text, or a glob over it. */
#define VALUE_REFUSED "\"\\*?["

/* A label within a text. */
struct slice {
	const char *name;
	size_t name_bytes;
	const char *value;
	size_t value_bytes;
};

FAST_PRINTF(4, 5)
static enum fast_status refuse(char *reason, size_t reason_bytes, const char *metric,
			       const char *format, ...)
{
	char quoted[FAST_QUOTE_BYTES];
	va_list args;
	int used = snprintf(reason, reason_bytes, "metric \"%s\": ", fast_quote(metric, quoted));

	if (used >= 0 && (size_t)used < reason_bytes) {
		va_start(args, format);
		(void)vsnprintf(reason + used, reason_bytes - (size_t)used, format, args);
		va_end(args);
	}
	return FAST_INVALID_ARGUMENT;
}

static bool is_word(const char *text, size_t bytes)
{
	bool good = bytes > 0;

	for (size_t i = 0; i < bytes && good; i++) {
		char c = text[i];

		good = (c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9');
	}
	return good;
}

static bool is_taken(const struct slice *label)
{
	static const char *const taken[] = {"plugin", "le", "overflow"};
	bool found = false;

	for (size_t i = 0; i < sizeof taken / sizeof taken[0] && !found; i++) {
		found = strlen(taken[i]) == label->name_bytes &&
			memcmp(taken[i], label->name, label->name_bytes) == 0;
	}
	return found || (label->name_bytes >= 2 && memcmp(label->name, "__", 2) == 0);
}

static bool is_value(const struct slice *label)
{
	for (size_t i = 0; i < label->value_bytes; i++) {
		char c = label->value[i];

		if ((unsigned char)c < ' ' || c == 0x7f || strchr(VALUE_REFUSED, c) != NULL) {
			return false;
		}
	}
	return fast_utf8_valid(label->value, label->value_bytes);
}

static enum fast_status label_check(const char *metric, const struct slice *label, char *reason,
				    size_t reason_bytes)
{
	int shown = label->name_bytes > FAST_LABEL_NAME_BYTES_MAX ? FAST_LABEL_NAME_BYTES_MAX
								  : (int)label->name_bytes;

	if (label->name_bytes > FAST_LABEL_NAME_BYTES_MAX ||
	    !is_word(label->name, label->name_bytes) ||
	    (label->name[0] >= '0' && label->name[0] <= '9')) {
		return refuse(reason, reason_bytes, metric,
			      "a label's name of %zu bytes; use [a-z_][a-z0-9_]*, at most %d",
			      label->name_bytes, FAST_LABEL_NAME_BYTES_MAX);
	}
	if (is_taken(label)) {
		return refuse(reason, reason_bytes, metric,
			      "label \"%.*s\" is fastd's own; choose another name", shown,
			      label->name);
	}
	if (label->value_bytes == 0 || label->value_bytes > FAST_LABEL_VALUE_BYTES_MAX) {
		return refuse(reason, reason_bytes, metric,
			      "label \"%.*s\" has a value of %zu bytes; use 1 to %d", shown,
			      label->name, label->value_bytes, FAST_LABEL_VALUE_BYTES_MAX);
	}
	if (!is_value(label)) {
		return refuse(reason, reason_bytes, metric,
			      "label \"%.*s\": its value is not UTF-8, or has a control character "
			      "or one of %s",
			      shown, label->name, VALUE_REFUSED);
	}
	return FAST_OK;
}

/* Below 0, 0 or above, as the names stand to each other. */
static int name_compare(const struct slice *label, const struct slice *other)
{
	size_t bytes =
		label->name_bytes < other->name_bytes ? label->name_bytes : other->name_bytes;
	int order = memcmp(label->name, other->name, bytes);

	return order != 0 ? order : (label->name_bytes > bytes) - (other->name_bytes > bytes);
}

static enum fast_status twice_refuse(const char *metric, const struct slice *label, char *reason,
				     size_t reason_bytes)
{
	return refuse(reason, reason_bytes, metric,
		      "label \"%.*s\" comes twice or out of order; sort labels by name",
		      (int)label->name_bytes, label->name);
}

/* Puts the label where it belongs among the sorted ones. False: it is there already. */
static bool label_insert(struct slice *sorted, size_t count, const struct slice *label)
{
	size_t at = count;

	while (at > 0 && name_compare(label, &sorted[at - 1]) < 0) {
		at--;
	}
	if (at > 0 && name_compare(label, &sorted[at - 1]) == 0) {
		return false;
	}
	memmove(&sorted[at + 1], &sorted[at], (count - at) * sizeof *sorted);
	sorted[at] = *label;
	return true;
}

enum fast_status fast_labels_write(const char *metric, const struct fast_label *labels,
				   size_t count, char *out, char *reason, size_t reason_bytes)
{
	struct slice sorted[FAST_LABELS_MAX];
	size_t used = 0;

	if (count == 0 || count > FAST_LABELS_MAX) {
		return refuse(reason, reason_bytes, metric, "%zu labels; give 1 to %d", count,
			      FAST_LABELS_MAX);
	}
	for (size_t i = 0; i < count; i++) {
		const char *name = labels[i].name != NULL ? labels[i].name : "";
		const char *value = labels[i].value != NULL ? labels[i].value : "";
		const struct slice label = {name, strlen(name), value, strlen(value)};
		enum fast_status status = label_check(metric, &label, reason, reason_bytes);

		if (status != FAST_OK) {
			return status;
		}
		if (!label_insert(sorted, i, &label)) {
			return twice_refuse(metric, &label, reason, reason_bytes);
		}
	}
	for (size_t i = 0; i < count && used <= FAST_LABELS_BYTES_MAX; i++) {
		used += (size_t)snprintf(out + used, FAST_LABELS_BYTES_MAX + 1 - used,
					 "%s%s=\"%s\"", i > 0 ? "," : "", sorted[i].name,
					 sorted[i].value);
	}
	if (used > FAST_LABELS_BYTES_MAX) {
		return refuse(reason, reason_bytes, metric,
			      "its labels are too long; at most %d bytes", FAST_LABELS_BYTES_MAX);
	}
	return FAST_OK;
}

/* Cuts the next label off the text. False: none is there. */
static bool label_take(const char **text, struct slice *out)
{
	const char *equals = strstr(*text, "=\"");
	const char *end = equals == NULL ? NULL : strchr(equals + 2, '"');

	if (end == NULL || (end[1] != '\0' && (end[1] != ',' || end[2] == '\0'))) {
		return false;
	}
	*out = (struct slice){*text, (size_t)(equals - *text), equals + 2,
			      (size_t)(end - equals - 2)};
	*text = end[1] == ',' ? end + 2 : end + 1;
	return true;
}

enum fast_status fast_labels_check(const char *metric, const char *text, char *reason,
				   size_t reason_bytes)
{
	struct slice before = {"", 0, "", 0};
	size_t count = 0;

	if (strcmp(text, FAST_LABELS_OVERFLOW) == 0) {
		return FAST_OK;
	}
	if (strlen(text) > FAST_LABELS_BYTES_MAX) {
		return refuse(reason, reason_bytes, metric, "labels of %zu bytes; at most %d",
			      strlen(text), FAST_LABELS_BYTES_MAX);
	}
	while (*text != '\0') {
		struct slice label;

		if (!label_take(&text, &label) || ++count > FAST_LABELS_MAX) {
			return refuse(
				reason, reason_bytes, metric,
				"its labels must be 1 to %d of name=\"value\", joined by commas",
				FAST_LABELS_MAX);
		}
		enum fast_status status = label_check(metric, &label, reason, reason_bytes);
		if (status != FAST_OK) {
			return status;
		}
		if (name_compare(&before, &label) >= 0) {
			return twice_refuse(metric, &label, reason, reason_bytes);
		}
		before = label;
	}
	return FAST_OK;
}

enum fast_status fast_states_write(const char *metric, const char *const *states, size_t count,
				   char *out, char *reason, size_t reason_bytes)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count && used <= FAST_STATES_BYTES_MAX; i++) {
		const char *state = states[i] != NULL ? states[i] : "";

		if (!is_word(state, strlen(state))) { /* a comma would make two of it */
			return refuse(reason, reason_bytes, metric, "state %zu: use [a-z0-9_]+", i);
		}
		used += (size_t)snprintf(out + used, FAST_STATES_BYTES_MAX + 1 - used, "%s%s",
					 i > 0 ? "," : "", state);
	}
	if (used > FAST_STATES_BYTES_MAX) {
		return refuse(reason, reason_bytes, metric,
			      "its states are too long; at most %d bytes", FAST_STATES_BYTES_MAX);
	}
	return fast_states_check(metric, out, reason, reason_bytes);
}

enum fast_status fast_states_check(const char *metric, const char *text, char *reason,
				   size_t reason_bytes)
{
	size_t count = 0;

	if (strlen(text) > FAST_STATES_BYTES_MAX) {
		return refuse(reason, reason_bytes, metric, "states of %zu bytes; at most %d",
			      strlen(text), FAST_STATES_BYTES_MAX);
	}
	for (const char *at = text;; at++) {
		size_t bytes = strcspn(at, ",");

		if (!is_word(at, bytes) || ++count > FAST_METRIC_STATES_MAX) {
			return refuse(reason, reason_bytes, metric,
				      "a stateset has 1 to %d states of [a-z0-9_]+",
				      FAST_METRIC_STATES_MAX);
		}
		at += bytes;
		if (*at == '\0') {
			return FAST_OK;
		}
	}
}
