/* options.h - street's command line. */
#ifndef STREET_OPTIONS_H
#define STREET_OPTIONS_H

#include <fast/status.h>
#include <stdio.h>

#define OPTIONS_ERROR_BYTES 256

/* Strings belong to the command line or the environment. */
struct options {
	const char *clip;
	const char *name;
	const char *cache; /* NULL: the default folder */
	const char *draw;  /* NULL: no pictures */
	double draw_every;
	double frames;     /* 0: no end */
	double seconds;    /* 0: no end */
	double frames_max; /* of the clip */
	double res;
	double skip;
	bool prepare;
	bool json;
	bool help;
};

/* Fills *out from the defaults, the environment and the arguments. INVALID_ARGUMENT: error
 * (OPTIONS_ERROR_BYTES) holds a sentence. */
FAST_MUST_CHECK enum fast_status options_parse(int argc, char **argv, struct options *out,
					       char *error);

void options_help(FILE *out);

#endif
