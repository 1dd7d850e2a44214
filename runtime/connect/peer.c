/* One connection: who is there, until when it may be silent, and the client that acts for it. */
#include "connect/exchange.h"

#include "rpc/inside.h"
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#define NS_PER_MS 1000000

static bool socket_is_local(int fd)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof address;

	return getsockname(fd, (struct sockaddr *)&address, &bytes) == 0 &&
	       address.ss_family == AF_UNIX;
}

struct fast_connect_peer *fast_peer_new(struct fast_connect *connect, int fd)
{
	struct fast_connect_peer *peer = calloc(1, sizeof *peer);

	if (peer == NULL) {
		return NULL;
	}
	peer->connect = connect;
	peer->fd = fd;
	peer->is_local = socket_is_local(fd);
	peer->is_surplus = atomic_fetch_add(&connect->open, 1) >= connect->options.connections_max;
	fast_peer_await(peer);
	return peer;
}

void fast_peer_free(struct fast_connect_peer *peer)
{
	if (peer == NULL) {
		return;
	}
	fast_timer_cancel_wait(peer->connect->timers, &peer->timer);
	fast_client_close(peer->client);
	atomic_fetch_sub(&peer->connect->open, 1);
	free(peer);
}

/* The connection's thread finds it closed, and ends it. */
static void peer_is_late(void *arg)
{
	const struct fast_connect_peer *peer = arg;

	(void)shutdown(peer->fd, SHUT_RDWR);
}

void fast_peer_await(struct fast_connect_peer *peer)
{
	struct fast_timers *timers = peer->connect->timers;
	int64_t ms = peer->connect->options.request_ms;

	if (peer->is_surplus && ms > FAST_CONNECT_SURPLUS_MS) {
		ms = FAST_CONNECT_SURPLUS_MS;
	}
	if (fast_timer_set(timers, &peer->timer, fast_timers_now_ns(timers) + ms * NS_PER_MS,
			   peer_is_late, peer) != FAST_OK) {
		peer_is_late(peer); /* rather than for ever */
	}
}

void fast_peer_has_asked(struct fast_connect_peer *peer)
{
	(void)fast_timer_cancel(peer->connect->timers, &peer->timer);
}

void fast_peer_know(const struct fast_connect_peer *peer, struct fast_peer *out)
{
	struct ucred credentials;
	socklen_t bytes = sizeof credentials;

	*out = (struct fast_peer){.endpoint = "http"};
	if (peer->is_local &&
	    getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) == 0) {
		out->has_credentials = true;
		out->uid = credentials.uid;
		out->gid = credentials.gid;
		out->pid = (uint32_t)credentials.pid;
	}
}

struct fast_client *fast_peer_client(struct fast_connect_peer *peer)
{
	struct fast_client_options options = {.size = sizeof options, .agent = "http"};
	struct fast_peer known;

	if (peer->client == NULL) {
		fast_peer_know(peer, &known);
		if (fast_client_open_inside(peer->connect->server, &known, &options,
					    peer->connect->timers, &peer->client) != FAST_OK) {
			peer->client = NULL;
		}
	}
	return peer->client;
}

bool fast_peer_has_gone(const struct fast_connect_peer *peer)
{
	struct pollfd polled = {.fd = peer->fd, .events = POLLRDHUP};

	return atomic_load(&peer->connect->is_closing) ||
	       (poll(&polled, 1, 0) > 0 && polled.revents != 0);
}
