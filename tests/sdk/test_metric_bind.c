/* Metrics whose kind the first verb decides. */
#include "sdk/world.h"

#include <pthread.h>

#define THREADS          8
#define CALLS_PER_THREAD 20000

static void the_first_verb_gives_an_undeclared_metric_its_kind(void **state)
{
	struct world *world = *state;
	struct fast_metric *metrics[6];
	char name[] = "first_0";

	for (int i = 0; i < 6; i++) {
		name[6] = (char)('0' + i);
		metrics[i] = world_metric(world, name, FAST_METRIC_UNDECLARED);
		assert_int_equal(FAST_METRIC_UNDECLARED, metric_kind(metrics[i]));
	}
	assert_int_equal(0, world->plugin->announce_count);
	fast_metric_inc(metrics[0]);
	fast_metric_beat(metrics[1], 2);
	fast_metric_add(metrics[2], 3);
	fast_metric_set(metrics[3], 4);
	fast_metric_observe(metrics[4], 5);
	fast_metric_observe_since(metrics[5], 0);
	assert_int_equal(6, world->plugin->announce_count);
	assert_int_equal(FAST_METRIC_HEARTBEAT, metric_kind(metrics[0]));
	assert_int_equal(FAST_METRIC_HEARTBEAT, metric_kind(metrics[1]));
	assert_int_equal(FAST_METRIC_COUNTER, metric_kind(metrics[2]));
	assert_int_equal(FAST_METRIC_GAUGE, metric_kind(metrics[3]));
	assert_int_equal(FAST_METRIC_HISTOGRAM, metric_kind(metrics[4]));
	assert_int_equal(FAST_METRIC_TIMER, metric_kind(metrics[5]));
	assert_string_equal("s", metric_info(metrics[5])->unit);
	/* The verb that bound it has also counted. */
	assert_int_equal(1, world_read(world, metrics[0]).count);
	assert_true(world_read(world, metrics[1]).work == 2);
	assert_int_equal(3, world_read(world, metrics[2]).count);
	assert_true(world_read(world, metrics[3]).value == 4);
	assert_int_equal(1, world_read(world, metrics[4]).count);
	assert_int_equal(1, world_read(world, metrics[5]).count);
	assert_int_equal(0, log_count());
}

struct racer {
	pthread_barrier_t *barrier;
	struct fast_metric *metric;
	bool beats; /* inc(), else add() */
};

static void *racer_run(void *arg)
{
	const struct racer *racer = arg;

	pthread_barrier_wait(racer->barrier);
	for (int i = 0; i < CALLS_PER_THREAD; i++) {
		if (racer->beats) {
			fast_metric_inc(racer->metric);
		} else {
			fast_metric_add(racer->metric, 1);
		}
	}
	return NULL;
}

/* Starts all racers at once on the metric and waits for them. every: each so-many-th beats. */
static void race(struct fast_metric *metric, int every)
{
	pthread_t threads[THREADS];
	struct racer racers[THREADS];
	pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){&barrier, metric, i % every == 0};
		assert_int_equal(0, pthread_create(&threads[i], NULL, racer_run, &racers[i]));
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	pthread_barrier_destroy(&barrier);
}

static void threads_that_race_for_the_first_verb_lose_no_beat(void **state)
{
	struct world *world = *state;
	struct fast_metric *metric = world_metric(world, "fps", FAST_METRIC_UNDECLARED);
	struct fast_cell_reading reading;

	race(metric, 1);
	reading = world_read(world, metric);
	assert_int_equal(FAST_METRIC_HEARTBEAT, metric_kind(metric));
	assert_int_equal(THREADS * CALLS_PER_THREAD, reading.count);
	assert_true(reading.work == THREADS * CALLS_PER_THREAD);
	assert_int_equal(1, world->plugin->announce_count);
}

static void threads_that_race_with_different_verbs_agree_on_one_kind(void **state)
{
	struct world *world = *state;
	struct fast_metric *metric = world_metric(world, "mixed", FAST_METRIC_UNDECLARED);
	int expected = THREADS / 2 * CALLS_PER_THREAD;

	race(metric, 2);
	/* inc() fits a counter too, so then all have counted. */
	if (metric_kind(metric) == FAST_METRIC_COUNTER) {
		expected = THREADS * CALLS_PER_THREAD;
		assert_int_equal(0, log_count());
	} else {
		assert_int_equal(FAST_METRIC_HEARTBEAT, metric_kind(metric));
		assert_int_equal(1, log_count());
	}
	assert_int_equal(expected, world_read(world, metric).count);
	assert_int_equal(1, world->plugin->announce_count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_verb_gives_an_undeclared_metric_its_kind),
		TEST(threads_that_race_for_the_first_verb_lose_no_beat),
		TEST(threads_that_race_with_different_verbs_agree_on_one_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
