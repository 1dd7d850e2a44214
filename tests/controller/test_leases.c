/* Who holds a knob, and until when, by a clock of the test's own. */
#include "support/harness.h"

#include "daemon/leases.h"

#include "support/fault_alloc.h"

#include <stdio.h>

#define S INT64_C(1000000000)

static const struct node_lease_terms terms = {.ttl_ms = 2000, .on_loss = NODE_ON_LOSS_REVERT};

static struct lease *lease_make(uint64_t id, const char *instance, const char *param)
{
	struct lease *lease = lease_new(id, instance, "someone", &terms, 1);

	assert_non_null(lease);
	assert_ok(lease_add_param(lease, param, NULL));
	return lease;
}

static void a_lease_ends_when_it_is_not_renewed(void **state)
{
	struct leases leases = {0};
	struct lease *lease = lease_make(1, "cam", "quality");

	(void)state;
	assert_ok(leases_add(&leases, lease));
	lease_renew(lease, 10 * S);
	assert_int_equal(2000, lease_left_ms(lease, 10 * S));
	assert_int_equal(1, lease_left_ms(lease, 12 * S - 1));
	assert_null(leases_expired(&leases, 12 * S - 1));
	assert_ptr_equal(lease, leases_expired(&leases, 12 * S));
	assert_int_equal(0, lease_left_ms(lease, 12 * S));
	lease_renew(lease, 11 * S);
	assert_null(leases_expired(&leases, 12 * S));
	assert_int_equal(13 * S, leases_deadline(&leases));
	leases_fini(&leases);
}

static void a_lease_on_its_way_holds_and_does_not_end(void **state)
{
	struct leases leases = {0};
	struct lease *lease = lease_make(1, "cam", "quality");

	(void)state;
	assert_ok(leases_add(&leases, lease));
	assert_null(leases_expired(&leases, INT64_MAX));
	assert_int_equal(INT64_MAX, leases_deadline(&leases));
	assert_int_equal(2000, lease_left_ms(lease, 5));
	assert_ptr_equal(lease, leases_holder(&leases, "cam", "quality"));
	leases_fini(&leases);
}

static void the_end_of_its_process_ends_a_lease_for_good(void **state)
{
	struct leases leases = {0};
	struct lease *lease = lease_make(1, "cam", "quality");

	(void)state;
	assert_ok(leases_add(&leases, lease));
	lease_renew(lease, 10 * S);
	lease_orphan(lease, 11 * S);
	assert_ptr_equal(lease, leases_expired(&leases, 11 * S));
	lease_renew(lease, 11 * S); /* too late */
	assert_ptr_equal(lease, leases_expired(&leases, 11 * S));
	leases_fini(&leases);
}

static void a_lease_is_its_principals(void **state)
{
	struct lease *lease = lease_make(1, "cam", "quality");

	(void)state;
	assert_true(lease_is_of(lease, "uid 7")); /* nobody's: from an older store */
	(void)snprintf(lease->principal, sizeof lease->principal, "uid 1000");
	assert_true(lease_is_of(lease, "uid 1000"));
	assert_true(lease_is_of(lease, NULL));
	assert_false(lease_is_of(lease, "uid 100"));
	lease_free(lease);
}

static void a_holder_is_found_by_plugin_and_knob(void **state)
{
	struct leases leases = {0};
	struct lease *cam = lease_make(1, "cam", "quality");
	struct lease *mic = lease_make(2, "mic", "quality");

	(void)state;
	assert_ok(leases_add(&leases, cam));
	assert_ok(leases_add(&leases, mic));
	assert_ptr_equal(cam, leases_holder(&leases, "cam", "quality"));
	assert_ptr_equal(mic, leases_holder(&leases, "mic", "quality"));
	assert_null(leases_holder(&leases, "cam", "size"));
	assert_null(leases_holder(&leases, "ca", "quality"));
	leases_remove(&leases, cam);
	lease_free(cam);
	assert_null(leases_holder(&leases, "cam", "quality"));
	assert_null(leases_find(&leases, 1));
	assert_ptr_equal(mic, leases_find(&leases, 2));
	leases_fini(&leases);
}

static void there_is_a_limit_of_leases(void **state)
{
	struct leases leases = {0};
	struct lease *one_more = lease_make(LEASES_MAX, "cam", "quality");

	(void)state;
	for (uint64_t i = 0; i < LEASES_MAX; i++) {
		assert_ok(leases_add(&leases, lease_make(i, "cam", "quality")));
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, leases_add(&leases, one_more));
	lease_free(one_more);
	leases_fini(&leases);
}

static void new_survives_each_allocation_failure(void **state)
{
	struct lease *lease = NULL;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		lease = lease_new(1, "cam", "someone", &terms, 4);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_null(lease);
	}
	fault_alloc_after(-1);
	assert_non_null(lease);
	lease_free(lease);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lease_ends_when_it_is_not_renewed),
		cmocka_unit_test(a_lease_on_its_way_holds_and_does_not_end),
		cmocka_unit_test(the_end_of_its_process_ends_a_lease_for_good),
		cmocka_unit_test(a_lease_is_its_principals),
		cmocka_unit_test(a_holder_is_found_by_plugin_and_knob),
		cmocka_unit_test(there_is_a_limit_of_leases),
		cmocka_unit_test(new_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
