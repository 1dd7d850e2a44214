/* client/text.h - text that grows up to a limit. Use from one thread at a time. */
#ifndef CLIENT_TEXT_H
#define CLIENT_TEXT_H

#include <fast/status.h>

#define TEXT_BYTES_MAX (4u << 20)

/* Zeroed memory is a valid empty text. After a failed allocation, or past TEXT_BYTES_MAX, failed is
 * set and what is added is left out. */
struct text {
	char *data; /* always terminated, once anything was added; text_chars() is never NULL */
	size_t bytes;
	size_t capacity;
	bool failed;
};

void text_fini(struct text *text);
/* Empties the text, keeps its memory and forgets a failure. */
void text_clear(struct text *text);

const char *text_chars(const struct text *text);

void text_add(struct text *text, const char *format, ...) FAST_PRINTF(2, 3);

/* Adds what another program sent: control characters and bytes that are not UTF-8 become '?', so
 * that no name or message can steer the terminal. */
void text_add_clean(struct text *text, const char *foreign);

/* Adds as many spaces. */
void text_add_spaces(struct text *text, size_t count);

/* Drops blanks at the end. */
void text_trim(struct text *text);

/* Columns that a terminal gives to a text of our own or a cleaned one: one per code point. */
size_t text_width(const char *chars);

/* Drops what lies past this many columns of the part that begins at byte `from`; a mark shows that
 * something was cut. */
void text_cut(struct text *text, size_t from, size_t columns);

#endif
