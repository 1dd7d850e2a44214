#include "rpc/topics.h"

#include "support/fault_alloc.h"
#include "support/harness.h"
#include <stdio.h>

static struct fast_topics topics;

static int setup(void **state)
{
	(void)state;
	fast_topics_init(&topics, 1000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fast_topics_fini(&topics);
	return 0;
}

static struct fast_topic *take(unsigned number)
{
	char name[32];
	int bytes = snprintf(name, sizeof name, "topic.%u", number);
	struct fast_topic *topic = fast_topics_take(&topics, name, (size_t)bytes);

	assert_non_null(topic);
	return topic;
}

static void a_topic_keeps_its_number(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(0, take(i)->sequence);
		take(i)->sequence = i + 1;
	}
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(i + 1, take(i)->sequence);
	}
	assert_int_equal(1000, topics.count);
	assert_int_equal(0, topics.floor);
}

static void the_longest_unused_is_forgotten_but_not_how_far_it_was(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		take(i)->sequence = 10000 - i;
	}
	take(0);
	take(1000); /* 1 goes */
	assert_int_equal(1000, topics.count);
	assert_int_equal(9999, topics.floor);
	assert_int_equal(10000, take(0)->sequence);
	assert_int_equal(0, take(1)->sequence); /* 2 goes */
	assert_int_equal(9999, topics.floor);
	assert_int_equal(9997, take(3)->sequence);
}

static void without_memory_nothing_changes(void **state)
{
	(void)state;
	for (int n = 0; n < 2; n++) {
		fault_alloc_after(n);
		assert_null(fast_topics_take(&topics, "one", 3));
		fault_alloc_after(-1);
		assert_int_equal(0, topics.count);
	}
	assert_non_null(fast_topics_take(&topics, "one", 3));
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_topic_keeps_its_number),
		test(the_longest_unused_is_forgotten_but_not_how_far_it_was),
		test(without_memory_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
