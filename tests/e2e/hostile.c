/* A plugin that means harm, as a process of its own.
 *
 *     hostile NAME tricks       offers pages that are none, and prints how each was refused
 *     hostile NAME twice        one page for two plugins, and once more as its own second segment
 *     hostile NAME scribble     writes all over its page and punches holes into it, until killed
 *     hostile NAME half         observes half a value, and stops itself
 *
 * $FASTD_PLUGIN_SOCKET is where. */
#include "controller/raw_plugin.h"

#include "page/atomic.h"
#include "page/page.h"

#include <fast/metric.h>

#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEALS        (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define HUGE_BYTES   (2L << 20)
#define CELL(number) (FAST_PAGE_CELLS_OFFSET + 8192u * (uint32_t)(number))
#define FUTURE_WRITE 0x0010 /* F_SEAL_FUTURE_WRITE, which older headers lack */
#define MEMFD_SECRET 447    /* SYS_memfd_secret, too */
#define HALF_COUNT   1000

static const char *socket_path;

/* ---- pages that are none; -1: this machine can't make such a one ---- */

static int pipe_make(void)
{
	int ends[2];

	return pipe(ends) == 0 ? ends[0] : -1;
}

static int socket_make(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int device_make(void)
{
	return open("/dev/zero", O_RDWR | O_CLOEXEC);
}

static int folder_make(void)
{
	return open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int file_make(void)
{
	char path[] = "/dev/shm/hostile-XXXXXX";
	int fd = mkstemp(path);

	if (fd >= 0 && (unlink(path) != 0 || ftruncate(fd, FAST_PAGE_BYTES) != 0)) {
		abort();
	}
	return fd;
}

static int huge_pages_make(void)
{
	int fd = memfd_create("page", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);

	return fd >= 0 && ftruncate(fd, HUGE_BYTES) == 0 ? fd : -1;
}

static int secret_make(void)
{
	int fd = (int)syscall(MEMFD_SECRET, 0);

	return fd >= 0 && ftruncate(fd, FAST_PAGE_BYTES) == 0 ? fd : -1;
}

static int unsealed_make(void)
{
	return raw_page_with(0, FAST_PAGE_BYTES);
}

static int growing_make(void)
{
	return raw_page_with(F_SEAL_SHRINK | F_SEAL_SEAL, FAST_PAGE_BYTES);
}

static int frozen_make(void)
{
	return raw_page_with(SEALS | F_SEAL_WRITE, FAST_PAGE_BYTES);
}

static int freezing_make(void)
{
	return raw_page_with(SEALS | FUTURE_WRITE, FAST_PAGE_BYTES);
}

static int short_make(void)
{
	return raw_page_with(SEALS, 4096);
}

static int long_make(void)
{
	return raw_page_with(SEALS, FAST_PAGE_BYTES + 4096L);
}

static int endless_make(void)
{
	return raw_page_with(SEALS, 1L << 40);
}

/* The same memory, but by another descriptor. */
static int again_make(int flags)
{
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", raw_page());
	return open(path, flags | O_CLOEXEC);
}

static int readable_make(void)
{
	return again_make(O_RDONLY);
}

static int path_make(void)
{
	return again_make(O_PATH);
}

static int headless_make(void)
{
	int fd = raw_page();
	const uint64_t magic = 0;

	assert_int_equal(sizeof magic, pwrite(fd, &magic, sizeof magic, 0));
	return fd;
}

static const struct {
	const char *name;
	int (*make)(void);
} tricks[] = {
	{"a pipe", pipe_make},
	{"a socket", socket_make},
	{"a device", device_make},
	{"a folder", folder_make},
	{"a file in memory", file_make},
	{"huge pages", huge_pages_make},
	{"secret memory", secret_make},
	{"no seals", unsealed_make},
	{"a page that could grow", growing_make},
	{"a page that is sealed against writing", frozen_make},
	{"a page that will be", freezing_make},
	{"a short page", short_make},
	{"a long page", long_make},
	{"an endless page", endless_make},
	{"a descriptor for reading", readable_make},
	{"a descriptor of a path", path_make},
	{"a page without a head", headless_make},
};

static int tricks_try(const char *name)
{
	for (size_t i = 0; i < FAST_TEST_COUNT(tricks); i++) {
		struct raw_answer answer;
		int page = tricks[i].make();
		int fd = raw_connect(socket_path);

		if (page < 0) {
			printf("skip - %s\n", tricks[i].name);
			(void)close(fd);
			continue;
		}
		assert_true(raw_send_attach(fd, name, "", page));
		answer = raw_receive(fd);
		printf("%s - %s: %s\n", answer.attached || answer.code != 3 ? "taken" : "refused",
		       tricks[i].name, answer.message);
		(void)close(page);
		(void)close(fd);
	}
	return 0;
}

/* ---- a page that is one ---- */

static unsigned char *page_map(int page)
{
	void *base = mmap(NULL, FAST_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);

	assert_ptr_not_equal(MAP_FAILED, base);
	return base;
}

/* A metric of each kind and a knob. Gives the session. */
static int attach(const char *name, int page)
{
	int fd = raw_connect(socket_path);
	char metric[8];

	assert_true(raw_send_attach(fd, name, "", page));
	assert_true(raw_receive(fd).attached);
	for (int kind = FAST_METRIC_COUNTER; kind <= FAST_METRIC_HEARTBEAT; kind++) {
		(void)snprintf(metric, sizeof metric, "m%d", kind);
		assert_true(raw_send_metric(fd, metric, kind, CELL(kind)));
	}
	assert_true(raw_send_param(fd, "quality", 5, 0));
	return fd;
}

static bool send_segment(int fd, int page)
{
	Fast__V1__SessionUp packet = FAST__V1__SESSION_UP__INIT;
	Fast__V1__Segment segment = FAST__V1__SEGMENT__INIT;

	segment.index = 1;
	packet.kind_case = FAST__V1__SESSION_UP__KIND_SEGMENT;
	packet.segment = &segment;
	return raw_send(fd, &packet, page);
}

static int twice(const char *name)
{
	int page = raw_page();
	struct fast_page_head *head = (struct fast_page_head *)(void *)page_map(page);
	char other[64];
	int fd = attach(name, page);

	(void)snprintf(other, sizeof other, "%s2", name);
	(void)attach(other, page);
	page_store(&head->segment, 1);
	assert_true(send_segment(fd, page));
	assert_true(raw_send_param(fd, "same", 7, FAST_PAGE_PARAMS_MAX)); /* slot 0 once more */
	assert_true(raw_send_metric(fd, "other", FAST_METRIC_GAUGE, FAST_PAGE_BYTES + CELL(1)));
	printf("attached\n");
	(void)pause();
	return 0;
}

static int scribble(const char *name)
{
	int page = raw_page();
	unsigned char *base = page_map(page);
	uint64_t word = 88172645463325252u;

	(void)attach(name, page);
	assert_int_equal(-1, ftruncate(page, 0)); /* the seals hold */
	printf("attached\n");
	while (getppid() != 1) {
		for (uint32_t offset = 0; offset < CELL(8); offset += 8) {
			word ^= word << 13;
			word ^= word >> 7;
			word ^= word << 17;
			page_store((uint64_t *)(void *)(base + offset), word);
		}
		assert_int_equal(0, fallocate(page, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					      (off_t)(word % FAST_PAGE_BYTES), 65536));
	}
	return 0;
}

/* A value is in its bucket; the sum knows nothing of it, nor do the extremes. */
static int half(const char *name)
{
	int page = raw_page();
	unsigned char *base = page_map(page);
	struct fast_page_histogram *cell =
		(struct fast_page_histogram *)(void *)(base + CELL(FAST_METRIC_HISTOGRAM));

	page_store((uint64_t *)(void *)(base + CELL(FAST_METRIC_COUNTER)), HALF_COUNT);
	page_store(&cell->values.octaves, UINT64_C(1) << 40);
	page_store(&cell->values.buckets[40 * 8], 1);
	(void)attach(name, page);
	printf("attached\n");
	assert_int_equal(0, raise(SIGSTOP));
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const char *name);
} modes[] = {
	{"tricks", tricks_try},
	{"twice", twice},
	{"scribble", scribble},
	{"half", half},
};

int main(int argc, char **argv)
{
	socket_path = getenv("FASTD_PLUGIN_SOCKET");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc == 3 && socket_path != NULL && i < FAST_TEST_COUNT(modes); i++) {
		if (strcmp(argv[2], modes[i].name) == 0) {
			return modes[i].run(argv[1]);
		}
	}
	fprintf(stderr, "usage: hostile NAME tricks|twice|scribble|half\n");
	return 2;
}
