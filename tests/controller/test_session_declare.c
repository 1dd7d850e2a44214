/* Declarations that are wrong, and a page that is garbage. */
#include "controller/raw_world.h"

#include "page/labels.h"
#include "page/page.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void cells_must_lie_where_cells_lie(void **state)
{
	const uint32_t offsets[] = {0,
				    64,
				    FAST_PAGE_A_OFFSET,
				    FAST_PAGE_B_OFFSET,
				    FAST_PAGE_CELLS_OFFSET - 64,
				    FAST_PAGE_CELLS_OFFSET + 8,
				    FAST_PAGE_BYTES - 64,
				    FAST_PAGE_BYTES,
				    UINT32_MAX - 63};
	struct raw_world raw;

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	for (size_t i = 0; i < FAST_TEST_COUNT(offsets); i++) {
		assert_true(raw_send_metric(raw.fd, "beats", 5, offsets[i]));
		raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "can lie at");
	}
	assert_true(raw_send_metric(raw.fd, "beats", 8, FAST_PAGE_CELLS_OFFSET));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "kind 8 is not known");
	assert_true(raw_send_metric(raw.fd, "beats", 0, FAST_PAGE_CELLS_OFFSET));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "kind 0 is not known");
	assert_true(raw_send_metric(raw.fd, "beats", 5, FAST_PAGE_CELLS_OFFSET));
	(void)world_metric_wait(&raw.world, "cam", "beats", 0);
	raw_world_fini(&raw);
}

static void a_name_declared_twice_must_be_the_same(void **state)
{
	struct raw_world raw;

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	assert_true(raw_send_metric(raw.fd, "frames", 1, FAST_PAGE_CELLS_OFFSET));
	assert_true(raw_send_metric(raw.fd, "frames", 1, FAST_PAGE_CELLS_OFFSET));
	assert_true(raw_send_metric(raw.fd, "frames", 2, FAST_PAGE_CELLS_OFFSET));
	raw_world_refused(&raw, FAST_ALREADY_EXISTS, "metric \"frames\" is declared already");
	assert_true(raw_send_metric(raw.fd, "frames", 1, FAST_PAGE_CELLS_OFFSET + 64));
	raw_world_refused(&raw, FAST_ALREADY_EXISTS, "metric \"frames\"");
	assert_true(raw_send_param(raw.fd, "quality", 5, 0));
	assert_true(raw_send_param(raw.fd, "quality", 5, 0));
	assert_true(raw_send_param(raw.fd, "quality", 5, 1));
	raw_world_refused(&raw, FAST_ALREADY_EXISTS, "param \"quality\"");
	raw_world_fini(&raw);
}

/* An int param of 0 to 100 in steps of 5, to be changed and sent. */
struct declared {
	Fast__V1__ParamSpec spec;
	Fast__V1__ParamValue initial;
	Fast__V1__ParamRange range;
	Fast__V1__ParamValue choice;
	Fast__V1__ParamValue *choices[1];
};

static void declared_init(struct declared *it)
{
	fast__v1__param_spec__init(&it->spec);
	fast__v1__param_value__init(&it->initial);
	fast__v1__param_value__init(&it->choice);
	fast__v1__param_range__init(&it->range);
	it->initial.kind_case = it->choice.kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	it->initial.int_value = it->choice.int_value = 5;
	it->range.max = 100;
	it->range.step = 5;
	it->choices[0] = &it->choice;
	it->spec.name = (char *)"quality";
	it->spec.type = FAST__V1__PARAM_TYPE__PARAM_TYPE_INT;
	it->spec.initial = &it->initial;
	it->spec.range = &it->range;
	it->spec.choices = it->choices;
}

static void a_second_declaration_is_compared_in_all(void **state)
{
	struct raw_world raw;
	struct declared it;

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	for (int different = 0; different < 8; different++) {
		declared_init(&it);
		assert_true(raw_send_spec(raw.fd, &it.spec, 0));
		it.initial.int_value = different == 0 ? 10 : 5;
		it.range.step = different == 1 ? 1 : 5;
		it.range.max = different == 2 ? 95 : 100;
		it.spec.n_choices = different == 3;
		it.spec.unit = (char *)(different == 4 ? "s" : "");
		it.spec.read_only = different == 5;
		it.spec.restart_required = different == 6;
		it.spec.ack_timeout_ms = different == 7;
		assert_true(raw_send_spec(raw.fd, &it.spec, 0));
		raw_world_refused(&raw, FAST_ALREADY_EXISTS, "param \"quality\"");
	}
	raw_world_fini(&raw);
}

static void nobody_turns_a_knob_that_is_read_only(void **state)
{
	struct raw_world raw;
	struct declared it;
	struct node_result result;

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	declared_init(&it);
	it.spec.read_only = true;
	assert_true(raw_send_spec(raw.fd, &it.spec, 0));
	assert_true(world_param_wait(&raw.world, "cam", "quality", NODE_PARAM_UNSET).read_only);
	result = world_set(&raw.world, "cam", "quality", value_int(10), 0);
	assert_status(FAST_FAILED_PRECONDITION, result.status);
	assert_non_null(strstr(result.text, "\"quality\" is read-only"));
	result = world_claim(&raw.world, "cam", "quality", 1000, NODE_ON_LOSS_HOLD, "holder");
	assert_status(FAST_FAILED_PRECONDITION, result.status);
	assert_non_null(strstr(result.text, "read-only"));
	raw_world_fini(&raw);
}

static void a_knob_that_wants_a_restart_is_pending_until_then(void **state)
{
	struct raw_world raw;
	struct declared it;

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	declared_init(&it);
	it.spec.restart_required = true;
	assert_true(raw_send_spec(raw.fd, &it.spec, 0));
	(void)world_param_wait(&raw.world, "cam", "quality", NODE_PARAM_UNSET);
	assert_ok(world_set(&raw.world, "cam", "quality", value_int(10), 0).status);
	(void)world_param_wait(&raw.world, "cam", "quality", NODE_PARAM_PENDING);
	assert_int_equal(0, close(raw.fd)); /* and it starts again */
	(void)world_plugin_wait(&raw.world, "cam", false);
	raw.fd = raw_connect(raw.world.socket);
	raw_world_attach(&raw, "cam");
	assert_true(raw_send_spec(raw.fd, &it.spec, 0));
	(void)world_param_wait(&raw.world, "cam", "quality", NODE_PARAM_APPLYING);
	raw_world_fini(&raw);
}

static void params_are_checked(void **state)
{
	struct raw_world raw;

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	assert_true(raw_send_param(raw.fd, "quality", 101, 0));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "101 is not allowed; it takes 0 to 100");
	assert_true(raw_send_param(raw.fd, "Quality", 1, 0));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "upper case");
	assert_true(raw_send_param(raw.fd, "quality", 1, 64));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "slot 64");
	assert_true(raw_send_param(raw.fd, "quality", 1, 0));
	assert_true(raw_send_param(raw.fd, "size", 1, 0));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "slot 0 is not a free one");
	raw_world_fini(&raw);
}

static void declarations_without_a_spec_are_refused(void **state)
{
	const unsigned char metric[] = {0x12, 0x00};
	const unsigned char param[] = {0x1a, 0x00};
	const unsigned char param_of_nothing[] = {0x1a, 0x02, 0x0a, 0x00};
	const unsigned char zero_in_name[] = {0x12, 0x07, 0x0a, 0x05, 0x0a, 0x03, 'a', 0, 'b'};
	struct raw_world raw;

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	assert_true(raw_send_bytes(raw.fd, metric, sizeof metric, NULL, 0));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "no spec");
	assert_true(raw_send_bytes(raw.fd, param, sizeof param, NULL, 0));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "no spec");
	assert_true(raw_send_bytes(raw.fd, param_of_nothing, sizeof param_of_nothing, NULL, 0));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "name is empty");
	assert_true(raw_send_bytes(raw.fd, zero_in_name, sizeof zero_in_name, NULL, 0));
	raw_world_refused(&raw, FAST_INVALID_ARGUMENT, "zero byte");
	raw_world_fini(&raw);
}

static void there_is_a_limit_of_metrics(void **state)
{
	struct raw_world raw;
	char name[16];

	(void)state;
	raw_world_init(&raw);
	raw_world_attach(&raw, "cam");
	for (int i = 0; i < FAST_PLUGIN_METRICS_MAX + FAST_METRICS_RESERVED; i++) {
		(void)snprintf(name, sizeof name, "m%d", i);
		assert_true(raw_send_metric(raw.fd, name, 1, FAST_PAGE_CELLS_OFFSET));
	}
	assert_true(raw_send_metric(raw.fd, "more", 1, FAST_PAGE_CELLS_OFFSET));
	raw_world_refused(&raw, FAST_RESOURCE_EXHAUSTED, "at most 1000 metrics");
	raw_world_fini(&raw);
}

static void a_page_full_of_garbage_is_sampled_without_harm(void **state)
{
	struct raw_world raw;
	unsigned char *bytes;
	struct node_metric metric;
	int page = raw_page();
	uint64_t random_word = 88172645463325252u;
	char name[8];

	(void)state;
	raw_world_init(&raw);
	bytes = mmap(NULL, FAST_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
	assert_true(bytes != MAP_FAILED);
	assert_true(raw_send_attach(raw.fd, "cam", "", page));
	assert_true(raw_receive(raw.fd).attached);
	for (int i = 0; i < 5; i++) {
		(void)snprintf(name, sizeof name, "m%d", i + 1);
		assert_true(raw_send_metric(raw.fd, name, i + 1, FAST_PAGE_CELLS_OFFSET));
	}
	assert_true(raw_send_param(raw.fd, "quality", 5, 0));
	for (int round = 0; round < 30; round++) {
		for (size_t at = 0; at < FAST_PAGE_BYTES; at += 8) {
			random_word ^= random_word << 13;
			random_word ^= random_word >> 7;
			random_word ^= random_word << 17;
			__atomic_store_n((uint64_t *)(void *)(bytes + at), random_word,
					 __ATOMIC_RELAXED);
		}
		(void)world_metric(&raw.world, "cam", "m*", &metric);
	}
	assert_ok(world_set(&raw.world, "cam", "quality", value_int(6), 0).status);
	(void)munmap(bytes, FAST_PAGE_BYTES);
	(void)close(page);
	raw_world_fini(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_must_lie_where_cells_lie),
		cmocka_unit_test(a_name_declared_twice_must_be_the_same),
		cmocka_unit_test(a_second_declaration_is_compared_in_all),
		cmocka_unit_test(nobody_turns_a_knob_that_is_read_only),
		cmocka_unit_test(a_knob_that_wants_a_restart_is_pending_until_then),
		cmocka_unit_test(params_are_checked),
		cmocka_unit_test(declarations_without_a_spec_are_refused),
		cmocka_unit_test(there_is_a_limit_of_metrics),
		cmocka_unit_test(a_page_full_of_garbage_is_sampled_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
