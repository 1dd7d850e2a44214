/* daemon/socket_path.h - makes way for a unix socket of ours, over what a dead process left. */
#ifndef FASTD_SOCKET_PATH_H
#define FASTD_SOCKET_PATH_H

#include <fast/status.h>
#include <stdbool.h>
#include <stddef.h>

#define SOCKET_PATH_BYTES_MAX   107 /* by the kernel */
#define SOCKET_HOLDER_BYTES_MAX 64

/* Whether a process listens there, on a socket of whichever type. Then holder, which has room for
 * SOCKET_HOLDER_BYTES_MAX bytes and may be NULL, says who: "pid 4711 (fastd)", "another process".
 */
bool socket_path_is_served(const char *path, char *holder);

/* Keeps others that use this function from taking a path in the same folder, until *lock is closed:
 * to be done once the socket listens, or will not. Removes a socket that nobody serves. The lock is
 * the kernel's: it goes with the process, however that ends. ALREADY_EXISTS: somebody serves there.
 * FAILED_PRECONDITION: the file is no socket; it is left alone. UNAVAILABLE. error: a sentence. */
FAST_MUST_CHECK enum fast_status socket_path_claim(const char *path, int *lock, char *error,
						   size_t error_bytes);

#endif
