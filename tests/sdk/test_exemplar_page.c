/* Exemplars in the page: half-written, hostile, and from several threads. */
#include "sdk/exemplar_world.h"

#include "page/atomic.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

static void what_is_half_written_is_left_for_later(void **state)
{
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_HISTOGRAM);
	size_t at = fast_page_exemplar_slot(FAST_METRIC_HISTOGRAM, 1);
	struct fast_exemplar_reading reading;
	struct fast_page_exemplar *slot;

	assert_ok(observe(latency, 1, "abcdefgh", TIME));
	slot = &metric_info(latency)->exemplars->slots[at];
	uint64_t *const words[] = {&slot->value,   &slot->time_unix_ns,
				   &slot->bytes,   &slot->text[0],
				   &slot->text[1], &metric_info(latency)->exemplars->checks[at]};
	for (size_t i = 0; i < FAST_TEST_COUNT(words); i++) {
		uint64_t before = page_load(words[i]);

		page_store(words[i], before ^ 1);
		assert_status(FAST_ABORTED, read_at(world, latency, 1, &reading));
		page_store(words[i], before);
	}
	assert_trace(world, latency, 1, "abcdefgh");
	page_store(&slot->bytes, UINT64_MAX);
	assert_status(FAST_ABORTED, read_at(world, latency, 1, &reading));
}

/* A plugin that writes nonsense gives it a good check. */
static void what_is_no_exemplar_is_refused(void **state)
{
	static const struct {
		double value;
		int64_t time_unix_ns;
		const char *text;
		size_t bytes;
	} wrong[] = {
		{1, TIME, "", 0},
		{1, TIME, "a", 1},
		{1, TIME, "a\0b", 3},
		{1, TIME, "a\0b\0c\0", 6},
		{1, TIME, "a\0b\0c\0d", 7},
		{1, TIME, "a\0b\0\0\0", 6},
		{1, TIME, "a\0b\0a\0c\0", 8},
		{1, TIME, "a b\0c\0", 6},
		{1, TIME, "a\0\xff\0", 4},
		{1, TIME, "a\0\n\0", 4},
		{1, TIME, "a\0a\0b\0b\0c\0c\0d\0d\0e\0e\0f\0f\0g\0g\0h\0h\0i\0i\0", 36},
		{(double)NAN, TIME, "a\0b\0", 4},
		{(double)INFINITY, TIME, "a\0b\0", 4},
		{1, -1, "a\0b\0", 4},
	};
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_COUNTER);
	const struct fast_label label = {"a", "b"};
	const struct fast_exemplar exemplar = exemplar_of(&label, 1, TIME);
	struct fast_exemplar_reading reading;

	assert_ok(fast_metric_inc_exemplar(latency, &exemplar));
	for (size_t i = 0; i < FAST_TEST_COUNT(wrong); i++) {
		struct fast_exemplar_text text = {.bytes = wrong[i].bytes};
		uint64_t seen;

		memcpy(text.u.chars, wrong[i].text, wrong[i].bytes);
		fast_page_exemplar_put(metric_info(latency)->exemplars, 0, wrong[i].value,
				       wrong[i].time_unix_ns + (int64_t)(i + 1) * 2 * NS_PER_MS *
								       (wrong[i].time_unix_ns > 0),
				       &text);
		assert_status(FAST_INVALID_ARGUMENT, read_at(world, latency, 1, &reading));
		seen = reading.check;
		assert_status(FAST_NOT_FOUND,
			      fast_page_view_exemplar(world->view, offset_of(latency), 0, seen,
						      &reading));
	}
}

static void exemplars_lie_within_region_b_or_nowhere(void **state)
{
	struct world *world = *state;
	const uint32_t last = FAST_PAGE_BYTES - fast_page_exemplars_bytes(FAST_METRIC_TIMER);

	assert_true(fast_page_view_exemplars_valid(world->view, FAST_METRIC_TIMER, last / 64 * 64));
	assert_true(fast_page_view_exemplars_valid(world->view, FAST_METRIC_TIMER,
						   FAST_PAGE_CELLS_OFFSET));
	const uint32_t wrong[] = {0,
				  FAST_PAGE_A_OFFSET,
				  FAST_PAGE_CELLS_OFFSET - 64,
				  FAST_PAGE_CELLS_OFFSET + 8,
				  last / 64 * 64 + 64,
				  FAST_PAGE_BYTES + FAST_PAGE_CELLS_OFFSET,
				  UINT32_MAX - 63};
	for (size_t i = 0; i < FAST_TEST_COUNT(wrong); i++) {
		assert_false(
			fast_page_view_exemplars_valid(world->view, FAST_METRIC_TIMER, wrong[i]));
	}
	assert_false(fast_page_view_exemplars_valid(world->view, FAST_METRIC_GAUGE,
						    FAST_PAGE_CELLS_OFFSET));
	assert_false(fast_page_view_exemplars_valid(world->view, (enum fast_metric_kind)99,
						    FAST_PAGE_CELLS_OFFSET));
}

/* ---- threads ---- */

#define WRITES 20000

struct writer {
	struct fast_metric *metric;
	char letter;
	int refused;
	pthread_t thread;
};

/* All of one octave. */
static double value_of(char letter)
{
	return 2 - ('z' - letter) / 100.0;
}

/* Times a millisecond apart, so that none comes too soon. The value says which letter. */
static void *writer_run(void *arg)
{
	struct writer *writer = arg;
	char value[101];

	memset(value, writer->letter, sizeof value - 1);
	for (int i = 0; i < WRITES; i++) {
		int64_t time = TIME + ((writer->letter - 'a') * WRITES + i) * NS_PER_MS;

		value[1 + i % 100] = '\0';
		writer->refused +=
			observe(writer->metric, value_of(writer->letter), value, time) != FAST_OK;
		value[1 + i % 100] = writer->letter;
	}
	return NULL;
}

static void threads_leave_whole_exemplars(void **state)
{
	struct world *world = *state;
	struct fast_metric *latency = world_metric(world, "latency", FAST_METRIC_HISTOGRAM);
	struct writer writers[] = {{.metric = latency, .letter = 'b'},
				   {.metric = latency, .letter = 'c'}};
	struct fast_exemplar_reading reading;

	assert_ok(observe(latency, value_of('a'), "a", TIME));
	for (size_t i = 0; i < FAST_TEST_COUNT(writers); i++) {
		assert_int_equal(0,
				 pthread_create(&writers[i].thread, NULL, writer_run, &writers[i]));
	}
	do {
		enum fast_status status = read_at(world, latency, value_of('a'), &reading);
		const char *value = reading.text.u.chars + sizeof "trace_id";

		assert_true(status == FAST_OK || status == FAST_ABORTED);
		if (status == FAST_OK) {
			assert_float_equal(reading.value, value_of(value[0]), 0);
			assert_int_equal(strlen(value), strspn(value, (char[]){value[0], '\0'}));
		}
	} while (world_read(world, latency).count < 1 + FAST_TEST_COUNT(writers) * WRITES);
	for (size_t i = 0; i < FAST_TEST_COUNT(writers); i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(0, writers[i].refused);
	}
	assert_ok(read_at(world, latency, value_of('a'), &reading));
	assert_true(reading.value > value_of('a'));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_half_written_is_left_for_later),
		TEST(what_is_no_exemplar_is_refused),
		TEST(exemplars_lie_within_region_b_or_nowhere),
		TEST(threads_leave_whole_exemplars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
