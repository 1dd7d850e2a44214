/* daemon/text.h - text that grows to a limit. */
#ifndef FASTD_TEXT_H
#define FASTD_TEXT_H

#include <fast/status.h>

/* One thread at a time. What does not fit, or finds no memory, sets failed and is left out; the
 * caller asks once, at the end. */
struct text {
	char *bytes; /* ends with a zero byte; NULL while empty */
	size_t count;
	size_t capacity;
	size_t bytes_max;
	bool failed;
};

/* Enough to print any double that text_number() writes. */
#define TEXT_NUMBER_BYTES_MAX 32

void text_init(struct text *text, size_t bytes_max);
void text_fini(struct text *text);

void text_add(struct text *text, const char *more);
void text_add_bytes(struct text *text, const char *more, size_t count);
void text_format(struct text *text, const char *format, ...) FAST_PRINTF(2, 3);

/* The shortest decimal that reads back as the same double; "NaN", "+Inf", "-Inf". */
void text_number(struct text *text, double value);

/* The same into out, which holds TEXT_NUMBER_BYTES_MAX bytes. Returns out. */
char *text_of_number(double value, char *out);

#endif
