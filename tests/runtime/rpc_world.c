#include "rpc_world.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS   1000000
#define STEP_MS_MAX 5000

static void world_note_cancel(struct fast_call *call, void *arg)
{
	struct world *world = arg;

	(void)call;
	world->cancelled++;
}

static void world_keep(struct world *world, struct fast_call *call, uint32_t number)
{
	assert_true(world->kept_count < WORLD_KEPT_MAX);
	world->kept_numbers[world->kept_count] = number;
	world->kept[world->kept_count++] = call;
	fast_call_on_cancel(call, world_note_cancel, world);
}

static void world_fail(struct fast_call *call, const Testing__V1__ProbeRequest *request)
{
	fast_call_add_detail(call, &request->base);
	fast_call_fail(call, FAST_OUT_OF_RANGE, "%u is too much", request->number);
}

static void world_echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	struct world *world = arg;
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	world->requests++;
	if (world->handling == WORLD_KEEPS) {
		world_keep(world, call, request->number);
	} else if (world->handling == WORLD_FAILS) {
		world_fail(call, request);
	} else {
		response.number = request->number;
		response.text = request->text;
		response.blob = request->blob;
		fast_call_reply(call, &response.base);
	}
}

static void world_watch(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	struct world *world = arg;
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;

	world->requests++;
	if (world->handling == WORLD_KEEPS) {
		world_keep(world, call, request->number);
		return;
	}
	for (item.number = 1; item.number <= request->number; item.number++) {
		enum fast_status status = testing_v1_probe_watch_send(call, &item);
		if (status != FAST_OK) {
			fast_call_fail(call, status, "item %u was refused", item.number);
			return;
		}
	}
	if (world->handling == WORLD_FAILS) {
		world_fail(call, request);
	} else {
		fast_call_finish(call);
	}
}

static void world_dial(void *arg, int64_t timeout_ms, fast_link_dialed_fn *dialed, void *dialed_arg)
{
	struct world *world = arg;

	(void)timeout_ms;
	assert_null(world->dialed);
	world->dialed = dialed;
	world->dialed_arg = dialed_arg;
	world->dials++;
}

static void world_dial_free(void *arg)
{
	struct world *world = arg;
	fast_link_dialed_fn *dialed = world->dialed;

	world->dialed = NULL;
	if (dialed != NULL) {
		dialed(FAST_CANCELLED, NULL, world->dialed_arg);
	}
}

static const struct fast_dial_ops world_dial_ops = {.dial = world_dial, .free = world_dial_free};

static void world_answer_dial(struct world *world)
{
	fast_link_dialed_fn *dialed = world->dialed;
	struct fast_link *ours = NULL;
	struct fast_link *theirs = NULL;

	world->dialed = NULL;
	if (world->is_unreachable || (world->server == NULL && !world->has_peer_links)) {
		dialed(FAST_UNAVAILABLE, NULL, world->dialed_arg);
		return;
	}
	if (fast_memory_link_pair(world->net, world->capacity, &ours, &theirs) != FAST_OK) {
		dialed(FAST_RESOURCE_EXHAUSTED, NULL, world->dialed_arg);
		return;
	}
	if (world->has_peer_links) {
		world->peer_link = theirs;
	} else {
		fast_server_take_link(world->server, theirs);
	}
	world->link = ours;
	dialed(FAST_OK, ours, world->dialed_arg);
}

void world_start_server(struct world *world, const struct fast_server_options *options)
{
	assert_ok(fast_server_open_with(options, world->timers, &world->server));
	world->handlers = (struct testing_v1_probe_handlers){
		.echo = world_echo, .read = world_echo, .watch = world_watch};
	assert_ok(fast_server_add(world->server, &testing_v1_probe_service, &world->handlers, world,
				  FAST_SERVICE_INLINE));
}

void world_stop_server(struct world *world)
{
	fast_server_close(world->server);
	world->server = NULL;
}

void world_open(struct world *world, const struct fast_server_options *options)
{
	*world = (struct world){.now_ns = 1000000000, .capacity = 65536};
	assert_ok(fast_memory_net_new(&world->net));
	assert_ok(fast_timers_new_fake(world->now_ns, &world->timers));
	world_start_server(world, options);
	assert_ok(fast_client_open_with("memory://", NULL, world->timers, &world_dial_ops, world,
					&world->client));
}

static void *world_close_client_body(void *arg)
{
	struct world *world = arg;

	fast_client_close(world->client);
	atomic_store(&world->client_is_closed, true);
	return NULL;
}

void world_close_client(struct world *world)
{
	pthread_t closer;

	atomic_store(&world->client_is_closed, false);
	assert_int_equal(0, pthread_create(&closer, NULL, world_close_client_body, world));
	while (!atomic_load(&world->client_is_closed)) {
		fast_memory_run(world->net);
		sched_yield();
	}
	assert_int_equal(0, pthread_join(closer, NULL));
	world->client = NULL;
}

void world_close(struct world *world)
{
	world_close_client(world);
	if (world->peer_link != NULL) {
		world->peer_link->ops->free(world->peer_link);
	}
	fast_memory_run(world->net);
	if (world->server != NULL) {
		world_stop_server(world);
	}
	fast_timers_free(world->timers);
	fast_memory_net_free(world->net);
}

void world_run(struct world *world)
{
	bool goes_on;

	do {
		fast_timers_advance(world->timers, world->now_ns);
		goes_on = world->dialed != NULL;
		if (goes_on) {
			world_answer_dial(world);
		}
		while (fast_memory_step(world->net)) {
			goes_on = true;
		}
	} while (goes_on);
}

void world_advance_ms(struct world *world, int64_t ms)
{
	world_run(world);
	/* In steps, so that what one side says meanwhile can be answered. */
	while (ms > 0) {
		int64_t step_ms = ms < STEP_MS_MAX ? ms : STEP_MS_MAX;
		world->now_ns += step_ms * NS_PER_MS;
		ms -= step_ms;
		world_run(world);
	}
}

void outcome_note(const struct fast_reply *reply, void *arg)
{
	struct outcome *outcome = arg;
	const Testing__V1__ProbeResponse *response =
		(const Testing__V1__ProbeResponse *)reply->message;

	outcome->count++;
	outcome->status = reply->status;
	outcome->executed = reply->executed;
	outcome->number = response == NULL ? 0 : response->number;
	outcome->details = reply->detail_count;
	outcome->retry_after_ms = reply->retry_after_ms;
	snprintf(outcome->origin, sizeof outcome->origin, "%s",
		 reply->origin == NULL ? "" : reply->origin);
	memcpy(outcome->text, reply->text, sizeof outcome->text);
}

static void world_start(struct world *world, const struct fast_method *method, uint32_t number,
			int64_t timeout_ms, struct outcome *outcome)
{
	struct fast_call_options options = world->options;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	char text[] = "text";

	options.size = sizeof options;
	options.timeout_ms = timeout_ms;
	*outcome = (struct outcome){.count = 0};
	request.number = number;
	request.text = text;
	assert_ok(fast_client_start(world->client, method, &options, &request.base, outcome_note,
				    outcome));
	assert_int_equal(0, outcome->count);
}

void world_ask(struct world *world, uint32_t number, int64_t timeout_ms, struct outcome *outcome)
{
	world_start(world, &testing_v1_probe_service.methods[0], number, timeout_ms, outcome);
}

void world_ask_read(struct world *world, uint32_t number, int64_t timeout_ms,
		    struct outcome *outcome)
{
	world_start(world, &testing_v1_probe_service.methods[1], number, timeout_ms, outcome);
}
