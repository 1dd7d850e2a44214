/* Whatever a client may say over HTTP: heads, bodies, envelopes, JSON, gzip, and the calls that
 * come of them. The answer ends, and the next client is served. */
#include "tests/connect/http_peer.h"
#include "tests/connect/probe_world.h"

#include <stdlib.h>

/* Of an input that says too little. Its sender has closed its half, so nobody waits for long. */
#define REQUEST_MS 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct probe_world *world;

static void close_world(void)
{
	probe_world_close(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fast_connect_options options = {
		.size = sizeof options, .message_bytes_max = 1u << 16, .request_ms = REQUEST_MS};
	struct http_peer *peer;

	if (world == NULL) {
		world = probe_world_open(&options);
		atexit(close_world);
	}
	peer = world == NULL ? NULL : http_peer_open(probe_world_port(world));
	if (peer == NULL) {
		abort();
	}
	(void)http_peer_send(peer, data, bytes);
	http_peer_finish(peer);
	/* A stream of more than a test wants to hear is left. */
	if (!http_peer_hears_end(peer) && peer->heard_bytes < HTTP_HEARD_BYTES_MAX) {
		abort();
	}
	http_peer_close(peer);
	return 0;
}
