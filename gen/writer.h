/* writer.h - C text, laid out as the tree's clang-format would. */
#ifndef GEN_WRITER_H
#define GEN_WRITER_H

#include "pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WRITER_COLUMNS_MAX 100
#define WRITER_TAB_COLUMNS 8

/* Zeroed memory is a valid empty writer. A write that finds no memory sets failed, and all later
 * ones do nothing: look at failed once, at the end. */
struct writer {
	char *text; /* NUL-terminated; NULL while empty */
	size_t length;
	size_t capacity;
	bool failed;
	struct pool pool; /* of writer_text() */
};

__attribute__((format(printf, 2, 3))) void writer_printf(struct writer *writer, const char *format,
							 ...);

/* Text to be an argument of the functions below, valid until writer_fini(). */
#define writer_text(writer, ...) writer_text_keep(writer, pool_printf(&(writer)->pool, __VA_ARGS__))

/* text; or "", and the writer has failed, when it is NULL. */
const char *writer_text_keep(struct writer *writer, const char *text);

/* A comment of its own lines at this indent, wrapped; nothing for NULL or a blank text. What would
 * end the comment or make a compiler warn is defused. */
void writer_comment(struct writer *writer, unsigned indent, const char *text);

/* The type, the name, the items separated by commas, tail and a line break. Items are aligned after
 * the name, or go below it where they would not fit, and so does the name after the type. All are
 * borrowed and hold no tab. type: "int ", or "" for a call. name: "main(". */
void writer_list(struct writer *writer, unsigned indent, const char *type, const char *name,
		 const char *const *items, size_t item_count, const char *tail);

/* "left right" and a line break, broken between the two where they would not fit. */
void writer_pair(struct writer *writer, unsigned indent, const char *left, const char *right);

/* The inside of an array of bytes. */
void writer_bytes(struct writer *writer, const uint8_t *bytes, size_t size);

/* Where a line of code holds a name that no line has room for, tells clang-format, behind the first
 * line, to leave the text as it is. To be called at the end. */
void writer_settle(struct writer *writer);

/* Frees the text and leaves the writer empty. */
void writer_fini(struct writer *writer);

#endif
