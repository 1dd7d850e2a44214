#include "daemon/api.h"
#include "daemon/nearest.h"

#include "page/labels.h"

#include <stdio.h>
#include <string.h>

/* What a message needs besides its payload. */
#define PACKET_BYTES 1024
/* Names that are looked at for one that was meant. */
#define NAMES_MAX 256

enum fast_status api_add(struct api *api, struct fast_server *server)
{
	const struct {
		const struct fast_service *service;
		const void *handlers;
	} services[] = {
		{&fast_v1_metric_service, &api_metric_handlers},
		{&fast_v1_param_service, &api_param_handlers},
		{&fast_v1_plugin_service, &api_plugin_handlers},
		{&fast_v1_node_service, &api_node_handlers},
	};
	enum fast_status status = FAST_OK;

	for (size_t i = 0; i < sizeof services / sizeof services[0] && status == FAST_OK; i++) {
		status = fast_server_add(server, services[i].service, services[i].handlers, api, 0);
	}
	return status;
}

bool api_check_glob(struct fast_call *call, const char *field, const char *glob)
{
	size_t stars = 0;

	for (const char *c = glob; *c != '\0'; c++) {
		stars += *c == '*';
	}
	if (strlen(glob) > API_TEXT_BYTES_MAX) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT, "%s has %zu bytes; give at most %d",
			       field, strlen(glob), API_TEXT_BYTES_MAX);
		return false;
	}
	if (stars > API_GLOB_STARS_MAX) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT, "%s has %zu stars; give at most %d",
			       field, stars, API_GLOB_STARS_MAX);
		return false;
	}
	return true;
}

bool api_check_name(struct fast_call *call, const char *field, const char *name)
{
	if (name[0] == '\0') {
		fast_call_fail(call, FAST_INVALID_ARGUMENT, "%s is empty; give its name", field);
		return false;
	}
	if (strlen(name) > API_TEXT_BYTES_MAX) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT, "%s has %zu bytes; give at most %d",
			       field, strlen(name), API_TEXT_BYTES_MAX);
		return false;
	}
	if (strpbrk(name, "*?[\\") != NULL) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT,
			       "%s is '%s'; globs do not work here, give one whole name", field,
			       name);
		return false;
	}
	return true;
}

bool api_check_range(struct fast_call *call, const char *field, uint32_t value, uint32_t min,
		     uint32_t max)
{
	if (value == 0 || (value >= min && value <= max)) {
		return true;
	}
	fast_call_fail(call, FAST_INVALID_ARGUMENT, "%s is %u; give %u to %u", field, value, min,
		       max);
	return false;
}

void api_reply(struct fast_call *call, struct scratch *scratch, const ProtobufCMessage *response)
{
	if (scratch->failed ||
	    protobuf_c_message_get_packed_size(response) > FAST_MESSAGE_BYTES_MAX - PACKET_BYTES) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED,
			       "the answer is larger than %u MiB; ask for less",
			       FAST_MESSAGE_BYTES_MAX >> 20);
	} else {
		fast_call_reply(call, response);
	}
	scratch_fini(scratch);
}

/* Names under consideration, copied from under the node's lock. */
struct names {
	size_t count;
	char texts[NAMES_MAX][FAST_SERIES_NAME_BYTES_MAX + 1]; /* the longest that there are */
};

static void names_add(struct names *names, const char *name)
{
	if (names->count < NAMES_MAX) {
		snprintf(names->texts[names->count++], sizeof names->texts[0], "%s", name);
	}
}

static void add_plugin(const struct node_plugin *plugin, void *arg)
{
	names_add(arg, plugin->name);
}

static void add_metric(const struct node_metric *metric, void *arg)
{
	names_add(arg, metric->name);
}

static void add_param(const struct node_param *param, void *arg)
{
	names_add(arg, param->name);
}

static const char *names_nearest(const struct names *names, const char *wrong)
{
	const char *words[NAMES_MAX];

	for (size_t i = 0; i < names->count; i++) {
		words[i] = names->texts[i];
	}
	return nearest_word(wrong, words, names->count);
}

/* ", did you mean x?" or what else helps. */
static const char *advice(const struct names *names, const char *wrong, const char *many, char *out,
			  size_t out_bytes)
{
	const char *nearest = names_nearest(names, wrong);
	size_t used;

	if (nearest != NULL) {
		snprintf(out, out_bytes, "; did you mean %s?", nearest);
		return out;
	}
	if (names->count == 0) {
		snprintf(out, out_bytes, "; it has no %s", many);
		return out;
	}
	used = (size_t)snprintf(out, out_bytes, "; there is");
	for (size_t i = 0; i < names->count && used < out_bytes; i++) {
		used += (size_t)snprintf(out + used, out_bytes - used, "%s %s", i == 0 ? "" : ",",
					 names->texts[i]);
	}
	return out;
}

void api_fail_missing(struct api *api, struct fast_call *call, const char *kind, const char *plugin,
		      const char *name)
{
	struct names names;
	struct node_filter filter = {.plugin = plugin, .include_ended = true};
	char text[NODE_TEXT_BYTES_MAX];

	names.count = 0;
	node_each_plugin(api->node, &filter, add_plugin, &names);
	if (names.count == 0) {
		filter.plugin = NULL;
		node_each_plugin(api->node, &filter, add_plugin, &names);
		fast_call_fail(call, FAST_NOT_FOUND, "there is no plugin '%s'%s", plugin,
			       names.count == 0
				       ? "; none has attached"
				       : advice(&names, plugin, "plugins", text, sizeof text));
		return;
	}
	names.count = 0;
	if (strcmp(kind, "metric") == 0) {
		node_each_metric(api->node, &filter, add_metric, &names);
	} else {
		node_each_param(api->node, &filter, add_param, &names);
	}
	fast_call_fail(call, FAST_NOT_FOUND, "plugin '%s' has no %s '%s'%s", plugin, kind, name,
		       advice(&names, name, kind, text, sizeof text));
}

/* Of a certificate's name, in an actor's; the rest is cut. */
#define ACTOR_NAME_BYTES_MAX 60

static const char *peer_name(const struct fast_peer *peer)
{
	const char *name = peer->name_count > 0 ? peer->names[0] : peer->common_name;

	return name == NULL ? peer->endpoint : name;
}

const char *api_principal(struct fast_call *call, char *out)
{
	const struct fast_peer *peer = fast_call_peer(call);

	if (peer->has_credentials) {
		(void)snprintf(out, NODE_ACTOR_BYTES_MAX, "uid %u", peer->uid);
	} else if (peer->has_certificate) {
		(void)snprintf(out, NODE_ACTOR_BYTES_MAX, "name %.*s", NODE_ACTOR_BYTES_MAX - 6,
			       peer_name(peer));
	} else {
		(void)snprintf(out, NODE_ACTOR_BYTES_MAX, "%s", peer->endpoint);
	}
	return out;
}

bool api_check_text(struct fast_call *call, const char *field, const char *text, size_t bytes_max)
{
	size_t bytes = strlen(text);

	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 127) {
			fast_call_fail(call, FAST_INVALID_ARGUMENT,
				       "%s has control characters; give a short plain text", field);
			return false;
		}
	}
	if (bytes > bytes_max) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT, "%s has %zu bytes; give at most %zu",
			       field, bytes, bytes_max);
		return false;
	}
	return true;
}

bool api_actor(struct fast_call *call, const char *client, char *out)
{
	const struct fast_peer *peer = fast_call_peer(call);
	int used;

	if (!api_check_text(call, "client", client, API_CLIENT_BYTES_MAX)) {
		return false;
	}
	if (peer->has_credentials) {
		used = snprintf(out, NODE_ACTOR_BYTES_MAX, "uid %u pid %u", peer->uid, peer->pid);
	} else if (peer->has_certificate) {
		used = snprintf(out, NODE_ACTOR_BYTES_MAX, "%.*s", ACTOR_NAME_BYTES_MAX,
				peer_name(peer));
	} else {
		used = snprintf(out, NODE_ACTOR_BYTES_MAX, "%s", peer->endpoint);
	}
	if (client[0] != '\0') {
		snprintf(out + used, NODE_ACTOR_BYTES_MAX - (size_t)used, " (%s)", client);
	}
	return true;
}
