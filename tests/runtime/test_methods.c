#include "support/harness.h"

#include "rpc/methods.h"
#include "support/fault_alloc.h"
#include <stdio.h>
#include <string.h>

#define SERVICES 40
#define METHODS  5

static char names[SERVICES][16];
static char paths[SERVICES][METHODS][24];
static struct fast_method methods[SERVICES][METHODS];
static struct fast_service services[SERVICES];

static struct fast_span span(const char *text)
{
	return (struct fast_span){(const uint8_t *)text, strlen(text)};
}

static void make_services(void)
{
	for (int i = 0; i < SERVICES; i++) {
		snprintf(names[i], sizeof names[i], "test.S%d", i);
		for (int k = 0; k < METHODS; k++) {
			snprintf(paths[i][k], sizeof paths[i][k], "test.S%d/M%d", i, k);
			methods[i][k] = (struct fast_method){.name = "M", .path = paths[i][k]};
		}
		services[i] = (struct fast_service){
			.name = names[i], .methods = methods[i], .method_count = METHODS};
	}
}

static void each_method_of_many_services_is_found(void **state)
{
	struct fast_methods table = {.entries = NULL};

	(void)state;
	make_services();
	for (int i = 0; i < SERVICES; i++) {
		assert_ok(fast_methods_add(&table, &services[i], NULL, &services[i], 0));
	}
	for (int i = 0; i < SERVICES; i++) {
		for (int k = 0; k < METHODS; k++) {
			const struct fast_method_entry *entry =
				fast_methods_find(&table, span(paths[i][k]));
			assert_non_null(entry);
			assert_ptr_equal(&methods[i][k], entry->method);
			assert_ptr_equal(&services[i], entry->arg);
		}
	}
	assert_null(fast_methods_find(&table, span("test.S0/M9")));
	assert_null(fast_methods_find(&table, span("test.S0/M")));
	assert_null(fast_methods_find(&table, span("")));
	assert_true(fast_methods_has_service(&table, span("test.S0/M9")));
	assert_false(fast_methods_has_service(&table, span("test.S/M0")));
	assert_false(fast_methods_has_service(&table, span("test.S0"))); /* no slash, no service */
	assert_false(fast_methods_has_service(&table, span("")));
	fast_methods_fini(&table);
}

static void a_service_is_added_once(void **state)
{
	struct fast_methods table = {.entries = NULL};

	(void)state;
	make_services();
	assert_ok(fast_methods_add(&table, &services[0], NULL, NULL, 0));
	assert_status(FAST_ALREADY_EXISTS, fast_methods_add(&table, &services[0], NULL, NULL, 0));
	fast_methods_fini(&table);
}

static void a_service_that_gets_no_memory_is_not_there(void **state)
{
	struct fast_methods table;
	enum fast_status status;
	int n = 0;

	(void)state;
	make_services();
	for (;;) {
		table = (struct fast_methods){.entries = NULL};
		fault_alloc_after(n++);
		status = fast_methods_add(&table, &services[0], NULL, NULL, 0);
		if (!fault_alloc_fired()) {
			break;
		}
		fault_alloc_after(-1);
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(fast_methods_find(&table, span(paths[0][0])));
		assert_ok(fast_methods_add(&table, &services[0], NULL, NULL, 0));
		fast_methods_fini(&table);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	fast_methods_fini(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_method_of_many_services_is_found),
		cmocka_unit_test(a_service_is_added_once),
		cmocka_unit_test(a_service_that_gets_no_memory_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
