#include "survey.h"

#include "detector.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

/* What the threads share. */
struct survey {
	const char *path;
	const struct models *models;
	size_t threads;
	const atomic_bool *stop;
	survey_progress_fn *progress;
	void *arg;
	struct reference *reference; /* each frame is written by one thread */
	atomic_size_t done;
	atomic_bool failed; /* a thread gave up: the others follow */
};

/* One thread: frames index, index + threads, index + 2 * threads, ... */
struct worker {
	struct survey *survey;
	size_t index;
	pthread_t thread;
	enum fast_status status;
};

size_t survey_threads(void)
{
	cpu_set_t set;
	int count = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0) {
		count = CPU_COUNT(&set);
	}
	return count < 1 ? 1 : count > SURVEY_THREADS_MAX ? SURVEY_THREADS_MAX : (size_t)count;
}

static bool survey_is_stopped(struct survey *survey)
{
	return atomic_load(&survey->failed) || (survey->stop != NULL && atomic_load(survey->stop));
}

static enum fast_status worker_search(struct worker *worker, struct clip *clip,
				      struct detector *detector)
{
	struct survey *survey = worker->survey;
	size_t frames = survey->models->frames;
	struct picture picture;

	for (size_t i = 0; i < frames; i++) {
		if (survey_is_stopped(survey)) {
			return FAST_CANCELLED;
		}
		enum fast_status status = clip_next(clip, &picture);
		if (status != FAST_OK) {
			return status == FAST_OUT_OF_RANGE ? FAST_DATA_LOSS : status;
		}
		if (i % survey->threads != worker->index) {
			continue;
		}
		detector_run(detector, &picture, &survey->reference->frames[i]);

		size_t done = atomic_fetch_add(&survey->done, 1) + 1;
		if (worker->index == 0 && survey->progress != NULL) {
			survey->progress(done, frames, survey->arg);
		}
	}
	return FAST_OK;
}

static void *worker_run(void *arg)
{
	struct worker *worker = arg;
	const struct models *models = worker->survey->models;
	char error[CLIP_ERROR_BYTES];
	struct clip *clip = NULL;
	struct detector *detector = NULL;

	worker->status = clip_open(worker->survey->path, &clip, error);
	if (worker->status == FAST_OK) {
		worker->status = detector_new(models->width, models->height, resolutions[0],
					      models->backgrounds[0], &detector);
	}
	if (worker->status == FAST_OK) {
		worker->status = worker_search(worker, clip, detector);
	}
	if (worker->status != FAST_OK) {
		atomic_store(&worker->survey->failed, true);
	}
	detector_free(detector);
	clip_close(clip);
	return NULL;
}

/* The first status that is neither OK nor the mere echo of another thread's. */
static enum fast_status workers_status(const struct worker *workers, size_t count)
{
	enum fast_status status = FAST_OK;

	for (size_t i = 0; i < count; i++) {
		if (workers[i].status != FAST_OK &&
		    (status == FAST_OK || status == FAST_CANCELLED)) {
			status = workers[i].status;
		}
	}
	return status;
}

/* The caller is worker 0; the others are threads. */
static enum fast_status survey_work(struct survey *survey)
{
	struct worker workers[SURVEY_THREADS_MAX];
	size_t started = 1;

	for (size_t i = 0; i < survey->threads; i++) {
		workers[i] = (struct worker){.survey = survey, .index = i};
	}
	while (started < survey->threads) {
		struct worker *worker = &workers[started];

		if (pthread_create(&worker->thread, NULL, worker_run, worker) != 0) {
			atomic_store(&survey->failed, true);
			workers[0].status = FAST_RESOURCE_EXHAUSTED;
			break;
		}
		started++;
	}
	if (started == survey->threads) {
		worker_run(&workers[0]);
	}
	for (size_t i = 1; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
	}
	return workers_status(workers, started);
}

enum fast_status survey_run(const char *path, const struct models *models, size_t threads,
			    const atomic_bool *stop, survey_progress_fn *progress, void *arg,
			    struct reference **out)
{
	struct survey survey = {
		.path = path,
		.models = models,
		.threads = threads,
		.stop = stop,
		.progress = progress,
		.arg = arg,
	};
	enum fast_status status;

	assert(threads >= 1 && threads <= SURVEY_THREADS_MAX);

	status = reference_new(models->frames, &survey.reference);
	if (status == FAST_OK) {
		status = survey_work(&survey);
	}
	if (status == FAST_OK) {
		*out = survey.reference;
		survey.reference = NULL; /* the caller has it */
	}
	free(survey.reference);
	return status;
}
