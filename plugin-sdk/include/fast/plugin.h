/* fast/plugin.h - a plugin: what it measures (fast/metric.h) and the knobs it offers
 * (fast/param.h).
 *
 * A plugin runs the same with no fastd, before it and after it: its numbers live in memory of its
 * own, which a running fastd reads. */
#ifndef FAST_PLUGIN_H
#define FAST_PLUGIN_H

#include <fast/metric.h>
#include <fast/param.h>
#include <fast/status.h>

FAST_BEGIN_DECLS

#define FAST_PLUGIN_NAME_BYTES_MAX    64
#define FAST_PLUGIN_VERSION_BYTES_MAX 64
#define FAST_PLUGIN_METRICS_MAX       1000
#define FAST_PLUGIN_PARAMS_MAX        128

/* One per process is usual; more are allowed. Open, declare and close from any thread. */
struct fast_plugin;

struct fast_plugin_options {
	size_t size;         /* sizeof(struct fast_plugin_options) */
	const char *socket;  /* fastd's plugin socket. NULL: $FASTD_PLUGIN_SOCKET, else the user's,
			      * $XDG_RUNTIME_DIR/fastd/plugin.sock, or while nobody serves that the
			      * node's, /run/fastd/plugin.sock */
	const char *version; /* the plugin's own version text, for people; NULL: "" */
	/* A fastd elsewhere: fast/plugin_remote.h. NULL: $FASTD_PLUGIN_ENDPOINT, else none. */
	const char *endpoint;
	const char *tls_ca;          /* PEM files, for tls+tcp. NULL: $FASTD_TLS_CA */
	const char *tls_certificate; /* NULL: $FASTD_TLS_CERT */
	const char *tls_key;         /* NULL: $FASTD_TLS_KEY */
};

/* name: [a-z0-9_-]+ in dotted parts, at most 64 bytes. options may be NULL. Gives *out, which the
 * caller closes. Never waits for fastd. INVALID_ARGUMENT: the name, or a socket path of more than
 * 107 bytes. FAILED_PRECONDITION: an endpoint without fast_plugin_use_remote(). RESOURCE_EXHAUSTED:
 * no memory. fast_plugin_open_error() says more. */
FAST_MUST_CHECK enum fast_status fast_plugin_open(const char *name,
						  const struct fast_plugin_options *options,
						  struct fast_plugin **out);

/* Why the last open that failed on this thread did; "" if none did. Copied into out, cut to fit. */
void fast_plugin_open_error(char *out, size_t out_bytes);

/* Whether fastd has taken the plugin and not gone since. */
bool fast_plugin_is_attached(const struct fast_plugin *plugin);

/* Waits until it has, at most timeout_ms. DEADLINE_EXCEEDED. */
FAST_MUST_CHECK enum fast_status fast_plugin_wait_attached(struct fast_plugin *plugin,
							   int64_t timeout_ms);

/* The instance name that fastd gave; the plugin's own name before. Copied into out, cut to fit. */
void fast_plugin_instance(const struct fast_plugin *plugin, char *out, size_t out_bytes);

/* What was wrong with the last declaration that failed, and what would be right; "" if none did.
 * Copied into out, cut to fit. */
void fast_plugin_error(const struct fast_plugin *plugin, char *out, size_t out_bytes);

/* Says goodbye to fastd, which learns of all that was declared and counted before, and frees the
 * plugin with all its metrics and params. A fastd that is there and takes nothing is waited for a
 * second at most. NULL is allowed. */
void fast_plugin_close(struct fast_plugin *plugin);

FAST_END_DECLS

#endif
