#include "support/harness.h"

#include "base/arena.h"
#include "support/fault_alloc.h"

#include <string.h>

static void memory_is_aligned_and_apart(void **state)
{
	struct fast_arena arena;
	uint8_t *parts[200];

	(void)state;
	fast_arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < FAST_TEST_COUNT(parts); i++) {
		parts[i] = fast_arena_alloc(&arena, i);
		assert_non_null(parts[i]);
		assert_int_equal(0, (uintptr_t)parts[i] % 16);
		memset(parts[i], (int)i, i);
	}
	for (size_t i = 0; i < FAST_TEST_COUNT(parts); i++) {
		for (size_t k = 0; k < i; k++) {
			assert_int_equal(i, parts[i][k]);
		}
	}
	fast_arena_fini(&arena);
}

static void no_more_than_the_cap_is_given(void **state)
{
	struct fast_arena arena;
	size_t given = 0;

	(void)state;
	fast_arena_init(&arena, 100000);
	assert_null(fast_arena_alloc(&arena, 100001));
	assert_null(fast_arena_alloc(&arena, SIZE_MAX));
	while (fast_arena_alloc(&arena, 48) != NULL) {
		given += 48;
	}
	assert_true(given <= 100000);
	assert_true(given > 100000 - 64);
	assert_true(arena.used_bytes <= arena.cap_bytes);
	fast_arena_fini(&arena);
}

static void a_cap_of_zero_gives_nothing(void **state)
{
	struct fast_arena arena;

	(void)state;
	fast_arena_init(&arena, 0);
	assert_null(fast_arena_alloc(&arena, 0));
	assert_null(fast_arena_alloc(&arena, 1));
	fast_arena_fini(&arena);
}

static void a_copy_ends_with_a_zero(void **state)
{
	struct fast_arena arena;
	const char *copy;

	(void)state;
	fast_arena_init(&arena, 1000);
	copy = fast_arena_copy(&arena, "knob and more", 4);
	assert_string_equal("knob", copy);
	copy = fast_arena_copy(&arena, NULL, 0);
	assert_string_equal("", copy);
	assert_null(fast_arena_copy(&arena, "", SIZE_MAX));
	fast_arena_fini(&arena);
}

static void reset_keeps_one_block_for_the_next_use(void **state)
{
	struct fast_arena arena;
	unsigned long allocations;

	(void)state;
	fast_arena_init(&arena, 1 << 20);
	for (int i = 0; i < 1000; i++) {
		assert_non_null(fast_arena_alloc(&arena, 100));
	}
	fast_arena_reset(&arena);
	assert_int_equal(0, arena.used_bytes);
	allocations = fault_alloc_count();
	assert_non_null(fast_arena_alloc(&arena, 1000));
	assert_int_equal(allocations, fault_alloc_count());
	fast_arena_fini(&arena);
	fast_arena_reset(&arena);
	fast_arena_fini(&arena);
}

static void zeroed_memory_can_be_released(void **state)
{
	struct fast_arena arena;

	(void)state;
	memset(&arena, 0, sizeof arena);
	fast_arena_fini(&arena);
}

static void an_arena_in_its_own_block_costs_one_allocation(void **state)
{
	unsigned long before = fault_alloc_count();
	struct fast_arena *arena = fast_arena_new();
	uint8_t *data;

	(void)state;
	assert_non_null(arena);
	assert_null(fast_arena_alloc(arena, 1)); /* nothing, until it has a cap */
	arena->cap_bytes = 100000;
	data = fast_arena_alloc(arena, 1000);
	assert_non_null(data);
	memset(data, 0xff, 1000);
	assert_int_equal(before + 1, fault_alloc_count());
	assert_non_null(fast_arena_alloc(arena, 50000)); /* another block */
	assert_int_equal(before + 2, fault_alloc_count());
	fast_arena_free(arena);
	fast_arena_free(NULL);
	fault_alloc_after(0);
	assert_null(fast_arena_new());
	fault_alloc_after(-1);
}

static void the_allocator_allocates_and_frees_nothing(void **state)
{
	struct fast_arena arena;
	ProtobufCAllocator *allocator = &arena.allocator;
	void *data;

	(void)state;
	fast_arena_init(&arena, 1000);
	data = allocator->alloc(allocator->allocator_data, 10);
	assert_non_null(data);
	allocator->free(allocator->allocator_data, data);
	assert_int_equal(16, arena.used_bytes);
	fast_arena_fini(&arena);
}

static void alloc_survives_each_allocation_failure(void **state)
{
	struct fast_arena arena;
	int n = 0;
	int given;

	(void)state;
	do {
		fast_arena_init(&arena, 1 << 20);
		given = 0;
		fault_alloc_after(n++);
		while (given < 100 && fast_arena_alloc(&arena, 1000) != NULL) {
			given++;
		}
		assert_true(given == 100 || fault_alloc_fired());
		fast_arena_fini(&arena);
	} while (fault_alloc_fired());
	fault_alloc_after(-1);
	assert_int_equal(100, given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_aligned_and_apart),
		cmocka_unit_test(no_more_than_the_cap_is_given),
		cmocka_unit_test(a_cap_of_zero_gives_nothing),
		cmocka_unit_test(a_copy_ends_with_a_zero),
		cmocka_unit_test(reset_keeps_one_block_for_the_next_use),
		cmocka_unit_test(zeroed_memory_can_be_released),
		cmocka_unit_test(an_arena_in_its_own_block_costs_one_allocation),
		cmocka_unit_test(the_allocator_allocates_and_frees_nothing),
		cmocka_unit_test(alloc_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
