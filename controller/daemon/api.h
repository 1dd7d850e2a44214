/* daemon/api.h - the services of fast.v1: checks requests, asks the node, answers. */
#ifndef FASTD_API_H
#define FASTD_API_H

#include "daemon/node.h"
#include "daemon/node_knobs.h"
#include "daemon/node_past.h"
#include "daemon/scratch.h"
#include "daemon/self.h"

#include <fast/server.h>
#include <fast/v1/metric.fast.h>
#include <fast/v1/param.fast.h>
#include <fast/v1/plugin.fast.h>

#define API_TEXT_BYTES_MAX   255 /* globs and names in requests */
#define API_GLOB_STARS_MAX   8   /* each costs time in every comparison */
#define API_CLIENT_BYTES_MAX 64
#define API_LIST_LIMIT_MAX   10000 /* entries of History and Audit */

/* What the handlers work with. Filled before the server listens; borrowed until it is closed. */
struct api {
	struct node *node;
	struct watch *watch;
	struct self *self;
	struct remotes *remotes; /* NULL: plugins of other hosts are not served */
};

/* Adds the services to server. */
FAST_MUST_CHECK enum fast_status api_add(struct api *api, struct fast_server *server);

extern const struct fast_v1_metric_handlers api_metric_handlers;
extern const struct fast_v1_param_handlers api_param_handlers;
extern const struct fast_v1_plugin_handlers api_plugin_handlers;
extern const struct fast_v1_node_handlers api_node_handlers;

/* ---- api_past.c ---- */

void api_plugin_runs(struct fast_call *call, const Fast__V1__PluginRunsRequest *request, void *arg);
void api_node_events(struct fast_call *call, const Fast__V1__NodeEventsRequest *request, void *arg);

/* ---- for the handlers: each check ends the call and returns false when it fails ---- */

/* A glob over what the request calls field. */
bool api_check_glob(struct fast_call *call, const char *field, const char *glob);

/* The whole name of one plugin, metric or param. */
bool api_check_name(struct fast_call *call, const char *field, const char *name);

/* min to max, or 0. */
bool api_check_range(struct fast_call *call, const char *field, uint32_t value, uint32_t min,
		     uint32_t max);

/* A short plain text: at most bytes_max bytes, no control characters. */
bool api_check_text(struct fast_call *call, const char *field, const char *text, size_t bytes_max);

/* Sends the response, which lives in scratch, and empties scratch; refuses what is too large. */
void api_reply(struct fast_call *call, struct scratch *scratch, const ProtobufCMessage *response);

/* Ends the call with NOT_FOUND: says whether the plugin or its metric or param is missing, and what
 * was probably meant. kind is "metric" or "param". */
void api_fail_missing(struct api *api, struct fast_call *call, const char *kind, const char *plugin,
		      const char *name);

/* Who calls: "uid 1000 pid 4711 (client)". out holds NODE_ACTOR_BYTES_MAX bytes. Ends the call and
 * returns false when client is not fit to be logged. */
bool api_actor(struct fast_call *call, const char *client, char *out);

/* Whose the caller's leases are: "uid 1000", or its certificate's name; never what it says itself.
 * out holds NODE_ACTOR_BYTES_MAX bytes. Returns out. */
const char *api_principal(struct fast_call *call, char *out);

#endif
