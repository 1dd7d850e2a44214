#include "resume_world.h"

#include <string.h>

static void forget(struct resume_call *state)
{
	struct fast_call *call = state->call;

	state->call = NULL;
	if (call != NULL) {
		fast_call_fail(call, FAST_CANCELLED, "nobody reads");
	}
}

/* Ends the calls whose callers have gone: a handler must. */
static void tidy(struct resume_world *it)
{
	for (unsigned i = 0; i < it->call_count; i++) {
		struct resume_call *state = &it->calls[i];
		if (state->call != NULL && fast_call_is_cancelled(state->call)) {
			forget(state);
		}
	}
}

static void keep(const void *handlers, struct fast_call *call, const ProtobufCMessage *request,
		 void *arg)
{
	struct resume_world *it = arg;
	struct resume_call *state = &it->calls[it->call_count++];

	(void)handlers;
	(void)request;
	assert_true(it->call_count <= RESUME_CALLS_MAX);
	*state = (struct resume_call){.call = call};
	if (fast_call_method(call)->resumable) {
		state->resume = fast_call_resume_after(call, it->epoch, &state->after);
	}
}

static void dispatch(const void *handlers, struct fast_call *call, const ProtobufCMessage *request,
		     void *arg)
{
	struct resume_world *it = arg;

	(it->own != NULL ? it->own : keep)(handlers, call, request, arg);
}

void resume_start_server(struct resume_world *it)
{
	assert_ok(fast_server_open_with(NULL, it->world.timers, &it->world.server));
	assert_ok(fast_server_add(it->world.server, &it->service, &it->handlers, it,
				  FAST_SERVICE_INLINE));
}

/* Both ends learn it; what was not stepped is lost. */
static void cut(struct resume_world *it)
{
	struct fast_link *link = it->world.client->connection->connection.link;

	link->ops->close(link);
	world_run(&it->world);
	tidy(it);
	world_run(&it->world);
}

void resume_stop_server(struct resume_world *it)
{
	struct fast_server *server = it->world.server;

	it->world.server = NULL; /* dials are refused */
	cut(it);
	fast_server_close(server);
}

void resume_open(struct resume_world *it, bool resumable, bool lossy)
{
	memset(it, 0, sizeof *it);
	world_open(&it->world, NULL);
	world_stop_server(&it->world);
	memcpy(it->methods, testing_v1_probe_service.methods, sizeof it->methods);
	it->methods[2].resumable = resumable;
	it->methods[2].lossy = lossy;
	it->methods[2].dispatch = dispatch;
	it->service = testing_v1_probe_service;
	it->service.methods = it->methods;
	it->epoch = 1;
	resume_start_server(it);
}

void resume_close(struct resume_world *it)
{
	for (unsigned i = 0; i < it->call_count; i++) {
		forget(&it->calls[i]);
	}
	world_run(&it->world);
	world_close(&it->world);
}

struct fast_stream *resume_watch(struct resume_world *it, int64_t timeout_ms)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = timeout_ms};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_stream *stream = NULL;

	assert_ok(fast_client_stream(it->world.client, &it->methods[2], &options, &request.base,
				     &stream));
	world_run(&it->world);
	return stream;
}

struct resume_call *resume_newest(struct resume_world *it)
{
	assert_true(it->call_count > 0);
	return &it->calls[it->call_count - 1];
}

void resume_send(struct resume_world *it, uint32_t first, uint32_t last)
{
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;

	for (item.number = first; item.number <= last; item.number++) {
		assert_ok(fast_call_send_at(resume_newest(it)->call, item.number, &item.base));
	}
}

void resume_cut(struct resume_world *it)
{
	cut(it);
	world_advance_ms(&it->world, 30);
}

enum fast_status resume_next(struct resume_world *it, struct fast_stream *stream, uint32_t *number)
{
	const ProtobufCMessage *message = NULL;
	enum fast_status status = fast_stream_next(stream, 0, &message);

	*number = message == NULL ? 0 : ((const Testing__V1__ProbeResponse *)message)->number;
	world_run(&it->world);
	return status;
}

void resume_expect(struct resume_world *it, struct fast_stream *stream, uint32_t first,
		   uint32_t last)
{
	for (uint32_t i = first; i <= last; i++) {
		uint32_t number;
		assert_ok(resume_next(it, stream, &number));
		assert_int_equal(i, number);
	}
}

void resume_expect_nothing(struct resume_world *it, struct fast_stream *stream)
{
	uint32_t number;

	assert_status(FAST_DEADLINE_EXCEEDED, resume_next(it, stream, &number));
	assert_false(fast_stream_ended(stream));
}

void resume_expect_end(struct resume_world *it, struct fast_stream *stream, enum fast_status status)
{
	uint32_t number;

	assert_status(status, resume_next(it, stream, &number));
	assert_int_equal(0, number);
	assert_true(fast_stream_ended(stream));
	fast_stream_close(stream);
}
