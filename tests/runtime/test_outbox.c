#include "support/harness.h"

#include "random.h"
#include "rpc/limits.h"
#include "rpc/outbox.h"
#include "support/fault_alloc.h"
#include <stdlib.h>
#include <string.h>

/* What an outbox has given to the link. */
struct wire {
	uint8_t *bytes;
	size_t count;
};

static struct fast_frame *frame_of(size_t bytes, uint8_t value)
{
	uint8_t *data = malloc(bytes);
	struct fast_frame *frame = NULL;

	assert_non_null(data);
	memset(data, value, bytes);
	assert_ok(fast_frame_raw(data, bytes, &frame));
	free(data);
	return frame;
}

/* Lets the link take so many bytes of what is being sent. */
static bool transfer(struct fast_outbox *outbox, struct wire *wire, size_t bytes)
{
	size_t left = bytes;

	for (int i = outbox->iov_first; i < outbox->iov_count && left > 0; i++) {
		size_t n = outbox->iov[i].iov_len < left ? outbox->iov[i].iov_len : left;
		memcpy(wire->bytes + wire->count, outbox->iov[i].iov_base, n);
		wire->count += n;
		left -= n;
	}
	return fast_outbox_advance(outbox, bytes - left);
}

static void frames_leave_in_order_whatever_the_link_takes(void **state)
{
	static const size_t sizes[] = {1, 10, 500, 4096, 4097, 40000};
	struct fast_outbox outbox;
	struct wire wire = {.bytes = malloc(20u << 20)};
	uint8_t *expected = malloc(20u << 20);
	size_t expected_count = 0;
	uint64_t random = 7;

	(void)state;
	assert_non_null(wire.bytes);
	assert_non_null(expected);
	fast_outbox_init(&outbox, FAST_SP_TCP);
	for (unsigned i = 0; i < 1000; i++) {
		for (uint32_t n = random_below(&random, 20); n > 0; n--) {
			size_t bytes = sizes[random_below(&random, FAST_TEST_COUNT(sizes))];
			if (expected_count + bytes > 19u << 20) {
				break;
			}
			memset(expected + expected_count, (uint8_t)(i + n), bytes);
			expected_count += bytes;
			fast_outbox_push(&outbox, frame_of(bytes, (uint8_t)(i + n)));
		}
		if (fast_outbox_begin(&outbox)) {
			while (transfer(&outbox, &wire, 1 + random_below(&random, 50000))) {
			}
		}
	}
	while (fast_outbox_begin(&outbox)) {
		while (transfer(&outbox, &wire, 1000000)) {
		}
	}
	assert_int_equal(expected_count, wire.count);
	assert_memory_equal(expected, wire.bytes, expected_count);
	assert_int_equal(0, outbox.waiting_bytes);
	fast_outbox_fini(&outbox);
	free(expected);
	free(wire.bytes);
}

static void small_frames_are_joined_and_large_ones_are_not_copied(void **state)
{
	struct fast_outbox outbox;
	struct fast_frame *large = frame_of(FAST_BATCH_FRAME_BYTES_MAX + 1, 'L');

	(void)state;
	fast_outbox_init(&outbox, FAST_SP_TCP);
	for (int i = 0; i < 10; i++) {
		fast_outbox_push(&outbox, frame_of(100, 's'));
	}
	fast_outbox_push(&outbox, large);
	fast_outbox_push(&outbox, frame_of(100, 's'));
	assert_true(fast_outbox_begin(&outbox));
	assert_int_equal(3, outbox.iov_count);
	assert_int_equal(1000, outbox.iov[0].iov_len);
	assert_ptr_equal(large->bytes, outbox.iov[1].iov_base);
	assert_int_equal(100, outbox.iov[2].iov_len);
	assert_false(fast_outbox_advance(&outbox, 1000 + FAST_BATCH_FRAME_BYTES_MAX + 1 + 100));
	fast_outbox_fini(&outbox);
}

static void without_memory_for_a_batch_frames_go_one_by_one(void **state)
{
	struct fast_outbox outbox;
	struct fast_frame *frames[3];

	(void)state;
	fast_outbox_init(&outbox, FAST_SP_TCP);
	for (int i = 0; i < 3; i++) {
		frames[i] = frame_of(100, 's');
		fast_outbox_push(&outbox, frames[i]);
	}
	fault_alloc_after(0);
	assert_true(fast_outbox_begin(&outbox));
	assert_true(fault_alloc_fired());
	fault_alloc_after(-1);
	assert_int_equal(3, outbox.iov_count);
	assert_ptr_equal(frames[2]->bytes, outbox.iov[2].iov_base);
	assert_false(fast_outbox_advance(&outbox, 300));
	fast_outbox_fini(&outbox);
}

static void a_loss_tells_what_was_begun(void **state)
{
	struct fast_outbox outbox;
	struct fast_frame *frames[4];

	(void)state;
	fast_outbox_init(&outbox, FAST_SP_TCP);
	for (int i = 0; i < 4; i++) {
		frames[i] = frame_of(100, 'k');
		frames[i]->kept = true;
		if (i < 3) {
			fast_outbox_push(&outbox, frames[i]);
		}
	}
	assert_true(fast_outbox_begin(&outbox));
	fast_outbox_push(&outbox, frames[3]);
	assert_true(fast_outbox_advance(&outbox, 101)); /* one, and a byte of the second */
	fast_outbox_fail(&outbox);
	assert_int_equal(FAST_FRAME_SENT, frames[0]->state);
	assert_int_equal(FAST_FRAME_SENT, frames[1]->state);
	assert_int_equal(FAST_FRAME_IDLE, frames[2]->state);
	assert_int_equal(FAST_FRAME_IDLE, frames[3]->state);
	for (int i = 0; i < 4; i++) {
		fast_outbox_drop(&outbox, frames[i]);
	}
	fast_outbox_fini(&outbox);
}

static void a_dropped_frame_leaves_unless_it_was_begun(void **state)
{
	struct fast_outbox outbox;
	struct fast_frame *begun = frame_of(100, 'b');
	struct fast_frame *waiting = frame_of(100, 'w');

	(void)state;
	fast_outbox_init(&outbox, FAST_SP_TCP);
	begun->kept = true;
	waiting->kept = true;
	fast_outbox_push(&outbox, begun);
	assert_true(fast_outbox_begin(&outbox));
	fast_outbox_push(&outbox, waiting);
	fast_outbox_drop(&outbox, waiting);
	fast_outbox_drop(&outbox, begun); /* the link still reads from it */
	fast_outbox_drop(&outbox, NULL);
	assert_int_equal(0, outbox.waiting_count);
	assert_int_equal('b', ((const uint8_t *)outbox.iov[0].iov_base)[99]);
	assert_false(fast_outbox_advance(&outbox, 100));
	assert_false(fast_outbox_begin(&outbox));
	fast_outbox_fini(&outbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_leave_in_order_whatever_the_link_takes),
		cmocka_unit_test(small_frames_are_joined_and_large_ones_are_not_copied),
		cmocka_unit_test(without_memory_for_a_batch_frames_go_one_by_one),
		cmocka_unit_test(a_loss_tells_what_was_begun),
		cmocka_unit_test(a_dropped_frame_leaves_unless_it_was_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
