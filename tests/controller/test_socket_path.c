/* Paths of unix sockets: who has them, and who gets them. */
#include "support/harness.h"

#include "daemon/http_socket.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RACERS 8
#define ROUNDS 25

struct world {
	char folder[32];
	char path[64];
	char where[72]; /* unix:PATH */
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	if (world == NULL) {
		return -1;
	}
	*state = world;
	(void)snprintf(world->folder, sizeof world->folder, "/tmp/fastd-path-XXXXXX");
	if (mkdtemp(world->folder) == NULL) {
		return -1;
	}
	(void)snprintf(world->path, sizeof world->path, "%s/x.sock", world->folder);
	(void)snprintf(world->where, sizeof world->where, "unix:%s", world->path);
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	int status;

	(void)unlink(world->path);
	status = rmdir(world->folder);
	free(world);
	return status;
}

/* A socket file; type 0: one that nobody serves. */
static int serve(const struct world *world, int type, int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, (type == 0 ? SOCK_STREAM : type) | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", world->path);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
	if (type == 0) {
		(void)close(fd);
		return -1;
	}
	assert_int_equal(0, listen(fd, backlog));
	return fd;
}

static void whoever_serves_is_named_whatever_the_type(void **state)
{
	static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET};
	struct world *world = *state;
	char holder[SOCKET_HOLDER_BYTES_MAX], expected[SOCKET_HOLDER_BYTES_MAX], error[256];
	int lock = -1;

	(void)snprintf(expected, sizeof expected, "pid %d (controller_test", (int)getpid());
	assert_false(socket_path_is_served(world->path, holder));
	for (size_t i = 0; i < FAST_TEST_COUNT(types); i++) {
		int fd = serve(world, types[i], 4);

		assert_true(socket_path_is_served(world->path, holder));
		assert_int_equal(0, strncmp(expected, holder, strlen(expected)));
		assert_status(FAST_ALREADY_EXISTS,
			      socket_path_claim(world->path, &lock, error, sizeof error));
		assert_non_null(strstr(error, holder));
		assert_int_equal(0, access(world->path, F_OK));
		(void)close(fd);
		assert_false(socket_path_is_served(world->path, NULL));
		assert_int_equal(0, unlink(world->path));
	}
}

static void one_whose_backlog_is_full_is_served_too(void **state)
{
	struct world *world = *state;
	int fd = serve(world, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char holder[SOCKET_HOLDER_BYTES_MAX];

	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", world->path);
	assert_int_equal(0, connect(client, (struct sockaddr *)&address, sizeof address));
	assert_true(socket_path_is_served(world->path, holder));
	assert_string_equal("another process", holder);
	(void)close(client);
	(void)close(fd);
}

static void what_nobody_serves_makes_way(void **state)
{
	struct world *world = *state;
	char error[256];
	int lock = -1;
	int other;

	(void)serve(world, 0, 0);
	assert_ok(socket_path_claim(world->path, &lock, error, sizeof error));
	assert_int_equal(-1, access(world->path, F_OK));
	other = open(world->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(-1, flock(other, LOCK_EX | LOCK_NB)); /* until we have bound */
	(void)close(lock);
	assert_int_equal(0, flock(other, LOCK_EX | LOCK_NB));
	(void)close(other);
}

static void what_is_no_socket_is_left_alone(void **state)
{
	struct world *world = *state;
	char error[256];
	int lock = -1;
	int fd = open(world->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	(void)close(fd);
	assert_status(FAST_FAILED_PRECONDITION,
		      socket_path_claim(world->path, &lock, error, sizeof error));
	assert_non_null(strstr(error, "is no socket"));
	assert_int_equal(0, access(world->path, F_OK));
}

struct racer {
	pthread_t thread;
	pthread_barrier_t *barrier;
	const char *where;
	int fd;
	enum fast_status status;
	char error[ADDRESS_ERROR_BYTES_MAX];
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	struct address address;

	assert_ok(address_parse(racer->where, &address, racer->error));
	(void)pthread_barrier_wait(racer->barrier);
	racer->status = http_socket_open(&address, &racer->fd, racer->error);
	return NULL;
}

static void of_several_that_take_over_the_http_socket_one_wins(void **state)
{
	static struct racer racers[RACERS];
	struct world *world = *state;
	pthread_barrier_t barrier;

	assert_int_equal(0, pthread_barrier_init(&barrier, NULL, RACERS));
	for (int round = 0; round < ROUNDS; round++) {
		int winners = 0;

		(void)serve(world, 0, 0);
		for (size_t i = 0; i < RACERS; i++) {
			racers[i] = (struct racer){
				.barrier = &barrier, .where = world->where, .fd = -1};
			assert_int_equal(0,
					 pthread_create(&racers[i].thread, NULL, race, &racers[i]));
		}
		for (size_t i = 0; i < RACERS; i++) {
			(void)pthread_join(racers[i].thread, NULL);
			winners += racers[i].status == FAST_OK;
			if (racers[i].status != FAST_OK) {
				assert_status(FAST_ALREADY_EXISTS, racers[i].status);
				assert_non_null(strstr(racers[i].error, "is in use by pid "));
			}
		}
		assert_int_equal(1, winners);
		assert_true(socket_path_is_served(world->path, NULL));
		for (size_t i = 0; i < RACERS; i++) {
			if (racers[i].fd >= 0) {
				(void)close(racers[i].fd);
			}
		}
		assert_int_equal(0, unlink(world->path));
	}
	(void)pthread_barrier_destroy(&barrier);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whoever_serves_is_named_whatever_the_type),
		TEST(one_whose_backlog_is_full_is_served_too),
		TEST(what_nobody_serves_makes_way),
		TEST(what_is_no_socket_is_left_alone),
		TEST(of_several_that_take_over_the_http_socket_one_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
