#include <fast/publisher.h>

#include "rpc/hello.h"
#include "rpc/limits.h"
#include "rpc/publisher.h"
#include "rpc/thread.h"
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static void publisher_accepted(struct fast_link *link, void *arg)
{
	fast_publisher_take_link(arg, link);
}

/* One that no publisher had before, since each begins to count anew. */
static uint64_t boot_id_make(void)
{
	static atomic_uint_least64_t opened;
	uint64_t boot_id;

	do {
		boot_id = fast_boot_id() +
			  atomic_fetch_add_explicit(&opened, 1, memory_order_relaxed);
	} while (boot_id == 0);
	return boot_id;
}

/* Half-built objects too. */
static void publisher_free(struct fast_publisher *publisher)
{
	if (publisher == NULL) {
		return;
	}
	if (publisher->owns_timers) {
		fast_timers_free(publisher->timers);
	}
	fast_topics_fini(&publisher->topics);
	pthread_cond_destroy(&publisher->changed);
	pthread_mutex_destroy(&publisher->lock);
	free(publisher);
}

enum fast_status fast_publisher_open_with(struct fast_timers *timers, enum fast_sp_framing framing,
					  struct fast_publisher **out)
{
	struct fast_publisher *publisher = calloc(1, sizeof *publisher);

	assert(out != NULL);
	if (publisher == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&publisher->lock, NULL);
	pthread_cond_init(&publisher->changed, NULL);
	fast_list_init(&publisher->subscribers);
	fast_list_init(&publisher->dead);
	fast_topics_init(&publisher->topics, FAST_PUBLISHER_TOPICS_MAX);
	publisher->framing = framing;
	publisher->boot_id = boot_id_make();
	publisher->timers = timers;
	if (timers == NULL) {
		if (fast_timers_new(&publisher->timers) != FAST_OK) {
			publisher_free(publisher);
			return FAST_RESOURCE_EXHAUSTED;
		}
		publisher->owns_timers = true;
	}
	*out = publisher;
	return FAST_OK;
}

/* tls: NULL but for tls+tcp. groups: NULL, all belong to all. */
static enum fast_status publisher_open(const char *endpoint, unsigned mode, struct fast_tls *tls,
				       fast_publisher_groups_fn *groups, void *arg,
				       struct fast_publisher **out)
{
	enum fast_sp_framing framing =
		strncmp(endpoint, "ipc:", 4) == 0 || strncmp(endpoint, "unix:", 5) == 0
			? FAST_SP_IPC
			: FAST_SP_TCP;
	struct fast_publisher *publisher = NULL;
	enum fast_status status = fast_publisher_open_with(NULL, framing, &publisher);

	if (status != FAST_OK) {
		return status;
	}
	publisher->groups = groups;
	publisher->groups_arg = arg;
	status = tls == NULL ? fast_link_listen(endpoint, mode, publisher_accepted, publisher,
						&publisher->listener)
			     : fast_link_listen_tls(endpoint, tls, publisher_accepted, publisher,
						    &publisher->listener);
	if (status != FAST_OK) {
		fast_publisher_close(publisher);
		return status;
	}
	*out = publisher;
	return FAST_OK;
}

enum fast_status fast_publisher_open(const char *endpoint, unsigned mode,
				     struct fast_publisher **out)
{
	return publisher_open(endpoint, mode, NULL, NULL, NULL, out);
}

enum fast_status fast_publisher_open_groups(const char *endpoint, unsigned mode,
					    fast_publisher_groups_fn *groups, void *arg,
					    struct fast_publisher **out)
{
	assert(groups != NULL);
	return publisher_open(endpoint, mode, NULL, groups, arg, out);
}

enum fast_status fast_publisher_open_tls(const char *endpoint, struct fast_tls *tls,
					 struct fast_publisher **out)
{
	assert(tls != NULL);
	return publisher_open(endpoint, 0, tls, NULL, NULL, out);
}

/* Whether topic begins as the pattern says, or is as it says. */
static bool rule_fits(const struct fast_topic_rule *rule, const char *topic)
{
	size_t bytes = strlen(rule->pattern);

	return rule->pattern[bytes - 1] == '*' ? strncmp(topic, rule->pattern, bytes - 1) == 0
					       : strcmp(topic, rule->pattern) == 0;
}

/* Lock held. The first rule that fits a topic says what may be sent. */
static bool publisher_allows(const struct fast_publisher *publisher, const char *topic,
			     const ProtobufCMessage *message)
{
	for (size_t i = 0; i < publisher->rule_count; i++) {
		if (rule_fits(&publisher->rules[i], topic)) {
			return publisher->rules[i].message == message->descriptor;
		}
	}
	return publisher->rule_count == 0;
}

enum fast_status fast_publisher_add_topic(struct fast_publisher *publisher, const char *pattern,
					  const ProtobufCMessageDescriptor *message)
{
	size_t bytes = strnlen(pattern, FAST_PUBLISHER_TOPIC_BYTES_MAX + 2);
	const char *star = strchr(pattern, '*');
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	assert(message != NULL);
	if (bytes == 0 || bytes > FAST_PUBLISHER_TOPIC_BYTES_MAX + 1 ||
	    (star != NULL && star[1] != 0)) {
		return FAST_INVALID_ARGUMENT;
	}
	pthread_mutex_lock(&publisher->lock);
	if (publisher->rule_count < FAST_PUBLISHER_RULES_MAX) {
		struct fast_topic_rule *rule = &publisher->rules[publisher->rule_count++];
		memcpy(rule->pattern, pattern, bytes + 1);
		rule->message = message;
		status = FAST_OK;
	}
	pthread_mutex_unlock(&publisher->lock);
	return status;
}

/* Lock held. The number of the next message under a topic. A topic that was forgotten counts on
 * above what it had: its subscribers see a loss that was none, but never miss one. */
static uint64_t topic_next(const struct fast_topics *topics, const struct fast_topic *topic)
{
	return (topic->sequence == 0 ? topics->floor : topic->sequence) + 1;
}

/* Lock held. Hands the message to subscribers of the groups; it is packed once. Topic, a zero byte,
 * and the packet: PROTOCOL.md, "PUB endpoints". */
static enum fast_status publisher_spread(struct fast_publisher *publisher, const char *topic_name,
					 const ProtobufCMessage *message, uint64_t groups)
{
	size_t topic_bytes = strlen(topic_name);
	struct fast_topic *topic = fast_topics_take(&publisher->topics, topic_name, topic_bytes);
	struct fast_packet packet = {
		.kind = FAST__V1__PACKET_KIND__PACKET_KIND_ITEM,
		.boot_id = publisher->boot_id,
	};
	struct fast_shared_frame *shared = NULL;
	struct fast_frame *frame = NULL;
	enum fast_status status;

	if (topic == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	packet.sequence = topic_next(&publisher->topics, topic);
	status = fast_frame_packet(publisher->framing, (const uint8_t *)topic_name, topic_bytes + 1,
				   &packet, message, FAST_MESSAGE_BYTES_MAX, &frame);
	if (status == FAST_OK) {
		status = fast_shared_frame_new(frame, &shared);
	}
	if (status != FAST_OK) {
		fast_frame_free(frame);
		return status;
	}
	topic->sequence = packet.sequence;
	FAST_LIST_FOREACH(node, &publisher->subscribers)
	{
		struct fast_publisher_peer *peer =
			FAST_LIST_ENTRY(node, struct fast_publisher_peer, node);

		if ((peer->groups & groups) != 0) {
			fast_publisher_peer_push(peer, shared);
		}
	}
	fast_shared_frame_release(shared);
	return FAST_OK;
}

enum fast_status fast_publisher_send(struct fast_publisher *publisher, const char *topic,
				     const ProtobufCMessage *message)
{
	return fast_publisher_send_groups(publisher, topic, message, UINT64_MAX);
}

enum fast_status fast_publisher_send_groups(struct fast_publisher *publisher, const char *topic,
					    const ProtobufCMessage *message, uint64_t groups)
{
	enum fast_status status = FAST_INVALID_ARGUMENT;
	size_t topic_bytes = strnlen(topic, FAST_PUBLISHER_TOPIC_BYTES_MAX + 1);

	if (topic_bytes == 0 || topic_bytes > FAST_PUBLISHER_TOPIC_BYTES_MAX) {
		return FAST_INVALID_ARGUMENT;
	}
	pthread_mutex_lock(&publisher->lock);
	if (publisher_allows(publisher, topic, message)) {
		status = publisher_spread(publisher, topic, message, groups);
	}
	pthread_mutex_unlock(&publisher->lock);
	return status;
}

const char *fast_publisher_endpoint(const struct fast_publisher *publisher)
{
	return fast_link_listener_endpoint(publisher->listener);
}

void fast_publisher_stats(const struct fast_publisher *publisher, struct fast_publisher_stats *out)
{
	struct fast_publisher *unlocked = (struct fast_publisher *)(uintptr_t)publisher;

	pthread_mutex_lock(&unlocked->lock);
	*out = (struct fast_publisher_stats){
		.subscribers = publisher->subscriber_count,
		.sent = publisher->sent,
		.dropped = publisher->dropped,
		.topics = publisher->topics.count,
	};
	pthread_mutex_unlock(&unlocked->lock);
}

size_t fast_publisher_subscribers(const struct fast_publisher *publisher,
				  struct fast_publisher_subscriber *out, size_t count_max)
{
	struct fast_publisher *unlocked = (struct fast_publisher *)(uintptr_t)publisher;
	int64_t now_ns = fast_timers_now_ns(publisher->timers);
	size_t count = 0;

	pthread_mutex_lock(&unlocked->lock);
	FAST_LIST_FOREACH(node, &unlocked->subscribers)
	{
		const struct fast_publisher_peer *peer =
			FAST_LIST_ENTRY(node, struct fast_publisher_peer, node);
		if (count < count_max) {
			out[count] = (struct fast_publisher_subscriber){
				.endpoint = peer->connection.link->peer.endpoint,
				.has_credentials = peer->connection.link->peer.has_credentials,
				.uid = peer->connection.link->peer.uid,
				.pid = peer->connection.link->peer.pid,
				.connected_ms = (now_ns - peer->begin_ns) / FAST_NS_PER_MS,
				.waiting = peer->connection.outbox.waiting_count,
				.sent = peer->sent,
				.dropped = peer->dropped,
			};
		}
		count++;
	}
	pthread_mutex_unlock(&unlocked->lock);
	return count;
}

void fast_publisher_close(struct fast_publisher *publisher)
{
	if (publisher == NULL) {
		return;
	}
	pthread_mutex_lock(&publisher->lock);
	publisher->is_closing = true;
	pthread_mutex_unlock(&publisher->lock);
	fast_link_listener_close(publisher->listener);
	while (fast_publisher_end_one(publisher)) {
	}
	fast_timer_cancel_wait(publisher->timers, &publisher->reap_timer);
	pthread_mutex_lock(&publisher->lock);
	while (publisher->subscriber_count > 0) {
		if (fast_list_is_empty(&publisher->dead)) {
			pthread_cond_wait(&publisher->changed, &publisher->lock);
		}
		pthread_mutex_unlock(&publisher->lock);
		fast_publisher_reap(publisher);
		pthread_mutex_lock(&publisher->lock);
	}
	pthread_mutex_unlock(&publisher->lock);
	publisher_free(publisher);
}
