#include "tests/controller/fake_runtime.h"

#include <assert.h>
#include <errno.h>
#include <fast/publisher.h>
#include <fast/server.h>
#include <fast/stream.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

char fake_published_topic[FAST_PUBLISHER_TOPIC_BYTES_MAX + 1];
size_t fake_published_count;
uint64_t fake_subscribers;

/* A copy of message, as a peer would see it. */
static ProtobufCMessage *copy(const ProtobufCMessage *message)
{
	size_t bytes = protobuf_c_message_get_packed_size(message);
	uint8_t *packed = malloc(bytes + 1);
	ProtobufCMessage *copied;

	assert(packed != NULL);
	protobuf_c_message_pack(message, packed);
	copied = protobuf_c_message_unpack(message->descriptor, NULL, bytes, packed);
	assert(copied != NULL);
	free(packed);
	return copied;
}

static void release(ProtobufCMessage *message)
{
	if (message != NULL) {
		protobuf_c_message_free_unpacked(message, NULL);
	}
}

void fake_call_init(struct fast_call *call)
{
	memset(call, 0, sizeof *call);
	pthread_mutex_init(&call->lock, NULL);
	pthread_cond_init(&call->changed, NULL);
	call->peer = (struct fast_peer){
		.endpoint = "ipc", .has_credentials = true, .uid = 1000, .gid = 1000, .pid = 4711};
	call->room = FAKE_ITEMS_MAX;
}

void fake_call_fini(struct fast_call *call)
{
	release(call->reply);
	for (size_t i = 0; i < call->item_count; i++) {
		release(call->items[i]);
	}
	for (size_t i = 0; i < call->detail_count; i++) {
		release(call->details[i]);
	}
	pthread_cond_destroy(&call->changed);
	pthread_mutex_destroy(&call->lock);
}

void fake_call_cancel(struct fast_call *call)
{
	fast_call_cancel_fn *cancel;

	pthread_mutex_lock(&call->lock);
	call->cancelled = true;
	cancel = call->ended ? NULL : call->cancel;
	pthread_mutex_unlock(&call->lock);
	if (cancel != NULL) {
		cancel(call, call->cancel_arg);
	}
}

void fake_call_make_room(struct fast_call *call, size_t count)
{
	pthread_mutex_lock(&call->lock);
	call->room += count;
	pthread_mutex_unlock(&call->lock);
}

/* With the lock held. */
static bool wait_changed(struct fast_call *call, const struct timespec *until)
{
	return pthread_cond_timedwait(&call->changed, &call->lock, until) != ETIMEDOUT;
}

static struct timespec deadline(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FAKE_WAIT_MS / 1000;
	return until;
}

bool fake_call_wait_items(struct fast_call *call, size_t count)
{
	struct timespec until = deadline();
	bool there;

	pthread_mutex_lock(&call->lock);
	while (call->item_count < count && wait_changed(call, &until)) {
	}
	there = call->item_count >= count;
	pthread_mutex_unlock(&call->lock);
	return there;
}

bool fake_call_wait_end(struct fast_call *call)
{
	struct timespec until = deadline();
	bool ended;

	pthread_mutex_lock(&call->lock);
	while (!call->ended && wait_changed(call, &until)) {
	}
	ended = call->ended;
	pthread_mutex_unlock(&call->lock);
	return ended;
}

static void end(struct fast_call *call, enum fast_status status)
{
	pthread_mutex_lock(&call->lock);
	assert(!call->ended);
	call->ended = true;
	call->status = status;
	pthread_cond_broadcast(&call->changed);
	pthread_mutex_unlock(&call->lock);
}

void fast_call_reply(struct fast_call *call, const ProtobufCMessage *response)
{
	call->reply = copy(response);
	end(call, FAST_OK);
}

void fast_call_finish(struct fast_call *call)
{
	end(call, FAST_OK);
}

void fast_call_on_typed_item(struct fast_call *call, fast_call_item_thunk *thunk,
			     fast_any_fn *typed, void *arg)
{
	(void)call;
	(void)thunk;
	(void)typed;
	(void)arg;
	assert(false); /* no call of these tests takes items */
}

void fast_call_fail(struct fast_call *call, enum fast_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(call->text, sizeof call->text, format, args);
	va_end(args);
	end(call, status);
}

void fast_call_add_detail(struct fast_call *call, const ProtobufCMessage *detail)
{
	assert(call->detail_count < FAKE_DETAILS_MAX);
	call->details[call->detail_count++] = copy(detail);
}

enum fast_status fast_call_send(struct fast_call *call, const ProtobufCMessage *message)
{
	enum fast_status status = FAST_OK;

	pthread_mutex_lock(&call->lock);
	assert(!call->ended);
	if (call->cancelled) {
		status = FAST_CANCELLED;
	} else if (call->room == 0 || call->item_count == FAKE_ITEMS_MAX) {
		status = FAST_RESOURCE_EXHAUSTED;
	} else {
		call->room--;
		call->items[call->item_count++] = copy(message);
	}
	pthread_cond_broadcast(&call->changed);
	pthread_mutex_unlock(&call->lock);
	return status;
}

void fast_call_on_cancel(struct fast_call *call, fast_call_cancel_fn *fn, void *arg)
{
	call->cancel = fn;
	call->cancel_arg = arg;
}

const struct fast_peer *fast_call_peer(const struct fast_call *call)
{
	return &call->peer;
}

enum fast_status fast_server_add(struct fast_server *server, const struct fast_service *service,
				 const void *handlers, void *arg, unsigned flags)
{
	(void)server;
	(void)service;
	(void)handlers;
	(void)arg;
	(void)flags;
	return FAST_OK;
}

void fast_server_stats(const struct fast_server *server, struct fast_server_stats *out)
{
	(void)server;
	*out = (struct fast_server_stats){.calls_total = 12, .calls_failed = 3};
}

enum fast_status fast_publisher_open_groups(const char *endpoint, unsigned mode,
					    fast_publisher_groups_fn *groups, void *arg,
					    struct fast_publisher **out)
{
	(void)endpoint;
	(void)mode;
	(void)groups;
	(void)arg;
	*out = (struct fast_publisher *)fake_published_topic;
	return FAST_OK;
}

enum fast_status fast_publisher_add_topic(struct fast_publisher *publisher, const char *pattern,
					  const ProtobufCMessageDescriptor *message)
{
	(void)publisher;
	(void)pattern;
	(void)message;
	return FAST_OK;
}

enum fast_status fast_publisher_send_groups(struct fast_publisher *publisher, const char *topic,
					    const ProtobufCMessage *message, uint64_t groups)
{
	(void)publisher;
	(void)groups;
	assert(protobuf_c_message_check(message));
	snprintf(fake_published_topic, sizeof fake_published_topic, "%s", topic);
	fake_published_count++;
	return FAST_OK;
}

void fast_publisher_stats(const struct fast_publisher *publisher, struct fast_publisher_stats *out)
{
	(void)publisher;
	*out = (struct fast_publisher_stats){.subscribers = fake_subscribers};
}

const char *fast_publisher_endpoint(const struct fast_publisher *publisher)
{
	(void)publisher;
	return "tcp://127.0.0.1:1";
}

void fast_publisher_close(struct fast_publisher *publisher)
{
	(void)publisher;
}

/* What generated stubs need to link; nobody calls them here. */
const struct fast_method *fast_call_method(const struct fast_call *call)
{
	(void)call;
	abort();
}

enum fast_status fast_client_call(struct fast_client *client, const struct fast_method *method,
				  const struct fast_call_options *options,
				  const ProtobufCMessage *request, struct fast_reply *reply)
{
	(void)client;
	(void)method;
	(void)options;
	(void)request;
	(void)reply;
	abort();
}

enum fast_status fast_client_start(struct fast_client *client, const struct fast_method *method,
				   const struct fast_call_options *options,
				   const ProtobufCMessage *request, fast_reply_fn *fn, void *arg)
{
	(void)client;
	(void)method;
	(void)options;
	(void)request;
	(void)fn;
	(void)arg;
	abort();
}

enum fast_status fast_client_stream(struct fast_client *client, const struct fast_method *method,
				    const struct fast_call_options *options,
				    const ProtobufCMessage *request, struct fast_stream **out)
{
	(void)client;
	(void)method;
	(void)options;
	(void)request;
	(void)out;
	abort();
}

enum fast_status fast_stream_next(struct fast_stream *stream, int64_t wait_ms,
				  const ProtobufCMessage **message)
{
	(void)stream;
	(void)wait_ms;
	(void)message;
	abort();
}
