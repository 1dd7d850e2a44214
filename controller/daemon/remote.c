#include "daemon/remote.h"
#include "daemon/remote_impl.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define DOWN_BYTES_MAX 4096
#define EVENTS_MAX     16
#define WAKE_ID        0 /* of the eventfd */

struct remotes {
	struct sockaddr_un address;
	const struct roles *roles;
	int epoll_fd;
	int wake_fd; /* there is a new one, or it is time to stop */
	pthread_t thread;
	bool has_thread;
	atomic_bool stopping;
	struct remote_params scratch; /* remote thread */

	pthread_mutex_t lock;
	bool lock_made;
	struct remote *all; /* guarded by lock, as what follows */
	size_t count;
	uint64_t id_last;
};

/* Takes it out of the list. False: another thread has done so and ends it. The caller holds the
 * lock. */
static bool remote_unlink(struct remote *remote)
{
	struct remotes *remotes = remote->remotes;
	bool ours = !remote->ended;

	remote->ended = true;
	for (struct remote **link = &remotes->all; ours && *link != NULL; link = &(*link)->next) {
		if (*link == remote) {
			*link = remote->next;
			remotes->count--;
			break;
		}
	}
	return ours;
}

/* Ends the call of one that was unlinked, and frees it. No lock is held: the call may be waiting
 * for its item function, which takes it. text NULL: the plugin has ended in good order. */
static void remote_finish(struct remote *remote, enum fast_status status, const char *text)
{
	if (text == NULL) {
		fast_call_finish(remote->call);
	} else {
		fast_call_fail(remote->call, status, "%s", text);
	}
	if (remote->fd >= 0) {
		(void)close(remote->fd);
	}
	remote_page_close(remote);
	free(remote);
}

/* On the thread of the items, while which runs nobody else frees it. */
static void remote_end(struct remote *remote, enum fast_status status, const char *text)
{
	bool ours;

	pthread_mutex_lock(&remote->remotes->lock);
	ours = remote_unlink(remote);
	pthread_mutex_unlock(&remote->remotes->lock);
	if (ours) {
		remote_finish(remote, status, text);
	}
}

/* ---- up: thread of the items ---- */

/* Whether the plugin may go by these names; an instance is what another one may have been. */
static bool remote_may_attach(struct remote *remote, const Fast__V1__Attach *attach)
{
	const char *names[] = {attach->name, attach->instance, attach->parent};
	struct role_ask ask = {.method = "fast.v1.Plugin/Attach", .least = ROLE_PLUGIN};

	for (size_t i = 0; i < sizeof names / sizeof names[0] && !remote->forbidden; i++) {
		ask.plugin = i > 0 && names[i][0] == '\0' ? NULL : names[i];
		remote->forbidden = !roles_allow(
			remote->remotes->roles, fast_call_peer(remote->call), &ask, remote->reason);
	}
	return !remote->forbidden;
}

/* Makes the page and attaches it to the node. NULL: good; else why not. */
static const char *remote_attach(struct remote *remote, const Fast__V1__SessionUp *up)
{
	struct remotes *remotes = remote->remotes;
	Fast__V1__SessionUp copy = *up;
	Fast__V1__Attach attach = *up->attach;
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = remote->id};
	char host[FAST_PLUGIN_NAME_BYTES_MAX + 1];
	enum fast_status status;
	int fd;

	if (remote->fd >= 0) {
		return "the session is open already; attach once";
	}
	if (!remote_may_attach(remote, up->attach)) {
		return remote->reason;
	}
	fd = remote_node_connect(&remotes->address);
	if (fd < 0) {
		return "the node takes no plugin now";
	}
	pthread_mutex_lock(&remotes->lock);
	remote->fd = fd;
	status = remote_page_grow(remote);
	pthread_mutex_unlock(&remotes->lock);
	if (status != FAST_OK || remote->maps[0].fd < 0) {
		return "fastd has no memory for the page";
	}
	remote_host_name(remote->call, host, sizeof host);
	attach.host = host;
	copy.attach = &attach;
	if (!remote_up_send(remote, &copy, remote->maps[0].fd) ||
	    epoll_ctl(remotes->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
		return "the node takes no plugin now";
	}
	return NULL;
}

static const char *remote_segment(struct remote *remote, const Fast__V1__SessionUp *up)
{
	enum fast_status status;

	pthread_mutex_lock(&remote->remotes->lock);
	status = remote_page_grow(remote);
	pthread_mutex_unlock(&remote->remotes->lock);
	if (status != FAST_OK) {
		return "fastd has no room for another segment";
	}
	return remote_up_send(remote, up, remote->maps[remote->map_count - 1].fd)
		       ? NULL
		       : "the node has ended the session";
}

/* NULL: good; else why the session ends. */
static const char *remote_hear(struct remote *remote, const Fast__V1__SessionUp *up)
{
	if (up == NULL) {
		return "a message says nothing";
	}
	if (up->kind_case == FAST__V1__SESSION_UP__KIND_ATTACH) {
		return remote_attach(remote, up);
	}
	if (remote->fd < 0) {
		return "the first message must be Attach";
	}
	if (up->kind_case == FAST__V1__SESSION_UP__KIND_REPORT) {
		return remote_page_write(remote, up->report)
			       ? NULL
			       : "a report's words must lie in region B, one at each offset";
	}
	if (up->kind_case == FAST__V1__SESSION_UP__KIND_SEGMENT) {
		return remote_segment(remote, up);
	}
	return remote_up_send(remote, up, -1) ? NULL : "the node has ended the session";
}

static void remote_item(struct fast_call *call, enum fast_status status,
			const Fast__V1__PluginAttachRequest *item, void *arg)
{
	struct remote *remote = arg;
	const char *wrong;

	(void)call;
	if (item == NULL) {
		remote_end(remote, status, status == FAST_OK ? NULL : "the plugin has gone");
		return;
	}
	wrong = remote_hear(remote, item->up);
	if (wrong != NULL) {
		remote_end(remote,
			   remote->forbidden ? FAST_PERMISSION_DENIED : FAST_FAILED_PRECONDITION,
			   wrong);
	}
}

/* ---- down: the remotes' thread ---- */

static enum fast_status down_send(const struct remote *remote, Fast__V1__SessionDown *down)
{
	Fast__V1__PluginAttachResponse response = FAST__V1__PLUGIN_ATTACH_RESPONSE__INIT;

	response.down = down;
	return fast_v1_plugin_attach_send(remote->call, &response);
}

/* Passes on what the node says. False: it has ended the session. The caller holds the lock. */
static bool node_hear(const struct remote *remote)
{
	uint8_t packet[DOWN_BYTES_MAX];
	ssize_t bytes = recv(remote->fd, packet, sizeof packet, MSG_DONTWAIT);
	Fast__V1__SessionDown *down;

	if (bytes <= 0) {
		return bytes < 0 && (errno == EAGAIN || errno == EINTR);
	}
	down = fast__v1__session_down__unpack(NULL, (size_t)bytes, packet);
	if (down != NULL) {
		/* A reader that is so slow learns of no refusal; all else is said again. */
		(void)!down_send(remote, down);
		fast__v1__session_down__free_unpacked(down, NULL);
	}
	return true;
}

/* Tells the plugin of knobs that were turned. The caller holds the lock. */
static void params_tell(struct remotes *remotes, struct remote *remote)
{
	Fast__V1__SessionDown down = FAST__V1__SESSION_DOWN__INIT;
	uint64_t generation = 0;

	if (!remote_page_params(remote, &remotes->scratch, &generation)) {
		return;
	}
	down.kind_case = FAST__V1__SESSION_DOWN__KIND_PARAMS;
	down.params = &remotes->scratch.params;
	if (down_send(remote, &down) == FAST_OK) {
		remote->generation = generation;
	}
}

/* Hears the node for one plugin, which may have gone meanwhile. */
static void event_serve(struct remotes *remotes, uint64_t id)
{
	struct remote *remote;
	bool ended = false;

	pthread_mutex_lock(&remotes->lock);
	remote = remotes->all;
	while (remote != NULL && remote->id != id) {
		remote = remote->next;
	}
	if (remote != NULL && !node_hear(remote)) {
		ended = remote_unlink(remote);
	}
	pthread_mutex_unlock(&remotes->lock);
	if (ended) {
		remote_finish(remote, FAST_UNAVAILABLE, "the node has ended the session");
	}
}

static void *remotes_run(void *arg)
{
	struct remotes *remotes = arg;
	struct epoll_event events[EVENTS_MAX];
	uint64_t wakes;
	bool any = false;

	while (!atomic_load(&remotes->stopping)) {
		int count = epoll_wait(remotes->epoll_fd, events, EVENTS_MAX,
				       any ? REMOTE_TICK_MS : -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.u64 == WAKE_ID) {
				ssize_t got = read(remotes->wake_fd, &wakes, sizeof wakes);
				(void)got;
			} else {
				event_serve(remotes, events[i].data.u64);
			}
		}
		pthread_mutex_lock(&remotes->lock);
		for (struct remote *remote = remotes->all; remote != NULL; remote = remote->next) {
			params_tell(remotes, remote);
		}
		any = remotes->all != NULL;
		pthread_mutex_unlock(&remotes->lock);
	}
	return NULL;
}

static void remotes_wake(const struct remotes *remotes)
{
	const uint64_t one = 1;
	ssize_t written = write(remotes->wake_fd, &one, sizeof one);

	(void)written; /* full: it will wake all the same */
}

/* ---- life ---- */

enum fast_status remotes_open(const char *path, const struct roles *roles, struct remotes **out)
{
	struct remotes *remotes = calloc(1, sizeof *remotes);
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = WAKE_ID};

	if (remotes == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	remotes->roles = roles;
	remotes->address.sun_family = AF_UNIX;
	(void)snprintf(remotes->address.sun_path, sizeof remotes->address.sun_path, "%s", path);
	remotes->lock_made = pthread_mutex_init(&remotes->lock, NULL) == 0;
	remotes->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	remotes->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	remotes->has_thread =
		remotes->lock_made && remotes->epoll_fd >= 0 && remotes->wake_fd >= 0 &&
		epoll_ctl(remotes->epoll_fd, EPOLL_CTL_ADD, remotes->wake_fd, &event) == 0 &&
		pthread_create(&remotes->thread, NULL, remotes_run, remotes) == 0;
	if (!remotes->has_thread) {
		remotes_close(remotes);
		return FAST_RESOURCE_EXHAUSTED;
	}
	*out = remotes;
	return FAST_OK;
}

void remotes_close(struct remotes *remotes)
{
	if (remotes == NULL) {
		return;
	}
	if (remotes->has_thread) {
		atomic_store(&remotes->stopping, true);
		remotes_wake(remotes);
		pthread_join(remotes->thread, NULL);
	}
	if (remotes->epoll_fd >= 0) {
		(void)close(remotes->epoll_fd);
	}
	if (remotes->wake_fd >= 0) {
		(void)close(remotes->wake_fd);
	}
	if (remotes->lock_made) {
		pthread_mutex_destroy(&remotes->lock);
	}
	free(remotes);
}

void remotes_take(struct remotes *remotes, struct fast_call *call)
{
	struct remote *remote = calloc(1, sizeof *remote);
	bool room;

	if (remote == NULL) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED, "fastd has no memory");
		return;
	}
	remote->remotes = remotes;
	remote->call = call;
	remote->fd = -1;
	pthread_mutex_lock(&remotes->lock);
	room = remotes->count < REMOTES_MAX;
	if (room) {
		remote->id = ++remotes->id_last;
		remote->next = remotes->all;
		remotes->all = remote;
		remotes->count++;
	}
	pthread_mutex_unlock(&remotes->lock);
	if (!room) {
		free(remote);
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED,
			       "there are %d plugins of other hosts, the most that there can be",
			       REMOTES_MAX);
		return;
	}
	remotes_wake(remotes);
	fast_v1_plugin_attach_on_item(call, remote_item, remote);
}
