#include <names.h>

#include <names.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "support/fault_alloc.h"
#include "support/harness.h"

/* What protoc-c made of names.proto: a wrong symbol here would not compile. */
#define SYMBOL(name)                                                                               \
	{                                                                                          \
		&names__v1beta2__with_underscore__camel_part__##name##__descriptor,                \
			"names__v1beta2__with_underscore__camel_part__" #name                      \
	}

static const struct {
	const ProtobufCMessageDescriptor *descriptor;
	const char *symbol;
} symbols[] = {
	SYMBOL(plain),       SYMBOL(plain__nested),     SYMBOL(plain__nested__deep_nested),
	SYMBOL(httpstatus),  SYMBOL(get_httpstatus),    SYMBOL(snake_case),
	SYMBOL(a),           SYMBOL(mixed__case__name), SYMBOL(x1_y2z3),
	SYMBOL(__leading),   SYMBOL(trailing_),         SYMBOL(two___underscores),
	SYMBOL(lower_camel),
};

typedef Names__V1beta2__WithUnderscore__CamelPart__Spelling_Service spelling_service;

#define MEMBER(name)                                                                               \
	{                                                                                          \
		offsetof(spelling_service, name), #name                                            \
	}

/* Members of protoc-c's own service, in the order of the methods. */
static const struct {
	size_t offset;
	const char *name;
} members[] = {
	MEMBER(get_httpstatus), MEMBER(snake_case), MEMBER(lower_camel), MEMBER(x1_y2z3),
	MEMBER(mixed__case),    MEMBER(abc),        MEMBER(a),
};

static struct pool pool;

static int pool_empty(void **state)
{
	(void)state;
	pool_fini(&pool);
	return 0;
}

static void types_are_spelled_as_protoc_c_spells_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(symbols); i++) {
		assert_string_equal(symbols[i].descriptor->c_name,
				    names_type(&pool, symbols[i].descriptor->name));
	}
}

static void symbols_are_spelled_as_protoc_c_spells_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(symbols); i++) {
		assert_string_equal(symbols[i].symbol,
				    names_symbol(&pool, symbols[i].descriptor->name));
	}
}

static void methods_are_spelled_as_protoc_c_spells_them(void **state)
{
	const ProtobufCServiceDescriptor *service =
		&names__v1beta2__with_underscore__camel_part__spelling__descriptor;

	(void)state;
	assert_int_equal(FAST_TEST_COUNT(members), service->n_methods);
	for (unsigned i = 0; i < service->n_methods; i++) {
		assert_string_equal(members[i].name, names_snake(&pool, service->methods[i].name));
	}
}

static void prefixes_have_single_underscores(void **state)
{
	(void)state;
	assert_string_equal("fast_v1_param", names_prefix(&pool, "fast.v1.Param"));
	assert_string_equal("fast_v1_http_gate_way", names_prefix(&pool, "fast.v1.Http.GateWay"));
	assert_string_equal("param", names_prefix(&pool, "Param"));
}

static void members_avoid_words_of_c_and_cpp(void **state)
{
	(void)state;
	assert_string_equal("default_", names_member(&pool, "default"));
	assert_string_equal("delete_", names_member(&pool, "delete"));
	assert_string_equal("alignas_", names_member(&pool, "alignas"));
	assert_string_equal("xor_eq_", names_member(&pool, "xor_eq"));
	assert_string_equal("defaults", names_member(&pool, "defaults"));
}

static void stems_lose_the_ending_that_protoc_c_cuts(void **state)
{
	(void)state;
	assert_string_equal("fast/v1/param", names_stem(&pool, "fast/v1/param.proto"));
	assert_string_equal("param", names_stem(&pool, "param.protodevel"));
	assert_string_equal("proto", names_stem(&pool, "proto"));
	assert_string_equal("", names_stem(&pool, ".proto"));
}

static void guards_of_different_paths_differ(void **state)
{
	(void)state;
	assert_string_equal("a_2fb_2eproto", names_guard(&pool, "a/b.proto"));
	assert_string_not_equal(names_guard(&pool, "a_b.proto"), names_guard(&pool, "a/b.proto"));
}

static void dotted_names_are_told_from_others(void **state)
{
	static const char *const bad[] = {"",   ".",   "a.",  ".a",  "a..b",
					  "1a", "a.1", "a b", "a-b", "\xc3\xa4"};

	(void)state;
	assert_true(names_is_dotted("a"));
	assert_true(names_is_dotted("_a1.B_2"));
	for (size_t i = 0; i < FAST_TEST_COUNT(bad); i++) {
		assert_false(names_is_dotted(bad[i]));
	}
}

static void names_are_null_without_memory(void **state)
{
	char *(*const makers[])(struct pool *, const char *) = {
		names_snake,  names_type, names_symbol, names_prefix,
		names_member, names_stem, names_guard,
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(makers); i++) {
		fault_alloc_after(0);
		assert_null(makers[i](&pool, "Name"));
		assert_true(fault_alloc_fired());
	}
	fault_alloc_after(-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(types_are_spelled_as_protoc_c_spells_them, pool_empty),
		cmocka_unit_test_teardown(symbols_are_spelled_as_protoc_c_spells_them, pool_empty),
		cmocka_unit_test_teardown(methods_are_spelled_as_protoc_c_spells_them, pool_empty),
		cmocka_unit_test_teardown(prefixes_have_single_underscores, pool_empty),
		cmocka_unit_test_teardown(members_avoid_words_of_c_and_cpp, pool_empty),
		cmocka_unit_test_teardown(stems_lose_the_ending_that_protoc_c_cuts, pool_empty),
		cmocka_unit_test_teardown(guards_of_different_paths_differ, pool_empty),
		cmocka_unit_test_teardown(dotted_names_are_told_from_others, pool_empty),
		cmocka_unit_test_teardown(names_are_null_without_memory, pool_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
