#include "support/harness.h"

#include "base/timer.h"
#include "link/link_memory.h"
#include "support/fault_alloc.h"

#include <string.h>

/* One end, and what its completions said. */
struct end {
	struct fast_link *link;
	unsigned received;
	unsigned sent;
	enum fast_status received_status;
	enum fast_status sent_status;
	size_t received_bytes;
	size_t sent_bytes;
	char buffer[64];
};

struct world {
	struct fast_memory_net *net;
	struct end a;
	struct end b;
	char journal[64]; /* one letter per completion */
};

static struct world *the_world;

static void note(char letter)
{
	size_t n = strlen(the_world->journal);

	assert_true(n + 1 < sizeof the_world->journal);
	the_world->journal[n] = letter;
}

static void end_received(void *arg, enum fast_status status, size_t bytes)
{
	struct end *end = arg;

	end->received++;
	end->received_status = status;
	end->received_bytes = bytes;
	note(end == &the_world->a ? 'r' : 'R');
}

static void end_sent(void *arg, enum fast_status status, size_t bytes)
{
	struct end *end = arg;

	end->sent++;
	end->sent_status = status;
	end->sent_bytes = bytes;
	note(end == &the_world->a ? 's' : 'S');
}

static const struct fast_link_events events = {end_received, end_sent};

static void world_open(struct world *world, size_t capacity)
{
	memset(world, 0, sizeof *world);
	the_world = world;
	assert_ok(fast_memory_net_new(&world->net));
	assert_ok(fast_memory_link_pair(world->net, capacity, &world->a.link, &world->b.link));
	fast_link_start(world->a.link, &events, &world->a);
	fast_link_start(world->b.link, &events, &world->b);
}

static void end_free(struct end *end)
{
	if (end->link != NULL) {
		end->link->ops->free(end->link);
		end->link = NULL;
	}
}

static void world_close(struct world *world)
{
	end_free(&world->a);
	end_free(&world->b);
	fast_memory_net_free(world->net);
}

static void end_recv(struct end *end)
{
	memset(end->buffer, 0, sizeof end->buffer);
	end->link->ops->recv(end->link, end->buffer, sizeof end->buffer - 1);
}

static void end_send(struct end *end, const char *text)
{
	struct iovec iov = {(void *)(uintptr_t)text, strlen(text)};

	end->link->ops->send(end->link, &iov, 1);
}

static enum fast_status end_recv_wait(struct end *end)
{
	memset(end->buffer, 0, sizeof end->buffer);
	return end->link->ops->recv_wait(end->link, end->buffer, sizeof end->buffer - 1,
					 FAST_TIME_NEVER, &end->received_bytes);
}

static void nothing_completes_before_it_is_stepped(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 100);
	assert_false(fast_memory_step(world.net));
	end_recv(&world.b);
	assert_false(fast_memory_step(world.net));
	end_send(&world.a, "hello");
	assert_string_equal("", world.journal);
	assert_true(fast_memory_step(world.net));
	assert_string_equal("s", world.journal);
	assert_int_equal(5, world.a.sent_bytes);
	assert_true(fast_memory_step(world.net));
	assert_string_equal("sR", world.journal);
	assert_string_equal("hello", world.b.buffer);
	assert_false(fast_memory_step(world.net));
	assert_string_equal("inproc", world.a.link->peer.endpoint);
	assert_false(world.a.link->peer.has_credentials);
	world_close(&world);
}

static void due_completions_run_in_the_order_of_their_starts(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 100);
	end_send(&world.b, "1");
	end_send(&world.a, "2");
	end_recv(&world.a);
	end_recv(&world.b);
	fast_memory_run(world.net);
	assert_string_equal("SsrR", world.journal);
	assert_string_equal("1", world.a.buffer);
	assert_string_equal("2", world.b.buffer);
	world_close(&world);
}

static void a_full_stream_makes_the_sender_wait(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 4);
	end_send(&world.a, "abcdef");
	fast_memory_run(world.net);
	assert_int_equal(4, world.a.sent_bytes);
	end_send(&world.a, "ef");
	assert_false(fast_memory_step(world.net));
	end_recv(&world.b);
	fast_memory_run(world.net);
	assert_string_equal("abcd", world.b.buffer);
	assert_int_equal(2, world.a.sent);
	end_recv(&world.b);
	fast_memory_run(world.net);
	assert_string_equal("ef", world.b.buffer);
	world_close(&world);
}

static void a_chunk_makes_it_dribble(void **state)
{
	struct world world;
	struct iovec iov[3] = {{"ab", 2}, {"", 0}, {"cd", 2}};

	(void)state;
	world_open(&world, 100);
	fast_memory_set_chunk(world.net, 3);
	world.a.link->ops->send(world.a.link, iov, 3);
	fast_memory_run(world.net);
	assert_int_equal(3, world.a.sent_bytes);
	fast_memory_set_chunk(world.net, 0);
	end_send(&world.a, "defgh");
	fast_memory_run(world.net);
	assert_int_equal(5, world.a.sent_bytes);
	end_recv(&world.b);
	fast_memory_run(world.net);
	assert_string_equal("abcdefgh", world.b.buffer);
	world_close(&world);
}

static void closing_ends_what_is_under_way_on_both_sides(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 2);
	end_recv(&world.a);
	end_recv(&world.b);
	world.a.link->ops->close(world.a.link);
	world.a.link->ops->close(world.a.link);
	assert_string_equal("", world.journal);
	fast_memory_run(world.net);
	assert_status(FAST_UNAVAILABLE, world.a.received_status);
	assert_status(FAST_UNAVAILABLE, world.b.received_status);
	end_send(&world.a, "x");
	end_send(&world.b, "x");
	fast_memory_run(world.net);
	assert_status(FAST_UNAVAILABLE, world.a.sent_status);
	assert_status(FAST_UNAVAILABLE, world.b.sent_status);
	assert_status(FAST_UNAVAILABLE, end_recv_wait(&world.a));
	assert_status(FAST_UNAVAILABLE, end_recv_wait(&world.b));
	world_close(&world);
}

static void what_was_sent_before_the_close_is_received(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 100);
	end_send(&world.a, "farewell");
	fast_memory_run(world.net);
	end_free(&world.a);
	end_recv(&world.b);
	fast_memory_run(world.net);
	assert_ok(world.b.received_status);
	assert_string_equal("farewell", world.b.buffer);
	end_recv(&world.b);
	fast_memory_run(world.net);
	assert_status(FAST_UNAVAILABLE, world.b.received_status);
	world_close(&world);
}

static void freeing_completes_what_is_under_way(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 1);
	end_send(&world.a, "xx");
	fast_memory_run(world.net);
	end_send(&world.a, "x");
	end_recv(&world.a);
	end_free(&world.a);
	assert_int_equal(1, world.a.received);
	assert_int_equal(2, world.a.sent);
	assert_status(FAST_UNAVAILABLE, world.a.received_status);
	assert_status(FAST_UNAVAILABLE, world.a.sent_status);
	world_close(&world);
}

static void a_waiting_receive_steps_the_net(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 100);
	assert_status(FAST_DEADLINE_EXCEEDED, end_recv_wait(&world.b));
	end_send(&world.a, "step");
	assert_ok(end_recv_wait(&world.b));
	assert_string_equal("step", world.b.buffer);
	assert_string_equal("s", world.journal);
	assert_status(FAST_DEADLINE_EXCEEDED, end_recv_wait(&world.b));
	world_close(&world);
}

static void an_interrupt_is_kept_for_the_next_wait(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 100);
	end_send(&world.a, "kept");
	fast_memory_run(world.net);
	world.b.link->ops->interrupt(world.b.link);
	assert_status(FAST_CANCELLED, end_recv_wait(&world.b));
	assert_ok(end_recv_wait(&world.b));
	assert_string_equal("kept", world.b.buffer);
	world_close(&world);
}

static void echo_received(void *arg, enum fast_status status, size_t bytes)
{
	struct end *end = arg;

	(void)bytes;
	end->received++;
	if (status == FAST_OK && end->received < 20) {
		end_send(end, "ping");
		end_recv(end);
	}
}

static void a_completion_may_start_the_next(void **state)
{
	static const struct fast_link_events echo = {echo_received, end_sent};
	struct world world;

	(void)state;
	world_open(&world, 100);
	fast_link_start(world.a.link, &echo, &world.a);
	fast_link_start(world.b.link, &echo, &world.b);
	end_recv(&world.a);
	end_recv(&world.b);
	end_send(&world.a, "ping");
	fast_memory_run(world.net);
	assert_int_equal(39, world.a.received + world.b.received);
	world_close(&world);
}

static void pairs_survive_each_allocation_failure(void **state)
{
	struct fast_memory_net *net = NULL;
	struct fast_link *a = NULL;
	struct fast_link *b = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = fast_memory_net_new(&net);
		if (status == FAST_OK) {
			status = fast_memory_link_pair(net, 10, &a, &b);
			if (status != FAST_OK) {
				assert_null(a);
				assert_null(b);
				fast_memory_net_free(net);
			}
		}
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	a->ops->free(a);
	b->ops->free(b);
	fast_memory_net_free(net);
	fast_memory_net_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_completes_before_it_is_stepped),
		cmocka_unit_test(due_completions_run_in_the_order_of_their_starts),
		cmocka_unit_test(a_full_stream_makes_the_sender_wait),
		cmocka_unit_test(a_chunk_makes_it_dribble),
		cmocka_unit_test(closing_ends_what_is_under_way_on_both_sides),
		cmocka_unit_test(what_was_sent_before_the_close_is_received),
		cmocka_unit_test(freeing_completes_what_is_under_way),
		cmocka_unit_test(a_waiting_receive_steps_the_net),
		cmocka_unit_test(an_interrupt_is_kept_for_the_next_wait),
		cmocka_unit_test(a_completion_may_start_the_next),
		cmocka_unit_test(pairs_survive_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
