/* daemon/store.h - what outlives fastd: knobs, leases, the audit log and samples, in SQLite.
 *
 * Changes are jobs: each commits as a whole, in the order in which they were pushed, several in one
 * transaction when they come fast (WAL, synchronous NORMAL: a commit survives SIGKILL). Pushing
 * never waits for the disk. When the disk fails, jobs fail and samples are dropped; the store tries
 * again each second and mends itself. */
#ifndef FASTD_STORE_H
#define FASTD_STORE_H

#include "node.h"

#define STORE_JOBS_MAX         1024   /* waiting; beyond, a push is refused */
#define STORE_SAMPLES_MAX      65536  /* waiting; beyond, they are dropped and counted */
#define STORE_GROUP_MAX        128    /* jobs in one transaction */
#define STORE_FLUSH_MS         5000   /* samples wait so long, so that flash memory lives longer */
#define STORE_RETRY_MS         1000   /* between two tries when the disk fails */
#define STORE_AUDIT_MAX        100000 /* entries; the oldest go first */
#define STORE_HISTORY_MAX      10000  /* samples, or audit entries, in one answer */
#define STORE_VERB_BYTES_MAX   15
#define STORE_RESULT_BYTES_MAX 255

struct store;

struct store_options {
	const char *state_dir;
	uint64_t samples_bytes_max;
	uint32_t samples_age_s_max;
};

/* ---- what is stored ---- */

struct store_param {
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	char actor[NODE_ACTOR_BYTES_MAX + 1];
	struct fast_page_value value;
	uint64_t revision;
	int64_t time_unix_ns;
};

struct store_revision {
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	uint64_t revision;
};

struct store_lease {
	uint64_t id;
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char owner[NODE_ACTOR_BYTES_MAX + 1];
	uint32_t ttl_ms;
	enum node_on_loss on_loss;
};

/* A claimed knob and what it was before. */
struct store_baseline {
	uint64_t lease_id;
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	bool has_value; /* false: nobody had set it */
	struct fast_page_value value;
};

struct store_audit {
	int64_t time_unix_ns;
	char actor[NODE_ACTOR_BYTES_MAX + 1];
	char verb[STORE_VERB_BYTES_MAX + 1];
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	char old_value[FAST_PARAM_STRING_BYTES_MAX + 1];
	char new_value[FAST_PARAM_STRING_BYTES_MAX + 1];
	uint64_t revision;
	uint64_t lease_id;
	char result[STORE_RESULT_BYTES_MAX + 1];
};

enum store_verb {
	STORE_PUT_PARAM,
	STORE_FORGET_PARAM, /* instance and param */
	STORE_PUT_REVISION,
	STORE_PUT_LEASE,
	STORE_PUT_BASELINE,
	STORE_DELETE_LEASE, /* with its baselines */
	STORE_PUT_AUDIT,
	STORE_VERBS
};

struct store_op {
	enum store_verb verb;
	union {
		struct store_param param;
		struct store_revision revision;
		struct store_lease lease; /* DELETE: id alone */
		struct store_baseline baseline;
		struct store_audit audit;
	} u;
};

/* Called once per job, on the store thread, with no lock held: after the commit, or with
 * UNAVAILABLE and why. May push. */
typedef void store_done_fn(enum fast_status status, const char *error, void *arg);

struct store_job {
	struct store_job *next; /* store */
	bool durable;           /* survives a power cut too: costs milliseconds */
	bool owed; /* when it fails, done is told, and it is tried again until it is written */
	store_done_fn *done;
	void *arg;
	size_t capacity;
	size_t count;
	struct store_op ops[];
};

/* The name under which samples of an id are found. */
struct store_series {
	uint64_t id;
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char metric[FAST_METRIC_NAME_BYTES_MAX + 1];
	char unit[FAST_METRIC_UNIT_BYTES_MAX + 1];
	enum fast_metric_kind kind;
};

struct store_sample {
	uint64_t series;
	int64_t time_unix_ns;
	uint64_t count;
	double value;
	double sum;
	double rate_instant;
	double rate_window;
	double rate_global;
	uint32_t window_ms;
	struct node_window window;
	uint64_t revision_first;
	uint64_t revision_last;
};

/* Samples of one second. */
struct store_samples {
	struct store_samples *next; /* store */
	int64_t second;
	struct store_series *series;
	size_t series_count;
	size_t series_capacity;
	struct store_sample *samples;
	size_t count;
	size_t capacity;
	size_t written; /* store */
};

/* What was stored, as store_load() tells it; each may be NULL. */
struct store_visitor {
	bool (*revision)(const struct store_revision *revision, void *arg);
	bool (*param)(const struct store_param *param, void *arg);
	bool (*lease)(const struct store_lease *lease, void *arg);
	bool (*baseline)(const struct store_baseline *baseline, void *arg);
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
/* Writes what was pushed, ends the thread, frees. NULL is allowed. */
void store_close(struct store *store);

/* An id that no lease of this state directory has had. Before store_start() it counts from what was
 * stored; the job that puts the lease makes it last. Any thread. */
uint64_t store_lease_id_next(struct store *store);

/* Room for at most capacity ops. NULL: no memory. */
struct store_job *store_job_new(size_t capacity, store_done_fn *done, void *arg);
/* NULL is allowed. */
void store_job_free(struct store_job *job);
/* The next op, zeroed. */
struct store_op *store_job_add(struct store_job *job, enum store_verb verb);

/* Takes job on OK. UNAVAILABLE: STORE_JOBS_MAX, or the store is closing; done is not called. */
FAST_MUST_CHECK enum fast_status store_push(struct store *store, struct store_job *job);

/* NULL: no memory. */
struct store_samples *store_samples_new(int64_t second);
/* NULL is allowed. */
void store_samples_free(struct store_samples *samples);
/* Room for one more, zeroed and counted; NULL: no memory. */
struct store_sample *store_samples_add(struct store_samples *samples);
struct store_series *store_samples_add_series(struct store_samples *samples);
/* Takes samples. Never fails: what there is no room for is dropped and counted. */
void store_push_samples(struct store *store, struct store_samples *samples);

/* Why the store can't write; "": it can. out: NODE_TEXT_BYTES_MAX bytes. Any thread. */
void store_error(struct store *store, char *out);
/* Samples dropped so far. Any thread. */
uint64_t store_dropped(struct store *store);

/* ---- reading, by a connection of its own; any thread ---- */

typedef void store_sample_fn(const struct store_series *series, const struct store_sample *sample,
			     void *arg);

/* The newest `limit` samples after since, oldest first. NOT_FOUND: the metric was never stored. */
FAST_MUST_CHECK enum fast_status store_history(struct store *store, const char *instance,
					       const char *metric, int64_t since_unix_ns,
					       uint32_t limit, store_sample_fn *fn, void *arg);
FAST_MUST_CHECK enum fast_status store_each_audit(struct store *store, const char *plugin_glob,
						  uint64_t after, uint32_t limit, node_audit_fn *fn,
						  void *arg);

#endif
