/* prof/source.h - from --sage, --image or --repo to the command that is run, for each target. */
#ifndef PROF_SOURCE_H
#define PROF_SOURCE_H

#include "prof/options.h"
#include "prof/repo.h"
#include "prof/sage.h"
#include "prof/words.h"

#define SOURCE_ERROR_BYTES_MAX 640

/* Zeroed memory is one of a plain command. It is large: not for the stack. */
struct source_command {
	struct words words; /* what is run */
	struct words other; /* what is run to get there */
	struct repo repo;
	struct sage sage;
	char engine[16];    /* "podman" or "docker"; "": no container */
	char built[64];     /* the image that was built from the repository */
	bool keeps_built;   /* it is left there */
	char container[64]; /* its name */
	char error[SOURCE_ERROR_BYTES_MAX];
};

/* Clones and reads where the options ask for it; fills in the run's repository and commit. Then
 * sage.targets are known, of which there is one at least: the options name one, or all count.
 * ENDING_RUNNING: well. Else error says why not. */
enum ending source_open(struct source_command *source, const struct options *options,
			struct profile_run *run);

/* Finds out what to run for a target: builds, takes its knobs, timeout and dataset into the options
 * where they do not say themselves, and fills in the run's image. ENDING_RUNNING: words are ready.
 * Else error says why not. */
enum ending source_target(struct source_command *source, struct options *options,
			  const struct sage_target *target, struct profile_run *run);

/* Removes the container of a run that has ended; its client may have been killed. */
void source_clear(struct source_command *source);

/* The same, and removes the clone and, unless it is to be kept, the image that was built of it. */
void source_close(struct source_command *source);

#endif
