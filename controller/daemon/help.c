#include "daemon/help.h"

#include <string.h>

void help_text(FILE *out, size_t column, size_t indent, const char *text)
{
	size_t at = column;

	while (*text != '\0') {
		size_t gap = strspn(text, " ");
		size_t word = strcspn(text + gap, " ");

		if (at > indent && at + gap + word > HELP_COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
			text += gap;
			gap = 0;
		}
		fwrite(text, 1, gap + word, out);
		at += gap + word;
		text += gap + word;
	}
	putc('\n', out);
}

void help_option(FILE *out, size_t indent, const char *head, const char *text)
{
	size_t column = strlen("  ") + strlen(head);

	fprintf(out, "  %s", head);
	if (column + 2 > indent) {
		putc('\n', out);
		column = 0;
	}
	fprintf(out, "%*s", (int)(indent - column), "");
	help_text(out, indent, indent, text);
}
