#include "link/link_unix.h"

#include "link/socket_path.h"

#include <assert.h>
#include <errno.h>
#include <fast/log.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Connections that nobody has accepted yet. */
#define BACKLOG 128
/* Pauses after a failed accept: no descriptors or memory are left. */
#define ACCEPT_PAUSE_MS_MIN 10
#define ACCEPT_PAUSE_MS_MAX 320

struct fast_unix_listener {
	char path[FAST_SOCKET_PATH_BYTES_MAX + 1];
	fast_link_accepted_fn *accepted;
	void *arg;
	int fd;
	int end_fd; /* an eventfd: readable when it is to end */
	bool is_bound;
	bool has_thread;
	pthread_t thread;
};

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert(strlen(path) <= FAST_SOCKET_PATH_BYTES_MAX);
	memcpy(address.sun_path, path, strlen(path));
	return address;
}

/* Waits for a connection, or so long. True: the listener is to end. */
static bool listener_wait(const struct fast_unix_listener *listener, int pause_ms)
{
	struct pollfd fds[2] = {{listener->end_fd, POLLIN, 0}, {listener->fd, POLLIN, 0}};

	(void)poll(fds, pause_ms > 0 ? 1 : 2, pause_ms > 0 ? pause_ms : -1);
	return (fds[0].revents & POLLIN) != 0;
}

/* False: it is to be tried again later. */
static bool listener_accept(const struct fast_unix_listener *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct fast_link *link = NULL;

	if (fd < 0) {
		return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
	}
	if (fast_unix_link_new(fd, FAST_ENDPOINT_UNIX, &link) != FAST_OK) {
		close(fd);
		errno = ENOMEM;
		return false;
	}
	listener->accepted(link, listener->arg);
	return true;
}

static void *listener_run(void *arg)
{
	const struct fast_unix_listener *listener = arg;
	int pause_ms = 0;

	while (!listener_wait(listener, pause_ms)) {
		if (listener_accept(listener)) {
			pause_ms = 0;
		} else if (pause_ms == 0) {
			pause_ms = ACCEPT_PAUSE_MS_MIN;
			fast_log(FAST_LOG_WARNING,
				 "unix://%s: cannot accept connections: %s; trying on",
				 listener->path, strerror(errno));
		} else if (pause_ms < ACCEPT_PAUSE_MS_MAX) {
			pause_ms *= 2;
		}
	}
	return NULL;
}

/* The permissions are set before anybody can connect. */
static enum fast_status listener_bind(struct fast_unix_listener *listener, unsigned mode)
{
	struct sockaddr_un address = address_of(listener->path);
	enum fast_status status;
	int lock = -1;

	status = fast_socket_path_claim(listener->path, &lock);
	if (status != FAST_OK) {
		return status;
	}
	if (bind(listener->fd, (struct sockaddr *)&address, sizeof address) != 0) {
		status = fast_socket_path_status(errno);
	} else {
		listener->is_bound = true;
		if ((mode != 0 && chmod(listener->path, mode) != 0) ||
		    listen(listener->fd, BACKLOG) != 0) {
			status = fast_socket_path_status(errno);
		}
	}
	fast_socket_path_release(lock);
	return status;
}

/* Signals are the business of the program's own threads. */
static enum fast_status listener_start(struct fast_unix_listener *listener)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	listener->has_thread = pthread_create(&listener->thread, NULL, listener_run, listener) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return listener->has_thread ? FAST_OK : FAST_RESOURCE_EXHAUSTED;
}

enum fast_status fast_unix_listen(const char *path, unsigned mode, fast_link_accepted_fn *accepted,
				  void *arg, struct fast_unix_listener **out)
{
	struct fast_unix_listener *listener = calloc(1, sizeof *listener);
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	if (listener == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	memcpy(listener->path, path, strlen(path) + 1);
	listener->accepted = accepted;
	listener->arg = arg;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	listener->end_fd = eventfd(0, EFD_CLOEXEC);
	if (listener->fd >= 0 && listener->end_fd >= 0) {
		status = listener_bind(listener, mode);
	}
	if (status == FAST_OK) {
		status = listener_start(listener);
	}
	if (status != FAST_OK) {
		fast_unix_listener_close(listener);
		return status;
	}
	*out = listener;
	return FAST_OK;
}

void fast_unix_listener_close(struct fast_unix_listener *listener)
{
	const uint64_t one = 1;

	if (listener == NULL) {
		return;
	}
	if (listener->has_thread) {
		ssize_t written = write(listener->end_fd, &one, sizeof one);
		assert(written == sizeof one);
		(void)written;
		pthread_join(listener->thread, NULL);
	}
	if (listener->is_bound) {
		unlink(listener->path); /* while it is still served: nobody else has taken it */
	}
	if (listener->fd >= 0) {
		close(listener->fd);
	}
	if (listener->end_fd >= 0) {
		close(listener->end_fd);
	}
	free(listener);
}

static enum fast_status connect_status(int error)
{
	enum fast_status status = fast_socket_path_status(error);

	if (error == EAGAIN) {
		return FAST_DEADLINE_EXCEEDED;
	}
	return status == FAST_PERMISSION_DENIED || status == FAST_RESOURCE_EXHAUSTED
		       ? status
		       : FAST_UNAVAILABLE;
}

enum fast_status fast_unix_connect(const char *path, enum fast_endpoint_kind kind,
				   struct fast_link **out)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum fast_status status = FAST_OK;

	if (fd < 0) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		status = connect_status(errno);
	}
	if (status == FAST_OK) {
		status = fast_unix_link_new(fd, kind, out);
	}
	if (status != FAST_OK) {
		close(fd);
	}
	return status;
}
