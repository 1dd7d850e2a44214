/* Publishers and subscribers over every transport. */
#include "runtime/tls_world.h"

#include <fast/publisher.h>
#include <fast/subscriber.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <testing/v1/probe.pb-c.h>
#include <unistd.h>

#define MESSAGES 500

static struct fast_tls *server_tls;

static enum fast_status publisher_open(const char *endpoint, struct fast_publisher **out)
{
	return strncmp(endpoint, "tls+tcp:", 8) == 0
		       ? fast_publisher_open_tls(endpoint, server_tls, out)
		       : fast_publisher_open(endpoint, 0600, out);
}

static struct fast_subscriber *subscriber_open(const char *endpoint, struct fast_tls *tls)
{
	const struct fast_subscription subscription = {
		.prefix = "even", .message = &testing__v1__probe_response__descriptor};
	const struct fast_subscriber_options options = {.size = sizeof options, .tls = tls};
	struct fast_subscriber *subscriber = NULL;

	assert_ok(fast_subscriber_open(endpoint, &subscription, 1, &options, &subscriber));
	return subscriber;
}

static void await_subscriber(struct fast_publisher *publisher)
{
	struct fast_publisher_stats stats;

	do {
		fast_publisher_stats(publisher, &stats);
		sched_yield();
	} while (stats.subscribers == 0);
}

static void publish(struct fast_publisher *publisher)
{
	Testing__V1__ProbeResponse sample = TESTING__V1__PROBE_RESPONSE__INIT;

	for (sample.number = 1; sample.number <= MESSAGES; sample.number++) {
		assert_ok(fast_publisher_send(publisher, sample.number % 2 == 0 ? "even" : "odd",
					      &sample.base));
	}
}

static void expect_all(struct fast_subscriber *subscriber, bool is_restarted)
{
	const struct fast_publication *publication;

	for (uint32_t i = 2; i <= MESSAGES; i += 2) {
		assert_ok(fast_subscriber_next(subscriber, 20000, &publication));
		assert_string_equal("even", publication->topic);
		assert_int_equal(
			i, ((const Testing__V1__ProbeResponse *)publication->message)->number);
		assert_int_equal(i / 2, publication->sequence);
		assert_int_equal(0, publication->missed);
		assert_int_equal(is_restarted && i == 2, publication->is_restarted);
	}
}

/* The publisher goes and comes again at the same place. */
static void pass(const char *endpoint, struct fast_tls *tls)
{
	struct fast_publisher *publisher = NULL;
	struct fast_subscriber *subscriber;
	char real_endpoint[128];

	assert_ok(publisher_open(endpoint, &publisher));
	snprintf(real_endpoint, sizeof real_endpoint, "%s", fast_publisher_endpoint(publisher));
	subscriber = subscriber_open(real_endpoint, tls);
	await_subscriber(publisher);
	publish(publisher);
	expect_all(subscriber, false);
	fast_publisher_close(publisher);
	assert_ok(publisher_open(real_endpoint, &publisher));
	await_subscriber(publisher);
	publish(publisher);
	expect_all(subscriber, true);
	fast_subscriber_close(subscriber);
	fast_publisher_close(publisher);
}

static void over_unix_sockets(void **state)
{
	char endpoint[128];

	(void)state;
	snprintf(endpoint, sizeof endpoint, "ipc:///tmp/fast_subscriber_%d", (int)getpid());
	pass(endpoint, NULL);
	snprintf(endpoint, sizeof endpoint, "unix:///tmp/fast_subscriber_%d", (int)getpid());
	pass(endpoint, NULL);
	snprintf(endpoint, sizeof endpoint, "/tmp/fast_subscriber_%d.lock", (int)getpid());
	unlink(endpoint);
}

static void over_tcp(void **state)
{
	(void)state;
	pass("tcp://127.0.0.1:0", NULL);
}

static void over_tls(void **state)
{
	struct fast_tls *tls = tls_make("ca", "client");

	(void)state;
	server_tls = tls_make("ca", "server");
	pass("tls+tcp://127.0.0.1:0", tls);
	fast_tls_free(server_tls);
	fast_tls_free(tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_unix_sockets),
		cmocka_unit_test(over_tcp),
		cmocka_unit_test(over_tls),
	};

	return cmocka_run_group_tests(tests, tls_world_make, tls_world_remove);
}
