/* Clients of several endpoints. */
#include "rpc_real.h"

#include "rpc/endpoints.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MINUTE_NS (INT64_C(60) * 1000000000)

static size_t next_of(struct fast_turn *turn)
{
	size_t index = 99;

	return fast_turn_next(turn, &index) ? index : 99;
}

static void each_endpoint_of_a_round_is_tried_once_in_order(void **state)
{
	struct fast_turn turn = {.count = 3};

	(void)state;
	assert_int_equal(0, fast_turn_begin(&turn, 0));
	assert_int_equal(1, next_of(&turn));
	assert_int_equal(2, next_of(&turn));
	assert_int_equal(99, next_of(&turn));
	assert_int_equal(0, fast_turn_begin(&turn, 0));
}

static void what_worked_is_tried_first_for_a_minute(void **state)
{
	struct fast_turn turn = {.count = 3};

	(void)state;
	assert_int_equal(0, fast_turn_begin(&turn, 0));
	fast_turn_stay(&turn, 2, 1000);
	assert_int_equal(2, fast_turn_begin(&turn, MINUTE_NS));
	fast_turn_stay(&turn, 2, MINUTE_NS); /* the minute is that of the first time */
	assert_int_equal(2, fast_turn_begin(&turn, MINUTE_NS + 999));
	assert_int_equal(0, next_of(&turn));
	assert_int_equal(1, next_of(&turn));
	assert_int_equal(99, next_of(&turn));
	assert_int_equal(0, fast_turn_begin(&turn, MINUTE_NS + 1000));
	assert_int_equal(1, next_of(&turn));
}

static void a_list_is_known_by_its_schemes(void **state)
{
	(void)state;
	assert_true(fast_endpoints_are_many("ipc:///a,tls+tcp://b:5000"));
	assert_true(fast_endpoints_are_many("ipc:///a,b,ipc:///c"));
	assert_false(fast_endpoints_are_many("ipc:///a,b"));
	assert_false(fast_endpoints_are_many("ipc:///a,"));
	assert_false(fast_endpoints_are_many("ipc:///a,://b"));
	assert_false(fast_endpoints_are_many(""));
}

static void lists_that_cannot_be_are_refused(void **state)
{
	char many[512] = "";
	char lengthy[300];
	struct fast_client *client = NULL;

	(void)state;
	assert_status(FAST_INVALID_ARGUMENT, fast_client_open("ipc:///a,http://b", NULL, &client));
	assert_status(FAST_FAILED_PRECONDITION,
		      fast_client_open("ipc:///a,tls+tcp://b:5000", NULL, &client));
	for (int i = 0; i <= FAST_CLIENT_ENDPOINTS_MAX; i++) {
		snprintf(many + strlen(many), sizeof many - strlen(many), "%sipc:///a%d",
			 i == 0 ? "" : ",", i);
	}
	assert_status(FAST_INVALID_ARGUMENT, fast_client_open(many, NULL, &client));
	snprintf(lengthy, sizeof lengthy, "ipc:///a,ipc:///%0200d", 0);
	assert_status(FAST_INVALID_ARGUMENT, fast_client_open(lengthy, NULL, &client));
	assert_null(client);
}

/* A client of both, in this order. */
static struct fast_client *client_of(const struct real *first, const struct real *second)
{
	char endpoints[256];

	snprintf(endpoints, sizeof endpoints, "%s,%s", first->endpoint, second->endpoint);
	return real_client(endpoints);
}

static void the_next_endpoint_serves_where_the_first_does_not(void **state)
{
	struct real first;
	struct real second;
	struct fast_client *client;

	(void)state;
	real_open(&first, NULL, 0);
	real_open(&second, NULL, 0);
	client = client_of(&first, &second);
	assert_ok(real_echo(client, 1, 5000, NULL));
	assert_int_equal(1, gate_count(&first.entered));
	real_stop(&first);
	assert_ok(real_echo(client, 2, 5000, NULL));
	assert_int_equal(1, gate_count(&second.entered));
	real_serve(&first, NULL, 0);
	assert_ok(real_echo(client, 3, 5000, NULL)); /* it stays */
	assert_int_equal(2, gate_count(&second.entered));
	real_stop(&second);
	assert_ok(real_echo(client, 4, 5000, NULL));
	assert_int_equal(2, gate_count(&first.entered));
	fast_client_close(client);
	real_stop(&first);
	real_close(&first);
	real_close(&second);
}

static void when_all_fail_each_is_named(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;
	struct fast_client *client = real_client("ipc:///nowhere/a,ipc:///nowhere/b");

	(void)state;
	assert_status(FAST_UNAVAILABLE, testing_v1_probe_echo(client, NULL, &request, &reply));
	assert_int_equal(FAST_EXECUTED_NO, reply.executed);
	assert_non_null(strstr(reply.text, "; ipc:///nowhere/b: nobody serves there"));
	assert_non_null(strstr(reply.text, ": ipc:///nowhere/a: nobody serves there"));
	fast_reply_fini(&reply);
	fast_client_close(client);
}

/* Accepts whoever comes, and hangs up, until the socket is shut down. */
static void *deaf_body(void *arg)
{
	int peer;

	while ((peer = accept(*(int *)arg, NULL, NULL)) >= 0) {
		close(peer);
	}
	return NULL;
}

static enum fast_status read_once(struct fast_client *client, struct fast_reply *reply)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	return testing_v1_probe_read(client, NULL, &request, reply);
}

static void an_endpoint_that_accepts_and_hangs_up_does_not_serve(void **state)
{
	struct real real;
	struct fast_reply reply;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char deaf_first[300];
	char deaf_alone[300];
	pthread_t thread;
	struct fast_client *client;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	real_open(&real, NULL, 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%.90s-deaf",
		 real.endpoint + strlen("ipc://"));
	snprintf(deaf_first, sizeof deaf_first, "ipc://%s,%s", address.sun_path, real.endpoint);
	snprintf(deaf_alone, sizeof deaf_alone, "ipc://%s,ipc:///nowhere/b", address.sun_path);
	assert_int_equal(0, bind(fd, (const struct sockaddr *)&address, sizeof address));
	assert_int_equal(0, listen(fd, 8));
	assert_int_equal(0, pthread_create(&thread, NULL, deaf_body, &fd));

	client = real_client(deaf_first);
	assert_ok(read_once(client, &reply));
	fast_reply_fini(&reply);
	assert_int_equal(1, gate_count(&real.entered));
	fast_client_close(client);

	client = real_client(deaf_alone);
	assert_status(FAST_UNAVAILABLE, read_once(client, &reply));
	assert_non_null(strstr(reply.text, "-deaf: it hangs up; ipc:///nowhere/b: nobody"));
	fast_reply_fini(&reply);
	fast_client_close(client);

	assert_int_equal(0, shutdown(fd, SHUT_RDWR));
	assert_int_equal(0, pthread_join(thread, NULL));
	close(fd);
	unlink(address.sun_path);
	real_stop(&real);
	real_close(&real);
}

struct keyed {
	struct gate ended;
	enum fast_status status;
	enum fast_executed executed;
};

static void keyed_ended(const struct fast_reply *reply, void *arg)
{
	struct keyed *keyed = arg;

	keyed->status = reply->status;
	keyed->executed = reply->executed;
	gate_pass(&keyed->ended);
}

static void *stop_body(void *arg)
{
	real_stop(arg);
	return NULL;
}

static void a_call_with_a_key_does_not_fail_over(void **state)
{
	const struct fast_call_options options = {
		.size = sizeof options, .timeout_ms = 15000, .once = FAST_ONCE_ON};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct keyed keyed = {.ended = GATE_INITIALIZER};
	struct real first;
	struct real second;
	struct fast_client *client;
	pthread_t stopper;

	(void)state;
	real_open(&first, NULL, 0);
	real_open(&second, NULL, 0);
	first.handling = REAL_KEEPS;
	client = client_of(&first, &second);
	assert_ok(testing_v1_probe_echo_start(client, &options, &request, keyed_ended, &keyed));
	assert_true(gate_wait(&first.keeping, 1));
	assert_int_equal(0, pthread_create(&stopper, NULL, stop_body, &first));
	assert_true(gate_wait(&keyed.ended, 1));
	assert_status(FAST_ABORTED, keyed.status);
	assert_int_equal(FAST_EXECUTED_UNKNOWN, keyed.executed);
	assert_ok(real_echo(client, 2, 5000, NULL)); /* others do */
	assert_int_equal(1, gate_count(&second.entered));
	assert_true(gate_wait(&first.cancelled, 1));
	real_answer_kept(&first);
	assert_int_equal(0, pthread_join(stopper, NULL));
	fast_client_close(client);
	real_stop(&second);
	real_close(&first);
	real_close(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_endpoint_of_a_round_is_tried_once_in_order),
		cmocka_unit_test(what_worked_is_tried_first_for_a_minute),
		cmocka_unit_test(a_list_is_known_by_its_schemes),
		cmocka_unit_test(lists_that_cannot_be_are_refused),
		cmocka_unit_test(the_next_endpoint_serves_where_the_first_does_not),
		cmocka_unit_test(when_all_fail_each_is_named),
		cmocka_unit_test(an_endpoint_that_accepts_and_hangs_up_does_not_serve),
		cmocka_unit_test(a_call_with_a_key_does_not_fail_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
