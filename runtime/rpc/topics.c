#include "rpc/topics.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096 /* a power of two */

void fast_topics_init(struct fast_topics *topics, size_t count_max)
{
	*topics = (struct fast_topics){.count_max = count_max};
	fast_list_init(&topics->uses);
}

static struct fast_topic *topic_of(struct fast_list *node)
{
	return FAST_LIST_ENTRY(node, struct fast_topic, use_node);
}

void fast_topics_fini(struct fast_topics *topics)
{
	struct fast_list *node;

	while ((node = fast_list_pop(&topics->uses)) != NULL) {
		free(topic_of(node));
	}
	free(topics->buckets);
	topics->buckets = NULL;
}

/* FNV-1a. */
static size_t name_bucket(const char *name, size_t bytes)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < bytes; i++) {
		hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3u;
	}
	return (hash ^ hash >> 32) & (BUCKETS - 1);
}

/* Where the pointer to the topic is, or would be. */
static struct fast_topic **topics_find(struct fast_topics *topics, const char *name, size_t bytes)
{
	struct fast_topic **at = &topics->buckets[name_bucket(name, bytes)];

	while (*at != NULL &&
	       ((*at)->name_bytes != bytes || memcmp((*at)->name, name, bytes) != 0)) {
		at = &(*at)->next;
	}
	return at;
}

static void topics_forget_one(struct fast_topics *topics)
{
	struct fast_topic *topic = topic_of(fast_list_pop(&topics->uses));

	*topics_find(topics, topic->name, topic->name_bytes) = topic->next;
	if (topic->sequence > topics->floor) {
		topics->floor = topic->sequence;
	}
	topics->count--;
	free(topic);
}

struct fast_topic *fast_topics_take(struct fast_topics *topics, const char *name, size_t name_bytes)
{
	struct fast_topic *topic;

	if (topics->buckets == NULL) {
		topics->buckets = calloc(BUCKETS, sizeof(struct fast_topic *));
		if (topics->buckets == NULL) {
			return NULL;
		}
	}
	topic = *topics_find(topics, name, name_bytes);
	if (topic == NULL) {
		topic = calloc(1, sizeof *topic + name_bytes);
		if (topic == NULL) {
			return NULL;
		}
		if (topics->count == topics->count_max) {
			topics_forget_one(topics);
		}
		topic->name_bytes = name_bytes;
		memcpy(topic->name, name, name_bytes);
		*topics_find(topics, name, name_bytes) = topic;
		topics->count++;
	}
	fast_list_remove(&topic->use_node);
	fast_list_append(&topics->uses, &topic->use_node);
	return topic;
}
