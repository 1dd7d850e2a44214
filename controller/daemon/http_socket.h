/* daemon/http_socket.h - the listening socket of HTTP. */
#ifndef FASTD_HTTP_SOCKET_H
#define FASTD_HTTP_SOCKET_H

#include "daemon/address.h"

/* Mode of a unix socket's file. */
#define HTTP_SOCKET_MODE   0660
#define HTTP_URL_BYTES_MAX 127

/* Gives *fd, bound and listening. A stale unix socket is taken over, a live one refused with
 * ALREADY_EXISTS. error holds ADDRESS_ERROR_BYTES_MAX bytes. */
FAST_MUST_CHECK enum fast_status http_socket_open(const struct address *address, int *fd,
						  char *error);

/* "http://127.0.0.1:9400" or "unix:/path", as the socket is bound. out holds
 * HTTP_URL_BYTES_MAX + 1 bytes. */
void http_socket_url(int fd, char *out);

#endif
