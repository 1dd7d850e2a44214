/* survey.h - finds the reference boxes: full resolution over every frame, on all cores. */
#ifndef STREET_SURVEY_H
#define STREET_SURVEY_H

#include "models.h"
#include "reference.h"

#include <fast/status.h>

#define SURVEY_THREADS_MAX 32

/* Told now and then how many frames are done; called by the thread that called survey_run(). */
typedef void survey_progress_fn(size_t done, size_t frames, void *arg);

/* The cores that this process may use, at most SURVEY_THREADS_MAX. */
size_t survey_threads(void);

/* Decodes the clip at path once per thread; each thread searches its share of models->frames
 * frames. Gives *out, which the caller frees with free(). CANCELLED: *stop became true (stop may be
 * NULL). Otherwise as clip_open() and clip_next(). progress may be NULL. */
FAST_MUST_CHECK enum fast_status survey_run(const char *path, const struct models *models,
					    size_t threads, const atomic_bool *stop,
					    survey_progress_fn *progress, void *arg,
					    struct reference **out);

#endif
