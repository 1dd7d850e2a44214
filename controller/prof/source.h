/* prof/source.h - from --sage, --image or --repo to the command that is run. */
#ifndef PROF_SOURCE_H
#define PROF_SOURCE_H

#include "prof/options.h"
#include "prof/run.h"
#include "prof/sage.h"

#define SOURCE_ARGUMENTS_MAX   128
#define SOURCE_WORDS_BYTES_MAX 32768
#define SOURCE_ERROR_BYTES_MAX 640

/* Zeroed memory is one of a plain command. It is large: not for the stack. */
struct source_command {
	char *argv[SOURCE_ARGUMENTS_MAX + 1];
	size_t count;
	char words[SOURCE_WORDS_BYTES_MAX]; /* what argv points to */
	size_t used;
	char dir[64];       /* the clone; removed at the end */
	char folder[128];   /* in which to run; "": this one */
	char engine[16];    /* "podman" or "docker"; "": no container */
	char container[64]; /* its name */
	struct sage sage;
	char error[SOURCE_ERROR_BYTES_MAX];
};

/* Finds out what to run: clones and builds where the options ask for it, takes knobs, timeout and
 * dataset of the sage.yaml's target into the options where they do not say themselves, and fills in
 * the profile's image and commit. ENDING_RUNNING: source->argv is ready. Else error says why not.
 */
enum ending source_prepare(struct source_command *source, struct options *options,
			   struct profile *profile);

/* Removes the container and the clone. */
void source_close(struct source_command *source);

#endif
