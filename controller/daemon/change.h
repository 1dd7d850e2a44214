/* daemon/change.h - a change on its way: accepted under the lock, committed by the store, then put
 * into the page and reported. Sets, claims, releases and losses of leases are such changes. */
#ifndef FASTD_CHANGE_H
#define FASTD_CHANGE_H

#include "apply.h"

/* A knob and the value that it is about to have. */
struct change_item {
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	bool forget; /* back to nobody having set it */
	struct fast_page_value value;
	struct kept_back back;
	bool forget_before; /* what was accepted before this, for change_undo() */
	struct fast_page_value value_before;
	struct kept_back back_before;
};

struct change {
	struct node *node;
	node_done_fn *done; /* NULL: nobody waits */
	void *arg;
	struct store_job *job; /* until it is pushed */
	struct record *record; /* NULL: no knob changes its value */
	struct lease *claimed; /* holds once committed; NULL: no claim */
	/* Under the lock, once it is committed, or is not; NULL: nothing more is to be done. */
	void (*settled)(struct change *change, bool good);
	void *payload;         /* for it; freed with the change */
	bool continued;        /* claimed was there before, as the payload says */
	bool applies_anyway;   /* even when the store fails, which owes it then: a lease's end */
	uint32_t value_ttl_ms; /* of the items that are added; 0: they stay */
	bool keeps_back;       /* they go where the value before them would have gone */
	bool back_to_default;  /* then they go to nobody having set them, and not to what they were
				*/
	char actor[NODE_ACTOR_BYTES_MAX + 1];
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	int64_t time_unix_ns;
	uint64_t lease_id;
	uint64_t revision; /* 0: none */
	struct node_result result;
	size_t count;
	size_t capacity;
	struct change_item items[];
};

/* Room for so many items, and for ops beside those that items and audit entries of them take. NULL:
 * no memory. */
struct change *change_new(struct node *node, const char *instance, const char *actor,
			  size_t items_max, size_t ops_more);
/* NULL is allowed. */
void change_free(struct change *change);

/* Ends it with this status and sentence; gives status. */
FAST_PRINTF(3, 4)
enum fast_status change_refuse(struct change *change, enum fast_status status, const char *format,
			       ...);

/* Adds an op for the audit log: verb, knob ("": none), values (NULL: none). */
void change_audit(struct change *change, const char *verb, const char *param,
		  const struct fast_page_value *old, const struct fast_page_value *new_value,
		  const char *result);

/* The knob was not turned: adds such an op, and has the node remember the attempt. The caller holds
 * the lock. */
void change_failed(struct change *change, const char *verb, const char *param,
		   const struct fast_page_value *value, const char *reason);

/* A knob gets a value (NULL: it is forgotten), with ops and an audit entry by this verb. The first
 * item gives the change its revision. The caller holds the lock. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status change_item_add(struct change *change, const char *verb,
						 const char *param,
						 const struct fast_page_value *value);

/* Hands it to the store. The caller holds the lock. Takes change on OK; otherwise undoes what its
 * items have done, and the change is the caller's to report and free. UNAVAILABLE. */
FAST_MUST_CHECK enum fast_status change_push(struct change *change);
/* Hands what it says to the audit log, as far as the store keeps up; nobody waits. It has no items.
 * Takes change. */
void change_log(struct change *change);
/* Undoes what the items have done to the records. The caller holds the lock, and has held it since
 * the first item was added. */
void change_undo(struct change *change);

/* Reports, with no lock held, and frees. */
void change_finish(struct change *change);

#endif
