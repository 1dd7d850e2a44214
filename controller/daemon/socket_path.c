#include "socket_path.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Another fastd that is opening a socket in the same folder is done within this. */
#define FOLDER_WAIT_MS 1000
#define FOLDER_POLL_MS 10

/* "pid 4711 (fastd)". pid 0: it is not of our namespace. */
static void holder_describe(pid_t pid, char *out)
{
	char path[32];
	char name[17] = "";
	FILE *file;

	(void)snprintf(out, SOCKET_HOLDER_BYTES_MAX, "another process");
	if (pid <= 0) {
		return;
	}
	(void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (file != NULL) {
		if (fgets(name, sizeof name, file) != NULL) {
			name[strcspn(name, "\n")] = '\0';
		}
		(void)fclose(file);
	}
	(void)snprintf(out, SOCKET_HOLDER_BYTES_MAX, name[0] == '\0' ? "pid %d" : "pid %d (%s)",
		       (int)pid, name);
}

/* 0, or why nobody can be reached there by this type of socket. */
static int probe(const char *path, int type, pid_t *pid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ucred peer = {0};
	socklen_t bytes = sizeof peer;
	/* Without SOCK_NONBLOCK a listener with a full backlog would hold us up. */
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0;

	*pid = 0;
	if (fd < 0) {
		return errno;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
		error = errno;
	} else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0) {
		*pid = peer.pid;
	}
	(void)close(fd);
	return error;
}

/* Who listens: 0, or EAGAIN when its backlog is full. */
static int probe_any(const char *path, pid_t *pid)
{
	int error = probe(path, SOCK_STREAM, pid);

	return error == EPROTOTYPE ? probe(path, SOCK_SEQPACKET, pid) : error;
}

bool socket_path_is_served(const char *path, char *holder)
{
	pid_t pid;
	int error;

	assert(strlen(path) <= SOCKET_PATH_BYTES_MAX);
	error = probe_any(path, &pid);
	if (holder != NULL) {
		holder_describe(pid, holder);
	}
	return error == 0 || error == EAGAIN || error == EPROTOTYPE;
}

/* Of two that find the same stale socket, one must see what the other has put in its place: who
 * looks and binds holds the folder's lock, which leaves no file behind. Gives its descriptor; -1:
 * there is no such folder, or it is held for too long. */
static int folder_lock(const char *path, char *error, size_t error_bytes)
{
	const char *slash = strrchr(path, '/');
	char folder[SOCKET_PATH_BYTES_MAX + 1] = ".";
	int fd;

	if (slash != NULL) {
		(void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)snprintf(error, error_bytes, "can't listen on %s: %m", path);
		return -1;
	}
	for (int waited_ms = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; waited_ms += FOLDER_POLL_MS) {
		if (waited_ms >= FOLDER_WAIT_MS) {
			(void)snprintf(error, error_bytes,
				       "can't listen on %s: another process holds the lock of its "
				       "folder (lsof %s)",
				       path, folder);
			(void)close(fd);
			return -1;
		}
		(void)poll(NULL, 0, FOLDER_POLL_MS);
	}
	return fd;
}

/* The caller holds the folder's lock. */
static enum fast_status stale_remove(const char *path, char *error, size_t error_bytes)
{
	char holder[SOCKET_HOLDER_BYTES_MAX];
	struct stat there;
	pid_t pid;
	int why;

	if (lstat(path, &there) != 0) {
		return FAST_OK;
	}
	if (!S_ISSOCK(there.st_mode)) {
		(void)snprintf(error, error_bytes, "%s is there and is no socket", path);
		return FAST_FAILED_PRECONDITION;
	}
	why = probe_any(path, &pid);
	if (why == ECONNREFUSED && unlink(path) != 0) {
		(void)snprintf(error, error_bytes, "the stale socket %s can't be removed: %m",
			       path);
		return FAST_UNAVAILABLE;
	}
	if (why == ECONNREFUSED || why == ENOENT) { /* it may have gone meanwhile */
		return FAST_OK;
	}
	holder_describe(pid, holder);
	if (why == 0 || why == EAGAIN || why == EPROTOTYPE) {
		(void)snprintf(error, error_bytes, "%s is in use by %s", path, holder);
		return FAST_ALREADY_EXISTS;
	}
	(void)snprintf(error, error_bytes, "can't tell whether %s is in use: %s", path,
		       strerror(why));
	return FAST_UNAVAILABLE;
}

enum fast_status socket_path_claim(const char *path, int *lock, char *error, size_t error_bytes)
{
	enum fast_status status;
	int fd;

	assert(strlen(path) <= SOCKET_PATH_BYTES_MAX);
	fd = folder_lock(path, error, error_bytes);
	if (fd < 0) {
		return FAST_UNAVAILABLE;
	}
	status = stale_remove(path, error, error_bytes);
	if (status != FAST_OK) {
		(void)close(fd);
		return status;
	}
	*lock = fd;
	return FAST_OK;
}
