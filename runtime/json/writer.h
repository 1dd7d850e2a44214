/* json/writer.h - text that grows, and JSON's punctuation. */
#ifndef FAST_JSON_WRITER_H
#define FAST_JSON_WRITER_H

#include <fast/json.h>

/* Zeroed memory is a valid empty writer. After a failed allocation, or past FAST_JSON_BYTES_MAX,
 * failed is set and what is written is left out. */
struct fast_writer {
	char *data; /* has a zero byte behind it, once anything was written */
	size_t bytes;
	size_t capacity;
	unsigned depth; /* brackets that are open */
	bool indent;
	bool has_part; /* something stands in the innermost bracket */
	bool follows_name;
	bool failed;
};

void fast_writer_fini(struct fast_writer *writer);
/* Hands the text out; the caller frees it. NULL: the writer has failed. */
char *fast_writer_take(struct fast_writer *writer);

void fast_writer_add(struct fast_writer *writer, const char *text, size_t bytes);
void fast_writer_print(struct fast_writer *writer, const char *format, ...) FAST_PRINTF(2, 3);

/* Values stand alone, in a list, or behind a name in an object; commas come by themselves. */
void fast_writer_open(struct fast_writer *writer, char bracket);
void fast_writer_close(struct fast_writer *writer, char bracket);
void fast_writer_name(struct fast_writer *writer, const char *name);
/* A number, true, false, null: as it is. */
void fast_writer_word(struct fast_writer *writer, const char *word);
/* Takes UTF-8; other bytes become U+FFFD. */
void fast_writer_string(struct fast_writer *writer, const char *text, size_t bytes);

#endif
