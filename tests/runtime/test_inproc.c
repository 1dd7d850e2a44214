/* "inproc://name": what a stranger's test meets first. */
#include "rpc_real.h"

#include "base/timer.h"
#include "link/link_inproc.h"
#include "link/link_memory.h"
#include "support/fault_alloc.h"
#include <stdio.h>
#include <string.h>

static void a_name_without_a_server_refuses_like_a_missing_socket(void **state)
{
	static const char *const endpoints[] = {"inproc://nobody.here", "ipc:///tmp/nobody.here"};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fast_client *client = real_client(endpoints[i]);
		struct fast_reply reply;
		assert_status(FAST_UNAVAILABLE,
			      testing_v1_probe_echo(client, NULL, &request, &reply));
		assert_int_equal(FAST_EXECUTED_NO, reply.executed);
		assert_non_null(strstr(reply.text, endpoints[i]));
		assert_non_null(strstr(reply.text, "nobody serves there"));
		fast_reply_fini(&reply);
		fast_client_close(client);
	}
}

static void a_client_waits_for_the_server_to_come(void **state)
{
	struct fast_call_options patient = {
		.size = sizeof patient, .timeout_ms = 20000, .wait_for_ready = true};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct gate answered = GATE_INITIALIZER;
	struct real real;
	struct fast_client *client;

	(void)state;
	real_open(&real, NULL, 0);
	real_stop(&real);
	client = real_client(real.endpoint);
	assert_status(FAST_UNAVAILABLE, real_echo(client, 1, 0, NULL));
	assert_ok(testing_v1_probe_echo_start(client, &patient, &request, real_pass, &answered));
	real_serve(&real, NULL, 0);
	assert_true(gate_wait(&answered, 1));
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

static void a_name_is_of_few_plain_letters(void **state)
{
	static const char *const bad[] = {"inproc://", "inproc:///", "inproc://a b",
					  "inproc://caf\303\251"};
	char name[FAST_INPROC_NAME_BYTES_MAX + 16];
	struct fast_client *client = NULL;
	size_t start;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_status(FAST_INVALID_ARGUMENT, fast_client_open(bad[i], NULL, &client));
	}
	start = (size_t)snprintf(name, sizeof name, "inproc://");
	memset(name + start, 'n', FAST_INPROC_NAME_BYTES_MAX + 1);
	name[start + FAST_INPROC_NAME_BYTES_MAX + 1] = 0;
	assert_status(FAST_INVALID_ARGUMENT, fast_client_open(name, NULL, &client));
	name[start + FAST_INPROC_NAME_BYTES_MAX] = 0;
	assert_ok(fast_client_open(name, NULL, &client));
	fast_client_close(client);
}

static void a_name_has_one_server_until_that_closes(void **state)
{
	struct fast_server *other = NULL;
	struct real real;

	(void)state;
	real_open(&real, NULL, 0);
	assert_string_equal(real.endpoint, fast_server_endpoint(real.server, 0));
	assert_ok(fast_server_open(NULL, &other));
	assert_status(FAST_ALREADY_EXISTS, fast_server_listen(other, real.endpoint, 0));
	real_stop(&real);
	assert_ok(fast_server_listen(other, real.endpoint, 0));
	fast_server_close(other);
	real_close(&real);
}

static void ignore_link(struct fast_link *link, void *arg)
{
	(void)arg;
	link->ops->free(link);
}

static void names_are_bounded(void **state)
{
	struct fast_inproc_listener *listeners[FAST_INPROC_NAMES_MAX];
	struct fast_inproc_listener *more = NULL;
	char name[16];

	(void)state;
	for (unsigned i = 0; i < FAST_INPROC_NAMES_MAX; i++) {
		snprintf(name, sizeof name, "n%u", i);
		assert_ok(fast_inproc_listen(name, ignore_link, NULL, &listeners[i]));
	}
	assert_status(FAST_RESOURCE_EXHAUSTED,
		      fast_inproc_listen("one.more", ignore_link, NULL, &more));
	fast_inproc_listener_close(listeners[7]);
	assert_ok(fast_inproc_listen("one.more", ignore_link, NULL, &listeners[7]));
	for (unsigned i = 0; i < FAST_INPROC_NAMES_MAX; i++) {
		fast_inproc_listener_close(listeners[i]);
	}
}

static void an_idle_wait_ends_at_its_deadline(void **state)
{
	struct fast_link *a = NULL;
	struct fast_link *b = NULL;
	int64_t begin_ns = fast_clock_now_ns();
	uint8_t byte;
	size_t received = 0;

	(void)state;
	assert_ok(fast_memory_live_pair(16, &a, &b));
	assert_status(FAST_DEADLINE_EXCEEDED,
		      a->ops->recv_wait(a, &byte, 1, begin_ns + 20 * 1000000, &received));
	assert_true(fast_clock_now_ns() - begin_ns >= 20 * 1000000);
	a->ops->interrupt(a);
	assert_status(FAST_CANCELLED, a->ops->recv_wait(a, &byte, 1, FAST_TIME_NEVER, &received));
	b->ops->free(b);
	assert_status(FAST_UNAVAILABLE, a->ops->recv_wait(a, &byte, 1, FAST_TIME_NEVER, &received));
	a->ops->free(a);
}

static void connecting_survives_each_allocation_failure(void **state)
{
	struct fast_inproc_listener *listener = NULL;
	struct fast_link *link = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	do {
		fault_alloc_after(n++);
		status = fast_inproc_listen("sweep", ignore_link, NULL, &listener);
	} while (fault_alloc_fired());
	assert_ok(status);
	n = 0;
	for (;;) {
		fault_alloc_after(n++);
		status = fast_inproc_connect("sweep", &link);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(link);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	assert_true(n > 4);
	link->ops->free(link);
	fast_inproc_listener_close(listener);
}

/* The test for a service that docs/rpc.md shows. */
static void a_service_is_tested_in_one_process(void **state)
{
	struct real real;
	struct fast_client *client;
	uint32_t back = 0;

	(void)state;
	real_open(&real, NULL, 0);
	client = real_client(real.endpoint);
	assert_ok(real_echo(client, 42, 0, &back));
	assert_int_equal(42, back);
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_is_tested_in_one_process),
		cmocka_unit_test(a_name_without_a_server_refuses_like_a_missing_socket),
		cmocka_unit_test(a_client_waits_for_the_server_to_come),
		cmocka_unit_test(a_name_is_of_few_plain_letters),
		cmocka_unit_test(a_name_has_one_server_until_that_closes),
		cmocka_unit_test(names_are_bounded),
		cmocka_unit_test(an_idle_wait_ends_at_its_deadline),
		cmocka_unit_test(connecting_survives_each_allocation_failure),
	};

	real_transport = "inproc";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
