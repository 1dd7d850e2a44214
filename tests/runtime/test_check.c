#include "support/harness.h"

#include "base/arena.h"
#include "runtime/random.h"
#include "support/fault_alloc.h"
#include "wire/check.h"

#include <fast_test/node.pb-c.h>
#include <stdlib.h>
#include <string.h>

#define NODE              (&fast_test__node__descriptor)
#define MESSAGE_BYTES_MAX ((size_t)4 << 20)

static enum fast_status check(const void *data, size_t bytes, const char **reason)
{
	*reason = NULL;
	return fast_message_check(NODE, data, bytes, reason);
}

static void assert_refused(enum fast_status expected, const char *expected_reason, const void *data,
			   size_t bytes)
{
	const ProtobufCMessage *message = NULL;
	const char *reason;
	struct fast_arena arena;

	assert_status(expected, check(data, bytes, &reason));
	assert_string_equal(expected_reason, reason);
	fast_arena_init(&arena, SIZE_MAX);
	assert_status(expected, fast_message_unpack(NODE, data, bytes, &arena, &message, &reason));
	assert_string_equal(expected_reason, reason);
	assert_null(message);
	assert_int_equal(0, arena.used_bytes); /* nothing is allocated for it */
	fast_arena_fini(&arena);
}

static FastTest__Node *unpack(const void *data, size_t bytes, struct fast_arena *arena)
{
	const ProtobufCMessage *message = NULL;
	const char *reason = NULL;

	assert_ok(fast_message_unpack(NODE, data, bytes, arena, &message, &reason));
	assert_ptr_equal(NODE, message->descriptor);
	return (FastTest__Node *)(uintptr_t)message;
}

/* Field 6, nested: each level holds the next. Fills from the end of data; returns the bytes. */
static size_t nest(unsigned levels, uint8_t *data, size_t capacity)
{
	size_t at = capacity;

	for (unsigned i = 0; i < levels; i++) {
		size_t inner = capacity - at;
		uint8_t length[5];
		size_t bytes = 0;
		for (size_t rest = inner; rest >= 0x80; rest >>= 7) {
			length[bytes++] = (uint8_t)(rest | 0x80);
			inner = rest >> 7;
		}
		length[bytes++] = (uint8_t)inner;
		at -= bytes;
		memcpy(data + at, length, bytes);
		data[--at] = 0x32;
	}
	memmove(data, data + at, capacity - at);
	return capacity - at;
}

static void a_whole_message_is_taken(void **state)
{
	const uint8_t data[] = {
		0x0a, 4, 'r',  'o',  'o',  't', 0x12, 3, 0x0a, 1, 'c', 0x1a, 3,    1,    0x80, 2,
		0x18, 7, 0x22, 8,    0,    0,   0,    0, 0,    0, 0,   0x40, 0x2a, 2,    0,    0xff,
		0x3a, 2, 0xc3, 0xa9, 0x40, 3,   0x4d, 1, 2,    3, 4,   0x50, 1,    0x58, 0x2a,
	};
	struct fast_arena arena;
	FastTest__Node *node;

	(void)state;
	fast_arena_init(&arena, 100000);
	node = unpack(data, sizeof data, &arena);
	assert_string_equal("root", node->name);
	assert_int_equal(1, node->n_children);
	assert_string_equal("c", node->children[0]->name);
	assert_int_equal(3, node->n_numbers); /* packed and not, together */
	assert_int_equal(256, node->numbers[1]);
	assert_int_equal(7, node->numbers[2]);
	assert_float_equal(2.0, node->samples[0], 0);
	assert_int_equal(2, node->blob.len);
	assert_string_equal("\xc3\xa9", node->labels[0]);
	assert_int_equal(-2, node->offset);
	assert_int_equal(0x04030201, node->mark);
	assert_true(node->flag);
	assert_int_equal(42, node->limit);
	fast_arena_fini(&arena);
}

static void nothing_is_a_message_of_defaults(void **state)
{
	struct fast_arena arena;

	(void)state;
	fast_arena_init(&arena, 100000);
	assert_string_equal("", unpack(NULL, 0, &arena)->name);
	fast_arena_fini(&arena);
}

static void a_hundred_levels_are_taken_and_no_more(void **state)
{
	static const unsigned depths[] = {101, 267, 9000, 100000};
	static uint8_t data[1 << 20];
	struct fast_arena arena;
	const FastTest__Node *node;
	unsigned levels = 0;

	(void)state;
	fast_arena_init(&arena, SIZE_MAX);
	node = unpack(data, nest(FAST_MESSAGE_DEPTH_MAX, data, sizeof data), &arena);
	for (; node->only != NULL; node = node->only) {
		levels++;
	}
	assert_int_equal(FAST_MESSAGE_DEPTH_MAX, levels);
	fast_arena_fini(&arena);
	for (size_t i = 0; i < FAST_TEST_COUNT(depths); i++) {
		assert_refused(FAST_RESOURCE_EXHAUSTED, "the message is nested too deep", data,
			       nest(depths[i], data, sizeof data));
	}
}

static void megabytes_of_empty_messages_are_refused(void **state)
{
	size_t bytes = (size_t)4 << 20;
	uint8_t *data = malloc(bytes);
	const char *reason;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < bytes; i += 2) {
		data[i] = 0x12;
		data[i + 1] = 0;
	}
	assert_refused(FAST_RESOURCE_EXHAUSTED, "the message has too many fields", data, bytes);
	assert_ok(check(data, (size_t)2 * FAST_MESSAGE_NODES_MAX, &reason));
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      check(data, (size_t)2 * FAST_MESSAGE_NODES_MAX + 2, &reason));
	memset(data, 0, bytes);
	for (size_t i = 0; i < bytes; i += 3) { /* unknown ones too */
		memcpy(data + i, "\x98\x06\x01", bytes - i < 3 ? bytes - i : 3);
	}
	assert_refused(FAST_RESOURCE_EXHAUSTED, "the message has too many fields", data,
		       bytes / 3 * 3);
	free(data);
}

static void memory_is_bounded_by_what_arrived(void **state)
{
	size_t bytes = (size_t)2 * FAST_MESSAGE_NODES_MAX;
	uint8_t *data = malloc(bytes);
	const ProtobufCMessage *message = NULL;
	const char *reason;
	struct fast_arena arena;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < bytes; i += 2) {
		data[i] = 0x12;
		data[i + 1] = 0;
	}
	fast_arena_init(&arena, SIZE_MAX);
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      fast_message_unpack(NODE, data, bytes, &arena, &message, &reason));
	assert_string_equal("the message would take too much memory", reason);
	assert_true(arena.used_bytes <=
		    2 * (FAST_MESSAGE_AMPLIFICATION_MAX * bytes + FAST_MESSAGE_ARENA_BYTES_MIN));
	fast_arena_fini(&arena);
	fast_arena_init(&arena, 100); /* the caller's own cap holds as well */
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      fast_message_unpack(NODE, data, 200, &arena, &message, &reason));
	fast_arena_fini(&arena);
	free(data);
}

static void text_must_be_utf8_without_zeros(void **state)
{
	const char *wrong = "a text is not UTF-8 or has a zero byte";

	(void)state;
	assert_refused(FAST_INVALID_ARGUMENT, wrong, "\x0a\x02\xc3\x28", 4);
	assert_refused(FAST_INVALID_ARGUMENT, wrong,
		       "\x0a\x03"
		       "a\0b",
		       5);
	assert_refused(FAST_INVALID_ARGUMENT, wrong, "\x3a\x03\xed\xa0\x80", 5);
	assert_refused(FAST_INVALID_ARGUMENT, wrong, "\x12\x03\x0a\x01\xff", 5);
}

static void malformed_messages_are_refused(void **state)
{
	static const struct {
		const char *reason;
		size_t bytes;
		const char *data;
	} inputs[] = {
		{"a field has the wrong wire type", 2, "\x08\x01"},             /* name */
		{"a field has the wrong wire type", 2, "\x52\x00"},             /* flag */
		{"a field has the wrong wire type", 5, "\x45\x00\x00\x00\x00"}, /* offset */
		{"a field has the wrong wire type", 2, "\x4a\x00"},             /* mark */
		{"a number in a list is cut off or too long", 3, "\x1a\x01\x80"},
		{"a list is cut off", 5, "\x22\x03\x01\x02\x03"},
		{"a field is longer than what it is in", 3, "\x0a\x05x"},
		{"a field is longer than what it is in", 5, "\x12\x03\x0a\x02x"},
		{"a field has a wire type that is not used", 1, "\x0b"},
		{"a field number is out of range", 2, "\x02\x00"},
		{"a number is cut off or too long", 1, "\x58"},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(inputs); i++) {
		assert_refused(FAST_INVALID_ARGUMENT, inputs[i].reason, inputs[i].data,
			       inputs[i].bytes);
	}
}

static void a_message_field_that_cannot_be_merged_is_refused(void **state)
{
	const uint8_t twice[] = {0x32, 0, 0x32, 0};
	const ProtobufCMessage *message = NULL;
	const char *reason = NULL;
	struct fast_arena arena;

	(void)state;
	fast_arena_init(&arena, 100000);
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_message_unpack(NODE, twice, sizeof twice, &arena, &message, &reason));
	assert_string_equal("the message lacks a required field or repeats a single one", reason);
	assert_null(message);
	fast_arena_fini(&arena);
}

/* A usual message: a tree of some nodes with names, numbers and labels. */
static size_t tree_pack(uint64_t *random, uint8_t *out, size_t capacity)
{
	FastTest__Node nodes[20];
	FastTest__Node *children[20];
	char names[20][8];
	uint32_t numbers[20];
	size_t count = 1 + random_below(random, 19);
	size_t bytes;

	for (size_t i = 0; i < count; i++) {
		fast_test__node__init(&nodes[i]);
		memset(names[i], 0, sizeof names[i]);
		for (size_t k = random_below(random, sizeof names[i]); k > 0; k--) {
			names[i][k - 1] = (char)('a' + random_below(random, 26));
		}
		numbers[i] = (uint32_t)random_next(random);
		nodes[i].name = names[i];
		nodes[i].flag = random_below(random, 2) == 0;
		nodes[i].numbers = numbers;
		nodes[i].n_numbers = i;
		children[i] = &nodes[i];
	}
	nodes[0].n_children = count - 1;
	nodes[0].children = children + 1;
	assert_ok(fast_message_size(&nodes[0].base, capacity, &bytes));
	assert_int_equal(bytes, fast_test__node__pack(&nodes[0], out));
	return bytes;
}

static void what_passes_can_be_unpacked(void **state)
{
	static uint8_t data[8192];
	uint64_t random = 9;
	unsigned taken = 0;
	struct fast_arena arena;

	(void)state;
	fast_arena_init(&arena, 1 << 20);
	for (int i = 0; i < 30000; i++) {
		const ProtobufCMessage *message = NULL;
		const char *reason = NULL;
		size_t bytes = tree_pack(&random, data, sizeof data);
		for (uint32_t k = random_below(&random, 4); k > 0; k--) {
			data[random_below(&random, (uint32_t)bytes + 1)] =
				(uint8_t)random_next(&random);
		}
		if (check(data, bytes, &reason) == FAST_OK) {
			assert_ok(
				fast_message_unpack(NODE, data, bytes, &arena, &message, &reason));
			assert_true(protobuf_c_message_check(message));
			taken++;
		} else {
			assert_non_null(reason);
		}
		fast_arena_reset(&arena);
	}
	assert_in_range(taken, 5000, 29000);
	fast_arena_fini(&arena);
}

static void a_long_list_of_small_messages_fits(void **state)
{
	static FastTest__Node nodes[20000];
	static FastTest__Node *children[20000];
	FastTest__Node root = FAST_TEST__NODE__INIT;
	uint8_t *data = malloc(MESSAGE_BYTES_MAX);
	struct fast_arena arena;
	size_t bytes;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < FAST_TEST_COUNT(nodes); i++) {
		fast_test__node__init(&nodes[i]);
		nodes[i].mark = (uint32_t)i; /* 7 bytes that become 31 times as many */
		children[i] = &nodes[i];
	}
	root.children = children;
	root.n_children = FAST_TEST_COUNT(nodes);
	assert_ok(fast_message_size(&root.base, MESSAGE_BYTES_MAX, &bytes));
	fast_test__node__pack(&root, data);
	fast_arena_init(&arena, SIZE_MAX);
	assert_int_equal(root.n_children, unpack(data, bytes, &arena)->n_children);
	fast_arena_fini(&arena);
	free(data);
}

static void unpack_survives_each_allocation_failure(void **state)
{
	static uint8_t data[8192];
	uint64_t random = 4;
	const ProtobufCMessage *message;
	size_t bytes = tree_pack(&random, data, sizeof data);
	enum fast_status status;
	int n = 0;

	(void)state;
	do {
		struct fast_arena arena;
		const char *reason = NULL;
		message = NULL;
		fast_arena_init(&arena, 1 << 20);
		fault_alloc_after(n++);
		status = fast_message_unpack(NODE, data, bytes, &arena, &message, &reason);
		assert_status(fault_alloc_fired() ? FAST_RESOURCE_EXHAUSTED : FAST_OK, status);
		fast_arena_fini(&arena);
	} while (status != FAST_OK);
	fault_alloc_after(-1);
	assert_true(n > 1);
}

static void the_size_is_checked_before_packing(void **state)
{
	FastTest__Node node = FAST_TEST__NODE__INIT;
	FastTest__Node *children[1] = {NULL};
	size_t bytes = 0;

	(void)state;
	node.name = (char[]){"twelve bytes"};
	assert_ok(fast_message_size(&node.base, 14, &bytes));
	assert_int_equal(14, bytes);
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_message_size(&node.base, 13, &bytes));
	node.n_children = 1;
	node.children = children;
	assert_status(FAST_INVALID_ARGUMENT, fast_message_size(&node.base, 1000, &bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_message_is_taken),
		cmocka_unit_test(nothing_is_a_message_of_defaults),
		cmocka_unit_test(a_hundred_levels_are_taken_and_no_more),
		cmocka_unit_test(megabytes_of_empty_messages_are_refused),
		cmocka_unit_test(memory_is_bounded_by_what_arrived),
		cmocka_unit_test(text_must_be_utf8_without_zeros),
		cmocka_unit_test(malformed_messages_are_refused),
		cmocka_unit_test(a_message_field_that_cannot_be_merged_is_refused),
		cmocka_unit_test(what_passes_can_be_unpacked),
		cmocka_unit_test(a_long_list_of_small_messages_fits),
		cmocka_unit_test(unpack_survives_each_allocation_failure),
		cmocka_unit_test(the_size_is_checked_before_packing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
