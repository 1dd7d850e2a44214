/* connect/http_peer.h - a client that says and hears what a test wants, byte by byte. */
#ifndef FAST_TEST_HTTP_PEER_H
#define FAST_TEST_HTTP_PEER_H

#include <fast/status.h>

#define HTTP_HEARD_BYTES_MAX (256u << 10)

/* Zeroed memory is not valid; see http_peer_open(). */
struct http_peer {
	int fd;
	bool is_done; /* asks for the connection to be closed after the answer */
	size_t heard_bytes;
	char heard[HTTP_HEARD_BYTES_MAX + 1]; /* with a zero byte behind */
};

/* Connects to the port of loopback. Gives the peer; NULL: it cannot. */
struct http_peer *http_peer_open(uint16_t port);
/* NULL is allowed. */
void http_peer_close(struct http_peer *peer);

/* False: the other side has closed. */
bool http_peer_send(struct http_peer *peer, const void *data, size_t bytes);
bool http_peer_say(struct http_peer *peer, const char *text);
/* A whole POST to Probe's method, as JSON: "Echo", "{}". */
bool http_peer_post(struct http_peer *peer, const char *method, const char *json);
/* The same as one envelope, which is what a stream takes. */
bool http_peer_post_stream(struct http_peer *peer, const char *method, const char *json);
/* Half closes. */
void http_peer_finish(struct http_peer *peer);

/* Waits until what was heard has the text. False: it never comes. */
bool http_peer_hears(struct http_peer *peer, const char *text);
/* Waits for the end. False: the other side keeps the connection. */
bool http_peer_hears_end(struct http_peer *peer);

#endif
