/* The plugin socket: who comes and is no plugin, and several nodes that want it. */
#include "controller/node_world.h"
#include "controller/raw_plugin.h"

#include <fast/log.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct strays {
	atomic_uint lines;
	char first[256];
};

static void count_strays(enum fast_log_level level, const char *message, void *arg)
{
	struct strays *strays = arg;

	if (level <= FAST_LOG_WARNING && strncmp(message, "no plugin: ", 11) == 0 &&
	    atomic_fetch_add(&strays->lines, 1) == 0) {
		(void)snprintf(strays->first, sizeof strays->first, "%s", message);
	}
}

/* Else anybody on the node could fill its log. */
static void connections_that_never_attach_are_one_line(void **state)
{
	static struct strays strays;
	struct world world;

	(void)state;
	fast_log_set_handler(count_strays, &strays);
	world_init(&world);
	for (int i = 0; i < 40; i++) {
		int fd = raw_connect(world.socket);

		(void)raw_send_bytes(fd, "\xff\xff", 2, NULL, 0);
		while (!raw_receive(fd).closed) {
		}
		(void)close(fd);
	}
	world_fini(&world);
	fast_log_set_handler(NULL, NULL);
	assert_int_equal(1, atomic_load(&strays.lines));
	assert_non_null(strstr(strays.first, "no plugin: pid "));
}

/* ---- several that want the same socket ---- */

#define RACERS 8

struct racer {
	pthread_t thread;
	pthread_barrier_t *barrier;
	const char *path;
	struct node *node;
	char dir[32];
	enum fast_status status;
	char error[NODE_TEXT_BYTES_MAX];
};

static void *race(void *arg)
{
	struct racer *racer = arg;

	(void)pthread_barrier_wait(racer->barrier);
	racer->status = node_listen(racer->node, racer->path, racer->error);
	return NULL;
}

static void of_several_that_take_over_a_socket_one_wins(void **state)
{
	static struct racer racers[RACERS];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char dir[] = "/tmp/fastd-test-XXXXXX";
	pthread_barrier_t barrier;
	size_t winners = 0;
	char used[64];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	(void)state;
	(void)snprintf(used, sizeof used, "is in use by pid %d (", (int)getpid());
	assert_non_null(mkdtemp(dir));
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/p.sock", dir);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address)); /* stale */
	(void)close(fd);
	assert_int_equal(0, pthread_barrier_init(&barrier, NULL, RACERS));
	for (size_t i = 0; i < RACERS; i++) {
		struct racer *racer = &racers[i];
		struct node_options options = {.tick_ms = WORLD_TICK_MS, .state_dir = racer->dir};

		(void)snprintf(racer->dir, sizeof racer->dir, "/tmp/fastd-test-XXXXXX");
		assert_non_null(mkdtemp(racer->dir));
		assert_ok(node_open(&options, &racer->node, racer->error));
		racer->barrier = &barrier;
		racer->path = address.sun_path;
		assert_int_equal(0, pthread_create(&racer->thread, NULL, race, racer));
	}
	for (size_t i = 0; i < RACERS; i++) {
		(void)pthread_join(racers[i].thread, NULL);
		winners += racers[i].status == FAST_OK;
		if (racers[i].status != FAST_OK) {
			assert_non_null(strstr(racers[i].error, used));
		}
	}
	assert_int_equal(1, winners);
	for (size_t i = 0; i < RACERS; i++) {
		node_close(racers[i].node);
		directory_remove(racers[i].dir);
	}
	(void)pthread_barrier_destroy(&barrier);
	directory_remove(dir);
}

/* Whoever may read a folder may lock it: that must cost a start no more than a second. */
static void a_folder_that_is_held_is_named(void **state)
{
	struct node_options options = {.tick_ms = WORLD_TICK_MS};
	char dir[] = "/tmp/fastd-test-XXXXXX";
	char path[64], error[NODE_TEXT_BYTES_MAX];
	struct node *node = NULL;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	options.state_dir = dir;
	(void)snprintf(path, sizeof path, "%s/p.sock", dir);
	assert_ok(node_open(&options, &node, error));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(0, flock(fd, LOCK_EX));
	assert_status(FAST_UNAVAILABLE, node_listen(node, path, error));
	assert_non_null(strstr(error, "another process holds the lock of its folder"));
	(void)close(fd);
	assert_ok(node_listen(node, path, error));
	node_close(node);
	directory_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_that_never_attach_are_one_line),
		cmocka_unit_test(of_several_that_take_over_a_socket_one_wins),
		cmocka_unit_test(a_folder_that_is_held_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
