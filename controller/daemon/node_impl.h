/* daemon/node_impl.h - what a node is, for the files behind node.h.
 *
 * Three kinds of thread meet here: the loop thread (plugin sockets, sampling, expiry), the store's
 * thread, which reports commits, and callers of node.h. What they share is guarded by the lock. */
#ifndef FASTD_NODE_IMPL_H
#define FASTD_NODE_IMPL_H

#include "ahead.h"
#include "attempts.h"
#include "bounds.h"
#include "closer.h"
#include "leases.h"
#include "loop.h"
#include "node.h"
#include "packet_check.h"
#include "profiles.h"
#include "registry.h"
#include "seconds.h"
#include "spans.h"
#include "store.h"

#include <fast/log.h>

#include <pthread.h>

#define NODE_SOCKETS_MAX      4
#define NODE_SESSIONS_MAX     (NODE_PLUGINS_MAX + 64) /* those not attached yet are included */
#define NODE_NOTES_MAX        16
#define NODE_SKETCH_BYTES_MAX (256u << 20)
#define NODE_SERIES_BYTES_MAX (512u << 20)
#define NODE_ACK_TIMEOUT_MS   5000    /* then a knob that was not read shows TIMEOUT */
#define NODE_ACK_POLL_NS_MIN  1000000 /* after a set; doubles until it is the tick */
#define NODE_PAGE_HOLD_MS     1000    /* a re-attached plugin declares its knobs within this */
#define NODE_LATE_METRIC_MS   2000    /* a metric declared later than this counts from then */
#define NODE_STORE_INTERVAL_S 1       /* between two samples of a metric in the store */
#define NODE_STORE_MINUTE_MS  60000   /* the window of those that are kept longer */
#define NODE_STORE_NAME_S     60      /* between two reminders of a series' name */

/* A socket that plugins connect to. */
struct entrance {
	struct watch watch;
	char path[108];
	int64_t paused_until_ns; /* out of descriptors; 0: open */
};

struct sampler {
	uint64_t tick;
	int64_t tick_ns;  /* when this tick began */
	int64_t slice_ns; /* when the next slice is due */
	uint32_t slice;
	uint32_t slices;
	uint64_t changes; /* registry's, when the tick began */
	struct ahead ahead;
	struct store_samples *stored[STORE_LEVELS]; /* of this tick; NULL: none */
	struct seconds seconds;                     /* by which history is numbered */
	struct spans spans;                         /* of ticks: what their slices took */
	int64_t busy_ns;                            /* of this tick's slices so far */
	struct fast_cell_reading reading;
	struct fast_cell_reading folded; /* one of those that are read as one */
};

/* A line for the log, said after the lock was given back. */
struct note {
	enum fast_log_level level;
	char text[256];
};

struct node {
	/* Fixed once open. */
	uint32_t tick_ms;
	uint64_t boot_id;
	struct store *store;
	struct closer *closer; /* NULL: not started */
	struct node_listener listeners[NODE_LISTENERS_MAX];
	size_t listener_count;
	pthread_t thread;
	bool started;
	bool lock_made;
	int epoll_fd;
	int timer_fd;
	struct watch wake; /* eventfd: look again */
	struct watch timer;

	pthread_mutex_t lock; /* guards what follows */
	bool stopping;
	struct registry registry;
	struct leases leases;
	struct bounds bounds;
	struct profiles profiles;
	struct attempts attempts;
	bool unbounded;         /* a knob may be outside its bounds: the loop looks */
	bool unsaved;           /* a plugin may be */
	bool save_failed;       /* of some plugin */
	int64_t forget_unix_ns; /* plugins that ended then or before leave the store; 0: none do */
	int64_t lost_unix_ns;   /* the end of those that had not ended when fastd did */
	struct waiter *waiters; /* claims that wait, highest priority first */
	struct tie *ties;
	int64_t expiry_ns;  /* when the next value goes back, or before; INT64_MAX: none does */
	int64_t ack_due_ns; /* INT64_MAX: nobody waits */
	int64_t ack_delay_ns;
	int64_t armed_ns; /* when the loop wakes by itself */
	struct note notes[NODE_NOTES_MAX];
	size_t note_count;
	struct fast_distribution scratch;
	struct node_exemplar exemplar_scratch[NODE_EXEMPLARS_MAX];
	uint64_t exemplars_rejected;

	/* Loop thread. */
	struct entrance entrances[NODE_SOCKETS_MAX];
	size_t entrance_count;
	struct session *sessions;
	size_t session_count;
	size_t loose_count;    /* of them: without a plugin, so they have to attach or have ended */
	int64_t stray_told_ns; /* 0: never */
	uint64_t stray_count;  /* since then */
	struct sampler sampler;
	struct packet_arena *arena;
	unsigned char *packet; /* PACKET_BYTES_MAX + 1 */
};

/* ---- clock.c ---- */

int64_t node_now_ns(void);
int64_t node_now_unix_ns(void);

/* ---- node.c ---- */

void node_lock(struct node *node);
/* Says what was noted. */
void node_unlock(struct node *node);
/* Notes a line for the log. The caller holds the lock. */
void node_note(struct node *node, enum fast_log_level level, const char *format, ...)
	FAST_PRINTF(3, 4);

/* ---- node_load.c ---- */

/* Before the store is started. error: a sentence when it fails. */
FAST_MUST_CHECK enum fast_status node_load(struct node *node, char *error);

/* ---- node_resave.c ---- */

/* For a new database: all that the old one had of knobs. arg: the node. Store thread; no lock is
 * held. NULL: no memory. */
struct store_job *node_resave(void *arg);

/* ---- node_run.c: any thread ---- */

/* instance "": fastd itself. */
void node_event(struct node *node, const char *event, const char *instance, const char *format, ...)
	FAST_PRINTF(4, 5);
/* The plugin has attached, or again. */
void node_run_begin(struct node *node, const struct plugin *plugin);
void node_run_end(struct node *node, const struct plugin *plugin, const char *reason);
/* fastd has started: what nobody has ended is lost, unless it comes back. */
void node_runs_start(struct node *node);

/* ---- entrance.c: loop thread, once that runs ---- */

FAST_MUST_CHECK enum fast_status entrance_open(struct node *node, const char *path, char *error);
/* Closes and removes the sockets. */
void entrances_close(struct node *node);
/* Accepts again where descriptors had run out. */
void entrances_resume(struct node *node, int64_t now_ns);

/* ---- session.c: loop thread ---- */

/* Ends sessions that do not attach, frees those that have ended. */
void sessions_tick(struct node *node, int64_t now_ns);
void sessions_close(struct node *node);

/* ---- sampler.c: loop thread ---- */

/* Does the slice that is due. True: it was the tick's last. */
bool sampler_run(struct node *node, int64_t now_ns);
/* Hands what is gathered to the store. */
void sampler_fini(struct node *node);
/* Reads a page. The caller holds the lock. */
void sampler_read(struct node *node, struct plugin *plugin, int64_t now_ns, int64_t now_unix_ns);
/* The same, when the plugin has ended: what it was last is for the store in any case. */
void sampler_read_last(struct node *node, struct plugin *plugin, int64_t now_ns,
		       int64_t now_unix_ns);

/* ---- lease_calls.c: the caller holds the lock ---- */

/* Its knobs no longer point to the lease. */
void lease_unlink(struct node *node, const struct lease *lease);
/* Whether who names it may use the lease; epoch 0, principal NULL: not checked. Otherwise result
 * says why. */
FAST_MUST_CHECK enum fast_status lease_key_check(struct node_result *result,
						 const struct lease *lease, uint64_t epoch,
						 const char *principal);
/* What the knob goes to when the lease is lost. False: it stays. */
bool lease_lost_value(const struct node *node, const struct lease *lease, const struct param *param,
		      struct fast_page_value *out);
/* Ends leases whose time is up. */
void leases_expire(struct node *node, int64_t now_ns);

/* ---- expiry.c: the caller holds the lock ---- */

/* Values whose time is up go back. */
void values_expire(struct node *node, int64_t now_ns);

/* ---- bound_calls.c: the caller holds the lock ---- */

/* Brings knobs of the plugin that are outside their bounds inside. RESOURCE_EXHAUSTED or
 * UNAVAILABLE: some are still to be brought. */
FAST_MUST_CHECK enum fast_status plugin_enforce_bounds(struct node *node,
						       const struct plugin *plugin,
						       const char *actor);
/* The same for all plugins; what is still to be brought is left to the loop. */
void bounds_enforce(struct node *node, const char *actor);

/* ---- loop.c ---- */

/* Does what is due now: what the loop does each time that it wakes. Loop thread. */
void loop_due(struct node *node);

#endif
