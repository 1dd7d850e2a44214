#include "support/harness.h"

#include "random.h"
#include "rpc/call_table.h"
#include "support/fault_alloc.h"
#include <stdbool.h>

#define IDS 1024

static uint32_t id_of(uint32_t i)
{
	return 0x80000000u | (i + 1);
}

static void a_table_knows_what_was_added_and_not_removed(void **state)
{
	static bool is_in[IDS];
	static char calls[IDS];
	struct fast_call_table table = {.entries = NULL};
	uint64_t random = 1;
	uint32_t count = 0;

	(void)state;
	for (int step = 0; step < 100000; step++) {
		uint32_t i = random_below(&random, IDS);
		assert_ptr_equal(is_in[i] ? &calls[i] : NULL,
				 fast_call_table_find(&table, id_of(i)));
		if (is_in[i]) {
			assert_ptr_equal(&calls[i], fast_call_table_remove(&table, id_of(i)));
			count--;
		} else {
			assert_ok(fast_call_table_reserve(&table));
			fast_call_table_add(&table, id_of(i), &calls[i]);
			count++;
		}
		is_in[i] = !is_in[i];
		assert_int_equal(count, table.count);
	}
	fast_call_table_fini(&table);
}

static void what_was_never_added_is_not_there(void **state)
{
	struct fast_call_table table = {.entries = NULL};
	uint32_t slot = 0;

	(void)state;
	assert_null(fast_call_table_find(&table, id_of(1)));
	assert_null(fast_call_table_remove(&table, id_of(1)));
	assert_null(fast_call_table_next(&table, &slot));
	fast_call_table_fini(&table);
}

static void each_call_can_be_taken_while_going_through(void **state)
{
	static unsigned seen[IDS];
	struct fast_call_table table = {.entries = NULL};
	uint32_t slot = 0;
	unsigned *call;

	(void)state;
	for (uint32_t i = 0; i < IDS; i++) {
		assert_ok(fast_call_table_reserve(&table));
		fast_call_table_add(&table, id_of(i), &seen[i]);
	}
	while ((call = fast_call_table_next(&table, &slot)) != NULL) {
		(*call)++;
		assert_ptr_equal(call,
				 fast_call_table_remove(&table, id_of((uint32_t)(call - seen))));
	}
	for (uint32_t i = 0; i < IDS; i++) {
		assert_int_equal(1, seen[i]);
	}
	assert_int_equal(0, table.count);
	fast_call_table_fini(&table);
}

static void a_table_that_cannot_grow_keeps_what_it_has(void **state)
{
	struct fast_call_table table = {.entries = NULL};
	char call;
	uint32_t count = 0;

	(void)state;
	assert_ok(fast_call_table_reserve(&table));
	fault_alloc_after(0);
	while (fast_call_table_reserve(&table) == FAST_OK) {
		fast_call_table_add(&table, id_of(count++), &call);
	}
	assert_true(fault_alloc_fired());
	fault_alloc_after(-1);
	for (uint32_t i = 0; i < count; i++) {
		assert_ptr_equal(&call, fast_call_table_find(&table, id_of(i)));
	}
	assert_ok(fast_call_table_reserve(&table));
	fast_call_table_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_knows_what_was_added_and_not_removed),
		cmocka_unit_test(what_was_never_added_is_not_there),
		cmocka_unit_test(each_call_can_be_taken_while_going_through),
		cmocka_unit_test(a_table_that_cannot_grow_keeps_what_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
