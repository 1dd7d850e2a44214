#include "sdk/world.h"

#include <fast/log.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static int logged;      /* guarded by log_lock */
static char last[1024]; /* guarded by log_lock */

static void log_keep(enum fast_log_level level, const char *message, void *arg)
{
	(void)level;
	(void)arg;
	pthread_mutex_lock(&log_lock);
	logged++;
	(void)snprintf(last, sizeof last, "%s", message);
	pthread_mutex_unlock(&log_lock);
}

void log_capture(void)
{
	pthread_mutex_lock(&log_lock);
	logged = 0;
	last[0] = '\0';
	pthread_mutex_unlock(&log_lock);
	fast_log_set_handler(log_keep, NULL);
}

int log_count(void)
{
	int count;

	pthread_mutex_lock(&log_lock);
	count = logged;
	pthread_mutex_unlock(&log_lock);
	return count;
}

/* The tests that call it have no other thread that logs. */
const char *log_last(void)
{
	return last;
}

/* A sanitizer allocates while it starts a thread, under a lock of its own: a child that was forked
 * meanwhile would wait for it for ever. The thread's first deed is to name itself. */
static void thread_await_start(const struct fast_plugin *plugin)
{
	char name[16] = "";

	while (strcmp(name, "fast-plugin") != 0) {
		(void)sched_yield();
		assert_int_equal(0, pthread_getname_np(plugin->thread, name, sizeof name));
	}
}

int world_setup(void **state)
{
	struct fast_plugin_options options = {.size = sizeof options, .socket = "/nonexistent/x"};
	struct world *world = calloc(1, sizeof *world);
	const char *reason = NULL;

	assert_non_null(world);
	log_capture();
	assert_ok(fast_plugin_open("test", &options, &world->plugin));
	thread_await_start(world->plugin);
	assert_ok(fast_page_view_open(world->plugin->map.fd, &world->view, &reason));
	*state = world;
	return 0;
}

int world_teardown(void **state)
{
	struct world *world = *state;

	fast_page_view_close(world->view);
	fast_plugin_close(world->plugin);
	free(world);
	return 0;
}

struct fast_metric *world_metric(struct world *world, const char *name, enum fast_metric_kind kind)
{
	struct fast_metric_spec spec = {.size = sizeof spec, .name = name, .kind = kind};
	struct fast_metric *metric = NULL;

	assert_ok(fast_plugin_metric(world->plugin, &spec, &metric));
	return metric;
}

struct fast_param *world_param(struct world *world, const struct fast_param_spec *spec)
{
	struct fast_param *param = NULL;

	assert_ok(fast_plugin_param(world->plugin, spec, &param));
	return param;
}

struct fast_cell_reading world_read(const struct world *world, const struct fast_metric *metric)
{
	struct fast_cell_reading reading = {.count = 0};

	fast_page_view_read(world->view, metric_kind(metric), metric_info(metric)->cell_offset,
			    &reading);
	return reading;
}

void world_view_grow(struct world *world)
{
	const char *reason = NULL;

	for (size_t i = fast_page_view_segments(world->view); i < world->plugin->segment_count;
	     i++) {
		assert_ok(fast_page_view_add(world->view, world->plugin->segments[i].fd, &reason));
	}
}
