/* Any bytes from whoever connects to a server: answered or refused, and the connection freed. The
 * first byte says in what pieces the others come. */
#include "base/timer.h"
#include "link/link_memory.h"
#include "rpc/server.h"

#include <assert.h>
#include <fast/v1/packet.pb-c.h>
#include <sched.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define CAPACITY    65536
#define SECOND_NS   1000000000
#define STREAM_SIZE 100

/* The client's end: sends what it was given, and forgets what comes. */
struct attacker {
	struct fast_link *link;
	uint8_t room[4096];
	bool is_sending;
	size_t sent;
};

static struct fast_memory_net *net;
static struct fast_timers *timers;
static struct fast_server *server;
static int64_t now_ns;

/* Ends a stream of requests when its caller has. */
static void take_item(struct fast_call *call, enum fast_status status,
		      const ProtobufCMessage *message, void *arg)
{
	const Fast__V1__Packet response = FAST__V1__PACKET__INIT;

	(void)arg;
	if (message != NULL) {
		return;
	}
	if (status == FAST_OK) {
		fast_call_reply(call, &response.base);
	} else {
		fast_call_fail(call, status, "the caller has gone");
	}
}

/* Echoes, or streams what it was sent, or takes what comes. */
static void answer(const void *handlers, struct fast_call *call, const ProtobufCMessage *request,
		   void *arg)
{
	(void)handlers;
	(void)arg;
	if (fast_call_method(call)->kind == FAST_METHOD_UNARY) {
		fast_call_reply(call, request);
		return;
	}
	if (fast_call_method(call)->kind == FAST_METHOD_CLIENT_STREAM) {
		fast_call_on_item(call, take_item, NULL);
		return;
	}
	for (int i = 0; i < STREAM_SIZE; i++) {
		enum fast_status status = fast_call_send(call, request);
		if (status != FAST_OK) {
			fast_call_fail(call, status, "item %d was refused", i);
			return;
		}
	}
	fast_call_finish(call);
}

#define METHOD(method_name, method_kind)                                                           \
	{                                                                                          \
		.name = method_name, .path = "fuzz.Any/" method_name, .kind = method_kind,         \
		.request = &fast__v1__packet__descriptor,                                          \
		.response = &fast__v1__packet__descriptor, .dispatch = answer,                     \
	}

static const struct fast_method methods[] = {
	METHOD("Echo", FAST_METHOD_UNARY),
	METHOD("Watch", FAST_METHOD_SERVER_STREAM),
	METHOD("Push", FAST_METHOD_CLIENT_STREAM),
};
static const struct fast_service service = {"fuzz.Any", methods, 3, NULL, 0};

static void world_open(void)
{
	struct fast_server_options options = {.size = sizeof options, .workers = 1};
	bool is_open =
		fast_memory_net_new(&net) == FAST_OK &&
		fast_timers_new_fake(SECOND_NS, &timers) == FAST_OK &&
		fast_server_open_with(&options, timers, &server) == FAST_OK &&
		fast_server_add(server, &service, NULL, NULL, FAST_SERVICE_INLINE) == FAST_OK;

	assert(is_open);
	now_ns = SECOND_NS;
}

static void attacker_received(void *arg, enum fast_status status, size_t bytes)
{
	struct attacker *attacker = arg;

	(void)bytes;
	if (status == FAST_OK) {
		attacker->link->ops->recv(attacker->link, attacker->room, sizeof attacker->room);
	}
}

static void attacker_sent(void *arg, enum fast_status status, size_t bytes)
{
	struct attacker *attacker = arg;

	attacker->is_sending = false;
	attacker->sent += status == FAST_OK ? bytes : SIZE_MAX / 2;
}

static const struct fast_link_events attacker_events = {attacker_received, attacker_sent};

static void attack(struct attacker *attacker, const uint8_t *data, size_t bytes)
{
	while (attacker->sent < bytes && !attacker->is_sending) {
		struct iovec iov = {(void *)(uintptr_t)(data + attacker->sent),
				    bytes - attacker->sent};
		attacker->is_sending = true;
		attacker->link->ops->send(attacker->link, &iov, 1);
		fast_memory_run(net);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct attacker attacker = {.is_sending = false};
	struct fast_link *theirs = NULL;
	struct fast_server_stats stats;

	if (bytes == 0) {
		return 0;
	}
	if (server == NULL) {
		world_open();
	}
	enum fast_status status = fast_memory_link_pair(net, CAPACITY, &attacker.link, &theirs);
	assert(status == FAST_OK);
	fast_memory_set_chunk(net, data[0]);
	fast_link_start(attacker.link, &attacker_events, &attacker);
	fast_server_take_link(server, theirs);
	attacker_received(&attacker, FAST_OK, 0);
	attack(&attacker, data + 1, bytes - 1);
	now_ns += SECOND_NS;
	fast_timers_advance(timers, now_ns);
	attacker.link->ops->free(attacker.link);
	do { /* built-in services answer on a worker */
		fast_memory_run(net);
		fast_timers_advance(timers, ++now_ns);
		fast_server_stats(server, &stats);
	} while (stats.connections_open > 0 && sched_yield() == 0);
	assert(stats.calls_open == 0);
	return 0;
}
