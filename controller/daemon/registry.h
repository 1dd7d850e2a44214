/* daemon/registry.h - plugins with their metrics and params, and what the node remembers of knobs.
 * Data only. Everything here is guarded by the node's lock. */
#ifndef FASTD_REGISTRY_H
#define FASTD_REGISTRY_H

#include "exemplars.h"
#include "node.h"
#include "overflow.h"
#include "param_check.h"
#include "record.h"
#include "share.h"
#include "window.h"

#include "page/labels.h"

#define REGISTRY_ENDED_MAX   NODE_PLUGINS_MAX
#define REGISTRY_RECORDS_MAX 8192 /* instances whose knobs somebody has set */
/* A page may say that the plugin has read this revision; beyond, it is not believed. */
#define REGISTRY_REVISION_BELIEVED_MAX (UINT64_C(1) << 48)

#define CACHE_LINE_BYTES 64

struct lease;

/* What each tick touches stands first, on cache lines of its own. */
struct metric {
	_Alignas(CACHE_LINE_BYTES) struct series series;
	uint64_t store_id;     /* of its samples in the store */
	int64_t store_named_s; /* when the store was told that id's name; 0: never */
	char *name;            /* with its labels */
	size_t base_bytes;     /* of the name without them */
	char unit[FAST_METRIC_UNIT_BYTES_MAX + 1];
	char *help;
	char *labels;                /* as in the name; NULL: none */
	char *states;                /* of a stateset; NULL: none */
	size_t charged;              /* of the plugin's budget for series */
	struct exemplars *exemplars; /* NULL: none */
};

struct param {
	char name[FAST_PARAM_NAME_BYTES_MAX + 1];
	char unit[FAST_METRIC_UNIT_BYTES_MAX + 1];
	char *help;
	unsigned char *packet; /* in which it was declared; NULL: too long to be kept */
	size_t packet_bytes;
	uint32_t slot;
	struct param_rules rules;
	/* The desired value is the record's; what follows is how far it has come. */
	bool failed; /* what is kept is not allowed by this declaration */
	struct fast_page_value page_value;
	uint64_t page_revision; /* in the page; 0: the initial value */
	int64_t page_time_ns;
	bool unread; /* the plugin has not read page_revision */
	bool timed_out;
	struct fast_page_value effective;
	uint64_t effective_revision;
	struct lease *lease; /* NULL: free */
	/* The last value that the plugin could not apply. */
	uint64_t failure_revision; /* 0: none */
	struct fast_page_value failure_value;
	int64_t failure_unix_ns;
	char *failure_reason; /* NULL: none */
	bool read_only;
	bool restart_required;
	uint32_t ack_timeout_ms; /* 0: NODE_ACK_TIMEOUT_MS */
	bool declared;           /* wholly: what is set from now on came while the plugin runs */
	bool awaits_restart;     /* set since the plugin has started, and restart_required */
};

/* What each tick touches stands first. */
struct plugin {
	bool live;
	bool has_exemplars; /* one of its metrics has */
	bool page_held;     /* nothing is committed to the page before all knobs are known again */
	bool unsaved;       /* the store does not know it as it is */
	uint32_t unread_count;  /* params that are unread */
	struct metric *metrics; /* on cache lines */
	size_t metric_count;
	struct fast_page_view *view; /* NULL: ended */
	uint64_t tick;               /* of its newest sampling */
	int64_t sampling_ns;         /* time spent on reading it */
	uint64_t effective_revision;
	int64_t session_ns;      /* this session's begin, monotonic */
	struct plugin *previous; /* the same plugin's former session, until it has declared */
	int64_t stored_s;        /* second of the newest samples handed to the store; 0: none */
	int64_t stored_minute; /* the same of those for a minute, each plugin's by its own phase */
	uint32_t pid;
	uint32_t uid;
	/* Parts of its user's share, unbound; they say what the plugin costs. */
	struct sketch_budget sketch_budget;
	struct sketch_budget series_budget;
	struct share *share; /* its user's; NULL: not in the registry yet */
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char name[FAST_PLUGIN_NAME_BYTES_MAX + 1];
	char version[FAST_PLUGIN_VERSION_BYTES_MAX + 1];
	char parent[NODE_INSTANCE_BYTES_MAX + 1]; /* from which it was forked off; "": none */
	char host[NODE_HOST_BYTES_MAX + 1];       /* another one; "": this */
	int64_t open_said_ns;   /* what the plugin says, which tells it from others; 0: nothing */
	int64_t open_unix_ns;   /* the same, as far as it can be */
	int64_t open_ns;        /* the same on the monotonic clock */
	int64_t attach_unix_ns; /* first */
	int64_t end_unix_ns;
	int64_t end_ns;
	struct record *record;     /* NULL: nobody has set a knob */
	uint64_t initial_revision; /* newest that took knobs back to nobody having set them */
	bool reattached;           /* the same process has been attached before */
	int64_t reset_told_ns;     /* when an event told that a cell was reset; 0: never */
	size_t metric_capacity;
	struct overflow overflow; /* metrics for which there was no room */
	struct param *params;
	size_t param_count;
	size_t param_capacity;
	uint64_t series_rejected; /* for which there was no room, here or in fastd */
};

/* Zeroed memory is a valid empty registry, but for the budgets. */
struct registry {
	struct plugin **plugins; /* sorted by instance */
	size_t count;
	size_t capacity;
	size_t live_count;
	uint64_t changes;        /* of plugins: then an index is another one's */
	struct record **records; /* sorted by instance */
	size_t record_count;
	size_t record_capacity;
	struct sketch_budget budget; /* of sketches */
	struct sketch_budget series_budget;
	struct share *shares;
};

void registry_fini(struct registry *registry);

/* NULL: none. */
struct plugin *registry_find(const struct registry *registry, const char *instance);

/* First plugin whose instance comes after this one; NULL: none. */
struct plugin *registry_next(const struct registry *registry, const char *instance);

/* A new plugin, not yet in the registry; it takes nothing. NULL: no memory. */
struct plugin *plugin_new(const char *name);
void plugin_free(struct plugin *plugin, struct registry *registry);

/* Gives the plugin the instance name that it had (wanted, if that is a name of this plugin), or
 * else the first free one of name, name-2, name-3 ...; a plugin of that instance which has ended
 * leaves the registry by *replaced, which the caller frees. Takes plugin. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status registry_add(struct registry *registry, struct plugin *plugin,
					      const char *wanted, struct plugin **replaced);

/* A plugin that has ended, as the store tells, under an instance name that it has already. Takes
 * plugin. ALREADY_EXISTS, RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status registry_add_ended(struct registry *registry,
						    struct plugin *plugin);

/* Whether instance is name itself, or name-2, name-3 ... */
bool registry_is_instance_of(const char *instance, const char *name);

/* The instance name that registry_add() would give, into out. */
void registry_choose(const struct registry *registry, const char *name, const char *wanted,
		     char out[NODE_INSTANCE_BYTES_MAX + 1]);

/* Frees plugins that ended before a time, and the oldest beyond REGISTRY_ENDED_MAX. Gives the
 * latest of their ends, in ns since 1970; 0: none is freed. */
int64_t registry_expire(struct registry *registry, int64_t ended_before_ns);

struct metric *plugin_metric(const struct plugin *plugin, const char *name);
struct param *plugin_param(const struct plugin *plugin, const char *name);
bool plugin_slot_is_free(const struct plugin *plugin, uint32_t slot);

/* Room for one more, zeroed and not yet counted; NULL: no memory. Old pointers are void. */
struct metric *plugin_metric_room(struct plugin *plugin);
struct param *plugin_param_room(struct plugin *plugin);
/* A metric that is in no room yet costs its plugin this much. False: that is too much. */
bool metric_charge(struct plugin *plugin, struct metric *metric, size_t bytes);
void metric_fini(struct metric *metric, struct plugin *plugin);
/* The plugin has ended: its metrics keep their last word alone. */
void plugin_freeze(struct plugin *plugin);
void param_fini(struct param *param);

/* ---- records ---- */

struct record *registry_record(const struct registry *registry, const char *instance);

/* The record, made when missing, and known to the plugin if there is one. NULL: no memory, or
 * REGISTRY_RECORDS_MAX. */
struct record *registry_record_obtain(struct registry *registry, const char *instance);

/* Forgets what a page alone has claimed: its plugin will bring it again. */
void registry_record_drop(struct registry *registry, struct plugin *plugin);

#endif
