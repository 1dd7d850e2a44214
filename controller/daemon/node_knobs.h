/* daemon/node_knobs.h - what else the node does about knobs: bounds, profiles, explanations. Its
 * functions may be called from any thread, as those of node.h. */
#ifndef FASTD_NODE_KNOBS_H
#define FASTD_NODE_KNOBS_H

#include "node.h"

/* What an operator allows a knob to be. No set, revert or profile leaves it, whoever makes it. */
struct node_bound {
	const char *plugin; /* glob over instances */
	const char *param;
	bool has_min; /* INT, DOUBLE */
	bool has_max;
	double min;
	double max;
	const struct fast_page_value *choices; /* one pins the knob */
	size_t choice_count;                   /* 0: no such limit */
	const char *actor;
	int64_t time_unix_ns; /* when it was set */
};

/* Replaces a bound of the same glob and param. Knobs outside it are brought to the nearest value
 * inside right after. INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE. */
void node_bound(struct node *node, const struct node_bound *bound, node_done_fn *done, void *arg);
/* The knobs keep their values. NOT_FOUND, UNAVAILABLE. */
void node_unbound(struct node *node, const char *plugin, const char *param, const char *actor,
		  node_done_fn *done, void *arg);

typedef void node_bound_fn(const struct node_bound *bound, void *arg);

/* In the order in which they were set; instance: those alone that bear upon it; NULL or "": all. */
void node_each_bound(struct node *node, const char *instance, node_bound_fn *fn, void *arg);

/* Named values of knobs, for all plugins of a name. */
struct node_profile {
	const char *plugin; /* name; where it is asked for, an instance does too */
	const char *name;
	const struct node_assignment *assignments;
	size_t count;
	const char *actor;
	int64_t time_unix_ns;
};

/* Keeps the present values of a live plugin's knobs; params NULL: all that may be set. Replaces a
 * profile of the same name. NOT_FOUND, FAILED_PRECONDITION, INVALID_ARGUMENT, RESOURCE_EXHAUSTED,
 * UNAVAILABLE. */
struct node_profile_save {
	const char *plugin; /* instance */
	const char *name;
	const char *const *params;
	size_t count;
	const char *actor;
};
void node_profile_save(struct node *node, const struct node_profile_save *save, node_done_fn *done,
		       void *arg);
/* As node_set() with the profile's values; set's own are not read. NOT_FOUND. */
void node_profile_apply(struct node *node, const char *name, const struct node_set *set,
			node_done_fn *done, void *arg);
/* NOT_FOUND, UNAVAILABLE. */
void node_profile_delete(struct node *node, const char *plugin, const char *name, const char *actor,
			 node_done_fn *done, void *arg);

typedef void node_profile_fn(const struct node_profile *profile, void *arg);

/* In the order in which they were saved; plugin: a name or an instance; NULL or "": all. */
void node_each_profile(struct node *node, const char *plugin, node_profile_fn *fn, void *arg);

/* A knob and what happens to it when its lease is lost. */
struct node_explanation {
	const struct node_param *param;
	bool has_lease; /* whether the next four mean something */
	const char *principal;
	struct node_lease_terms terms;
	bool stays;                        /* when the lease is lost */
	struct fast_page_value lost;       /* otherwise: what it has then, after terms.hold_ms */
	bool tied;                         /* the end of the holder's process ends the lease */
	bool has_bounds;                   /* a bound bears upon it, */
	char allowed[NODE_TEXT_BYTES_MAX]; /* and leaves this */
};

typedef void node_explain_fn(const struct node_explanation *explanation, void *arg);

/* fn is called under the lock, at most once. NOT_FOUND. */
FAST_MUST_CHECK enum fast_status node_explain(struct node *node, const char *plugin,
					      const char *param, node_explain_fn *fn, void *arg);

#endif
