/* Waiting for changes: threads sleep on the page's futex word. fastd wakes one of them, which wakes
 * the next: who turns a knob is not held up by a thousand waiters. */
#include <fast/param_change.h>

#include "page/atomic.h"
#include "plugin_impl.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define READ_TRIES_MAX 64
#define FNV_PRIME      UINT64_C(1099511628211)

/* What one waits for: the mark of the present state, which is to differ from the one seen. */
typedef uint64_t mark_fn(const void *of);

/* The time in timeout_ms; NULL: never. */
static const struct timespec *deadline(int64_t timeout_ms, struct timespec *out)
{
	if (timeout_ms < 0) {
		return NULL;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, out);
	out->tv_sec += (time_t)(timeout_ms / 1000);
	out->tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	out->tv_sec += out->tv_nsec / 1000000000;
	out->tv_nsec %= 1000000000;
	return out;
}

/* Threads that sleep for another value of the word than this one. */
static uint32_t bit_of(uint32_t word)
{
	return UINT32_C(1) << (word & 31);
}

/* Sleeps while the word has this value. False: the time is up. Who was woken wakes the next, but
 * none of those that sleep for the change after this one: the chain would not end. */
static bool word_wait(const uint32_t *word, uint32_t value, const struct timespec *until)
{
	uint32_t now;

	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value, until, NULL, bit_of(value)) != 0) {
		return errno != ETIMEDOUT;
	}
	now = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	(void)syscall(SYS_futex, word, FUTEX_WAKE_BITSET, 1, NULL, NULL, ~bit_of(now));
	return true;
}

static enum fast_status mark_wait(struct fast_plugin *plugin, mark_fn *mark, const void *of,
				  uint64_t *seen, int64_t timeout_ms)
{
	struct timespec memory;
	const struct timespec *until = deadline(timeout_ms, &memory);
	const struct fast_page_params *params;
	bool in_time = true;

	if (!fast_plugin_is_here(plugin)) {
		return FAST_UNAVAILABLE;
	}
	params = region_load(&plugin->handles->u.wiped.params[0]);

	for (;;) {
		/* Before the mark: a change after it makes the sleep end at once. */
		uint32_t word = __atomic_load_n(&params->wake, __ATOMIC_ACQUIRE);
		uint64_t now = mark(of);

		if (now != *seen) {
			*seen = now;
			return FAST_OK;
		}
		if (!in_time) {
			return FAST_DEADLINE_EXCEEDED;
		}
		in_time = word_wait(&params->wake, word, until);
	}
}

static uint64_t param_mark(const void *of)
{
	return fast_param_page_revision(of);
}

/* Undeclared slots have revision 0, as those that nobody has turned. */
static uint64_t bank_mark(const struct fast_page_slot *bank, uint64_t slot, uint64_t mark)
{
	for (size_t i = 0; i < FAST_PAGE_PARAMS_MAX; i++) {
		uint64_t revision = page_load(&bank[i].revision);

		slot++;
		mark = revision == 0 ? mark : ((mark ^ slot) * FNV_PRIME ^ revision) * FNV_PRIME;
	}
	return mark;
}

static uint64_t params_mark(const void *of)
{
	const struct fast_page_params *const *regions = of; /* one word for each segment */
	const struct fast_page_params *first = region_load(&regions[0]);
	uint64_t mark = 0;

	for (int i = 0; i < READ_TRIES_MAX; i++) {
		uint64_t generation = __atomic_load_n(&first->generation, __ATOMIC_ACQUIRE);

		mark = 0;
		for (size_t n = 0; n < FAST_PAGE_SEGMENTS_MAX && region_load(&regions[n]) != NULL;
		     n++) {
			mark = bank_mark(region_load(&regions[n])->bank[generation & 1],
					 n * FAST_PAGE_PARAMS_MAX, mark);
		}
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (page_load(&first->generation) == generation) {
			break;
		}
	}
	return mark;
}

enum fast_status fast_param_wait(struct fast_param *param, uint64_t *seen, int64_t timeout_ms)
{
	return mark_wait(param->plugin, param_mark, param, seen, timeout_ms);
}

enum fast_status fast_plugin_wait_params(struct fast_plugin *plugin, uint64_t *seen,
					 int64_t timeout_ms)
{
	return mark_wait(plugin, params_mark, plugin->handles->u.wiped.params, seen, timeout_ms);
}

void fast_plugin_wake_waiters(struct fast_plugin *plugin)
{
	const uint32_t *word = &fast_page_map_params(&plugin->map)->wake;

	(void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
