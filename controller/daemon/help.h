/* daemon/help.h - what a --help says, within the columns of a terminal. */
#ifndef FASTD_HELP_H
#define FASTD_HELP_H

#include <stdio.h>

#define HELP_COLUMNS 80

/* Writes text from column on, where the line has come to, and a line end. It is broken between
 * words; the next line begins at indent. A word that no line has room for stands there whole. */
void help_text(FILE *out, size_t column, size_t indent, const char *text);

/* Writes one of a list of options: "--plugin GLOB", and from indent on what it does. A head that is
 * too long has a line of its own. */
void help_option(FILE *out, size_t indent, const char *head, const char *text);

#endif
