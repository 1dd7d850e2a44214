/* Keyed calls over real sockets, through something that cuts connections: a counter counts each
 * call once. */
#include "rpc_real.h"

#include "random.h"
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CALLERS 4
#define CALLS   100 /* of each */

/* Passes bytes on between a client and the server, and cuts them off after a while. */
struct cutter {
	pthread_t thread;
	int listener;
	char endpoint[96];
	const char *server_path;
	uint64_t random;
	unsigned cuts;
	atomic_bool stops;
};

static int server_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* False: nothing more comes, or goes. */
static bool pass_on(int from, int to, uint32_t *left)
{
	uint8_t bytes[512];
	size_t most = *left < sizeof bytes ? *left : sizeof bytes;
	ssize_t count = recv(from, bytes, most, 0);

	if (count <= 0 || send(to, bytes, (size_t)count, MSG_NOSIGNAL) != count) {
		return false;
	}
	*left -= (uint32_t)count;
	return *left > 0;
}

/* One connection, until so many bytes have passed. */
static void cutter_serve(struct cutter *cutter, int client, int server)
{
	struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
	uint32_t left = 150 + random_below(&cutter->random, 6000);
	bool goes_on = true;

	while (goes_on && !atomic_load(&cutter->stops)) {
		if (poll(fds, 2, 20) <= 0) {
			continue;
		}
		if (fds[0].revents != 0) {
			goes_on = pass_on(client, server, &left);
		}
		if (goes_on && fds[1].revents != 0) {
			goes_on = pass_on(server, client, &left);
		}
	}
	cutter->cuts++;
}

static void *cutter_body(void *arg)
{
	struct cutter *cutter = arg;
	struct pollfd fd = {.fd = cutter->listener, .events = POLLIN};

	while (!atomic_load(&cutter->stops)) {
		int client = poll(&fd, 1, 20) > 0 ? accept(cutter->listener, NULL, NULL) : -1;
		int server = client < 0 ? -1 : server_connect(cutter->server_path);

		if (server >= 0) {
			cutter_serve(cutter, client, server);
			close(server);
		}
		if (client >= 0) {
			close(client);
		}
	}
	return NULL;
}

static void cutter_open(struct cutter *cutter, const struct real *real)
{
	*cutter = (struct cutter){.random = 4711};
	cutter->server_path = real->endpoint + strlen("ipc://");
	snprintf(cutter->endpoint, sizeof cutter->endpoint, "ipc://%s/cut", real->folder);
	cutter->listener = real_listen_deaf(cutter->endpoint);
	assert_int_equal(0, pthread_create(&cutter->thread, NULL, cutter_body, cutter));
}

static void cutter_close(struct cutter *cutter)
{
	atomic_store(&cutter->stops, true);
	assert_int_equal(0, pthread_join(cutter->thread, NULL));
	close(cutter->listener);
	unlink(cutter->endpoint + strlen("ipc://"));
}

struct caller {
	pthread_t thread;
	struct fast_client *client;
	unsigned good;
	unsigned unknown;
	unsigned wrong;
};

static void *caller_body(void *arg)
{
	struct caller *caller = arg;

	for (uint32_t i = 0; i < CALLS; i++) {
		const struct fast_call_options options = {.size = sizeof options,
							  .timeout_ms = 10000,
							  .wait_for_ready = true,
							  .once = FAST_ONCE_ON};
		Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
		struct fast_reply reply;

		request.number = i;
		if (testing_v1_probe_echo(caller->client, &options, &request, &reply) == FAST_OK) {
			caller->good++;
			caller->wrong += testing_v1_probe_echo_response(&reply)->number != i;
		} else if (reply.executed == FAST_EXECUTED_UNKNOWN) {
			caller->unknown++;
		}
		fast_reply_fini(&reply);
	}
	return NULL;
}

static void count_with(unsigned flags)
{
	struct real real;
	struct cutter cutter;
	struct caller callers[CALLERS] = {0};
	struct fast_client *client;
	unsigned good = 0;
	unsigned unknown = 0;
	unsigned count;

	real_open(&real, NULL, flags);
	cutter_open(&cutter, &real);
	client = real_client(cutter.endpoint);
	for (int i = 0; i < CALLERS; i++) {
		callers[i].client = client;
		assert_int_equal(
			0, pthread_create(&callers[i].thread, NULL, caller_body, &callers[i]));
	}
	for (int i = 0; i < CALLERS; i++) {
		assert_int_equal(0, pthread_join(callers[i].thread, NULL));
		assert_int_equal(0, callers[i].wrong);
		good += callers[i].good;
		unknown += callers[i].unknown;
	}
	fast_client_close(client);
	cutter_close(&cutter);
	real_stop(&real);
	count = gate_count(&real.entered);
	assert_in_range(count, good, good + unknown);
	assert_true(good > CALLERS * CALLS / 2);
	assert_true(cutter.cuts > 4);
	real_close(&real);
}

static void a_counter_on_workers_counts_each_call_once(void **state)
{
	(void)state;
	count_with(0);
}

static void a_counter_inline_counts_each_call_once(void **state)
{
	(void)state;
	count_with(FAST_SERVICE_INLINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counter_on_workers_counts_each_call_once),
		cmocka_unit_test(a_counter_inline_counts_each_call_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
