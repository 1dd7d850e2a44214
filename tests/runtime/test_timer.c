#include "support/harness.h"

#include "base/timer.h"
#include "runtime/gate.h"
#include "runtime/random.h"
#include "support/fault_alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define NS_PER_MS INT64_C(1000000)

/* What ran, and when. */
struct journal {
	struct fast_timers *timers;
	int ran[2000];
	int64_t at_ns[2000];
	size_t count;
};

struct item {
	struct fast_timer timer;
	struct journal *journal;
	int number;
};

static void item_run(void *arg)
{
	struct item *item = arg;
	struct journal *journal = item->journal;

	assert_true(journal->count < FAST_TEST_COUNT(journal->ran));
	journal->at_ns[journal->count] = fast_timers_now_ns(journal->timers);
	journal->ran[journal->count++] = item->number;
}

static struct fast_timers *fake_timers(struct journal *journal)
{
	memset(journal, 0, sizeof *journal);
	assert_ok(fast_timers_new_fake(1000, &journal->timers));
	return journal->timers;
}

static void a_fake_clock_runs_what_is_due_in_order(void **state)
{
	struct journal journal;
	struct fast_timers *timers = fake_timers(&journal);
	struct item items[4] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
	const int64_t due_ns[4] = {3000, 2000, 2000, 9000};

	(void)state;
	assert_int_equal(1000, fast_timers_now_ns(timers));
	for (size_t i = 0; i < 4; i++) {
		items[i].journal = &journal;
		assert_ok(fast_timer_set(timers, &items[i].timer, due_ns[i], item_run, &items[i]));
	}
	fast_timers_advance(timers, 1999);
	assert_int_equal(0, journal.count);
	fast_timers_advance(timers, 5000);
	assert_int_equal(3, journal.count);
	assert_int_equal(1, journal.ran[0]); /* of the same time: as they were set */
	assert_int_equal(2, journal.ran[1]);
	assert_int_equal(0, journal.ran[2]);
	assert_int_equal(2000, journal.at_ns[0]);
	assert_int_equal(3000, journal.at_ns[2]);
	assert_int_equal(5000, fast_timers_now_ns(timers));
	fast_timers_free(timers); /* with one still set */
}

static void what_is_never_due_never_runs(void **state)
{
	struct journal journal;
	struct fast_timers *timers = fake_timers(&journal);
	struct item item = {.journal = &journal};

	(void)state;
	assert_ok(fast_timer_set(timers, &item.timer, FAST_TIME_NEVER, item_run, &item));
	fast_timers_advance(timers, FAST_TIME_NEVER);
	assert_int_equal(0, journal.count);
	assert_true(fast_timer_cancel(timers, &item.timer));
	fast_timers_free(timers);
}

static void setting_again_moves_the_timer(void **state)
{
	struct journal journal;
	struct fast_timers *timers = fake_timers(&journal);
	struct item item = {.journal = &journal};

	(void)state;
	assert_ok(fast_timer_set(timers, &item.timer, 2000, item_run, &item));
	assert_ok(fast_timer_set(timers, &item.timer, 4000, item_run, &item));
	fast_timers_advance(timers, 3000);
	assert_int_equal(0, journal.count);
	fast_timers_advance(timers, 4000);
	assert_int_equal(1, journal.count);
	fast_timers_free(timers);
}

static void cancel_says_whether_the_timer_was_set(void **state)
{
	struct journal journal;
	struct fast_timers *timers = fake_timers(&journal);
	struct item item = {.journal = &journal};

	(void)state;
	assert_false(fast_timer_cancel(timers, &item.timer));
	assert_ok(fast_timer_set(timers, &item.timer, 2000, item_run, &item));
	assert_true(fast_timer_cancel(timers, &item.timer));
	fast_timers_advance(timers, 3000);
	assert_int_equal(0, journal.count);
	assert_ok(fast_timer_set(timers, &item.timer, 3000, item_run, &item));
	fast_timers_advance(timers, 3000);
	assert_int_equal(1, journal.count);
	assert_false(fast_timer_cancel(timers, &item.timer));
	fast_timers_free(timers);
}

static void item_repeat(void *arg)
{
	struct item *item = arg;
	struct fast_timers *timers = item->journal->timers;

	item_run(arg);
	fast_timer_cancel_wait(timers, &item->timer); /* its own: waits for nobody */
	if (item->journal->count < 5) {
		assert_ok(fast_timer_set(timers, &item->timer, fast_timers_now_ns(timers) + 100,
					 item_repeat, item));
	}
}

static void a_function_may_set_its_own_timer_again(void **state)
{
	struct journal journal;
	struct fast_timers *timers = fake_timers(&journal);
	struct item item = {.journal = &journal};

	(void)state;
	assert_ok(fast_timer_set(timers, &item.timer, 1100, item_repeat, &item));
	fast_timers_advance(timers, 2000);
	assert_int_equal(5, journal.count);
	assert_int_equal(1500, journal.at_ns[4]);
	fast_timers_free(timers);
}

static void thousands_of_timers_run_in_order_whatever_is_cancelled(void **state)
{
	static struct journal journal;
	static struct item items[1000];
	struct fast_timers *timers = fake_timers(&journal);
	uint64_t random = 42;
	size_t set = 0;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		size_t i = random_below(&random, 1000);
		items[i].journal = &journal;
		if (random_below(&random, 3) == 0) {
			set -= fast_timer_cancel(timers, &items[i].timer);
		} else {
			set -= fast_timer_cancel(timers, &items[i].timer);
			assert_ok(fast_timer_set(timers, &items[i].timer,
						 2000 + random_below(&random, 5000), item_run,
						 &items[i]));
			set++;
		}
	}
	fast_timers_advance(timers, 10000);
	assert_int_equal(set, journal.count);
	for (size_t i = 1; i < journal.count; i++) {
		assert_true(journal.at_ns[i - 1] <= journal.at_ns[i]);
	}
	fast_timers_free(timers);
}

static void pass(void *arg)
{
	gate_pass(arg);
}

static void the_real_clock_runs_a_timer_when_it_is_due(void **state)
{
	struct fast_timers *timers;
	struct fast_timer timer = {0};
	struct gate gate = GATE_INITIALIZER;
	int64_t due_ns;

	(void)state;
	assert_ok(fast_timers_new(&timers));
	due_ns = fast_timers_now_ns(timers) + 20 * NS_PER_MS;
	assert_ok(fast_timer_set(timers, &timer, due_ns, pass, &gate));
	assert_true(gate_wait(&gate, 1));
	assert_true(fast_clock_now_ns() >= due_ns);
	fast_timers_free(timers);
}

static void an_earlier_timer_wakes_the_thread(void **state)
{
	struct fast_timers *timers;
	struct fast_timer late = {0};
	struct fast_timer early = {0};
	struct gate gate = GATE_INITIALIZER;

	(void)state;
	assert_ok(fast_timers_new(&timers));
	assert_ok(fast_timer_set(timers, &late, fast_clock_now_ns() + 3600 * INT64_C(1000000000),
				 pass, &gate));
	assert_ok(fast_timer_set(timers, &early, fast_clock_now_ns(), pass, &gate));
	assert_true(gate_wait(&gate, 1));
	fast_timers_free(timers);
}

/* Switches of every thread but this one. */
static long switches_of_others(void)
{
	struct rusage all;
	struct rusage mine;

	assert_int_equal(0, getrusage(RUSAGE_SELF, &all));
	assert_int_equal(0, getrusage(RUSAGE_THREAD, &mine));
	return all.ru_nvcsw - mine.ru_nvcsw;
}

static void a_later_timer_wakes_nobody(void **state)
{
	static struct fast_timer later[5000];
	struct fast_timers *timers;
	struct fast_timer early = {0};
	struct gate gate = GATE_INITIALIZER;
	int64_t now_ns = fast_clock_now_ns();
	long before;

	(void)state;
	assert_ok(fast_timers_new(&timers));
	assert_ok(fast_timer_set(timers, &early, now_ns, pass, &gate));
	assert_true(gate_wait(&gate, 1));
	assert_ok(fast_timer_set(timers, &early, now_ns + 1000000 * NS_PER_MS, pass, &gate));
	before = switches_of_others();
	for (size_t i = 0; i < FAST_TEST_COUNT(later); i++) {
		assert_ok(fast_timer_set(timers, &later[i], now_ns + 2000000 * NS_PER_MS, pass,
					 &gate));
	}
	/* A few belong to the thread's own start; 5000 would belong to wake-ups. */
	assert_in_range(switches_of_others() - before, 0, 100);
	fast_timers_free(timers);
}

struct victim {
	struct fast_timer timer;
	int touched;
};

static void victim_touch(void *arg)
{
	struct victim *victim = arg;

	victim->touched++;
}

static void after_cancel_wait_the_memory_is_ours(void **state)
{
	struct fast_timers *timers;
	uint64_t random = 7;

	(void)state;
	assert_ok(fast_timers_new(&timers));
	for (int i = 0; i < 3000; i++) {
		struct victim *victim = calloc(1, sizeof *victim);
		int64_t due_ns = fast_clock_now_ns() + random_below(&random, 60000);
		assert_non_null(victim);
		assert_ok(fast_timer_set(timers, &victim->timer, due_ns, victim_touch, victim));
		while (fast_clock_now_ns() < due_ns) {
		}
		fast_timer_cancel_wait(timers, &victim->timer);
		assert_true(victim->touched <= 1);
		free(victim);
	}
	fast_timers_free(timers);
}

struct shared {
	struct fast_timers *timers;
	struct gate *ran;
	struct gate *cancelled;
	uint64_t seed;
};

static void *set_and_cancel(void *arg)
{
	struct shared *shared = arg;
	uint64_t random = shared->seed;
	struct fast_timer timers[8] = {{0}};

	for (int i = 0; i < 2000; i++) {
		struct fast_timer *timer = &timers[random_below(&random, 8)];
		int64_t due_ns = fast_clock_now_ns() + random_below(&random, 50000);
		if (fast_timer_set(shared->timers, timer, due_ns, pass, shared->ran) != FAST_OK) {
			abort();
		}
	}
	for (size_t i = 0; i < 8; i++) {
		fast_timer_cancel_wait(shared->timers, &timers[i]);
	}
	gate_pass(shared->cancelled);
	return NULL;
}

static void many_threads_may_set_and_cancel(void **state)
{
	struct gate ran = GATE_INITIALIZER;
	struct gate cancelled = GATE_INITIALIZER;
	struct shared shared[4];
	pthread_t threads[4];
	struct fast_timers *timers;

	(void)state;
	assert_ok(fast_timers_new(&timers));
	for (size_t i = 0; i < 4; i++) {
		shared[i] = (struct shared){timers, &ran, &cancelled, i + 1};
		assert_int_equal(0, pthread_create(&threads[i], NULL, set_and_cancel, &shared[i]));
	}
	assert_true(gate_wait(&cancelled, 4));
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
	fast_timers_free(timers);
}

static void timers_survive_each_allocation_failure(void **state)
{
	struct fast_timers *timers = NULL;
	struct fast_timer timer = {0};
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = fast_timers_new_fake(0, &timers);
		if (status == FAST_OK) {
			status = fast_timer_set(timers, &timer, 1, pass, NULL);
			assert_int_equal(status == FAST_OK, fast_timer_cancel(timers, &timer));
			fast_timers_free(timers);
		}
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	assert_int_equal(3, n); /* the object and its heap */
	fast_timers_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fake_clock_runs_what_is_due_in_order),
		cmocka_unit_test(what_is_never_due_never_runs),
		cmocka_unit_test(setting_again_moves_the_timer),
		cmocka_unit_test(cancel_says_whether_the_timer_was_set),
		cmocka_unit_test(a_function_may_set_its_own_timer_again),
		cmocka_unit_test(thousands_of_timers_run_in_order_whatever_is_cancelled),
		cmocka_unit_test(the_real_clock_runs_a_timer_when_it_is_due),
		cmocka_unit_test(an_earlier_timer_wakes_the_thread),
		cmocka_unit_test(a_later_timer_wakes_nobody),
		cmocka_unit_test(after_cancel_wait_the_memory_is_ours),
		cmocka_unit_test(many_threads_may_set_and_cancel),
		cmocka_unit_test(timers_survive_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
