#include "page/view.h"

#include "page/page.h"
#include "page/view_impl.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SEALS_NEEDED (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#define SEALS_WRONG (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

/* NULL when the descriptor is a memfd that nobody can shrink under our feet; else what it lacks. */
static const char *fd_check(int fd)
{
	struct stat stat;
	struct statfs statfs;
	/* First, since no file system but a memfd's is asked: another may never answer. */
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0) {
		return errno == EBADF ? "the page's descriptor is not open"
				      : "the page is not a memfd; make it with memfd_create()";
	}
	if (fstat(fd, &stat) != 0 || fstatfs(fd, &statfs) != 0 || !S_ISREG(stat.st_mode) ||
	    statfs.f_type != TMPFS_MAGIC) {
		return "the page is not a memfd; make it with memfd_create()";
	}
	if ((seals & SEALS_NEEDED) != SEALS_NEEDED) {
		return "the page lacks a seal; set F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_SEAL";
	}
	if ((seals & SEALS_WRONG) != 0) {
		return "the page is sealed against writing; fastd writes params into it";
	}
	if (stat.st_size != FAST_PAGE_BYTES) {
		return "the page has the wrong size; it must be 1048576 bytes";
	}
	return NULL;
}

static const char *head_check(const struct fast_page_head *head, size_t segment)
{
	if (page_load(&head->magic) != FAST_PAGE_MAGIC) {
		return "the page does not begin with \"FSTPAGE1\"";
	}
	if (page_load(&head->version) != FAST_PAGE_VERSION) {
		return "the page has a layout version that fastd does not know; it knows 1";
	}
	if (page_load(&head->bytes) != FAST_PAGE_BYTES) {
		return "the page's head names the wrong size; it must be 1048576 bytes";
	}
	if (page_load(&head->segment) != segment) {
		return "the page's head names another segment than the next one";
	}
	return NULL;
}

/* Maps the head and region A writable, region B not. NULL on failure. */
static unsigned char *page_map(int fd)
{
	void *base = mmap(NULL, FAST_PAGE_BYTES, PROT_READ, MAP_SHARED, fd, 0);

	if (base == MAP_FAILED) {
		return NULL;
	}
	if (mprotect(base, FAST_PAGE_B_OFFSET, PROT_READ | PROT_WRITE) != 0) {
		(void)munmap(base, FAST_PAGE_BYTES);
		return NULL;
	}
	(void)madvise(base, FAST_PAGE_BYTES, MADV_DONTFORK); /* a child has no use for it */
	return base;
}

static void segment_free(struct view_segment *segment)
{
	if (segment == NULL) {
		return;
	}
	if (segment->base != NULL) {
		(void)munmap(segment->base, FAST_PAGE_BYTES);
	}
	free(segment);
}

enum fast_status fast_page_view_add(struct fast_page_view *view, int fd, const char **reason)
{
	struct view_segment *segment = NULL;

	*reason = fd_check(fd);
	if (*reason != NULL) {
		return FAST_INVALID_ARGUMENT;
	}
	if (view->count == FAST_PAGE_SEGMENTS_MAX) {
		*reason = "the page has 8 segments already, the most that there can be";
		return FAST_RESOURCE_EXHAUSTED;
	}
	segment = calloc(1, sizeof *segment);
	if (segment == NULL) {
		*reason = "fastd has no memory for the page";
		return FAST_RESOURCE_EXHAUSTED;
	}
	segment->base = page_map(fd);
	if (segment->base == NULL) {
		*reason = "the page can't be mapped for reading and writing";
		goto fail;
	}
	*reason =
		head_check((const struct fast_page_head *)(const void *)segment->base, view->count);
	if (*reason != NULL) {
		goto fail;
	}
	view->bases[view->count] = segment->base;
	view->segments[view->count++] = segment;
	return FAST_OK;

fail:
	segment_free(segment);
	return FAST_INVALID_ARGUMENT;
}

size_t fast_page_view_segments(const struct fast_page_view *view)
{
	return view->count;
}

enum fast_status fast_page_view_open(int fd, struct fast_page_view **out, const char **reason)
{
	assert(out != NULL);
	assert(reason != NULL);

	enum fast_status status;
	struct fast_page_view *view = calloc(1, sizeof *view);

	if (view == NULL) {
		*reason = "fastd has no memory for the page";
		return FAST_RESOURCE_EXHAUSTED;
	}
	status = fast_page_view_add(view, fd, reason);
	if (status != FAST_OK) {
		fast_page_view_close(view);
		return status;
	}
	view->params =
		(struct fast_page_params *)(void *)(view->segments[0]->base + FAST_PAGE_A_OFFSET);
	/* An earlier fastd may have counted up to here. Any number will do, but going on from this
	 * one keeps a reader from taking the next bank for the one that it is reading. */
	view->generation = page_load(&view->params->generation);
	*out = view;
	return FAST_OK;
}

void fast_page_view_close(struct fast_page_view *view)
{
	if (view == NULL) {
		return;
	}
	for (size_t i = 0; i < view->count; i++) {
		segment_free(view->segments[i]);
	}
	free(view);
}

uint64_t fast_page_view_ack(const struct fast_page_view *view, uint32_t slot)
{
	assert(slot / FAST_PAGE_PARAMS_MAX < view->count);

	const unsigned char *ack = view->segments[slot / FAST_PAGE_PARAMS_MAX]->base +
				   FAST_PAGE_ACK_OFFSET(slot % FAST_PAGE_PARAMS_MAX);
	return page_load(&((const struct fast_page_ack *)(const void *)ack)->revision);
}

void fast_page_view_set(struct fast_page_view *view, uint32_t slot, uint64_t revision,
			const struct fast_page_value *value)
{
	assert(slot / FAST_PAGE_PARAMS_MAX < view->count);

	struct fast_page_slot *shadow =
		&view->segments[slot / FAST_PAGE_PARAMS_MAX]->shadow[slot % FAST_PAGE_PARAMS_MAX];
	*shadow = (struct fast_page_slot){.revision = revision};
	switch (value->type) {
	case FAST_PARAM_BOOL:
		shadow->value = value->u.boolean;
		break;
	case FAST_PARAM_INT:
		shadow->value = (uint64_t)value->u.integer;
		break;
	case FAST_PARAM_DOUBLE:
		shadow->value = page_double_bits(value->u.number);
		break;
	case FAST_PARAM_STRING:
	case FAST_PARAM_ENUM:
		shadow->value = strnlen(value->string, FAST_PAGE_STRING_BYTES);
		memcpy(shadow->string, value->string, shadow->value);
		break;
	}
}

static void slot_write(struct fast_page_slot *slot, const struct fast_page_slot *shadow)
{
	page_store(&slot->revision, shadow->revision);
	page_store(&slot->value, shadow->value);
	for (size_t i = 0; i < FAST_PAGE_STRING_BYTES / 8; i++) {
		page_store(&slot->string[i], shadow->string[i]);
	}
}

static void bank_write(const struct view_segment *segment, uint64_t generation)
{
	struct fast_page_params *params =
		(struct fast_page_params *)(void *)(segment->base + FAST_PAGE_A_OFFSET);
	struct fast_page_slot *bank = params->bank[generation & 1];

	for (size_t i = 0; i < FAST_PAGE_PARAMS_MAX; i++) {
		slot_write(&bank[i], &segment->shadow[i]);
	}
}

void fast_page_view_commit(struct fast_page_view *view)
{
	struct fast_page_params *params = view->params;
	uint64_t generation = view->generation + 1;

	/* Whoever sees a word of this bank's new filling also sees that the generation has gone on
	 * since the bank was last in force, and reads again. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (size_t i = 0; i < view->count; i++) {
		bank_write(view->segments[i], generation);
	}
	__atomic_store_n(&params->generation, generation, __ATOMIC_RELEASE);
	view->generation = generation;

	__atomic_store_n(&params->wake, (uint32_t)generation, __ATOMIC_RELEASE);
	/* One waiter: it wakes the next. A thousand at once would hold us for a tenth of a second.
	 */
	(void)syscall(SYS_futex, &params->wake, FUTEX_WAKE, 1, NULL, NULL, 0);
}
