#include "session.h"

#include "apply.h"
#include "plugin_save.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)
#define DEAF      "it does not read what fastd says"
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

/* False: the peer takes no more. One that has closed is still to be heard to the end. */
static bool packet_send(int fd, const Fast__V1__SessionDown *packet)
{
	unsigned char bytes[SESSION_REPLY_BYTES_MAX];
	size_t count = protobuf_c_message_get_packed_size(&packet->base);

	assert(count <= sizeof bytes);
	(void)protobuf_c_message_pack(&packet->base, bytes);
	return send(fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno == EPIPE ||
	       errno == ECONNRESET;
}

static bool refusal_send(int fd, enum fast_status status, const char *name, const char *text)
{
	Fast__V1__SessionDown packet = FAST__V1__SESSION_DOWN__INIT;
	Fast__V1__Refused refused = FAST__V1__REFUSED__INIT;
	char named[FAST_METRIC_NAME_BYTES_MAX + 1];

	(void)snprintf(named, sizeof named, "%s", name);
	refused.code = (uint32_t)status;
	refused.name = named;
	refused.message = (char *)text;
	packet.kind_case = FAST__V1__SESSION_DOWN__KIND_REFUSED;
	packet.refused = &refused;
	return packet_send(fd, &packet);
}

void session_send(struct session *session, const Fast__V1__SessionDown *packet)
{
	if (session->socket.fd >= 0 && !packet_send(session->socket.fd, packet)) {
		session_end(session, DEAF);
	}
}

void session_refuse(struct session *session, enum fast_status status, const char *name,
		    const char *format, ...)
{
	char text[NODE_TEXT_BYTES_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (session->socket.fd >= 0 && !refusal_send(session->socket.fd, status, name, text)) {
		session_end(session, DEAF);
	}
	if (++session->refusals >= SESSION_REFUSALS_MAX) {
		session_end(session, "too many of its packets were refused");
	} else if (session->plugin == NULL) {
		session_end(session, text);
	}
}

static void plugin_end(struct node *node, struct plugin *plugin)
{
	int64_t now_ns = node_now_ns();
	int64_t now_unix_ns = node_now_unix_ns();

	sampler_read_last(node, plugin, now_ns, now_unix_ns);
	plugin_freeze(plugin);
	fast_page_view_close(plugin->view);
	plugin->view = NULL;
	plugin_free(plugin->previous, &node->registry);
	plugin->previous = NULL;
	registry_record_drop(&node->registry, plugin);
	plugin->live = false;
	plugin->end_ns = now_ns;
	plugin->end_unix_ns = now_unix_ns;
	node->registry.live_count--;
	plugin_save_now(node, plugin);
	node_notify_ended(node, plugin);
}

void session_end(struct session *session, const char *why)
{
	struct node *node = session->node;

	if (session->socket.fd < 0) {
		return;
	}
	node_lock(node);
	if (session->plugin != NULL) {
		node->loose_count++;
		plugin_end(node, session->plugin);
		node_run_end(node, session->plugin, why);
		node_note(node, FAST_LOG_INFO, "plugin %s has ended: %s", session->plugin->instance,
			  why);
	} else {
		session_note_stray(session, why);
	}
	session->plugin = NULL;
	node_unlock(node);
	loop_give_up(node, &session->socket);
	loop_unwatch(node, &session->process);
}

/* Takes one packet's descriptors: gives the first, has the rest closed. */
static int fds_take(struct node *node, struct msghdr *message, int *count)
{
	int page_fd = -1;

	*count = 0;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
	     header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
			continue;
		}
		size_t fds = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < fds; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
			if (page_fd < 0) {
				page_fd = fd;
			} else {
				closer_take(node->closer, fd);
			}
			++*count;
		}
	}
	return page_fd;
}

static void packet_handle(struct session *session, const Fast__V1__SessionUp *packet, int page_fd)
{
	bool attaches = packet->kind_case == FAST__V1__SESSION_UP__KIND_ATTACH;

	if (attaches != (session->plugin == NULL)) {
		session_refuse(session, FAST_FAILED_PRECONDITION, "",
			       attaches ? "the session is open already; attach once"
					: "the first packet must be Attach");
		return;
	}
	switch (packet->kind_case) {
	case FAST__V1__SESSION_UP__KIND_ATTACH:
		session_attach(session, packet->attach, page_fd);
		break;
	case FAST__V1__SESSION_UP__KIND_DECLARE_METRIC:
		session_declare_metric(session, packet->declare_metric);
		break;
	case FAST__V1__SESSION_UP__KIND_DECLARE_PARAM:
		session_declare_param(session, packet->declare_param);
		break;
	case FAST__V1__SESSION_UP__KIND_SEGMENT:
		session_segment(session, packet->segment, page_fd);
		break;
	case FAST__V1__SESSION_UP__KIND_PARAM_FAILED:
		session_param_failed(session, packet->param_failed);
		break;
	case FAST__V1__SESSION_UP__KIND_DETACH:
		session_end(session, "it said goodbye");
		break;
	case FAST__V1__SESSION_UP__KIND_REPORT: /* who is here has a page */
	case FAST__V1__SESSION_UP__KIND__NOT_SET:
	case _FAST__V1__SESSION_UP__KIND__CASE_IS_INT_SIZE:
		session_refuse(session, FAST_UNIMPLEMENTED, "",
			       "fastd does not know what this packet says");
		break;
	}
}

static void packet_receive(struct session *session, struct msghdr *message, size_t count)
{
	struct node *node = session->node;
	int fd_count;
	int page_fd = fds_take(node, message, &fd_count);
	bool fds_wrong = session->plugin == NULL &&
			 (fd_count != 1 || (message->msg_flags & MSG_CTRUNC) != 0);
	const Fast__V1__SessionUp *packet = NULL;
	const char *reason = "a packet has at most 65536 bytes";

	if (count <= PACKET_BYTES_MAX && (message->msg_flags & MSG_TRUNC) == 0) {
		packet = packet_unpack(node->arena, node->packet, count, &reason);
	}
	if (packet == NULL) {
		session_refuse(session, FAST_INVALID_ARGUMENT, "", "%s", reason);
	} else if (fds_wrong && packet->kind_case == FAST__V1__SESSION_UP__KIND_ATTACH) {
		session_refuse(session, FAST_INVALID_ARGUMENT, "",
			       "Attach must carry one descriptor, the page's; it carried %d",
			       fd_count);
	} else {
		packet_handle(session, packet, page_fd);
	}
	if (page_fd >= 0) {
		closer_take(node->closer, page_fd); /* it may be no page at all */
	}
}

/* An empty packet reads like the end. */
static bool is_hung_up(int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLRDHUP};

	return poll(&polled, 1, 0) != 0;
}

/* Takes what the peer has said, as far as it is this session's turn. True: there may be more. */
static bool session_hear(struct session *session)
{
	struct node *node = session->node;

	for (int i = 0; i < SESSION_PACKETS_PER_TURN && session->socket.fd >= 0; i++) {
		union {
			struct cmsghdr header; /* for its alignment */
			char bytes[CMSG_SPACE(SESSION_DESCRIPTORS_MAX * sizeof(int))];
		} control;
		struct iovec bytes = {.iov_base = node->packet, .iov_len = PACKET_BYTES_MAX + 1};
		struct msghdr message = {.msg_iov = &bytes,
					 .msg_iovlen = 1,
					 .msg_control = control.bytes,
					 .msg_controllen = sizeof control.bytes};
		ssize_t count =
			recvmsg(session->socket.fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
			return false;
		}
		if (count < 0 && errno == ECONNRESET) {
			continue; /* it has left words of ours unread; its own come after this */
		}
		if (count < 0 || (count == 0 && is_hung_up(session->socket.fd))) {
			session_end(session, "it has closed its connection");
			return false;
		}
		packet_receive(session, &message, (size_t)count);
	}
	return session->socket.fd >= 0;
}

static void session_ready(struct node *node, struct watch *watch, uint32_t events)
{
	(void)node;
	(void)events; /* what was sent before a hangup is still to be read */
	(void)session_hear(
		(struct session *)(void *)((char *)watch - offsetof(struct session, socket)));
}

static void process_ready(struct node *node, struct watch *watch, uint32_t events)
{
	struct session *session =
		(struct session *)(void *)((char *)watch - offsetof(struct session, process));

	(void)node;
	(void)events;
	/* Its last words; whoever else holds the connection may talk for ever. */
	for (int i = 0; i < SESSION_TURNS_LAST && session_hear(session); i++) {
	}
	session_end(session, "its process has ended");
}

/* Writes why there is no room for one more of this uid, which shall not take everybody's. False:
 * there is. */
static bool is_crowded(const struct node *node, uint32_t uid, char text[NODE_TEXT_BYTES_MAX])
{
	size_t waiting = 0;
	size_t total = 0;

	for (const struct session *session = node->sessions; session != NULL;
	     session = session->next) {
		bool counts = session->uid == uid && session->socket.fd >= 0; /* not ended */

		total += counts;
		waiting += counts && session->plugin == NULL;
	}
	if (node->session_count >= NODE_SESSIONS_MAX) {
		(void)snprintf(text, NODE_TEXT_BYTES_MAX,
			       "fastd has as many connections as it can take: %d",
			       NODE_SESSIONS_MAX);
	} else if (waiting >= SESSION_WAITING_MAX) {
		(void)snprintf(text, NODE_TEXT_BYTES_MAX,
			       "%d connections of user %" PRIu32 " have not attached yet; more "
			       "must wait",
			       SESSION_WAITING_MAX, uid);
	} else if (uid != 0 && total >= SESSION_USER_MAX) {
		(void)snprintf(text, NODE_TEXT_BYTES_MAX,
			       "user %" PRIu32 " has %d connections, the most that one user may",
			       uid, SESSION_USER_MAX);
	} else {
		return false;
	}
	return true;
}

/* A descriptor of the process that has connected, whoever has its number by now; -1: there can be
 * none. False: it has ended, though somebody holds its connection. */
static bool process_open(int fd, const struct ucred *peer, int *process)
{
	socklen_t length = sizeof *process;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, process, &length) == 0) {
		return true;
	}
	*process = -1;
	if (errno == ENOPROTOOPT && peer->pid > 0) { /* 0: in a namespace that we don't see into */
		*process = (int)syscall(SYS_pidfd_open, peer->pid, 0);
	}
	return *process >= 0 || errno != ESRCH;
}

void session_accept(struct node *node, int fd)
{
	struct session *session = calloc(1, sizeof *session);
	struct ucred peer;
	socklen_t length = sizeof peer;
	char text[NODE_TEXT_BYTES_MAX];
	int process = -1;
	bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0;
	bool crowded = known && is_crowded(node, peer.uid, text);

	if (crowded) {
		(void)refusal_send(fd, FAST_RESOURCE_EXHAUSTED, "", text);
	}
	if (session == NULL || !known || crowded || !process_open(fd, &peer, &process)) {
		free(session);
		closer_take(node->closer, fd);
		return;
	}
	session->node = node;
	session->socket = (struct watch){.fd = fd, .ready = session_ready};
	session->process = (struct watch){.fd = process, .ready = process_ready};
	session->pid = (uint32_t)peer.pid;
	session->uid = peer.uid;
	session->deadline_ns = node_now_ns() + SESSION_ATTACH_MS * NS_PER_MS;
	if (loop_watch(node, &session->socket, EPOLLIN) != FAST_OK) {
		closer_take(node->closer, fd);
		if (session->process.fd >= 0) {
			(void)close(session->process.fd);
		}
		free(session);
		return;
	}
	if (session->process.fd >= 0 && loop_watch(node, &session->process, EPOLLIN) != FAST_OK) {
		(void)close(session->process.fd);
		session->process.fd = -1; /* the socket's hangup tells as well, but for a fork */
	}
	session->next = node->sessions;
	node->sessions = session;
	node->session_count++;
	node->loose_count++;
}

void sessions_tick(struct node *node, int64_t now_ns)
{
	struct session **link = &node->sessions;

	entrances_resume(node, now_ns);
	while (*link != NULL && node->loose_count > 0) {
		struct session *session = *link;

		if (session->plugin == NULL && now_ns >= session->deadline_ns) {
			session_end(session, "it did not attach in time");
		}
		if (session->socket.fd < 0) {
			*link = session->next;
			node->session_count--;
			node->loose_count--;
			free(session);
		} else {
			link = &session->next;
		}
	}
}

void sessions_close(struct node *node)
{
	while (node->sessions != NULL) {
		struct session *session = node->sessions;
		node->sessions = session->next;
		loop_give_up(node, &session->socket);
		loop_unwatch(node, &session->process);
		free(session);
	}
	node->session_count = 0;
	node->loose_count = 0;
}
