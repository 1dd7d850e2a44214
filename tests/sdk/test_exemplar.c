/* Verbs with an exemplar. */
#include "sdk/exemplar_world.h"

#include "page/atomic.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void an_exemplar_is_read_as_it_was_written(void **state)
{
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_HISTOGRAM);
	const struct fast_label labels[] = {{"trace_id", "4bf92f35"},
					    {"frame", "\xc3\xa9 \"7\"\\"}};
	const struct fast_exemplar exemplar = exemplar_of(labels, 2, TIME + 789 * NS_PER_MS);
	struct fast_exemplar_reading reading;
	uint64_t check;

	assert_ok(fast_metric_observe_exemplar(latency, 0.67, &exemplar));
	assert_int_equal(1, world_read(world, latency).count);
	assert_true(fast_page_view_exemplars_valid(world->view, FAST_METRIC_HISTOGRAM,
						   offset_of(latency)));
	assert_ok(read_at(world, latency, 0.67, &reading));
	assert_float_equal(0.67, reading.value, 0);
	assert_int_equal(TIME + 789 * NS_PER_MS, reading.time_unix_ns);
	assert_int_equal(32, reading.text.bytes);
	assert_memory_equal("trace_id\0004bf92f35\0frame\0\xc3\xa9 \"7\"\\", reading.text.u.chars,
			    32);
	check = reading.check;
	assert_status(FAST_NOT_FOUND,
		      fast_page_view_exemplar(world->view, offset_of(latency),
					      fast_page_exemplar_slot(FAST_METRIC_TIMER, 0.67),
					      check, &reading));
	assert_status(FAST_NOT_FOUND, read_at(world, latency, 100, &reading));
}

static void a_time_that_is_not_given_is_now(void **state)
{
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_TIMER);
	struct fast_exemplar_reading reading;
	int64_t before_ns = fast_plugin_unix_now_ns();

	assert_ok(observe(latency, 1, "a", 0));
	assert_ok(read_at(world, latency, 1, &reading));
	assert_true(reading.time_unix_ns >= before_ns &&
		    reading.time_unix_ns <= fast_plugin_unix_now_ns());
}

static void values_far_apart_keep_their_own(void **state)
{
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_HISTOGRAM);

	assert_ok(observe(latency, 0.9, "slow", TIME));
	for (int i = 0; i < 100; i++) {
		assert_ok(observe(latency, 0.001 + i * 1e-6, "fast", TIME + i * NS_PER_MS));
	}
	assert_ok(observe(latency, 0.0101, "first", TIME));
	assert_ok(observe(latency, 0.0102, "second", TIME + NS_PER_MS));
	assert_ok(observe(latency, 0, "none", TIME));
	assert_trace(world, latency, 0.9, "slow");
	assert_trace(world, latency, 0.001, "fast");
	assert_trace(world, latency, 0.0101, "second");
	assert_trace(world, latency, -1, "none");
}

static void of_several_within_a_millisecond_one_is_kept(void **state)
{
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_HISTOGRAM);

	assert_ok(observe(latency, 1, "a", TIME));
	assert_ok(observe(latency, 1, "b", TIME + NS_PER_MS - 1));
	assert_trace(world, latency, 1, "a");
	assert_ok(observe(latency, 1, "c", TIME + NS_PER_MS));
	assert_trace(world, latency, 1, "c");
	assert_ok(observe(latency, 1, "d", TIME - 1000 * NS_PER_MS)); /* a clock was set back */
	assert_trace(world, latency, 1, "d");
	assert_int_equal(4, world_read(world, latency).count);
}

static void who_finds_another_thread_there_goes_without(void **state)
{
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_HISTOGRAM);
	struct fast_page_exemplar *slot;

	assert_ok(observe(latency, 1, "a", TIME));
	slot = &metric_info(latency)
			->exemplars->slots[fast_page_exemplar_slot(FAST_METRIC_HISTOGRAM, 1)];
	page_store(&slot->claim, 1);
	assert_ok(observe(latency, 1, "b", TIME + NS_PER_MS));
	assert_trace(world, latency, 1, "a");
	page_store(&slot->claim, 0);
	assert_ok(observe(latency, 1, "c", TIME + NS_PER_MS));
	assert_trace(world, latency, 1, "c");
	assert_int_equal(3, world_read(world, latency).count);
}

static void counters_and_heartbeats_have_one(void **state)
{
	struct world *world = *state;
	struct fast_metric *frames = world_metric(world, "frames", FAST_METRIC_COUNTER);
	struct fast_metric *fps = world_metric(world, "fps", FAST_METRIC_UNDECLARED);
	const struct fast_label label = {"trace_id", "a"};
	const struct fast_exemplar exemplar = exemplar_of(&label, 1, TIME);
	const struct fast_exemplar later = exemplar_of(&label, 1, TIME + NS_PER_MS);
	struct fast_exemplar_reading reading;

	assert_ok(fast_metric_inc_exemplar(frames, &exemplar));
	assert_ok(fast_metric_add_exemplar(frames, 4000000, &later));
	assert_ok(fast_metric_inc_exemplar(fps, &exemplar));
	assert_int_equal(4000001, world_read(world, frames).count);
	assert_int_equal(1, world_read(world, fps).count);
	assert_int_equal(FAST_METRIC_HEARTBEAT, metric_kind(fps));
	assert_ok(read_at(world, frames, 1, &reading));
	assert_float_equal(4000000, reading.value, 0);
	assert_trace(world, fps, 1, "a");
}

static void no_labels_are_no_exemplar(void **state)
{
	struct world *world = *state;
	struct fast_metric *frames = world_metric(world, "frames", FAST_METRIC_COUNTER);
	const struct fast_exemplar none = exemplar_of(NULL, 0, TIME);

	assert_ok(fast_metric_inc_exemplar(frames, &none));
	assert_int_equal(1, world_read(world, frames).count);
	assert_int_equal(0, offset_of(frames));
}

static void a_wrong_exemplar_is_refused_and_its_value_counts(void **state)
{
	static const struct {
		struct fast_label labels[2];
		const char *sentence;
	} wrong[] = {
		{{{"trace id", "a"}},
		 "metric \"latency\": exemplar label \"trace id\": its name must be "
		 "[a-zA-Z_][a-zA-Z0-9_]*"},
		{{{"7th", "a"}},
		 "metric \"latency\": exemplar label \"7th\": its name must be "
		 "[a-zA-Z_][a-zA-Z0-9_]*"},
		{{{"", "a"}}, "metric \"latency\": exemplar label \"\": its name is empty"},
		{{{"__a", "a"}},
		 "metric \"latency\": exemplar label \"__a\": names that begin with __ are taken"},
		{{{NULL, "a"}},
		 "metric \"latency\": exemplar label \"\": its name or value is NULL"},
		{{{"a", NULL}},
		 "metric \"latency\": exemplar label \"a\": its name or value is NULL"},
		{{{"a", "\xc3"}},
		 "metric \"latency\": exemplar label \"a\": its value is not UTF-8"},
		{{{"a", "b\nc"}},
		 "metric \"latency\": exemplar label \"a\": its value has a control character"},
		{{{"a", "b"}, {"a", "c"}},
		 "metric \"latency\": exemplar label \"a\": it comes twice"},
	};
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_HISTOGRAM);

	for (size_t i = 0; i < FAST_TEST_COUNT(wrong); i++) {
		size_t count = wrong[i].labels[1].name != NULL ? 2 : 1;
		const struct fast_exemplar exemplar = exemplar_of(wrong[i].labels, count, TIME);

		assert_status(FAST_INVALID_ARGUMENT,
			      fast_metric_observe_exemplar(latency, 1, &exemplar));
		assert_error(world->plugin, wrong[i].sentence);
	}
	assert_int_equal(FAST_TEST_COUNT(wrong), world_read(world, latency).count);
	assert_int_equal(0, offset_of(latency));
}

static void one_of_no_size_is_refused(void **state)
{
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_HISTOGRAM);
	const struct fast_label label = {"a", "b"};
	const struct fast_exemplar exemplar = {.labels = &label, .label_count = 1};

	assert_status(FAST_INVALID_ARGUMENT, fast_metric_observe_exemplar(latency, 1, &exemplar));
	assert_error(world->plugin, "metric \"latency\": exemplar's size is 0; set it to "
				    "sizeof(struct fast_exemplar)");
	assert_int_equal(1, world_read(world, latency).count);
}

/* In characters, whose bytes may be four. */
static void a_hundred_and_twenty_eight_characters_are_taken_and_no_more(void **state)
{
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_HISTOGRAM);
	char value[4 * 128 + 1];
	struct fast_label labels[FAST_LABELS_MAX + 1];
	struct fast_exemplar exemplar = exemplar_of(labels, 1, TIME);
	struct fast_exemplar_reading reading;

	for (size_t i = 0; i < 128; i++) {
		memcpy(value + 4 * i, "\xf0\x9f\x8e\xa5", 5);
	}
	labels[0] = (struct fast_label){"f", value};
	assert_status(FAST_INVALID_ARGUMENT, fast_metric_observe_exemplar(latency, 1, &exemplar));
	assert_error(world->plugin, "metric \"latency\": exemplar of 129 characters, names and "
				    "values together; at most 128");
	labels[0].value = value + 4;
	assert_ok(fast_metric_observe_exemplar(latency, 1, &exemplar));
	assert_ok(read_at(world, latency, 1, &reading));
	assert_int_equal(511, reading.text.bytes);
	for (size_t i = 0; i <= FAST_LABELS_MAX; i++) {
		static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};

		labels[i] = (struct fast_label){names[i], ""};
	}
	labels[0].value = value + 4 * FAST_LABELS_MAX;
	exemplar.label_count = FAST_LABELS_MAX;
	exemplar.time_unix_ns += NS_PER_MS;
	assert_ok(fast_metric_observe_exemplar(latency, 1, &exemplar));
	assert_ok(read_at(world, latency, 1, &reading));
	assert_int_equal(504, reading.text.bytes);
	exemplar.label_count++;
	assert_status(FAST_INVALID_ARGUMENT, fast_metric_observe_exemplar(latency, 1, &exemplar));
	assert_error(world->plugin, "metric \"latency\": exemplars have at most 8 labels, not 9");
}

static void what_does_not_fit_or_counts_nowhere_has_none(void **state)
{
	struct world *world = *state;
	struct fast_metric *queue = world_metric(world, "queue", FAST_METRIC_GAUGE);
	struct fast_metric *frames = world_metric(world, "frames", FAST_METRIC_COUNTER);
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_HISTOGRAM);
	const struct fast_label label = {"trace_id", "a"};
	const struct fast_exemplar exemplar = exemplar_of(&label, 1, TIME);

	assert_status(FAST_FAILED_PRECONDITION, fast_metric_inc_exemplar(queue, &exemplar));
	assert_string_equal("metric \"queue\" is a gauge: inc() does not fit it; use set()",
			    log_last());
	assert_status(FAST_FAILED_PRECONDITION, fast_metric_inc_exemplar(latency, &exemplar));
	assert_status(FAST_FAILED_PRECONDITION, fast_metric_observe_exemplar(frames, 1, &exemplar));
	assert_ok(fast_metric_inc_exemplar(fast_metric_nowhere(), &exemplar));
	assert_ok(fast_metric_observe_exemplar(latency, (double)NAN, &exemplar));
	assert_int_equal(0, offset_of(queue) + offset_of(frames) + offset_of(latency));
}

static void metrics_beyond_the_limit_go_without_and_count(void **state)
{
	struct world *world = *state;
	struct fast_metric *metric = NULL;
	char name[16];

	for (int i = 0; i <= FAST_EXEMPLAR_METRICS_MAX; i++) {
		(void)snprintf(name, sizeof name, "m%d", i);
		metric = world_metric(world, name, FAST_METRIC_HISTOGRAM);
		world_view_grow(world);
		assert_status(i < FAST_EXEMPLAR_METRICS_MAX ? FAST_OK : FAST_RESOURCE_EXHAUSTED,
			      observe(metric, 1, "a", TIME));
		world_view_grow(world);
		if (i < FAST_EXEMPLAR_METRICS_MAX) {
			assert_true(fast_page_view_exemplars_valid(
				world->view, FAST_METRIC_HISTOGRAM, offset_of(metric)));
			assert_trace(world, metric, 1, "a");
		}
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, observe(metric, 1, "a", TIME));
	assert_int_equal(1, log_count());
	assert_string_equal("metric \"m128\": no room for exemplars, which 128 metrics of a plugin "
			    "may have; it goes without",
			    log_last());
	assert_int_equal(2, world_read(world, metric).count);
	assert_int_equal(0, offset_of(metric));
}

/* The metric was announced before, and is once more with its exemplars. */
static void fastd_is_told_of_the_first_exemplar_alone(void **state)
{
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_HISTOGRAM);
	const struct announcement *announced = world->plugin->announce;

	assert_int_equal(1, world->plugin->announce_count);
	assert_ok(observe(latency, 1, "a", TIME));
	assert_ok(observe(latency, 1, "b", TIME + NS_PER_MS));
	assert_int_equal(2, world->plugin->announce_count);
	assert_ptr_equal(announced[0].metric, announced[1].metric);
	assert_false(announced[0].exemplars);
	assert_true(announced[1].exemplars);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_exemplar_is_read_as_it_was_written),
		TEST(a_time_that_is_not_given_is_now),
		TEST(values_far_apart_keep_their_own),
		TEST(of_several_within_a_millisecond_one_is_kept),
		TEST(who_finds_another_thread_there_goes_without),
		TEST(counters_and_heartbeats_have_one),
		TEST(no_labels_are_no_exemplar),
		TEST(a_wrong_exemplar_is_refused_and_its_value_counts),
		TEST(one_of_no_size_is_refused),
		TEST(a_hundred_and_twenty_eight_characters_are_taken_and_no_more),
		TEST(what_does_not_fit_or_counts_nowhere_has_none),
		TEST(metrics_beyond_the_limit_go_without_and_count),
		TEST(fastd_is_told_of_the_first_exemplar_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
