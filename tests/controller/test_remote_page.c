/* What a plugin of another host reports goes into its page, and nowhere else. */
#include "support/harness.h"

#include "daemon/remote_impl.h"

#include "page/atomic.h"
#include "page/view.h"

#include <string.h>

static struct remote remote;

static int set_up(void **state)
{
	(void)state;
	memset(&remote, 0, sizeof remote);
	return remote_page_grow(&remote) == FAST_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	remote_page_close(&remote);
	return 0;
}

/* One word. */
static bool write_word(uint32_t offset, uint64_t word)
{
	Fast__V1__Report report = FAST__V1__REPORT__INIT;

	report.offsets = &offset;
	report.words = &word;
	report.n_offsets = report.n_words = 1;
	return remote_page_write(&remote, &report);
}

static uint64_t word_at(uint32_t offset)
{
	return page_load((const uint64_t *)(const void *)(remote.maps[0].base + offset));
}

static void words_of_region_b_are_written(void **state)
{
	(void)state;
	assert_true(write_word(FAST_PAGE_CELLS_OFFSET, 7));
	assert_true(write_word(FAST_PAGE_ACK_OFFSET(3), 9));
	assert_true(write_word(FAST_PAGE_BYTES - 8, 11));
	assert_int_equal(7, word_at(FAST_PAGE_CELLS_OFFSET));
	assert_int_equal(9, word_at(FAST_PAGE_ACK_OFFSET(3)));
	assert_int_equal(11, word_at(FAST_PAGE_BYTES - 8));
}

static void all_others_are_refused(void **state)
{
	const uint32_t wrong[] = {0,
				  8,
				  FAST_PAGE_A_OFFSET,
				  FAST_PAGE_B_OFFSET - 8,
				  FAST_PAGE_CELLS_OFFSET + 4,
				  FAST_PAGE_BYTES,
				  FAST_PAGE_BYTES + FAST_PAGE_CELLS_OFFSET,
				  UINT32_MAX - 7};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(wrong); i++) {
		assert_false(write_word(wrong[i], 1));
	}
	assert_ok(remote_page_grow(&remote));
	assert_true(write_word(FAST_PAGE_BYTES + FAST_PAGE_CELLS_OFFSET, 1));
}

static void a_report_of_uneven_length_is_refused(void **state)
{
	Fast__V1__Report report = FAST__V1__REPORT__INIT;
	uint32_t offsets[] = {FAST_PAGE_CELLS_OFFSET, FAST_PAGE_CELLS_OFFSET + 8};
	uint64_t words[] = {1, 2};

	(void)state;
	report.offsets = report.time_offsets = offsets;
	report.words = report.times = words;
	report.n_offsets = 2;
	report.n_words = 1;
	assert_false(remote_page_write(&remote, &report));
	report.n_offsets = 0;
	report.n_words = 0;
	report.n_times = 2;
	assert_false(remote_page_write(&remote, &report));
	assert_int_equal(0, word_at(FAST_PAGE_CELLS_OFFSET));
}

/* The plugin's clock began at another time than ours. */
static void times_are_of_our_clock_and_keep_their_distance(void **state)
{
	Fast__V1__Report report = FAST__V1__REPORT__INIT;
	uint32_t offsets[] = {FAST_PAGE_CELLS_OFFSET, FAST_PAGE_CELLS_OFFSET + 16,
			      FAST_PAGE_CELLS_OFFSET + 64};
	uint64_t times[] = {1000, 3500, 0};
	int64_t before_ns = fast_metric_now();

	(void)state;
	report.time_offsets = offsets;
	report.times = times;
	report.n_time_offsets = report.n_times = 3;
	report.clock_ns = 4000;
	assert_true(remote_page_write(&remote, &report));
	report.clock_ns = 999999; /* a later report, late */
	assert_true(remote_page_write(&remote, &report));
	assert_true(word_at(offsets[0]) >= (uint64_t)before_ns - 3000);
	assert_true(word_at(offsets[0]) <= (uint64_t)fast_metric_now() - 3000);
	assert_int_equal(2500, word_at(offsets[1]) - word_at(offsets[0]));
	assert_int_equal(0, word_at(offsets[2]));
}

static void knobs_are_told_once_for_each_change(void **state)
{
	static struct remote_params params;
	struct fast_page_view *view = NULL;
	const char *reason = NULL;
	const struct fast_page_value integer = {.type = FAST_PARAM_INT, .u.integer = -4};
	const struct fast_page_value text = {.type = FAST_PARAM_STRING, .string = "yolo"};
	uint64_t generation = 0;

	(void)state;
	assert_ok(remote_page_grow(&remote));
	assert_ok(fast_page_view_open(remote.maps[0].fd, &view, &reason));
	assert_ok(fast_page_view_add(view, remote.maps[1].fd, &reason));
	assert_false(remote_page_params(&remote, &params, &generation));
	fast_page_view_set(view, 2, 5, &integer);
	fast_page_view_set(view, 70, 5, &text);
	fast_page_view_commit(view);
	assert_true(remote_page_params(&remote, &params, &generation));
	assert_int_equal(2, params.params.n_slots);
	assert_int_equal(2, params.params.slots[0]->slot);
	assert_int_equal(-4, (int64_t)params.params.slots[0]->word);
	assert_int_equal(0, params.params.slots[0]->text.len);
	assert_int_equal(70, params.params.slots[1]->slot);
	assert_int_equal(5, params.params.slots[1]->revision);
	assert_memory_equal("yolo", params.params.slots[1]->text.data, 5);
	remote.generation = generation;
	assert_false(remote_page_params(&remote, &params, &generation));
	fast_page_view_close(view);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_of_region_b_are_written),
		TEST(all_others_are_refused),
		TEST(a_report_of_uneven_length_is_refused),
		TEST(times_are_of_our_clock_and_keep_their_distance),
		TEST(knobs_are_told_once_for_each_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
