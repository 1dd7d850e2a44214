/* Whom a change wakes: one of those that wait. */
#include "support/harness.h"

#include "page/map.h"
#include "page/view.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLEEPERS 8

/* Sleeps on the page's futex word, and wakes nobody. */
struct sleeper {
	uint32_t *word;
	_Atomic pid_t thread;
	pthread_t handle;
};

static void *sleeper_run(void *arg)
{
	struct sleeper *sleeper = arg;

	atomic_store(&sleeper->thread, gettid());
	while (syscall(SYS_futex, sleeper->word, FUTEX_WAIT, 0, NULL, NULL, 0) != 0 &&
	       errno == EINTR) {
	}
	return NULL;
}

static void sleeper_await(const struct sleeper *sleeper)
{
	char path[64];
	char line[256] = "";

	while (atomic_load(&sleeper->thread) == 0) {
		(void)sched_yield();
	}
	(void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", atomic_load(&sleeper->thread));
	do {
		FILE *file = fopen(path, "r");

		assert_non_null(file);
		assert_non_null(fgets(line, sizeof line, file));
		(void)fclose(file);
	} while (strstr(line, ") S ") == NULL);
}

/* fastd is not held up by those that wait, however many: the SDK's waiters wake each other. */
static void a_commit_wakes_one_waiter_and_no_more(void **state)
{
	struct fast_page_map map;
	struct fast_page_view *view = NULL;
	const char *reason = NULL;

	(void)state;
	assert_ok(fast_page_map_open(&map, 0));
	assert_ok(fast_page_view_open(map.fd, &view, &reason));
	struct fast_page_params *params =
		(struct fast_page_params *)(void *)(map.base + FAST_PAGE_A_OFFSET);
	struct sleeper sleepers[SLEEPERS];

	for (int i = 0; i < SLEEPERS; i++) {
		sleepers[i] = (struct sleeper){.word = &params->wake};
		assert_int_equal(
			0, pthread_create(&sleepers[i].handle, NULL, sleeper_run, &sleepers[i]));
	}
	for (int i = 0; i < SLEEPERS; i++) {
		sleeper_await(&sleepers[i]);
	}
	fast_page_view_commit(view);
	assert_int_equal(SLEEPERS - 1,
			 syscall(SYS_futex, &params->wake, FUTEX_WAKE, INT_MAX, NULL, NULL, 0));
	for (int i = 0; i < SLEEPERS; i++) {
		assert_int_equal(0, pthread_join(sleepers[i].handle, NULL));
	}
	fast_page_view_close(view);
	fast_page_map_close(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_wakes_one_waiter_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
