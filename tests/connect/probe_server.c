/* connect_probe_server - serves a Probe over HTTP and prints its URL, until it is told to end. */
#include "tests/connect/probe_world.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

int main(void)
{
	struct probe_world *world;
	sigset_t ends;
	int signal;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, NULL); /* of all threads that follow */
	world = probe_world_open(NULL);
	if (world == NULL) {
		fprintf(stderr, "connect_probe_server: it cannot be started\n");
		return 1;
	}
	printf("http://127.0.0.1:%u\n", probe_world_port(world));
	fflush(stdout);
	(void)sigwait(&ends, &signal);
	probe_world_close(world);
	return 0;
}
