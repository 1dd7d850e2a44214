#include "echo_stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

struct address {
	struct sockaddr_storage storage;
	socklen_t bytes;
};

/* path: NULL for tcp. Unbound; -1: failed. */
static int raw_socket(const char *path, uint16_t port, struct address *address)
{
	struct sockaddr_un *local = (struct sockaddr_un *)&address->storage;
	struct sockaddr_in *inet = (struct sockaddr_in *)&address->storage;

	memset(address, 0, sizeof *address);
	if (path != NULL) {
		local->sun_family = AF_UNIX;
		snprintf(local->sun_path, sizeof local->sun_path, "%s", path);
		address->bytes = sizeof *local;
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	}
	inet->sin_family = AF_INET;
	inet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	inet->sin_port = htons(port);
	address->bytes = sizeof *inet;
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* Fails on unix sockets, which need it not. */
static void send_at_once(int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static bool raw_connect(struct echo_stream *stream, const struct peer *peer,
			enum peer_transport transport)
{
	struct address address;
	const char *path = transport == PEER_IPC || transport == PEER_UNIX ? peer->raw_path : NULL;

	stream->fd = raw_socket(path, peer->raw_port, &address);
	if (stream->fd < 0) {
		return false;
	}
	send_at_once(stream->fd);
	return connect(stream->fd, (struct sockaddr *)&address.storage, address.bytes) == 0;
}

static size_t raw_send(struct echo_stream *stream, const uint8_t *bytes, size_t count)
{
	ssize_t sent = send(stream->fd, bytes, count, MSG_NOSIGNAL);

	return sent < 0 ? 0 : (size_t)sent;
}

static size_t raw_recv(struct echo_stream *stream, uint8_t *bytes, size_t count)
{
	ssize_t received = recv(stream->fd, bytes, count, 0);

	return received < 0 ? 0 : (size_t)received;
}

static void raw_close(struct echo_stream *stream)
{
	close(stream->fd);
}

const struct echo_stream_ops raw_stream_ops = {raw_connect, raw_send, raw_recv, raw_close};

static void *raw_serve(void *arg)
{
	struct echo_stream *stream = arg;

	echo_stream_serve(stream);
	close(stream->fd);
	free(stream);
	return NULL;
}

static void *mute_serve(void *arg)
{
	struct echo_stream *stream = arg;
	uint8_t bytes[4096];

	while (raw_recv(stream, bytes, sizeof bytes) > 0) {
	}
	close(stream->fd);
	free(stream);
	return NULL;
}

struct door {
	int fd;
	void *(*serve)(void *stream);
};

static void *door_keep(void *arg)
{
	struct door *door = arg;

	for (;;) {
		struct echo_stream *stream = calloc(1, sizeof *stream);
		pthread_t thread;

		if (stream == NULL) {
			return NULL;
		}
		stream->ops = &raw_stream_ops;
		stream->fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC);
		if (stream->fd < 0) {
			free(stream);
			return NULL;
		}
		send_at_once(stream->fd);
		if (pthread_create(&thread, NULL, door->serve, stream) != 0) {
			return NULL;
		}
		pthread_detach(thread);
	}
}

/* Gives the port where it is tcp. door lives as long as the process. */
static bool door_open(struct door *door, const char *path, uint16_t *port)
{
	struct address address;
	pthread_t thread;

	door->fd = raw_socket(path, 0, &address);
	if (door->fd < 0 ||
	    bind(door->fd, (struct sockaddr *)&address.storage, address.bytes) != 0 ||
	    listen(door->fd, BACKLOG) != 0 || pthread_create(&thread, NULL, door_keep, door) != 0) {
		return false;
	}
	if (port != NULL) {
		getsockname(door->fd, (struct sockaddr *)&address.storage, &address.bytes);
		*port = ntohs(((struct sockaddr_in *)&address.storage)->sin_port);
	}
	return true;
}

bool raw_stream_listen(struct peer *peer)
{
	static struct door local = {.serve = raw_serve};
	static struct door inet = {.serve = raw_serve};
	static struct door mute = {.serve = mute_serve};

	return door_open(&local, peer->raw_path, NULL) && door_open(&inet, NULL, &peer->raw_port) &&
	       door_open(&mute, peer->mute + strlen("ipc://"), NULL);
}
