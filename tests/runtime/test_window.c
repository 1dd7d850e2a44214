/* The window before ways of different kinds, which a clock and a queue stand for. */
#include "support/harness.h"

#include "rpc/keepalive.h"
#include "rpc/limits.h"
#include "rpc/window.h"
#include <string.h>

#define NS_PER_S     1000000000
#define STEP_NS      100000
#define PINGS_MAX    64
#define PACKET_BYTES 1024

/* A way of one rate and length. What is sent waits in its queue. */
struct way {
	struct fast_timers *timers;
	struct fast_window window;
	int64_t now_ns;
	int64_t idle_ns; /* when the queue will have gone through */
	uint64_t bytes_per_s;
	int64_t way_ns; /* there and back, when the queue is empty */
	uint64_t tokens[PINGS_MAX];
	int64_t due_ns[PINGS_MAX]; /* of their answers */
	unsigned pings;
	uint64_t passed; /* bytes sent */
	int64_t longest_ns;
};

static void way_open(struct way *way, uint64_t bytes_per_s, int64_t way_ms)
{
	*way = (struct way){
		.now_ns = NS_PER_S, .bytes_per_s = bytes_per_s, .way_ns = way_ms * 1000000};
	assert_ok(fast_timers_new_fake(way->now_ns, &way->timers));
	fast_window_open(&way->window, way->timers);
}

static void way_queue(struct way *way, size_t bytes)
{
	if (way->idle_ns < way->now_ns) {
		way->idle_ns = way->now_ns;
	}
	way->idle_ns += (int64_t)(bytes * NS_PER_S / way->bytes_per_s);
}

/* As much bulk as the window takes. */
static void way_send(struct way *way)
{
	uint8_t mark[FAST_MARK_BYTES_MAX];

	for (;;) {
		bool is_full = fast_window_is_full(&way->window);
		if (fast_window_wants_mark(&way->window, is_full)) {
			size_t bytes = fast_window_mark(&way->window, FAST_SP_TCP, mark);
			assert_in_range(bytes, 20, FAST_MARK_BYTES_MAX);
			way_queue(way, bytes);
			assert_true(way->pings < PINGS_MAX);
			way->tokens[way->pings] =
				fast_ping_token(FAST_PING_WINDOW) | way->window.sent;
			way->due_ns[way->pings++] = way->idle_ns + way->way_ns;
		}
		if (is_full) {
			way->window.is_limited = true;
			return;
		}
		way->window.sent += PACKET_BYTES;
		way->passed += PACKET_BYTES;
		way_queue(way, PACKET_BYTES);
	}
}

static void way_answer(struct way *way)
{
	while (way->pings > 0 && way->due_ns[0] <= way->now_ns) {
		assert_true(fast_window_answer(&way->window, way->tokens[0]));
		way->pings--;
		memmove(way->tokens, way->tokens + 1, way->pings * sizeof way->tokens[0]);
		memmove(way->due_ns, way->due_ns + 1, way->pings * sizeof way->due_ns[0]);
	}
}

/* Always with bulk to send; notes how long a packet would have waited in the queue. */
static void way_run(struct way *way, int64_t ms)
{
	int64_t until_ns = way->now_ns + ms * 1000000;

	way->longest_ns = 0;
	way->passed = 0;
	while (way->now_ns < until_ns) {
		way_send(way);
		if (way->idle_ns - way->now_ns > way->longest_ns) {
			way->longest_ns = way->idle_ns - way->now_ns;
		}
		way->now_ns += STEP_NS;
		fast_timers_advance(way->timers, way->now_ns);
		way_answer(way);
	}
}

static void a_slow_way_keeps_a_short_queue_and_stays_full(void **state)
{
	struct way way;

	(void)state;
	way_open(&way, 125000, 20);
	for (unsigned i = 0; i < 12; i++) { /* past several probes */
		way_run(&way, 5000);
		assert_in_range(way.longest_ns / 1000000, 1, 200);
		assert_in_range(way.passed, 125000 * 5 * 9 / 10, 125000 * 5 * 11 / 10);
	}
	fast_timers_free(way.timers);
}

static void a_fast_way_is_not_held_back(void **state)
{
	struct way way;

	(void)state;
	way_open(&way, 100000000, 1);
	way_run(&way, 100);
	way_run(&way, 1000);
	assert_in_range(way.passed, 95000000, 105000000);
	assert_in_range(way.longest_ns / 1000000, 0, 100);
	fast_timers_free(way.timers);
}

static void a_long_way_is_filled(void **state)
{
	struct way way;

	(void)state;
	way_open(&way, 2000000, 150);
	way_run(&way, 4000);
	way_run(&way, 4000);
	assert_in_range(way.passed, 2000000 * 4 * 8 / 10, 2000000 * 4 * 11 / 10);
	fast_timers_free(way.timers);
}

static void a_way_that_becomes_slow_is_noticed(void **state)
{
	struct way way;

	(void)state;
	way_open(&way, 10000000, 5);
	way_run(&way, 2000);
	way.bytes_per_s = 125000;
	way_run(&way, 15000);
	way_run(&way, 5000);
	assert_in_range(way.longest_ns / 1000000, 1, 200);
	fast_timers_free(way.timers);
}

static void little_bulk_costs_no_ping(void **state)
{
	struct way way;

	(void)state;
	way_open(&way, 125000, 20);
	way.window.sent = FAST_WINDOW_BYTES_FIRST / FAST_MARKS_MAX - 1;
	assert_false(fast_window_wants_mark(&way.window, false));
	way.window.sent++;
	assert_true(fast_window_wants_mark(&way.window, false));
	fast_timers_free(way.timers);
}

static void an_answer_that_was_not_asked_for_changes_nothing(void **state)
{
	struct way way;
	uint8_t mark[FAST_MARK_BYTES_MAX];

	(void)state;
	way_open(&way, 125000, 20);
	assert_false(fast_window_answer(&way.window, 0));
	assert_false(fast_window_answer(&way.window, fast_ping_token(FAST_PING_WINDOW)));
	way.window.sent = 5000;
	fast_window_mark(&way.window, FAST_SP_IPC, mark);
	assert_false(fast_window_answer(&way.window, fast_ping_token(FAST_PING_WINDOW) | 5001));
	assert_false(fast_window_answer(&way.window, fast_ping_token(FAST_PING_KEEPALIVE) | 5000));
	assert_true(fast_window_answer(&way.window, fast_ping_token(FAST_PING_WINDOW) | 5000));
	assert_false(fast_window_answer(&way.window, fast_ping_token(FAST_PING_WINDOW) | 5000));
	assert_int_equal(5000, way.window.received);
	fast_timers_free(way.timers);
}

static void a_window_that_was_not_agreed_on_is_open(void **state)
{
	struct fast_window window = {.is_on = false};

	(void)state;
	window.sent = UINT64_MAX / 2;
	assert_false(fast_window_is_full(&window));
	assert_false(fast_window_wants_mark(&window, true));
	assert_int_equal(FAST_FRAGMENT_BYTES, fast_window_piece(&window));
	assert_int_equal(0, fast_window_left(&window)); /* nothing is known of the way */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_way_keeps_a_short_queue_and_stays_full),
		cmocka_unit_test(a_fast_way_is_not_held_back),
		cmocka_unit_test(a_long_way_is_filled),
		cmocka_unit_test(a_way_that_becomes_slow_is_noticed),
		cmocka_unit_test(little_bulk_costs_no_ping),
		cmocka_unit_test(an_answer_that_was_not_asked_for_changes_nothing),
		cmocka_unit_test(a_window_that_was_not_agreed_on_is_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
