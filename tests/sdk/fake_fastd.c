#include "sdk/fake_fastd.h"

#include <fast/v1/session.pb-c.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PACKET_BYTES_MAX 65536
#define AWAIT_S          10
#define FAKE_REVISION    2

struct fake_fastd {
	enum fake_manner manner;
	const char *instance;
	char path[108];
	int listener;
	int stop; /* eventfd */
	int connection;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fake_told told;       /* guarded by lock */
	struct fast_page_view *view; /* guarded by lock */
};

char *fake_path_new(void)
{
	char folder[] = "/tmp/fast-sdk-XXXXXX";
	char *path = malloc(sizeof folder + 16);

	assert_non_null(path);
	assert_non_null(mkdtemp(folder));
	(void)sprintf(path, "%s/plugin.sock", folder);
	return path;
}

void fake_path_free(char *path)
{
	(void)unlink(path);
	*strrchr(path, '/') = '\0';
	assert_int_equal(0, rmdir(path));
	free(path);
}

static void answer(struct fake_fastd *fake, const Fast__V1__SessionDown *down)
{
	uint8_t packet[4096];
	size_t bytes = fast__v1__session_down__pack(down, packet);

	(void)!send(fake->connection, packet, bytes, MSG_NOSIGNAL);
}

static void answer_attached(struct fake_fastd *fake)
{
	Fast__V1__SessionDown down = FAST__V1__SESSION_DOWN__INIT;
	Fast__V1__Attached attached = FAST__V1__ATTACHED__INIT;

	attached.instance = (char *)fake->instance;
	attached.page_revision = fake->manner == FAKE_IS_OLD ? 0 : FAKE_REVISION;
	down.kind_case = FAST__V1__SESSION_DOWN__KIND_ATTACHED;
	down.attached = &attached;
	answer(fake, &down);
}

static void answer_refused(struct fake_fastd *fake, const char *name)
{
	Fast__V1__SessionDown down = FAST__V1__SESSION_DOWN__INIT;
	Fast__V1__Refused refused = FAST__V1__REFUSED__INIT;

	refused.code = FAST_RESOURCE_EXHAUSTED;
	refused.name = (char *)name;
	refused.message = "no room; ask for less";
	down.kind_case = FAST__V1__SESSION_DOWN__KIND_REFUSED;
	down.refused = &refused;
	answer(fake, &down);
}

static void copy(char (*to)[128], const char *from)
{
	(void)snprintf(*to, sizeof *to, "%s", from);
}

/* Keeps the page and what Attach says. The caller holds the lock. */
static void attach_keep(struct fake_fastd *fake, const Fast__V1__Attach *attach, int fd)
{
	struct fake_told *told = &fake->told;
	const char *reason = NULL;

	fast_page_view_close(fake->view);
	fake->view = NULL;
	if (fast_page_view_open(fd, &fake->view, &reason) != FAST_OK) {
		return; /* told.attaches stays: the test fails waiting for it */
	}
	told->attaches++;
	told->page_version = attach->page_version;
	told->open_time_unix_ns = attach->open_time_unix_ns;
	copy(&told->name, attach->name);
	copy(&told->instance, attach->instance);
	copy(&told->version, attach->version);
}

static void up_keep(struct fake_fastd *fake, const Fast__V1__SessionUp *up, int fd)
{
	struct fake_told *told = &fake->told;

	pthread_mutex_lock(&fake->lock);
	switch (up->kind_case) {
	case FAST__V1__SESSION_UP__KIND_ATTACH:
		attach_keep(fake, up->attach, fd);
		break;
	case FAST__V1__SESSION_UP__KIND_DECLARE_METRIC:
		told->metrics++;
		told->last_cell_offset = up->declare_metric->cell_offset;
		copy(&told->last_metric, up->declare_metric->spec->name);
		break;
	case FAST__V1__SESSION_UP__KIND_DECLARE_PARAM:
		told->params++;
		told->last_choices = (int)up->declare_param->spec->n_choices;
		copy(&told->last_param, up->declare_param->spec->name);
		break;
	case FAST__V1__SESSION_UP__KIND_PARAM_FAILED:
		told->failures++;
		told->last_refused_revision = up->param_failed->revision;
		copy(&told->last_refused, up->param_failed->name);
		copy(&told->last_reason, up->param_failed->reason);
		break;
	case FAST__V1__SESSION_UP__KIND_DETACH:
		told->detaches++;
		break;
	default:
		break;
	}
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}

/* Answers by the manner. False: close the connection. */
static bool up_answer(struct fake_fastd *fake, const Fast__V1__SessionUp *up)
{
	if (up->kind_case == FAST__V1__SESSION_UP__KIND_DECLARE_METRIC &&
	    fake->manner == FAKE_REFUSES_METRICS) {
		answer_refused(fake, up->declare_metric->spec->name);
	}
	if (up->kind_case != FAST__V1__SESSION_UP__KIND_ATTACH) {
		return true;
	}
	if (fake->manner == FAKE_REFUSES_PLUGIN) {
		answer_refused(fake, "");
		return false;
	}
	if (fake->manner == FAKE_SPEAKS_NONSENSE) {
		static uint8_t junk[8192];

		(void)!send(fake->connection, "\xff\xff\xff", 3, MSG_NOSIGNAL);
		(void)!send(fake->connection, junk, sizeof junk, MSG_NOSIGNAL);
	}
	if (fake->manner != FAKE_IS_SILENT) {
		answer_attached(fake);
	}
	return true;
}

/* Reads one packet. False: the connection is at its end. */
static bool packet_serve(struct fake_fastd *fake)
{
	static uint8_t packet[PACKET_BYTES_MAX];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {packet, sizeof packet};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	ssize_t bytes = recvmsg(fake->connection, &message, MSG_CMSG_CLOEXEC);
	int fd = -1;
	bool goes_on = true;

	if (bytes <= 0) {
		return false;
	}
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header != NULL && header->cmsg_type == SCM_RIGHTS) {
		memcpy(&fd, CMSG_DATA(header), sizeof fd);
	}
	Fast__V1__SessionUp *up = fast__v1__session_up__unpack(NULL, (size_t)bytes, packet);
	if (up != NULL) {
		up_keep(fake, up, fd);
		goes_on = up_answer(fake, up);
		fast__v1__session_up__free_unpacked(up, NULL);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return goes_on;
}

static void connection_end(struct fake_fastd *fake)
{
	(void)close(fake->connection);
	fake->connection = -1;
	pthread_mutex_lock(&fake->lock);
	fake->told.ends++;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}

static void *fake_run(void *arg)
{
	struct fake_fastd *fake = arg;

	for (;;) {
		bool reads = fake->manner != FAKE_DOES_NOT_READ;
		struct pollfd polled[] = {
			{.fd = fake->stop, .events = POLLIN},
			{.fd = fake->connection < 0 ? fake->listener : -1, .events = POLLIN},
			{.fd = reads ? fake->connection : -1, .events = POLLIN},
		};

		(void)poll(polled, 3, -1);
		if (polled[0].revents != 0) {
			return NULL;
		}
		if (polled[1].revents != 0) {
			fake->connection = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);
		} else if (polled[2].revents != 0 && !packet_serve(fake)) {
			connection_end(fake);
		}
	}
}

struct fake_fastd *fake_fastd_start(const char *path, enum fake_manner manner, const char *instance)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct fake_fastd *fake = calloc(1, sizeof *fake);

	assert_non_null(fake);
	fake->manner = manner;
	fake->instance = instance;
	fake->connection = -1;
	(void)snprintf(fake->path, sizeof fake->path, "%s", path);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	fake->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_true(fake->listener >= 0);
	assert_int_equal(0, bind(fake->listener, (struct sockaddr *)&address, sizeof address));
	assert_int_equal(0, listen(fake->listener, 4));
	fake->stop = eventfd(0, EFD_CLOEXEC);
	assert_true(fake->stop >= 0);
	pthread_mutex_init(&fake->lock, NULL);
	pthread_cond_init(&fake->changed, NULL);
	assert_int_equal(0, pthread_create(&fake->thread, NULL, fake_run, fake));
	return fake;
}

void fake_fastd_stop(struct fake_fastd *fake)
{
	uint64_t one = 1;

	assert_int_equal(sizeof one, write(fake->stop, &one, sizeof one));
	pthread_join(fake->thread, NULL);
	if (fake->connection >= 0) {
		(void)close(fake->connection);
	}
	(void)close(fake->listener);
	(void)close(fake->stop);
	(void)unlink(fake->path);
	fast_page_view_close(fake->view);
	pthread_cond_destroy(&fake->changed);
	pthread_mutex_destroy(&fake->lock);
	free(fake);
}

bool fake_fastd_await_at(struct fake_fastd *fake, size_t field, int count)
{
	const int *counter = (const int *)(const void *)((const char *)&fake->told + field);
	struct timespec until;
	int error = 0;
	bool reached;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += AWAIT_S;
	pthread_mutex_lock(&fake->lock);
	while (*counter < count && error == 0) {
		error = pthread_cond_timedwait(&fake->changed, &fake->lock, &until);
	}
	reached = *counter >= count;
	pthread_mutex_unlock(&fake->lock);
	return reached;
}

struct fake_told fake_fastd_told(struct fake_fastd *fake)
{
	struct fake_told told;

	pthread_mutex_lock(&fake->lock);
	told = fake->told;
	pthread_mutex_unlock(&fake->lock);
	return told;
}

struct fast_page_view *fake_fastd_view(struct fake_fastd *fake)
{
	struct fast_page_view *view;

	pthread_mutex_lock(&fake->lock);
	view = fake->view;
	pthread_mutex_unlock(&fake->lock);
	return view;
}
