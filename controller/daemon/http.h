/* daemon/http.h - what is served to browsers, curl and Prometheus. */
#ifndef FASTD_HTTP_H
#define FASTD_HTTP_H

#include "daemon/self.h"

#define HTTP_CONNECTIONS_MAX 64
#define HTTP_ERROR_BYTES_MAX 512

/* The services by the Connect protocol, and pages. Has a thread for each connection. */
struct http;

/* where: as the option http has it. self is borrowed until close. Gives *out, which the caller
 * closes. error holds HTTP_ERROR_BYTES_MAX bytes. */
FAST_MUST_CHECK enum fast_status http_open(const char *where, const struct self *self,
					   struct http **out, char *error);

/* Ends connections and removes the socket. NULL is allowed. */
void http_close(struct http *http);

/* "http://127.0.0.1:9400" or "unix:/path". */
const char *http_url(const struct http *http);

#endif
