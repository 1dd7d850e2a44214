#include "options.h"

#include "clip.h"
#include "models.h"
#include "watch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum kind {
	KIND_FLAG,
	KIND_TEXT,
	KIND_COUNT,  /* a whole number */
	KIND_NUMBER, /* any number */
};

struct option {
	const char *name;
	const char *value; /* what to call it; NULL for a flag */
	enum kind kind;
	size_t offset; /* of a bool, const char * or double in struct options */
	double min;
	double max;
	const char *help;
};

#define AT(member)  offsetof(struct options, member)
#define FRAMES_MAX  1e15
#define SECONDS_MAX 1e9

static const struct option options_table[] = {
	{"clip", "PATH", KIND_TEXT, AT(clip), 0, 0, "the video ($FASTD_CLIP)"},
	{"name", "NAME", KIND_TEXT, AT(name), 0, 0, "the plugin's name (street)"},
	{"res", "R", KIND_NUMBER, AT(res), 0.01, 1, "the knob res to begin with (1.0)"},
	{"skip", "N", KIND_COUNT, AT(skip), 0, WATCH_SKIP_MAX, "the knob skip to begin with (0)"},
	{"frames", "N", KIND_COUNT, AT(frames), 0, FRAMES_MAX, "end after N frames (0: never)"},
	{"seconds", "S", KIND_NUMBER, AT(seconds), 0, SECONDS_MAX,
	 "end after S seconds (0: never)"},
	{"frames-max", "N", KIND_COUNT, AT(frames_max), 1, CLIP_FRAMES_MAX,
	 "use only the clip's first N frames"},
	{"cache", "DIR", KIND_TEXT, AT(cache), 0, 0,
	 "keep the reference boxes here ($XDG_CACHE_HOME/fastd or ~/.cache/fastd)"},
	{"prepare", NULL, KIND_FLAG, AT(prepare), 0, 0, "make the cache and exit"},
	{"draw", "DIR", KIND_TEXT, AT(draw), 0, 0,
	 "write frames with their boxes here, as PPM: reference green, found red, both yellow"},
	{"draw-every", "N", KIND_COUNT, AT(draw_every), 1, FRAMES_MAX,
	 "draw every Nth frame only (25)"},
	{"json", NULL, KIND_FLAG, AT(json), 0, 0, "at the end, one line of JSON on stdout"},
	{"help", NULL, KIND_FLAG, AT(help), 0, 0, "this text"},
};

#define OPTIONS (sizeof options_table / sizeof *options_table)

static const struct option *option_find(const char *name, size_t length)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		if (strlen(options_table[i].name) == length &&
		    memcmp(options_table[i].name, name, length) == 0) {
			return &options_table[i];
		}
	}
	return NULL;
}

static bool option_set_number(const struct option *option, const char *text, double *out)
{
	char *end;
	double value;

	errno = 0;
	value = strtod(text, &end);
	if (end == text || *end != '\0' || errno != 0 ||
	    !(option->min <= value && value <= option->max)) {
		return false;
	}
	if (option->kind == KIND_COUNT && value != floor(value)) {
		return false;
	}
	*out = value;
	return true;
}

static enum fast_status option_set(const struct option *option, const char *value,
				   struct options *options, char *error)
{
	void *member = (char *)options + option->offset;

	if (option->kind == KIND_FLAG) {
		*(bool *)member = true;
	} else if (option->kind == KIND_TEXT) {
		*(const char **)member = value;
	} else if (!option_set_number(option, value, member)) {
		snprintf(error, OPTIONS_ERROR_BYTES,
			 "--%s %.64s: it must be a %snumber from %.16g to %.16g", option->name,
			 value, option->kind == KIND_COUNT ? "whole " : "", option->min,
			 option->max);
		return FAST_INVALID_ARGUMENT;
	}
	return FAST_OK;
}

static enum fast_status options_read(int argc, char **argv, struct options *options, char *error)
{
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i] + 2;
		const char *value = NULL;
		const struct option *option = NULL;

		if (strncmp(argv[i], "--", 2) == 0) {
			value = strchr(name, '=');
			option = option_find(name,
					     value == NULL ? strlen(name) : (size_t)(value - name));
		}
		if (option == NULL) {
			snprintf(error, OPTIONS_ERROR_BYTES, "%.64s: no such option", argv[i]);
			return FAST_INVALID_ARGUMENT;
		}
		if ((option->kind == KIND_FLAG && value != NULL) ||
		    (option->kind != KIND_FLAG && value == NULL && i + 1 == argc)) {
			snprintf(error, OPTIONS_ERROR_BYTES, "--%s %s value", option->name,
				 value == NULL ? "needs a" : "takes no");
			return FAST_INVALID_ARGUMENT;
		}
		if (option->kind != KIND_FLAG) {
			value = value == NULL ? argv[++i] : value + 1;
		}
		enum fast_status status = option_set(option, value, options, error);
		if (status != FAST_OK) {
			return status;
		}
	}
	return FAST_OK;
}

enum fast_status options_parse(int argc, char **argv, struct options *out, char *error)
{
	struct options options = {
		.clip = getenv("FASTD_CLIP"),
		.name = "street",
		.draw_every = 25,
		.frames_max = CLIP_FRAMES_MAX,
		.res = resolutions[0],
	};
	enum fast_status status = options_read(argc, argv, &options, error);

	if (status != FAST_OK) {
		return status;
	}
	if (!options.help && options.clip == NULL) {
		snprintf(error, OPTIONS_ERROR_BYTES, "no video: give --clip PATH");
		return FAST_INVALID_ARGUMENT;
	}
	if (resolution_index(options.res) == RESOLUTIONS) {
		snprintf(error, OPTIONS_ERROR_BYTES,
			 "--res %g: it must be 1, 0.75, 0.5, 0.35 or 0.25", options.res);
		return FAST_INVALID_ARGUMENT;
	}
	*out = options;
	return FAST_OK;
}

void options_help(FILE *out)
{
	fputs("usage: street --clip PATH [OPTION...]\n"
	      "\n"
	      "Finds pedestrians and other moving objects in a street video, for ever and as fast\n"
	      "as it can, and offers fastd its metrics and knobs:\n"
	      "\n"
	      "  fps       heartbeat: frames of the stream, searched or passed over\n"
	      "  latency   timer: seconds to search one frame\n"
	      "  objects   gauge: boxes in the last frame searched\n"
	      "  acc       gauge: 0 to 1, agreement with what full resolution finds, not with\n"
	      "            the truth\n"
	      "  res       knob: how far each frame is shrunk: 1, 0.75, 0.5, 0.35 or 0.25\n"
	      "  skip      knob: frames to pass over after each one searched, 0 to 3\n"
	      "\n"
	      "Try: fastctl set res=0.5 --plugin street, and see fps rise and acc fall.\n"
	      "The video's camera must stand still; vtest.avi of Debian's package opencv-doc is a\n"
	      "good one (fetch-clip.sh). The first run on a clip finds its reference boxes.\n"
	      "\n",
	      out);
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *option = &options_table[i];
		char left[32];

		snprintf(left, sizeof left, "--%s %s", option->name,
			 option->value == NULL ? "" : option->value);
		fprintf(out, "  %-16s %s\n", left, option->help);
	}
	fputs("\n"
	      "Exit: 0 done or told to end, 1 failed or told to end before it was ready,\n"
	      "2 wrong usage, 3 the video won't do.\n",
	      out);
}
