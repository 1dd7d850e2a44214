/* daemon/store.h - what outlives fastd: knobs, leases, the audit log and samples, in SQLite.
 *
 * Changes are jobs: each commits as a whole, in the order in which they were pushed, several in one
 * transaction when they come fast (WAL, synchronous NORMAL: a commit survives SIGKILL). Pushing
 * never waits for the disk. When the disk fails, jobs fail and samples are dropped; the store tries
 * again each second and mends itself. A database that is broken is set aside, and a new one begun.
 */
#ifndef FASTD_STORE_H
#define FASTD_STORE_H

#include "node.h"
#include "store_job.h"
#include "store_note.h"
#include "store_samples.h"

#define STORE_JOBS_MAX    1024   /* waiting; beyond, a push is refused */
#define STORE_IDLE_MAX    128    /* jobs waiting; beyond, what can wait is not pushed */
#define STORE_SAMPLES_MAX 65536  /* waiting; beyond, they are dropped and counted */
#define STORE_GROUP_MAX   128    /* jobs in one transaction */
#define STORE_FLUSH_MS    5000   /* samples wait so long, so that flash memory lives longer */
#define STORE_RETRY_MS    1000   /* between two tries when the disk fails */
#define STORE_AUDIT_MAX   100000 /* entries; the oldest go first */
#define STORE_HISTORY_MAX 10000  /* samples, or audit entries, in one answer */
/* Where room is short, seconds older than this go before minutes. */
#define STORE_SECONDS_KEEP_S 300

struct store;

struct store_options {
	const char *state_dir;
	uint64_t samples_bytes_max;
	uint32_t samples_age_s_max[STORE_LEVELS];
	/* While the store ran, its database was found broken, and a new one was begun: gives a job
	 * with all that is to be in it once what was pushed so far is done; NULL: no memory, and it
	 * is asked again. Store thread; no lock is held. NULL: nothing is. */
	struct store_job *(*renewed)(void *arg);
	void *renewed_arg;
};

/* What was stored, as store_load() tells it; each may be NULL. */
struct store_visitor {
	bool (*revision)(const struct store_revision *revision, void *arg);
	bool (*param)(const struct store_param *param, void *arg);
	bool (*lease)(const struct store_lease *lease, void *arg);
	bool (*baseline)(const struct store_baseline *baseline, void *arg);
	bool (*bound)(const struct store_bound *bound, void *arg);
	bool (*bound_choice)(const struct store_bound_choice *choice, void *arg); /* after bounds */
	bool (*profile)(const struct store_profile_value *value, void *arg);
	/* The newest entry of each knob that was not turned, newest first. */
	bool (*failed)(const struct store_audit *entry, void *arg);
	bool (*plugin)(const struct store_plugin *plugin, void *arg);
	/* After all plugins, in the order in which each has made them. */
	bool (*declaration)(const struct store_declaration *declaration, void *arg);
	void *arg; /* a visitor returns false to stop: no memory */
};

/* Opens, or makes, the database in state_dir, and holds that against other processes. A database
 * that is broken is set aside. error: NODE_TEXT_BYTES_MAX bytes, a sentence when it fails. Gives
 * *out. */
FAST_MUST_CHECK enum fast_status store_open(const struct store_options *options, struct store **out,
					    char *error);
/* Before store_start(). RESOURCE_EXHAUSTED, or UNAVAILABLE. */
FAST_MUST_CHECK enum fast_status store_load(struct store *store,
					    const struct store_visitor *visitor);
FAST_MUST_CHECK enum fast_status store_start(struct store *store);
/* Does on the caller's thread, instead of store_start(), what was pushed and what that pushes. */
void store_work_off(struct store *store);
/* Writes what was pushed, ends the thread, frees. NULL is allowed. */
void store_close(struct store *store);

/* An id that no lease of this state directory has had. Before store_start() it counts from what was
 * stored; the job that puts the lease makes it last. Any thread. */
uint64_t store_lease_id_next(struct store *store);

/* The newest second that was stored before store_load(); 0: none. */
int64_t store_second_newest(const struct store *store);

/* An id that no series of this state directory has. Any thread, after store_load(). */
uint64_t store_series_id_next(struct store *store);

/* Takes job on OK. UNAVAILABLE: STORE_JOBS_MAX, or the store is closing; done is not called. */
FAST_MUST_CHECK enum fast_status store_push(struct store *store, struct store_job *job);

/* Whether it can write, and has so little to write that a knob would not notice something more. Any
 * thread. */
bool store_is_idle(struct store *store);

/* Takes samples. Never fails: what there is no room for is dropped and counted. */
void store_push_samples(struct store *store, struct store_samples *samples);

/* Copies note, to be written soon. Never fails: what there is no room for is dropped and counted.
 * Any thread. */
void store_note(struct store *store, const struct store_note *note);

/* Why the store can't write; "": it can. out: NODE_TEXT_BYTES_MAX bytes. Any thread. */
void store_error(struct store *store, char *out);
/* Samples dropped so far. Any thread. */
uint64_t store_dropped(struct store *store);

struct store_status {
	uint64_t jobs_waiting;
	uint64_t samples_waiting;
	uint64_t notes_waiting;
	uint64_t samples_dropped;
	uint64_t notes_dropped;
	uint64_t commits;          /* transactions, those that failed too */
	double commit_seconds;     /* that they took together */
	double commit_seconds_max; /* the longest of this minute and the one before */
};

/* Any thread. */
void store_status(struct store *store, struct store_status *out);

/* ---- reading, by a connection of its own; any thread ---- */

typedef void store_sample_fn(const struct store_series *series, const struct store_sample *sample,
			     void *arg);

struct store_query {
	const char *instance;
	const char *metric;
	int64_t since_unix_ns;
	uint32_t step_s; /* between two samples, at least; 0: as close as there are */
	uint32_t limit;
};

/* The newest `limit` samples after since, in the order in which they were taken: minutes, where
 * there are no seconds any more. NOT_FOUND: the metric was never stored. */
FAST_MUST_CHECK enum fast_status store_history(struct store *store, const struct store_query *query,
					       store_sample_fn *fn, void *arg);
/* The newest `limit` runs, oldest first. */
FAST_MUST_CHECK enum fast_status store_each_run(struct store *store, const char *plugin_glob,
						uint32_t limit, node_run_fn *fn, void *arg);
/* The newest `limit` events after a sequence number, oldest first. */
FAST_MUST_CHECK enum fast_status store_each_event(struct store *store, const char *plugin_glob,
						  uint64_t after, uint32_t limit, node_event_fn *fn,
						  void *arg);
FAST_MUST_CHECK enum fast_status store_each_audit(struct store *store, const char *plugin_glob,
						  uint64_t after, uint32_t limit, node_audit_fn *fn,
						  void *arg);

#endif
