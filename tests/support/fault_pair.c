#include "support/fault_pair.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S        1000000000
#define NS_PER_MS       1000000
#define RATE_SLICES     100 /* writes a second, at most, where the rate is limited */
#define ADDRESS_IS_UNIX (address->any.sa_family == AF_UNIX)

int64_t fault_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

bool fault_address_parse(const char *endpoint, union fault_address *address)
{
	memset(address, 0, sizeof *address);
	if (strncmp(endpoint, FAULT_IPC_SCHEME, strlen(FAULT_IPC_SCHEME)) == 0) {
		address->local.sun_family = AF_UNIX;
		snprintf(address->local.sun_path, sizeof address->local.sun_path, "%s",
			 endpoint + strlen(FAULT_IPC_SCHEME));
		return true;
	}
	if (strncmp(endpoint, FAULT_TCP_SCHEME, strlen(FAULT_TCP_SCHEME)) == 0) {
		address->inet.sin_family = AF_INET;
		address->inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address->inet.sin_port =
			htons((uint16_t)strtoul(endpoint + strlen(FAULT_TCP_SCHEME), NULL, 10));
		return true;
	}
	return false;
}

int fault_address_socket(const union fault_address *address)
{
	return socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

socklen_t fault_address_bytes(const union fault_address *address)
{
	return ADDRESS_IS_UNIX ? sizeof address->local : sizeof address->inet;
}

void fault_socket_hurry(int fd, const union fault_address *address)
{
	int on = 1;

	if (!ADDRESS_IS_UNIX) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	}
}

void fault_pair_close(struct fault_pair *pair)
{
	for (int side = 0; side < 2; side++) {
		if (pair->fds[side] >= 0) {
			close(pair->fds[side]);
		}
		pair->fds[side] = -1;
		pair->ways[side].held = 0;
		pair->ways[side].has_ended = false;
	}
	pair->is_used = false;
}

void fault_pair_connect(struct fault_pair *pair, const union fault_address *target)
{
	pair->fds[1] = fault_address_socket(target);
	if (pair->fds[1] < 0 ||
	    (connect(pair->fds[1], &target->any, fault_address_bytes(target)) != 0 &&
	     errno != EINPROGRESS)) {
		fault_pair_close(pair);
		return;
	}
	fault_socket_hurry(pair->fds[1], target);
}

static void way_read(struct fault_way *way, int fd, const struct fault_plan *plan)
{
	ssize_t bytes = recv(fd, way->bytes, sizeof way->bytes, MSG_DONTWAIT);

	if (bytes > 0) {
		way->first = 0;
		way->held = (size_t)bytes;
		way->due_ns = fault_now_ns() + (int64_t)plan->delay_ms * NS_PER_MS;
	} else if (bytes == 0 || errno != EAGAIN) {
		way->has_ended = true;
	}
}

static void way_write(struct fault_way *way, int fd, const struct fault_plan *plan)
{
	size_t most = way->held;
	ssize_t bytes;

	if (plan->chunk_bytes > 0 && most > plan->chunk_bytes) {
		most = plan->chunk_bytes;
	}
	if (plan->bytes_per_s > 0 && most > plan->bytes_per_s / RATE_SLICES + 1) {
		most = plan->bytes_per_s / RATE_SLICES + 1;
	}
	bytes = send(fd, way->bytes + way->first, most, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (bytes > 0) {
		way->first += (size_t)bytes;
		way->held -= (size_t)bytes;
		if (plan->bytes_per_s > 0) {
			way->due_ns = fault_now_ns() + bytes * NS_PER_S / plan->bytes_per_s;
		}
	} else if (bytes < 0 && errno != EAGAIN && errno != ENOTCONN) {
		way->held = 0;
		way->has_ended = true;
	}
}

void fault_pair_watch(const struct fault_pair *pair, struct pollfd polls[2], int64_t at_ns,
		      int64_t *until_ns)
{
	short events[2] = {0, 0};

	for (int side = 0; side < 2; side++) {
		const struct fault_way *way = &pair->ways[side];
		if (way->held == 0) {
			events[side] |= POLLIN;
		} else if (way->due_ns <= at_ns) {
			events[1 - side] |= POLLOUT;
		} else if (way->due_ns < *until_ns) {
			*until_ns = way->due_ns;
		}
	}
	for (int side = 0; side < 2; side++) {
		/* Without events poll() would still tell of a hang-up, again and again. */
		polls[side].fd = events[side] != 0 ? pair->fds[side] : -1;
		polls[side].events = events[side];
	}
}

void fault_pair_serve(struct fault_pair *pair, const struct pollfd polls[2],
		      const struct fault_plan *plan)
{
	for (int side = 0; side < 2; side++) {
		struct fault_way *way = &pair->ways[side];
		bool is_due = way->held > 0 && way->due_ns <= fault_now_ns();

		if (way->held == 0 && polls[side].fd >= 0 && polls[side].revents != 0) {
			way_read(way, pair->fds[side], plan);
		} else if (is_due && polls[1 - side].fd >= 0 && polls[1 - side].revents != 0) {
			way_write(way, pair->fds[1 - side], plan);
		}
	}
	if ((pair->ways[0].has_ended && pair->ways[0].held == 0) ||
	    (pair->ways[1].has_ended && pair->ways[1].held == 0)) {
		fault_pair_close(pair);
	}
}
