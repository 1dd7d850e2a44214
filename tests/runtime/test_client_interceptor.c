/* What looks at the calls of a client. */
#include "rpc_world.h"

#include "support/fault_alloc.h"
#include <fast/interceptor.h>
#include <string.h>

static struct world world;

/* What the interceptor does with a call that is about to be sent. */
static struct {
	const char *key; /* NULL: adds nothing */
	uint32_t hold_ms;
	int64_t deadline_ns; /* 0: no other */
	enum fast_status rejects;
	enum fast_status added;
	unsigned before;
	unsigned after;
	enum fast_status told;
	int64_t duration_ns;
	char seen[64]; /* "tenant" at the server */
} plan;

static void before(struct fast_outgoing *outgoing, void *arg)
{
	(void)arg;
	plan.before++;
	assert_non_null(fast_outgoing_request(outgoing));
	if (plan.key != NULL) {
		plan.added = fast_outgoing_add(outgoing, plan.key, "field 7", 7);
	}
	if (plan.deadline_ns != 0) {
		fast_outgoing_limit(outgoing, plan.deadline_ns);
		assert_true(fast_outgoing_deadline_ns(outgoing) <= plan.deadline_ns);
	}
	fast_outgoing_hold_ms(outgoing, plan.hold_ms);
	if (plan.rejects != FAST_OK) {
		fast_outgoing_reject(outgoing, plan.rejects, "%s is not for you",
				     fast_outgoing_method(outgoing)->path);
	}
}

static void after(const struct fast_method *method, const struct fast_reply *reply,
		  int64_t duration_ns, void *arg)
{
	(void)arg;
	assert_non_null(method);
	plan.after++;
	plan.told = reply->status;
	plan.duration_ns = duration_ns;
}

static void echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	const char *tenant = fast_metadata_text(fast_call_metadata(call), "tenant");
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)arg;
	memcpy(plan.seen, tenant == NULL ? "" : tenant, tenant == NULL ? 1 : strlen(tenant) + 1);
	world.requests++;
	response.number = request->number;
	testing_v1_probe_echo_reply(call, &response);
}

static int setup(void **state)
{
	const struct fast_client_interceptor interceptor = {before, after, NULL};

	(void)state;
	memset(&plan, 0, sizeof plan);
	world_open(&world, NULL);
	world.handlers.echo = echo;
	assert_ok(fast_client_intercept(world.client, &interceptor));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

static void one_adds_headers_and_is_told_of_the_reply(void **state)
{
	struct outcome outcome;

	(void)state;
	plan.key = "tenant";
	world_ask(&world, 3, 100, &outcome);
	world_run(&world);
	assert_ok(outcome.status);
	assert_ok(plan.added);
	assert_string_equal("field 7", plan.seen);
	assert_int_equal(1, plan.before);
	assert_int_equal(1, plan.after);
	assert_ok(plan.told);
	plan.key = "Tenant";
	world_ask(&world, 3, 100, &outcome);
	world_run(&world);
	assert_status(FAST_INVALID_ARGUMENT, plan.added);
	assert_ok(outcome.status); /* it goes without */
	assert_string_equal("", plan.seen);
}

static void one_may_refuse_a_call_before_it_is_sent(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_stream *stream = NULL;
	struct fast_reply reply;

	(void)state;
	plan.rejects = FAST_PERMISSION_DENIED;
	assert_status(FAST_PERMISSION_DENIED,
		      testing_v1_probe_echo(world.client, NULL, &request, &reply));
	assert_int_equal(FAST_EXECUTED_NO, reply.executed);
	assert_string_equal("testing.v1.Probe/Echo is not for you", reply.text);
	fast_reply_fini(&reply);
	assert_int_equal(1, plan.after);
	assert_status(FAST_PERMISSION_DENIED, plan.told);
	assert_status(FAST_PERMISSION_DENIED,
		      testing_v1_probe_echo_start(world.client, NULL, &request, outcome_note,
						  &(struct outcome){.count = 0}));
	assert_status(FAST_PERMISSION_DENIED,
		      testing_v1_probe_watch(world.client, NULL, &request, &stream));
	assert_int_equal(3, plan.before);
	assert_int_equal(3, plan.after);
	assert_int_equal(0, world.dials);
}

static void one_may_bring_the_deadline_forward_but_not_put_it_off(void **state)
{
	struct outcome outcome;

	(void)state;
	world_stop_server(&world);
	world.has_peer_links = true; /* nobody answers */
	plan.deadline_ns = world.now_ns + INT64_C(40) * 1000000;
	world_ask(&world, 3, 100, &outcome);
	world_advance_ms(&world, 39);
	assert_int_equal(0, outcome.count);
	world_advance_ms(&world, 1);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
	assert_true(plan.duration_ns == INT64_C(40) * 1000000);
	plan.deadline_ns = INT64_MAX;
	world_ask(&world, 3, 100, &outcome);
	world_advance_ms(&world, 100);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
}

static void one_may_have_a_call_sent_later_and_others_go_ahead(void **state)
{
	struct outcome slow;
	struct outcome fast;

	(void)state;
	plan.hold_ms = 50;
	world_ask(&world, 1, 1000, &slow);
	plan.hold_ms = 0;
	world_ask(&world, 2, 1000, &fast);
	world_run(&world);
	assert_ok(fast.status);
	assert_int_equal(1, fast.count);
	world_advance_ms(&world, 49);
	assert_int_equal(0, slow.count);
	world_advance_ms(&world, 1);
	assert_int_equal(1, slow.count);
	assert_ok(slow.status);
	assert_int_equal(1, slow.number);
	assert_true(plan.duration_ns == INT64_C(50) * 1000000);
}

static void the_deadline_bounds_what_is_held_too(void **state)
{
	struct outcome outcome;

	(void)state;
	plan.hold_ms = 500;
	world_ask(&world, 1, 100, &outcome);
	world_advance_ms(&world, 100);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_DEADLINE_EXCEEDED, outcome.status);
	assert_int_equal(FAST_EXECUTED_NO, outcome.executed);
	world_advance_ms(&world, 1000);
	assert_int_equal(1, outcome.count);
	assert_int_equal(0, world.requests);
}

static void a_close_ends_what_is_held(void **state)
{
	struct outcome outcome;

	(void)state;
	plan.hold_ms = 500;
	world_ask(&world, 1, 1000, &outcome);
	world_close_client(&world);
	assert_int_equal(1, outcome.count);
	assert_status(FAST_CANCELLED, outcome.status);
	assert_int_equal(1, plan.after);
}

static void of_a_stream_one_is_told_at_its_close(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	const Testing__V1__ProbeResponse *item = NULL;
	struct fast_stream *stream = NULL;

	(void)state;
	plan.hold_ms = 20;
	request.number = 1;
	assert_ok(testing_v1_probe_watch(world.client, NULL, &request, &stream));
	world_advance_ms(&world, 20);
	assert_ok(testing_v1_probe_watch_next(stream, 0, &item));
	assert_non_null(item);
	assert_ok(testing_v1_probe_watch_next(stream, 0, &item));
	assert_null(item);
	assert_int_equal(0, plan.after);
	fast_stream_close(stream);
	assert_int_equal(1, plan.after);
	assert_ok(plan.told);
}

static void they_are_added_before_the_first_call_and_not_without_limit(void **state)
{
	const struct fast_client_interceptor nothing = {NULL, NULL, NULL};
	struct outcome outcome;

	(void)state;
	for (int i = 1; i < FAST_INTERCEPTORS_MAX; i++) {
		assert_ok(fast_client_intercept(world.client, &nothing));
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_client_intercept(world.client, &nothing));
	world_ask(&world, 3, 100, &outcome);
	world_run(&world);
	assert_ok(outcome.status);
	assert_status(FAST_FAILED_PRECONDITION, fast_client_intercept(world.client, &nothing));
}

static void each_allocation_may_fail(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	bool has_fired = true;

	(void)state;
	plan.key = "tenant";
	plan.hold_ms = 10;
	for (int n = 0; has_fired; n++) {
		struct outcome outcome = {.count = 0};
		struct fast_call_options options = {.size = sizeof options, .timeout_ms = 1000};
		enum fast_status status;
		plan.before = 0;
		plan.after = 0;
		fault_alloc_after(n);
		status = testing_v1_probe_echo_start(world.client, &options, &request, outcome_note,
						     &outcome);
		world_advance_ms(&world, 1000);
		has_fired = fault_alloc_fired();
		fault_alloc_after(-1);
		assert_int_equal(status == FAST_OK, outcome.count);
		assert_int_equal(plan.before, plan.after);
		assert_true(status == FAST_OK || plan.after == 0 || plan.told == status);
		world_advance_ms(&world, 20000); /* what the failure broke, heals */
	}
}

#define interceptor_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		interceptor_test(one_adds_headers_and_is_told_of_the_reply),
		interceptor_test(one_may_refuse_a_call_before_it_is_sent),
		interceptor_test(one_may_bring_the_deadline_forward_but_not_put_it_off),
		interceptor_test(one_may_have_a_call_sent_later_and_others_go_ahead),
		interceptor_test(the_deadline_bounds_what_is_held_too),
		interceptor_test(a_close_ends_what_is_held),
		interceptor_test(of_a_stream_one_is_told_at_its_close),
		interceptor_test(they_are_added_before_the_first_call_and_not_without_limit),
		interceptor_test(each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
