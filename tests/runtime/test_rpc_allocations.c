/* What a call allocates when all that is kept for reuse is there. */
#include "rpc_real.h"

#include "support/fault_alloc.h"

#define WARM_UP_CALLS 200
#define CALLS         1000

/* Of a whole call, both sides being in this process. A caller that waits needs three: its request,
 * the answer's frame, and the block that the answer is unpacked into. */
#define ALLOCATIONS_PER_CALL 3

static unsigned long allocations_of(struct fast_client *client, unsigned calls)
{
	unsigned long before = fault_alloc_count();

	for (unsigned i = 0; i < calls; i++) {
		assert_ok(real_echo(client, i, 20000, NULL));
	}
	return fault_alloc_count() - before;
}

static void a_call_allocates_its_messages_and_nothing_else(void **state)
{
	struct real real;
	struct fast_client *client;
	unsigned long allocations;

	(void)state;
	real_open(&real, NULL, FAST_SERVICE_INLINE);
	client = real_client(real.endpoint);
	allocations_of(client, WARM_UP_CALLS);
	allocations = allocations_of(client, CALLS);
	print_message("%s: %.2f allocations per call\n", real_transport,
		      (double)allocations / CALLS);
	/* Now and then another thread allocates something of its own. */
	assert_in_range(allocations, CALLS, ALLOCATIONS_PER_CALL * CALLS + CALLS / 100);
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

int main(void)
{
	static const char *const transports[] = {"ipc", "unix", "inproc"};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_allocates_its_messages_and_nothing_else),
	};
	int failed = 0;

	for (size_t i = 0; i < FAST_TEST_COUNT(transports); i++) {
		real_transport = transports[i];
		failed += cmocka_run_group_tests_name(real_transport, tests, NULL, NULL);
	}
	return failed;
}
