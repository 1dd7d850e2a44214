#include "bench_hot_world.h"

#include "bench.h"

#include "page/atomic.h"
#include "page/view.h"

#include <fast/exemplar.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 256

void hot_fetch_add_loop(const struct hot_world *world, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++) {
		page_add(world->cell, 1);
	}
}

void hot_clock_loop(const struct hot_world *world, uint64_t calls)
{
	int64_t sum = 0;

	(void)world;
	for (uint64_t i = 0; i < calls; i++) {
		sum += bench_now_ns();
		bench_keep(&sum);
	}
}

void hot_counter_loop(const struct hot_world *world, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++) {
		fast_metric_inc(world->counter);
	}
}

void hot_gauge_loop(const struct hot_world *world, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++) {
		fast_metric_set(world->gauge, (double)i);
	}
}

void hot_observe_loop(const struct hot_world *world, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++) {
		fast_metric_observe(world->histogram, 0.02 + 1e-6 * (double)(i & 1023));
	}
}

void hot_observe_exemplar_loop(const struct hot_world *world, uint64_t calls)
{
	static const struct fast_label labels[] = {
		{"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"},
		{"span_id", "00f067aa0ba902b7"},
	};
	const struct fast_exemplar exemplar = {
		.size = sizeof exemplar, .labels = labels, .label_count = 2};

	for (uint64_t i = 0; i < calls; i++) {
		(void)fast_metric_observe_exemplar(world->histogram,
						   0.02 + 1e-6 * (double)(i & 1023), &exemplar);
	}
}

void hot_heartbeat_loop(const struct hot_world *world, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++) {
		fast_metric_inc(world->heartbeat);
	}
}

void hot_get_loop(const struct hot_world *world, uint64_t calls)
{
	int64_t sum = 0;

	for (uint64_t i = 0; i < calls; i++) {
		sum += fast_param_get_int(world->integer);
		bench_keep(&sum);
	}
}

void hot_get_string_loop(const struct hot_world *world, uint64_t calls)
{
	char text[FAST_PARAM_STRING_BYTES_MAX + 1];

	for (uint64_t i = 0; i < calls; i++) {
		fast_param_get_string(world->string, text);
		bench_keep(text);
	}
}

static void check(enum fast_status status, const char *what)
{
	if (status != FAST_OK) {
		fprintf(stderr, "bench_hot: %s: %s\n", what, fast_status_name(status));
		exit(1);
	}
}

static struct fast_metric *metric_declare(struct fast_plugin *plugin, const char *name,
					  enum fast_metric_kind kind)
{
	struct fast_metric_spec spec = {.size = sizeof spec, .name = name, .kind = kind};
	struct fast_metric *metric = NULL;

	check(fast_plugin_metric(plugin, &spec, &metric), name);
	return metric;
}

/* The plugin's page is the newest of our memfds; nobody hands it out, so it is looked for. */
static int page_find(void)
{
	char link[64];
	char target[64];

	for (int fd = DESCRIPTORS_MAX; fd > 2; fd--) {
		(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		ssize_t bytes = readlink(link, target, sizeof target - 1);
		target[bytes < 0 ? 0 : bytes] = '\0';
		if (strncmp(target, "/memfd:fast-page", 16) == 0) {
			return fd;
		}
	}
	return -1;
}

/* Turns both knobs as fastd would: a get of a turned knob is the longer one. */
static void knobs_turn(struct hot_world *world)
{
	struct fast_page_value integer = {.type = FAST_PARAM_INT, .u.integer = 720};
	struct fast_page_value string = {.type = FAST_PARAM_STRING, .string = "yolov8-medium"};
	const char *reason = NULL;

	check(fast_page_view_open(page_find(), &world->view, &reason), "the page");
	fast_page_view_set(world->view, 0, 1, &integer);
	fast_page_view_set(world->view, 1, 2, &string);
	fast_page_view_commit(world->view);
}

void hot_world_init(struct hot_world *world)
{
	struct fast_plugin_options options = {.size = sizeof options, .socket = "/nonexistent"};
	struct fast_param_spec integer = {
		.size = sizeof integer,
		.name = "resolution",
		.type = FAST_PARAM_INT,
		.initial.integer = 1080,
		.min = 1,
		.max = 4320,
	};
	struct fast_param_spec string = {
		.size = sizeof string,
		.name = "model",
		.type = FAST_PARAM_STRING,
		.initial.string = "yolov8-large",
	};

	check(fast_page_map_open(&world->bare, 0), "a page");
	world->cell = (uint64_t *)(void *)(world->bare.base + FAST_PAGE_CELLS_OFFSET);
	check(fast_plugin_open("bench", &options, &world->plugin), "a plugin");
	world->counter = metric_declare(world->plugin, "frames", FAST_METRIC_COUNTER);
	world->gauge = metric_declare(world->plugin, "queue", FAST_METRIC_GAUGE);
	world->histogram = metric_declare(world->plugin, "latency", FAST_METRIC_HISTOGRAM);
	world->heartbeat = metric_declare(world->plugin, "fps", FAST_METRIC_HEARTBEAT);
	check(fast_plugin_param(world->plugin, &integer, &world->integer), "a param");
	check(fast_plugin_param(world->plugin, &string, &world->string), "a param");
	knobs_turn(world);
}

void hot_world_fini(struct hot_world *world)
{
	fast_page_view_close(world->view);
	fast_plugin_close(world->plugin);
	fast_page_map_close(&world->bare);
}
