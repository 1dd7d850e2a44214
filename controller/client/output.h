/* client/output.h - answers for people and for programs, told apart in one place. */
#ifndef CLIENT_OUTPUT_H
#define CLIENT_OUTPUT_H

#include "client/text.h"

#include <fast/v1/types.pb-c.h>
#include <jansson.h>
#include <stdio.h>

#define OUTPUT_COLUMNS_MAX 24
#define OUTPUT_ROWS_MAX    20000

/* One column of a table, or one line of a card. */
struct output_column {
	const char *title;
	size_t offset; /* of the member in the item; 0: the item itself */
	void (*print)(const void *member, struct text *text);
	bool right;   /* flush right */
	size_t width; /* at least; a stream's columns need it, since its rows are not known */
};

enum output_shape {
	OUTPUT_CARD,   /* one item, a line per column */
	OUTPUT_TABLE,  /* all items at once, when the last is known */
	OUTPUT_STREAM, /* each item at once */
};

struct output_view {
	enum output_shape shape;
	const char
		*key; /* JSON: the list's name in a TABLE's object; NULL: each item is an object */
	const char *empty; /* text: said of a TABLE without rows; NULL: nothing */
	const struct output_column *columns;
	size_t column_count;
	/* Text: the rows within one item, until NULL; no function: the item is the row. */
	const void *(*part)(const void *item, size_t index);
	/* JSON: gives a reference, or NULL when memory is short; no function: the item is a
	 * message. */
	json_t *(*json)(const void *item);
};

struct output_error {
	const char *code; /* "OUT_OF_RANGE", "USAGE", "UNREACHABLE", "LOST" */
	const char *message;
	const char *param;                   /* refused param; NULL: none */
	const Fast__V1__ParamValue *nearest; /* what would be taken; NULL: not known */
};

/* Use from one thread at a time. View and items are borrowed for the call, the view until tail. */
struct output {
	void (*head)(struct output *output, const struct output_view *view);
	void (*row)(struct output *output, const void *item);
	void (*tail)(struct output *output);
	void (*error)(struct output *output, const struct output_error *error);
	void (*note)(struct output *output, const char *sentence); /* progress, for people alone */
	void (*free)(struct output *output);
	bool json;
	bool failed; /* something could not be written, or memory was short; tail and row set it */
};

/* out gets answers, err errors and notes; both stay borrowed. Gives the output, which is freed by
 * its own member; NULL when memory is short. */
struct output *output_text_new(FILE *out, FILE *err);
struct output *output_json_new(FILE *out, FILE *err);

/* ---- what columns print ---- */

void output_string(const void *member, struct text *text);   /* char * */
void output_sentence(const void *member, struct text *text); /* char[] */
void output_u32(const void *member, struct text *text);
void output_u64(const void *member, struct text *text);
void output_hex64(const void *member, struct text *text);
void output_count(const void *member, struct text *text);       /* u64; "-" for 0 */
void output_time(const void *member, struct text *text);        /* int64 unix ns; "-" for 0 */
void output_clock(const void *member, struct text *text);       /* the same, local time of day */
void output_since(const void *member, struct text *text);       /* the same, as time passed */
void output_bytes(const void *member, struct text *text);       /* u64 */
void output_param_value(const void *member, struct text *text); /* Fast__V1__ParamValue * */

#endif
