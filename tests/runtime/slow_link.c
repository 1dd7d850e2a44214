#include "slow_link.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* What a packet of the link carries. */
#define PACKET_BYTES 1400
#define BUFFER_BYTES 4096
#define NS_PER_S     1000000000u
/* How soon a sender that has room again sends more. */
#define REFILL_MS 2

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return address;
}

static void bound_buffers(int fd)
{
	int bytes = BUFFER_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* How late it is when this returns. */
static uint64_t sleep_until(uint64_t ns)
{
	const struct timespec until = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};

	if (now_ns() > ns) {
		return 0;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	return now_ns() - ns;
}

/* Waits for bytes. False: it was so long that the link stood idle. */
static bool way_is_busy(const struct slow_way *way)
{
	struct pollfd waited = {.fd = way->from, .events = POLLIN};

	return poll(&waited, 1, REFILL_MS) > 0;
}

static void *way_run(void *arg)
{
	struct slow_way *way = arg;
	uint64_t free_ns = 0; /* when what came before has passed */
	uint8_t packet[PACKET_BYTES];

	for (;;) {
		uint64_t begin_ns = now_ns();
		bool is_busy = way_is_busy(way);
		ssize_t bytes = recv(way->from, packet, sizeof packet, 0);
		if (bytes <= 0) {
			break;
		}
		uint64_t came_ns = now_ns();
		atomic_fetch_add(&way->idle_ns, came_ns - begin_ns);
		if ((!is_busy || free_ns == 0) && free_ns < came_ns) {
			free_ns = came_ns;
		}
		free_ns += (uint64_t)bytes * NS_PER_S / way->link->bytes_per_s;
		atomic_fetch_add(&way->late_ns, sleep_until(free_ns));
		if (send(way->to, packet, (size_t)bytes, MSG_NOSIGNAL) != bytes) {
			break;
		}
		atomic_fetch_add(&way->bytes, (uint64_t)bytes);
	}
	shutdown(way->to, SHUT_RDWR);
	shutdown(way->from, SHUT_RDWR);
	return NULL;
}

static void *link_accept(void *arg)
{
	struct slow_link *link = arg;
	struct sockaddr_un address = address_of(link->target);

	link->ends[0] = accept(link->listener, NULL, NULL);
	link->ends[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link->ends[0] < 0 || link->ends[1] < 0 ||
	    connect(link->ends[1], (struct sockaddr *)&address, sizeof address) != 0) {
		return NULL;
	}
	for (int i = 0; i < 2; i++) {
		bound_buffers(link->ends[i]);
		/* Its counts may be looked at already. */
		link->ways[i].link = link;
		link->ways[i].from = link->ends[i];
		link->ways[i].to = link->ends[1 - i];
		if (pthread_create(&link->ways[i].thread, NULL, way_run, &link->ways[i]) != 0) {
			return NULL;
		}
	}
	link->is_met = true;
	return NULL;
}

void slow_link_open(struct slow_link *link, const char *path, const char *target,
		    uint32_t bytes_per_s)
{
	struct sockaddr_un address = address_of(path);

	*link = (struct slow_link){.bytes_per_s = bytes_per_s, .ends = {-1, -1}};
	snprintf(link->path, sizeof link->path, "%s", path);
	snprintf(link->target, sizeof link->target, "%s", target);
	link->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(link->listener >= 0);
	assert_int_equal(0, bind(link->listener, (struct sockaddr *)&address, sizeof address));
	assert_int_equal(0, listen(link->listener, 1));
	assert_int_equal(0, pthread_create(&link->acceptor, NULL, link_accept, link));
}

void slow_link_close(struct slow_link *link)
{
	shutdown(link->listener, SHUT_RDWR);
	assert_int_equal(0, pthread_join(link->acceptor, NULL));
	for (int i = 0; i < 2 && link->is_met; i++) {
		shutdown(link->ends[i], SHUT_RDWR);
	}
	for (int i = 0; i < 2 && link->is_met; i++) {
		assert_int_equal(0, pthread_join(link->ways[i].thread, NULL));
	}
	for (int i = 0; i < 2; i++) {
		if (link->ends[i] >= 0) {
			close(link->ends[i]);
		}
	}
	close(link->listener);
	unlink(link->path);
}
