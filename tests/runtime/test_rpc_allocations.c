/* What a call allocates when all that is kept for reuse is there. */
#include "rpc_real.h"

#include "support/fault_alloc.h"

#define WARM_UP_CALLS 200
#define CALLS         1000

/* Of a whole call, both sides being in this process. A caller that waits needs three: its request,
 * the answer's frame, and the block that the answer is unpacked into. */
#define ALLOCATIONS_PER_CALL 3

static unsigned long allocations_of(struct fast_client *client, enum fast_once once, unsigned calls)
{
	struct fast_call_options options = {
		.size = sizeof options, .timeout_ms = 20000, .once = once};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	unsigned long before = fault_alloc_count();
	struct fast_reply reply;

	for (request.number = 0; request.number < calls; request.number++) {
		assert_ok(testing_v1_probe_echo(client, &options, &request, &reply));
		fast_reply_fini(&reply);
	}
	return fault_alloc_count() - before;
}

static void assert_allocations(enum fast_once once, unsigned per_call)
{
	struct real real;
	struct fast_client *client;
	unsigned long allocations;

	real_open(&real, NULL, FAST_SERVICE_INLINE);
	client = real_client(real.endpoint);
	allocations_of(client, once, WARM_UP_CALLS);
	allocations = allocations_of(client, once, CALLS);
	print_message("%s: %.2f allocations per call\n", real_transport,
		      (double)allocations / CALLS);
	/* Now and then another thread allocates something of its own. */
	assert_in_range(allocations, CALLS, per_call * CALLS + CALLS / 100);
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

static void a_call_allocates_its_messages_and_nothing_else(void **state)
{
	(void)state;
	assert_allocations(FAST_ONCE_OFF, ALLOCATIONS_PER_CALL);
}

static void a_call_with_a_key_allocates_the_answer_that_is_kept_too(void **state)
{
	(void)state;
	assert_allocations(FAST_ONCE_ON, ALLOCATIONS_PER_CALL + 1);
}

int main(void)
{
	static const char *const transports[] = {"ipc", "unix", "inproc"};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_allocates_its_messages_and_nothing_else),
		cmocka_unit_test(a_call_with_a_key_allocates_the_answer_that_is_kept_too),
	};
	int failed = 0;

	for (size_t i = 0; i < FAST_TEST_COUNT(transports); i++) {
		real_transport = transports[i];
		failed += cmocka_run_group_tests_name(real_transport, tests, NULL, NULL);
	}
	return failed;
}
