/* No memory, at each place in turn. */
#include "tests/connect/http_peer.h"
#include "tests/connect/probe_world.h"
#include "tests/support/fault_alloc.h"
#include "tests/support/harness.h"

#include <string.h>

static void open_survives_each_allocation_failure(void **state)
{
	struct probe_world *world = NULL;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		world = probe_world_open(NULL);
		if (!fault_alloc_fired()) {
			break;
		}
		fault_alloc_after(-1);
		probe_world_close(world); /* where it did without */
	}
	fault_alloc_after(-1);
	assert_non_null(world);
	assert_true(n > 20);
	probe_world_close(world);
}

/* Each request is answered, well or not, or its connection ends; and the next one is served. */
static void sweep(const char *method, const char *json, bool is_stream, const char *wanted)
{
	struct probe_world *world = probe_world_open(NULL);
	struct http_peer *peer;
	bool has_fired = true;
	int n = 0;

	assert_non_null(world);
	while (has_fired) {
		peer = http_peer_open(probe_world_port(world));
		assert_non_null(peer);
		fault_alloc_after(n++);
		peer->is_done = true;
		/* A connection may be closed before all was said. */
		(void)(is_stream ? http_peer_post_stream(peer, method, json)
				 : http_peer_post(peer, method, json));
		if (!http_peer_hears_end(peer)) {
			fail_msg("allocation %d: no end after %s", n, peer->heard);
		}
		has_fired = fault_alloc_fired();
		fault_alloc_after(-1);
		if (!has_fired) {
			assert_non_null(
				memmem(peer->heard, peer->heard_bytes, wanted, strlen(wanted)));
		}
		http_peer_close(peer);
	}
	assert_true(n > 10);
	probe_world_close(world);
}

static void a_unary_call_survives_each_allocation_failure(void **state)
{
	(void)state;
	sweep("Echo", "{\"number\":5,\"text\":\"abc\"}", false, "\"number\":5");
}

static void a_failure_survives_each_allocation_failure(void **state)
{
	(void)state;
	sweep("Echo", "{\"text\":\"fail\"}", false, "testing.v1.ProbeRequest");
}

static void a_stream_survives_each_allocation_failure(void **state)
{
	(void)state;
	sweep("Watch", "{\"number\":3}", true, "\"number\":3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_survives_each_allocation_failure),
		cmocka_unit_test(a_unary_call_survives_each_allocation_failure),
		cmocka_unit_test(a_failure_survives_each_allocation_failure),
		cmocka_unit_test(a_stream_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
