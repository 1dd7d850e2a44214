/* What travels beside the messages of a call, both ways. */
#include "rpc_world.h"

#include "support/fault_alloc.h"
#include <fast/fault.h>
#include <fast/metadata.h>
#include <stdio.h>
#include <string.h>

#define TRACEPARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static struct world world;

/* What the handler does with a call, beside answering it. */
static struct {
	bool fails;
	enum fast_status header_status;
	char seen[64];       /* value of the caller's "tenant" */
	uint8_t seen_bin[3]; /* of its "blob-bin" */
	size_t seen_count;
	unsigned runs;
	char traceparent[FAST_TRACE_TEXT_BYTES]; /* "" : none */
	char tracestate[64];
} served;

static const struct fast_metadata_entry header_entries[] = {FAST_METADATA_TEXT("served-by", "unit"),
							    {"raw-bin", "\x00\xff", 2}};
static const struct fast_metadata headers = {header_entries, FAST_TEST_COUNT(header_entries)};

static void note_request(const struct fast_call *call)
{
	const struct fast_metadata *metadata = fast_call_metadata(call);
	const struct fast_metadata_entry *blob = fast_metadata_find(metadata, "blob-bin");
	const char *tenant = fast_metadata_text(metadata, "tenant");
	const struct fast_trace *trace = fast_call_trace(call);

	served.runs++;
	served.seen_count = metadata->count;
	served.seen[0] = 0;
	served.traceparent[0] = 0;
	served.tracestate[0] = 0;
	if (tenant != NULL) {
		snprintf(served.seen, sizeof served.seen, "%s", tenant);
	}
	if (blob != NULL) {
		assert_int_equal(sizeof served.seen_bin, blob->value_bytes);
		memcpy(served.seen_bin, blob->value, sizeof served.seen_bin);
	}
	if (trace != NULL) {
		fast_trace_format(trace, served.traceparent);
		snprintf(served.tracestate, sizeof served.tracestate, "%s",
			 trace->state == NULL ? "" : trace->state);
	}
}

static void echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;
	enum fast_status status;

	(void)arg;
	note_request(call);
	served.header_status = fast_call_send_headers(call, &headers);
	status = fast_call_add_trailer(call, "cost", "12", 2);
	if (status == FAST_OK) {
		status = fast_call_add_trailer(call, "empty", "", 0);
	}
	if (served.fails || status != FAST_OK) {
		fast_call_set_retry_after_ms(call, 250);
		fast_call_fail(call, status == FAST_OK ? FAST_NOT_FOUND : status, "no such thing");
		return;
	}
	response.number = request->number;
	testing_v1_probe_echo_reply(call, &response);
}

static void watch(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)arg;
	(void)request;
	note_request(call);
	served.header_status = fast_call_send_headers(call, &headers);
	assert_ok(testing_v1_probe_watch_send(call, &item));
	assert_status(FAST_FAILED_PRECONDITION, fast_call_send_headers(call, &headers));
	assert_ok(fast_call_add_trailer(call, "cost", "1", 1));
	fast_call_finish(call);
}

static int setup(void **state)
{
	const struct fast_server_options options = {.size = sizeof options, .node = "node-a"};

	(void)state;
	memset(&served, 0, sizeof served);
	world_open(&world, &options);
	world.handlers.echo = echo;
	world.handlers.watch = watch;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

/* The reply of the last call, while its callback runs. */
typedef void check_fn(const struct fast_reply *reply);

struct asked {
	check_fn *check;
	unsigned count;
};

static void checked(const struct fast_reply *reply, void *arg)
{
	struct asked *asked = arg;

	asked->count++;
	asked->check(reply);
}

static void ask(const struct fast_metadata *metadata, const struct fast_trace *trace,
		check_fn *check)
{
	const struct fast_call_options options = {
		.size = sizeof options, .timeout_ms = 1000, .metadata = metadata, .trace = trace};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct asked asked = {check, 0};

	request.number = 3;
	assert_ok(testing_v1_probe_echo_start(world.client, &options, &request, checked, &asked));
	world_run(&world);
	assert_int_equal(1, asked.count);
}

static void assert_trailers(const struct fast_reply *reply)
{
	assert_int_equal(2, reply->trailers.count);
	assert_string_equal("12", fast_metadata_text(&reply->trailers, "cost"));
	assert_string_equal("", fast_metadata_text(&reply->trailers, "empty"));
	assert_null(fast_metadata_find(&reply->trailers, "served-by"));
}

static void check_good(const struct fast_reply *reply)
{
	const struct fast_metadata_entry *raw = fast_metadata_find(&reply->headers, "raw-bin");

	assert_ok(reply->status);
	assert_int_equal(3, ((const Testing__V1__ProbeResponse *)reply->message)->number);
	assert_string_equal("unit", fast_metadata_text(&reply->headers, "served-by"));
	assert_int_equal(2, raw->value_bytes);
	assert_memory_equal("\x00\xff", raw->value, 2);
	assert_trailers(reply);
	assert_null(reply->origin);
}

static void metadata_travels_both_ways(void **state)
{
	const struct fast_metadata_entry entries[] = {FAST_METADATA_TEXT("tenant", "field 7"),
						      {"blob-bin", "\x01\x00\xff", 3},
						      FAST_METADATA_TEXT("tenant", "second")};
	const struct fast_metadata metadata = {entries, FAST_TEST_COUNT(entries)};

	(void)state;
	ask(&metadata, NULL, check_good);
	assert_ok(served.header_status);
	assert_int_equal(3, served.seen_count);
	assert_string_equal("field 7", served.seen);
	assert_memory_equal("\x01\x00\xff", served.seen_bin, 3);
	assert_string_equal("", served.traceparent);
	ask(NULL, NULL, check_good);
	assert_int_equal(0, served.seen_count);
}

static void check_failure(const struct fast_reply *reply)
{
	assert_status(FAST_NOT_FOUND, reply->status);
	assert_string_equal("no such thing", reply->text);
	assert_int_equal(250, reply->retry_after_ms);
	assert_string_equal("node-a", reply->origin);
	assert_string_equal("unit", fast_metadata_text(&reply->headers, "served-by"));
	assert_trailers(reply);
}

static void a_failure_carries_trailers_advice_and_its_origin(void **state)
{
	(void)state;
	served.fails = true;
	ask(NULL, NULL, check_failure);
}

static void a_trace_reaches_the_handler(void **state)
{
	struct fast_trace trace;

	(void)state;
	assert_ok(fast_trace_parse(TRACEPARENT, &trace));
	trace.state = "congo=t61rcWkgMzE";
	ask(NULL, &trace, check_good);
	assert_string_equal(TRACEPARENT, served.traceparent);
	assert_string_equal("congo=t61rcWkgMzE", served.tracestate);
}

static void check_largest(const struct fast_reply *reply)
{
	assert_ok(reply->status);
}

static void as_much_as_the_limits_allow_travels(void **state)
{
	static char keys[FAST_METADATA_MAX][FAST_METADATA_KEY_BYTES_MAX + 1];
	static char value[FAST_METADATA_BYTES_MAX / FAST_METADATA_MAX];
	struct fast_metadata_entry entries[FAST_METADATA_MAX];
	const struct fast_metadata metadata = {entries, FAST_METADATA_MAX};

	(void)state;
	memset(value, 'v', sizeof value);
	for (size_t i = 0; i < FAST_METADATA_MAX; i++) {
		memset(keys[i], 'k', FAST_METADATA_KEY_BYTES_MAX);
		entries[i] = (struct fast_metadata_entry){
			keys[i], value, sizeof value - FAST_METADATA_KEY_BYTES_MAX};
	}
	ask(&metadata, NULL, check_largest);
	assert_int_equal(FAST_METADATA_MAX, served.seen_count);
}

static void try_trailers(struct fast_call *call, const Testing__V1__ProbeRequest *request,
			 void *arg)
{
	static const char value[FAST_METADATA_VALUE_BYTES_MAX + 1] = "v";
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;
	const struct fast_metadata_entry bad = {"Bad", "x", 1};
	const struct fast_metadata bad_headers = {&bad, 1};

	(void)arg;
	(void)request;
	assert_status(FAST_INVALID_ARGUMENT, fast_call_add_trailer(call, "Bad", "x", 1));
	assert_status(FAST_INVALID_ARGUMENT, fast_call_send_headers(call, &bad_headers));
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_call_add_trailer(call, "k-bin", value, sizeof value));
	assert_ok(fast_call_add_trailer(call, "k-bin", value, sizeof value - 1));
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      fast_call_add_trailer(call, "k-bin", value, sizeof value - 1));
	for (int i = 1; i < FAST_METADATA_MAX; i++) {
		assert_ok(fast_call_add_trailer(call, "k", "v", 1));
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_call_add_trailer(call, "k", "v", 1));
	testing_v1_probe_echo_reply(call, &response);
}

static void check_all_trailers(const struct fast_reply *reply)
{
	assert_ok(reply->status);
	assert_int_equal(0, reply->headers.count);
	assert_int_equal(FAST_METADATA_MAX, reply->trailers.count);
	assert_int_equal(FAST_METADATA_VALUE_BYTES_MAX, reply->trailers.entries[0].value_bytes);
}

static void a_handler_may_add_as_much_as_the_limits_allow(void **state)
{
	(void)state;
	world.handlers.echo = try_trailers;
	ask(NULL, NULL, check_all_trailers);
}

static void a_stream_has_its_headers_before_its_items_and_trailers_at_its_end(void **state)
{
	const struct fast_metadata_entry entry = FAST_METADATA_TEXT("tenant", "t");
	const struct fast_metadata metadata = {&entry, 1};
	const struct fast_call_options options = {.size = sizeof options, .metadata = &metadata};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Testing__V1__ProbeResponse *item = NULL;
	const struct fast_metadata *got = NULL;
	struct fast_stream *stream = NULL;

	(void)state;
	assert_ok(testing_v1_probe_watch(world.client, &options, &request, &stream));
	assert_status(FAST_DEADLINE_EXCEEDED, fast_stream_headers(stream, 0, &got));
	assert_int_equal(0, got->count);
	world_run(&world);
	assert_string_equal("t", served.seen);
	assert_ok(served.header_status);
	assert_ok(fast_stream_headers(stream, 0, &got));
	assert_string_equal("unit", fast_metadata_text(got, "served-by"));
	assert_ok(testing_v1_probe_watch_next(stream, 0, &item));
	assert_non_null(item);
	assert_ok(testing_v1_probe_watch_next(stream, 0, &item));
	assert_null(item);
	assert_string_equal("unit",
			    fast_metadata_text(&fast_stream_reply(stream)->headers, "served-by"));
	assert_string_equal("1", fast_metadata_text(&fast_stream_reply(stream)->trailers, "cost"));
	fast_stream_close(stream);
}

static void what_travels_goes_again_with_a_call_that_is_sent_again(void **state)
{
	const struct fast_fault_rule rule = {.kind = FAST_FAULT_LOSE, .percent = 100};
	const struct fast_metadata_entry entry = FAST_METADATA_TEXT("tenant", "t");
	const struct fast_metadata metadata = {&entry, 1};
	struct fast_trace trace;
	const struct fast_call_options options = {
		.size = sizeof options, .timeout_ms = 1000, .metadata = &metadata, .trace = &trace};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_faults *faults = NULL;
	struct outcome outcome = {.count = 0};

	(void)state;
	assert_ok(fast_trace_parse(TRACEPARENT, &trace));
	assert_ok(fast_faults_new(&rule, 1, 1, &faults));
	assert_ok(fast_faults_serve(faults, world.server));
	world.handlers.read = echo;
	assert_ok(testing_v1_probe_read_start(world.client, &options, &request, outcome_note,
					      &outcome));
	world_run(&world);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_UNAVAILABLE, outcome.status);
	assert_int_equal(2, served.runs);
	assert_string_equal("t", served.seen);
	assert_string_equal(TRACEPARENT, served.traceparent);
	world_close_client(&world);
	world_run(&world);
	world_stop_server(&world);
	fast_faults_free(faults);
}

static void swept(const struct fast_reply *reply, void *arg)
{
	unsigned *count = arg;

	++*count;
	if (reply->status == FAST_OK) {
		check_good(reply);
	}
}

static void each_allocation_may_fail(void **state)
{
	const struct fast_metadata_entry entry = FAST_METADATA_TEXT("tenant", "t");
	const struct fast_metadata metadata = {&entry, 1};
	struct fast_trace trace;
	const struct fast_call_options options = {
		.size = sizeof options, .timeout_ms = 1000, .metadata = &metadata, .trace = &trace};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	bool has_fired = true;

	(void)state;
	fast_trace_new(NULL, &trace);
	trace.state = "a=b";
	request.number = 3;
	for (int n = 0; has_fired; n++) {
		unsigned count = 0;
		enum fast_status status;
		fault_alloc_after(n);
		status = testing_v1_probe_echo_start(world.client, &options, &request, swept,
						     &count);
		world_advance_ms(&world, 1000);
		has_fired = fault_alloc_fired();
		fault_alloc_after(-1);
		assert_int_equal(status == FAST_OK, count);
		world_advance_ms(&world, 20000); /* what the failure broke, heals */
	}
}

#define metadata_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		metadata_test(metadata_travels_both_ways),
		metadata_test(a_failure_carries_trailers_advice_and_its_origin),
		metadata_test(a_trace_reaches_the_handler),
		metadata_test(as_much_as_the_limits_allow_travels),
		metadata_test(a_handler_may_add_as_much_as_the_limits_allow),
		metadata_test(a_stream_has_its_headers_before_its_items_and_trailers_at_its_end),
		metadata_test(what_travels_goes_again_with_a_call_that_is_sent_again),
		metadata_test(each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
