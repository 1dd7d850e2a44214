/* controller/knob_model.h - what knobs, leases, bounds and profiles are to do, said a second time
 * and as simply as can be: whole numbers, arrays, one step after another. */
#ifndef FASTD_TEST_KNOB_MODEL_H
#define FASTD_TEST_KNOB_MODEL_H

#include "daemon/node_knobs.h"

#define MODEL_PLUGINS  2
#define MODEL_KNOBS    3
#define MODEL_LEASES   32
#define MODEL_BOUNDS   16
#define MODEL_PROFILES 3
#define MODEL_MAX      100 /* knobs are 0 to this */

extern const char *const model_plugins[MODEL_PLUGINS];
extern const char *const model_knobs[MODEL_KNOBS];
extern const int model_initial[MODEL_KNOBS];

struct model_knob {
	bool set;
	int value;
	int64_t expires_ns; /* 0: it stays */
	bool has_back;
	int back;
};

struct model_lease {
	uint64_t id; /* 0: there is none; of a claim that waits: nothing yet */
	uint64_t epoch;
	int plugin;
	int client;
	struct node_lease_terms terms;
	int64_t deadline_ns;
	bool holds[MODEL_KNOBS];
	bool has_baseline[MODEL_KNOBS];
	int baseline[MODEL_KNOBS];
};

struct model_bound {
	char glob[8]; /* "": none */
	int knob;
	int min;
	int max;
};

struct model_profile {
	bool saved;
	int values[MODEL_KNOBS];
};

/* Zeroed memory is a valid model of a node at time now_ns with nothing done. */
struct model {
	int64_t now_ns;
	struct model_knob knobs[MODEL_PLUGINS][MODEL_KNOBS];
	uint64_t revisions[MODEL_PLUGINS];
	struct model_lease leases[MODEL_LEASES];
	uint64_t lease_id;
	struct model_lease waiting; /* at most one waits */
	bool waits;
	int64_t waits_until_ns;
	struct model_bound bounds[MODEL_BOUNDS];
	struct model_profile profiles[MODEL_PLUGINS][MODEL_PROFILES];
};

/* What a step asks for. */
struct model_set {
	int plugin;
	bool sets[MODEL_KNOBS];
	int values[MODEL_KNOBS];
	uint64_t lease_id;
	uint64_t epoch;
	uint32_t ttl_ms;
	bool has_if_revision;
	uint64_t if_revision;
};

/* Each gives the status that the node is to give, and does what it is to do. */
enum fast_status model_set(struct model *model, const struct model_set *set);
/* UNKNOWN: the claim waits. */
enum fast_status model_claim(struct model *model, const struct model_lease *claim);
enum fast_status model_renew(struct model *model, uint64_t id, uint64_t epoch);
enum fast_status model_release(struct model *model, uint64_t id, uint64_t epoch, bool lost);
void model_bound(struct model *model, const struct model_bound *bound);
enum fast_status model_unbound(struct model *model, const char *glob, int knob);
void model_save(struct model *model, int plugin, int profile);
enum fast_status model_apply(struct model *model, int profile, struct model_set *set);
enum fast_status model_delete(struct model *model, int plugin, int profile);
/* What is due by now happens. Gives whether a claim that waited has been decided, and how. */
bool model_due(struct model *model, enum fast_status *waited);
/* The node has ended, by itself or not, and another one has begun. */
void model_restart(struct model *model);

/* The nearest allowed value; false: none is. */
bool model_fit(const struct model *model, int plugin, int knob, int *value);
int model_value(const struct model *model, int plugin, int knob);
struct model_lease *model_lease(struct model *model, uint64_t id);
/* The lease that holds the knob; NULL: it is free. */
struct model_lease *model_holder(struct model *model, int plugin, int knob);

#endif
