#include "demo/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_SCALE_MIN 0.2
#define OPTIONS_SCALE_MAX 20

static const char usage[] =
	"usage: fastd-demo --clip FILE [--out DIR] [--cache DIR] [--bin DIR] [--scale X]\n"
	"                  [--kill-fastd]\n"
	"\n"
	"Runs fastd, a plugin that finds pedestrians in a street video, and a controller that "
	"holds\n"
	"a frame rate by turning the plugin's knob while co-runners take the CPU away. Writes\n"
	"report.txt, results.json, samples.ndjson and timeline.svg.\n"
	"\n"
	"  --clip FILE    the video\n"
	"  --out DIR      where the results go (default: out)\n"
	"  --cache DIR    where the plugin keeps its reference table (default: .cache)\n"
	"  --bin DIR      where fastd, fastctl and street are (default: beside this program)\n"
	"  --scale X      makes every phase X times as long, 0.2 to 20 (default: 1, about a "
	"minute)\n"
	"  --kill-fastd   kills fastd with SIGKILL in the middle and starts it again\n"
	"\n"
	"Exit status: 0 the goal was held; 1 it was not; 2 usage; 3 a part failed.\n"
	"Example: ./dev demo --scale 2\n";

static int options_scale(const char *text, double *out)
{
	char *end = NULL;
	double scale = strtod(text, &end);

	if (end == text || *end != '\0' ||
	    !(scale >= OPTIONS_SCALE_MIN && scale <= OPTIONS_SCALE_MAX)) {
		fprintf(stderr, "fastd-demo: --scale is '%s'; it must be a number from 0.2 to 20\n",
			text);
		return 2;
	}
	*out = scale;
	return -1;
}

int options_parse(int argc, char **argv, struct demo_options *out)
{
	static const struct option table[] = {
		{"clip", required_argument, NULL, 'c'},  {"cache", required_argument, NULL, 'a'},
		{"out", required_argument, NULL, 'o'},   {"bin", required_argument, NULL, 'b'},
		{"scale", required_argument, NULL, 's'}, {"kill-fastd", no_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
	};
	int letter;

	*out = (struct demo_options){.cache = ".cache", .out = "out", .scale = 1};
	while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (letter) {
		case 'c':
			out->clip = optarg;
			break;
		case 'a':
			out->cache = optarg;
			break;
		case 'o':
			out->out = optarg;
			break;
		case 'b':
			out->bin = optarg;
			break;
		case 'k':
			out->kill_fastd = true;
			break;
		case 's':
			if (options_scale(optarg, &out->scale) >= 0) {
				return 2;
			}
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default: /* getopt_long() has said what is wrong */
			fputs("see fastd-demo --help\n", stderr);
			return 2;
		}
	}
	if (out->clip == NULL || optind != argc) {
		fprintf(stderr, "fastd-demo: %s; see fastd-demo --help\n",
			out->clip == NULL ? "--clip FILE is missing" : "too many arguments");
		return 2;
	}
	return -1;
}
