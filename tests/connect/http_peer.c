#include "tests/connect/http_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAR_MS        20000
#define MS_PER_S       1000
#define NS_PER_MS      1000000
#define POST_BYTES_MAX 4096
#define ENVELOPE_BYTES 5
#define CLOSE          "Connection: close\r\n"

struct http_peer *http_peer_open(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct http_peer *peer = calloc(1, sizeof *peer);

	if (peer == NULL) {
		return NULL;
	}
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->fd < 0 || connect(peer->fd, (struct sockaddr *)&address, sizeof address) != 0) {
		http_peer_close(peer);
		return NULL;
	}
	return peer;
}

void http_peer_close(struct http_peer *peer)
{
	if (peer == NULL) {
		return;
	}
	if (peer->fd >= 0) {
		close(peer->fd);
	}
	free(peer);
}

bool http_peer_send(struct http_peer *peer, const void *data, size_t bytes)
{
	const char *next = data;

	while (bytes > 0) {
		ssize_t sent = send(peer->fd, next, bytes, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR) {
			continue;
		}
		if (sent <= 0) {
			return false;
		}
		next += sent;
		bytes -= (size_t)sent;
	}
	return true;
}

bool http_peer_say(struct http_peer *peer, const char *text)
{
	return http_peer_send(peer, text, strlen(text));
}

bool http_peer_post(struct http_peer *peer, const char *method, const char *json)
{
	char text[POST_BYTES_MAX];

	snprintf(text, sizeof text,
		 "POST /testing.v1.Probe/%s HTTP/1.1\r\nHost: localhost\r\n"
		 "Content-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
		 method, peer->is_done ? CLOSE : "", strlen(json), json);
	return http_peer_say(peer, text);
}

bool http_peer_post_stream(struct http_peer *peer, const char *method, const char *json)
{
	const char envelope[ENVELOPE_BYTES] = {0, 0, 0, (char)(strlen(json) >> 8),
					       (char)strlen(json)};
	char text[POST_BYTES_MAX];

	snprintf(text, sizeof text,
		 "POST /testing.v1.Probe/%s HTTP/1.1\r\nHost: localhost\r\n"
		 "Content-Type: application/connect+json\r\n%sContent-Length: %zu\r\n\r\n",
		 method, peer->is_done ? CLOSE : "", strlen(json) + sizeof envelope);
	return http_peer_say(peer, text) && http_peer_send(peer, envelope, sizeof envelope) &&
	       http_peer_say(peer, json);
}

void http_peer_finish(struct http_peer *peer)
{
	(void)shutdown(peer->fd, SHUT_WR);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

/* Whether something comes. A signal, such as a fuzzer's alarm, is no silence. */
static bool wait_for_more(const struct http_peer *peer)
{
	struct pollfd polled = {.fd = peer->fd, .events = POLLIN};
	int64_t end_ms = now_ms() + HEAR_MS;
	int64_t left_ms = HEAR_MS;
	int ready;

	do {
		ready = poll(&polled, 1, (int)left_ms);
		left_ms = end_ms - now_ms();
	} while (ready < 0 && errno == EINTR && left_ms > 0);
	return ready > 0;
}

/* Hears some more. 0: it has ended; -1: nothing came. */
static int hear(struct http_peer *peer)
{
	ssize_t got;

	if (peer->heard_bytes == HTTP_HEARD_BYTES_MAX || !wait_for_more(peer)) {
		return -1;
	}
	got = recv(peer->fd, peer->heard + peer->heard_bytes,
		   HTTP_HEARD_BYTES_MAX - peer->heard_bytes, 0);
	if (got <= 0) {
		return 0; /* a reset is an end too */
	}
	peer->heard_bytes += (size_t)got;
	peer->heard[peer->heard_bytes] = '\0';
	return 1;
}

bool http_peer_hears(struct http_peer *peer, const char *text)
{
	do {
		if (memmem(peer->heard, peer->heard_bytes, text, strlen(text)) != NULL) {
			return true;
		}
	} while (hear(peer) > 0);
	fprintf(stderr, "never heard: %s; but: %s\n", text, peer->heard);
	return false;
}

bool http_peer_hears_end(struct http_peer *peer)
{
	int result;

	do {
		result = hear(peer);
	} while (result > 0);
	return result == 0;
}
