/* daemon/self.h - what fastd knows of itself: for Node.Status, /metrics and people. */
#ifndef FASTD_SELF_H
#define FASTD_SELF_H

#include "daemon/node.h"
#include "daemon/publish.h"
#include "daemon/watch.h"

#include <fast/server.h>
#include <stdatomic.h>

#define SELF_ENDPOINTS_MAX      16
#define SELF_ENDPOINT_BYTES_MAX 1100

/* The parts that are asked; all are borrowed. Filled before anybody asks, but for the endpoints,
 * which are added as they open and never change. */
struct self {
	struct node *node;
	struct watch *watch;
	struct fast_server *server;
	struct publish *publish;   /* NULL: none */
	const struct roles *roles; /* who may have /metrics; NULL: everybody */
	const char *state_dir;
	uint64_t boot_id;
	int64_t start_unix_ns;
	atomic_size_t endpoint_count;
	char endpoints[SELF_ENDPOINTS_MAX][SELF_ENDPOINT_BYTES_MAX + 1];
};

struct self_reading {
	struct node_status node;
	struct watch_stats watch;
	struct fast_server_stats server;
	struct fast_publisher_stats publish;
	uint64_t dropped_items; /* of watchers and subscribers */
	double cpu_seconds;
	uint64_t rss_bytes;
	uint32_t open_files;
};

/* "0.1.0" */
const char *self_version(void);

/* CLOCK_REALTIME, in nanoseconds. */
int64_t self_now_unix_ns(void);

/* prefix and text are joined. One thread; what is too much is left out. */
void self_add_endpoint(struct self *self, const char *prefix, const char *text);

/* Any thread. */
void self_read(const struct self *self, struct self_reading *out);

#endif
