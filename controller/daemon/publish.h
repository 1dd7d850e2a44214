/* daemon/publish.h - every sample, as a topic of its own, to SUB sockets. */
#ifndef FASTD_PUBLISH_H
#define FASTD_PUBLISH_H

#include "daemon/node.h"
#include "daemon/role.h"

#include <fast/publisher.h>

/* One thread at a time. */
struct publish;

/* endpoint: see fast_publisher_open(). Each subscriber hears of the plugins that it may look at;
 * roles is borrowed until close. Gives *out, which the caller closes. */
FAST_MUST_CHECK enum fast_status publish_open(const char *endpoint, const struct roles *roles,
					      struct publish **out);
/* NULL is allowed. */
void publish_close(struct publish *publish);

/* Sends each live metric's newest fast.v1.Sample as metric.<plugin>.<name>, unless nobody listens.
 */
void publish_samples(struct publish *publish, struct node *node);

const char *publish_endpoint(const struct publish *publish);
void publish_stats(const struct publish *publish, struct fast_publisher_stats *out);

#endif
