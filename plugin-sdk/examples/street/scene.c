#include "scene.h"

#include "detector.h"
#include "hash.h"
#include "survey.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SENTENCE_BYTES   (REFERENCE_PATH_BYTES + 256)
#define PROGRESS_SECONDS 2

FAST_PRINTF(2, 3) static void tell_about(scene_tell_fn *tell, const char *format, ...)
{
	char sentence[SENTENCE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	tell(sentence);
}

/* When progress was last told, and to whom. */
struct progress {
	scene_tell_fn *tell;
	time_t told;
};

static time_t seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void progress_tell(size_t done, size_t frames, void *arg)
{
	struct progress *progress = arg;
	time_t now = seconds_now();

	if (now - progress->told >= PROGRESS_SECONDS) {
		progress->told = now;
		tell_about(progress->tell, "reference boxes: %zu of %zu frames", done, frames);
	}
}

/* Makes a folder and those above it. */
static bool directory_make(const char *path)
{
	char part[REFERENCE_PATH_BYTES];
	size_t length = strlen(path);

	if (length >= sizeof part) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0') {
			continue;
		}
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST) {
			return false;
		}
	}
	return true;
}

static enum fast_status scene_key(const struct scene_options *options, const struct scene *scene,
				  struct reference_key *out)
{
	char text[DETECTOR_TEXT_BYTES];
	struct reference_key key = {
		.width = (uint32_t)scene->models->width,
		.height = (uint32_t)scene->models->height,
		.announced = (uint32_t)scene->models->announced,
		.frames = (uint32_t)scene->models->frames,
	};
	enum fast_status status = clip_hash(options->clip, &key.clip);

	if (status != FAST_OK) {
		return status;
	}
	detector_text(text, sizeof text);
	key.detector = hash_more(HASH_START, text, strlen(text));
	*out = key;
	return FAST_OK;
}

static enum fast_status scene_survey(const struct scene_options *options, scene_tell_fn *tell,
				     struct scene *scene)
{
	struct progress progress = {.tell = tell, .told = seconds_now()};
	size_t threads = survey_threads();
	enum fast_status status;

	tell_about(tell, "finding the reference boxes of %zu frames on %zu %s, once",
		   scene->models->frames, threads, threads == 1 ? "core" : "cores");
	status = survey_run(options->clip, scene->models, threads, options->stop, progress_tell,
			    &progress, &scene->reference);
	if (status != FAST_OK && status != FAST_CANCELLED) {
		tell_about(tell, "%s: the reference boxes can't be found: %s", options->clip,
			   fast_status_sentence(status));
	}
	return status;
}

static void scene_keep(const char *directory, const char *path, const struct reference_key *key,
		       scene_tell_fn *tell, struct scene *scene)
{
	if (!directory_make(directory) || reference_save(path, key, scene->reference) != FAST_OK) {
		tell_about(tell, "%s: the reference boxes are not kept: %s", path, strerror(errno));
		return;
	}
	scene->cached = true;
	tell_about(tell, "reference boxes kept in %s", path);
}

static enum fast_status scene_compare_with(const struct scene_options *options, scene_tell_fn *tell,
					   struct scene *scene)
{
	char path[REFERENCE_PATH_BYTES];
	struct reference_key key;
	enum fast_status status = scene_key(options, scene, &key);

	if (status != FAST_OK) {
		tell_about(tell, "%s: can't be read: %s", options->clip, strerror(errno));
		return status;
	}
	if (options->cache == NULL) {
		return scene_survey(options, tell, scene);
	}
	status = reference_path(options->cache, &key, path);
	if (status != FAST_OK) {
		tell_about(tell, "the cache folder's name is too long: nothing is kept");
		return scene_survey(options, tell, scene);
	}
	status = reference_load(path, &key, &scene->reference);
	if (status == FAST_OK) {
		scene->cached = true;
		return FAST_OK;
	}
	if (status != FAST_NOT_FOUND) {
		tell_about(tell, "%s: %s", path,
			   status == FAST_DATA_LOSS ? "damaged; it is made anew"
						    : fast_status_sentence(status));
	}
	status = scene_survey(options, tell, scene);
	if (status == FAST_OK) {
		scene_keep(options->cache, path, &key, tell, scene);
	}
	return status;
}

static enum fast_status scene_look(const struct scene_options *options, scene_tell_fn *tell,
				   struct scene *scene)
{
	char error[CLIP_ERROR_BYTES];
	enum fast_status status = clip_open(options->clip, &scene->clip, error);

	if (status != FAST_OK) {
		tell(error);
		return status;
	}
	status = models_new(scene->clip, options->frames_max, options->stop, &scene->models);
	if (status == FAST_OUT_OF_RANGE) {
		tell_about(tell, "%s: not one frame in it", options->clip);
		return FAST_DATA_LOSS;
	}
	if (status != FAST_OK && status != FAST_CANCELLED) {
		tell(status == FAST_RESOURCE_EXHAUSTED ? "no memory for the background models"
						       : clip_error(scene->clip));
	}
	return status;
}

enum fast_status scene_init(const struct scene_options *options, scene_tell_fn *tell,
			    struct scene *out)
{
	struct scene scene = {0};
	enum fast_status status = scene_look(options, tell, &scene);

	if (status == FAST_OK) {
		status = scene_compare_with(options, tell, &scene);
	}
	if (status != FAST_OK) {
		scene_fini(&scene);
		return status;
	}
	*out = scene;
	return FAST_OK;
}

void scene_fini(struct scene *scene)
{
	free(scene->reference);
	models_free(scene->models);
	clip_close(scene->clip);
	*scene = (struct scene){0};
}
