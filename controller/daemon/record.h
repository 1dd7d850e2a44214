/* daemon/record.h - what the node remembers of an instance's knobs. It outlives the plugin. Guarded
 * by the node's lock. */
#ifndef FASTD_RECORD_H
#define FASTD_RECORD_H

#include "node.h"

#define RECORD_KEPT_MAX 256 /* knobs per instance, those of former declarations too */

/* Where a value goes when its time is up. */
struct kept_back {
	int64_t expires_ns; /* monotonic; 0: the value stays */
	int64_t expires_unix_ns;
	bool has_value; /* false: back to nobody having set it */
	struct fast_page_value value;
};

/* A knob that somebody has set. It outlives the plugin. */
struct kept {
	char param[FAST_PARAM_NAME_BYTES_MAX + 1];
	char actor[NODE_ACTOR_BYTES_MAX + 1];
	bool set;                     /* false: only accepted so far */
	struct fast_page_value value; /* committed */
	uint64_t revision;
	int64_t set_unix_ns;
	struct kept_back back;
	/* Accepted, and on its way to the store. */
	uint32_t pending;
	bool accepted_forget; /* back to nobody having set it */
	struct fast_page_value accepted;
	struct kept_back accepted_back;
};

/* What the node remembers of an instance. */
struct record {
	char instance[NODE_INSTANCE_BYTES_MAX + 1];
	uint64_t revision;  /* newest committed */
	uint64_t allocated; /* newest given out: never given out again */
	uint32_t pending;   /* changes between the two */
	bool claimed;       /* by a page alone: the store knows nothing of the instance */
	struct kept *kept;
	size_t kept_count;
};

struct kept *record_kept(const struct record *record, const char *param);

/* Made when missing. NULL: no memory, or RECORD_KEPT_MAX. Old pointers are void. */
struct kept *record_kept_obtain(struct record *record, const char *param);
void record_kept_forget(struct record *record, const char *param);

/* The value that a knob has, or will have once all that was accepted is committed. NULL: nobody has
 * set it. record may be NULL. */
const struct fast_page_value *record_newest(const struct record *record, const char *param);
/* What record_newest() goes back to by itself. NULL: it stays. */
const struct kept_back *record_newest_back(const struct record *record, const char *param);
/* The same of the instance's revision. */
uint64_t record_newest_revision(const struct record *record);

#endif
