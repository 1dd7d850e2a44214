#include "controller/knob_world.h"

struct wanted {
	struct fast_param *param;
	int64_t value;
};

static bool has_value(void *arg)
{
	const struct wanted *wanted = arg;

	return fast_param_get_int(wanted->param) == wanted->value;
}

void knob_world_init(struct knob_world *fixture)
{
	world_init(&fixture->world);
	fixture->plugin = world_plugin(&fixture->world, "cam");
	fixture->quality = plugin_int_param(fixture->plugin, "quality", 7);
	fixture->size = plugin_int_param(fixture->plugin, "size", 7);
	(void)world_param_wait(&fixture->world, "cam", "size", NODE_PARAM_UNSET);
}

void knob_world_fini(struct knob_world *fixture)
{
	fast_plugin_close(fixture->plugin);
	world_fini(&fixture->world);
}

struct node_result knob_set(struct knob_world *fixture, int64_t value, uint64_t lease_id)
{
	return world_set(&fixture->world, "cam", "quality", value_int(value), lease_id);
}

struct node_result knob_set_for(struct knob_world *fixture, int64_t value, uint32_t ttl_ms)
{
	const struct node_assignment assignment = {.param = "quality", .value = value_int(value)};
	const struct node_set set = {.plugin = "cam",
				     .assignments = &assignment,
				     .count = 1,
				     .value_ttl_ms = ttl_ms,
				     .actor = "tester"};
	struct outcome outcome = {0};

	node_set(fixture->world.node, &set, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

struct node_result knob_bound(struct knob_world *fixture, const struct node_bound *bound)
{
	struct outcome outcome = {0};

	node_bound(fixture->world.node, bound, outcome_done, &outcome);
	return outcome_wait(&outcome);
}

struct node_bound bound_at_most(double max)
{
	return (struct node_bound){.plugin = "c*",
				   .param = "quality",
				   .has_max = true,
				   .max = max,
				   .actor = "operator"};
}

struct node_result knob_unbound(struct knob_world *fixture)
{
	struct outcome outcome = {0};

	node_unbound(fixture->world.node, "c*", "quality", "operator", outcome_done, &outcome);
	return outcome_wait(&outcome);
}

void knob_wait(struct fast_param *param, int64_t value)
{
	struct wanted wanted = {param, value};

	wait_until(has_value, &wanted);
}

struct node_param knob_now(struct knob_world *fixture)
{
	struct node_param param;

	assert_true(world_param(&fixture->world, "cam", "quality", &param));
	return param;
}
