/* Plugins that come back, or come and go. */
#include "controller/raw_world.h"

#include "daemon/session.h"
#include "page/page.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define NS_PER_HOUR INT64_C(3600000000000)

/* Attaches a plugin that says that it opened then, declares a counter and waits for it. */
static struct node_metric attach_opened(struct raw_world *raw, int page, int64_t open_unix_ns)
{
	Fast__V1__SessionUp packet = FAST__V1__SESSION_UP__INIT;
	Fast__V1__Attach attach = FAST__V1__ATTACH__INIT;

	raw->fd = raw_connect(raw->world.socket);
	attach.page_version = FAST_PAGE_VERSION;
	attach.name = (char *)(uintptr_t) "cam";
	attach.open_time_unix_ns = open_unix_ns;
	packet.kind_case = FAST__V1__SESSION_UP__KIND_ATTACH;
	packet.attach = &attach;
	assert_true(raw_send(raw->fd, &packet, page));
	assert_true(raw_receive(raw->fd).attached);
	assert_true(raw_send_metric(raw->fd, "frames", 1, FAST_PAGE_CELLS_OFFSET));
	return world_metric_wait(&raw->world, "cam", "frames", 0);
}

static void a_plugin_whose_clock_was_set_is_known_again(void **state)
{
	/* Opened after now, before the machine was started, and in between. */
	const int64_t opened[] = {node_now_unix_ns() + NS_PER_HOUR, 1,
				  node_now_unix_ns() - NS_PER_HOUR / 3600};
	struct raw_world raw;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(opened); i++) {
		int page = raw_page();
		struct node_metric before;
		struct node_metric after;

		world_init(&raw.world);
		before = attach_opened(&raw, page, opened[i]);
		(void)close(raw.fd);
		(void)world_plugin_wait(&raw.world, "cam", false);
		after = attach_opened(&raw, page, opened[i]);
		assert_int_equal(before.created_unix_ns, after.created_unix_ns);
		(void)close(page);
		raw_world_fini(&raw);
	}
}

static void a_plugin_from_the_future_has_no_spike_in_its_rate(void **state)
{
	const uint64_t count = 1000000;
	struct raw_world raw;
	struct node_metric metric;
	int page = raw_page();

	(void)state;
	assert_int_equal(sizeof count, pwrite(page, &count, sizeof count, FAST_PAGE_CELLS_OFFSET));
	world_init(&raw.world);
	metric = attach_opened(&raw, page, node_now_unix_ns() + NS_PER_HOUR);
	assert_int_equal(count, metric.count);
	/* As if it had begun with the machine: too low at worst. */
	assert_true(metric.created_unix_ns < node_now_unix_ns() - NS_PER_HOUR / 3600);
	assert_true(metric.rate_global < (double)count);
	(void)close(page);
	raw_world_fini(&raw);
}

static void plugins_that_do_not_say_when_they_opened_are_told_apart(void **state)
{
	struct raw_world raw;
	int page = raw_page();
	struct node_plugin before;
	struct node_plugin after;

	(void)state;
	world_init(&raw.world);
	(void)attach_opened(&raw, page, 0);
	(void)close(raw.fd);
	before = world_plugin_wait(&raw.world, "cam", false);
	(void)attach_opened(&raw, page, 0);
	after = world_plugin_wait(&raw.world, "cam", true);
	assert_true(after.attach_unix_ns > before.attach_unix_ns);
	(void)close(page);
	raw_world_fini(&raw);
}

/* How many instances' knobs the node remembers. */
static size_t count_records(struct world *world)
{
	size_t count;

	node_lock(world->node);
	count = world->node->registry.record_count;
	node_unlock(world->node);
	return count;
}

static void what_a_page_claims_is_forgotten_with_the_plugin(void **state)
{
	const uint64_t read_revision = 41;
	struct raw_world raw;
	struct node_plugin info;
	int page = raw_page();

	(void)state;
	assert_int_equal(sizeof read_revision, pwrite(page, &read_revision, sizeof read_revision,
						      FAST_PAGE_ACK_OFFSET(0)));
	world_init(&raw.world);
	raw.fd = raw_connect(raw.world.socket);
	assert_true(raw_send_attach(raw.fd, "cam", "", page));
	assert_true(raw_receive(raw.fd).attached);
	assert_true(raw_send_param(raw.fd, "quality", 5, 0));
	(void)world_param_wait(&raw.world, "cam", "quality", NODE_PARAM_UNSET);
	assert_true(world_plugin_info(&raw.world, "cam", &info));
	assert_int_equal(41, info.revision);
	assert_int_equal(1, count_records(&raw.world));
	(void)close(raw.fd);
	(void)world_plugin_wait(&raw.world, "cam", false);
	assert_int_equal(0, count_records(&raw.world));

	raw.fd = raw_connect(raw.world.socket); /* unless somebody sets a knob */
	assert_true(raw_send_attach(raw.fd, "cam", "", page));
	assert_true(raw_receive(raw.fd).attached);
	assert_true(raw_send_param(raw.fd, "quality", 5, 0));
	(void)world_param_wait(&raw.world, "cam", "quality", NODE_PARAM_UNSET);
	assert_int_equal(42, world_set(&raw.world, "cam", "quality", value_int(9), 0).revision);
	(void)close(raw.fd);
	(void)world_plugin_wait(&raw.world, "cam", false);
	assert_int_equal(1, count_records(&raw.world));
	(void)close(page);
	raw.fd = raw_connect(raw.world.socket);
	raw_world_fini(&raw);
}

/* A set that the disk did not take is none: the store still knows nothing of the instance. */
static void what_a_page_claims_is_forgotten_though_a_set_failed(void **state)
{
	const uint64_t read_revision = 41;
	struct raw_world raw;
	int page = raw_page();

	(void)state;
	assert_int_equal(sizeof read_revision, pwrite(page, &read_revision, sizeof read_revision,
						      FAST_PAGE_ACK_OFFSET(0)));
	world_init(&raw.world);
	raw.fd = raw_connect(raw.world.socket);
	assert_true(raw_send_attach(raw.fd, "cam", "", page));
	assert_true(raw_receive(raw.fd).attached);
	assert_true(raw_send_param(raw.fd, "quality", 5, 0));
	(void)world_param_wait(&raw.world, "cam", "quality", NODE_PARAM_UNSET);
	disk_fail(true);
	assert_status(FAST_UNAVAILABLE,
		      world_set(&raw.world, "cam", "quality", value_int(9), 0).status);
	disk_fail(false);
	(void)close(raw.fd);
	(void)world_plugin_wait(&raw.world, "cam", false);
	assert_int_equal(0, count_records(&raw.world));
	(void)close(page);
	raw.fd = raw_connect(raw.world.socket);
	raw_world_fini(&raw);
}

static size_t count_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 2048; fd++) {
		count += fcntl(fd, F_GETFD) >= 0;
	}
	return count;
}

static bool descriptors_are_back(void *arg)
{
	return count_descriptors() <= *(const size_t *)arg;
}

static void connections_that_have_ended_take_nobodys_place(void **state)
{
	const struct rlimit limit = {.rlim_cur = 4096, .rlim_max = 4096};
	struct raw_world raw;
	size_t before;

	(void)state;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	world_init(&raw.world);
	raw.world.options.tick_ms = 1000; /* they are freed at the next tick */
	world_restart(&raw.world);
	before = count_descriptors();
	for (int i = 0; i < SESSION_WAITING_MAX; i++) {
		(void)close(raw_connect(raw.world.socket));
		wait_until(descriptors_are_back, &before);
	}
	raw.fd = raw_connect(raw.world.socket);
	raw_world_attach(&raw, "cam");
	raw_world_fini(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plugin_whose_clock_was_set_is_known_again),
		cmocka_unit_test(a_plugin_from_the_future_has_no_spike_in_its_rate),
		cmocka_unit_test(plugins_that_do_not_say_when_they_opened_are_told_apart),
		cmocka_unit_test(what_a_page_claims_is_forgotten_with_the_plugin),
		cmocka_unit_test(what_a_page_claims_is_forgotten_though_a_set_failed),
		cmocka_unit_test(connections_that_have_ended_take_nobodys_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
