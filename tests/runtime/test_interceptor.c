/* What looks at the calls of a server. */
#include "flow_world.h"

#include <fast/interceptor.h>
#include <fast/log.h>
#include <stdio.h>
#include <string.h>

static struct flow flow;
static struct world *const world = &flow.world;

/* What happened, in order: "a>" looked, "a<OK" was told, "a:from" saw a message. */
static char events[1024];

static void note(const char *format, ...)
{
	size_t used = strlen(events);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(events + used, sizeof events - used, format, arguments);
	va_end(arguments);
}

static void pass(struct fast_call *call, const ProtobufCMessage *request, void *arg)
{
	(void)request;
	note("%s> ", (const char *)arg);
	fast_call_proceed(call);
}

static void told(struct fast_call *call, const struct fast_call_end *end, void *arg)
{
	(void)call;
	note("%s<%s ", (const char *)arg, fast_status_name(end->status));
}

static void saw(struct fast_call *call, enum fast_direction direction,
		const ProtobufCMessage *message, void *arg)
{
	assert_ptr_equal(message->descriptor, direction == FAST_FROM_CALLER
						      ? fast_call_method(call)->request
						      : fast_call_method(call)->response);
	note("%s:%s ", (const char *)arg, direction == FAST_FROM_CALLER ? "from" : "to");
}

static void add(fast_call_before_fn *before, fast_call_after_fn *after,
		fast_call_message_fn *message, const char *name)
{
	const struct fast_interceptor interceptor = {before, after, message,
						     (void *)(uintptr_t)name};

	assert_ok(fast_server_intercept(world->server, &interceptor));
}

static int setup(void **state)
{
	(void)state;
	events[0] = 0;
	flow_open(&flow);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	flow_close(&flow);
	return 0;
}

static void ask(int64_t timeout_ms, struct outcome *outcome)
{
	world_ask(world, 5, timeout_ms, outcome);
	world_run(world);
}

static void they_look_in_order_and_are_told_in_the_other(void **state)
{
	struct outcome outcome;

	(void)state;
	add(pass, told, NULL, "a");
	add(NULL, told, NULL, "b");
	add(pass, NULL, saw, "c");
	ask(100, &outcome);
	assert_ok(outcome.status);
	assert_int_equal(5, outcome.number);
	assert_string_equal("a> c> c:to b<OK a<OK ", events);
	world->handling = WORLD_FAILS;
	events[0] = 0;
	ask(100, &outcome);
	assert_string_equal("a> c> b<OUT_OF_RANGE a<OUT_OF_RANGE ", events);
}

static void look_closely(struct fast_call *call, const ProtobufCMessage *request, void *arg)
{
	const Testing__V1__ProbeRequest *probe = (const Testing__V1__ProbeRequest *)request;

	(void)arg;
	assert_int_equal(5, probe->number);
	assert_string_equal("testing.v1.Probe/Echo", fast_call_method(call)->path);
	assert_string_equal("inproc", fast_call_peer(call)->endpoint);
	assert_int_equal(0, fast_call_metadata(call)->count);
	assert_true(fast_call_deadline_ns(call) <= world->now_ns + 100 * 1000000);
	fast_call_add_detail(call, request);
	fast_call_set_retry_after_ms(call, 30);
	fast_call_reject(call, FAST_UNAUTHENTICATED, "number %u has no ticket", probe->number);
}

static void check_refused(struct fast_call *call, const struct fast_call_end *end, void *arg)
{
	assert_int_equal(FAST_EXECUTED_NO, end->executed);
	assert_string_equal("number 5 has no ticket", end->text);
	assert_int_equal(0, end->duration_ns);
	told(call, end, arg);
}

static void one_may_refuse_a_call_that_then_has_not_run(void **state)
{
	struct fast_server_stats stats;
	struct outcome outcome;

	(void)state;
	add(pass, check_refused, NULL, "a");
	add(look_closely, told, NULL, "b");
	add(pass, told, NULL, "c");
	ask(100, &outcome);
	assert_status(FAST_UNAUTHENTICATED, outcome.status);
	assert_int_equal(FAST_EXECUTED_NO, outcome.executed);
	assert_string_equal("number 5 has no ticket", outcome.text);
	assert_int_equal(1, outcome.details);
	assert_int_equal(30, outcome.retry_after_ms);
	assert_int_equal(0, world->requests);
	assert_string_equal("a> b<UNAUTHENTICATED a<UNAUTHENTICATED ", events);
	fast_server_stats(world->server, &stats);
	assert_int_equal(1, stats.calls_refused);
	assert_int_equal(0, stats.calls_open);
}

static struct fast_call *held;
static unsigned held_cancelled;

static void note_cancel(struct fast_call *call, void *arg)
{
	(void)call;
	(void)arg;
	held_cancelled++;
}

/* Holds the first call, lets others go on. */
static void hold_first(struct fast_call *call, const ProtobufCMessage *request, void *arg)
{
	(void)request;
	(void)arg;
	if (held != NULL) {
		fast_call_proceed(call);
		return;
	}
	held = call;
	fast_call_on_cancel(call, note_cancel, NULL);
}

static void one_may_hold_a_call_and_let_it_go_on_later(void **state)
{
	struct outcome first;
	struct outcome second;

	(void)state;
	held = NULL;
	held_cancelled = 0;
	add(hold_first, told, NULL, "a");
	add(pass, told, NULL, "b");
	ask(1000, &first);
	ask(1000, &second);
	assert_int_equal(0, first.count);
	assert_ok(second.status);
	world_advance_ms(world, 500);
	events[0] = 0;
	world->handling = WORLD_KEEPS; /* the handler may set a cancel function of its own */
	fast_call_proceed(held);
	assert_int_equal(1, world->kept_count);
	world_advance_ms(world, 500);
	assert_status(FAST_DEADLINE_EXCEEDED, first.status);
	assert_int_equal(0, held_cancelled);
	assert_int_equal(1, world->cancelled);
	fast_call_fail(world->kept[0], FAST_ABORTED, "too late");
	assert_string_equal("b> b<ABORTED a<ABORTED ", events);
}

static void a_call_that_is_held_too_long_does_not_run(void **state)
{
	struct outcome outcome;

	(void)state;
	held = NULL;
	held_cancelled = 0;
	add(hold_first, told, NULL, "a");
	ask(100, &outcome);
	world_advance_ms(world, 100);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
	assert_int_equal(1, held_cancelled);
	fast_call_proceed(held);
	assert_int_equal(0, world->requests);
	assert_string_equal("a<DEADLINE_EXCEEDED ", events);
}

static void the_messages_of_streams_are_seen(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
	struct fast_stream *stream = NULL;
	uint64_t sum = 0;

	(void)state;
	add(pass, told, saw, "a");
	request.number = 2;
	assert_ok(testing_v1_probe_watch(world->client, NULL, &request, &stream));
	world_run(world);
	assert_string_equal("a> a:to a:to a<OK ", events);
	fast_stream_close(stream);
	world_run(world);

	events[0] = 0;
	stream = flow_sum(&flow, 0);
	assert_ok(flow_put(&flow, stream, 4));
	assert_ok(flow_put(&flow, stream, 5));
	assert_ok(flow_finish(&flow, stream, &sum, text));
	assert_int_equal(9, sum);
	assert_string_equal("a> a:from a:from a:to a<OK ", events);
}

static void refuse(struct fast_call *call, const ProtobufCMessage *request, void *arg)
{
	(void)arg;
	assert_null(request);
	fast_call_reject(call, FAST_PERMISSION_DENIED, "no streams for you");
}

static void a_stream_of_requests_may_be_refused(void **state)
{
	char text[FAST_STATUS_MESSAGE_BYTES_MAX + 1];
	struct fast_stream *stream;
	uint64_t sum = 0;

	(void)state;
	add(refuse, told, NULL, "a");
	stream = flow_sum(&flow, 0);
	assert_status(FAST_PERMISSION_DENIED, flow_finish(&flow, stream, &sum, text));
	assert_string_equal("no streams for you", text);
	assert_int_equal(0, flow.call_count);
	assert_string_equal("a<PERMISSION_DENIED ", events);
}

static void they_are_added_before_the_first_call_and_not_without_limit(void **state)
{
	const struct fast_interceptor nothing = {NULL, NULL, NULL, NULL};
	struct outcome outcome;

	(void)state;
	for (int i = 0; i < FAST_INTERCEPTORS_MAX; i++) {
		add(NULL, NULL, NULL, "n");
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_server_intercept(world->server, &nothing));
	ask(100, &outcome);
	assert_ok(outcome.status);
	assert_status(FAST_FAILED_PRECONDITION, fast_server_intercept(world->server, &nothing));
}

static void log_line(enum fast_log_level level, const char *message, void *arg)
{
	(void)arg;
	note("%d %s; ", (int)level, message);
}

static void the_ready_one_logs_each_call(void **state)
{
	struct outcome outcome;

	(void)state;
	assert_ok(fast_server_intercept(world->server, &fast_log_interceptor));
	assert_ok(fast_client_intercept(world->client, &fast_log_client_interceptor));
	fast_log_set_handler(log_line, NULL);
	ask(100, &outcome);
	assert_string_equal("3 served testing.v1.Probe/Echo to inproc: OK in 0 us; "
			    "3 called testing.v1.Probe/Echo: OK in 0 us; ",
			    events);
	events[0] = 0;
	world->handling = WORLD_FAILS;
	ask(100, &outcome);
	assert_string_equal("1 served testing.v1.Probe/Echo to inproc: OUT_OF_RANGE in 0 us, "
			    "executed yes: 5 is too much; "
			    "1 called testing.v1.Probe/Echo: OUT_OF_RANGE in 0 us, executed yes: "
			    "5 is too much; ",
			    events);
	fast_log_set_handler(NULL, NULL);
}

#define interceptor_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		interceptor_test(they_look_in_order_and_are_told_in_the_other),
		interceptor_test(one_may_refuse_a_call_that_then_has_not_run),
		interceptor_test(one_may_hold_a_call_and_let_it_go_on_later),
		interceptor_test(a_call_that_is_held_too_long_does_not_run),
		interceptor_test(the_messages_of_streams_are_seen),
		interceptor_test(a_stream_of_requests_may_be_refused),
		interceptor_test(they_are_added_before_the_first_call_and_not_without_limit),
		interceptor_test(the_ready_one_logs_each_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
