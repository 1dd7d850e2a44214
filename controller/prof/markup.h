/* prof/markup.h - foreign text in HTML, SVG and XML 1.0. */
#ifndef PROF_MARKUP_H
#define PROF_MARKUP_H

#include <stdio.h>

/* What came from elsewhere cannot steer the document: no markup, no control characters, and bytes
 * that are not whole UTF-8 as '?', which client/text.h sees to. */
void markup_escape(FILE *file, const char *foreign);

#endif
