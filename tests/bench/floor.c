#include "floor.h"

#include "page/view.h"
#include "plugin_impl.h"

#include <stdlib.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

static int64_t cpu_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void sleep_until(int64_t until_ns)
{
	struct timespec until = {.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* Where a cell is, as fastd knows it. */
struct cell {
	struct fast_page_view *view;
	enum fast_metric_kind kind;
	uint32_t offset;
};

static struct cell *cells_open(const struct crowd *crowd)
{
	struct cell *cells = calloc(crowd->count * CROWD_METRICS, sizeof *cells);
	const char *reason = "no memory";

	if (cells == NULL) {
		bench_die("cells", reason);
	}
	for (size_t i = 0; i < crowd->count * CROWD_METRICS; i++) {
		const struct metric_info *metric = metric_info(crowd->metrics[i]);

		cells[i].kind = metric->kind;
		cells[i].offset = metric->cell_offset;
		if (i % CROWD_METRICS > 0) {
			cells[i].view = cells[i - 1].view;
		} else if (fast_page_view_open(metric->plugin->map.fd, &cells[i].view, &reason) !=
			   FAST_OK) {
			bench_die("a view", reason);
		}
	}
	return cells;
}

static void cells_close(struct cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i += CROWD_METRICS) {
		fast_page_view_close(cells[i].view);
	}
	free(cells);
}

/* Each plugin's are asked for while the one before is read. */
static void cells_read(const struct cell *cells, size_t count, struct fast_cell_reading *reading)
{
	for (size_t i = 0; i < count; i++) {
		if (i + CROWD_METRICS < count) {
			const struct cell *ahead = &cells[i + CROWD_METRICS];
			fast_page_view_prefetch(ahead->view, ahead->kind, ahead->offset);
		}
		fast_page_view_read(cells[i].view, cells[i].kind, cells[i].offset, reading);
	}
	bench_keep(reading);
}

double floor_percent(const struct crowd *crowd, unsigned hz, int64_t length_ms)
{
	static struct fast_cell_reading reading;
	size_t count = crowd->count * CROWD_METRICS;
	struct cell *cells = cells_open(crowd);
	int64_t begin_ns = bench_now_ns();
	int64_t ticks = length_ms * hz / 1000;
	int64_t used_ns = 0;

	for (int64_t tick = 0; tick < ticks; tick++) {
		sleep_until(begin_ns + tick * NS_PER_S / hz);
		int64_t cpu_ns = cpu_now_ns();
		cells_read(cells, count, &reading);
		used_ns += cpu_now_ns() - cpu_ns;
	}
	cells_close(cells, count);
	return 100 * (double)used_ns / (double)(ticks * NS_PER_S / hz);
}
