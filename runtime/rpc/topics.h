/* rpc/topics.h - topics by name; beyond a limit the one that was longest unused is forgotten. */
#ifndef FAST_RPC_TOPICS_H
#define FAST_RPC_TOPICS_H

#include "base/list.h"
#include <stdint.h>

struct fast_topic {
	struct fast_list use_node; /* in topics->uses */
	struct fast_topic *next;   /* in its bucket */
	uint64_t sequence;         /* of the newest message */
	uint64_t boot_id;          /* in which that counts */
	size_t name_bytes;
	char name[];
};

/* One thread at a time. */
struct fast_topics {
	struct fast_topic **buckets; /* NULL: none yet */
	size_t count;
	size_t count_max;
	struct fast_list uses; /* longest unused first */
	uint64_t floor;        /* greatest sequence of a topic that was forgotten */
};

/* Allocates nothing. */
void fast_topics_init(struct fast_topics *topics, size_t count_max);
void fast_topics_fini(struct fast_topics *topics);

/* The topic, which is now the last used. A new one has a sequence of 0; what forgets others sees by
 * floor that it may have had a greater one. NULL: no memory. */
struct fast_topic *fast_topics_take(struct fast_topics *topics, const char *name,
				    size_t name_bytes);

#endif
