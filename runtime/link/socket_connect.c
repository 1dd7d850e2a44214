#include "link/socket_connect.h"

#include "base/timer.h"
#include "link/link_unix.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S  1000000000
#define NS_PER_MS 1000000
/* Between two looks at whether it is over. */
#define SLICE_MS 10

/* Who dials, and until when. */
struct dial {
	int64_t deadline_ns;
	fast_dial_over_fn *over;
	void *arg;
};

/* A name that is being looked up, on a thread of its own: libc may take long, and whoever dials
 * does not wait for it longer than for anything else. */
struct lookup {
	char host[FAST_HOST_BYTES_MAX + 1];
	char port[8];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by lock */
	unsigned holders; /* the thread and who waits for it; the last one frees it */
	bool is_done;
	int error; /* of getaddrinfo() */
	struct addrinfo *found;
};

/* FAST_OK: it goes on, for at most *slice_ms without another look. */
static enum fast_status dial_look(const struct dial *dial, int *slice_ms)
{
	int64_t left_ns = dial->deadline_ns - fast_clock_now_ns();

	if (dial->over(dial->arg)) {
		return FAST_CANCELLED;
	}
	if (left_ns <= 0) {
		return FAST_DEADLINE_EXCEEDED;
	}
	*slice_ms = left_ns / NS_PER_MS >= SLICE_MS ? SLICE_MS : (int)(left_ns / NS_PER_MS) + 1;
	return FAST_OK;
}

/* ---- names ---- */

static int host_find(const char *host, const char *port, int flags, struct addrinfo **out)
{
	const struct addrinfo hints = {
		.ai_flags = flags | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};

	return getaddrinfo(host, port, &hints, out);
}

/* Lock held, and not any more after it. */
static void lookup_let_go(struct lookup *lookup)
{
	bool is_last = --lookup->holders == 0;

	pthread_mutex_unlock(&lookup->lock);
	if (is_last) {
		if (lookup->found != NULL) {
			freeaddrinfo(lookup->found);
		}
		pthread_cond_destroy(&lookup->changed);
		pthread_mutex_destroy(&lookup->lock);
		free(lookup);
	}
}

static void *lookup_run(void *arg)
{
	struct lookup *lookup = arg;
	struct addrinfo *found = NULL;
	int error = host_find(lookup->host, lookup->port, AI_ADDRCONFIG, &found);

	pthread_mutex_lock(&lookup->lock);
	lookup->error = error;
	lookup->found = error == 0 ? found : NULL;
	lookup->is_done = true;
	pthread_cond_signal(&lookup->changed);
	lookup_let_go(lookup);
	return NULL;
}

/* Gives *out. RESOURCE_EXHAUSTED: no memory, or no thread. */
static enum fast_status lookup_start(const char *host, const char *port, struct lookup **out)
{
	struct lookup *lookup = calloc(1, sizeof *lookup);
	pthread_condattr_t monotonic;
	pthread_t thread;

	if (lookup == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	snprintf(lookup->host, sizeof lookup->host, "%s", host);
	snprintf(lookup->port, sizeof lookup->port, "%s", port);
	pthread_mutex_init(&lookup->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&lookup->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	lookup->holders = 2;
	if (pthread_create(&thread, NULL, lookup_run, lookup) != 0) {
		lookup->holders = 1;
		pthread_mutex_lock(&lookup->lock);
		lookup_let_go(lookup);
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_detach(thread);
	*out = lookup;
	return FAST_OK;
}

/* Gives *out, for freeaddrinfo(). */
static enum fast_status lookup_wait(struct lookup *lookup, const struct dial *dial,
				    struct addrinfo **out)
{
	enum fast_status status = FAST_OK;
	int slice_ms;

	pthread_mutex_lock(&lookup->lock);
	while (!lookup->is_done && (status = dial_look(dial, &slice_ms)) == FAST_OK) {
		int64_t until_ns = fast_clock_now_ns() + slice_ms * (int64_t)NS_PER_MS;
		struct timespec until = {until_ns / NS_PER_S, until_ns % NS_PER_S};

		(void)pthread_cond_timedwait(&lookup->changed, &lookup->lock, &until);
	}
	if (lookup->is_done) {
		*out = lookup->found;
		status = lookup->found != NULL         ? FAST_OK
			 : lookup->error == EAI_MEMORY ? FAST_RESOURCE_EXHAUSTED
						       : FAST_UNAVAILABLE;
		lookup->found = NULL;
	}
	lookup_let_go(lookup);
	return status;
}

static enum fast_status addresses_find(const struct fast_endpoint *endpoint,
				       const struct dial *dial, struct addrinfo **out)
{
	char host[FAST_HOST_BYTES_MAX + 1];
	char port[8];
	size_t bytes = strlen(endpoint->host);
	bool is_bracketed = endpoint->host[0] == '['; /* "[::1]" */
	struct lookup *lookup = NULL;
	enum fast_status status;
	int error;

	snprintf(host, sizeof host, "%.*s", (int)(is_bracketed ? bytes - 2 : bytes),
		 endpoint->host + is_bracketed);
	snprintf(port, sizeof port, "%u", (unsigned)endpoint->port);
	error = host_find(host, port, AI_NUMERICHOST, out);
	if (error == 0) {
		return FAST_OK;
	}
	if (error != EAI_NONAME) {
		return error == EAI_MEMORY ? FAST_RESOURCE_EXHAUSTED : FAST_UNAVAILABLE;
	}
	status = lookup_start(host, port, &lookup);
	return status == FAST_OK ? lookup_wait(lookup, dial, out) : status;
}

/* ---- connections ---- */

static enum fast_status connect_status(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return FAST_PERMISSION_DENIED;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return FAST_RESOURCE_EXHAUSTED;
	default:
		return FAST_UNAVAILABLE;
	}
}

/* Waits for a connect under way. */
static enum fast_status connect_wait(int fd, const struct dial *dial)
{
	struct pollfd polled = {.fd = fd, .events = POLLOUT};
	socklen_t bytes = sizeof(int);
	enum fast_status status;
	int slice_ms;
	int error = 0;

	do {
		status = dial_look(dial, &slice_ms);
		if (status != FAST_OK) {
			return status;
		}
	} while (poll(&polled, 1, slice_ms) <= 0);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) {
		error = errno;
	}
	return error == 0 ? FAST_OK : connect_status(error);
}

static enum fast_status address_connect(const struct addrinfo *address, const struct dial *dial,
					enum fast_endpoint_kind kind, struct fast_link **out)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum fast_status status = FAST_OK;
	const int yes = 1;

	if (fd < 0) {
		return connect_status(errno);
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
		status = errno == EINPROGRESS ? connect_wait(fd, dial) : connect_status(errno);
	}
	if (status == FAST_OK) {
		status = fast_unix_link_new(fd, kind, out);
	}
	if (status != FAST_OK) {
		close(fd);
	}
	return status;
}

static enum fast_status host_connect(const struct fast_endpoint *endpoint, const struct dial *dial,
				     struct fast_link **out)
{
	struct addrinfo *addresses = NULL;
	enum fast_status status = addresses_find(endpoint, dial, &addresses);

	if (status != FAST_OK) {
		return status;
	}
	status = FAST_UNAVAILABLE;
	for (const struct addrinfo *address = addresses;
	     address != NULL && status != FAST_OK && status != FAST_CANCELLED &&
	     status != FAST_DEADLINE_EXCEEDED;
	     address = address->ai_next) {
		status = address_connect(address, dial, endpoint->kind, out);
	}
	freeaddrinfo(addresses);
	return status;
}

/* Such a socket connects at once, or its queue is full. */
static enum fast_status path_connect(const struct fast_endpoint *endpoint, const struct dial *dial,
				     struct fast_link **out)
{
	for (;;) {
		enum fast_status status = fast_unix_connect(endpoint->path, endpoint->kind, out);
		int slice_ms;

		if (status != FAST_DEADLINE_EXCEEDED) {
			return status;
		}
		status = dial_look(dial, &slice_ms);
		if (status != FAST_OK) {
			return status;
		}
		(void)poll(NULL, 0, slice_ms);
	}
}

enum fast_status fast_socket_connect(const struct fast_endpoint *endpoint, int64_t deadline_ns,
				     fast_dial_over_fn *over, void *arg, struct fast_link **out)
{
	const struct dial dial = {deadline_ns, over, arg};
	bool is_path = endpoint->kind == FAST_ENDPOINT_IPC || endpoint->kind == FAST_ENDPOINT_UNIX;

	return is_path ? path_connect(endpoint, &dial, out) : host_connect(endpoint, &dial, out);
}
