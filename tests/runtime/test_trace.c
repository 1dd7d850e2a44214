#include "support/harness.h"

#include "base/arena.h"
#include "wire/context.h"

#include <fast/v1/packet.pb-c.h>
#include <string.h>

/* The examples of the recommendation, W3C Trace Context, section 3.2. */
#define SAMPLED     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define NOT_SAMPLED "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

static const uint8_t example_id[] = {0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
				     0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36};
static const uint8_t example_span[] = {0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7};

static void the_examples_of_the_recommendation_read_and_write_the_same(void **state)
{
	struct fast_trace trace;
	char text[FAST_TRACE_TEXT_BYTES];

	(void)state;
	assert_ok(fast_trace_parse(SAMPLED, &trace));
	assert_memory_equal(example_id, trace.id, sizeof example_id);
	assert_memory_equal(example_span, trace.span, sizeof example_span);
	assert_int_equal(FAST_TRACE_SAMPLED, trace.flags);
	assert_null(trace.state);
	fast_trace_format(&trace, text);
	assert_string_equal(SAMPLED, text);

	assert_ok(fast_trace_parse(NOT_SAMPLED, &trace));
	assert_int_equal(0, trace.flags);
	fast_trace_format(&trace, text);
	assert_string_equal(NOT_SAMPLED, text);
}

static void what_is_no_traceparent_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"00",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
		"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
		"00 4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later",
		"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.x",
		" 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	};
	struct fast_trace trace;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(wrong); i++) {
		if (fast_trace_parse(wrong[i], &trace) != FAST_INVALID_ARGUMENT) {
			fail_msg("taken: %s", wrong[i]);
		}
	}
}

static void a_later_version_is_read_as_far_as_it_is_known(void **state)
{
	struct fast_trace trace;
	char text[FAST_TRACE_TEXT_BYTES];

	(void)state;
	assert_ok(fast_trace_parse("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more",
				   &trace));
	assert_int_equal(FAST_TRACE_SAMPLED, trace.flags);
	fast_trace_format(&trace, text);
	assert_string_equal(SAMPLED, text);
}

static void a_new_span_stays_in_its_trace_and_no_two_are_alike(void **state)
{
	struct fast_trace parent;
	struct fast_trace child;
	struct fast_trace root;

	(void)state;
	assert_ok(fast_trace_parse(NOT_SAMPLED, &parent));
	parent.state = "vendor=1";
	fast_trace_new(&parent, &child);
	assert_true(fast_trace_is_valid(&child));
	assert_memory_equal(parent.id, child.id, sizeof child.id);
	assert_memory_not_equal(parent.span, child.span, sizeof child.span);
	assert_int_equal(0, child.flags);
	assert_string_equal("vendor=1", child.state);

	fast_trace_new(NULL, &root);
	assert_true(fast_trace_is_valid(&root));
	assert_int_equal(FAST_TRACE_SAMPLED, root.flags);
	fast_trace_new(NULL, &child);
	assert_memory_not_equal(root.id, child.id, sizeof child.id);
}

static bool unpack(const Fast__V1__TraceContext *message, struct fast_trace *out)
{
	static struct fast_arena arena;
	uint8_t packed[1024];
	struct fast_span span = {packed, fast__v1__trace_context__pack(message, packed)};

	fast_arena_fini(&arena);
	fast_arena_init(&arena, 1024);
	return fast_trace_unpack(span, &arena, out);
}

static void a_trace_travels_as_the_schema_says(void **state)
{
	Fast__V1__TraceContext *message;
	uint8_t packed[FAST_TRACE_PACKED_BYTES_MAX];
	struct fast_trace trace;
	struct fast_trace read;

	(void)state;
	assert_ok(fast_trace_parse(SAMPLED, &trace));
	trace.state = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
	message = fast__v1__trace_context__unpack(NULL, fast_trace_pack(&trace, packed), packed);
	assert_non_null(message);
	assert_int_equal(sizeof example_id, message->trace_id.len);
	assert_memory_equal(example_id, message->trace_id.data, sizeof example_id);
	assert_memory_equal(example_span, message->parent_id.data, sizeof example_span);
	assert_int_equal(1, message->flags);
	assert_string_equal(trace.state, message->state);

	assert_true(unpack(message, &read));
	assert_memory_equal(example_id, read.id, sizeof example_id);
	assert_memory_equal(example_span, read.span, sizeof example_span);
	assert_string_equal(trace.state, read.state);

	message->parent_id.len = 7;
	assert_false(unpack(message, &read));
	message->parent_id.len = 8;
	memset(message->trace_id.data, 0, 16);
	assert_false(unpack(message, &read));
	message->trace_id.data[0] = 1;
	assert_true(unpack(message, &read));
	message->state[0] = '\n';
	assert_false(unpack(message, &read));
	fast__v1__trace_context__free_unpacked(message, NULL);
	assert_false(unpack(&(Fast__V1__TraceContext)FAST__V1__TRACE_CONTEXT__INIT, &read));
}

static void a_state_beyond_its_limit_makes_no_trace(void **state)
{
	char text[FAST_TRACE_STATE_BYTES_MAX + 2];
	struct fast_trace trace;

	(void)state;
	assert_ok(fast_trace_parse(SAMPLED, &trace));
	memset(text, 'x', sizeof text);
	text[FAST_TRACE_STATE_BYTES_MAX] = 0;
	trace.state = text;
	assert_true(fast_trace_is_valid(&trace));
	text[FAST_TRACE_STATE_BYTES_MAX] = 'x';
	text[FAST_TRACE_STATE_BYTES_MAX + 1] = 0;
	assert_false(fast_trace_is_valid(&trace));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_recommendation_read_and_write_the_same),
		cmocka_unit_test(what_is_no_traceparent_is_refused),
		cmocka_unit_test(a_later_version_is_read_as_far_as_it_is_known),
		cmocka_unit_test(a_new_span_stays_in_its_trace_and_no_two_are_alike),
		cmocka_unit_test(a_trace_travels_as_the_schema_says),
		cmocka_unit_test(a_state_beyond_its_limit_makes_no_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
