/* link/socket_path.h - makes way for a unix socket, over what a dead process left. */
#ifndef FAST_LINK_SOCKET_PATH_H
#define FAST_LINK_SOCKET_PATH_H

#include <fast/status.h>

/* Keeps others that use this function from taking the same path, until *lock is given back. Removes
 * a socket that nobody serves. ALREADY_EXISTS: somebody does. FAILED_PRECONDITION: the file is no
 * socket; it is left alone. UNAVAILABLE: nobody serves it, but somebody else holds the lock of its
 * folder, and may be taking it over. PERMISSION_DENIED. NOT_FOUND: there is no such folder. */
FAST_MUST_CHECK enum fast_status fast_socket_path_claim(const char *path, int *lock);

/* After listening, or not. */
void fast_socket_path_release(int lock);

/* Of a call about a path or a socket. UNKNOWN: no other status says it. */
enum fast_status fast_socket_path_status(int error);

#endif
