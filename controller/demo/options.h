/* demo/options.h - what the demo was asked for. */
#ifndef DEMO_OPTIONS_H
#define DEMO_OPTIONS_H

#include <stdbool.h>

struct demo_options {
	const char *clip;
	const char *cache;
	const char *out;
	const char *bin; /* folder of fastd, fastctl and street; NULL: that of this program */
	double scale;    /* of every duration; 1: about a minute */
	bool kill_fastd; /* SIGKILL fastd in the middle of the hold and start it again */
};

/* Exit code to end with, or -1 to go on. */
int options_parse(int argc, char **argv, struct demo_options *out);

#endif
