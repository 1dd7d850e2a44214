#include "tests/controller/api_world.h"

#include <stdlib.h>

int api_world_set_up(void **state)
{
	struct api_world *world = calloc(1, sizeof *world);

	if (world == NULL) {
		return -1;
	}
	fake_node_init(&world->node);
	fake_node_add_plugin(&world->node, "cam");
	fake_node_add_plugin(&world->node, "mic");
	fake_node_add_metric(&world->node, "cam", "fps", FAST_METRIC_HEARTBEAT);
	fake_node_add_metric(&world->node, "cam", "late", FAST_METRIC_GAUGE)->sampled = false;
	fake_node_add_param(&world->node, "cam", "res", 1);
	fake_node_add_param(&world->node, "cam", "skip", 2);
	fake_call_init(&world->call);
	*state = world;
	if (watch_open(&world->node, NULL, &world->watch) != FAST_OK) {
		return -1;
	}
	world->self.node = &world->node;
	world->self.watch = world->watch;
	world->self.boot_id = 77;
	world->self.start_unix_ns = 5;
	world->self.state_dir = "/state";
	self_add_endpoint(&world->self, "ipc://", "/x");
	world->api = (struct api){&world->node, world->watch, &world->self, NULL};
	return 0;
}

int api_world_tear_down(void **state)
{
	struct api_world *world = *state;

	if (world->call.cancel != NULL) {
		fake_call_cancel(&world->call);
		(void)fake_call_wait_end(&world->call);
	}
	watch_stop(world->watch);
	watch_close(world->watch);
	fake_node_fini(&world->node);
	fake_call_fini(&world->call);
	free(world);
	return 0;
}

struct fast_call *api_world_call(struct api_world *world)
{
	fake_call_fini(&world->call);
	fake_call_init(&world->call);
	return &world->call;
}
