/* remote - the housekeeping thread of a plugin whose fastd is elsewhere: it says over a stream what
 * a plugin says over the plugin socket, and reports the page instead of sharing it. */
#include <fast/plugin_remote.h>

#include "params.h"
#include "pause.h"
#include "report.h"
#include "session.h"

#include "page/view.h"

#include <fast/client.h>
#include <fast/log.h>
#include <fast/tls.h>
#include <fast/v1/plugin.fast.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* fastd takes a message within this. */
#define SEND_MS 5000
/* What has ended says so within this. */
#define END_MS 500
/* A fastd that is there has taken the last counts within this. */
#define GOODBYE_MS 2000

/* One plugin's link; the thread's own. */
struct remote {
	struct fast_plugin *plugin;
	struct fast_tls *tls;
	struct fast_client *client;
	struct fast_page_view *view; /* of our own page, as fastd has one of a local plugin's */
	struct fast_stream *stream;  /* NULL: none */
	struct report report;
	size_t announced;
	uint32_t revision;
	bool attached;
	bool refused;
};

static bool is_stopping(const struct fast_plugin *plugin)
{
	return atomic_load(&plugin->stopping);
}

static bool up_send(struct remote *remote, Fast__V1__SessionUp *up)
{
	Fast__V1__PluginAttachRequest request = FAST__V1__PLUGIN_ATTACH_REQUEST__INIT;
	int64_t wait_ms = is_stopping(remote->plugin) ? END_MS : SEND_MS;

	request.up = up;
	return fast_v1_plugin_attach_put(remote->stream, wait_ms, &request) == FAST_OK;
}

static bool packet_send(struct remote *remote, const uint8_t *packet, size_t bytes)
{
	Fast__V1__SessionUp *up = fast_session_unpack(packet, bytes);
	bool sent = up != NULL && up_send(remote, up);

	if (up != NULL) {
		fast__v1__session_up__free_unpacked(up, NULL);
	}
	return sent;
}

static bool report_send(const Fast__V1__Report *message, void *arg)
{
	Fast__V1__SessionUp up = FAST__V1__SESSION_UP__INIT;

	up.kind_case = FAST__V1__SESSION_UP__KIND_REPORT;
	up.report = (Fast__V1__Report *)message;
	return up_send(arg, &up);
}

/* The announcement with this index, packed; 0: there is none. */
static size_t announcement_pack(struct fast_plugin *plugin, size_t index, bool *segment,
				uint8_t *packet)
{
	size_t bytes = 0;

	pthread_mutex_lock(&plugin->lock);
	if (index < plugin->announce_count) {
		const struct announcement *next = &plugin->announce[index];

		*segment = next->segment > 0;
		bytes = fast_session_pack_announcement(next, packet);
	}
	pthread_mutex_unlock(&plugin->lock);
	return bytes;
}

/* Sends the announcements from the first unsent one on: the segments, or all but these. */
static bool announce(struct remote *remote, bool segments, size_t *end)
{
	uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];
	size_t index = remote->announced;
	bool segment = false;
	bool good = true;
	size_t bytes;

	while (good && (segments || index < *end) &&
	       (bytes = announcement_pack(remote->plugin, index, &segment, packet)) > 0) {
		good = segment != segments || packet_send(remote, packet, bytes);
		index++;
	}
	*end = index;
	return good;
}

static bool failures_send(struct remote *remote)
{
	struct fast_plugin *plugin = remote->plugin;
	uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];
	bool good = true;

	if (!remote->attached || remote->revision < FAST_SESSION_REVISION_FAILURES) {
		return true;
	}
	for (size_t i = 0; good && i < FAST_PLUGIN_PARAMS_MAX; i++) {
		size_t bytes = 0;

		pthread_mutex_lock(&plugin->lock);
		if (i < plugin->param_count && plugin->params[i]->failure_unsent) {
			plugin->params[i]->failure_unsent = false;
			bytes = fast_session_pack_failure(plugin->params[i], packet);
		}
		pthread_mutex_unlock(&plugin->lock);
		good = bytes == 0 || packet_send(remote, packet, bytes);
	}
	return good;
}

/* Says what is new. What a metric has counted goes before its declaration: fastd never sees it
 * jump. A segment goes before what lies in it. */
static bool remote_say(struct remote *remote)
{
	size_t end = 0;

	if (!announce(remote, true, &end) ||
	    !report_run(&remote->report, remote->plugin, report_send, remote) ||
	    !announce(remote, false, &end)) {
		return false;
	}
	remote->announced = end;
	return failures_send(remote);
}

/* ---- what fastd says ---- */

static bool remote_hear(struct remote *remote, const Fast__V1__SessionDown *down)
{
	struct fast_plugin *plugin = remote->plugin;

	if (down == NULL) {
		return true;
	}
	switch (down->kind_case) {
	case FAST__V1__SESSION_DOWN__KIND_ATTACHED:
		remote->attached = true;
		remote->revision = down->attached->page_revision;
		plugin->refusal_logged = false;
		fast_plugin_resay_failures(plugin);
		fast_plugin_set_attached(plugin, true, down->attached->instance);
		return true;
	case FAST__V1__SESSION_DOWN__KIND_REFUSED:
		remote->refused = down->refused->name[0] == '\0' && !remote->attached;
		fast_plugin_keep_refusal(plugin, remote->refused, down->refused->name,
					 down->refused->message, down->refused->code);
		return !remote->refused;
	case FAST__V1__SESSION_DOWN__KIND_PARAMS:
		return params_take(plugin, remote->view, down->params);
	default: /* what a newer fastd says */
		return true;
	}
}

/* Hears fastd until it is time to report again. False: the stream has ended. */
static bool remote_listen(struct remote *remote)
{
	int64_t until_ms = fast_metric_now() / 1000000 + FAST_PLUGIN_REPORT_MS;
	int64_t left_ms = FAST_PLUGIN_REPORT_MS;
	bool good = true;

	while (good && left_ms > 0 && !is_stopping(remote->plugin)) {
		const Fast__V1__PluginAttachResponse *response = NULL;
		enum fast_status status =
			fast_v1_plugin_attach_next(remote->stream, left_ms, &response);

		if (response != NULL) {
			good = remote_hear(remote, response->down);
		} else {
			good = status == FAST_DEADLINE_EXCEEDED &&
			       !fast_stream_ended(remote->stream);
		}
		left_ms = until_ms - fast_metric_now() / 1000000;
	}
	return good;
}

/* ---- life ---- */

static bool attach_send(struct remote *remote)
{
	struct fast_plugin *plugin = remote->plugin;
	uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];
	char instance[FAST_INSTANCE_BYTES_MAX + 1];

	pthread_mutex_lock(&plugin->lock);
	memcpy(instance, plugin->instance, sizeof instance);
	pthread_mutex_unlock(&plugin->lock);
	return packet_send(remote, packet, fast_session_pack_attach(plugin, instance, packet));
}

/* Hears what fastd has left to say. False: it has refused the plugin. */
static bool hear_end(struct remote *remote, int64_t left_ms)
{
	int64_t until_ms = fast_metric_now() / 1000000 + left_ms;
	enum fast_status status = FAST_OK;

	while (status == FAST_OK && left_ms > 0 && !fast_stream_ended(remote->stream)) {
		const Fast__V1__PluginAttachResponse *response = NULL;

		status = fast_v1_plugin_attach_next(remote->stream, left_ms, &response);
		if (response != NULL && !remote_hear(remote, response->down)) {
			return false;
		}
		left_ms = until_ms - fast_metric_now() / 1000000;
	}
	return true;
}

/* The last counts, and goodbye. fastd ends the stream when it has heard all. */
static void stream_finish(struct remote *remote)
{
	uint8_t packet[FAST_SESSION_PACKET_BYTES_MAX];

	if (remote_say(remote) && packet_send(remote, packet, fast_session_pack_detach(packet)) &&
	    fast_stream_half_close(remote->stream) == FAST_OK) {
		(void)hear_end(remote, GOODBYE_MS);
	}
}

/* Somebody was there and let the plugin not in. */
static bool is_refusal(enum fast_status status)
{
	return status == FAST_PERMISSION_DENIED || status == FAST_UNAUTHENTICATED ||
	       status == FAST_RESOURCE_EXHAUSTED;
}

/* Why the stream came to nothing. A send may have failed before the end, which says why, was read.
 */
static void keep_reason(struct remote *remote)
{
	struct fast_plugin *plugin = remote->plugin;
	const struct fast_reply *reply;

	if (!hear_end(remote, END_MS)) {
		return; /* fastd has refused the plugin, in its own words */
	}
	reply = fast_stream_ended(remote->stream) ? fast_stream_reply(remote->stream) : NULL;
	remote->refused = reply != NULL && is_refusal(reply->status);
	if (reply != NULL && reply->status == FAST_PERMISSION_DENIED) {
		fast_plugin_keep_refusal(plugin, true, "", reply->text, (uint32_t)reply->status);
		return;
	}
	(void)fast_plugin_refuse(plugin, FAST_OK, "fastd at %s: %s", plugin->endpoint,
				 reply == NULL ? "it does not answer" : reply->text);
}

/* Lives through one stream. */
static void stream_run(struct remote *remote)
{
	struct fast_plugin *plugin = remote->plugin;
	bool good;

	remote->announced = 0;
	remote->attached = false;
	remote->refused = false;
	report_reset(&remote->report);
	if (fast_v1_plugin_attach(remote->client, NULL, &remote->stream) != FAST_OK) {
		return;
	}
	good = attach_send(remote);
	while (good && !is_stopping(plugin)) {
		good = remote_say(remote) && remote_listen(remote);
	}
	if (good) {
		stream_finish(remote);
	} else if (!remote->attached && !remote->refused && !is_stopping(plugin)) {
		keep_reason(remote);
	}
	fast_plugin_set_attached(plugin, false, NULL);
	fast_plugin_wake_waiters(plugin);
	fast_stream_close(remote->stream);
	remote->stream = NULL;
}

static void retry_wait(const struct fast_plugin *plugin, int64_t retry_ms)
{
	int64_t until_ms = fast_metric_now() / 1000000 + retry_ms;

	while (!is_stopping(plugin) && retry_ms > 0) {
		struct pollfd polled = {.fd = plugin->wake_fd, .events = POLLIN};
		uint64_t taken;

		if (poll(&polled, 1, (int)retry_ms) > 0) {
			ssize_t got = read(plugin->wake_fd, &taken, sizeof taken);
			(void)got;
		}
		retry_ms = until_ms - fast_metric_now() / 1000000;
	}
}

static enum fast_status client_open(struct remote *remote)
{
	const struct fast_plugin *plugin = remote->plugin;
	const struct fast_tls_options tls = {
		.size = sizeof tls,
		.ca_file = plugin->tls_ca,
		.certificate_file = plugin->tls_certificate,
		.key_file = plugin->tls_key,
	};
	struct fast_client_options options = {
		.size = sizeof options, .agent = plugin->name, .own_sockets = true};
	char error[FAST_TLS_ERROR_BYTES] = "";
	enum fast_status status = FAST_OK;

	if (strncmp(plugin->endpoint, "tls+tcp://", strlen("tls+tcp://")) == 0) {
		status = fast_tls_new(&tls, &remote->tls, error, sizeof error);
		options.tls = remote->tls;
	}
	if (status == FAST_OK) {
		status = fast_client_open(plugin->endpoint, &options, &remote->client);
	}
	if (status != FAST_OK) {
		(void)fast_plugin_refuse(remote->plugin, status, "endpoint %s: %s",
					 plugin->endpoint,
					 error[0] != '\0' ? error : fast_status_sentence(status));
		fast_log(FAST_LOG_ERROR, "plugin \"%s\": endpoint %s: %s; nobody sees the plugin",
			 plugin->name, plugin->endpoint,
			 error[0] != '\0' ? error : fast_status_sentence(status));
	}
	return status;
}

static void remote_fini(struct remote *remote)
{
	fast_client_close(remote->client);
	fast_tls_free(remote->tls);
	fast_page_view_close(remote->view);
	report_reset(&remote->report);
	free(remote);
}

void *fast_remote_run(void *arg)
{
	struct fast_plugin *plugin = arg;
	struct remote *remote = calloc(1, sizeof *remote);
	const char *reason = "no memory";
	unsigned failures = 0;

	(void)pthread_setname_np(pthread_self(), "fast-plugin");
	if (remote == NULL) {
		return NULL;
	}
	remote->plugin = plugin;
	if (fast_page_view_open(plugin->map.fd, &remote->view, &reason) == FAST_OK &&
	    client_open(remote) == FAST_OK) {
		do { /* once, however soon it is closed: what it has counted is for fastd */
			stream_run(remote);
			failures = remote->attached ? 0 : failures + 1;
			retry_wait(plugin, pause_ms(failures, remote->refused, fast_metric_now()));
		} while (!is_stopping(plugin));
	}
	remote_fini(remote);
	return NULL;
}

void fast_plugin_use_remote(void)
{
	fast_plugin_set_remote(fast_remote_run);
}
