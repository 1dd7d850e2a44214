#include "prof/source.h"

#include "prof/command.h"
#include "prof/small.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLONE_S   600
#define BUILD_S   3600
#define INSPECT_S 30
#define REMOVE_S  30

static enum ending source_fail(struct source_command *source, enum ending ending,
			       const char *format, ...) FAST_PRINTF(3, 4);

static enum ending source_fail(struct source_command *source, enum ending ending,
			       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(source->error, sizeof source->error, format, args);
	va_end(args);
	return ending;
}

/* Adds one argument; what does not fit is told at the end, by source_is_whole(). */
static void source_add(struct source_command *source, const char *format, ...) FAST_PRINTF(2, 3);

static void source_add(struct source_command *source, const char *format, ...)
{
	size_t room = sizeof source->words - source->used;
	va_list args;
	int bytes;

	if (source->count >= SOURCE_ARGUMENTS_MAX) {
		source->count = SOURCE_ARGUMENTS_MAX + 1;
		return;
	}
	va_start(args, format);
	bytes = vsnprintf(source->words + source->used, room, format, args);
	va_end(args);
	if (bytes < 0 || (size_t)bytes >= room) {
		source->count = SOURCE_ARGUMENTS_MAX + 1;
		return;
	}
	source->argv[source->count++] = source->words + source->used;
	source->argv[source->count] = NULL;
	source->used += (size_t)bytes + 1;
}

static bool source_is_whole(const struct source_command *source)
{
	return source->count > 0 && source->count <= SOURCE_ARGUMENTS_MAX;
}

static void source_clear(struct source_command *source)
{
	source->count = 0;
	source->used = 0;
}

static void source_add_words(struct source_command *source, const struct sage_words *words)
{
	for (size_t i = 0; i < words->count; i++) {
		source_add(source, "%s", words->all[i]);
	}
}

static void log_path(const struct options *options, const char *name, char *out, size_t bytes)
{
	snprintf(out, bytes, "%.400s/%s", options->out, name);
}

/* Runs source->argv, and takes the first line of what it prints. */
static bool source_ask(struct source_command *source, const struct options *options,
		       const char *folder, char *line, size_t line_bytes)
{
	char path[512];
	bool good;

	log_path(options, ".answer", path, sizeof path);
	(void)unlink(path);
	good = command_run(source->argv, folder, path, INSPECT_S) &&
	       small_read(line, line_bytes, "", "%s", path);
	(void)unlink(path);
	line[good ? strcspn(line, "\n") : 0] = '\0';
	return good;
}

static bool find_engine(struct source_command *source, const struct options *options)
{
	static const char *const engines[] = {"podman", "docker"};
	char line[64];

	for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
		source_clear(source);
		source_add(source, "%s", engines[i]);
		source_add(source, "version");
		if (source_ask(source, options, NULL, line, sizeof line)) {
			snprintf(source->engine, sizeof source->engine, "%s", engines[i]);
			return true;
		}
	}
	return false;
}

/* The engine's own words for the image, so that a result names it exactly. */
static void describe_image(struct source_command *source, const struct options *options,
			   const char *image, struct profile_run *run)
{
	snprintf(run->image, sizeof run->image, "%.500s", image);
	source_clear(source);
	source_add(source, "%s", source->engine);
	source_add(source, "image");
	source_add(source, "inspect");
	source_add(source, "--format");
	source_add(source, "{{.Id}}");
	source_add(source, "%s", image);
	(void)source_ask(source, options, NULL, run->image_digest, sizeof run->image_digest);
}

/* A shell puts the socket's path in, which is known when fastd has started, and becomes the engine:
 * no signal is lost on the way. */
static void add_container(struct source_command *source, const struct options *options,
			  const char *image)
{
	/* The shell splits it into words and does no more with it. */
	(void)setenv("FASTPROF_ENGINE_OPTIONS",
		     options->engine_options == NULL ? "" : options->engine_options, 1);
	source_clear(source);
	snprintf(source->container, sizeof source->container, "fastprof-%d", (int)getpid());
	source_add(source, "sh");
	source_add(source, "-c");
	source_add(source,
		   "exec %s run --rm --init $FASTPROF_ENGINE_OPTIONS --name %s "
		   "-v \"$FASTD_PLUGIN_SOCKET:/run/fastprof/plugin.sock\" "
		   "-e FASTD_PLUGIN_SOCKET=/run/fastprof/plugin.sock%s \"$@\"",
		   source->engine, source->container,
		   options->dataset != NULL ? " -e FASTPROF_DATASET" : "");
	source_add(source, "fastprof");
	source_add(source, "%s", image);
}

static enum ending clone_repo(struct source_command *source, const struct options *options,
			      struct profile *profile)
{
	char log[512];

	snprintf(source->dir, sizeof source->dir, "/tmp/fastprof-repo.XXXXXX");
	if (mkdtemp(source->dir) == NULL) {
		source->dir[0] = '\0';
		return source_fail(source, ENDING_BROKEN, "/tmp: nothing can be written there");
	}
	snprintf(source->folder, sizeof source->folder, "%s/repo", source->dir);
	snprintf(profile->run.repo, sizeof profile->run.repo, "%.500s", options->repo);
	log_path(options, "git.log", log, sizeof log);
	setenv("GIT_TERMINAL_PROMPT", "0", 1); /* nobody is there to answer */
	source_clear(source);
	source_add(source, "git");
	source_add(source, "clone");
	source_add(source, "--quiet");
	source_add(source, "--depth");
	source_add(source, "1");
	source_add(source, "--");
	source_add(source, "%s", options->repo);
	source_add(source, "%s", source->folder);
	if (!command_run(source->argv, NULL, log, CLONE_S)) {
		return source_fail(source, ENDING_BROKEN, "%.300s cannot be cloned; see git.log",
				   options->repo);
	}
	source_clear(source);
	source_add(source, "git");
	source_add(source, "rev-parse");
	source_add(source, "HEAD");
	(void)source_ask(source, options, source->folder, profile->run.commit,
			 sizeof profile->run.commit);
	return ENDING_RUNNING;
}

static enum ending build_image(struct source_command *source, const struct options *options,
			       char *image, size_t image_bytes)
{
	const struct sage *sage = &source->sage;
	const char *directory = sage->directory[0] != '\0' ? sage->directory : ".";
	char log[512];

	if (strstr(directory, "..") != NULL || directory[0] == '/' ||
	    strstr(sage->dockerfile, "..") != NULL) {
		return source_fail(source, ENDING_USAGE,
				   "sage.yaml: directory and dockerfile must be in the repository");
	}
	log_path(options, "build.log", log, sizeof log);
	snprintf(image, image_bytes, "fastprof-build-%d", (int)getpid());
	source_clear(source);
	source_add(source, "%s", source->engine);
	source_add(source, "build");
	source_add(source, "-t");
	source_add(source, "%s", image);
	source_add(source, "-f");
	source_add(source, "%s/%s", directory,
		   sage->dockerfile[0] != '\0' ? sage->dockerfile : "Dockerfile");
	for (size_t i = 0; i < sage->build_args.count; i++) {
		source_add(source, "--build-arg");
		source_add(source, "%s", sage->build_args.all[i]);
	}
	source_add(source, "%s", directory);
	if (!source_is_whole(source) || !command_run(source->argv, source->folder, log, BUILD_S)) {
		return source_fail(source, ENDING_BROKEN,
				   "the image cannot be built; see build.log");
	}
	return ENDING_RUNNING;
}

/* Takes what the target says where the options do not. */
static void take_target(struct source_command *source, struct options *options)
{
	const struct sage_target *target = &source->sage.targets[0];
	size_t given = options->knob_count;

	for (size_t i = 0; i < target->knobs.count && options->knob_count < OPTIONS_KNOBS_MAX;
	     i++) {
		options->knobs[options->knob_count++] = target->knobs.all[i];
	}
	/* The last word about a knob counts: that of the command line. */
	for (size_t i = 0; i < given && options->knob_count < OPTIONS_KNOBS_MAX; i++) {
		options->knobs[options->knob_count++] = options->knobs[i];
	}
	if (options->timeout_s <= 0) {
		options->timeout_s = target->timeout_s;
	}
	if (options->dataset == NULL && target->dataset[0] != '\0') {
		options->dataset = target->dataset;
	}
}

static enum ending read_sage(struct source_command *source, struct options *options)
{
	char path[512];
	enum fast_status status;

	if (options->sage == NULL && options->repo == NULL) {
		return ENDING_RUNNING;
	}
	if (options->sage != NULL) {
		snprintf(path, sizeof path, "%.500s", options->sage);
	} else {
		snprintf(path, sizeof path, "%s/sage.yaml", source->folder);
	}
	status = sage_read(path, &source->sage, source->error);
	if (status != FAST_OK) {
		return ENDING_USAGE;
	}
	take_target(source, options);
	return ENDING_RUNNING;
}

/* The words of the image's program, then those of the command line. */
static void add_arguments(struct source_command *source, const struct options *options)
{
	source_add_words(source, &source->sage.targets[0].args);
	for (size_t i = 0; options->command[i] != NULL; i++) {
		source_add(source, "%s", options->command[i]);
	}
}

static enum ending prepare_container(struct source_command *source, const struct options *options,
				     struct profile *profile)
{
	char built[64];
	const char *image = options->image;
	enum ending ending = ENDING_RUNNING;

	if (!find_engine(source, options)) {
		return source_fail(source, ENDING_BROKEN,
				   "neither podman nor docker answers; run the plugin with -- "
				   "COMMAND instead");
	}
	if (image == NULL) {
		image = built;
		ending = build_image(source, options, built, sizeof built);
	}
	if (ending != ENDING_RUNNING) {
		return ending;
	}
	describe_image(source, options, image, &profile->run);
	add_container(source, options, image);
	source_add_words(source, &source->sage.command);
	add_arguments(source, options);
	return ENDING_RUNNING;
}

enum ending source_prepare(struct source_command *source, struct options *options,
			   struct profile *profile)
{
	const struct sage_target *target = &source->sage.targets[0];
	enum ending ending = ENDING_RUNNING;

	if (options->repo != NULL) {
		ending = clone_repo(source, options, profile);
	}
	if (ending == ENDING_RUNNING) {
		ending = read_sage(source, options);
	}
	if (ending != ENDING_RUNNING) {
		return ending;
	}
	source_clear(source);
	if (options->image != NULL) {
		ending = prepare_container(source, options, profile);
	} else if (target->command.count > 0 && options->command[0] == NULL) {
		source_add_words(source, &target->command);
		add_arguments(source, options);
	} else if (options->command[0] != NULL && options->repo == NULL) {
		for (size_t i = 0; options->command[i] != NULL; i++) {
			source_add(source, "%s", options->command[i]);
		}
		source_add_words(source, &target->args);
	} else {
		ending = prepare_container(source, options, profile);
	}
	if (ending == ENDING_RUNNING && !source_is_whole(source)) {
		ending = source_fail(source, ENDING_USAGE, "more than %d arguments, or %d bytes",
				     SOURCE_ARGUMENTS_MAX, SOURCE_WORDS_BYTES_MAX);
	}
	return ending;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

void source_close(struct source_command *source)
{
	if (source->container[0] != '\0') { /* one whose client was killed goes on */
		source_clear(source);
		source_add(source, "%s", source->engine);
		source_add(source, "rm");
		source_add(source, "-f");
		source_add(source, "%s", source->container);
		(void)command_run(source->argv, NULL, "/dev/null", REMOVE_S);
	}
	if (source->dir[0] != '\0') {
		(void)nftw(source->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	}
}
