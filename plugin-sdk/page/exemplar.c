#include "page/exemplar.h"

#include "page/atomic.h"
#include "page/distribution.h"
#include "page/names.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(
	4 * FAST_EXEMPLAR_CHARACTERS_MAX <= FAST_PAGE_EXEMPLAR_TEXT_BYTES,
	"a label's name of one byte and its two zeros take no more than a character of four");

static const uint8_t kind_slots[] = {
	[FAST_METRIC_COUNTER] = 1,
	[FAST_METRIC_HEARTBEAT] = 1,
	[FAST_METRIC_HISTOGRAM] = FAST_PAGE_EXEMPLARS,
	[FAST_METRIC_TIMER] = FAST_PAGE_EXEMPLARS,
};

size_t fast_page_exemplar_slots(enum fast_metric_kind kind)
{
	return (unsigned int)kind < sizeof kind_slots ? kind_slots[kind] : 0;
}

uint32_t fast_page_exemplars_bytes(enum fast_metric_kind kind)
{
	return (uint32_t)(offsetof(struct fast_page_exemplars, slots) +
			  fast_page_exemplar_slots(kind) * sizeof(struct fast_page_exemplar));
}

/* One for each octave, by which values of ordinary metrics do not meet in one. */
size_t fast_page_exemplar_slot(enum fast_metric_kind kind, double value)
{
	size_t octave = value > 0 ? fast_page_bucket(value) >> FAST_PAGE_SCALE : 0;

	return octave % fast_page_exemplar_slots(kind);
}

/* ---- text ---- */

/* What is wrong with a name, NULL: nothing; and its characters. */
static const char *name_fault(const char *name, size_t *characters)
{
	size_t i = 0;

	for (; name[i] != '\0'; i++) {
		char c = name[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && (i == 0 || c < '0' || c > '9')) {
			return "its name must be [a-zA-Z_][a-zA-Z0-9_]*";
		}
	}
	*characters += i;
	if (i == 0) {
		return "its name is empty";
	}
	return name[0] == '_' && name[1] == '_' ? "names that begin with __ are taken" : NULL;
}

/* The same of a value. */
static const char *value_fault(const char *value, size_t *characters)
{
	size_t bytes = strlen(value);
	unsigned char all = 0;

	for (size_t i = 0; i < bytes; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c < ' ' || c == 0x7f) {
			return "its value has a control character";
		}
		*characters += (c & 0xc0) != 0x80;
		all |= c;
	}
	return all < 0x80 || fast_utf8_valid(value, bytes) ? NULL : "its value is not UTF-8";
}

FAST_PRINTF(5, 6)
static enum fast_status refuse(char *reason, size_t reason_bytes, const char *metric,
			       const char *label, const char *format, ...)
{
	char quoted[FAST_QUOTE_BYTES];
	va_list args;
	int used = snprintf(reason, reason_bytes, "metric \"%s\": exemplar", metric);

	if (label != NULL && used >= 0 && (size_t)used < reason_bytes) {
		used += snprintf(reason + used, reason_bytes - (size_t)used, " label \"%s\"",
				 fast_quote(label, quoted));
	}
	if (used >= 0 && (size_t)used < reason_bytes) {
		va_start(args, format);
		(void)vsnprintf(reason + used, reason_bytes - (size_t)used, format, args);
		va_end(args);
	}
	return FAST_INVALID_ARGUMENT;
}

static bool is_twice(const struct fast_label *labels, size_t at)
{
	size_t i = 0;

	while (i < at && strcmp(labels[i].name, labels[at].name) != 0) {
		i++;
	}
	return i < at;
}

static enum fast_status labels_check(const char *metric, const struct fast_label *labels,
				     size_t count, char *reason, size_t reason_bytes)
{
	size_t total = 0;

	if (count > FAST_LABELS_MAX) {
		return refuse(reason, reason_bytes, metric, NULL,
			      "s have at most %d labels, not %zu", FAST_LABELS_MAX, count);
	}
	for (size_t i = 0; i < count; i++) {
		bool whole = labels[i].name != NULL && labels[i].value != NULL;
		const char *fault =
			whole ? name_fault(labels[i].name, &total) : "its name or value is NULL";

		if (fault == NULL) {
			fault = value_fault(labels[i].value, &total);
		}
		if (fault == NULL && is_twice(labels, i)) {
			fault = "it comes twice";
		}
		if (fault != NULL) {
			return refuse(reason, reason_bytes, metric,
				      labels[i].name != NULL ? labels[i].name : "", ": %s", fault);
		}
	}
	if (total > FAST_EXEMPLAR_CHARACTERS_MAX) {
		return refuse(reason, reason_bytes, metric, NULL,
			      " of %zu characters, names and values together; at most %d", total,
			      FAST_EXEMPLAR_CHARACTERS_MAX);
	}
	return FAST_OK;
}

static void text_add(struct fast_exemplar_text *text, const char *part)
{
	size_t bytes = strlen(part) + 1;

	memcpy(text->u.chars + text->bytes, part, bytes);
	text->bytes += bytes;
}

enum fast_status fast_exemplar_write(const char *metric, const struct fast_label *labels,
				     size_t count, struct fast_exemplar_text *out, char *reason,
				     size_t reason_bytes)
{
	enum fast_status status = labels_check(metric, labels, count, reason, reason_bytes);

	out->bytes = 0;
	if (status != FAST_OK) {
		return status;
	}
	for (size_t i = 0; i < count; i++) {
		text_add(out, labels[i].name);
		text_add(out, labels[i].value);
	}
	memset(out->u.chars + out->bytes, 0, -out->bytes % 8);
	return FAST_OK;
}

bool fast_exemplar_next(const char *text, size_t bytes, size_t *at, struct fast_label *out)
{
	const char *name = text + *at;
	size_t left = bytes - *at;
	size_t name_bytes = strnlen(name, left) + 1;
	size_t value_bytes =
		name_bytes < left ? strnlen(name + name_bytes, left - name_bytes) + 1 : 0;

	if (value_bytes == 0 || name_bytes + value_bytes > left) {
		return false;
	}
	*out = (struct fast_label){name, name + name_bytes};
	*at += name_bytes + value_bytes;
	return true;
}

bool fast_exemplar_valid(const struct fast_exemplar_text *text)
{
	struct fast_label labels[FAST_LABELS_MAX];
	char reason[FAST_REASON_BYTES];
	size_t count = 0;
	size_t at = 0;

	if (text->bytes > FAST_PAGE_EXEMPLAR_TEXT_BYTES) {
		return false;
	}
	while (count < FAST_LABELS_MAX &&
	       fast_exemplar_next(text->u.chars, text->bytes, &at, &labels[count])) {
		count++;
	}
	return count > 0 && at == text->bytes &&
	       labels_check("", labels, count, reason, sizeof reason) == FAST_OK;
}

/* ---- slots ---- */

static uint64_t check_add(uint64_t check, uint64_t word)
{
	check = (check ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return check ^ check >> 32;
}

uint64_t fast_page_exemplar_check(uint64_t value, uint64_t time_unix_ns,
				  const struct fast_exemplar_text *text)
{
	uint64_t check = check_add(check_add(text->bytes, value), time_unix_ns);

	for (size_t i = 0; 8 * i < text->bytes; i++) {
		check = check_add(check, text->u.words[i]);
	}
	return check != 0 ? check : 1;
}

static bool is_too_soon(const struct fast_page_exemplar *slot, int64_t time_unix_ns)
{
	uint64_t before = page_load(&slot->time_unix_ns);
	uint64_t since = (uint64_t)time_unix_ns - before;

	/* A clock that was set back does not shut the slot. */
	return since < FAST_PAGE_EXEMPLAR_SPACING_NS || -since < FAST_PAGE_EXEMPLAR_SPACING_NS;
}

void fast_page_exemplar_put(struct fast_page_exemplars *cell, size_t slot, double value,
			    int64_t time_unix_ns, const struct fast_exemplar_text *text)
{
	assert(slot < FAST_PAGE_EXEMPLARS);
	assert(text->bytes <= FAST_PAGE_EXEMPLAR_TEXT_BYTES);

	struct fast_page_exemplar *out = &cell->slots[slot];
	uint64_t bits = page_double_bits(value);

	if (is_too_soon(out, time_unix_ns) ||
	    __atomic_exchange_n(&out->claim, 1, __ATOMIC_ACQUIRE) != 0) {
		return;
	}
	page_store(&out->value, bits);
	page_store(&out->time_unix_ns, (uint64_t)time_unix_ns);
	page_store(&out->bytes, text->bytes);
	for (size_t i = 0; 8 * i < text->bytes; i++) {
		page_store(&out->text[i], text->u.words[i]);
	}
	__atomic_store_n(&cell->checks[slot],
			 fast_page_exemplar_check(bits, (uint64_t)time_unix_ns, text),
			 __ATOMIC_RELEASE);
	__atomic_store_n(&out->claim, 0, __ATOMIC_RELEASE);
}
