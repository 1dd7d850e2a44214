#include "support/harness.h"

#include "rpc/input.h"
#include "rpc/limits.h"
#include "support/fault_alloc.h"
#include <stdlib.h>
#include <string.h>

static const struct fast_input_rules rules = {
	.framing = FAST_SP_TCP, .peer = FAST_SP_REQ, .message_bytes_max = 4 << 20};

struct taken {
	unsigned count;
	size_t bytes; /* of the newest message */
	uint8_t first;
	bool refuses;
};

static bool take_message(void *arg, const uint8_t *message, size_t bytes)
{
	struct taken *taken = arg;

	taken->count++;
	taken->bytes = bytes;
	taken->first = message[0];
	return !taken->refuses;
}

/* Feeds bytes in pieces of at most piece. */
static enum fast_status feed(struct fast_input *input, const uint8_t *bytes, size_t count,
			     size_t piece, struct taken *taken)
{
	while (count > 0) {
		size_t room_bytes;
		void *room = fast_input_room(input, &room_bytes);
		size_t n = count < piece ? count : piece;
		n = n < room_bytes ? n : room_bytes;
		memcpy(room, bytes, n);
		enum fast_status status = fast_input_take(input, n, &rules, take_message, taken);
		if (status != FAST_OK) {
			return status;
		}
		bytes += n;
		count -= n;
	}
	return FAST_OK;
}

/* Hello, then count messages of so many bytes, all but the first of them zero. */
static uint8_t *make_stream(unsigned count, size_t message_bytes, size_t *bytes)
{
	uint8_t *stream = calloc(1, FAST_SP_HELLO_BYTES + count * (8 + message_bytes));
	uint8_t *at = stream;

	assert_non_null(stream);
	fast_sp_hello_write(FAST_SP_REQ, at);
	at += FAST_SP_HELLO_BYTES;
	for (unsigned i = 0; i < count; i++) {
		at += fast_sp_prefix_write(FAST_SP_TCP, message_bytes, at);
		at[0] = (uint8_t)(i + 1);
		at += message_bytes;
	}
	*bytes = (size_t)(at - stream);
	return stream;
}

static void messages_come_whole_in_whatever_pieces(void **state)
{
	static const size_t pieces[] = {1, 2, 7, 8, 9, 100, 65536};
	size_t bytes;
	uint8_t *stream = make_stream(50, 33, &bytes);

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(pieces); i++) {
		struct fast_input input;
		struct taken taken = {.count = 0};
		assert_ok(fast_input_init(&input));
		assert_ok(feed(&input, stream, bytes, pieces[i], &taken));
		assert_int_equal(50, taken.count);
		assert_int_equal(50, taken.first);
		assert_int_equal(33, taken.bytes);
		assert_int_equal(0, input.filled);
		fast_input_fini(&input);
	}
	free(stream);
}

/* So many receives of a short message each. */
static void feed_small(struct fast_input *input, unsigned count)
{
	size_t bytes;
	uint8_t *stream = make_stream(1, 10, &bytes);
	struct taken taken = {.count = 0};

	for (unsigned i = 0; i < count; i++) {
		assert_ok(feed(input, stream + FAST_SP_HELLO_BYTES, bytes - FAST_SP_HELLO_BYTES,
			       100, &taken));
	}
	assert_int_equal(count, taken.count);
	free(stream);
}

static void the_buffer_grows_as_bytes_come_and_shrinks_again(void **state)
{
	struct fast_input input;
	struct taken taken = {.count = 0};
	size_t bytes;
	uint8_t *stream = make_stream(1, 1000000, &bytes);

	(void)state;
	assert_ok(fast_input_init(&input));
	assert_ok(feed(&input, stream, 100, 100, &taken));
	assert_int_equal(FAST_INPUT_BYTES, input.capacity); /* a length alone gets nothing */
	assert_ok(feed(&input, stream + 100, bytes - 101, 4096, &taken));
	assert_true(input.capacity > FAST_INPUT_BYTES && input.capacity <= bytes);
	assert_int_equal(0, taken.count);
	assert_ok(feed(&input, stream + bytes - 1, 1, 1, &taken));
	assert_int_equal(1, taken.count);
	assert_int_equal(1000000, taken.bytes);
	free(stream);
	feed_small(&input, FAST_INPUT_KEPT_RECEIVES - 1);
	assert_true(input.capacity > FAST_INPUT_BYTES); /* another may follow */
	feed_small(&input, 1);
	assert_int_equal(FAST_INPUT_BYTES, input.capacity);
	fast_input_fini(&input);
}

static void long_messages_one_after_the_other_share_a_buffer(void **state)
{
	struct fast_input input;
	struct taken taken = {.count = 0};
	const uint8_t *data = NULL;
	size_t bytes;
	uint8_t *stream = make_stream(2 * FAST_INPUT_KEPT_RECEIVES, 1000000, &bytes);

	(void)state;
	assert_ok(fast_input_init(&input));
	assert_ok(feed(&input, stream, FAST_SP_HELLO_BYTES, 8, &taken));
	for (unsigned i = 0; i < 2 * FAST_INPUT_KEPT_RECEIVES; i++) {
		assert_ok(feed(&input, stream + FAST_SP_HELLO_BYTES + (size_t)i * 1000008, 1000008,
			       1000008, &taken));
		assert_int_equal(i + 1, taken.count);
		assert_true(data == NULL || data == input.data);
		data = input.data;
	}
	free(stream);
	fast_input_fini(&input);
}

static void what_is_kept_for_messages_that_may_follow_has_a_limit(void **state)
{
	enum { INPUTS = 2 * (FAST_INPUT_KEPT_BYTES_MAX / 1000000) };
	static struct fast_input inputs[INPUTS];
	struct taken taken = {.count = 0};
	size_t capacity = 0;
	size_t bytes;
	uint8_t *stream = make_stream(1, 1000000, &bytes);

	(void)state;
	for (unsigned i = 0; i < INPUTS; i++) {
		assert_ok(fast_input_init(&inputs[i]));
		assert_ok(feed(&inputs[i], stream, bytes, bytes, &taken));
		capacity += inputs[i].capacity > FAST_INPUT_BYTES ? inputs[i].capacity : 0;
	}
	assert_in_range(capacity, FAST_INPUT_KEPT_BYTES_MAX / 2, FAST_INPUT_KEPT_BYTES_MAX);
	for (unsigned i = 0; i < INPUTS; i++) {
		fast_input_fini(&inputs[i]);
	}
	/* What was given back may be kept by others. */
	assert_ok(fast_input_init(&inputs[0]));
	assert_ok(feed(&inputs[0], stream, bytes, bytes, &taken));
	assert_true(inputs[0].capacity > FAST_INPUT_BYTES);
	fast_input_fini(&inputs[0]);
	free(stream);
}

static void a_message_that_gets_no_memory_is_refused(void **state)
{
	struct fast_input input;
	struct taken taken = {.count = 0};
	size_t bytes;
	uint8_t *stream = make_stream(1, 1000000, &bytes);

	(void)state;
	assert_ok(fast_input_init(&input));
	fault_alloc_after(0);
	assert_status(FAST_RESOURCE_EXHAUSTED, feed(&input, stream, bytes, 65536, &taken));
	assert_true(fault_alloc_fired());
	fault_alloc_after(-1);
	free(stream);
	fast_input_fini(&input);
}

static void the_reader_may_refuse_a_message(void **state)
{
	struct fast_input input;
	struct taken taken = {.refuses = true};
	size_t bytes;
	uint8_t *stream = make_stream(3, 5, &bytes);

	(void)state;
	assert_ok(fast_input_init(&input));
	assert_status(FAST_CANCELLED, feed(&input, stream, bytes, bytes, &taken));
	assert_int_equal(1, taken.count);
	free(stream);
	fast_input_fini(&input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_whole_in_whatever_pieces),
		cmocka_unit_test(the_buffer_grows_as_bytes_come_and_shrinks_again),
		cmocka_unit_test(long_messages_one_after_the_other_share_a_buffer),
		cmocka_unit_test(what_is_kept_for_messages_that_may_follow_has_a_limit),
		cmocka_unit_test(a_message_that_gets_no_memory_is_refused),
		cmocka_unit_test(the_reader_may_refuse_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
