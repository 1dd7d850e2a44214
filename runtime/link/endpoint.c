#include "link/endpoint.h"

#include "link/link_inproc.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IPC_SCHEME      "ipc://"
#define TCP_SCHEME      "tcp://"
#define TLS_SCHEME      "tls+tcp://"
#define INPROC_SCHEME   "inproc://"
#define UNIX_SCHEME     "unix://"
#define PORT_DIGITS_MAX 5
#define HOST_LETTERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

static const char *after_scheme(const char *text, const char *scheme)
{
	size_t bytes = strlen(scheme);

	return strncmp(text, scheme, bytes) == 0 ? text + bytes : NULL;
}

static bool port_parse(const char *text, uint16_t *out)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long port;

	if (digits == 0 || digits > PORT_DIGITS_MAX || text[digits] != 0) {
		return false;
	}
	port = strtoul(text, NULL, 10);
	*out = (uint16_t)port;
	return port <= UINT16_MAX;
}

/* "localhost" may resolve to anything, so it is not asked. */
static bool loopback_parse(const char *host, struct fast_endpoint *out)
{
	struct in_addr address;

	if (strcmp(host, "localhost") == 0) {
		host = "127.0.0.1";
	}
	if (strcmp(host, "[::1]") != 0 &&
	    (inet_pton(AF_INET, host, &address) != 1 ||
	     ntohl(address.s_addr) >> IN_CLASSA_NSHIFT != IN_LOOPBACKNET)) {
		return false;
	}
	snprintf(out->host, sizeof out->host, "%s", host);
	return true;
}

/* An address, or a name of a host: letters, digits, '-', '_' and '.'. */
static bool host_parse(const char *host, struct fast_endpoint *out)
{
	struct in6_addr address;
	char bare[INET6_ADDRSTRLEN];
	size_t bytes = strlen(host);

	if (host[0] == '[') {
		if (bytes < 2 || bytes - 2 >= sizeof bare || host[bytes - 1] != ']') {
			return false;
		}
		memcpy(bare, host + 1, bytes - 2);
		bare[bytes - 2] = 0;
		if (inet_pton(AF_INET6, bare, &address) != 1) {
			return false;
		}
	} else if (bytes == 0 || strspn(host, HOST_LETTERS) != bytes) {
		return false;
	}
	memcpy(out->host, host, bytes + 1);
	return true;
}

static bool tcp_parse(const char *text, enum fast_endpoint_kind kind, struct fast_endpoint *out)
{
	char host[FAST_HOST_BYTES_MAX + 1];
	const char *colon = strrchr(text, ':');

	if (colon == NULL || (size_t)(colon - text) >= sizeof host) {
		return false;
	}
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = 0;
	out->kind = kind;
	return (kind == FAST_ENDPOINT_TLS ? host_parse(host, out) : loopback_parse(host, out)) &&
	       port_parse(colon + 1, &out->port);
}

static bool path_parse(const char *path, enum fast_endpoint_kind kind, struct fast_endpoint *out)
{
	size_t bytes = strlen(path);

	if (bytes == 0 || bytes > FAST_SOCKET_PATH_BYTES_MAX) {
		return false;
	}
	out->kind = kind;
	memcpy(out->path, path, bytes + 1);
	return true;
}

static bool inproc_parse(const char *name, struct fast_endpoint *out)
{
	size_t bytes = strlen(name);

	if (bytes == 0 || bytes > FAST_INPROC_NAME_BYTES_MAX ||
	    strspn(name, HOST_LETTERS) != bytes) {
		return false;
	}
	out->kind = FAST_ENDPOINT_INPROC;
	memcpy(out->path, name, bytes + 1);
	return true;
}

enum fast_status fast_endpoint_parse(const char *text, struct fast_endpoint *out)
{
	struct fast_endpoint endpoint = {0};
	const char *rest;
	bool is_good = false;

	if ((rest = after_scheme(text, IPC_SCHEME)) != NULL) {
		is_good = path_parse(rest, FAST_ENDPOINT_IPC, &endpoint);
	} else if ((rest = after_scheme(text, UNIX_SCHEME)) != NULL) {
		is_good = path_parse(rest, FAST_ENDPOINT_UNIX, &endpoint);
	} else if ((rest = after_scheme(text, TCP_SCHEME)) != NULL) {
		is_good = tcp_parse(rest, FAST_ENDPOINT_TCP, &endpoint);
	} else if ((rest = after_scheme(text, TLS_SCHEME)) != NULL) {
		is_good = tcp_parse(rest, FAST_ENDPOINT_TLS, &endpoint);
	} else if ((rest = after_scheme(text, INPROC_SCHEME)) != NULL) {
		is_good = inproc_parse(rest, &endpoint);
	}
	if (!is_good) {
		return FAST_INVALID_ARGUMENT;
	}
	*out = endpoint;
	return FAST_OK;
}

static void print_with(const char *tcp_scheme, const struct fast_endpoint *endpoint,
		       char out[FAST_ENDPOINT_BYTES_MAX])
{
	if (endpoint->kind == FAST_ENDPOINT_IPC) {
		snprintf(out, FAST_ENDPOINT_BYTES_MAX, IPC_SCHEME "%s", endpoint->path);
	} else if (endpoint->kind == FAST_ENDPOINT_UNIX) {
		snprintf(out, FAST_ENDPOINT_BYTES_MAX, UNIX_SCHEME "%s", endpoint->path);
	} else if (endpoint->kind == FAST_ENDPOINT_INPROC) {
		snprintf(out, FAST_ENDPOINT_BYTES_MAX, INPROC_SCHEME "%s", endpoint->path);
	} else {
		snprintf(out, FAST_ENDPOINT_BYTES_MAX, "%s%.100s:%u", tcp_scheme, endpoint->host,
			 (unsigned)endpoint->port);
	}
}

void fast_endpoint_print(const struct fast_endpoint *endpoint, char out[FAST_ENDPOINT_BYTES_MAX])
{
	print_with(endpoint->kind == FAST_ENDPOINT_TLS ? TLS_SCHEME : TCP_SCHEME, endpoint, out);
}

void fast_endpoint_print_stream(const struct fast_endpoint *endpoint,
				char out[FAST_ENDPOINT_BYTES_MAX])
{
	print_with(TCP_SCHEME, endpoint, out);
}

const char *fast_endpoint_kind_name(enum fast_endpoint_kind kind)
{
	static const char *const names[] = {
		[FAST_ENDPOINT_IPC] = "ipc",     [FAST_ENDPOINT_TCP] = "tcp",
		[FAST_ENDPOINT_TLS] = "tls+tcp", [FAST_ENDPOINT_INPROC] = "inproc",
		[FAST_ENDPOINT_UNIX] = "unix",
	};

	return names[kind];
}
