/* The server under test of Connect's conformance suite: reads what it is asked for, serves on a
 * port of its own, and says which, until it is told to end. */
#include "answer.h"
#include "echo.h"

#include <arpa/inet.h>
#include <connectrpc/conformance/v1/server_compat.pb-c.h>
#include <fast/connect.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_BYTES_MAX (1u << 20)
#define PREFIX_BYTES      4
#define WORKERS           16
#define BACKLOG           128
#define CONNECTIONS_MAX   256

static Connectrpc__Conformance__V1__ServerCompatRequest *request_read(void)
{
	Connectrpc__Conformance__V1__ServerCompatRequest *request = NULL;
	uint8_t prefix[PREFIX_BYTES];
	size_t bytes;
	uint8_t *packed;

	if (fread(prefix, 1, sizeof prefix, stdin) != sizeof prefix) {
		return NULL;
	}
	bytes = (size_t)prefix[0] << 24 | (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 |
		prefix[3];
	if (bytes > REQUEST_BYTES_MAX) {
		return NULL;
	}
	packed = echo_alloc(bytes);
	if (fread(packed, 1, bytes, stdin) == bytes) {
		request = connectrpc__conformance__v1__server_compat_request__unpack(NULL, bytes,
										     packed);
	}
	free(packed);
	return request;
}

static bool response_write(uint16_t port)
{
	Connectrpc__Conformance__V1__ServerCompatResponse response =
		CONNECTRPC__CONFORMANCE__V1__SERVER_COMPAT_RESPONSE__INIT;
	uint8_t prefix[PREFIX_BYTES] = {0};
	uint8_t *packed;
	size_t bytes;
	bool is_good;

	response.host = (char *)(uintptr_t) "127.0.0.1";
	response.port = port;
	packed = echo_pack(&response.base, &bytes);
	prefix[3] = (uint8_t)bytes; /* it is short */
	is_good = fwrite(prefix, 1, sizeof prefix, stdout) == sizeof prefix &&
		  fwrite(packed, 1, bytes, stdout) == bytes && fflush(stdout) == 0;
	free(packed);
	return is_good;
}

/* Listens on a free port. -1: it cannot. */
static int listen_somewhere(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(fd, BACKLOG) != 0 || getsockname(fd, (struct sockaddr *)&address, &bytes) != 0) {
		return -1;
	}
	*port = ntohs(address.sin_port);
	return fd;
}

int main(void)
{
	struct fast_server_options options = {.size = sizeof options, .workers = WORKERS};
	struct fast_connect_options http = {.size = sizeof http,
					    .connections_max = CONNECTIONS_MAX};
	Connectrpc__Conformance__V1__ServerCompatRequest *request = request_read();
	struct fast_connect *connect;
	struct fast_server *server;
	uint16_t port = 0;
	int fd = listen_somewhere(&port);
	sigset_t ends;
	int signal;

	if (request == NULL || fd < 0) {
		fprintf(stderr, "conformance_server: no request, or no port\n");
		return 1;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL); /* of all threads that follow */
	http.message_bytes_max = request->message_receive_limit;
	if (fast_server_open(&options, &server) != FAST_OK ||
	    fast_server_add(server, &connectrpc_conformance_v1_conformance_service_service,
			    &answer_handlers, NULL, 0) != FAST_OK ||
	    fast_connect_open(server, fd, &http, &connect) != FAST_OK || !response_write(port)) {
		fprintf(stderr, "conformance_server: it cannot be started\n");
		return 1;
	}
	(void)sigwait(&ends, &signal);
	connectrpc__conformance__v1__server_compat_request__free_unpacked(request, NULL);
	fast_connect_close(connect);
	fast_server_close(server);
	return 0;
}
