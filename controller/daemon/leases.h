/* daemon/leases.h - who holds which knobs, and until when. Data only; times come from the caller.
 * Guarded by the node's lock. */
#ifndef FASTD_LEASES_H
#define FASTD_LEASES_H

#include "node.h"

#define LEASES_MAX       1024
#define LEASE_TTL_MS_MIN 1000
#define LEASE_TTL_MS_MAX 60000

struct lease_param {
	char name[FAST_PARAM_NAME_BYTES_MAX + 1];
	bool has_baseline; /* false: nobody had set it before the claim */
	struct fast_page_value baseline;
};

struct lease {
	uint64_t id;
	uint64_t epoch; /* 1, and one more each time that its holder claims it again */
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	char owner[NODE_ACTOR_BYTES_MAX + 1];
	char principal[NODE_ACTOR_BYTES_MAX + 1]; /* "": anybody's */
	char client[NODE_CLIENT_BYTES_MAX + 1];   /* "": none that could claim it again */
	struct node_lease_terms terms;
	bool pending;        /* not committed yet: holds, and does not expire */
	bool tied;           /* to its process: the end of that ends it */
	bool orphaned;       /* that has happened */
	int64_t deadline_ns; /* monotonic */
	int64_t preempt_ns;  /* when a higher priority takes it; 0: none wants it */
	char preempt_by[NODE_ACTOR_BYTES_MAX + 1];
	size_t count;
	size_t capacity;
	struct lease_param *params;
};

/* Zeroed memory is a valid empty table. */
struct leases {
	struct lease **items;
	size_t count;
};

void leases_fini(struct leases *leases);

/* A lease of epoch 1 with room for so many params. NULL: no memory. */
struct lease *lease_new(uint64_t id, const char *instance, const char *owner,
			const struct node_lease_terms *terms, size_t capacity);
/* It was to be claimed anew, and could not: it is what it was, unless it was claimed once more. */
void lease_restore(struct lease *lease, const struct lease *before);
/* NULL is allowed. */
void lease_free(struct lease *lease);
/* baseline NULL: nobody had set it. RESOURCE_EXHAUSTED: no memory. */
FAST_MUST_CHECK enum fast_status lease_add_param(struct lease *lease, const char *name,
						 const struct fast_page_value *baseline);
/* NULL: not in it. */
const struct lease_param *lease_param(const struct lease *lease, const char *name);
/* Begins its time to live anew; an orphan's is over. */
void lease_renew(struct lease *lease, int64_t now_ns);
/* Its process has ended: so has its time. */
void lease_orphan(struct lease *lease, int64_t now_ns);
/* Milliseconds until it ends, rounded up; the whole time to live while it is pending. */
uint32_t lease_left_ms(const struct lease *lease, int64_t now_ns);
/* Milliseconds until a higher priority takes it, at least 1; 0: none wants it. */
uint32_t lease_preempt_ms(const struct lease *lease, int64_t now_ns);
/* Whether principal (NULL: anybody) may use it. */
bool lease_is_of(const struct lease *lease, const char *principal);

/* Takes lease on OK. RESOURCE_EXHAUSTED: LEASES_MAX. */
FAST_MUST_CHECK enum fast_status leases_add(struct leases *leases, struct lease *lease);
/* Out of the table; the caller frees it. */
void leases_remove(struct leases *leases, const struct lease *lease);
/* NULL: there is none. */
struct lease *leases_find(const struct leases *leases, uint64_t id);
struct lease *leases_holder(const struct leases *leases, const char *instance, const char *param);
/* A lease whose time is up; NULL: there is none. */
struct lease *leases_expired(const struct leases *leases, int64_t now_ns);
/* When the next one ends; INT64_MAX: none does. */
int64_t leases_deadline(const struct leases *leases);

#endif
