#include "prof/markup.h"

#include "client/text.h"

void markup_escape(FILE *file, const char *foreign)
{
	struct text clean = {0};

	text_add_clean(&clean, foreign);
	for (const char *at = text_chars(&clean); *at != '\0'; at++) {
		switch (*at) {
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '&':
			fputs("&amp;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		default:
			putc(*at, file);
		}
	}
	text_fini(&clean);
}
