#include "prof/source.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUILD_S  3600
#define REMOVE_S 30

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

static bool find_engine(struct source_command *source, const struct options *options)
{
	static const char *const engines[] = {"podman", "docker"};
	char line[64];

	for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
		const char *const list[] = {engines[i], "version", NULL};

		words_set(&source->other, list);
		if (words_ask(&source->other, NULL, options->out, line, sizeof line)) {
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
	const char *const list[] = {source->engine, "image", "inspect", "--format",
				    "{{.Id}}",      image,   NULL};

	snprintf(run->image, sizeof run->image, "%.500s", image);
	words_set(&source->other, list);
	(void)words_ask(&source->other, NULL, options->out, run->image_digest,
			sizeof run->image_digest);
}

/* A shell puts the socket's path in, which is known when fastd has started, and becomes the engine:
 * no signal is lost on the way. */
static void add_container(struct source_command *source, const struct options *options,
			  const char *image)
{
	/* The shell splits it into words and does no more with it. */
	(void)setenv("FASTPROF_ENGINE_OPTIONS",
		     options->engine_options == NULL ? "" : options->engine_options, 1);
	words_clear(&source->words);
	snprintf(source->container, sizeof source->container, "fastprof-%d", (int)getpid());
	words_add(&source->words, "sh");
	words_add(&source->words, "-c");
	words_add(&source->words,
		  "exec %s run --rm --init $FASTPROF_ENGINE_OPTIONS --name %s "
		  "-v \"$FASTD_PLUGIN_SOCKET:/run/fastprof/plugin.sock\" "
		  "-e FASTD_PLUGIN_SOCKET=/run/fastprof/plugin.sock%s \"$@\"",
		  source->engine, source->container,
		  options->dataset != NULL ? " -e FASTPROF_DATASET" : "");
	words_add(&source->words, "fastprof");
	words_add(&source->words, "%s", image);
}

/* A stranger's sage.yaml says where: whole paths are no options, and no link leads out. */
static bool find_dockerfile(const struct source_command *source, char *directory, char *dockerfile)
{
	const struct sage *sage = &source->sage;
	char path[2 * SAGE_TEXT_BYTES_MAX];

	snprintf(path, sizeof path, "%s/%s", sage->directory,
		 sage->dockerfile[0] != '\0' ? sage->dockerfile : "Dockerfile");
	return repo_find(&source->repo, sage->directory, directory) &&
	       repo_find(&source->repo, path, dockerfile);
}

static enum ending build_image(struct source_command *source, const struct options *options)
{
	const struct sage *sage = &source->sage;
	struct words *words = &source->other;
	char directory[PATH_MAX];
	char dockerfile[PATH_MAX];
	char log[512];

	if (!find_dockerfile(source, directory, dockerfile)) {
		return source_fail(source, ENDING_USAGE,
				   "sage.yaml: directory and dockerfile must be in the repository");
	}
	snprintf(log, sizeof log, "%.400s/build.log", options->out);
	snprintf(source->built, sizeof source->built, "fastprof-build-%d", (int)getpid());
	source->keeps_built = options->keep_image;
	words_clear(words);
	words_add(words, "%s", source->engine);
	words_add(words, "build");
	words_add(words, "-t");
	words_add(words, "%s", source->built);
	words_add(words, "-f");
	words_add(words, "%s", dockerfile);
	for (size_t i = 0; i < sage->build_args.count; i++) {
		words_add(words, "--build-arg");
		words_add(words, "%s", sage->build_args.all[i]);
	}
	words_add(words, "%s", directory);
	if (!words_run(words, source->repo.folder, log, BUILD_S)) {
		source->built[0] = '\0';
		return source_fail(source, ENDING_BROKEN,
				   "the image cannot be built; see build.log");
	}
	return ENDING_RUNNING;
}

static void add_words(struct words *words, const struct sage_words *more)
{
	for (size_t i = 0; i < more->count; i++) {
		words_add(words, "%s", more->all[i]);
	}
}

static void add_command(struct words *words, const struct options *options)
{
	for (size_t i = 0; options->command[i] != NULL; i++) {
		words_add(words, "%s", options->command[i]);
	}
}

static enum ending prepare_container(struct source_command *source, const struct options *options,
				     const struct sage_target *target, struct profile_run *run)
{
	enum ending ending = ENDING_RUNNING;

	if (source->engine[0] == '\0' && !find_engine(source, options)) {
		return source_fail(source, ENDING_BROKEN,
				   "neither podman nor docker answers; run the plugin with -- "
				   "COMMAND instead");
	}
	if (options->image == NULL && source->built[0] == '\0') { /* once for all targets */
		ending = build_image(source, options);
	}
	if (ending != ENDING_RUNNING) {
		return ending;
	}
	describe_image(source, options, options->image != NULL ? options->image : source->built,
		       run);
	add_container(source, options, run->image);
	add_words(&source->words, &source->sage.command);
	add_words(&source->words, &target->args);
	add_command(&source->words, options);
	return ENDING_RUNNING;
}

static enum ending clone(struct source_command *source, const struct options *options,
			 struct profile_run *run)
{
	enum ending ending = repo_clone(&source->repo, &source->other, options->out, source->error);

	snprintf(run->repo, sizeof run->repo, "%.500s", source->repo.url);
	snprintf(run->ref, sizeof run->ref, "%s", source->repo.ref);
	snprintf(run->commit, sizeof run->commit, "%s", source->repo.commit);
	return ending;
}

/* What its sage.yaml pins outranks the repository's HEAD. */
static enum ending clone_pinned(struct source_command *source, const struct options *options,
				struct profile_run *run)
{
	const struct sage *sage = &source->sage;
	const char *ref = sage->commit[0] != '\0' ? sage->commit
			  : sage->tag[0] != '\0'  ? sage->tag
						  : sage->branch;
	char url[REPO_URL_BYTES_MAX];
	enum ending ending;

	if (source->repo.ref[0] != '\0' || ref[0] == '\0' ||
	    (ref == sage->branch && strcmp(ref, source->repo.branch) == 0)) {
		return ENDING_RUNNING;
	}
	snprintf(url, sizeof url, "%s", source->repo.url);
	repo_remove(&source->repo);
	if (!repo_name(&source->repo, url, ref)) {
		return source_fail(source, ENDING_USAGE,
				   "sage.yaml: no branch, tag or commit can be named '%.100s'",
				   ref);
	}
	ending = clone(source, options, run);
	if (ending == ENDING_USAGE) {
		snprintf(source->error + strlen(source->error),
			 sizeof source->error - strlen(source->error),
			 ", which its sage.yaml names; name another one by --ref");
	}
	return ending;
}

/* --repo: its sage.yaml. --sage: that, and the repository it names where nothing else is to be run.
 */
static enum ending open_repo(struct source_command *source, const struct options *options,
			     struct profile_run *run)
{
	const char *url = options->repo;
	enum ending ending;
	char path[512];

	if (url == NULL) {
		if (sage_read(options->sage, &source->sage, source->error) != FAST_OK) {
			return ENDING_USAGE;
		}
		if (options->image != NULL || options->command[0] != NULL) {
			return ENDING_RUNNING;
		}
		url = source->sage.url;
	}
	if (url[0] == '\0') {
		return source_fail(source, ENDING_USAGE,
				   "%.300s names no url of its source: --image IMAGE or -- COMMAND "
				   "must say what is run",
				   options->sage);
	}
	if (!repo_name(&source->repo, url, options->ref)) {
		return source_fail(source, ENDING_USAGE,
				   "%.300s: no repository, branch, tag or commit can be named so",
				   url);
	}
	ending = clone(source, options, run);
	if (ending == ENDING_RUNNING && options->repo != NULL) {
		snprintf(path, sizeof path, "%s/sage.yaml", source->repo.folder);
		ending = sage_read(path, &source->sage, source->error) == FAST_OK ? ENDING_RUNNING
										  : ENDING_USAGE;
	}
	return ending == ENDING_RUNNING ? clone_pinned(source, options, run) : ending;
}

static bool is_wanted(const struct options *options, const char *name)
{
	for (size_t i = 0; i < options->target_count; i++) {
		if (strcmp(options->targets[i], name) == 0) {
			return true;
		}
	}
	return options->target_count == 0;
}

/* Keeps the targets that the options name. */
static enum ending choose_targets(struct source_command *source, const struct options *options)
{
	struct sage *sage = &source->sage;
	char names[256] = "";
	size_t count = 0;

	if (sage->target_count == 0) { /* nothing said: as it is */
		snprintf(sage->targets[0].name, sizeof sage->targets[0].name, "default");
		sage->target_count = 1;
	}
	for (size_t i = 0; i < options->target_count; i++) {
		bool there = false;

		for (size_t j = 0; j < sage->target_count; j++) {
			there = there || strcmp(sage->targets[j].name, options->targets[i]) == 0;
		}
		for (size_t j = 0; !there && j < sage->target_count; j++) {
			snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
				 j > 0 ? ", " : "", sage->targets[j].name);
		}
		if (!there) {
			return source_fail(source, ENDING_USAGE,
					   "there is no target '%.64s'; there is %.200s",
					   options->targets[i], names);
		}
	}
	for (size_t i = 0; i < sage->target_count; i++) {
		if (is_wanted(options, sage->targets[i].name)) {
			sage->targets[count++] = sage->targets[i];
		}
	}
	sage->target_count = count;
	return ENDING_RUNNING;
}

enum ending source_open(struct source_command *source, const struct options *options,
			struct profile_run *run)
{
	enum ending ending = ENDING_RUNNING;

	if (options->repo != NULL || options->sage != NULL) {
		ending = open_repo(source, options, run);
	}
	return ending == ENDING_RUNNING ? choose_targets(source, options) : ending;
}

/* Takes what the target says where the options do not. */
static void take_target(struct options *options, const struct sage_target *target)
{
	size_t given = options->knob_count;

	for (size_t i = 0; i < target->knobs.count && options->knob_count < OPTIONS_KNOBS_MAX;
	     i++) {
		options->knobs[options->knob_count++] = target->knobs.all[i];
	}
	/* The last word about a knob counts: that of the command line. */
	for (size_t i = 0; i < given && options->knob_count < OPTIONS_KNOBS_MAX; i++) {
		options->knobs[options->knob_count++] = options->knobs[i];
	}
	if (options->timeout_s <= 0 && target->timeout_s > 0) {
		options->timeout_s = target->timeout_s;
		options->timeout_is_targets = true;
	}
	if (options->dataset == NULL && target->dataset[0] != '\0') {
		options->dataset = target->dataset;
	}
}

enum ending source_target(struct source_command *source, struct options *options,
			  const struct sage_target *target, struct profile_run *run)
{
	enum ending ending = ENDING_RUNNING;

	take_target(options, target);
	words_clear(&source->words);
	if (options->image != NULL) {
		ending = prepare_container(source, options, target, run);
	} else if (target->command.count > 0 && options->command[0] == NULL) {
		add_words(&source->words, &target->command);
		add_words(&source->words, &target->args);
	} else if (options->command[0] != NULL && options->repo == NULL) {
		add_command(&source->words, options);
		add_words(&source->words, &target->args);
	} else {
		ending = prepare_container(source, options, target, run);
	}
	if (ending == ENDING_RUNNING && !words_are_whole(&source->words)) {
		ending = source_fail(source, ENDING_USAGE, "more than %d arguments, or %d bytes",
				     WORDS_COUNT_MAX, WORDS_BYTES_MAX);
	}
	return ending;
}

void source_clear(struct source_command *source)
{
	const char *const list[] = {source->engine, "rm", "-f", source->container, NULL};

	if (source->container[0] != '\0') {
		words_set(&source->other, list);
		(void)words_run(&source->other, NULL, "/dev/null", REMOVE_S);
	}
}

void source_close(struct source_command *source)
{
	const char *const list[] = {source->engine, "rmi", source->built, NULL};

	source_clear(source);
	if (source->built[0] != '\0' && !source->keeps_built) {
		words_set(&source->other, list);
		(void)words_run(&source->other, NULL, "/dev/null", REMOVE_S);
	}
	repo_remove(&source->repo);
}
