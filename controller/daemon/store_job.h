/* daemon/store_job.h - a change to what is stored: operations that commit as a whole. */
#ifndef FASTD_STORE_JOB_H
#define FASTD_STORE_JOB_H

#include "node.h"

#include <fast/param_change.h>

#define STORE_VERB_BYTES_MAX   15
#define STORE_RESULT_BYTES_MAX 255

struct store_param {
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	char actor[NODE_ACTOR_BYTES_MAX + 1];
	struct fast_page_value value;
	uint64_t revision;
	int64_t time_unix_ns;
	int64_t expires_unix_ns; /* then it goes back; 0: never */
	bool has_back;           /* false: to nobody having set it */
	struct fast_page_value back;
};

struct store_revision {
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	uint64_t revision;
};

struct store_lease {
	uint64_t id;
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char owner[NODE_ACTOR_BYTES_MAX + 1];
	char principal[NODE_ACTOR_BYTES_MAX + 1];
	char client[NODE_CLIENT_BYTES_MAX + 1];
	uint64_t epoch;
	struct node_lease_terms terms;
};

/* A claimed knob and what it was before. */
struct store_baseline {
	uint64_t lease_id;
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	bool has_value; /* false: nobody had set it */
	struct fast_page_value value;
};

/* A bound without its choices, which follow. */
struct store_bound {
	char plugin[NODE_GLOB_BYTES_MAX + 1];
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	bool has_min;
	bool has_max;
	double min;
	double max;
	char actor[NODE_ACTOR_BYTES_MAX + 1];
	int64_t time_unix_ns;
};

struct store_bound_choice {
	char plugin[NODE_GLOB_BYTES_MAX + 1];
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	uint32_t position;
	struct fast_page_value value;
};

/* One knob of a profile. */
struct store_profile_value {
	char plugin[FAST_PLUGIN_NAME_BYTES_MAX + 1];
	char profile[NODE_PROFILE_BYTES_MAX + 1];
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	struct fast_page_value value;
	char actor[NODE_ACTOR_BYTES_MAX + 1];
	int64_t time_unix_ns;
	uint32_t position;
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

/* A plugin that is there, or has been; its declarations follow. */
struct store_plugin {
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char name[FAST_PLUGIN_NAME_BYTES_MAX + 1];
	char version[FAST_PLUGIN_VERSION_BYTES_MAX + 1];
	char parent[NODE_INSTANCE_BYTES_MAX + 1];
	char host[NODE_HOST_BYTES_MAX + 1];
	uint32_t pid;
	uint32_t uid;
	int64_t open_unix_ns; /* as the plugin says */
	int64_t attach_unix_ns;
	int64_t end_unix_ns; /* 0: it is there */
	uint64_t effective_revision;
};

/* What a plugin has declared of a knob, and how far that had come. */
struct store_declaration {
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	uint32_t position;
	const unsigned char *packet; /* as the plugin has sent it; an op owns it (malloc) */
	size_t packet_bytes;
	bool has_effective;
	struct fast_page_value effective;
	uint64_t effective_revision;
	uint64_t failure_revision; /* 0: none; then the rest of it is void */
	struct fast_page_value failure_value;
	int64_t failure_unix_ns;
	char failure_reason[FAST_PARAM_REASON_BYTES_MAX + 1];
};

enum store_verb {
	STORE_PUT_PARAM,
	STORE_FORGET_PARAM, /* instance and param */
	STORE_PUT_REVISION,
	STORE_PUT_LEASE,
	STORE_PUT_BASELINE,
	STORE_DELETE_LEASE, /* with its baselines */
	STORE_PUT_BOUND,
	STORE_PUT_BOUND_CHOICE,
	STORE_DELETE_BOUND, /* with its choices */
	STORE_PUT_PROFILE_VALUE,
	STORE_DELETE_PROFILE, /* plugin and profile */
	STORE_PUT_AUDIT,
	STORE_PUT_PLUGIN, /* without the declarations that it had */
	STORE_PUT_DECLARATION,
	STORE_LOSE_PLUGINS,   /* end: of those that have none */
	STORE_FORGET_PLUGINS, /* end: those that ended then or before, with their declarations */
	STORE_VERBS
};

struct store_op {
	enum store_verb verb;
	union {
		struct store_param param;
		struct store_revision revision;
		struct store_lease lease; /* DELETE: id alone */
		struct store_baseline baseline;
		struct store_bound bound; /* DELETE: plugin and param alone */
		struct store_bound_choice bound_choice;
		struct store_profile_value profile;
		struct store_audit audit;
		struct store_plugin plugin; /* LOSE, FORGET: end_unix_ns alone */
		struct store_declaration declaration;
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

/* Room for at most capacity ops. NULL: no memory. */
struct store_job *store_job_new(size_t capacity, store_done_fn *done, void *arg);
/* NULL is allowed. */
void store_job_free(struct store_job *job);
/* The next op, zeroed. */
struct store_op *store_job_add(struct store_job *job, enum store_verb verb);

#endif
