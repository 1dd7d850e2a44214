#include "admin_world.h"

#include <fast/v1/admin.fast.h>

#define STATS       (&fast_v1_admin_service.methods[0])
#define CONNECTIONS (&fast_v1_admin_service.methods[1])
#define CALLS       (&fast_v1_admin_service.methods[2])

struct world world;
struct answer answer;

void setup_with(const struct fast_server_options *options)
{
	world_open(&world, options);
	answer = (struct answer){.count = 0};
}

int setup(void **state)
{
	const struct fast_server_options options = {
		.size = sizeof options, .calls_max = 4, .admin_for_all = true};

	(void)state;
	setup_with(&options);
	return 0;
}

int setup_default(void **state)
{
	(void)state;
	setup_with(NULL);
	return 0;
}

int teardown(void **state)
{
	(void)state;
	answer_fini(&answer);
	for (unsigned i = 0; i < world.kept_count; i++) {
		fast_call_fail(world.kept[i], FAST_CANCELLED, "the test is over");
	}
	world_run(&world);
	world_close(&world);
	return 0;
}

const Fast__V1__AdminStatsResponse *stats(void)
{
	const Fast__V1__AdminStatsRequest request = FAST__V1__ADMIN_STATS_REQUEST__INIT;

	answer_fini(&answer);
	ask_service(&world, STATS, &request.base, &answer);
	assert_ok(answer.status);
	return (const Fast__V1__AdminStatsResponse *)answer.message;
}

const Fast__V1__AdminCallsResponse *calls(void)
{
	const Fast__V1__AdminCallsRequest request = FAST__V1__ADMIN_CALLS_REQUEST__INIT;

	answer_fini(&answer);
	ask_service(&world, CALLS, &request.base, &answer);
	assert_ok(answer.status);
	return (const Fast__V1__AdminCallsResponse *)answer.message;
}

const Fast__V1__AdminConnectionsResponse *connections(void)
{
	const Fast__V1__AdminConnectionsRequest request = FAST__V1__ADMIN_CONNECTIONS_REQUEST__INIT;

	answer_fini(&answer);
	ask_service(&world, CONNECTIONS, &request.base, &answer);
	assert_ok(answer.status);
	return (const Fast__V1__AdminConnectionsResponse *)answer.message;
}

void answer_kept(unsigned at)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	fast_call_reply(world.kept[at], &response.base);
	world_run(&world);
}
