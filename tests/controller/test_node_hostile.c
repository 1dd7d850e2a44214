/* Pages that are written, holed or left behind while the node samples them. */
#include "controller/node_world.h"
#include "controller/raw_world.h"

#include "daemon/node_impl.h"
#include "page/page.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS     20
#define MANY       40
#define LAST_WORDS 250

/* Writes numbers that mean nothing all over a page, as fast as it can. */
struct scribe {
	unsigned char *page;
	atomic_bool stop;
	_Atomic uint64_t rounds;
	pthread_t thread;
};

static void *scribe_run(void *arg)
{
	struct scribe *scribe = arg;
	uint64_t random_word = 88172645463325252u;

	while (!atomic_load(&scribe->stop)) {
		for (uint32_t offset = 0; offset < FAST_PAGE_CELLS_OFFSET + 65536; offset += 8) {
			random_word ^= random_word << 13;
			random_word ^= random_word >> 7;
			random_word ^= random_word << 17;
			__atomic_store_n((uint64_t *)(void *)(scribe->page + offset), random_word,
					 __ATOMIC_RELAXED);
		}
		atomic_fetch_add(&scribe->rounds, 1);
	}
	return NULL;
}

/* Nothing that is told is what it should not be. */
static void assert_sane(const struct node_metric *metric, void *arg)
{
	int *seen = arg;

	assert_true(isfinite(metric->sum));
	assert_true(isfinite(metric->rate_window));
	assert_true(isfinite(metric->rate_global));
	assert_true(isfinite(metric->rate_instant));
	assert_true(isfinite(metric->window.mean));
	++*seen;
}

static void a_page_that_is_scribbled_on_while_it_is_sampled_does_no_harm(void **state)
{
	const struct node_filter all = {.plugin = "cam"};
	struct scribe scribe = {.stop = false};
	struct raw_world raw;
	int page = raw_page();
	char name[8];

	(void)state;
	raw_world_init(&raw);
	scribe.page = mmap(NULL, FAST_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
	assert_ptr_not_equal(MAP_FAILED, scribe.page);
	assert_true(raw_send_attach(raw.fd, "cam", "", page));
	assert_true(raw_receive(raw.fd).attached);
	for (int kind = FAST_METRIC_COUNTER; kind <= FAST_METRIC_STATESET; kind++) {
		(void)snprintf(name, sizeof name, "m%d", kind);
		if (kind != FAST_METRIC_STATESET) { /* which needs states */
			assert_true(
				raw_send_metric(raw.fd, name, kind,
						FAST_PAGE_CELLS_OFFSET + 8192u * (uint32_t)kind));
		}
	}
	assert_true(raw_send_param(raw.fd, "quality", 5, 0));
	(void)world_param_wait(&raw.world, "cam", "quality", NODE_PARAM_UNSET);
	assert_int_equal(0, pthread_create(&scribe.thread, NULL, scribe_run, &scribe));
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t round = atomic_load(&scribe.rounds);
		int seen = 0;

		assert_ok(world_set(&raw.world, "cam", "quality", value_int(i), 0).status);
		while (atomic_load(&scribe.rounds) < round + 2) {
			(void)sched_yield();
		}
		node_each_metric(raw.world.node, &all, assert_sane, &seen);
		assert_int_equal(6, seen);
	}
	atomic_store(&scribe.stop, true);
	pthread_join(scribe.thread, NULL);
	assert_int_equal(0, munmap(scribe.page, FAST_PAGE_BYTES));
	(void)close(page);
	raw_world_fini(&raw);
}

/* The seals allow it, and the counts are 0 again: as if the plugin had begun anew. */
static void a_hole_in_a_page_is_a_reset(void **state)
{
	struct node_metric seen;
	struct raw_world raw;
	int page = raw_page();
	uint64_t count = 1000000;
	const off_t cell = 32768; /* a memory page of its own */

	(void)state;
	raw_world_init(&raw);
	assert_int_equal(sizeof count, pwrite(page, &count, sizeof count, cell));
	assert_true(raw_send_attach(raw.fd, "cam", "", page));
	assert_true(raw_receive(raw.fd).attached);
	assert_true(raw_send_metric(raw.fd, "frames", FAST_METRIC_COUNTER, (uint32_t)cell));
	seen = world_metric_wait(&raw.world, "cam", "frames", count);
	int64_t created_unix_ns = seen.created_unix_ns;
	assert_int_equal(0,
			 fallocate(page, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, cell, 4096));
	do {
		assert_true(world_metric(&raw.world, "cam", "frames", &seen));
	} while (seen.count != 0);
	assert_true(seen.created_unix_ns > created_unix_ns);
	assert_true(seen.rate_window >= 0 && seen.rate_window < 1);
	assert_true(seen.rate_global >= 0 && seen.rate_global < 1);
	(void)close(page);
	raw_world_fini(&raw);
}

/* A plugin that is stopped, wherever it is, keeps nobody waiting; killed, it leaves its last
 * values. */
static void a_plugin_that_stops_dead_keeps_nobody_waiting(void **state)
{
	struct node_metric seen;
	struct world world;
	int ends[2];

	(void)state;
	if (WORLD_TSAN) {
		skip();
	}
	world_init(&world);
	assert_int_equal(0, pipe(ends));
	pid_t child = fork();
	if (child == 0) {
		const struct fast_plugin_options options = {.size = sizeof options,
							    .socket = world.socket};
		const struct fast_metric_spec spec = {
			.size = sizeof spec, .name = "sizes", .kind = FAST_METRIC_HISTOGRAM};
		struct fast_metric *sizes = NULL;
		struct fast_plugin *plugin = NULL;

		if (fast_plugin_open("cam", &options, &plugin) != FAST_OK ||
		    fast_plugin_metric(plugin, &spec, &sizes) != FAST_OK) {
			_exit(1);
		}
		for (;;) { /* stopped somewhere in here */
			fast_metric_observe(sizes, 3);
		}
	}
	assert_true(child > 0);
	(void)world_metric_wait(&world, "cam", "sizes", 1);
	assert_int_equal(0, kill(child, SIGSTOP));
	assert_int_equal(child, waitpid(child, NULL, WUNTRACED));
	assert_true(world_metric(&world, "cam", "sizes", &seen));
	(void)world_plugin_wait(&world, "cam", true);
	struct fast_plugin *other = world_plugin(&world, "other");
	struct fast_metric *frames = plugin_metric_of(other, "frames", FAST_METRIC_COUNTER);
	fast_metric_inc(frames);
	(void)world_metric_wait(&world, "other", "frames", 1);
	assert_int_equal(0, kill(child, SIGKILL));
	assert_int_equal(child, waitpid(child, NULL, 0));
	(void)world_plugin_wait(&world, "cam", false);
	assert_true(world_metric(&world, "cam", "sizes", &seen));
	assert_true(seen.count > 0);
	fast_plugin_close(other);
	(void)close(ends[0]);
	(void)close(ends[1]);
	world_fini(&world);
}

/* The connection lives on in a grandchild, and the process id may be another's tomorrow: the plugin
 * is the process that attached, which a pidfd holds on to. */
static void a_plugin_ends_with_its_process_though_its_connection_lives_on(void **state)
{
	struct raw_world raw;
	int ends[2];

	(void)state;
	raw_world_init(&raw);
	assert_int_equal(0, pipe(ends));
	pid_t child = fork();
	if (child == 0) {
		char byte;
		int fd = raw_connect(raw.world.socket); /* the child's own, as the kernel sees it */

		if (!raw_send_attach(fd, "cam", "", raw_page()) || !raw_receive(fd).attached) {
			_exit(1);
		}
		if (fork() == 0) {
			(void)close(ends[1]);
			(void)!read(ends[0], &byte, 1); /* holds the connection until the end */
		}
		_exit(0);
	}
	int status = -1;
	assert_int_equal(child, waitpid(child, &status, 0));
	assert_int_equal(0, status);
	(void)world_plugin_wait(&raw.world, "cam", false);
	(void)close(ends[0]);
	(void)close(ends[1]);
	raw_world_fini(&raw);
}

static void metric_count(const struct node_metric *metric, void *arg)
{
	(void)metric;
	++*(size_t *)arg;
}

/* More than is read at once lies in the socket when the end is seen. */
static void what_a_plugin_says_before_it_dies_is_heard(void **state)
{
	const struct node_filter all = {.plugin = "cam", .include_ended = true};
	struct raw_world raw;
	size_t seen = 0;
	int go[2];
	int status = -1;

	(void)state;
	raw_world_init(&raw);
	assert_int_equal(0, pipe(go));
	pid_t child = fork();
	if (child == 0) {
		const int bytes = 1 << 20; /* the kernel gives what it may */
		char name[8];
		char byte;
		int fd = raw_connect(raw.world.socket);

		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
		if (!raw_send_attach(fd, "cam", "", raw_page()) || !raw_receive(fd).attached ||
		    read(go[0], &byte, 1) != 1) {
			_exit(1);
		}
		for (int i = 0; i < LAST_WORDS; i++) {
			(void)snprintf(name, sizeof name, "m%d", i);
			if (!raw_send_metric(fd, name, FAST_METRIC_COUNTER,
					     FAST_PAGE_CELLS_OFFSET + 64u * (uint32_t)i)) {
				_exit(1);
			}
		}
		_exit(0);
	}
	(void)world_plugin_wait(&raw.world, "cam", true);
	node_lock(raw.world.node); /* which hears nothing meanwhile */
	assert_int_equal(1, write(go[1], "", 1));
	assert_int_equal(child, waitpid(child, &status, 0));
	node_unlock(raw.world.node);
	assert_int_equal(0, status);
	(void)world_plugin_wait(&raw.world, "cam", false);
	node_each_metric(raw.world.node, &all, metric_count, &seen);
	assert_int_equal(LAST_WORDS, seen);
	(void)close(go[0]);
	(void)close(go[1]);
	raw_world_fini(&raw);
}

static bool cam_is_dead(void *arg)
{
	struct node_plugin plugin;

	return !world_plugin_info(arg, "cam", &plugin) || !plugin.live;
}

/* It has ended before fastd looks: its number may be another's already. */
static void a_plugin_whose_process_has_ended_never_lives(void **state)
{
	struct raw_world raw;
	int ends[2];

	(void)state;
	raw_world_init(&raw);
	assert_int_equal(0, pipe(ends));
	node_lock(raw.world.node); /* which accepts nobody meanwhile */
	pid_t child = fork();
	if (child == 0) {
		char byte;
		int fd = raw_connect(raw.world.socket);

		if (!raw_send_attach(fd, "cam", "", raw_page())) {
			_exit(1);
		}
		if (fork() == 0) {
			(void)close(ends[1]);
			(void)!read(ends[0], &byte, 1);
		}
		_exit(0);
	}
	int status = -1;
	assert_int_equal(child, waitpid(child, &status, 0));
	assert_int_equal(0, status);
	node_unlock(raw.world.node);
	for (int i = 0; i < 2; i++) { /* whoever came before these was looked at */
		fast_plugin_close(world_plugin(&raw.world, "later"));
	}
	wait_until(cam_is_dead, &raw.world);
	(void)close(ends[0]);
	(void)close(ends[1]);
	raw_world_fini(&raw);
}

/* In the midst of a tick as many are read as there were slices of it. False: it is not in the
 * midst. */
static bool tick_is_in_slices(void *arg)
{
	struct node *node = ((struct world *)arg)->node;
	const struct sampler *sampler = &node->sampler;
	size_t count;
	size_t read = 0;
	bool in_midst;

	node_lock(node);
	count = node->registry.count;
	in_midst = sampler->slice > 0;
	for (size_t i = 0; i < count; i++) {
		read += node->registry.plugins[i]->tick == sampler->tick;
	}
	if (in_midst) {
		assert_int_equal(count * sampler->slice / sampler->slices, read);
	}
	node_unlock(node);
	return in_midst;
}

/* A thousand are no burst: a tick reads them in slices. */
static void many_pages_are_read_in_slices_and_all_in_each_tick(void **state)
{
	struct fast_plugin *plugins[MANY];
	struct fast_metric *metric[MANY];
	struct world world;
	char name[16];
	uint32_t slices = 0;

	(void)state;
	world_init(&world);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "cam%d", i);
		plugins[i] = world_plugin(&world, name);
		metric[i] = plugin_metric_of(plugins[i], "frames", FAST_METRIC_COUNTER);
		fast_metric_inc(metric[i]);
	}
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "cam%d", i);
		(void)world_metric_wait(&world, name, "frames", 1);
	}
	while (slices < 2) {
		node_lock(world.node);
		slices = world.node->sampler.slices;
		node_unlock(world.node);
		(void)sched_yield();
	}
	wait_until(tick_is_in_slices, &world);
	for (int i = 0; i < MANY; i++) {
		fast_metric_inc(metric[i]);
	}
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "cam%d", i);
		(void)world_metric_wait(&world, name, "frames", 2);
		fast_plugin_close(plugins[i]);
	}
	world_fini(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_that_is_scribbled_on_while_it_is_sampled_does_no_harm),
		cmocka_unit_test(a_hole_in_a_page_is_a_reset),
		cmocka_unit_test(a_plugin_that_stops_dead_keeps_nobody_waiting),
		cmocka_unit_test(a_plugin_ends_with_its_process_though_its_connection_lives_on),
		cmocka_unit_test(a_plugin_whose_process_has_ended_never_lives),
		cmocka_unit_test(what_a_plugin_says_before_it_dies_is_heard),
		cmocka_unit_test(many_pages_are_read_in_slices_and_all_in_each_tick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
