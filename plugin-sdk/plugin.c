#include <fast/plugin.h>

#include "plugin_impl.h"

#include <fast/log.h>

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_ENVIRONMENT "FASTD_PLUGIN_SOCKET"
#define SOCKET_USER        "fastd/plugin.sock"
#define SOCKET_SYSTEM      "/run/fastd/plugin.sock"
/* Of the first version of the options. */
#define OPTIONS_BYTES_MIN offsetof(struct fast_plugin_options, endpoint)

static _Thread_local char open_error[FAST_PLUGIN_ERROR_BYTES];
static fast_plugin_run_fn *_Atomic remote_run; /* NULL: fast_plugin_use_remote() was not called */

void fast_plugin_set_remote(fast_plugin_run_fn *run)
{
	atomic_store(&remote_run, run);
}

/* Keeps the sentence for fast_plugin_open_error(). Gives status. */
FAST_PRINTF(2, 3)
static enum fast_status open_refuse(enum fast_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(open_error, sizeof open_error, format, args);
	va_end(args);
	fast_log(FAST_LOG_ERROR, "%s", open_error);
	return status;
}

void fast_plugin_open_error(char *out, size_t out_bytes)
{
	(void)snprintf(out, out_bytes, "%s", open_error);
}

enum fast_status fast_plugin_refuse(struct fast_plugin *plugin, enum fast_status status,
				    const char *format, ...)
{
	va_list args;

	pthread_mutex_lock(&plugin->lock);
	va_start(args, format);
	(void)vsnprintf(plugin->error, sizeof plugin->error, format, args);
	va_end(args);
	pthread_mutex_unlock(&plugin->lock);
	return status;
}

void fast_plugin_wake(struct fast_plugin *plugin)
{
	uint64_t one = 1;

	if (plugin->wake_fd >= 0) {
		/* It fails only when the counter is full: then the thread is awake anyway. */
		ssize_t written = write(plugin->wake_fd, &one, sizeof one);
		(void)written;
	}
}

void fast_plugin_changed_init(struct fast_plugin *plugin)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&plugin->changed, &attributes);
	pthread_condattr_destroy(&attributes);
}

/* INVALID_ARGUMENT: folder and tail are too long. */
static enum fast_status address_set(const char *folder, const char *tail, struct sockaddr_un *out)
{
	int bytes = snprintf(out->sun_path, sizeof out->sun_path, "%s%s", folder, tail);

	out->sun_family = AF_UNIX;
	if (bytes < 0 || (size_t)bytes >= sizeof out->sun_path) {
		return open_refuse(FAST_INVALID_ARGUMENT, "socket path of %d bytes: at most %zu",
				   bytes, sizeof out->sun_path - 1);
	}
	return FAST_OK;
}

/* Writes where fastd's plugin socket may be. INVALID_ARGUMENT: a path is too long. */
static enum fast_status addresses_resolve(const char *path, struct sockaddr_un *out)
{
	const char *user = secure_getenv("XDG_RUNTIME_DIR");

	if (path == NULL) {
		path = secure_getenv(SOCKET_ENVIRONMENT);
	}
	if (path != NULL && path[0] != '\0') {
		return address_set(path, "", &out[0]);
	}
	if (user == NULL || user[0] == '\0') {
		return address_set(SOCKET_SYSTEM, "", &out[0]);
	}
	enum fast_status status = address_set(user, "/" SOCKET_USER, &out[0]);
	return status == FAST_OK ? address_set(SOCKET_SYSTEM, "", &out[1]) : status;
}

/* Copies the option, or else the variable. *out stays NULL when neither says anything. */
static enum fast_status text_configure(const char *option, const char *variable, char **out)
{
	const char *text = option != NULL ? option : secure_getenv(variable);

	if (text == NULL || text[0] == '\0') {
		return FAST_OK;
	}
	*out = strdup(text);
	return *out != NULL ? FAST_OK : FAST_RESOURCE_EXHAUSTED;
}

static enum fast_status endpoint_configure(struct fast_plugin *plugin,
					   const struct fast_plugin_options *options)
{
	static const struct fast_plugin_options none = {0};
	const struct fast_plugin_options *from =
		options != NULL && options->size >= sizeof *options ? options : &none;
	const struct {
		const char *option;
		const char *variable;
		char **out;
	} texts[] = {
		{from->endpoint, "FASTD_PLUGIN_ENDPOINT", &plugin->endpoint},
		{from->tls_ca, "FASTD_TLS_CA", &plugin->tls_ca},
		{from->tls_certificate, "FASTD_TLS_CERT", &plugin->tls_certificate},
		{from->tls_key, "FASTD_TLS_KEY", &plugin->tls_key},
	};
	enum fast_status status = FAST_OK;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == FAST_OK; i++) {
		status = text_configure(texts[i].option, texts[i].variable, texts[i].out);
	}
	if (status == FAST_OK && plugin->endpoint != NULL && atomic_load(&remote_run) == NULL) {
		status = open_refuse(FAST_FAILED_PRECONDITION,
				     "plugin \"%s\": endpoint %s needs fast_plugin_use_remote() of "
				     "the library fast::plugin_remote",
				     plugin->name, plugin->endpoint);
	}
	return status;
}

/* Checks and copies what open was given. */
static enum fast_status plugin_configure(struct fast_plugin *plugin, const char *name,
					 const struct fast_plugin_options *options)
{
	char reason[FAST_REASON_BYTES];
	const char *version = options == NULL || options->version == NULL ? "" : options->version;

	if (options != NULL && options->size < OPTIONS_BYTES_MIN) {
		return open_refuse(FAST_INVALID_ARGUMENT,
				   "plugin options: size is %zu; set it to sizeof(struct "
				   "fast_plugin_options)",
				   options->size);
	}
	if (fast_plugin_name_check(name, reason, sizeof reason) != FAST_OK ||
	    fast_text_check("plugin", name, "version", version, FAST_PLUGIN_VERSION_BYTES_MAX,
			    reason, sizeof reason) != FAST_OK) {
		return open_refuse(FAST_INVALID_ARGUMENT, "%s", reason);
	}
	(void)snprintf(plugin->name, sizeof plugin->name, "%s", name);
	(void)snprintf(plugin->version, sizeof plugin->version, "%s", version);
	enum fast_status status = endpoint_configure(plugin, options);
	if (status != FAST_OK || plugin->endpoint != NULL) {
		return status;
	}
	return addresses_resolve(options == NULL ? NULL : options->socket, plugin->addresses);
}

int64_t fast_plugin_unix_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Starts the housekeeping thread; no signal of the process is ever handled on it. */
enum fast_status fast_plugin_start(struct fast_plugin *plugin)
{
	sigset_t all;
	sigset_t old;
	fast_plugin_run_fn *run =
		plugin->endpoint != NULL ? atomic_load(&remote_run) : fast_attach_run;
	int error;

	if (plugin->map.fd < 0) {
		fast_log(FAST_LOG_WARNING,
			 "plugin \"%s\": no memfd: it runs, but fastd can't see it", plugin->name);
		return FAST_OK;
	}
	plugin->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = plugin->wake_fd < 0 ? errno : pthread_create(&plugin->thread, NULL, run, plugin);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	plugin->has_thread = error == 0;
	return error == 0 ? FAST_OK : FAST_RESOURCE_EXHAUSTED;
}

/* Memory for what there will be, and the page. */
static enum fast_status page_open(struct fast_plugin *plugin)
{
	enum fast_status status;

	plugin->handles = fast_handles_new();
	if (plugin->handles == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	status = fast_segments_open(plugin, 1);
	if (status == FAST_OK) {
		fast_segments_publish(plugin);
	}
	return status;
}

static enum fast_status plugin_start(struct fast_plugin *plugin)
{
	enum fast_status status = fast_fork_register(plugin);

	if (status == FAST_OK) {
		pthread_mutex_lock(&plugin->lock);
		status = fast_plugin_start(plugin);
		pthread_mutex_unlock(&plugin->lock);
	}
	return status;
}

enum fast_status fast_plugin_open(const char *name, const struct fast_plugin_options *options,
				  struct fast_plugin **out)
{
	assert(out != NULL);

	struct fast_plugin *plugin = calloc(1, sizeof *plugin);
	(void)snprintf(open_error, sizeof open_error,
		       "plugin: no memory, threads or descriptors left");
	if (plugin == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	plugin->map.fd = -1;
	plugin->wake_fd = -1;
	plugin->socket_fd = -1;
	plugin->cells_end = FAST_PAGE_CELLS_OFFSET;
	plugin->open_time_unix_ns = fast_plugin_unix_now_ns();
	pthread_mutex_init(&plugin->lock, NULL);
	fast_plugin_changed_init(plugin);

	enum fast_status status = plugin_configure(plugin, name, options);
	if (status == FAST_OK) {
		status = page_open(plugin);
	}
	if (status == FAST_OK) {
		status = plugin_start(plugin);
	}
	if (status != FAST_OK) {
		fast_plugin_close(plugin);
		return status;
	}
	open_error[0] = '\0';
	*out = plugin;
	return FAST_OK;
}

static void thread_stop(struct fast_plugin *plugin)
{
	bool has_thread;

	atomic_store(&plugin->stopping, true);
	pthread_mutex_lock(&plugin->lock);
	has_thread = plugin->has_thread;
	plugin->has_thread = false;
	fast_plugin_wake(plugin);
	pthread_mutex_unlock(&plugin->lock);
	if (has_thread) {
		pthread_join(plugin->thread, NULL);
	}
}

void fast_plugin_close(struct fast_plugin *plugin)
{
	if (plugin == NULL) {
		return;
	}
	thread_stop(plugin);
	fast_fork_forget(plugin);
	if (plugin->wake_fd >= 0) {
		(void)close(plugin->wake_fd);
	}
	fast_segments_close(plugin);
	fast_handles_free(plugin->handles);
	free(plugin->endpoint);
	free(plugin->tls_ca);
	free(plugin->tls_certificate);
	free(plugin->tls_key);
	for (size_t i = 0; i < plugin->metric_count; i++) {
		free(plugin->metrics[i]);
	}
	for (size_t i = 0; i < plugin->param_count; i++) {
		free(plugin->params[i]);
	}
	pthread_cond_destroy(&plugin->changed);
	pthread_mutex_destroy(&plugin->lock);
	free(plugin);
}

bool fast_plugin_is_attached(const struct fast_plugin *plugin)
{
	return atomic_load(&plugin->attached);
}

enum fast_status fast_plugin_wait_attached(struct fast_plugin *plugin, int64_t timeout_ms)
{
	struct timespec until;
	int error = 0;

	(void)fast_plugin_is_here(plugin); /* a forked child attaches now */
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	if (timeout_ms > 0) {
		until.tv_sec += (time_t)(timeout_ms / 1000);
		until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
	}
	pthread_mutex_lock(&plugin->lock);
	while (!atomic_load(&plugin->attached) && error == 0) {
		error = pthread_cond_timedwait(&plugin->changed, &plugin->lock, &until);
	}
	pthread_mutex_unlock(&plugin->lock);
	return atomic_load(&plugin->attached) ? FAST_OK : FAST_DEADLINE_EXCEEDED;
}

/* The lock guards what is copied, not what the plugin is: hence the cast. */
static void text_copy(const struct fast_plugin *plugin, const char *text, const char *otherwise,
		      char *out, size_t out_bytes)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&plugin->lock;

	pthread_mutex_lock(lock);
	(void)snprintf(out, out_bytes, "%s", text[0] != '\0' ? text : otherwise);
	pthread_mutex_unlock(lock);
}

void fast_plugin_instance(const struct fast_plugin *plugin, char *out, size_t out_bytes)
{
	text_copy(plugin, plugin->instance, plugin->name, out, out_bytes);
}

void fast_plugin_error(const struct fast_plugin *plugin, char *out, size_t out_bytes)
{
	text_copy(plugin, plugin->error, "", out, out_bytes);
}
