/* attach - the plugin's one housekeeping thread: it finds fastd, hands it the page, tells it what
 * there is, and does so again whenever fastd comes back. It sleeps in poll() and nowhere else. */
#include "session.h"

#include <errno.h>
#include <fast/log.h>

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Together they find a fastd that has come back within a second. */
#define RETRY_FIRST_MS 50
#define RETRY_MAX_MS   500
/* A fastd that has refused the plugin will hardly think better of it at once. */
#define RETRY_REFUSED_MS 5000
/* From connecting to Attached. */
#define ANSWER_MS_MAX 5000
/* A plugin that closes waits so long for a fastd that takes nothing. */
#define END_MS 500

enum session_state {
	SESSION_WAITING, /* for Attached */
	SESSION_OPEN,
	SESSION_REFUSED,
	SESSION_LOST,
};

/* One connection. Thread-local: nobody else sees it, but for plugin->socket_fd. */
struct session {
	struct fast_plugin *plugin;
	int socket;
	enum session_state state;
	uint32_t revision;  /* what fastd knows of session.proto */
	size_t announced;   /* so many announcements are sent */
	bool blocked;       /* the socket's buffer is full */
	bool broken;        /* nothing can be sent: it ends when all there is has been read */
	bool opened;        /* it was open once */
	int64_t give_up_ms; /* while waiting */
};

static int64_t now_ms(void)
{
	return fast_metric_now() / 1000000;
}

static bool is_stopping(const struct fast_plugin *plugin)
{
	return atomic_load(&plugin->stopping);
}

/* Sets *nobody when no fastd is there, not even one that is busy. Gives -1 when it let nobody in.
 */
static int address_connect(const struct sockaddr_un *address, bool *nobody)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*nobody = false;
	/* A unix socket connects at once or, with a full backlog, not. */
	if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
		*nobody = errno == ENOENT || errno == ECONNREFUSED;
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* A forked child closes the socket: it must know it. Gives -1 when there is none. */
static int socket_connect(struct fast_plugin *plugin)
{
	bool nobody = true;
	int fd = -1;

	pthread_mutex_lock(&plugin->lock);
	for (size_t i = 0; i < FAST_ADDRESSES_MAX && nobody; i++) {
		if (plugin->addresses[i].sun_path[0] != '\0') {
			fd = address_connect(&plugin->addresses[i], &nobody);
		}
	}
	plugin->socket_fd = fd;
	pthread_mutex_unlock(&plugin->lock);
	return fd;
}

void fast_plugin_set_attached(struct fast_plugin *plugin, bool attached, const char *instance)
{
	pthread_mutex_lock(&plugin->lock);
	if (instance != NULL) {
		(void)snprintf(plugin->instance, sizeof plugin->instance, "%s", instance);
	}
	atomic_store(&plugin->attached, attached);
	pthread_cond_broadcast(&plugin->changed);
	pthread_mutex_unlock(&plugin->lock);
}

static void session_close(struct session *session)
{
	struct fast_plugin *plugin = session->plugin;

	fast_plugin_set_attached(plugin, false, NULL);
	fast_plugin_wake_waiters(plugin); /* fastd may have died between a change and its wake */
	pthread_mutex_lock(&plugin->lock);
	(void)close(plugin->socket_fd);
	plugin->socket_fd = -1;
	pthread_mutex_unlock(&plugin->lock);
}

static bool session_open(struct session *session, struct fast_plugin *plugin)
{
	uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];
	char instance[FAST_INSTANCE_BYTES_MAX + 1];
	size_t bytes;

	*session = (struct session){
		.plugin = plugin,
		.socket = socket_connect(plugin),
		.state = SESSION_WAITING,
		.give_up_ms = now_ms() + ANSWER_MS_MAX,
	};
	if (session->socket < 0) {
		return false;
	}
	pthread_mutex_lock(&plugin->lock);
	memcpy(instance, plugin->instance, sizeof instance);
	pthread_mutex_unlock(&plugin->lock);
	bytes = fast_session_pack_attach(plugin, instance, packet);
	if (fast_session_send(session->socket, packet, bytes, plugin->map.fd) != FAST_OK) {
		session_close(session);
		return false;
	}
	return true;
}

/* The next param with a failure that fastd was not told of; NULL: none. The caller holds the lock.
 */
static struct fast_param *failure_next(const struct session *session)
{
	struct fast_plugin *plugin = session->plugin;

	for (size_t i = 0; i < plugin->param_count; i++) {
		if (plugin->params[i]->failure_unsent &&
		    session->revision >= FAST_SESSION_REVISION_FAILURES) {
			return plugin->params[i];
		}
	}
	return NULL;
}

/* The next thing to say. */
struct saying {
	uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];
	size_t bytes;              /* 0: all is said */
	int fd;                    /* a segment's; -1: none */
	struct fast_param *failed; /* whose failure it is, or NULL */
};

static void saying_next(const struct session *session, struct saying *out)
{
	struct fast_plugin *plugin = session->plugin;

	out->bytes = 0;
	out->fd = -1;
	out->failed = NULL;
	pthread_mutex_lock(&plugin->lock);
	if (session->announced < plugin->announce_count) {
		const struct announcement *next = &plugin->announce[session->announced];

		out->bytes = fast_session_pack_announcement(next, out->packet);
		if (next->segment > 0) {
			out->fd = plugin->segments[next->segment].fd;
		}
	} else {
		out->failed = failure_next(session);
		if (out->failed != NULL) {
			out->failed->failure_unsent = false;
			out->bytes = fast_session_pack_failure(out->failed, out->packet);
		}
	}
	pthread_mutex_unlock(&plugin->lock);
}

static void failure_unsent_set(struct fast_plugin *plugin, struct fast_param *param)
{
	pthread_mutex_lock(&plugin->lock);
	param->failure_unsent = param->failed_revision > 0;
	pthread_mutex_unlock(&plugin->lock);
}

/* Sends what the socket takes. */
static void session_announce(struct session *session)
{
	struct saying next;

	session->blocked = false;
	for (;;) {
		if (!session->broken) {
			saying_next(session, &next);
		}
		if (session->broken || next.bytes == 0) {
			return;
		}
		enum fast_status status =
			fast_session_send(session->socket, next.packet, next.bytes, next.fd);

		if (status == FAST_RESOURCE_EXHAUSTED) {
			session->blocked = true;
			if (next.failed != NULL) {
				failure_unsent_set(session->plugin, next.failed);
			}
			return;
		}
		session->broken = status != FAST_OK;
		session->announced += next.failed == NULL;
	}
}

void fast_plugin_keep_refusal(struct fast_plugin *plugin, bool whole, const char *name,
			      const char *message, uint32_t code)
{
	const char *status = fast_status_name(fast_status_from_wire(code));

	if (!whole) {
		(void)fast_plugin_refuse(plugin, FAST_OK, "fastd refused \"%s\": %s (%s)", name,
					 message, status);
		fast_log(FAST_LOG_WARNING, "plugin \"%s\": fastd refused \"%s\": %s (%s)",
			 plugin->name, name, message, status);
		return;
	}
	(void)fast_plugin_refuse(plugin, FAST_OK, "fastd refused the plugin: %s (%s)", message,
				 status);
	if (!plugin->refusal_logged) { /* it is refused again at each retry */
		plugin->refusal_logged = true;
		fast_log(FAST_LOG_WARNING, "plugin \"%s\": fastd refused it: %s (%s)", plugin->name,
			 message, status);
	}
}

static void session_refuse(struct session *session, const Fast__V1__Refused *refused)
{
	bool whole = refused->name[0] == '\0' && session->state == SESSION_WAITING;

	session->state = whole ? SESSION_REFUSED : session->state;
	fast_plugin_keep_refusal(session->plugin, whole, refused->name, refused->message,
				 refused->code);
}

void fast_plugin_resay_failures(struct fast_plugin *plugin)
{
	pthread_mutex_lock(&plugin->lock);
	for (size_t i = 0; i < plugin->param_count; i++) {
		plugin->params[i]->failure_unsent = plugin->params[i]->failed_revision > 0;
	}
	pthread_mutex_unlock(&plugin->lock);
}

static void session_attached(struct session *session, const Fast__V1__Attached *attached)
{
	struct fast_plugin *plugin = session->plugin;

	session->state = SESSION_OPEN;
	session->opened = true;
	session->revision = attached->page_revision;
	plugin->refusal_logged = false;
	fast_plugin_resay_failures(plugin);
	fast_plugin_set_attached(plugin, true, attached->instance);
}

static void session_receive(struct session *session)
{
	Fast__V1__SessionDown *down = NULL;

	enum fast_status status = fast_session_receive(session->socket, &down);

	if (status == FAST_UNAVAILABLE || (status == FAST_NOT_FOUND && session->broken)) {
		session->state = SESSION_LOST;
	}
	if (down == NULL) {
		return;
	}
	if (down->kind_case == FAST__V1__SESSION_DOWN__KIND_ATTACHED) {
		session_attached(session, down->attached);
	} else if (down->kind_case == FAST__V1__SESSION_DOWN__KIND_REFUSED) {
		session_refuse(session, down->refused);
	}
	fast__v1__session_down__free_unpacked(down, NULL);
}

/* Sleeps until the socket, the eventfd or the time has something; takes what the eventfd had. */
static short session_wait(const struct fast_plugin *plugin, int socket, short events,
			  int64_t timeout_ms)
{
	struct pollfd polled[] = {
		{.fd = plugin->wake_fd, .events = POLLIN},
		{.fd = socket, .events = events}, /* -1 is passed over */
	};
	uint64_t taken;

	(void)poll(polled, sizeof polled / sizeof polled[0], (int)timeout_ms);
	if (polled[0].revents != 0) {
		ssize_t got = read(plugin->wake_fd, &taken, sizeof taken);
		(void)got;
	}
	return polled[1].revents;
}

/* Lives through one connection. Gives how it ended. */
static enum session_state session_run(struct session *session)
{
	struct fast_plugin *plugin = session->plugin;

	while (session->state <= SESSION_OPEN && !is_stopping(plugin)) {
		int64_t timeout_ms = -1;
		short events = POLLIN;

		session_announce(session);
		if (session->state == SESSION_WAITING) {
			timeout_ms = session->give_up_ms - now_ms();
			if (timeout_ms <= 0) {
				session->state = SESSION_LOST;
				break;
			}
		}
		events = (short)(events | (session->blocked ? POLLOUT : 0));
		if (session->broken || (session_wait(plugin, session->socket, events, timeout_ms) &
					(POLLIN | POLLHUP | POLLERR)) != 0) {
			session_receive(session);
		}
	}
	return session->state;
}

/* Says what is still unsaid, as far as fastd takes it in time, and goodbye. */
static void session_finish(struct session *session)
{
	uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];
	int64_t until_ms = now_ms() + END_MS;
	int64_t left_ms = END_MS;

	session_announce(session);
	while (session->blocked && left_ms > 0) {
		struct pollfd polled = {.fd = session->socket, .events = POLLOUT};

		(void)poll(&polled, 1, (int)left_ms);
		session_announce(session);
		left_ms = until_ms - now_ms();
	}
	/* If fastd doesn't take it, it sees the connection end. */
	(void)!fast_session_send(session->socket, packet, fast_session_pack_detach(packet), -1);
}

/* Sleeps, unless the plugin closes. */
static void retry_wait(const struct fast_plugin *plugin, int64_t retry_ms)
{
	int64_t until_ms = now_ms() + retry_ms;

	while (!is_stopping(plugin) && retry_ms > 0) {
		(void)session_wait(plugin, -1, 0, retry_ms);
		retry_ms = until_ms - now_ms();
	}
}

void *fast_attach_run(void *arg)
{
	struct fast_plugin *plugin = arg;
	struct session session;
	int64_t retry_ms = RETRY_FIRST_MS;

	(void)pthread_setname_np(pthread_self(), "fast-plugin");
	do { /* once, however soon it is closed: what it has counted by then is for fastd */
		if (session_open(&session, plugin)) {
			enum session_state end = session_run(&session);

			if (is_stopping(plugin) && end <= SESSION_OPEN) {
				session_finish(&session);
			}
			if (end == SESSION_REFUSED) {
				retry_ms = RETRY_REFUSED_MS;
			} else if (session.opened) {
				retry_ms = RETRY_FIRST_MS;
			}
			session_close(&session);
		}
		retry_wait(plugin, retry_ms);
		retry_ms = 2 * retry_ms < RETRY_MAX_MS ? 2 * retry_ms : RETRY_MAX_MS;
	} while (!is_stopping(plugin));
	return NULL;
}
