#include "bench_peer.h"

#include <arpa/inet.h>
#include <fast/server.h>
#include <fast/v1/param.pb-c.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nng/nng.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define DIGITS 8

/* Packed: two tags and two lengths beside the text. */
static char request_items[DIGITS + 1];
static char request_filler[PEER_REQUEST_BYTES - 4 - DIGITS + 1];
static char reply_filler[PEER_REPLY_BYTES - 2 + 1];

static void peer_dispatch(const void *handlers, struct fast_call *call,
			  const ProtobufCMessage *request, void *arg)
{
	void (*const *handler)(struct fast_call *, const Fast__V1__ParamGetRequest *) = handlers;

	(void)arg;
	(*handler)(call, (const Fast__V1__ParamGetRequest *)request);
}

const struct fast_method peer_methods[PEER_METHODS] = {
	[PEER_ECHO] = {"Echo", "bench.Peer/Echo", FAST_METHOD_UNARY, FAST_IDEMPOTENCY_UNKNOWN,
		       &fast__v1__param_get_request__descriptor,
		       &fast__v1__param_get_request__descriptor, peer_dispatch},
	[PEER_WATCH] = {"Watch", "bench.Flow/Watch", FAST_METHOD_SERVER_STREAM,
			FAST_IDEMPOTENCY_UNKNOWN, &fast__v1__param_get_request__descriptor,
			&fast__v1__param_get_request__descriptor, peer_dispatch},
};
static const struct fast_service peer_service = {"bench.Peer", &peer_methods[PEER_ECHO], 1, NULL,
						 0};
static const struct fast_service flow_service = {"bench.Flow", &peer_methods[PEER_WATCH], 1, NULL,
						 0};

const ProtobufCMessage *peer_request(uint32_t items)
{
	static Fast__V1__ParamGetRequest request = FAST__V1__PARAM_GET_REQUEST__INIT;
	static uint32_t made_items = UINT32_MAX;

	if (items != made_items) { /* once, so that this is no part of a call */
		snprintf(request_items, sizeof request_items, "%0*u", DIGITS, items % 100000000u);
		memset(request_filler, 'x', sizeof request_filler - 1);
		request.plugin = request_items;
		request.param = request_filler;
		made_items = items;
	}
	return &request.base;
}

static const ProtobufCMessage *peer_reply(Fast__V1__ParamGetRequest *reply)
{
	fast__v1__param_get_request__init(reply);
	reply->param = reply_filler;
	return &reply->base;
}

static void handle_echo(struct fast_call *call, const Fast__V1__ParamGetRequest *request)
{
	Fast__V1__ParamGetRequest reply;

	(void)request;
	fast_call_reply(call, peer_reply(&reply));
}

static void handle_watch(struct fast_call *call, const Fast__V1__ParamGetRequest *request)
{
	unsigned long items = strtoul(request->plugin, NULL, 10);
	Fast__V1__ParamGetRequest reply;

	while (items > 0) {
		enum fast_status status = fast_call_send(call, peer_reply(&reply));
		if (status == FAST_OK) {
			items--;
		} else if (status == FAST_RESOURCE_EXHAUSTED) {
			sched_yield(); /* the reader is behind */
		} else {
			fast_call_fail(call, status, "the reader is gone");
			return;
		}
	}
	fast_call_finish(call);
}

static bool nng_transfer(nng_stream *stream, nng_aio *aio, uint8_t *bytes, size_t count,
			 void (*start)(nng_stream *, nng_aio *))
{
	while (count > 0) {
		nng_iov iov = {bytes, count};
		nng_aio_set_iov(aio, 1, &iov);
		start(stream, aio);
		nng_aio_wait(aio);
		if (nng_aio_result(aio) != 0) {
			return false;
		}
		bytes += nng_aio_count(aio);
		count -= nng_aio_count(aio);
	}
	return true;
}

/* Answers one nng_stream after the other. */
static void *nng_echo_serve(void *arg)
{
	nng_stream_listener *listener = arg;
	nng_aio *aio = NULL;
	uint8_t bytes[PEER_REQUEST_BYTES];

	if (nng_aio_alloc(&aio, NULL, NULL) != 0) {
		return NULL;
	}
	for (;;) {
		nng_stream_listener_accept(listener, aio);
		nng_aio_wait(aio);
		if (nng_aio_result(aio) != 0) {
			return NULL;
		}
		nng_stream *stream = nng_aio_get_output(aio, 0);
		while (nng_transfer(stream, aio, bytes, PEER_REQUEST_BYTES, nng_stream_recv) &&
		       nng_transfer(stream, aio, bytes, PEER_REPLY_BYTES, nng_stream_send)) {
		}
		nng_stream_free(stream);
	}
}

static void *raw_serve(void *arg)
{
	int listener = *(int *)arg;
	uint8_t bytes[PEER_REQUEST_BYTES];

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		int on = 1;
		if (fd < 0) {
			return NULL;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
			   sizeof on); /* fails on unix sockets */
		while (recv(fd, bytes, sizeof bytes, MSG_WAITALL) == (ssize_t)sizeof bytes &&
		       send(fd, bytes, PEER_REPLY_BYTES, MSG_NOSIGNAL) == PEER_REPLY_BYTES) {
		}
		close(fd);
	}
}

static int raw_socket(const struct peer *peer, bool is_ipc, struct sockaddr_storage *address,
		      socklen_t *bytes)
{
	struct sockaddr_un *local = (struct sockaddr_un *)address;
	struct sockaddr_in *inet = (struct sockaddr_in *)address;

	memset(address, 0, sizeof *address);
	if (is_ipc) {
		local->sun_family = AF_UNIX;
		snprintf(local->sun_path, sizeof local->sun_path, "%s", peer->raw_ipc);
		*bytes = sizeof *local;
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	}
	inet->sin_family = AF_INET;
	inet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	inet->sin_port = htons(peer->raw_tcp);
	*bytes = sizeof *inet;
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int peer_connect(const struct peer *peer, bool is_ipc)
{
	struct sockaddr_storage address;
	socklen_t bytes;
	int fd = raw_socket(peer, is_ipc, &address, &bytes);
	int on = 1;

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, bytes) != 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

/* Gives the port where it is tcp. */
static bool raw_listen(const struct peer *peer, bool is_ipc, uint16_t *port)
{
	static int listeners[2];
	int *listener = &listeners[is_ipc];
	struct sockaddr_storage address;
	socklen_t bytes;
	pthread_t thread;

	*listener = raw_socket(peer, is_ipc, &address, &bytes);
	if (*listener < 0 || bind(*listener, (struct sockaddr *)&address, bytes) != 0 ||
	    listen(*listener, 4) != 0 || pthread_create(&thread, NULL, raw_serve, listener) != 0) {
		return false;
	}
	getsockname(*listener, (struct sockaddr *)&address, &bytes);
	*port = ntohs(((struct sockaddr_in *)&address)->sin_port);
	return true;
}

static bool nng_listen_stream(const char *url, int *port)
{
	nng_stream_listener *listener = NULL;
	pthread_t thread;

	return nng_stream_listener_alloc(&listener, url) == 0 &&
	       nng_stream_listener_listen(listener) == 0 &&
	       (port == NULL ||
		nng_stream_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, port) == 0) &&
	       pthread_create(&thread, NULL, nng_echo_serve, listener) == 0;
}

static void peer_name(struct peer *peer)
{
	snprintf(peer->fast_ipc, sizeof peer->fast_ipc, "ipc://%s/fast", peer->folder);
	snprintf(peer->nng_ipc, sizeof peer->nng_ipc, "ipc://%s/nng", peer->folder);
	snprintf(peer->raw_ipc, sizeof peer->raw_ipc, "%s/raw", peer->folder);
}

static bool fast_serve(const struct peer *peer, struct fast_server **server)
{
	static void (*const echo)(struct fast_call *, const Fast__V1__ParamGetRequest *) =
		handle_echo;
	static void (*const watch)(struct fast_call *, const Fast__V1__ParamGetRequest *) =
		handle_watch;

	return fast_server_open(NULL, server) == FAST_OK &&
	       fast_server_add(*server, &peer_service, &echo, NULL, FAST_SERVICE_INLINE) ==
		       FAST_OK &&
	       fast_server_add(*server, &flow_service, &watch, NULL, 0) == FAST_OK &&
	       fast_server_listen(*server, peer->fast_ipc, 0) == FAST_OK &&
	       fast_server_listen(*server, "tcp://127.0.0.1:0", 0) == FAST_OK;
}

int peer_serve(const char *folder)
{
	struct peer peer = {.pid = 0};
	struct fast_server *server = NULL;
	uint16_t no_port;
	int nng_port = 0;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	memset(reply_filler, 'x', sizeof reply_filler - 1);
	snprintf(peer.folder, sizeof peer.folder, "%s", folder);
	peer_name(&peer);
	if (!fast_serve(&peer, &server) || !raw_listen(&peer, true, &no_port) ||
	    !raw_listen(&peer, false, &peer.raw_tcp) || !nng_listen_stream(peer.nng_ipc, NULL) ||
	    !nng_listen_stream("tcp://127.0.0.1:0", &nng_port)) {
		return 1;
	}
	printf("%s %d %u\n", fast_server_endpoint(server, 1), nng_port, peer.raw_tcp);
	fflush(stdout);
	for (;;) {
		pause();
	}
}

static bool peer_spawn(struct peer *peer, int output)
{
	char name[] = "bench_rpc";
	char serve[] = "--serve";
	char *arguments[] = {name, serve, peer->folder, NULL};
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	error = posix_spawn(&peer->pid, "/proc/self/exe", &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error == 0;
}

/* What the peer says when it serves. */
static bool peer_read(struct peer *peer, int input)
{
	FILE *file = fdopen(input, "r");
	int nng_port = 0;
	int raw_port = 0;
	bool is_read = file != NULL &&
		       fscanf(file, "%95s %d %d", peer->fast_tcp, &nng_port, &raw_port) == 3;

	snprintf(peer->nng_tcp, sizeof peer->nng_tcp, "tcp://127.0.0.1:%d", nng_port);
	peer->raw_tcp = (uint16_t)raw_port;
	if (file != NULL) {
		fclose(file);
	}
	return is_read;
}

bool peer_start(struct peer *peer)
{
	cpu_set_t one;
	int ends[2];
	bool is_started;

	*peer = (struct peer){.folder = "/tmp/bench_rpc.XXXXXX"};
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof one, &one) != 0 || mkdtemp(peer->folder) == NULL ||
	    pipe2(ends, O_CLOEXEC) != 0) {
		return false;
	}
	peer_name(peer);
	is_started = peer_spawn(peer, ends[1]);
	close(ends[1]);
	return peer_read(peer, ends[0]) && is_started;
}

void peer_stop(struct peer *peer)
{
	static const char *const files[] = {"fast", "fast.lock", "nng", "raw"};
	char path[128];

	kill(peer->pid, SIGTERM);
	waitpid(peer->pid, NULL, 0);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", peer->folder, files[i]);
		unlink(path);
	}
	rmdir(peer->folder);
}

struct nng_echo {
	nng_stream_dialer *dialer;
	nng_stream *stream;
	nng_aio *aio;
};

struct nng_echo *nng_echo_open(const char *url)
{
	struct nng_echo *echo = calloc(1, sizeof *echo);

	if (echo == NULL || nng_aio_alloc(&echo->aio, NULL, NULL) != 0 ||
	    nng_stream_dialer_alloc(&echo->dialer, url) != 0) {
		return NULL;
	}
	nng_stream_dialer_dial(echo->dialer, echo->aio);
	nng_aio_wait(echo->aio);
	if (nng_aio_result(echo->aio) != 0) {
		return NULL;
	}
	echo->stream = nng_aio_get_output(echo->aio, 0);
	return echo;
}

bool nng_echo_ask(struct nng_echo *echo)
{
	uint8_t bytes[PEER_REQUEST_BYTES] = {0};

	return nng_transfer(echo->stream, echo->aio, bytes, PEER_REQUEST_BYTES, nng_stream_send) &&
	       nng_transfer(echo->stream, echo->aio, bytes, PEER_REPLY_BYTES, nng_stream_recv);
}

void nng_echo_close(struct nng_echo *echo)
{
	nng_stream_free(echo->stream);
	nng_stream_dialer_free(echo->dialer);
	nng_aio_free(echo->aio);
	free(echo);
}
