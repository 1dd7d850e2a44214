/* Several params at one moment. */
#include "sdk/world.h"

#include <pthread.h>

static struct fast_param *int_param(struct world *world, const char *name)
{
	const struct fast_param_spec spec = {
		.size = sizeof spec,
		.name = name,
		.type = FAST_PARAM_INT,
		.min = 0,
		.max = 1000,
	};

	return world_param(world, &spec);
}

static void turn(struct fast_page_view *view, uint32_t slot, uint64_t revision, int64_t integer)
{
	struct fast_page_value value = {.type = FAST_PARAM_INT, .u.integer = integer};

	fast_page_view_set(view, slot, revision, &value);
	fast_page_view_commit(view);
}

static const union fast_param_value modes[] = {{.string = "slow"}, {.string = "fast"}};

static void a_snapshot_gives_all_types_and_acknowledges_them(void **state)
{
	struct world *world = *state;
	const struct fast_param_spec text = {.size = sizeof text,
					     .name = "mode",
					     .type = FAST_PARAM_ENUM,
					     .initial.string = "slow",
					     .choices = modes,
					     .choice_count = 2};
	const struct fast_param_spec number = {.size = sizeof number,
					       .name = "x",
					       .type = FAST_PARAM_DOUBLE,
					       .initial.number = 0.5};
	const struct fast_param_spec boolean = {
		.size = sizeof boolean, .name = "on", .type = FAST_PARAM_BOOL};
	struct fast_param *params[] = {
		int_param(world, "a"),
		world_param(world, &text),
		world_param(world, &number),
		world_param(world, &boolean),
	};
	struct fast_page_value fast = {.type = FAST_PARAM_ENUM, .string = "fast"};
	struct fast_page_value on = {.type = FAST_PARAM_BOOL, .u.boolean = true};
	struct fast_param_reading readings[4];

	fast_page_view_set(world->view, 1, 2, &fast);
	fast_page_view_set(world->view, 3, 2, &on);
	turn(world->view, 0, 2, 4000); /* not allowed */
	assert_ok(fast_param_snapshot(params, 4, readings));
	assert_int_equal(0, readings[0].revision);
	assert_int_equal(0, readings[0].value.integer);
	assert_int_equal(2, readings[1].revision);
	assert_string_equal("fast", readings[1].string);
	assert_int_equal(1, readings[1].choice);
	assert_true(readings[2].value.number == 0.5);
	assert_true(readings[3].value.boolean);
	assert_int_equal(2, fast_page_view_ack(world->view, 3));
	assert_int_equal(0, fast_page_view_ack(world->view, 0));
	assert_ok(fast_param_snapshot(params, 0, readings));
}

struct setter {
	struct fast_page_view *view;
	atomic_bool stop;
};

/* Both knobs always have the same value. */
static void *setter_run(void *arg)
{
	struct setter *setter = arg;

	for (uint64_t revision = 1; !atomic_load(&setter->stop); revision++) {
		struct fast_page_value value = {.type = FAST_PARAM_INT,
						.u.integer = (int64_t)(revision % 1000)};

		fast_page_view_set(setter->view, 0, revision, &value);
		fast_page_view_set(setter->view, 1, revision, &value);
		fast_page_view_commit(setter->view);
	}
	return NULL;
}

static void a_snapshot_never_sees_half_a_batch(void **state)
{
	struct world *world = *state;
	struct fast_param *params[] = {int_param(world, "a"), int_param(world, "b")};
	struct setter setter = {.view = world->view};
	struct fast_param_reading readings[2];
	pthread_t thread;

	assert_int_equal(0, pthread_create(&thread, NULL, setter_run, &setter));
	for (int whole = 0; whole < 20000;) {
		if (fast_param_snapshot(params, 2, readings) == FAST_OK) {
			assert_int_equal(readings[0].revision, readings[1].revision);
			assert_int_equal(readings[0].value.integer, readings[1].value.integer);
			whole++;
		}
	}
	atomic_store(&setter.stop, true);
	pthread_join(thread, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_snapshot_gives_all_types_and_acknowledges_them),
		TEST(a_snapshot_never_sees_half_a_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
