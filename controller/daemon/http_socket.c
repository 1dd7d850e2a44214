#include "daemon/http_socket.h"
#include "daemon/socket_path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG                64
#define SOCKET_ERROR_BYTES_MAX 400 /* of why a path can't be had */

static enum fast_status fail(char *error, const char *what, const char *why)
{
	snprintf(error, ADDRESS_ERROR_BYTES_MAX, "HTTP cannot be served at %s: %s", what, why);
	return FAST_UNAVAILABLE;
}

static int prepare(const struct address *address)
{
	const int on = 1;
	int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		return -1;
	}
	if (address->path != NULL) {
		/* Before bind, so that the file never has more bits; the umask may take some. */
		if (fchmod(fd, HTTP_SOCKET_MODE) != 0) {
			close(fd);
			return -1;
		}
	} else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void spell(const struct sockaddr_storage *address, char *out, size_t out_bytes)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_un *un = (const struct sockaddr_un *)address;
	char host[INET6_ADDRSTRLEN] = "";

	if (address->ss_family == AF_UNIX) {
		snprintf(out, out_bytes, "unix:%s", un->sun_path);
	} else if (address->ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
		snprintf(out, out_bytes, "http://%s:%u", host, ntohs(v4->sin_port));
	} else {
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
		snprintf(out, out_bytes, "http://[%s]:%u", host, ntohs(v6->sin6_port));
	}
}

/* Bound and listening, or not at all. */
static enum fast_status serve(const struct address *address, int *fd, char *error)
{
	char what[HTTP_URL_BYTES_MAX + 1];
	enum fast_status status;
	bool bound = false;
	int opened = prepare(address);

	spell(&address->socket, what, sizeof what);
	if (opened < 0) {
		return fail(error, what, strerror(errno));
	}
	bound = bind(opened, (const struct sockaddr *)&address->socket, address->socket_bytes) == 0;
	if (bound && (address->path == NULL || chmod(address->path, HTTP_SOCKET_MODE) == 0) &&
	    listen(opened, BACKLOG) == 0) {
		*fd = opened;
		return FAST_OK;
	}
	status = fail(error, what, strerror(errno));
	if (bound && address->path != NULL) {
		(void)unlink(address->path);
	}
	close(opened);
	return status;
}

enum fast_status http_socket_open(const struct address *address, int *fd, char *error)
{
	char why[SOCKET_ERROR_BYTES_MAX];
	enum fast_status status;
	int lock = -1;

	if (address->path == NULL) {
		return serve(address, fd, error);
	}
	status = socket_path_claim(address->path, &lock, why, sizeof why);
	if (status != FAST_OK) {
		snprintf(error, ADDRESS_ERROR_BYTES_MAX, "HTTP cannot be served: %s", why);
		return status;
	}
	status = serve(address, fd, error);
	close(lock);
	return status;
}

void http_socket_url(int fd, char *out)
{
	struct sockaddr_storage bound = {0};
	socklen_t bytes = sizeof bound;

	out[0] = '\0';
	if (getsockname(fd, (struct sockaddr *)&bound, &bytes) == 0) {
		spell(&bound, out, HTTP_URL_BYTES_MAX + 1);
	}
}
