/* Calls made while another is handled: of two servers the front one asks the back one. */
#include "rpc_world.h"

#include <pthread.h>
#include <string.h>

#define TRACEPARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static struct world front;
static struct world back;

/* What the handler of the front does. */
static struct {
	int64_t timeout_ms; /* of its own call */
	bool no_parent;
	bool passes_on;      /* the answer of the back; else its call is kept */
	bool answers_before; /* ends its call, then asks */
	bool answers_on_another_thread;
	struct fast_call *kept;
	struct outcome outcome; /* of its call to the back */
	enum fast_status started;
	struct fast_stream *stream; /* instead of the call */
} middle;

static char back_trace[FAST_TRACE_TEXT_BYTES];
static int64_t back_deadline_ns;

static void run(int64_t ms)
{
	for (int turn = 0; turn < 4; turn++) {
		world_run(&front);
		world_run(&back);
	}
	if (ms > 0) {
		front.now_ns += ms * 1000000;
		back.now_ns += ms * 1000000;
		run(0);
	}
}

static void answer(struct fast_call *call)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	testing_v1_probe_echo_reply(call, &response);
}

static void *answer_body(void *call)
{
	answer(call);
	return NULL;
}

static void back_answered(const struct fast_reply *reply, void *arg)
{
	outcome_note(reply, &middle.outcome);
	if (!middle.passes_on) {
		return;
	}
	if (reply->status == FAST_OK) {
		answer(arg);
	} else {
		fast_call_pass_on(arg, reply);
	}
}

static void end_before_asking(struct fast_call *call)
{
	pthread_t other;

	if (middle.answers_before) {
		answer(call);
	}
	if (middle.answers_on_another_thread) {
		assert_int_equal(0, pthread_create(&other, NULL, answer_body, call));
		assert_int_equal(0, pthread_join(other, NULL));
	}
}

static void front_echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	struct fast_call_options options = {.size = sizeof options,
					    .timeout_ms = middle.timeout_ms,
					    .no_parent = middle.no_parent};
	Testing__V1__ProbeRequest copy = TESTING__V1__PROBE_REQUEST__INIT;

	(void)arg;
	copy.number = request->number;
	end_before_asking(call);
	middle.kept = call;
	middle.started =
		testing_v1_probe_echo_start(back.client, &options, &copy, back_answered, call);
}

static void front_watch(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	const struct fast_call_options options = {.size = sizeof options,
						  .timeout_ms = middle.timeout_ms};

	(void)arg;
	middle.kept = call;
	assert_ok(testing_v1_probe_watch(back.client, &options, request, &middle.stream));
}

static void back_echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	back_deadline_ns = fast_call_deadline_ns(call);
	back_trace[0] = 0;
	if (fast_call_trace(call) != NULL) {
		fast_trace_format(fast_call_trace(call), back_trace);
	}
	assert_int_equal(0, fast_call_metadata(call)->count);
	(void)arg;
	if (back.handling == WORLD_ANSWERS) {
		answer(call);
	} else if (back.handling == WORLD_FAILS) {
		fast_call_set_retry_after_ms(call, 70);
		fast_call_add_detail(call, &request->base);
		fast_call_fail(call, FAST_ABORTED, "the back says no");
	} else {
		back.kept[back.kept_count++] = call;
	}
}

static int setup(void **state)
{
	const struct fast_server_options front_options = {.size = sizeof front_options,
							  .node = "front"};
	const struct fast_server_options back_options = {.size = sizeof back_options,
							 .node = "back"};

	(void)state;
	memset(&middle, 0, sizeof middle);
	middle.timeout_ms = 60000;
	world_open(&front, &front_options);
	world_open(&back, &back_options);
	front.handlers.echo = front_echo;
	front.handlers.watch = front_watch;
	back.handlers.echo = back_echo;
	back.handling = WORLD_KEEPS;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (middle.stream != NULL) {
		fast_stream_close(middle.stream);
	}
	run(0);
	for (unsigned i = 0; i < back.kept_count; i++) {
		fast_call_fail(back.kept[i], FAST_CANCELLED, "the test is over");
	}
	run(0);
	world_close(&back);
	world_close(&front);
	return 0;
}

static void ask_front(int64_t timeout_ms, const struct fast_trace *trace, struct outcome *outcome)
{
	const struct fast_metadata_entry entry = FAST_METADATA_TEXT("not-passed", "on");
	const struct fast_metadata metadata = {&entry, 1};
	const struct fast_call_options options = {.size = sizeof options,
						  .timeout_ms = timeout_ms,
						  .trace = trace,
						  .metadata = &metadata};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	*outcome = (struct outcome){.count = 0};
	assert_ok(testing_v1_probe_echo_start(front.client, &options, &request, outcome_note,
					      outcome));
	run(0);
}

static void a_nested_call_has_the_earlier_deadline_and_the_trace(void **state)
{
	struct fast_trace trace;
	struct outcome outcome;

	(void)state;
	middle.passes_on = true;
	assert_ok(fast_trace_parse(TRACEPARENT, &trace));
	ask_front(100, &trace, &outcome);
	assert_int_equal(1, back.kept_count);
	assert_true(back_deadline_ns <= front.now_ns + 100 * 1000000);
	assert_true(back_deadline_ns > front.now_ns + 98 * 1000000);
	assert_string_equal(TRACEPARENT, back_trace);
	run(99);
	assert_int_equal(0, middle.outcome.count);
	run(1);
	assert_int_equal(1, middle.outcome.count);
	assert_true(fast_call_is_cancelled(back.kept[0]));
	assert_int_equal(1, outcome.count);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
}

static void a_nested_call_keeps_its_own_deadline_where_that_is_earlier(void **state)
{
	struct outcome outcome;

	(void)state;
	middle.timeout_ms = 30;
	middle.passes_on = true;
	ask_front(100, NULL, &outcome);
	assert_string_equal("", back_trace);
	run(30);
	assert_status(FAST_DEADLINE_EXCEEDED, middle.outcome.status);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
	assert_string_equal("front", outcome.origin);
}

static void a_failure_that_is_passed_on_says_where_it_arose(void **state)
{
	struct outcome outcome;

	(void)state;
	back.handling = WORLD_FAILS;
	middle.passes_on = true;
	ask_front(100, NULL, &outcome);
	assert_status(FAST_ABORTED, outcome.status);
	assert_string_equal("the back says no", outcome.text);
	assert_string_equal("back", outcome.origin);
	assert_int_equal(70, outcome.retry_after_ms);
	assert_int_equal(1, outcome.details);
	assert_int_equal(FAST_EXECUTED_YES, outcome.executed);
}

static void the_loss_of_the_caller_cancels_what_was_asked_for_it(void **state)
{
	struct outcome outcome;

	(void)state;
	ask_front(60000, NULL, &outcome);
	assert_int_equal(1, back.kept_count);
	world_close_client(&front);
	run(0);
	assert_int_equal(1, middle.outcome.count);
	assert_status(FAST_CANCELLED, middle.outcome.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, middle.outcome.executed);
	assert_non_null(strstr(middle.outcome.text, "the call that it was made for was cancelled"));
	assert_true(fast_call_is_cancelled(back.kept[0]));

	/* What is asked for it from now on is refused at once. */
	const struct fast_call_options options = {.size = sizeof options, .parent = middle.kept};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;
	assert_status(FAST_CANCELLED,
		      testing_v1_probe_echo(back.client, &options, &request, &reply));
	assert_int_equal(FAST_EXECUTED_NO, reply.executed);
	fast_reply_fini(&reply);
	fast_call_fail(middle.kept, FAST_CANCELLED, "nobody waits");
}

static void after_the_deadline_nothing_is_asked_for_a_call(void **state)
{
	struct outcome outcome;
	struct fast_reply reply;
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	(void)state;
	ask_front(50, NULL, &outcome);
	run(50);
	const struct fast_call_options options = {.size = sizeof options, .parent = middle.kept};
	assert_status(FAST_DEADLINE_EXCEEDED,
		      testing_v1_probe_echo(back.client, &options, &request, &reply));
	assert_int_equal(FAST_EXECUTED_NO, reply.executed);
	assert_non_null(strstr(reply.text, "deadline of the call that it was made for"));
	fast_reply_fini(&reply);
	assert_int_equal(1, back.kept_count);
	fast_call_fail(middle.kept, FAST_DEADLINE_EXCEEDED, "too late");
}

static void a_nested_stream_is_cancelled_too(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Testing__V1__ProbeResponse *item = NULL;
	struct fast_stream *stream = NULL;

	(void)state;
	assert_ok(testing_v1_probe_watch(front.client, NULL, &request, &stream));
	run(0);
	assert_int_equal(1, back.kept_count);
	fast_stream_close(stream);
	run(0);
	assert_status(FAST_CANCELLED, testing_v1_probe_watch_next(middle.stream, 0, &item));
	assert_true(fast_stream_ended(middle.stream));
	assert_int_equal(1, back.cancelled);
	fast_call_fail(middle.kept, FAST_CANCELLED, "nobody waits");
}

static void an_answer_sets_free_what_was_asked_for_it(void **state)
{
	struct outcome outcome;

	(void)state;
	ask_front(60000, NULL, &outcome);
	answer(middle.kept);
	run(0);
	assert_ok(outcome.status);
	world_close_client(&front);
	run(0);
	assert_int_equal(0, middle.outcome.count);
	answer(back.kept[0]);
	back.kept_count = 0;
	run(0);
	assert_int_equal(1, middle.outcome.count);
	assert_ok(middle.outcome.status);
}

static void what_a_handler_asks_after_its_answer_is_its_own(void **state)
{
	struct outcome outcome;

	(void)state;
	middle.answers_before = true;
	ask_front(50, NULL, &outcome);
	assert_ok(outcome.status);
	assert_int_equal(1, back.kept_count);
	assert_true(back_deadline_ns > front.now_ns + INT64_C(59000) * 1000000);
}

static void a_call_outlives_its_handler_even_when_another_thread_ends_it(void **state)
{
	struct outcome outcome;

	(void)state;
	middle.answers_on_another_thread = true;
	for (int i = 0; i < 100; i++) { /* more than there are spare ones */
		ask_front(50, NULL, &outcome);
		assert_ok(outcome.status);
		assert_ok(middle.started);
		assert_true(back_deadline_ns > front.now_ns + INT64_C(59000) * 1000000);
	}
	assert_int_equal(100, back.kept_count);
}

static void a_call_may_go_on_its_own(void **state)
{
	struct fast_trace trace;
	struct outcome outcome;

	(void)state;
	assert_ok(fast_trace_parse(TRACEPARENT, &trace));
	middle.no_parent = true;
	ask_front(50, &trace, &outcome);
	assert_string_equal("", back_trace);
	run(50);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
	assert_int_equal(0, middle.outcome.count);
	assert_false(fast_call_is_cancelled(back.kept[0]));
	fast_call_fail(middle.kept, FAST_DEADLINE_EXCEEDED, "too late");
}

#define nested_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		nested_test(a_nested_call_has_the_earlier_deadline_and_the_trace),
		nested_test(a_nested_call_keeps_its_own_deadline_where_that_is_earlier),
		nested_test(a_failure_that_is_passed_on_says_where_it_arose),
		nested_test(the_loss_of_the_caller_cancels_what_was_asked_for_it),
		nested_test(after_the_deadline_nothing_is_asked_for_a_call),
		nested_test(a_nested_stream_is_cancelled_too),
		nested_test(an_answer_sets_free_what_was_asked_for_it),
		nested_test(what_a_handler_asks_after_its_answer_is_its_own),
		nested_test(a_call_outlives_its_handler_even_when_another_thread_ends_it),
		nested_test(a_call_may_go_on_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
