#include "store_impl.h"

#include <fast/log.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static enum fast_status directory_prepare(const char *path, char *error)
{
	struct stat there;

	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX,
			       "state directory %.200s can't be made: %m", path);
		return FAST_UNAVAILABLE;
	}
	if (stat(path, &there) == 0 && !S_ISDIR(there.st_mode)) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX,
			       "state directory %.200s is no directory; give one by --state-dir",
			       path);
		return FAST_UNAVAILABLE;
	}
	if (access(path, R_OK | W_OK | X_OK) != 0) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX,
			       "state directory %.200s is not writable: %m", path);
		return FAST_UNAVAILABLE;
	}
	return FAST_OK;
}

/* The lock is the kernel's: it goes with the process, however that ends. */
static enum fast_status directory_lock(struct store *store, const char *path, char *error)
{
	char file[STORE_PATH_BYTES_MAX];
	char holder[16] = "";
	int length;

	(void)snprintf(file, sizeof file, "%s/fastd.lock", path);
	store->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->lock_fd < 0) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX,
			       "state directory %.200s is not writable: %m", path);
		return FAST_UNAVAILABLE;
	}
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t count = read(store->lock_fd, holder, sizeof holder - 1);
		holder[count > 0 ? strcspn(holder, "\n") : 0] = '\0';
		(void)snprintf(error, NODE_TEXT_BYTES_MAX,
			       "state directory %.200s is in use by another fastd (pid %s)", path,
			       holder[0] != '\0' ? holder : "unknown");
		return FAST_FAILED_PRECONDITION;
	}
	/* For that sentence alone; a full disk may keep it from being written. */
	length = snprintf(holder, sizeof holder, "%d\n", (int)getpid());
	if (ftruncate(store->lock_fd, 0) == 0 &&
	    pwrite(store->lock_fd, holder, (size_t)length, 0) != length) {
		fast_log(FAST_LOG_WARNING, "can't write %s: %m", file);
	}
	return FAST_OK;
}

static enum fast_status sync_init(struct store *store)
{
	pthread_condattr_t attributes;
	int code;

	if (pthread_condattr_init(&attributes) != 0) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	code = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	assert(code == 0);
	code = pthread_cond_init(&store->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	if (code != 0) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	code = pthread_mutex_init(&store->lock, NULL);
	assert(code == 0); /* a plain mutex needs nothing */
	return FAST_OK;
}

static uint64_t unix_now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

enum fast_status store_open(const struct store_options *options, struct store **out, char *error)
{
	struct store *store = calloc(1, sizeof *store);
	enum fast_status status;
	int length;

	(void)snprintf(error, NODE_TEXT_BYTES_MAX, "no memory for the store");
	if (store == NULL || sync_init(store) != FAST_OK) {
		free(store);
		return FAST_RESOURCE_EXHAUSTED;
	}
	store->lock_fd = -1;
	/* SQLite shall not count its memory: that takes a lock for each piece. Once it runs, this
	 * is refused, and holds already. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	/* By the clock, since samples may be there whose series was never written. */
	store->series_id_newest = unix_now_us();
	store->jobs_end = &store->jobs;
	store->samples_end = &store->samples;
	store->notes_end = &store->notes;
	store->samples_bytes_max = options->samples_bytes_max;
	store->renewed = options->renewed;
	store->renewed_arg = options->renewed_arg;
	memcpy(store->samples_age_s_max, options->samples_age_s_max,
	       sizeof store->samples_age_s_max);
	length = snprintf(store->path, sizeof store->path, "%s/fastd.db", options->state_dir);
	if (length >= (int)sizeof store->path - 64) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX,
			       "the state directory's path is too long");
		status = FAST_INVALID_ARGUMENT;
		goto fail;
	}
	status = directory_prepare(options->state_dir, error);
	if (status == FAST_OK) {
		status = directory_lock(store, options->state_dir, error);
	}
	if (status == FAST_OK) {
		status = store_db_open(store, error);
		if (status == FAST_UNAVAILABLE) { /* a full disk keeps nobody from measuring */
			(void)snprintf(store->error, sizeof store->error, "%s", error);
			fast_log(FAST_LOG_ERROR, "%s; it is tried again each second", error);
			store->failing = true;
			status = FAST_OK;
		}
	}
	if (status != FAST_OK) {
		goto fail;
	}
	store->set_aside = false; /* nobody has pushed anything yet */
	error[0] = '\0';
	*out = store;
	return FAST_OK;

fail:
	store_close(store);
	return status;
}

uint64_t store_lease_id_next(struct store *store)
{
	uint64_t id;

	(void)pthread_mutex_lock(&store->lock);
	id = ++store->lease_id_newest;
	(void)pthread_mutex_unlock(&store->lock);
	return id;
}

int64_t store_second_newest(const struct store *store)
{
	return store->second_newest;
}

uint64_t store_series_id_next(struct store *store)
{
	uint64_t id;

	(void)pthread_mutex_lock(&store->lock);
	id = ++store->series_id_newest;
	(void)pthread_mutex_unlock(&store->lock);
	return id;
}

enum fast_status store_push(struct store *store, struct store_job *job)
{
	enum fast_status status = FAST_UNAVAILABLE;

	(void)pthread_mutex_lock(&store->lock);
	if (store->job_count < STORE_JOBS_MAX && !store->stopping) {
		job->next = NULL;
		*store->jobs_end = job;
		store->jobs_end = &job->next;
		store->job_count++;
		(void)pthread_cond_signal(&store->changed);
		status = FAST_OK;
	}
	(void)pthread_mutex_unlock(&store->lock);
	return status;
}

bool store_is_idle(struct store *store)
{
	bool idle;

	(void)pthread_mutex_lock(&store->lock);
	idle = !store->failing && store->job_count < STORE_IDLE_MAX;
	(void)pthread_mutex_unlock(&store->lock);
	return idle;
}

void store_push_samples(struct store *store, struct store_samples *samples)
{
	(void)pthread_mutex_lock(&store->lock);
	if (store->sample_count + samples->count > STORE_SAMPLES_MAX || store->stopping) {
		store->dropped += samples->count;
	} else {
		samples->next = NULL;
		*store->samples_end = samples;
		store->samples_end = &samples->next;
		store->sample_count += samples->count;
		samples = NULL;
	}
	(void)pthread_mutex_unlock(&store->lock);
	store_samples_free(samples);
}

void store_error(struct store *store, char *out)
{
	(void)pthread_mutex_lock(&store->lock);
	(void)snprintf(out, NODE_TEXT_BYTES_MAX, "%s", store->error);
	(void)pthread_mutex_unlock(&store->lock);
}

uint64_t store_dropped(struct store *store)
{
	uint64_t dropped;

	(void)pthread_mutex_lock(&store->lock);
	dropped = store->dropped;
	(void)pthread_mutex_unlock(&store->lock);
	return dropped;
}

void store_status(struct store *store, struct store_status *out)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)pthread_mutex_lock(&store->lock);
	*out = (struct store_status){
		.jobs_waiting = store->job_count,
		.samples_waiting = store->sample_count,
		.notes_waiting = store->note_count,
		.samples_dropped = store->dropped,
		.notes_dropped = store->notes_dropped,
		.commits = store->commits.count,
		.commit_seconds = (double)store->commits.total_ns / 1e9,
		.commit_seconds_max =
			spans_max(&store->commits, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec),
	};
	(void)pthread_mutex_unlock(&store->lock);
}

void store_close(struct store *store)
{
	if (store == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&store->lock);
	store->stopping = true;
	(void)pthread_cond_signal(&store->changed);
	(void)pthread_mutex_unlock(&store->lock);
	if (store->started) {
		(void)pthread_join(store->thread, NULL);
	}
	while (store->owed != NULL) {
		struct store_job *job = store->owed;
		store->owed = job->next;
		store_job_free(job);
	}
	while (store->jobs != NULL) { /* the thread never ran */
		struct store_job *job = store->jobs;
		store->jobs = job->next;
		if (job->done != NULL) {
			job->done(FAST_UNAVAILABLE, "fastd is closing", job->arg);
		}
		store_job_free(job);
	}
	while (store->samples != NULL) {
		struct store_samples *samples = store->samples;
		store->samples = samples->next;
		store_samples_free(samples);
	}
	store_notes_free(store);
	store_db_close(store);
	if (store->lock_fd >= 0) {
		(void)close(store->lock_fd);
	}
	(void)pthread_cond_destroy(&store->changed);
	(void)pthread_mutex_destroy(&store->lock);
	free(store);
}
