/* daemon/node.h - what fastd knows and does about plugins, metrics, knobs and leases.
 *
 * The node owns one loop thread (plugin socket, sampling, expiry), one store thread (SQLite), one
 * that closes what plugins have given it, and one lock. Its functions may be called from any
 * thread; those that visit call the visitor under the lock, so that it copies and returns, and
 * calls nothing of the node. */
#ifndef FASTD_NODE_H
#define FASTD_NODE_H

#include "page/view.h"
#include <fast/metric.h>
#include <fast/param.h>
#include <fast/plugin.h>
#include <fast/status.h>

#include <stdatomic.h>

#define NODE_INSTANCE_BYTES_MAX 72 /* a plugin name and "-NNN" */
#define NODE_ACTOR_BYTES_MAX    128
#define NODE_HOST_BYTES_MAX     64
#define NODE_CLIENT_BYTES_MAX   64 /* the instance of a client that claims */
#define NODE_GLOB_BYTES_MAX     NODE_INSTANCE_BYTES_MAX
#define NODE_PROFILE_BYTES_MAX  64
#define NODE_TEXT_BYTES_MAX     512
#define NODE_REASON_BYTES_MAX   255 /* why a run has ended, what an event was */
#define NODE_PLUGINS_MAX                                                                           \
	1024 /* live; ended ones are kept for NODE_ENDED_KEEP_MS, at most as many */
#define NODE_ENDED_KEEP_MS    600000
#define NODE_SET_MAX          FAST_PLUGIN_PARAMS_MAX
#define NODE_VALUE_TTL_MS_MAX 604800000u /* a week */
#define NODE_TICK_MS_DEFAULT  100
/* Of the history: its size, and how long samples of each second and of each minute are kept. */
#define NODE_HISTORY_MIB_DEFAULT   64
#define NODE_HISTORY_HOURS_DEFAULT 1
#define NODE_HISTORY_DAYS_DEFAULT  30
#define NODE_LISTENERS_MAX         8

struct node;

struct node_options {
	const char *state_dir;            /* made with mode 0700 when missing */
	uint32_t tick_ms;                 /* 10 to 1000; 0: NODE_TICK_MS_DEFAULT */
	uint64_t store_samples_bytes_max; /* 0: NODE_HISTORY_MIB_DEFAULT */
	uint32_t store_seconds_age_s_max; /* samples of each second; 0: the default */
	uint32_t store_minutes_age_s_max; /* samples of each minute; 0: the default */
	uint64_t boot_id;
};

/* Opens the store and starts nothing yet. error: NODE_TEXT_BYTES_MAX bytes, a full sentence when it
 * fails ("state directory /x is not writable: Permission denied"). Gives *out. */
FAST_MUST_CHECK enum fast_status node_open(const struct node_options *options, struct node **out,
					   char *error);
/* Listens for plugins on a SOCK_SEQPACKET socket (mode 0666: the page is the plugin's own affair).
 * A stale socket is taken over, a live one refused (ALREADY_EXISTS). error as above. */
FAST_MUST_CHECK enum fast_status node_listen(struct node *node, const char *path, char *error);
/* Starts the threads. */
FAST_MUST_CHECK enum fast_status node_start(struct node *node);
/* Commits what was accepted, stops the threads, removes the socket, frees. Plugins go on. NULL is
 * allowed. */
void node_close(struct node *node);

/* ---- what there is ---- */

struct node_filter {
	const char *plugin; /* glob (fnmatch); NULL or "": all */
	const char *name;   /* glob over metrics or params; NULL or "": all */
	bool include_ended;
	uint32_t window_ms;     /* metrics: for rates and summaries; 0: 1000 */
	bool with_distribution; /* metrics: fill node_metric.distribution */
	bool without_window;    /* metrics: of gauges and distributions; it takes time */
};

struct node_plugin {
	char name[NODE_INSTANCE_BYTES_MAX + 1];
	char version[FAST_PLUGIN_VERSION_BYTES_MAX + 1];
	char parent[NODE_INSTANCE_BYTES_MAX + 1]; /* from which it was forked off; "": none */
	char host[NODE_HOST_BYTES_MAX + 1];       /* another one; "": this */
	bool live;
	uint32_t pid;
	uint32_t uid;
	int64_t attach_unix_ns;
	int64_t end_unix_ns; /* 0: live */
	uint32_t metric_count;
	uint32_t param_count;
	uint64_t revision;
	uint64_t effective_revision;
	uint64_t series_rejected; /* metrics for which there was no room */
	double sampling_seconds;  /* spent on reading it */
	uint64_t metric_bytes;    /* memory of its metrics, samples and distributions */
};

struct node_window {
	uint64_t count;
	double mean;
	double p50;
	double p95;
	double p99;
	double first; /* of a distribution, the mean of the first few, as last */
	double last;
	double min;
	double max;
	double std;
};

#define NODE_EXEMPLARS_MAX FAST_PAGE_EXEMPLARS /* of one metric */

/* What made a value. */
struct node_exemplar {
	const char *text; /* its labels: fast_exemplar_next() */
	size_t bytes;
	double value;
	int64_t time_unix_ns;
};

struct node_metric {
	const char *plugin;
	const char *name;   /* with its labels: frames{camera="left"} */
	size_t base_bytes;  /* of the name without them; 0: it has none */
	const char *labels; /* name="value", joined by commas; NULL: none */
	const char *states; /* of a stateset, joined by commas; NULL: none */
	const char *unit;
	const char *help;
	enum fast_metric_kind kind;
	bool live;
	bool stale;
	bool sampled; /* false: no sample yet, the numbers below are 0 */
	int64_t time_unix_ns;
	int64_t age_ms;
	int64_t created_unix_ns; /* counts are since then */
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
	const struct fast_distribution *distribution; /* totals; NULL unless asked for and there */
	const struct node_exemplar *exemplars;
	size_t exemplar_count;
};

/* The numbers are those of fast.v1.ParamStatus. */
enum node_param_status {
	NODE_PARAM_UNSET = 0,
	NODE_PARAM_PENDING = 1,
	NODE_PARAM_APPLYING = 2,
	NODE_PARAM_APPLIED = 3,
	NODE_PARAM_FAILED = 4,
	NODE_PARAM_TIMEOUT = 5,
};

/* An attempt to turn a knob that failed. */
struct node_attempt {
	struct fast_page_value value;
	char actor[NODE_ACTOR_BYTES_MAX + 1];
	int64_t time_unix_ns; /* 0: there was none */
	char reason[NODE_TEXT_BYTES_MAX];
};

struct node_param {
	const char *plugin;
	const char *name;
	const char *unit;
	const char *help;
	enum fast_param_type type;
	bool live;
	struct fast_page_value initial;
	bool has_range;
	double min, max, step;
	const struct fast_page_value *choices;
	size_t choice_count;
	bool read_only;
	bool restart_required;
	uint32_t ack_timeout_ms; /* 0: NODE_ACK_TIMEOUT_MS */
	struct fast_page_value desired;
	uint64_t revision;
	struct fast_page_value effective;
	uint64_t effective_revision;
	enum node_param_status status;
	const char *actor;
	int64_t set_unix_ns;
	uint64_t lease_id;
	const char *lease_owner;
	uint32_t lease_ttl_ms;
	/* The last value that the plugin could not apply. */
	uint64_t failure_revision; /* 0: none */
	struct fast_page_value failure_value;
	const char *failure_reason;
	int64_t failure_unix_ns;
	uint32_t lease_priority;
	uint64_t lease_epoch;
	uint32_t preempt_ms;    /* until a claim of higher priority takes it; 0: none */
	const char *preempt_by; /* "": none */
	uint64_t value_ttl_ms;  /* until the desired value goes back; 0: it stays */
	bool has_back;          /* false: to nobody having set it, or it stays */
	struct fast_page_value back;
	const struct node_attempt *last_refused; /* NULL: none */
	uint64_t plugin_revision;                /* the plugin's newest */
};

typedef void node_plugin_fn(const struct node_plugin *plugin, void *arg);
typedef void node_metric_fn(const struct node_metric *metric, void *arg);
typedef void node_param_fn(const struct node_param *param, void *arg);

/* Sorted by plugin, then in order of declaration. */
void node_each_plugin(struct node *node, const struct node_filter *filter, node_plugin_fn *fn,
		      void *arg);
void node_each_metric(struct node *node, const struct node_filter *filter, node_metric_fn *fn,
		      void *arg);
void node_each_param(struct node *node, const struct node_filter *filter, node_param_fn *fn,
		     void *arg);

struct node_status {
	uint64_t epoch; /* the boot id */
	uint32_t plugins_live;
	uint32_t metrics;
	uint32_t params;
	uint32_t leases;
	uint32_t tick_ms;
	char store_error[NODE_TEXT_BYTES_MAX]; /* "": all is well */
	uint64_t samplings;                    /* ticks in which all plugins were read */
	double sampling_seconds;               /* that they took together */
	double sampling_seconds_max;           /* the longest of the last minute or two */
	uint64_t metric_bytes;                 /* memory of metrics, samples and distributions */
	uint64_t exemplars_rejected;           /* that plugins wrote and that were none */
	uint64_t store_jobs_waiting;           /* changes of knobs */
	uint64_t store_samples_waiting;
	uint64_t store_events_waiting; /* and runs */
	uint64_t store_samples_dropped;
	uint64_t store_events_dropped;
	uint64_t store_commits;
	double store_commit_seconds; /* that they took together */
	double store_commit_seconds_max;
};

void node_status(struct node *node, struct node_status *out);

/* ---- changes ---- */

/* How a change ended. text says what was wrong and what would be right. */
struct node_result {
	enum fast_status status;
	char text[NODE_TEXT_BYTES_MAX];
	uint64_t revision;
	uint64_t lease_id;
	uint32_t ttl_ms;
	uint64_t lease_epoch;
	uint32_t preempt_ms; /* 0: no claim of higher priority waits for the lease */
	char preempt_by[NODE_ACTOR_BYTES_MAX + 1];
	char refused_param[FAST_PARAM_NAME_BYTES_MAX + 1]; /* "": none */
	bool has_nearest;
	struct fast_page_value nearest;
};

/* Called exactly once per change, on the store thread or inside the call; no lock is held. */
typedef void node_done_fn(const struct node_result *result, void *arg);

struct node_assignment {
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	struct fast_page_value value; /* int and double are converted where nothing is lost */
};

struct node_set {
	const char *plugin;
	const struct node_assignment *assignments;
	size_t count;
	uint64_t lease_id;
	uint64_t lease_epoch; /* 0: whichever */
	bool has_if_revision;
	uint64_t if_revision;
	uint32_t value_ttl_ms; /* then the knobs go back; 0: the values stay */
	bool dry_run;
	const char *actor;
	const char *principal; /* whose lease it must be; NULL: anybody's */
	const char *verb;      /* in the audit log; NULL: "set" */
};

/* Order: validate, commit, page, wake, done. NOT_FOUND, OUT_OF_RANGE (with nearest),
 * INVALID_ARGUMENT, FAILED_PRECONDITION (plugin has ended; read-only; held by another lease, with
 * owner; an older epoch), PERMISSION_DENIED (somebody else's lease), ABORTED (if_revision),
 * UNAVAILABLE (the store cannot commit). Everything is copied. */
void node_set(struct node *node, const struct node_set *set, node_done_fn *done, void *arg);

/* The numbers are those of fast.v1.OnLoss. */
enum node_on_loss {
	NODE_ON_LOSS_REVERT = 1,
	NODE_ON_LOSS_DEFAULT = 2,
	NODE_ON_LOSS_HOLD = 3,
	NODE_ON_LOSS_HOLD_THEN_DEFAULT = 4,
};

#define NODE_PRIORITY_MAX      100
#define NODE_NOTICE_MS_DEFAULT 2000
#define NODE_NOTICE_MS_MIN     100
#define NODE_NOTICE_MS_MAX     10000

/* What a holder asks for. */
struct node_lease_terms {
	uint32_t ttl_ms;
	enum node_on_loss on_loss;
	uint32_t hold_ms;     /* HOLD_THEN_DEFAULT: before the default */
	uint32_t priority;    /* at most NODE_PRIORITY_MAX */
	uint32_t notice_ms;   /* before a higher priority takes it; 0: the default */
	bool outlive_process; /* its process's end does not end it */
};

struct node_claim {
	const char *plugin;
	const char *const *params;
	size_t count; /* 0: all of the plugin's that may be set */
	struct node_lease_terms terms;
	const char *actor;
	const char *principal; /* whose it is; NULL: anybody's */
	const char *client;    /* which instance of its client; NULL or "": a new one */
	uint32_t pid;          /* its process, whose end ends it; 0: none that is known */
	/* True: nobody wants it any more; looked at until done is called. NULL: it stays wanted. */
	const atomic_bool *unwanted;
};

/* A lease, as its holder names it. */
struct node_lease_key {
	uint64_t id;
	uint64_t epoch;        /* 0: whichever */
	const char *principal; /* NULL: not checked */
	uint32_t pid;          /* as in node_claim; binds a lease that has lost its process's tie */
};

/* FAILED_PRECONDITION: one of the knobs is held by the same or a higher priority, or wanted by a
 * higher one; text names the holder and its time left. Where lower ones hold it, done comes when
 * they have given way: after the longest of their notices, of which node_renew() and listeners
 * tell. */
void node_claim(struct node *node, const struct node_claim *claim, node_done_fn *done, void *arg);
/* Ends claims that wait, and that nobody wants any more, with CANCELLED. */
void node_claims_look(struct node *node);
/* NOT_FOUND: the lease has ended. PERMISSION_DENIED, or FAILED_PRECONDITION: an older epoch. */
void node_renew(struct node *node, const struct node_lease_key *key, node_done_fn *done, void *arg);
/* The same. apply_on_loss: as if it had been lost. */
void node_release(struct node *node, const struct node_lease_key *key, bool apply_on_loss,
		  const char *actor, node_done_fn *done, void *arg);

struct node_audit {
	uint64_t sequence;
	int64_t time_unix_ns;
	const char *actor;
	const char *verb; /* "set", "claim", ...: fast.v1.AuditEntry has them all */
	const char *plugin;
	const char *param;
	const char *old_value;
	const char *new_value;
	uint64_t revision;
	uint64_t lease_id;
	const char *result;
};

typedef void node_audit_fn(const struct node_audit *entry, void *arg);

/* Entries after a sequence number, at most limit and the newest ones, oldest first; under no lock.
 */
FAST_MUST_CHECK enum fast_status node_each_audit(struct node *node, const char *plugin_glob,
						 uint64_t after, uint32_t limit, node_audit_fn *fn,
						 void *arg);

/* ---- events ---- */

struct node_listener {
	/* Loop thread, after each sampling; no lock is held. */
	void (*sampled)(int64_t time_unix_ns, void *arg);
	/* Under the lock: a knob was set, applied, claimed, or declared. Copies and returns. */
	void (*param_changed)(const struct node_param *param, void *arg);
	/* Under the lock: a plugin has ended, at this revision; NULL: not wanted. */
	void (*plugin_ended)(const char *plugin, uint64_t revision, void *arg);
	void *arg;
};

/* Before node_start(). RESOURCE_EXHAUSTED: NODE_LISTENERS_MAX. */
FAST_MUST_CHECK enum fast_status node_add_listener(struct node *node,
						   const struct node_listener *listener);

/* A value as text: "true", "42", "0.5", "fast". Returns out. */
char *node_value_text(const struct fast_page_value *value, char *out, size_t out_bytes);

#endif
