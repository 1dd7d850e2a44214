#include "subscriber_world.h"

#include "support/fault_alloc.h"
#include <fast/v1/packet.pb-c.h>

static int setup(void **state)
{
	(void)state;
	pub_sub_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pub_sub_close();
	return 0;
}

static void what_fits_is_given_typed_and_in_order(void **state)
{
	(void)state;
	pub_sub_subscribe("metric.a", NULL);
	pub_sub_publish("metric.a.fps", 1, 3);
	pub_sub_publish("metric.b.fps", 1, 3);
	pub_sub_publish("metric.a.acc", 1, 1);
	for (uint32_t i = 1; i <= 3; i++) {
		pub_sub_expect("metric.a.fps", i, 0);
	}
	pub_sub_expect("metric.a.acc", 1, 0); /* each topic counts for itself */
	pub_sub_expect_nothing();
	assert_int_equal(4, pub_sub_stats().received);
	assert_int_equal(0, pub_sub_stats().missed);
}

static void each_prefix_has_its_own_kind(void **state)
{
	const struct fast_subscription subscriptions[] = {
		{"raw.", NULL}, {"", &testing__v1__probe_response__descriptor}};
	const struct fast_publication *publication;

	(void)state;
	pub_sub_subscribe_with(subscriptions, 2, NULL);
	pub_sub_publish("raw.x", 5, 5);
	pub_sub_publish("x", 6, 6);
	publication = pub_sub_next();
	assert_string_equal("raw.x", publication->topic);
	assert_null(publication->message);
	assert_int_equal(2, publication->payload_bytes);
	assert_memory_equal("\x08\x05", publication->payload, 2);
	pub_sub_expect("x", 6, 0);
}

static void what_was_published_meanwhile_is_missed(void **state)
{
	struct fast_publisher *publisher = world.publisher;

	(void)state;
	pub_sub_subscribe("", NULL);
	pub_sub_publish("a", 1, 3);
	pub_sub_publish("b", 1, 1);
	world.publisher = NULL;
	pub_sub_lose_connection();
	assert_false(pub_sub_stats().is_connected);
	world.publisher = publisher;
	pub_sub_publish("a", 4, 6); /* nobody hears them */
	pub_sub_run(100);
	assert_true(pub_sub_stats().is_connected);
	pub_sub_publish("a", 7, 7);
	pub_sub_publish("b", 2, 2);
	for (uint32_t i = 1; i <= 3; i++) {
		pub_sub_expect("a", i, 0);
	}
	pub_sub_expect("b", 1, 0);
	pub_sub_expect("a", 7, 3);
	pub_sub_expect("b", 2, 0);
	assert_int_equal(3, pub_sub_stats().missed);
	assert_int_equal(2, pub_sub_stats().connections);
}

static void a_publisher_that_restarts_is_told_of(void **state)
{
	const struct fast_publication *publication;
	uint64_t boot_id;

	(void)state;
	pub_sub_subscribe("", NULL);
	pub_sub_publish("a", 1, 3);
	pub_sub_expect("a", 1, 0);
	pub_sub_expect("a", 2, 0);
	publication = pub_sub_next();
	assert_false(publication->is_restarted);
	boot_id = publication->boot_id;
	pub_sub_stop_publisher();
	pub_sub_run(5000);
	pub_sub_start_publisher();
	pub_sub_run(5000);
	pub_sub_publish("a", 9, 9);
	publication = pub_sub_next();
	assert_true(publication->is_restarted);
	assert_int_equal(0, publication->missed);
	assert_int_equal(1, publication->sequence);
	assert_true(publication->boot_id != boot_id);
	pub_sub_publish("a", 10, 10);
	assert_false(pub_sub_next()->is_restarted);
}

static void a_slow_reader_loses_the_oldest_and_is_told_how_many(void **state)
{
	const struct fast_subscriber_options options = {.size = sizeof options, .queue_max = 10};

	(void)state;
	pub_sub_subscribe("", &options);
	pub_sub_publish("a", 1, 1);
	pub_sub_expect("a", 1, 0);
	pub_sub_publish("a", 2, 101);
	pub_sub_expect("a", 92, 90);
	for (uint32_t i = 93; i <= 101; i++) {
		pub_sub_expect("a", i, 0);
	}
	pub_sub_expect_nothing();
	assert_int_equal(90, pub_sub_stats().dropped);
	assert_int_equal(90, pub_sub_stats().missed);
}

static void note(const struct fast_publication *publication, void *arg)
{
	assert_ptr_equal(&world, arg);
	assert_non_null(publication->message);
	world.told++;
	world.told_missed += publication->missed;
}

static void a_callback_gets_them_too(void **state)
{
	const struct fast_subscriber_options options = {
		.size = sizeof options, .fn = note, .arg = &world};
	const struct fast_publication *publication;
	struct fast_publisher *publisher = world.publisher;

	(void)state;
	pub_sub_subscribe("", &options);
	pub_sub_publish("a", 1, 500);
	assert_int_equal(500, world.told);
	assert_status(FAST_FAILED_PRECONDITION,
		      fast_subscriber_next(world.subscriber, 0, &publication));
	world.publisher = NULL;
	pub_sub_lose_connection();
	world.publisher = publisher;
	pub_sub_publish("a", 501, 510);
	pub_sub_run(100);
	pub_sub_publish("a", 511, 511);
	assert_int_equal(501, world.told);
	assert_int_equal(10, world.told_missed);
}

static void what_does_not_fit_its_kind_is_counted_and_left_out(void **state)
{
	const struct fast_subscription subscriptions[] = {
		{"a", &fast__v1__metadata_entry__descriptor},
		{"", &testing__v1__probe_response__descriptor}};

	(void)state;
	pub_sub_subscribe_with(subscriptions, 2, NULL);
	pub_sub_publish("a", 1, 2); /* a number where a text is expected */
	pub_sub_publish("b", 3, 3);
	pub_sub_expect("b", 3, 0);
	assert_int_equal(2, pub_sub_stats().malformed);
}

static void a_publisher_that_is_not_there_is_asked_ever_less(void **state)
{
	(void)state;
	pub_sub_stop_publisher();
	pub_sub_subscribe("", NULL);
	for (int i = 0; i < 600; i++) {
		pub_sub_run(100);
	}
	/* In a minute, in the end 480 to 800 ms apart, give or take a step of the clock. */
	assert_in_range(world.dials, 65, 131);
	pub_sub_start_publisher();
	pub_sub_run(3000);
	pub_sub_publish("a", 1, 1);
	pub_sub_expect("a", 1, 0);
}

static void silence_is_taken_for_a_loss_where_that_was_asked_for(void **state)
{
	const struct fast_subscriber_options options = {.size = sizeof options, .silence_ms = 1000};

	(void)state;
	pub_sub_subscribe("", &options);
	for (int i = 0; i < 10; i++) {
		pub_sub_run(900);
		pub_sub_publish("a", 1, 1);
	}
	assert_int_equal(1, pub_sub_stats().connections);
	pub_sub_run(1001);
	pub_sub_run(100);
	assert_int_equal(2, pub_sub_stats().connections);
	pub_sub_publish("a", 1, 1);
	assert_int_equal(11, pub_sub_stats().received);
}

static void a_cancelled_reader_stays_cancelled(void **state)
{
	const struct fast_publication *publication;

	(void)state;
	pub_sub_subscribe("", NULL);
	pub_sub_publish("a", 1, 1);
	fast_subscriber_cancel(world.subscriber);
	assert_status(FAST_CANCELLED, fast_subscriber_next(world.subscriber, -1, &publication));
	assert_status(FAST_CANCELLED, fast_subscriber_next(world.subscriber, -1, &publication));
}

/* True: an allocation failed. */
static bool subscribe_once(int n)
{
	const struct fast_subscription subscription = {
		.prefix = "", .message = &testing__v1__probe_response__descriptor};
	const struct fast_publication *publication = NULL;
	Testing__V1__ProbeResponse sample = TESTING__V1__PROBE_RESPONSE__INIT;
	enum fast_status status;
	bool has_fired;

	world.subscriber = NULL;
	fault_alloc_after(n);
	status = fast_subscriber_open_with(&subscription, 1, NULL, world.timers, &pub_sub_dial_ops,
					   NULL, &world.subscriber);
	if (status != FAST_OK) {
		has_fired = fault_alloc_fired();
		fault_alloc_after(-1);
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(world.subscriber);
		return has_fired;
	}
	pub_sub_run(100);
	assert_true(fast_publisher_send(world.publisher, "a", &sample.base) == FAST_OK ||
		    fault_alloc_fired());
	pub_sub_run(100);
	status = fast_subscriber_next(world.subscriber, 0, &publication);
	has_fired = fault_alloc_fired();
	fault_alloc_after(-1);
	assert_true(has_fired || status == FAST_OK);
	/* What failed has healed. */
	pub_sub_run(5000);
	pub_sub_publish("a", 2, 2);
	assert_ok(fast_subscriber_next(world.subscriber, 0, &publication));
	fast_subscriber_close(world.subscriber);
	world.subscriber = NULL;
	pub_sub_run(100);
	return has_fired;
}

static void it_heals_whatever_fails(void **state)
{
	int n = 0;

	(void)state;
	while (subscribe_once(n++)) {
	}
	assert_true(n > 10);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_fits_is_given_typed_and_in_order),
		test(each_prefix_has_its_own_kind),
		test(what_was_published_meanwhile_is_missed),
		test(a_publisher_that_restarts_is_told_of),
		test(a_slow_reader_loses_the_oldest_and_is_told_how_many),
		test(a_callback_gets_them_too),
		test(what_does_not_fit_its_kind_is_counted_and_left_out),
		test(a_publisher_that_is_not_there_is_asked_ever_less),
		test(silence_is_taken_for_a_loss_where_that_was_asked_for),
		test(a_cancelled_reader_stays_cancelled),
		test(it_heals_whatever_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
