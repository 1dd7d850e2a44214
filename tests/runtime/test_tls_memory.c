/* A TLS session over links in memory, where a test sees each byte. */
#include "runtime/tls_world.h"

#include "base/timer.h"
#include "link/link_memory.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#define STEP_NS_MAX INT64_C(60000000000)

/* What inner was asked to send. Atomic. */
static atomic_uint tapped_sends;
static atomic_size_t tapped_bytes;
static const struct fast_link_ops *tapped;

static void tap_send(struct fast_link *link, const struct iovec *iov, int count)
{
	atomic_fetch_add(&tapped_sends, 1);
	for (int i = 0; i < count; i++) {
		atomic_fetch_add(&tapped_bytes, iov[i].iov_len);
	}
	tapped->send(link, iov, count);
}

/* A TLS session over links in memory, stepped here. */
struct memory_world {
	struct fast_memory_net *net;
	struct fast_link *inner[2];
	struct fast_link_ops tap;
	struct fast_tls_acceptor *acceptor;
	struct fast_tls_connector *connector;
	struct link_inbox inbox;
	struct link_outcome outcome;
	struct link_end client;
	struct link_end server;
};

/* Steps until the gate has come to count. */
static void step_until(struct memory_world *world, struct gate *gate, unsigned count)
{
	int64_t end_ns = fast_clock_now_ns() + STEP_NS_MAX;

	while (gate_count(gate) < count) {
		assert_true(fast_clock_now_ns() < end_ns);
		if (!fast_memory_step(world->net)) {
			sched_yield();
		}
	}
}

static void memory_open(struct memory_world *world, size_t chunk_bytes)
{
	struct fast_tls *server = tls_make("ca", "server");
	struct fast_tls *client = tls_make("ca", "client");

	*world = (struct memory_world){.outcome = {.done = GATE_INITIALIZER}};
	link_inbox_init(&world->inbox);
	assert_ok(fast_memory_net_new(&world->net));
	fast_memory_set_chunk(world->net, chunk_bytes);
	assert_ok(fast_memory_link_pair(world->net, 65536, &world->inner[0], &world->inner[1]));
	tapped = world->inner[0]->ops;
	world->tap = *tapped;
	world->tap.send = tap_send;
	world->inner[0]->ops = &world->tap;
	assert_ok(fast_tls_acceptor_new(server, link_inbox_accepted, &world->inbox,
					&world->acceptor));
	assert_ok(fast_tls_connector_new(client, "localhost", &world->connector));
	fast_tls_free(server);
	fast_tls_free(client);
	fast_tls_acceptor_take(world->acceptor, world->inner[1]);
	assert_ok(fast_tls_connect(world->connector, world->inner[0], FAST_TIME_NEVER,
				   link_outcome_dialed, &world->outcome));
	step_until(world, &world->outcome.done, 1);
	assert_ok(world->outcome.status);
	link_end_init(&world->client, world->outcome.link);
	step_until(world, &world->inbox.accepted, 1);
	link_end_init(&world->server, world->inbox.links[0]);
}

static void memory_close(struct memory_world *world)
{
	world->client.link->ops->free(world->client.link);
	world->server.link->ops->free(world->server.link);
	fast_tls_connector_free(world->connector);
	fast_tls_acceptor_free(world->acceptor);
	fast_memory_net_free(world->net);
}

static void a_dribble_of_bytes_is_enough(void **state)
{
	struct memory_world world;
	struct iovec iov = {"drop by drop", 12};
	char buffer[64] = {0};
	size_t got = 0;

	(void)state;
	memory_open(&world, 1);
	world.client.link->ops->send(world.client.link, &iov, 1);
	while (got < 12) {
		unsigned count = gate_count(&world.server.received);
		world.server.link->ops->recv(world.server.link, buffer + got, sizeof buffer - got);
		step_until(&world, &world.server.received, count + 1);
		assert_ok(world.server.received_status);
		got += world.server.received_bytes;
	}
	assert_string_equal("drop by drop", buffer);
	step_until(&world, &world.client.sent, 1);
	assert_int_equal(12, world.client.sent_bytes);
	memory_close(&world);
}

static void the_pieces_of_a_send_are_one_record(void **state)
{
	struct memory_world world;
	static uint8_t data[8 * 2000];
	struct iovec iov[FAST_LINK_IOV_MAX];
	unsigned sends;
	size_t bytes;

	(void)state;
	memory_open(&world, 0);
	for (size_t i = 0; i < FAST_LINK_IOV_MAX; i++) {
		iov[i] = (struct iovec){data + i * 2000, 2000};
	}
	sends = atomic_load(&tapped_sends);
	bytes = atomic_load(&tapped_bytes);
	world.client.link->ops->send(world.client.link, iov, FAST_LINK_IOV_MAX);
	step_until(&world, &world.client.sent, 1);
	assert_int_equal(8 * 2000, world.client.sent_bytes);
	assert_int_equal(1, atomic_load(&tapped_sends) - sends);
	/* a header of 5 bytes and a tag of 16; AES-GCM would have 8 more */
	assert_in_range(atomic_load(&tapped_bytes) - bytes, 8 * 2000 + 21, 8 * 2000 + 29);
	memory_close(&world);
}

static void a_record_that_was_changed_ends_the_link(void **state)
{
	struct memory_world world;
	char record[37] = {0x17, 3, 3, 0, 32}; /* 32 bytes that nobody encrypted */
	struct iovec iov = {record, sizeof record};
	char buffer[64];

	(void)state;
	memory_open(&world, 0);
	/* Past TLS, into the stream below. */
	tapped->send(world.inner[0], &iov, 1);
	world.server.link->ops->recv(world.server.link, buffer, sizeof buffer);
	step_until(&world, &world.server.received, 1);
	assert_status(FAST_UNAVAILABLE, world.server.received_status);
	memory_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dribble_of_bytes_is_enough),
		cmocka_unit_test(the_pieces_of_a_send_are_one_record),
		cmocka_unit_test(a_record_that_was_changed_ends_the_link),
	};

	return cmocka_run_group_tests(tests, tls_world_make, tls_world_remove);
}
