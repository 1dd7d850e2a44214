#include "support/harness.h"

#include "support/fault_alloc.h"

#include "page/map.h"
#include "page/view.h"

#include "page/atomic.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* A page as a plugin makes it, and fastd's view of it. */
struct pair {
	struct fast_page_map map;
	struct fast_page_view *view;
};

static int pair_setup(void **state)
{
	struct pair *pair = calloc(1, sizeof *pair);
	const char *reason = "unset";

	assert_non_null(pair);
	assert_ok(fast_page_map_open(&pair->map, 0));
	assert_ok(fast_page_view_open(pair->map.fd, &pair->view, &reason));
	assert_null(reason);
	*state = pair;
	return 0;
}

static int pair_teardown(void **state)
{
	struct pair *pair = *state;

	fast_page_view_close(pair->view);
	fast_page_map_close(&pair->map);
	free(pair);
	return 0;
}

static void assert_refused(int fd, const char *expected)
{
	struct fast_page_view *view = NULL;
	const char *reason = NULL;

	assert_status(FAST_INVALID_ARGUMENT, fast_page_view_open(fd, &view, &reason));
	assert_null(view);
	assert_string_equal(reason, expected);
	if (fd >= 0) {
		(void)close(fd);
	}
}

/* A memfd with this head, size and these seals. */
static int memfd_make(const struct fast_page_head *head, off_t bytes, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(0, ftruncate(fd, bytes));
	assert_int_equal(sizeof *head, pwrite(fd, head, sizeof *head, 0));
	if (seals != 0) {
		assert_int_equal(0, fcntl(fd, F_ADD_SEALS, seals));
	}
	return fd;
}

static const struct fast_page_head good_head = {
	.magic = FAST_PAGE_MAGIC,
	.version = FAST_PAGE_VERSION,
	.bytes = FAST_PAGE_BYTES,
};

static void a_descriptor_that_is_no_memfd_is_refused(void **state)
{
	const char *no_memfd = "the page is not a memfd; make it with memfd_create()";
	char path[] = "/tmp/fast-view-XXXXXX";
	int ends[2];
	int fd;

	(void)state;
	assert_refused(-1, "the page's descriptor is not open");
	assert_int_equal(0, pipe(ends));
	assert_refused(ends[0], no_memfd);
	(void)close(ends[1]);
	assert_refused(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), no_memfd);
	assert_refused(open("/dev/zero", O_RDWR | O_CLOEXEC), no_memfd);
	assert_refused(open("/tmp", O_RDONLY | O_CLOEXEC), no_memfd);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(0, unlink(path));
	assert_int_equal(0, ftruncate(fd, FAST_PAGE_BYTES));
	struct fast_page_view *view = NULL;
	const char *reason = NULL;
	/* /tmp may be a tmpfs: then the seals are what is missing. */
	assert_status(FAST_INVALID_ARGUMENT, fast_page_view_open(fd, &view, &reason));
	assert_non_null(reason);
	(void)close(fd);
}

static void a_page_that_could_shrink_or_be_unsealed_is_refused(void **state)
{
	static const int seals[] = {
		0,
		F_SEAL_SHRINK,
		F_SEAL_SHRINK | F_SEAL_GROW,
		F_SEAL_SHRINK | F_SEAL_SEAL,
		F_SEAL_GROW | F_SEAL_SEAL,
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(seals); i++) {
		assert_refused(memfd_make(&good_head, FAST_PAGE_BYTES, seals[i]),
			       "the page lacks a seal; set F_SEAL_SHRINK, F_SEAL_GROW and "
			       "F_SEAL_SEAL");
	}
	assert_refused(memfd_make(&good_head, FAST_PAGE_BYTES, ALL_SEALS | F_SEAL_WRITE),
		       "the page is sealed against writing; fastd writes params into it");
}

static void a_page_of_another_size_is_refused(void **state)
{
	static const off_t sizes[] = {4096, FAST_PAGE_BYTES - 1, FAST_PAGE_BYTES + 1,
				      2 * (off_t)FAST_PAGE_BYTES};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(sizes); i++) {
		assert_refused(memfd_make(&good_head, sizes[i], ALL_SEALS),
			       "the page has the wrong size; it must be 1048576 bytes");
	}
}

static void a_page_with_another_head_is_refused(void **state)
{
	struct fast_page_head head = good_head;

	(void)state;
	head.magic++;
	assert_refused(memfd_make(&head, FAST_PAGE_BYTES, ALL_SEALS),
		       "the page does not begin with \"FSTPAGE1\"");
	head = good_head;
	head.version = 2;
	assert_refused(memfd_make(&head, FAST_PAGE_BYTES, ALL_SEALS),
		       "the page has a layout version that fastd does not know; it knows 1");
	head = good_head;
	head.bytes = 4096;
	assert_refused(memfd_make(&head, FAST_PAGE_BYTES, ALL_SEALS),
		       "the page's head names the wrong size; it must be 1048576 bytes");
}

static void a_page_that_is_open_for_reading_only_is_refused(void **state)
{
	struct pair *pair = *state;
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", pair->map.fd);
	assert_refused(open(path, O_RDONLY | O_CLOEXEC),
		       "the page can't be mapped for reading and writing");
}

static void open_survives_each_allocation_failure(void **state)
{
	struct pair *pair = *state;
	struct fast_page_view *view = NULL;
	const char *reason = NULL;

	fault_alloc_after(0);
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_page_view_open(pair->map.fd, &view, &reason));
	assert_true(fault_alloc_fired());
	fault_alloc_after(-1);
	assert_null(view);
	assert_string_equal(reason, "fastd has no memory for the page");
}

static void only_aligned_cells_within_the_page_are_valid(void **state)
{
	const uint32_t first = FAST_PAGE_CELLS_OFFSET;
	const uint32_t heartbeat = sizeof(struct fast_page_heartbeat);

	(void)state;
	assert_true(fast_page_cell_valid(FAST_METRIC_COUNTER, first));
	assert_true(fast_page_cell_valid(FAST_METRIC_COUNTER, FAST_PAGE_BYTES - 64));
	assert_true(fast_page_cell_valid(FAST_METRIC_HEARTBEAT, FAST_PAGE_BYTES - heartbeat));
	assert_false(fast_page_cell_valid(FAST_METRIC_HEARTBEAT, FAST_PAGE_BYTES - heartbeat + 64));
	assert_false(fast_page_cell_valid(FAST_METRIC_COUNTER, FAST_PAGE_BYTES));
	assert_false(fast_page_cell_valid(FAST_METRIC_COUNTER, UINT32_MAX - 63));
	assert_false(fast_page_cell_valid(FAST_METRIC_COUNTER, first - 64));
	assert_false(fast_page_cell_valid(FAST_METRIC_COUNTER, first + 8));
	assert_false(fast_page_cell_valid(FAST_METRIC_COUNTER, 0));
	assert_false(fast_page_cell_valid(FAST_METRIC_UNDECLARED, first));
	assert_false(fast_page_cell_valid((enum fast_metric_kind)8, first));
	assert_false(fast_page_cell_valid((enum fast_metric_kind) - 1, first));
}

/* Whatever was read can be used: sums are finite, min and max in order or NaN. */
static void assert_sane(const struct fast_cell_reading *reading)
{
	const struct fast_distribution *distribution = &reading->distribution;
	double median = fast_distribution_quantile(distribution, 0.5);
	struct fast_distribution difference;

	assert_true(isfinite(distribution->sum));
	assert_true(isfinite(reading->work));
	assert_true(isnan(distribution->min) || distribution->min <= distribution->max);
	assert_true(isnan(median) || isfinite(median));
	assert_true(reading->last_ns >= 0);
	fast_distribution_difference(distribution, distribution, &difference);
	assert_int_equal(0, difference.count);
}

static void scribbled_bytes_never_crash_the_reader(void **state)
{
	struct pair *pair = *state;
	struct fast_cell_reading reading = {.count = 0};
	uint32_t random_state = 1;

	for (int round = 0; round < 20; round++) {
		for (uint32_t at = FAST_PAGE_B_OFFSET; at < FAST_PAGE_BYTES; at++) {
			random_state = random_state * 1664525 + 1013904223;
			pair->map.base[at] =
				round == 0 ? 0xff : (unsigned char)(random_state >> 24);
		}
		for (int kind = FAST_METRIC_COUNTER; kind <= FAST_METRIC_HEARTBEAT; kind++) {
			for (uint32_t at = FAST_PAGE_CELLS_OFFSET; at < FAST_PAGE_BYTES;
			     at += 64 * 37) {
				if (fast_page_cell_valid((enum fast_metric_kind)kind, at)) {
					fast_page_view_read(pair->view, (enum fast_metric_kind)kind,
							    at, &reading);
					assert_sane(&reading);
				}
			}
		}
		for (uint32_t slot = 0; slot < FAST_PAGE_PARAMS_MAX; slot++) {
			(void)fast_page_view_ack(pair->view, slot);
		}
	}
}

static void a_hole_punched_into_the_page_reads_as_zero(void **state)
{
	struct pair *pair = *state;
	struct fast_cell_reading reading = {.count = 0};
	uint32_t offset = FAST_PAGE_CELLS_OFFSET;
	uint64_t *count = (uint64_t *)(void *)(pair->map.base + offset);

	page_store(count, 17);
	fast_page_view_read(pair->view, FAST_METRIC_COUNTER, offset, &reading);
	assert_int_equal(17, reading.count);
	assert_int_equal(0, fallocate(pair->map.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				      FAST_PAGE_B_OFFSET, FAST_PAGE_B_BYTES));
	fast_page_view_read(pair->view, FAST_METRIC_COUNTER, offset, &reading);
	assert_int_equal(0, reading.count);
}

static void sets_become_visible_together_at_the_commit(void **state)
{
	struct pair *pair = *state;
	const struct fast_page_params *params = fast_page_map_params(&pair->map);
	struct fast_page_value integer = {.type = FAST_PARAM_INT, .u.integer = -5};
	struct fast_page_value text = {.type = FAST_PARAM_STRING, .string = "fast"};

	fast_page_view_set(pair->view, 3, 1, &integer);
	fast_page_view_set(pair->view, 63, 2, &text);
	assert_int_equal(0, page_load(&params->generation));
	assert_int_equal(0, page_load(&params->bank[1][3].revision));
	fast_page_view_commit(pair->view);
	assert_int_equal(1, page_load(&params->generation));
	assert_int_equal(1, params->wake);
	assert_int_equal(1, page_load(&params->bank[1][3].revision));
	assert_int_equal((uint64_t)-5, page_load(&params->bank[1][3].value));
	assert_int_equal(4, page_load(&params->bank[1][63].value));
	assert_memory_equal("fast\0\0\0\0", &params->bank[1][63].string[0], 8);
	assert_int_equal(0, page_load(&params->bank[0][3].revision));

	integer.u.integer = 6;
	fast_page_view_set(pair->view, 3, 3, &integer);
	fast_page_view_commit(pair->view);
	assert_int_equal(2, page_load(&params->generation));
	assert_int_equal(6, page_load(&params->bank[0][3].value));
	assert_int_equal(4, page_load(&params->bank[0][63].value)); /* a bank is whole */
}

static void a_new_view_goes_on_from_the_generation_that_it_finds(void **state)
{
	struct pair *pair = *state;
	const struct fast_page_params *params = fast_page_map_params(&pair->map);
	const char *reason = NULL;

	fast_page_view_commit(pair->view);
	fast_page_view_commit(pair->view);
	fast_page_view_commit(pair->view);
	fast_page_view_close(pair->view);
	assert_ok(fast_page_view_open(pair->map.fd, &pair->view, &reason));
	fast_page_view_commit(pair->view);
	assert_int_equal(4, page_load(&params->generation));
	assert_int_equal(4, params->wake); /* a sleeper who knows 3 wakes up */
}

static void a_string_without_an_end_is_cut_at_64_bytes(void **state)
{
	struct pair *pair = *state;
	const struct fast_page_params *params = fast_page_map_params(&pair->map);
	struct fast_page_value text = {.type = FAST_PARAM_ENUM};

	memset(text.string, 'x', sizeof text.string);
	fast_page_view_set(pair->view, 0, 1, &text);
	fast_page_view_commit(pair->view);
	assert_int_equal(64, page_load(&params->bank[1][0].value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_descriptor_that_is_no_memfd_is_refused),
		cmocka_unit_test(a_page_that_could_shrink_or_be_unsealed_is_refused),
		cmocka_unit_test(a_page_of_another_size_is_refused),
		cmocka_unit_test(a_page_with_another_head_is_refused),
		cmocka_unit_test_setup_teardown(a_page_that_is_open_for_reading_only_is_refused,
						pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(open_survives_each_allocation_failure, pair_setup,
						pair_teardown),
		cmocka_unit_test(only_aligned_cells_within_the_page_are_valid),
		cmocka_unit_test_setup_teardown(scribbled_bytes_never_crash_the_reader, pair_setup,
						pair_teardown),
		cmocka_unit_test_setup_teardown(a_hole_punched_into_the_page_reads_as_zero,
						pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(sets_become_visible_together_at_the_commit,
						pair_setup, pair_teardown),
		cmocka_unit_test_setup_teardown(
			a_new_view_goes_on_from_the_generation_that_it_finds, pair_setup,
			pair_teardown),
		cmocka_unit_test_setup_teardown(a_string_without_an_end_is_cut_at_64_bytes,
						pair_setup, pair_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
