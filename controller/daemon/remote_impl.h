/* daemon/remote_impl.h - one plugin of another host, for remote.c and remote_page.c. */
#ifndef FASTD_REMOTE_IMPL_H
#define FASTD_REMOTE_IMPL_H

#include "daemon/remote.h"

#include "page/map.h"

#include <fast/plugin.h>
#include <fast/v1/plugin.fast.h>
#include <sys/un.h>

struct remote {
	struct remote *next; /* guarded by the remotes' lock, as all that has no other owner */
	struct remotes *remotes;
	struct fast_call *call;
	uint64_t id;
	bool ended; /* somebody is ending the call */
	int fd;     /* to the plugin socket; -1: not attached */
	struct fast_page_map maps[FAST_PAGE_SEGMENTS_MAX];
	size_t map_count;
	uint64_t generation;     /* of the params that the plugin was told */
	int64_t clock_offset_ns; /* ours - the plugin's; thread of the items */
	bool clock_known;
	bool forbidden; /* its role does not let it be; thread of the items, as reason */
	char reason[ROLE_REASON_BYTES_MAX];
};

/* ---- remote_node.c ---- */

/* Connects to the node as a plugin does. -1: it can't be. */
int remote_node_connect(const struct sockaddr_un *address);
/* Sends the packet, with this descriptor unless it is -1. False: the node does not take it. */
bool remote_up_send(const struct remote *remote, const Fast__V1__SessionUp *up, int fd);
/* How the plugin's host is known to us. */
void remote_host_name(struct fast_call *call, char *out, size_t out_bytes);

/* ---- remote_page.c ---- */

/* One more segment of its page. The caller holds the lock. */
FAST_MUST_CHECK enum fast_status remote_page_grow(struct remote *remote);
void remote_page_close(struct remote *remote);
/* Writes the report's words into the page. False: they don't belong there. Thread of the items. */
bool remote_page_write(struct remote *remote, const Fast__V1__Report *report);

/* What Params says, with room for all of it. */
struct remote_params {
	Fast__V1__Params params;
	Fast__V1__ParamSlot slots[FAST_PLUGIN_PARAMS_MAX];
	Fast__V1__ParamSlot *pointers[FAST_PLUGIN_PARAMS_MAX];
	uint64_t texts[FAST_PLUGIN_PARAMS_MAX][FAST_PAGE_STRING_BYTES / 8];
};

/* Reads the params, when their generation is another than the one told; gives it. False: it is not,
 * or changes just now. The caller holds the lock. */
bool remote_page_params(const struct remote *remote, struct remote_params *out,
			uint64_t *generation);

#endif
