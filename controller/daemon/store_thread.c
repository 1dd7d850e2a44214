#include "store_impl.h"

#include <fast/log.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS         INT64_C(1000000)
#define NS_PER_S          INT64_C(1000000000)
#define SLICE_SAMPLES_MAX 2000 /* in one transaction, so that no knob waits for many samples */
#define TRIM_SAMPLES_MIN  2000
#define BROKEN_MAX        2 /* within BROKEN_FORGET_NS; then it is set aside */
#define BROKEN_FORGET_NS  (60 * NS_PER_S)

/* When the thread has something to do without being told. */
struct schedule {
	int64_t flush_ns;
	int64_t retry_ns;
};

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Writes the jobs in one transaction. */
static bool jobs_write(struct store *store, const struct store_job *jobs, size_t count)
{
	const struct store_job *job = jobs;
	bool durable = false;
	bool good;

	for (size_t i = 0; i < count; i++, job = job->next) {
		durable = durable || job->durable;
	}
	good = store_begin(store, durable);
	job = jobs;
	for (size_t i = 0; i < count && good; i++, job = job->next) {
		good = store_write_job(store, job);
	}
	return store_end(store, good);
}

/* Tells the job how it went; one that is owed is kept. Takes job. */
static void job_finish(struct store *store, struct store_job *job, bool good)
{
	char error[NODE_TEXT_BYTES_MAX];
	struct store_job **end = &store->owed;

	if (!good) {
		store_error(store, error);
	}
	if (job->done != NULL) {
		job->done(good ? FAST_OK : FAST_UNAVAILABLE, good ? "" : error, job->arg);
		job->done = NULL;
	}
	if (good || !job->owed) {
		store_job_free(job);
		return;
	}
	while (*end != NULL) {
		end = &(*end)->next;
	}
	job->next = NULL;
	*end = job;
}

/* Writes what is owed, in order. False: the disk still fails. */
static bool owed_write(struct store *store)
{
	while (store->owed != NULL) {
		struct store_job *job = store->owed;
		if (!jobs_write(store, job, 1)) {
			return false;
		}
		store->owed = job->next;
		store_job_free(job);
	}
	return true;
}

/* Up to STORE_GROUP_MAX jobs from the queue, linked. */
static struct store_job *jobs_take(struct store *store, size_t *count)
{
	struct store_job *jobs = store->jobs;
	struct store_job *last = NULL;

	*count = 0;
	for (struct store_job *job = jobs; job != NULL && *count < STORE_GROUP_MAX;
	     job = job->next) {
		last = job;
		++*count;
	}
	if (last != NULL) {
		store->jobs = last->next;
		store->jobs_end = store->jobs == NULL ? &store->jobs : store->jobs_end;
		store->job_count -= *count;
		last->next = NULL;
	}
	return jobs;
}

/* All in one transaction; when that fails, each by itself, so that one does not spoil the others.
 * What comes after a job that is owed must not be written before it. */
static void jobs_commit(struct store *store, struct store_job *jobs, size_t count)
{
	bool writable = owed_write(store);
	bool together = writable && jobs_write(store, jobs, count);

	while (jobs != NULL) {
		struct store_job *job = jobs;
		bool good = together || (writable && count > 1 && jobs_write(store, job, 1));

		jobs = job->next;
		writable = writable && (good || !job->owed);
		job_finish(store, job, good);
	}
}

static struct store_samples *samples_take(struct store *store)
{
	struct store_samples *samples;

	(void)pthread_mutex_lock(&store->lock);
	samples = store->samples;
	if (samples != NULL) {
		store->samples = samples->next;
		store->samples_end = store->samples == NULL ? &store->samples : store->samples_end;
		store->sample_count -= samples->count - samples->written;
	}
	(void)pthread_mutex_unlock(&store->lock);
	return samples;
}

static void samples_give_back(struct store *store, struct store_samples *samples)
{
	(void)pthread_mutex_lock(&store->lock);
	samples->next = store->samples;
	store->samples = samples;
	if (samples->next == NULL) {
		store->samples_end = &samples->next;
	}
	store->sample_count += samples->count - samples->written;
	(void)pthread_mutex_unlock(&store->lock);
}

/* written: so many of them are committed. */
static void samples_drop(struct store *store, struct store_samples *samples, size_t written)
{
	(void)pthread_mutex_lock(&store->lock);
	store->dropped += samples->count - written;
	(void)pthread_mutex_unlock(&store->lock);
	store_samples_free(samples);
}

/* Writes a slice of the waiting samples; true: there is more to write at once. */
static bool samples_flush(struct store *store)
{
	struct store_samples *samples = samples_take(store);
	size_t left = SLICE_SAMPLES_MAX;
	size_t written;
	bool good;

	if (samples == NULL) {
		return false;
	}
	written = samples->written;
	good = store_begin(store, false) && store_write_samples(store, samples, &left) &&
	       store_trim(store, samples->slot * store_level_seconds[samples->level],
			  2 * (SLICE_SAMPLES_MAX - left) + TRIM_SAMPLES_MIN);
	if (!store_end(store, good)) {
		samples_drop(store, samples, written);
		return false;
	}
	if (samples->written < samples->count) {
		samples_give_back(store, samples);
	} else {
		store_samples_free(samples);
	}
	return true;
}

/* Writes some of the notes that wait; true: there may be more. */
static bool notes_flush(struct store *store)
{
	struct store_note *notes;
	struct store_note *last = NULL;
	size_t count = 0;

	(void)pthread_mutex_lock(&store->lock);
	notes = store->notes;
	for (struct store_note *note = notes; note != NULL && count < STORE_GROUP_MAX;
	     note = note->next) {
		last = note;
		count++;
	}
	(void)pthread_mutex_unlock(&store->lock);
	/* They stay first while they are written: others are added behind them. */
	if (last == NULL || !store_end(store, store_begin(store, false) &&
						      store_notes_write(store, notes, count))) {
		return false;
	}
	(void)pthread_mutex_lock(&store->lock);
	store->notes = last->next;
	store->notes_end = store->notes == NULL ? &store->notes : store->notes_end;
	store->note_count -= count;
	last->next = NULL;
	(void)pthread_mutex_unlock(&store->lock);
	while (notes != NULL) {
		struct store_note *note = notes;

		notes = note->next;
		free(note);
	}
	return true;
}

/* What is broken does not mend: the database is looked at as at a start. One that a start finds
 * good, again and again, is broken all the same. */
static void broken_close(struct store *store)
{
	char error[NODE_TEXT_BYTES_MAX];
	const int64_t now = now_ns();

	store->broken_count = now - store->broken_ns < BROKEN_FORGET_NS ? store->broken_count : 0;
	store->broken_count++;
	store->broken_ns = now;
	store->broken = false;
	store_db_close(store);
	if (store->broken_count > BROKEN_MAX &&
	    store_db_set_aside(store, "found so again and again", error) != FAST_OK) {
		fast_log(FAST_LOG_ERROR, "%s", error);
	}
}

/* Ids of leases go on in a new database. */
static bool probe_write(struct store *store)
{
	uint64_t newest;

	(void)pthread_mutex_lock(&store->lock);
	newest = store->lease_id_newest;
	(void)pthread_mutex_unlock(&store->lock);
	return store_run(store, SQL_PROBE) &&
	       (!store->set_aside || store_run_with(store, SQL_PUT_LEASE_ID, newest));
}

/* A new database gets what the one that is set aside had. It is owed, so that it comes before all
 * that is pushed meanwhile. */
static void renew(struct store *store)
{
	struct store_job *job = NULL;

	if (store->renewed != NULL) {
		job = store->renewed(store->renewed_arg);
		if (job == NULL) {
			return; /* no memory now; it is tried again */
		}
	}
	store->set_aside = false;
	if (job != NULL) {
		job->owed = true;
		job_finish(store, job, false);
		(void)owed_write(store);
	}
}

/* The disk has failed, or the database: sees whether it still does. */
static void probe(struct store *store)
{
	char error[NODE_TEXT_BYTES_MAX];

	if (store->broken) {
		broken_close(store);
	}
	if (store->db == NULL && store_db_open(store, error) != FAST_OK) {
		return;
	}
	if (owed_write(store) &&
	    store_end(store, store_begin(store, false) && probe_write(store)) && store->set_aside) {
		renew(store);
	}
}

/* Waits for a push or for the schedule. The caller holds the lock. */
static void rest(struct store *store, const struct schedule *schedule)
{
	int64_t until_ns = INT64_MAX;
	struct timespec until;

	if (store->notes != NULL && !store->failing) {
		return;
	}
	if (store->samples != NULL) {
		until_ns = schedule->flush_ns;
	}
	if ((store->failing || store->broken || store->set_aside) &&
	    schedule->retry_ns < until_ns) {
		until_ns = schedule->retry_ns;
	}
	if (until_ns == INT64_MAX) {
		/* Samples do not wake the thread; it looks for them at each flush. */
		until_ns = now_ns() + STORE_FLUSH_MS * NS_PER_MS;
	}
	until = (struct timespec){.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};
	(void)pthread_cond_timedwait(&store->changed, &store->lock, &until);
}

/* One round of work without the lock; true: there may be more. */
static bool work(struct store *store, struct schedule *schedule, struct store_job *jobs,
		 size_t count, bool failing, bool stopping)
{
	int64_t now = now_ns();

	if (jobs != NULL) {
		jobs_commit(store, jobs, count);
		if (store->db != NULL && !store->broken) { /* else none of them mends it */
			return true;
		}
	}
	if ((failing || store->broken || store->set_aside) &&
	    (now >= schedule->retry_ns || stopping)) {
		schedule->retry_ns = now + STORE_RETRY_MS * NS_PER_MS;
		probe(store);
	}
	if ((!failing || stopping) && notes_flush(store)) {
		return true;
	}
	if (now >= schedule->flush_ns || stopping) {
		if (samples_flush(store)) {
			return true;
		}
		schedule->flush_ns = now + STORE_FLUSH_MS * NS_PER_MS;
	}
	return false;
}

static void *thread_run(void *arg)
{
	struct store *store = arg;
	struct schedule schedule = {.flush_ns = now_ns() + STORE_FLUSH_MS * NS_PER_MS};
	bool more = false;

	(void)pthread_mutex_lock(&store->lock);
	for (;;) {
		bool stopping = store->stopping;
		bool failing = store->failing;
		size_t count;
		struct store_job *jobs;

		if (!more && store->jobs == NULL && !stopping) {
			rest(store, &schedule);
		}
		jobs = jobs_take(store, &count);
		(void)pthread_mutex_unlock(&store->lock);
		more = work(store, &schedule, jobs, count, failing, stopping);
		(void)pthread_mutex_lock(&store->lock);
		if (stopping && !more && store->jobs == NULL) {
			break;
		}
	}
	(void)pthread_mutex_unlock(&store->lock);
	return NULL;
}

void store_work_off(struct store *store)
{
	assert(!store->started);

	for (;;) {
		struct store_job *jobs;
		size_t count;

		(void)pthread_mutex_lock(&store->lock);
		jobs = jobs_take(store, &count);
		(void)pthread_mutex_unlock(&store->lock);
		if (jobs == NULL) {
			return;
		}
		jobs_commit(store, jobs, count);
	}
}

enum fast_status store_start(struct store *store)
{
	assert(!store->started);

	if (pthread_create(&store->thread, NULL, thread_run, store) != 0) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	store->started = true;
	return FAST_OK;
}
