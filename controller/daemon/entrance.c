#include "session.h"

#include "socket_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG  128
#define PAUSE_NS INT64_C(100000000)

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

/* The caller has claimed the path. */
static enum fast_status entrance_bind(struct node *node, const char *path, char *error)
{
	struct entrance *entrance = &node->entrances[node->entrance_count];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	bool bound = false;

	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
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
	int lock = -1;

	if (status == FAST_OK) {
		status = socket_path_claim(path, &lock, error, NODE_TEXT_BYTES_MAX);
	}
	if (status != FAST_OK) {
		return status;
	}
	status = entrance_bind(node, path, error);
	(void)close(lock);
	return status;
}

void entrances_close(struct node *node)
{
	for (size_t i = 0; i < node->entrance_count; i++) {
		/* While it is still served: nobody else has taken it. */
		(void)unlink(node->entrances[i].path);
		loop_give_up(node, &node->entrances[i].watch);
	}
	node->entrance_count = 0;
}
