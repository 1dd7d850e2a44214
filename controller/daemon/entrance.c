#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG  128
#define PAUSE_NS INT64_C(100000000)
/* Another fastd that is opening a socket in the same folder is done within this. */
#define FOLDER_WAIT_MS 1000
#define FOLDER_POLL_MS 10

static void entrance_ready(struct node *node, struct watch *watch, uint32_t events)
{
	struct entrance *entrance =
		(struct entrance *)(void *)((char *)watch - offsetof(struct entrance, watch));
	struct epoll_event quiet = {.data.ptr = watch};

	(void)events;
	for (;;) {
		int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			session_accept(node, fd);
			continue;
		}
		if (errno == ECONNABORTED || errno == EINTR) {
			continue;
		}
		if (errno != EAGAIN) {
			/* Out of descriptors or memory: who waits shall wait, not keep us busy. */
			fast_log(FAST_LOG_WARNING, "no plugin can be accepted now: %m");
			entrance->paused_until_ns = node_now_ns() + PAUSE_NS;
			(void)epoll_ctl(node->epoll_fd, EPOLL_CTL_MOD, watch->fd, &quiet);
		}
		return;
	}
}

void entrances_resume(struct node *node, int64_t now_ns)
{
	for (size_t i = 0; i < node->entrance_count; i++) {
		struct entrance *entrance = &node->entrances[i];
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &entrance->watch};

		if (entrance->paused_until_ns > 0 && now_ns >= entrance->paused_until_ns) {
			entrance->paused_until_ns = 0;
			(void)epoll_ctl(node->epoll_fd, EPOLL_CTL_MOD, entrance->watch.fd, &event);
		}
	}
}

/* Whether somebody listens there. */
static bool is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answered;

	if (fd < 0) {
		return true; /* rather refuse than take a socket away */
	}
	answered = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
		   errno == EAGAIN;
	(void)close(fd);
	return answered;
}

/* Of two that find the same stale socket, one must see what the other has put in its place: who
 * looks and binds holds the folder's lock. Gives its descriptor; -1: there is no such folder, or it
 * is held for too long. */
static int folder_lock(const char *path, char *error)
{
	const char *slash = strrchr(path, '/');
	char folder[sizeof((struct entrance *)NULL)->path] = ".";
	int fd;

	if (slash != NULL) {
		(void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX, "can't listen on %s: %m", path);
		return -1;
	}
	for (int waited_ms = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited_ms += FOLDER_POLL_MS) {
		if (waited_ms >= FOLDER_WAIT_MS) {
			(void)snprintf(error, NODE_TEXT_BYTES_MAX,
				       "can't listen on %s: another process holds the lock of its "
				       "folder (lsof %s)",
				       path, folder);
			(void)close(fd);
			return -1;
		}
		(void)poll(NULL, 0, FOLDER_POLL_MS);
	}
	return fd;
}

/* Makes way for our socket where an earlier fastd has left its own. */
static bool stale_remove(const struct sockaddr_un *address, char *error)
{
	const char *path = address->sun_path;
	struct stat there;

	if (lstat(path, &there) != 0) {
		return true;
	}
	if (!S_ISSOCK(there.st_mode)) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX, "%s is there and is no socket", path);
		return false;
	}
	if (is_answered(address)) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX, "%s is in use by another process", path);
		return false;
	}
	if (unlink(path) != 0) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX,
			       "the stale socket %s can't be removed: %m", path);
		return false;
	}
	return true;
}

static enum fast_status path_check(const struct node *node, const char *path, char *error)
{
	if (strlen(path) >= sizeof node->entrances[0].path) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX,
			       "a socket's path has at most %zu bytes, and this one %zu",
			       sizeof node->entrances[0].path - 1, strlen(path));
		return FAST_INVALID_ARGUMENT;
	}
	if (node->entrance_count == NODE_SOCKETS_MAX) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX, "at most %d plugin sockets",
			       NODE_SOCKETS_MAX);
		return FAST_RESOURCE_EXHAUSTED;
	}
	return FAST_OK;
}

/* The caller holds the folder's lock. */
static enum fast_status entrance_bind(struct node *node, const char *path, char *error)
{
	struct entrance *entrance = &node->entrances[node->entrance_count];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	bool bound = false;

	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (!stale_remove(&address, error)) {
		return FAST_FAILED_PRECONDITION;
	}
	*entrance = (struct entrance){
		.watch.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
		.watch.ready = entrance_ready};
	(void)snprintf(entrance->path, sizeof entrance->path, "%s", path);
	if (entrance->watch.fd >= 0) {
		bound = bind(entrance->watch.fd, (struct sockaddr *)&address, sizeof address) == 0;
	}
	if (!bound || chmod(path, 0666) != 0 || listen(entrance->watch.fd, BACKLOG) != 0) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX, "can't listen on %s: %m", path);
		goto fail;
	}
	if (loop_watch(node, &entrance->watch, EPOLLIN) != FAST_OK) {
		(void)snprintf(error, NODE_TEXT_BYTES_MAX, "can't listen on %s: no memory", path);
		goto fail;
	}
	error[0] = '\0';
	node->entrance_count++;
	return FAST_OK;

fail:
	if (bound) {
		(void)unlink(path);
	}
	if (entrance->watch.fd >= 0) {
		(void)close(entrance->watch.fd);
	}
	return FAST_UNAVAILABLE;
}

enum fast_status entrance_open(struct node *node, const char *path, char *error)
{
	enum fast_status status = path_check(node, path, error);
	int folder_fd;

	if (status != FAST_OK) {
		return status;
	}
	folder_fd = folder_lock(path, error);
	if (folder_fd < 0) {
		return FAST_UNAVAILABLE;
	}
	status = entrance_bind(node, path, error);
	(void)close(folder_fd);
	return status;
}

void entrances_close(struct node *node)
{
	for (size_t i = 0; i < node->entrance_count; i++) {
		(void)unlink(node->entrances[i].path);
		loop_unwatch(node, &node->entrances[i].watch);
	}
	node->entrance_count = 0;
}
