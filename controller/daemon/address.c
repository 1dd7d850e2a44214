#include "daemon/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define PORT_MAX       65535
#define HOST_BYTES_MAX 64

static enum fast_status refuse(char *error, const char *format, ...) FAST_PRINTF(2, 3);

static enum fast_status refuse(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, ADDRESS_ERROR_BYTES_MAX, format, args);
	va_end(args);
	return FAST_INVALID_ARGUMENT;
}

enum fast_status address_check_path(const char *text, char *error)
{
	size_t bytes = strlen(text);

	if (bytes == 0) {
		return refuse(error, "the path is empty; give the path of a socket");
	}
	if (strstr(text, "://") != NULL) {
		return refuse(error, "'%.100s' is a URL; give the path alone", text);
	}
	if (bytes > ADDRESS_PATH_BYTES_MAX) {
		return refuse(error,
			      "the path has %zu bytes, and a socket's may have at most %d; "
			      "choose a shorter one",
			      bytes, ADDRESS_PATH_BYTES_MAX);
	}
	return FAST_OK;
}

/* Splits "host:port" or "[host]:port". */
static enum fast_status split(const char *text, char *host, uint16_t *port, char *error)
{
	const char *colon = strrchr(text, ':');
	size_t host_bytes = colon == NULL ? 0 : (size_t)(colon - text);
	char *end = NULL;
	unsigned long number;

	if (host_bytes == 0 || host_bytes > HOST_BYTES_MAX) {
		return refuse(error, "'%.100s' has no address and port; give 127.0.0.1:PORT", text);
	}
	if (text[0] == '[' && text[host_bytes - 1] == ']') {
		text++;
		host_bytes -= 2;
	}
	memcpy(host, text, host_bytes);
	host[host_bytes] = '\0';

	number = strtoul(colon + 1, &end, 10);
	if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || number > PORT_MAX) {
		return refuse(error, "'%.100s' is no port; give a number from 0 to %d", colon + 1,
			      PORT_MAX);
	}
	*port = (uint16_t)number;
	return FAST_OK;
}

static enum fast_status parse_tcp(const char *text, struct address *out, char *error)
{
	char host[HOST_BYTES_MAX + 1];
	struct sockaddr_in *v4 = (struct sockaddr_in *)&out->socket;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->socket;
	uint16_t port = 0;
	enum fast_status status = split(text, host, &port, error);

	if (status != FAST_OK) {
		return status;
	}
	if (strcmp(host, "localhost") == 0) {
		memcpy(host, "127.0.0.1", sizeof "127.0.0.1");
	}
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		out->socket_bytes = sizeof *v4;
		if (ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET) {
			return FAST_OK;
		}
	} else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		out->socket_bytes = sizeof *v6;
		if (IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)) {
			return FAST_OK;
		}
	} else {
		return refuse(error, "'%s' is no IP address; give 127.0.0.1:PORT or [::1]:PORT",
			      host);
	}
	return refuse(error,
		      "%s can be reached from other hosts, and nothing here is encrypted; "
		      "give 127.0.0.1:PORT or [::1]:PORT",
		      host);
}

enum fast_status address_parse(const char *text, struct address *out, char *error)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&out->socket;
	enum fast_status status;

	memset(out, 0, sizeof *out);
	if (strncmp(text, "unix:", 5) != 0) {
		return parse_tcp(text, out, error);
	}
	status = address_check_path(text + 5, error);
	if (status != FAST_OK) {
		return status;
	}
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, text + 5, strlen(text + 5) + 1);
	out->socket_bytes = sizeof *un;
	out->path = text + 5;
	return FAST_OK;
}

/* forms: what would be right. */
static enum fast_status check_endpoint(const char *text, const char *forms, char *error)
{
	struct address address = {0};

	if (strncmp(text, "ipc://", 6) == 0) {
		return address_check_path(text + 6, error);
	}
	if (strncmp(text, "tcp://", 6) != 0) {
		return refuse(error, "'%.100s' is no endpoint; give %s", text, forms);
	}
	return parse_tcp(text + 6, &address, error);
}

enum fast_status address_check_endpoint(const char *text, char *error)
{
	return check_endpoint(text, "ipc:///PATH or tcp://127.0.0.1:PORT", error);
}

enum fast_status address_check_listen(const char *text, char *error)
{
	char host[HOST_BYTES_MAX + 1];
	struct in6_addr address;
	uint16_t port = 0;
	enum fast_status status;

	if (strncmp(text, "tls+tcp://", 10) != 0) {
		return check_endpoint(
			text, "ipc:///PATH, tcp://127.0.0.1:PORT or tls+tcp://ADDR:PORT", error);
	}
	status = split(text + 10, host, &port, error);
	if (status == FAST_OK && inet_pton(AF_INET, host, &address) != 1 &&
	    inet_pton(AF_INET6, host, &address) != 1) {
		return refuse(error,
			      "'%s' is no IP address; give one of this host's, or 0.0.0.0 for all",
			      host);
	}
	return status;
}

enum fast_status address_check_http(const char *text, char *error)
{
	struct address address;

	return address_parse(text, &address, error);
}
