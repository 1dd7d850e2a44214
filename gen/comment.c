#include "writer.h"

#include <string.h>

/* A blank, a star and a slash. */
#define COMMENT_END_COLUMNS 3

/* Where the text of a comment is, and how far it has been written. */
struct comment {
	const char *text;
	const char *end;
	unsigned indent;
	size_t used; /* columns of the line being written */
	bool started;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* One word; a blank is put into what would end the comment, begin another, or be a trigraph. */
static void word_write(struct writer *writer, const char *word, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char before = i > 0 ? word[i - 1] : ' ';

		if ((word[i] == '/' && before == '*') || (word[i] == '*' && before == '/') ||
		    (word[i] == '?' && before == '?')) {
			writer_printf(writer, " ");
		}
		writer_printf(writer, "%c", word[i]);
	}
}

static size_t word_columns(const char *word, size_t length)
{
	size_t columns = length;

	for (size_t i = 1; i < length; i++) {
		columns += strchr("/*?", word[i]) != NULL;
	}
	return columns;
}

static void line_break(struct comment *comment, struct writer *writer)
{
	if (comment->started) {
		writer_printf(writer, "\n");
		for (unsigned i = 0; i < comment->indent; i++) {
			writer_printf(writer, "\t");
		}
		writer_printf(writer, " *");
	} else {
		writer_printf(writer, "/*");
	}
	comment->started = true;
	comment->used = comment->indent * WRITER_TAB_COLUMNS + 2;
}

/* One line of the source, as one or more lines of the comment. */
static void line_write(struct comment *comment, struct writer *writer, const char *line,
		       size_t length)
{
	size_t at = 0;

	line_break(comment, writer);
	while (at < length) {
		size_t begin;
		size_t columns;

		while (at < length && is_blank(line[at])) {
			at++;
		}
		begin = at;
		while (at < length && !is_blank(line[at])) {
			at++;
		}
		if (begin == at) {
			break;
		}
		columns = word_columns(line + begin, at - begin);
		/* Room is left for the end of the comment. */
		if (comment->used > comment->indent * WRITER_TAB_COLUMNS + 2 &&
		    comment->used + 1 + columns + COMMENT_END_COLUMNS > WRITER_COLUMNS_MAX) {
			line_break(comment, writer);
		}
		writer_printf(writer, " ");
		word_write(writer, line + begin, at - begin);
		comment->used += 1 + columns;
	}
}

/* Cuts blank lines and blanks off both ends. */
static void comment_trim(struct comment *comment)
{
	while (comment->text < comment->end &&
	       (is_blank(*comment->text) || *comment->text == '\n')) {
		comment->text++;
	}
	while (comment->text < comment->end &&
	       (is_blank(comment->end[-1]) || comment->end[-1] == '\n')) {
		comment->end--;
	}
}

void writer_comment(struct writer *writer, unsigned indent, const char *text)
{
	struct comment comment = {.text = text, .indent = indent};

	if (text == NULL) {
		return;
	}
	comment.end = text + strlen(text);
	comment_trim(&comment);
	if (comment.text == comment.end) {
		return;
	}

	for (unsigned i = 0; i < indent; i++) {
		writer_printf(writer, "\t");
	}
	while (comment.text < comment.end) {
		size_t rest = (size_t)(comment.end - comment.text);
		const char *newline = memchr(comment.text, '\n', rest);
		size_t length = newline == NULL ? rest : (size_t)(newline - comment.text);

		line_write(&comment, writer, comment.text, length);
		comment.text += length + (newline == NULL ? 0 : 1);
	}
	if (comment.used + COMMENT_END_COLUMNS > WRITER_COLUMNS_MAX) {
		line_break(&comment, writer);
		writer_printf(writer, "/\n");
	} else {
		writer_printf(writer, " */\n");
	}
}
