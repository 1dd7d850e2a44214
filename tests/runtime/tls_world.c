#include "runtime/tls_world.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char folder[64];
static atomic_int_least64_t time_offset_s;

/* In place of the C library's, for mbedTLS, which asks it what day it is. */
__attribute__((visibility("default"))) time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += (time_t)atomic_load(&time_offset_s);
	if (out != NULL) {
		*out = now.tv_sec;
	}
	return now.tv_sec;
}

void tls_set_time(int64_t offset_s)
{
	atomic_store(&time_offset_s, offset_s);
}

void tls_set_date(const char *date)
{
	struct tm when = {0};
	struct timespec now;

	assert_non_null(strptime(date, "%Y%m%d%H%M%S", &when));
	clock_gettime(CLOCK_REALTIME, &now);
	tls_set_time((int64_t)timegm(&when) - (int64_t)now.tv_sec);
}

int tls_world_make(void **state)
{
	char command[256];

	(void)state;
	snprintf(folder, sizeof folder, "/tmp/fast-tls-XXXXXX");
	if (mkdtemp(folder) == NULL) {
		return -1;
	}
	snprintf(command, sizeof command, "bash '%s/tests/support/make_certs.sh' '%s'",
		 FAST_TEST_SOURCE, folder);
	return system(command);
}

int tls_world_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -r '%s'", folder);
	return system(command);
}

const char *tls_file(const char *name)
{
	static _Thread_local char paths[32][128];
	static _Thread_local unsigned next;
	char *path = paths[next++ % 32];

	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	return path;
}

struct fast_tls_options tls_options(const char *ca, const char *name)
{
	struct fast_tls_options options = {.size = sizeof options};
	char file[64];

	if (ca != NULL) {
		snprintf(file, sizeof file, "%s.pem", ca);
		options.ca_file = tls_file(file);
	}
	if (name != NULL) {
		snprintf(file, sizeof file, "%s.pem", name);
		options.certificate_file = tls_file(file);
		snprintf(file, sizeof file, "%s.key", name);
		options.key_file = tls_file(file);
	}
	return options;
}

struct fast_tls *tls_make_with(const struct fast_tls_options *options)
{
	struct fast_tls *tls = NULL;
	char error[FAST_TLS_ERROR_BYTES] = "";

	if (fast_tls_new(options, &tls, error, sizeof error) != FAST_OK) {
		fail_msg("%s", error);
	}
	return tls;
}

struct fast_tls *tls_make(const char *ca, const char *name)
{
	struct fast_tls_options options = tls_options(ca, name);

	return tls_make_with(&options);
}

const char *tls_endpoint_at(const struct fast_link_listener *listener, const char *host)
{
	static _Thread_local char endpoint[FAST_ENDPOINT_BYTES_MAX];
	const char *port = strrchr(fast_link_listener_endpoint(listener), ':');

	snprintf(endpoint, sizeof endpoint, "tls+tcp://%s%s", host, port);
	return endpoint;
}

void tls_ends_open(struct tls_ends *ends, struct fast_tls *server, struct fast_tls *client,
		   const char *host)
{
	memset(ends, 0, sizeof *ends);
	link_inbox_init(&ends->inbox);
	assert_ok(fast_link_listen_tls("tls+tcp://127.0.0.1:0", server, link_inbox_accepted,
				       &ends->inbox, &ends->listener));
	assert_ok(fast_link_dialer_new_tls(tls_endpoint_at(ends->listener, host), client,
					   &ends->dialer));
	fast_tls_free(server);
	fast_tls_free(client);
}

struct dial {
	struct link_outcome outcome;
	struct tls_ends *ends;
};

static void dial_ended(enum fast_status status, struct fast_link *link, void *arg)
{
	struct dial *dial = arg;

	snprintf(dial->ends->reason, sizeof dial->ends->reason, "%s",
		 fast_link_dialer_reason(dial->ends->dialer));
	link_outcome_dialed(status, link, &dial->outcome);
}

enum fast_status tls_ends_dial(struct tls_ends *ends, int64_t timeout_ms, struct fast_link **out)
{
	struct dial dial = {.outcome = {.done = GATE_INITIALIZER}, .ends = ends};

	fast_link_dial(ends->dialer, timeout_ms, dial_ended, &dial);
	assert_true(gate_wait(&dial.outcome.done, 1));
	if (dial.outcome.status == FAST_OK) {
		assert_string_equal("", ends->reason);
		*out = dial.outcome.link;
	} else {
		assert_null(dial.outcome.link);
	}
	return dial.outcome.status;
}

void tls_ends_close(struct tls_ends *ends)
{
	fast_link_dialer_free(ends->dialer);
	fast_link_listener_close(ends->listener);
	for (size_t i = 0; i < ends->inbox.count; i++) {
		ends->inbox.links[i]->ops->free(ends->inbox.links[i]);
	}
}

int tls_connect_plain(const struct fast_link_listener *listener)
{
	const char *port = strrchr(fast_link_listener_endpoint(listener), ':') + 1;
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr = {htonl(INADDR_LOOPBACK)},
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(0, connect(fd, (struct sockaddr *)&address, sizeof address));
	return fd;
}

bool tls_plain_is_closed(int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	char buffer[1024];

	while (poll(&poller, 1, GATE_WAIT_S * 1000) == 1) {
		if (recv(fd, buffer, sizeof buffer, 0) <= 0) {
			return true;
		}
	}
	return false;
}
