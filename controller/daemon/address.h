/* daemon/address.h - what the options say about where to listen, checked. */
#ifndef FASTD_ADDRESS_H
#define FASTD_ADDRESS_H

#include "daemon/socket_path.h"

#include <fast/status.h>
#include <sys/socket.h>

#define ADDRESS_PATH_BYTES_MAX  SOCKET_PATH_BYTES_MAX
#define ADDRESS_ERROR_BYTES_MAX 512

/* Where HTTP is served. */
struct address {
	struct sockaddr_storage socket;
	socklen_t socket_bytes;
	const char *path; /* into the text that was parsed; NULL: a TCP address */
};

/* "unix:PATH" or "ADDR:PORT" with a loopback address. INVALID_ARGUMENT: error, which holds
 * ADDRESS_ERROR_BYTES_MAX bytes, says what is wrong and what would be right. */
FAST_MUST_CHECK enum fast_status address_parse(const char *text, struct address *out, char *error);

/* Checks of option values; error as above. */
FAST_MUST_CHECK enum fast_status address_check_path(const char *text, char *error);
FAST_MUST_CHECK enum fast_status address_check_endpoint(const char *text, char *error);
/* As the one before, and tls+tcp:// with any address. */
FAST_MUST_CHECK enum fast_status address_check_listen(const char *text, char *error);
FAST_MUST_CHECK enum fast_status address_check_http(const char *text, char *error);

#endif
