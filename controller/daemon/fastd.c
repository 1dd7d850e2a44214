#include "daemon/fastd.h"
#include "daemon/address.h"
#include "daemon/api.h"
#include "daemon/guard.h"
#include "daemon/http.h"
#include "daemon/remote.h"

#include <errno.h>
#include <fast/tls.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL_MODE     0660 /* of the control socket and further ipc endpoints */
#define RUN_DIR_MODE     0755 /* plugins of any user pass through it */
#define STATE_DIR_MODE   0700
#define REASON_BYTES_MAX 256
#define OF_ONE_MAX       (FAST_SERVER_CONNECTIONS_MAX / 4 * 3) /* connections: others find room */

/* Where describe finds what. */
#define ENDPOINT_CONTROL 0
#define ENDPOINT_PLUGINS 1

struct fastd {
	struct options options;
	struct node *node;
	struct publish *publish; /* NULL: off */
	struct watch *watch;
	struct remotes *remotes;
	struct fast_server *server;
	struct fast_tls *tls; /* NULL: no certificate was given */
	struct http *http;    /* NULL: off */
	struct roles roles;
	struct api api;
	struct self self;
};

FAST_PRINTF(3, 4)
static enum fast_status fail(char *error, enum fast_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, FASTD_ERROR_BYTES_MAX, format, args);
	va_end(args);
	return status;
}

#define ELSEWHERE "give --socket, --plugin-socket and --state-dir, or set XDG_RUNTIME_DIR"

/* Makes the folders above path that are missing. */
static enum fast_status make_folders(const char *path, mode_t mode, char *error)
{
	char folder[OPTIONS_TEXT_BYTES_MAX + 1];

	snprintf(folder, sizeof folder, "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, mode) == 0) {
			(void)chmod(folder, mode); /* whatever the umask is */
		} else if (errno != EEXIST) {
			return fail(error, FAST_UNAVAILABLE,
				    "folder %.900s cannot be made: %s; " ELSEWHERE, folder,
				    strerror(errno));
		}
		*slash = '/';
	}
	return FAST_OK;
}

/* The same for a socket, for which the last of them must be writable. */
static enum fast_status make_socket_folders(const char *path, char *error)
{
	char folder[OPTIONS_TEXT_BYTES_MAX + 1];
	enum fast_status status = make_folders(path, RUN_DIR_MODE, error);

	snprintf(folder, sizeof folder, "%s", path);
	*strrchr(folder, '/') = '\0';
	if (status == FAST_OK && access(folder, W_OK) != 0) {
		return fail(error, FAST_UNAVAILABLE, "folder %.900s cannot be used: %s; " ELSEWHERE,
			    folder, strerror(errno));
	}
	return status;
}

/* Sockets and state that were not asked for elsewhere get their folders. */
static enum fast_status make_default_folders(struct fastd *fastd, char *error)
{
	const struct options *options = &fastd->options;
	enum fast_status status = FAST_OK;

	if (!options_is_given(options, offsetof(struct options, socket))) {
		status = make_socket_folders(options->socket, error);
	}
	if (status == FAST_OK &&
	    !options_is_given(options, offsetof(struct options, plugin_socket))) {
		status = make_socket_folders(options->plugin_socket, error);
	}
	if (status == FAST_OK && !options_is_given(options, offsetof(struct options, state_dir))) {
		status = make_folders(options->state_dir, STATE_DIR_MODE, error);
	}
	return status;
}

static enum fast_status fail_running(char *error, const char *path, const char *holder)
{
	return fail(error, FAST_ALREADY_EXISTS,
		    "%.900s is served by %s: fastd is already running; stop it, or give another "
		    "--socket",
		    path, holder);
}

static enum fast_status open_node(struct fastd *fastd, char *error)
{
	const struct options *options = &fastd->options;
	struct node_options node_options = {
		.state_dir = options->state_dir,
		.tick_ms = options->tick_ms,
		.store_samples_bytes_max = (uint64_t)options->history_mib << 20,
		.store_seconds_age_s_max = options->history_hours * 3600,
		.store_minutes_age_s_max = options->history_days * 86400,
	};
	char reason[NODE_TEXT_BYTES_MAX] = "";
	char holder[SOCKET_HOLDER_BYTES_MAX];
	enum fast_status status;

	/* Before the state is touched, which the other fastd is using. */
	if (socket_path_is_served(options->socket, holder)) {
		return fail_running(error, options->socket, holder);
	}
	if (getrandom(&fastd->self.boot_id, sizeof fastd->self.boot_id, 0) !=
	    (ssize_t)sizeof fastd->self.boot_id) {
		return fail(error, FAST_UNAVAILABLE, "there are no random numbers: %s",
			    strerror(errno));
	}
	node_options.boot_id = fastd->self.boot_id;
	status = node_open(&node_options, &fastd->node, reason);
	return status == FAST_OK ? status : fail(error, status, "%s", reason);
}

/* The map of roles; options_set() has checked each entry. */
static void fill_roles(const struct options_list *list, struct roles *out)
{
	out->own_uid = geteuid();
	for (size_t i = 0; i < list->count; i++) {
		char error[ROLE_ERROR_BYTES_MAX];

		if (role_parse(list->items[i], &out->grants[out->count], error) == FAST_OK) {
			out->count++;
		}
	}
}

/* Why an endpoint could not be opened, in the words of whoever chose it. out holds
 * REASON_BYTES_MAX bytes. Returns out. */
static const char *listen_reason(enum fast_status status, const char *endpoint, char *out)
{
	static const char *const reasons[] = {
		[FAST_NOT_FOUND] = "its folder does not exist",
		[FAST_FAILED_PRECONDITION] = "there is a file that is no socket, which is not "
					     "replaced",
		[FAST_UNAVAILABLE] = "nobody serves there, but another process holds the lock of "
				     "the folder",
		[FAST_PERMISSION_DENIED] = "its folder is not writable for this user",
	};
	char holder[SOCKET_HOLDER_BYTES_MAX] = "another process";
	const char *path = strncmp(endpoint, "ipc://", 6) == 0 ? endpoint + 6 : NULL;
	bool known = (path != NULL || status != FAST_UNAVAILABLE) &&
		     (size_t)status < sizeof reasons / sizeof reasons[0] && reasons[status] != NULL;

	if (status == FAST_ALREADY_EXISTS) {
		if (path != NULL) {
			(void)socket_path_is_served(path, holder);
		}
		snprintf(out, REASON_BYTES_MAX, "%s serves there", holder);
	} else {
		snprintf(out, REASON_BYTES_MAX, "%s",
			 known ? reasons[status] : fast_status_sentence(status));
	}
	return out;
}

static enum fast_status open_publish(struct fastd *fastd, char *error)
{
	const char *endpoint = fastd->options.publish;
	char reason[REASON_BYTES_MAX];
	enum fast_status status;

	if (endpoint[0] == '\0') {
		return FAST_OK;
	}
	status = publish_open(endpoint, &fastd->roles, &fastd->publish);
	if (status != FAST_OK) {
		return fail(error, status, "nothing can be published at %.900s: %s", endpoint,
			    listen_reason(status, endpoint, reason));
	}
	return FAST_OK;
}

/* The parts that handlers use; nothing listens yet. */
static enum fast_status open_services(struct fastd *fastd, char *error)
{
	const struct fast_server_options server_options = {
		.size = sizeof server_options,
		.admin_for_all = true, /* the guard knows better who */
		.connections_per_uid_max = OF_ONE_MAX,
		.connections_per_certificate_max = OF_ONE_MAX,
	};
	enum fast_status status = watch_open(fastd->node, fastd->publish, &fastd->watch);

	if (status == FAST_OK) {
		status = remotes_open(fastd->options.plugin_socket, &fastd->roles, &fastd->remotes);
	}
	if (status == FAST_OK) {
		status = fast_server_open(&server_options, &fastd->server);
	}
	if (status == FAST_OK) {
		status = guard_add(fastd->server, &fastd->roles);
	}
	if (status == FAST_OK) {
		fastd->self.node = fastd->node;
		fastd->self.watch = fastd->watch;
		fastd->self.server = fastd->server;
		fastd->self.publish = fastd->publish;
		fastd->self.roles = &fastd->roles;
		fastd->self.state_dir = fastd->options.state_dir;
		fastd->self.start_unix_ns = self_now_unix_ns();
		fastd->api = (struct api){fastd->node, fastd->watch, &fastd->self, fastd->remotes};
		status = api_add(&fastd->api, fastd->server);
	}
	return status == FAST_OK ? status
				 : fail(error, status, "services cannot be opened: %s",
					fast_status_sentence(status));
}

static enum fast_status start_node(struct fastd *fastd, char *error)
{
	const char *path = fastd->options.plugin_socket;
	char reason[NODE_TEXT_BYTES_MAX] = "";
	enum fast_status status = node_listen(fastd->node, path, reason);

	if (status != FAST_OK) {
		return fail(error, status, "%s", reason);
	}
	status = node_start(fastd->node);
	if (status != FAST_OK) {
		return fail(error, status, "sampling cannot be started: %s",
			    fast_status_sentence(status));
	}
	return FAST_OK;
}

/* The last: who finds fastd by it, and asks where else it is reached, is told of everything. */
static enum fast_status listen_control(struct fastd *fastd, char *error)
{
	const char *path = fastd->options.socket;
	char endpoint[ADDRESS_PATH_BYTES_MAX + sizeof "ipc://"];
	char holder[SOCKET_HOLDER_BYTES_MAX];
	char reason[REASON_BYTES_MAX];
	enum fast_status status;

	snprintf(endpoint, sizeof endpoint, "ipc://%.107s", path);
	status = fast_server_listen(fastd->server, endpoint, CONTROL_MODE);
	if (status == FAST_ALREADY_EXISTS) {
		(void)socket_path_is_served(path, holder);
		return fail_running(error, path, holder);
	}
	if (status != FAST_OK) {
		return fail(error, status, "control socket %.900s cannot be opened: %s", path,
			    listen_reason(status, endpoint, reason));
	}
	return FAST_OK;
}

static enum fast_status open_tls(struct fastd *fastd, char *error)
{
	const struct options *options = &fastd->options;
	const struct fast_tls_options tls = {
		.size = sizeof tls,
		.ca_file = options->tls_ca,
		.certificate_file = options->tls_cert,
		.key_file = options->tls_key,
	};
	char reason[FAST_TLS_ERROR_BYTES] = "";
	enum fast_status status;

	/* options_complete() has seen to it that all are there where they are needed. */
	if (tls.ca_file[0] == '\0' || tls.certificate_file[0] == '\0' || tls.key_file[0] == '\0') {
		return FAST_OK;
	}
	status = fast_tls_new(&tls, &fastd->tls, reason, sizeof reason);
	return status == FAST_OK ? status : fail(error, status, "%s", reason);
}

/* All but the control socket. */
static enum fast_status listen_all(struct fastd *fastd, char *error)
{
	const struct options_list *list = &fastd->options.listen;
	char reason[REASON_BYTES_MAX];

	self_add_endpoint(&fastd->self, "ipc://", fastd->options.socket);
	self_add_endpoint(&fastd->self, "", fastd->options.plugin_socket);
	for (size_t i = 0; i < list->count; i++) {
		enum fast_status status =
			options_is_tls(list->items[i])
				? fast_server_listen_tls(fastd->server, list->items[i], fastd->tls)
				: fast_server_listen(fastd->server, list->items[i], CONTROL_MODE);

		if (status != FAST_OK) {
			return fail(error, status, "endpoint %.900s cannot be opened: %s",
				    list->items[i], listen_reason(status, list->items[i], reason));
		}
		self_add_endpoint(&fastd->self, "", fast_server_endpoint(fastd->server, i));
	}
	if (fastd->publish != NULL) {
		self_add_endpoint(&fastd->self, "", publish_endpoint(fastd->publish));
	}
	return FAST_OK;
}

static enum fast_status open_http(struct fastd *fastd, char *error)
{
	if (fastd->options.http[0] == '\0') {
		return FAST_OK;
	}
	enum fast_status status = http_open(fastd->options.http, &fastd->self, &fastd->http, error);
	if (status == FAST_OK) {
		self_add_endpoint(&fastd->self, "", http_url(fastd->http));
	}
	return status;
}

enum fast_status fastd_open(const struct options *options, struct fastd **out, char *error)
{
	static enum fast_status (*const steps[])(struct fastd * fastd, char *error) = {
		make_default_folders, open_node,  open_publish,
		open_services,        start_node, open_tls,
		listen_all,           open_http,  listen_control,
	};
	struct fastd *fastd = calloc(1, sizeof *fastd);

	if (fastd == NULL) {
		return fail(error, FAST_RESOURCE_EXHAUSTED, "there is no memory");
	}
	fastd->options = *options;
	fill_roles(&fastd->options.role, &fastd->roles);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		enum fast_status status = steps[i](fastd, error);

		if (status != FAST_OK) {
			fastd_close(fastd);
			return status;
		}
	}
	*out = fastd;
	return FAST_OK;
}

void fastd_describe(const struct fastd *fastd, char *out)
{
	size_t used = (size_t)snprintf(out, FASTD_READY_BYTES_MAX,
				       "fastd %s ready: control %s, plugins %s", self_version(),
				       fastd->self.endpoints[ENDPOINT_CONTROL],
				       fastd->self.endpoints[ENDPOINT_PLUGINS]);
	size_t count = fastd->options.listen.count;

	for (size_t i = 0; i < count && used < FASTD_READY_BYTES_MAX; i++) {
		used += (size_t)snprintf(out + used, FASTD_READY_BYTES_MAX - used, ", calls %s",
					 fast_server_endpoint(fastd->server, i));
	}
	if (fastd->publish != NULL && used < FASTD_READY_BYTES_MAX) {
		used += (size_t)snprintf(out + used, FASTD_READY_BYTES_MAX - used, ", publish %s",
					 publish_endpoint(fastd->publish));
	}
	if (fastd->http != NULL && used < FASTD_READY_BYTES_MAX) {
		snprintf(out + used, FASTD_READY_BYTES_MAX - used, ", http %s",
			 http_url(fastd->http));
	}
}

void fastd_close(struct fastd *fastd)
{
	if (fastd == NULL) {
		return;
	}
	http_close(fastd->http);
	/* Calls that wait for the node are ended by it; those that watch, by the watch thread. */
	fast_server_close(fastd->server);
	fast_tls_free(fastd->tls);
	watch_stop(fastd->watch);
	remotes_close(fastd->remotes);
	node_close(fastd->node);
	watch_close(fastd->watch);
	publish_close(fastd->publish);
	free(fastd);
}
