/* What a plugin of another host says of its page. */
#include "sdk/exemplar_world.h"

#include "page/atomic.h"
#include "remote/report.h"

#include <stdlib.h>

/* What was sent, applied to a page as fastd has it. */
struct heard {
	uint64_t words[FAST_PAGE_BYTES / 8];
	size_t messages;
	size_t count;
	size_t times;
	bool deaf;
};

static bool hear(const Fast__V1__Report *message, void *arg)
{
	struct heard *heard = arg;

	assert_int_equal(message->n_offsets, message->n_words);
	assert_int_equal(message->n_time_offsets, message->n_times);
	assert_true(message->n_words <= REPORT_WORDS_MAX);
	for (size_t i = 0; i < message->n_words; i++) {
		heard->words[message->offsets[i] / 8] = message->words[i];
	}
	for (size_t i = 0; i < message->n_times; i++) {
		heard->words[message->time_offsets[i] / 8] = message->times[i];
	}
	heard->messages++;
	heard->count += message->n_words;
	heard->times += message->n_times;
	return !heard->deaf;
}

static uint64_t heard_at(const struct heard *heard, const struct fast_metric *metric, size_t word)
{
	return heard->words[metric_info(metric)->cell_offset / 8 + word];
}

static void only_what_has_changed_is_reported(void **state)
{
	struct world *world = *state;
	struct heard *heard = calloc(1, sizeof *heard);
	struct report *report = calloc(1, sizeof *report);
	struct fast_metric *frames = world_metric(world, "frames", FAST_METRIC_COUNTER);
	struct fast_metric *sizes = world_metric(world, "sizes", FAST_METRIC_HISTOGRAM);

	assert_non_null(heard);
	assert_non_null(report);
	fast_metric_add(frames, 5);
	assert_true(report_run(report, world->plugin, hear, heard));
	assert_int_equal(5, heard_at(heard, frames, 0));
	assert_int_equal(1, heard->messages);
	assert_int_equal(3, heard->count); /* and a histogram's min and max */
	assert_true(report_run(report, world->plugin, hear, heard));
	assert_int_equal(1, heard->messages);
	fast_metric_inc(frames);
	assert_true(report_run(report, world->plugin, hear, heard));
	assert_int_equal(4, heard->count);
	assert_int_equal(6, heard_at(heard, frames, 0));
	fast_metric_observe(sizes, 3);
	assert_true(report_run(report, world->plugin, hear, heard));
	assert_int_equal(9, heard->count); /* sum, min, max, octaves, bucket */

	report_reset(report); /* as for a new stream: all is said again */
	*heard = (struct heard){0};
	assert_true(report_run(report, world->plugin, hear, heard));
	assert_int_equal(6, heard_at(heard, frames, 0));
	report_reset(report);
	free(report);
	free(heard);
}

static void assert_cell_heard(const struct world *world, const struct heard *heard,
			      const struct fast_metric *metric)
{
	const struct metric_info *info = metric_info(metric);
	const uint64_t *cell =
		(const uint64_t *)(const void *)(world->plugin->map.base + info->cell_offset);

	for (size_t i = 0; i < fast_page_cell_bytes(info->kind) / 8; i++) {
		assert_int_equal(cell[i], heard_at(heard, metric, i));
	}
}

static void what_was_told_is_the_page_word_by_word(void **state)
{
	struct world *world = *state;
	struct heard *heard = calloc(1, sizeof *heard);
	struct report *report = calloc(1, sizeof *report);
	struct fast_metric *sizes = world_metric(world, "sizes", FAST_METRIC_HISTOGRAM);
	struct fast_metric *fps = world_metric(world, "fps", FAST_METRIC_HEARTBEAT);
	struct fast_metric *late = world_metric(world, "late", FAST_METRIC_UNDECLARED);

	assert_non_null(heard);
	assert_non_null(report);
	for (double value = 1e-10; value < 1e12; value *= 7) { /* in ever new octaves */
		fast_metric_observe(sizes, value);
		fast_metric_beat(fps, value);
		assert_true(report_run(report, world->plugin, hear, heard));
		assert_cell_heard(world, heard, sizes);
		assert_cell_heard(world, heard, fps);
	}
	fast_metric_set(late, 5); /* has a kind now, after others that came later */
	assert_true(report_run(report, world->plugin, hear, heard));
	assert_cell_heard(world, heard, late);
	report_reset(report);
	free(report);
	free(heard);
}

static void the_times_of_a_heartbeat_are_told_as_times(void **state)
{
	struct world *world = *state;
	struct heard *heard = calloc(1, sizeof *heard);
	struct report *report = calloc(1, sizeof *report);
	struct fast_metric *fps = world_metric(world, "fps", FAST_METRIC_HEARTBEAT);

	assert_non_null(heard);
	assert_non_null(report);
	fast_metric_inc(fps);
	fast_metric_inc(fps);
	assert_true(report_run(report, world->plugin, hear, heard));
	assert_int_equal(2, heard->times);
	assert_true(heard_at(heard, fps, 0) > 0);
	assert_true(heard_at(heard, fps, 2) >= heard_at(heard, fps, 0));
	report_reset(report);
	free(report);
	free(heard);
}

static void exemplars_are_reported(void **state)
{
	struct world *world = *state;
	struct heard *heard = calloc(1, sizeof *heard);
	struct report *report = calloc(1, sizeof *report);
	struct fast_metric *sizes = world_metric(world, "sizes", FAST_METRIC_HISTOGRAM);
	struct fast_exemplar_reading reading;
	struct fast_page_map map;
	uint32_t offset;

	assert_non_null(heard);
	assert_non_null(report);
	fast_metric_observe(sizes, 3);
	assert_true(report_run(report, world->plugin, hear, heard));
	assert_ok(observe(sizes, 3, "abc", TIME));
	offset = offset_of(sizes);
	assert_true(report_run(report, world->plugin, hear, heard));
	/* fastd's own page of the plugin, where the words go */
	assert_ok(fast_page_map_open(&map, 0));
	for (uint32_t i = 0; i < fast_page_exemplars_bytes(FAST_METRIC_HISTOGRAM); i += 8) {
		page_store((uint64_t *)(void *)(map.base + offset + i),
			   heard->words[(offset + i) / 8]);
	}
	fast_page_view_close(world->view);
	const char *reason = NULL;
	assert_ok(fast_page_view_open(map.fd, &world->view, &reason));
	assert_trace(world, sizes, 3, "abc");
	assert_ok(read_at(world, sizes, 3, &reading));
	assert_int_equal(TIME, reading.time_unix_ns);
	size_t count = heard->count;
	assert_true(report_run(report, world->plugin, hear, heard));
	assert_int_equal(count, heard->count);
	fast_page_map_close(&map);
	report_reset(report);
	free(report);
	free(heard);
}

static void acknowledgements_are_reported(void **state)
{
	struct world *world = *state;
	const struct fast_param_spec spec = {
		.size = sizeof spec, .name = "i", .type = FAST_PARAM_INT};
	struct fast_param *param = world_param(world, &spec);
	const struct fast_page_value value = {.type = FAST_PARAM_INT, .u.integer = 4};
	struct heard *heard = calloc(1, sizeof *heard);
	struct report *report = calloc(1, sizeof *report);

	assert_non_null(heard);
	assert_non_null(report);
	fast_page_view_set(world->view, 0, 12, &value);
	fast_page_view_commit(world->view);
	assert_int_equal(4, fast_param_get_int(param));
	assert_true(report_run(report, world->plugin, hear, heard));
	assert_int_equal(12, heard->words[FAST_PAGE_ACK_OFFSET(0) / 8]);
	report_reset(report);
	free(report);
	free(heard);
}

static void many_words_go_in_several_messages_until_one_fails(void **state)
{
	struct world *world = *state;
	struct heard *heard = calloc(1, sizeof *heard);
	struct report *report = calloc(1, sizeof *report);
	struct fast_metric *sizes[20];
	char name[] = "a";

	assert_non_null(heard);
	assert_non_null(report);
	for (int i = 0; i < 20; i++) {
		name[0] = (char)('a' + i);
		sizes[i] = world_metric(world, name, FAST_METRIC_HISTOGRAM);
		for (double value = 1e-9; value < 1e9; value *= 1.09) {
			fast_metric_observe(sizes[i], value);
		}
	}
	assert_true(report_run(report, world->plugin, hear, heard));
	assert_true(heard->messages > 1);
	report_reset(report);
	heard->deaf = true;
	heard->messages = 0;
	assert_false(report_run(report, world->plugin, hear, heard));
	assert_int_equal(1, heard->messages);
	report_reset(report);
	free(report);
	free(heard);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_what_has_changed_is_reported),
		TEST(what_was_told_is_the_page_word_by_word),
		TEST(the_times_of_a_heartbeat_are_told_as_times),
		TEST(exemplars_are_reported),
		TEST(acknowledgements_are_reported),
		TEST(many_words_go_in_several_messages_until_one_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
