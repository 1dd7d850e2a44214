#include "link/socket_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "link/link.h"

/* Whoever may read the folder can hold its lock, so nobody waits for it longer than this. */
#define LOCK_TRIES_MAX 100
#define LOCK_PAUSE_MS  10

struct errno_row {
	int error;
	enum fast_status status;
};

static const struct errno_row errno_rows[] = {
	{EACCES, FAST_PERMISSION_DENIED},  {EPERM, FAST_PERMISSION_DENIED},
	{EROFS, FAST_PERMISSION_DENIED},   {ENOENT, FAST_NOT_FOUND},
	{ENOTDIR, FAST_NOT_FOUND},         {ENAMETOOLONG, FAST_INVALID_ARGUMENT},
	{ELOOP, FAST_INVALID_ARGUMENT},    {EMFILE, FAST_RESOURCE_EXHAUSTED},
	{ENFILE, FAST_RESOURCE_EXHAUSTED}, {ENOMEM, FAST_RESOURCE_EXHAUSTED},
};

enum fast_status fast_socket_path_status(int error)
{
	for (size_t i = 0; i < sizeof errno_rows / sizeof errno_rows[0]; i++) {
		if (errno_rows[i].error == error) {
			return errno_rows[i].status;
		}
	}
	return FAST_UNKNOWN;
}

/* A lock on the folder leaves no file behind. -1: not to be had; *is_held says whether because
 * somebody holds it, and not because the folder cannot be read. */
static int folder_lock(const char *path, bool *is_held)
{
	char folder[FAST_SOCKET_PATH_BYTES_MAX + 2];
	char *slash;
	int fd;

	snprintf(folder, sizeof folder, "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL) {
		snprintf(folder, sizeof folder, ".");
	} else {
		slash[1] = 0;
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*is_held = fd >= 0;
	for (int i = 0; fd >= 0 && i < LOCK_TRIES_MAX; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			return fd;
		}
		poll(NULL, 0, LOCK_PAUSE_MS);
	}
	fast_socket_path_release(fd);
	return -1;
}

/* FAST_OK: a socket that nobody serves. */
static enum fast_status socket_probe(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int error = 0;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) {
		return fast_socket_path_status(errno);
	}
	memcpy(address.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		error = errno;
	}
	close(fd);
	switch (error) {
	case ECONNREFUSED:
		return FAST_OK;
	case 0:
	case EAGAIN:     /* its queue is full */
	case EPROTOTYPE: /* it is served, but not as a stream */
		return FAST_ALREADY_EXISTS;
	default:
		return fast_socket_path_status(error);
	}
}

/* may_remove: else a rival who has bound, and does not listen yet, might lose its socket. */
static enum fast_status path_clear(const char *path, bool may_remove)
{
	struct stat file;
	enum fast_status status;

	if (lstat(path, &file) != 0) {
		return errno == ENOENT ? FAST_OK : fast_socket_path_status(errno);
	}
	if (!S_ISSOCK(file.st_mode)) {
		return FAST_FAILED_PRECONDITION;
	}
	status = socket_probe(path);
	if (status == FAST_NOT_FOUND) {
		return FAST_OK; /* it has gone meanwhile */
	}
	if (status == FAST_OK && !may_remove) {
		return FAST_UNAVAILABLE;
	}
	if (status == FAST_OK && unlink(path) != 0 && errno != ENOENT) {
		return fast_socket_path_status(errno);
	}
	return status;
}

enum fast_status fast_socket_path_claim(const char *path, int *lock)
{
	bool is_held = false;
	int fd = folder_lock(path, &is_held);
	enum fast_status status = path_clear(path, fd >= 0 || !is_held);

	if (status != FAST_OK) {
		fast_socket_path_release(fd);
		return status;
	}
	*lock = fd;
	return FAST_OK;
}

void fast_socket_path_release(int lock)
{
	if (lock >= 0) {
		close(lock);
	}
}
