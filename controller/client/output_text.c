#include "client/output.h"
#include "client/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN_GAP 2

struct output_text {
	struct output output;
	FILE *out;
	FILE *err;
	const struct output_view *view;
	struct text cells; /* a table's cells, each with its zero byte */
	struct text line;  /* being written */
	struct text cell;  /* being printed */
	size_t row_count;
	size_t widths[OUTPUT_COLUMNS_MAX];
};

static struct output_text *text_of(struct output *output)
{
	return (struct output_text *)output;
}

static void text_print_cell(struct output_text *text, const struct output_column *column,
			    const void *item)
{
	text_clear(&text->cell);
	column->print((const char *)item + column->offset, &text->cell);
	text->output.failed |= text->cell.failed;
}

/* Adds one cell to the line, padded; the last of a line is not. */
static void text_line_cell(struct output_text *text, size_t index, const char *cell)
{
	const struct output_column *column = &text->view->columns[index];
	size_t width = text_width(cell);
	size_t pad = text->widths[index] > width ? text->widths[index] - width : 0;

	if (column->right) {
		text_add_spaces(&text->line, pad);
	}
	text_add(&text->line, "%s", cell);
	if (index + 1 < text->view->column_count) {
		text_add_spaces(&text->line, COLUMN_GAP + (column->right ? 0 : pad));
	}
}

static void text_write_line(struct output_text *text)
{
	text->output.failed |= text->line.failed;
	fprintf(text->out, "%s\n", text_chars(&text->line));
	text_clear(&text->line);
}

static void text_write_titles(struct output_text *text)
{
	for (size_t i = 0; i < text->view->column_count; i++) {
		text_line_cell(text, i, text->view->columns[i].title);
	}
	text_write_line(text);
}

static void text_head(struct output *output, const struct output_view *view)
{
	struct output_text *text = text_of(output);

	assert(view->column_count <= OUTPUT_COLUMNS_MAX);
	text->view = view;
	text->row_count = 0;
	text_clear(&text->cells);
	for (size_t i = 0; i < view->column_count; i++) {
		size_t title = text_width(view->columns[i].title);

		text->widths[i] = view->columns[i].width > title ? view->columns[i].width : title;
	}
	if (view->shape == OUTPUT_STREAM) {
		text_write_titles(text);
		fflush(text->out);
	}
}

static void text_card(struct output_text *text, const void *item)
{
	size_t widest = 0;

	for (size_t i = 0; i < text->view->column_count; i++) {
		widest = text->widths[i] > widest ? text->widths[i] : widest;
	}
	for (size_t i = 0; i < text->view->column_count; i++) {
		text_print_cell(text, &text->view->columns[i], item);
		text_add(&text->line, "%s", text->view->columns[i].title);
		text_add_spaces(&text->line,
				widest + COLUMN_GAP - text_width(text->view->columns[i].title));
		text_add(&text->line, "%s", text_chars(&text->cell));
		text_write_line(text);
	}
}

/* A table's row is kept until all are known. */
static void text_keep(struct output_text *text, const void *item)
{
	if (text->row_count == OUTPUT_ROWS_MAX) {
		text->output.failed = true;
		return;
	}
	for (size_t i = 0; i < text->view->column_count; i++) {
		size_t width;

		text_print_cell(text, &text->view->columns[i], item);
		width = text_width(text_chars(&text->cell));
		text->widths[i] = width > text->widths[i] ? width : text->widths[i];
		text_add(&text->cells, "%s%c", text_chars(&text->cell), '\0');
	}
	text->row_count++;
}

static void text_stream(struct output_text *text, const void *item)
{
	for (size_t i = 0; i < text->view->column_count; i++) {
		text_print_cell(text, &text->view->columns[i], item);
		text_line_cell(text, i, text_chars(&text->cell));
	}
	text_write_line(text);
}

static void text_row(struct output *output, const void *item)
{
	static void (*const shapes[])(struct output_text *,
				      const void *) = {[OUTPUT_CARD] = text_card,
						       [OUTPUT_TABLE] = text_keep,
						       [OUTPUT_STREAM] = text_stream};
	struct output_text *text = text_of(output);
	const void *part = item;

	for (size_t i = 0; part != NULL; i++) {
		if (text->view->part != NULL) {
			part = text->view->part(item, i);
			if (part == NULL) {
				break;
			}
		}
		shapes[text->view->shape](text, part);
		if (text->view->part == NULL) {
			break;
		}
	}
	if (text->view->shape == OUTPUT_STREAM) {
		output->failed |= fflush(text->out) != 0;
	}
}

static void text_write_table(struct output_text *text)
{
	const char *cell = text_chars(&text->cells);

	text_write_titles(text);
	for (size_t row = 0; row < text->row_count; row++) {
		for (size_t i = 0; i < text->view->column_count; i++) {
			text_line_cell(text, i, cell);
			cell += strlen(cell) + 1;
		}
		text_write_line(text);
	}
}

static void text_tail(struct output *output)
{
	struct output_text *text = text_of(output);

	output->failed |= text->cells.failed;
	if (text->view->shape == OUTPUT_TABLE && !output->failed) {
		if (text->row_count > 0) {
			text_write_table(text);
		} else if (text->view->empty != NULL) {
			fprintf(text->err, "fastctl: %s\n", text->view->empty);
		}
	}
	output->failed |= fflush(text->out) != 0 || ferror(text->out) != 0;
}

static void text_error(struct output *output, const struct output_error *error)
{
	struct output_text *text = text_of(output);

	text_clear(&text->line);
	text_add(&text->line, "fastctl: ");
	text_add_clean(&text->line, error->message);
	if (error->nearest != NULL) {
		text_add(&text->line, "\nfastctl: the nearest allowed value");
		if (error->param != NULL) {
			text_add(&text->line, " of ");
			text_add_clean(&text->line, error->param);
		}
		text_add(&text->line, " is ");
		value_add(&text->line, error->nearest);
	}
	fprintf(text->err, "%s\n", text_chars(&text->line));
	text_clear(&text->line);
}

static void text_note(struct output *output, const char *sentence)
{
	fprintf(text_of(output)->err, "fastctl: %s\n", sentence);
}

static void text_free(struct output *output)
{
	struct output_text *text = text_of(output);

	text_fini(&text->cells);
	text_fini(&text->line);
	text_fini(&text->cell);
	free(text);
}

struct output *output_text_new(FILE *out, FILE *err)
{
	struct output_text *text = calloc(1, sizeof *text);

	if (text == NULL) {
		return NULL;
	}
	text->output = (struct output){.head = text_head,
				       .row = text_row,
				       .tail = text_tail,
				       .error = text_error,
				       .note = text_note,
				       .free = text_free};
	text->out = out;
	text->err = err;
	return &text->output;
}
