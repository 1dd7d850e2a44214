#include "page/map.h"

#include "page/atomic.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

#define MEMFD_NAME "fast-page"
#define SEALS      (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
/* Tries to copy the params whole while fastd may be writing them. */
#define COPY_TRIES_MAX 8

/* A system may demand MFD_NOEXEC_SEAL (vm.memfd_noexec), and an older one doesn't know it. */
static int memfd_open(void)
{
	int fd = memfd_create(MEMFD_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL) {
		fd = memfd_create(MEMFD_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	}
	if (fd < 0) {
		return -1;
	}
	if (ftruncate(fd, FAST_PAGE_BYTES) != 0 || fcntl(fd, F_ADD_SEALS, SEALS) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

enum fast_status fast_page_map_open(struct fast_page_map *map, uint32_t segment)
{
	assert(map != NULL);

	int fd = memfd_open();
	int flags = fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
	void *base = mmap(NULL, FAST_PAGE_BYTES, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (base == MAP_FAILED) {
		goto fail;
	}

	struct fast_page_head *head = base;
	page_store(&head->version, FAST_PAGE_VERSION);
	page_store(&head->bytes, FAST_PAGE_BYTES);
	page_store(&head->segment, segment);
	page_store(&head->magic, FAST_PAGE_MAGIC);
	if (mprotect(base, FAST_PAGE_B_OFFSET, PROT_READ) != 0) {
		goto fail;
	}
	/* A private page may be inherited: nobody else counts with it. */
	if (fd >= 0 && madvise(base, FAST_PAGE_BYTES, MADV_DONTFORK) != 0) {
		goto fail;
	}
	*map = (struct fast_page_map){.base = base, .fd = fd};
	return FAST_OK;

fail:
	if (base != MAP_FAILED) {
		(void)munmap(base, FAST_PAGE_BYTES);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return FAST_RESOURCE_EXHAUSTED;
}

void fast_page_map_close(struct fast_page_map *map)
{
	if (map->base != NULL) {
		(void)munmap(map->base, FAST_PAGE_BYTES);
		map->base = NULL;
	}
	if (map->fd >= 0) {
		(void)close(map->fd);
		map->fd = -1;
	}
}

/* Reads the parent's params through the descriptor: the mapping itself was not inherited. */
static void bank_copy(const struct fast_page_map *map, struct fast_page_slot *bank)
{
	const size_t bytes = FAST_PAGE_PARAMS_MAX * sizeof *bank;
	uint64_t before = 0;
	uint64_t after = 1;

	for (int i = 0; i < COPY_TRIES_MAX && before != after; i++) {
		off_t at = FAST_PAGE_A_OFFSET;

		if (pread(map->fd, &before, sizeof before, at) != (ssize_t)sizeof before) {
			return;
		}
		at += (off_t)(offsetof(struct fast_page_params, bank) + (before & 1) * bytes);
		if (pread(map->fd, bank, bytes, at) != (ssize_t)bytes ||
		    pread(map->fd, &after, sizeof after, FAST_PAGE_A_OFFSET) < 0) {
			return;
		}
	}
}

void fast_page_map_inherit(struct fast_page_map *map, struct fast_page_slot *bank)
{
	if (map->fd >= 0) {
		bank_copy(map, bank);
		(void)close(map->fd);
	} else if (map->base != NULL) { /* private memory, a copy of the parent's */
		(void)munmap(map->base, FAST_PAGE_BYTES);
	}
	*map = (struct fast_page_map){.fd = -1};
}

void fast_page_map_fill(const struct fast_page_map *map, const struct fast_page_slot *bank)
{
	struct fast_page_params *params = fast_page_map_params(map);

	if (mprotect(map->base, FAST_PAGE_B_OFFSET, PROT_READ | PROT_WRITE) == 0) {
		memcpy(params->bank[0], bank, sizeof params->bank[0]); /* nobody else has it yet */
		(void)mprotect(map->base, FAST_PAGE_B_OFFSET, PROT_READ);
	}
}

static void distribution_init(struct fast_page_distribution *distribution)
{
	page_store_double(&distribution->min, INFINITY);
	page_store_double(&distribution->max, -INFINITY);
}

void fast_page_cell_init(const struct fast_page_map *map, enum fast_metric_kind kind,
			 uint32_t offset)
{
	void *cell = map->base + offset;

	switch (kind) {
	case FAST_METRIC_GAUGE:
		page_store_double(&((struct fast_page_gauge *)cell)->value, NAN);
		break;
	case FAST_METRIC_HISTOGRAM:
	case FAST_METRIC_TIMER:
		distribution_init(&((struct fast_page_histogram *)cell)->values);
		break;
	case FAST_METRIC_HEARTBEAT:
		distribution_init(&((struct fast_page_heartbeat *)cell)->intervals);
		break;
	case FAST_METRIC_INFO:
		page_store(&((struct fast_page_info *)cell)->one, 1);
		break;
	case FAST_METRIC_STATESET:
	case FAST_METRIC_COUNTER:
	case FAST_METRIC_UNDECLARED:
		break; /* zero */
	}
}
