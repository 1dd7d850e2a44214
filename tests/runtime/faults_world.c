#include "faults_world.h"

#include "deadlines.h"
#include <stdio.h>
#include <string.h>

void faults_open(struct faults_world *world, const char *over)
{
	char endpoint[FAULT_PROXY_ENDPOINT_BYTES] = "tcp://127.0.0.1:0";
	const char *target;

	real_open(&world->real, NULL, 0);
	target = world->real.endpoint;
	if (strcmp(over, "tcp") == 0) {
		assert_ok(fast_server_listen(world->real.server, endpoint, 0));
		target = fast_server_endpoint(world->real.server, 1);
	} else {
		snprintf(endpoint, sizeof endpoint, "ipc://%s/p", world->real.folder);
	}
	world->proxy = fault_proxy_open(endpoint, target);
	assert_non_null(world->proxy);
	world->client = real_client(fault_proxy_endpoint(world->proxy));
}

void faults_close_client(struct faults_world *world)
{
	int64_t begin_ms = deadlines_now_ms();

	fast_client_close(world->client);
	world->client = NULL;
	assert_in_range(deadlines_now_ms() - begin_ms, 0, DEADLINES_LATE_MS_MAX);
}

void faults_close(struct faults_world *world)
{
	int64_t begin_ms;

	faults_close_client(world);
	real_answer_kept(&world->real);
	begin_ms = deadlines_now_ms();
	real_stop(&world->real);
	assert_in_range(deadlines_now_ms() - begin_ms, 0, DEADLINES_LATE_MS_MAX);
	fault_proxy_close(world->proxy);
	real_close(&world->real);
}
