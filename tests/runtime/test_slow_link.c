/* Control and bulk over a link of 1 Mbit/s: who asks is answered while a stream fills the link. */
#include "flow_real.h"
#include "slow_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testing/v1/probe.fast.h>
#include <time.h>
#include <unistd.h>

#define LINK_BYTES_PER_S 125000
#define ITEM_BYTES       8192
#define RUN_MS           2000
#define CALLS_MAX        4096
/* What a control call may take, of a hundred calls all but one: in the link's time, which stands
 * still where a busy machine keeps everybody waiting, and in any case. */
#define CONTROL_P99_MS    300
#define CONTROL_WAIT_MS   2000
#define LINK_BYTES_PER_MS (LINK_BYTES_PER_S / 1000)

static char folder[] = "/tmp/fast_slow.XXXXXX";
static char server_path[64];
static char link_path[64];
static uint8_t blob[ITEM_BYTES];
static struct fast_server *server;
static struct fast_client *client;
static struct slow_link slow;
static struct total total;
static atomic_bool is_over;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void probe_echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)arg;
	response.number = request->number;
	response.blob = request->blob;
	fast_call_reply(call, &response.base);
}

/* Items as fast as they go, until the caller has gone. */
static void probe_watch(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;
	enum fast_status status;

	(void)arg;
	(void)request;
	item.blob = (ProtobufCBinaryData){sizeof blob, blob};
	do {
		status = fast_call_send_wait(call, &item.base, -1);
	} while (status == FAST_OK);
	fast_call_fail(call, FAST_CANCELLED, "the reader has gone");
}

static void flow_sum(struct fast_call *call, void *arg)
{
	(void)arg;
	testing_v1_flow_sum_on_item(call, flow_real_sum_item, calloc(1, sizeof(struct total)));
}

static const struct testing_v1_probe_handlers probe = {.echo = probe_echo, .watch = probe_watch};
static const struct testing_v1_flow_handlers flow = {.sum = flow_sum};

static int setup(void **state)
{
	char endpoint[80];

	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(server_path, sizeof server_path, "%s/s", folder);
	snprintf(link_path, sizeof link_path, "%s/l", folder);
	assert_ok(fast_server_open(NULL, &server));
	assert_ok(fast_server_add(server, &testing_v1_probe_service, &probe, NULL, 0));
	assert_ok(fast_server_add(server, &testing_v1_flow_service, &flow, NULL, 0));
	snprintf(endpoint, sizeof endpoint, "ipc://%s", server_path);
	assert_ok(fast_server_listen(server, endpoint, 0600));
	slow_link_open(&slow, link_path, server_path, LINK_BYTES_PER_S);
	snprintf(endpoint, sizeof endpoint, "ipc://%s", link_path);
	assert_ok(fast_client_open(endpoint, NULL, &client));
	total = (struct total){0, 0};
	atomic_store(&is_over, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fast_client_close(client);
	slow_link_close(&slow);
	fast_server_close(server);
	return rmdir(folder);
}

static int by_value(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

struct passed {
	uint64_t bytes[2];
	uint64_t late_ns; /* what it makes up for in a burst */
};

static struct passed link_passed(void)
{
	return (struct passed){
		.bytes = {atomic_load(&slow.ways[0].bytes), atomic_load(&slow.ways[1].bytes)},
		.late_ns = atomic_load(&slow.ways[0].late_ns) + atomic_load(&slow.ways[1].late_ns),
	};
}

/* How long the busier way of the link was occupied since then, but for what was late. */
static int64_t link_ms_since(const struct passed *then)
{
	struct passed now = link_passed();
	uint64_t to_server = now.bytes[0] - then->bytes[0];
	uint64_t to_client = now.bytes[1] - then->bytes[1];

	int64_t late_ms = (int64_t)(now.late_ns - then->late_ns) / 1000000;
	int64_t busy_ms =
		(int64_t)(to_server > to_client ? to_server : to_client) / LINK_BYTES_PER_MS;

	return busy_ms > late_ms ? busy_ms - late_ms : 0;
}

/* Asks one thing after the other for a while; the 99th of a hundred durations. */
static int64_t control_p99_ms(enum fast_priority priority, size_t request_bytes)
{
	static int64_t durations[CALLS_MAX];
	struct fast_call_options options = {.size = sizeof options, .priority = priority};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	int64_t begin_ms = now_ms();
	size_t count = 0;

	request.blob = (ProtobufCBinaryData){request_bytes, blob};
	while (now_ms() - begin_ms < RUN_MS && count < CALLS_MAX) {
		struct fast_reply reply;
		struct passed asked = link_passed();
		int64_t asked_ms = now_ms();
		assert_ok(testing_v1_probe_echo(client, &options, &request, &reply));
		fast_reply_fini(&reply);
		durations[count++] = link_ms_since(&asked);
		assert_true(now_ms() - asked_ms < CONTROL_WAIT_MS);
	}
	qsort(durations, count, sizeof durations[0], by_value);
	print_message("%zu calls: median %lld ms, longest %lld ms\n", count,
		      (long long)durations[count / 2], (long long)durations[count - 1]);
	return durations[(count - 1) * 99 / 100];
}

/* Reads the stream in arg to its end, counting. */
static void *read_all(void *arg)
{
	const ProtobufCMessage *message;

	while (fast_stream_next(arg, -1, &message) == FAST_OK) {
		if (!atomic_load(&is_over)) {
			total.count++;
		}
	}
	return NULL;
}

static void control_overtakes_a_stream_of_the_server_and_the_link_stays_full(void **state)
{
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_stream *stream = NULL;
	pthread_t reader;
	int64_t p99_ms;
	uint64_t idle_ms;
	uint64_t late_ms;
	uint64_t bytes;

	(void)state;
	assert_ok(testing_v1_probe_watch(client, NULL, &request, &stream));
	assert_int_equal(0, pthread_create(&reader, NULL, read_all, stream));
	p99_ms = control_p99_ms(FAST_PRIORITY_DEFAULT, 16);
	atomic_store(&is_over, true);
	bytes = atomic_load(&slow.ways[1].bytes);
	idle_ms = atomic_load(&slow.ways[1].idle_ns) / 1000000;
	late_ms = atomic_load(&slow.ways[1].late_ns) / 1000000;
	fast_stream_cancel(stream);
	assert_int_equal(0, pthread_join(reader, NULL));
	fast_stream_close(stream);
	assert_true(p99_ms < CONTROL_P99_MS);
	print_message("%llu items in %llu bytes, idle for %llu ms, late by %llu ms\n",
		      (unsigned long long)total.count, (unsigned long long)bytes,
		      (unsigned long long)idle_ms, (unsigned long long)late_ms);
	/* Together four fifths of the link. Who lets the relay wait lets the others wait too. */
	assert_true(idle_ms < RUN_MS / 10 + late_ms);
	assert_true(total.count * ITEM_BYTES > bytes * 89 / 100);
}

/* Sends items to the stream in arg until it is over. */
static void *send_all(void *arg)
{
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;

	item.blob = (ProtobufCBinaryData){sizeof blob, blob};
	while (!atomic_load(&is_over) &&
	       fast_stream_send(arg, 1000, &item.base) != FAST_UNAVAILABLE) {
		total.count++;
	}
	return NULL;
}

static void control_overtakes_a_stream_to_the_server(void **state)
{
	struct fast_stream *stream = NULL;
	pthread_t sender;
	int64_t p99_ms;

	(void)state;
	assert_ok(testing_v1_flow_sum(client, NULL, &stream));
	assert_int_equal(0, pthread_create(&sender, NULL, send_all, stream));
	p99_ms = control_p99_ms(FAST_PRIORITY_DEFAULT, 16);
	atomic_store(&is_over, true);
	assert_int_equal(0, pthread_join(sender, NULL));
	fast_stream_close(stream);
	print_message("%llu items\n", (unsigned long long)total.count);
	assert_true(p99_ms < CONTROL_P99_MS);
}

/* A callback that notes the status in arg. */
static void note(const struct fast_reply *reply, void *arg)
{
	atomic_store((atomic_int *)arg, (int)reply->status);
}

static void control_overtakes_a_long_request_and_its_answer(void **state)
{
	enum { LONG_BYTES = 200000 };
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;
	atomic_int status = -1;
	uint8_t *bytes = calloc(1, LONG_BYTES);

	(void)state;
	assert_non_null(bytes);
	/* First of all a call, so that both sides know each other. */
	assert_ok(testing_v1_probe_echo(client, NULL, &request, &reply));
	fast_reply_fini(&reply);
	request.blob = (ProtobufCBinaryData){LONG_BYTES, bytes};
	assert_ok(testing_v1_probe_echo_start(client, NULL, &request, note, &status));
	assert_true(control_p99_ms(FAST_PRIORITY_CONTROL, 16) < CONTROL_P99_MS);
	while (atomic_load(&status) == -1) {
		assert_true(control_p99_ms(FAST_PRIORITY_CONTROL, 16) < CONTROL_P99_MS);
	}
	assert_ok(atomic_load(&status));
	free(bytes);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(control_overtakes_a_stream_of_the_server_and_the_link_stays_full),
		test(control_overtakes_a_stream_to_the_server),
		test(control_overtakes_a_long_request_and_its_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
