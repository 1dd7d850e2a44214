#include "tests/connect/probe_world.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <testing/v1/probe.fast.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG   128
#define WORKERS   8
#define MS_PER_S  1000
#define KEY_BYTES (FAST_METADATA_KEY_BYTES_MAX + 16)
#define PREFIX    "test-"

struct probe_world {
	struct fast_server *server;
	struct fast_connect *connect;
	uint16_t port;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned waiting;   /* guarded by lock */
	unsigned cancelled; /* guarded by lock */
};

/* A call that waits; on the stack of its handler. */
struct waiter {
	struct probe_world *world;
	bool is_cancelled; /* guarded by the world's lock */
};

static void waiter_cancel(struct fast_call *call, void *arg)
{
	struct waiter *waiter = arg;

	(void)call;
	pthread_mutex_lock(&waiter->world->lock);
	waiter->is_cancelled = true;
	pthread_cond_broadcast(&waiter->world->changed);
	pthread_mutex_unlock(&waiter->world->lock);
}

static void wait_for_cancel(struct probe_world *world, struct fast_call *call)
{
	struct waiter waiter = {.world = world};

	fast_call_on_cancel(call, waiter_cancel, &waiter);
	pthread_mutex_lock(&world->lock);
	world->waiting++;
	pthread_cond_broadcast(&world->changed);
	while (!waiter.is_cancelled) {
		pthread_cond_wait(&world->changed, &world->lock);
	}
	world->cancelled++;
	pthread_cond_broadcast(&world->changed);
	pthread_mutex_unlock(&world->lock);
	fast_call_fail(call, FAST_CANCELLED, "nobody waits any more");
}

/* How many wait now, and have been cancelled. */
static void tell(struct probe_world *world, struct fast_call *call)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;
	char text[32];

	pthread_mutex_lock(&world->lock);
	response.number = world->waiting - world->cancelled;
	snprintf(text, sizeof text, "%u", world->cancelled);
	pthread_mutex_unlock(&world->lock);
	response.text = text;
	testing_v1_probe_echo_reply(call, &response);
}

static void give_back(struct fast_call *call)
{
	const struct fast_metadata *sent = fast_call_metadata(call);
	struct fast_metadata_entry entries[FAST_METADATA_MAX];
	struct fast_metadata headers = {.entries = entries};

	for (size_t i = 0; i < sent->count; i++) {
		const struct fast_metadata_entry *entry = &sent->entries[i];
		bool is_binary = strstr(entry->key, "-bin") != NULL;
		char key[KEY_BYTES];

		if (strncmp(entry->key, PREFIX, strlen(PREFIX)) != 0) {
			continue;
		}
		entries[headers.count++] = *entry;
		snprintf(key, sizeof key, "%s-again%s", entry->key, is_binary ? "-bin" : "");
		if (fast_call_add_trailer(call, key, entry->value, entry->value_bytes) != FAST_OK) {
			fprintf(stderr, "the trailer %s was not added\n", key);
		}
	}
	if (headers.count > 0 && fast_call_send_headers(call, &headers) != FAST_OK) {
		fprintf(stderr, "headers were not sent\n");
	}
}

static void echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	give_back(call);
	if (strcmp(request->text, "fail") == 0) {
		fast_call_add_detail(call, &request->base);
		fast_call_fail(call, FAST_ABORTED, "it was asked to fail");
	} else if (strcmp(request->text, "wait") == 0) {
		wait_for_cancel(arg, call);
	} else if (strcmp(request->text, "left") == 0) {
		tell(arg, call);
	} else {
		response.number = request->number;
		response.text = request->text;
		response.blob = request->blob;
		testing_v1_probe_echo_reply(call, &response);
	}
}

static void watch(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	enum fast_status status = FAST_OK;

	give_back(call);
	for (uint32_t i = 1; i <= request->number && status == FAST_OK; i++) {
		Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;

		item.number = i;
		item.blob = request->blob;
		status = fast_call_send_wait(call, &item.base, -1);
	}
	if (strcmp(request->text, "wait") == 0) {
		wait_for_cancel(arg, call);
	} else if (strcmp(request->text, "fail") == 0) {
		fast_call_fail(call, FAST_ABORTED, "it was asked to fail");
	} else {
		fast_call_finish(call);
	}
}

/* -1: it cannot. */
static int listen_somewhere(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	    listen(fd, BACKLOG) == 0 && getsockname(fd, (struct sockaddr *)&address, &bytes) == 0) {
		*port = ntohs(address.sin_port);
		return fd;
	}
	if (fd >= 0) {
		close(fd);
	}
	return -1;
}

static void lock_init(struct probe_world *world)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&world->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&world->lock, NULL);
}

struct probe_world *probe_world_open(const struct fast_connect_options *options)
{
	static const struct testing_v1_probe_handlers handlers = {
		.echo = echo, .read = echo, .watch = watch};
	struct fast_server_options server = {.size = sizeof server, .workers = WORKERS};
	struct probe_world *world = calloc(1, sizeof *world);
	int fd;

	if (world == NULL) {
		return NULL;
	}
	lock_init(world);
	fd = listen_somewhere(&world->port);
	if (fd < 0 || fast_server_open(&server, &world->server) != FAST_OK ||
	    fast_server_add(world->server, &testing_v1_probe_service, &handlers, world, 0) !=
		    FAST_OK ||
	    fast_connect_open(world->server, fd, options, &world->connect) != FAST_OK) {
		if (fd >= 0) {
			close(fd);
		}
		probe_world_close(world);
		return NULL;
	}
	return world;
}

void probe_world_close(struct probe_world *world)
{
	if (world == NULL) {
		return;
	}
	fast_connect_close(world->connect);
	fast_server_close(world->server);
	pthread_cond_destroy(&world->changed);
	pthread_mutex_destroy(&world->lock);
	free(world);
}

uint16_t probe_world_port(const struct probe_world *world)
{
	return world->port;
}

static bool wait_for(struct probe_world *world, const unsigned *number, unsigned count)
{
	struct timespec until;
	bool is_there;
	int result = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PROBE_WAIT_MS / MS_PER_S;
	pthread_mutex_lock(&world->lock);
	while (*number < count && result == 0) {
		result = pthread_cond_timedwait(&world->changed, &world->lock, &until);
	}
	is_there = *number >= count;
	pthread_mutex_unlock(&world->lock);
	return is_there;
}

bool probe_world_waiting(struct probe_world *world, unsigned count)
{
	return wait_for(world, &world->waiting, count);
}

bool probe_world_cancelled(struct probe_world *world, unsigned count)
{
	return wait_for(world, &world->cancelled, count);
}
