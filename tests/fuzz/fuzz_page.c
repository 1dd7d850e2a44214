/* Any bytes for a page: as its head, as the cells that fastd reads, as the params that a plugin
 * reads, and as a name. */
#include "page/atomic.h"
#include "page/labels.h"
#include "page/names.h"
#include "page/view.h"
#include "plugin_impl.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const union fast_param_value choices[] = {{.string = "slow"}, {.string = "fast"}};

/* A plugin of ours, and a mapping of its page in which everything can be written. */
static struct {
	struct fast_plugin *plugin;
	struct fast_page_view *view;
	unsigned char *page;
	struct fast_param *integer;
	struct fast_param *string;
	struct fast_param *mode;
} world;

static void world_init(void)
{
	struct fast_plugin_options options = {.size = sizeof options, .socket = "/nonexistent/x"};
	struct fast_param_spec integer = {
		.size = sizeof integer, .name = "i", .type = FAST_PARAM_INT, .max = 100};
	struct fast_param_spec string = {.size = sizeof string,
					 .name = "s",
					 .type = FAST_PARAM_STRING,
					 .initial.string = "x"};
	struct fast_param_spec mode = {
		.size = sizeof mode,
		.name = "mode",
		.type = FAST_PARAM_ENUM,
		.initial.string = "slow",
		.choices = choices,
		.choice_count = 2,
	};
	const char *reason = NULL;
	bool opened = fast_plugin_open("fuzz", &options, &world.plugin) == FAST_OK &&
		      fast_plugin_param(world.plugin, &integer, &world.integer) == FAST_OK &&
		      fast_plugin_param(world.plugin, &string, &world.string) == FAST_OK &&
		      fast_plugin_param(world.plugin, &mode, &world.mode) == FAST_OK &&
		      fast_page_view_open(world.plugin->map.fd, &world.view, &reason) == FAST_OK;

	assert(opened);
	world.page = mmap(NULL, FAST_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			  world.plugin->map.fd, 0);
	assert(world.page != MAP_FAILED);
}

/* Repeats the input over a part of the page. */
static void fill(uint32_t offset, uint32_t bytes, const uint8_t *data, size_t data_bytes)
{
	for (uint32_t i = 0; i < bytes; i++) {
		world.page[offset + i] = data[i % data_bytes];
	}
}

static void head_try(const uint8_t *data, size_t bytes)
{
	struct fast_page_head good;
	struct fast_page_view *view = NULL;
	const char *reason = NULL;

	memcpy(&good, world.page, sizeof good);
	memcpy(world.page, data, bytes < sizeof good ? bytes : sizeof good);
	if (fast_page_view_open(world.plugin->map.fd, &view, &reason) == FAST_OK) {
		assert(memcmp(world.page, &good, sizeof good) == 0);
		fast_page_view_close(view);
	} else {
		assert(reason != NULL);
	}
	memcpy(world.page, &good, sizeof good);
}

static void cells_try(const uint8_t *data, size_t bytes)
{
	static struct fast_cell_reading older = {.count = 0};
	static struct fast_cell_reading newer = {.count = 0};
	uint32_t offset = FAST_PAGE_CELLS_OFFSET;

	fill(offset, sizeof(struct fast_page_heartbeat), data, bytes);
	for (int kind = FAST_METRIC_COUNTER; kind <= FAST_METRIC_STATESET; kind++) {
		fast_page_view_prefetch(world.view, (enum fast_metric_kind)kind, offset);
		fast_page_view_prefetch_buckets(world.view, (enum fast_metric_kind)kind, offset);
		fast_page_view_read(world.view, (enum fast_metric_kind)kind, offset, &newer);
		assert(isfinite(newer.distribution.sum));
		assert(isfinite(newer.work));
		double q = fast_distribution_quantile(&newer.distribution, data[0] / 255.0);
		assert(isnan(q) || isfinite(q));
		fast_distribution_difference(&newer.distribution, &older.distribution,
					     &older.distribution);
		assert(isfinite(older.distribution.sum));
		older = newer;
	}
}

static void exemplar_check(uint32_t offset, size_t slot, uint64_t seen)
{
	struct fast_exemplar_reading reading;
	struct fast_label label;
	size_t characters = 0;
	size_t at = 0;

	if (fast_page_view_exemplar(world.view, offset, slot, seen, &reading) != FAST_OK) {
		return;
	}
	assert(isfinite(reading.value) && reading.time_unix_ns > 0);
	while (fast_exemplar_next(reading.text.u.chars, reading.text.bytes, &at, &label)) {
		assert(label.name[0] != '\0' && fast_utf8_valid(label.value, strlen(label.value)));
		characters += strlen(label.name) + strlen(label.value);
	}
	assert(at == reading.text.bytes && characters <= 4 * FAST_EXEMPLAR_CHARACTERS_MAX);
}

/* As exemplars that are garbage, and as the text of one whose check is right. */
static void exemplars_try(const uint8_t *data, size_t bytes)
{
	const uint32_t offset = FAST_PAGE_CELLS_OFFSET;
	const uint32_t cell_bytes = fast_page_exemplars_bytes(FAST_METRIC_TIMER);
	struct fast_exemplar_text text = {.bytes = bytes};

	fill(offset, cell_bytes, data, bytes);
	for (size_t slot = 0; slot < FAST_PAGE_EXEMPLARS; slot++) {
		exemplar_check(offset, slot, data[0]);
	}
	if (bytes <= FAST_PAGE_EXEMPLAR_TEXT_BYTES) {
		memcpy(text.u.chars, data, bytes);
		fill(offset, cell_bytes, (const uint8_t *)"", 1);
		fast_page_exemplar_put((void *)(world.page + offset), 0, data[0],
				       FAST_PAGE_EXEMPLAR_SPACING_NS, &text);
		exemplar_check(offset, 0, 0);
	}
}

/* Writes while another thread reads. */
struct scribble {
	const uint8_t *data;
	size_t bytes;
};

static void *scribble_run(void *arg)
{
	const struct scribble *scribble = arg;
	const uint32_t cell = FAST_PAGE_CELLS_OFFSET;

	for (uint32_t i = 0; i < sizeof(struct fast_page_heartbeat); i += 8) {
		uint64_t word = 0;

		for (uint32_t n = 0; n < 8; n++) {
			word = word << 8 | scribble->data[(i + n) % scribble->bytes];
		}
		page_store((uint64_t *)(void *)(world.page + cell + i), word);
	}
	return NULL;
}

/* The plugin goes on writing while fastd samples. */
static void live_try(const uint8_t *data, size_t bytes)
{
	static struct fast_cell_reading reading;
	struct scribble scribble = {data, bytes};
	pthread_t thread;

	if (pthread_create(&thread, NULL, scribble_run, &scribble) != 0) {
		return;
	}
	for (int kind = FAST_METRIC_COUNTER; kind <= FAST_METRIC_STATESET; kind++) {
		fast_page_view_read(world.view, (enum fast_metric_kind)kind, FAST_PAGE_CELLS_OFFSET,
				    &reading);
		assert(isfinite(reading.work));
		assert(isfinite(reading.distribution.sum));
	}
	pthread_join(thread, NULL);
}

static void params_try(const uint8_t *data, size_t bytes)
{
	char text[FAST_PARAM_STRING_BYTES_MAX + 1];

	fill(FAST_PAGE_A_OFFSET, sizeof(struct fast_page_params), data, bytes);
	int64_t integer = fast_param_get_int(world.integer);
	assert(integer >= 0 && integer <= 100);
	fast_param_get_string(world.string, text);
	assert(strlen(text) <= FAST_PARAM_STRING_BYTES_MAX);
	assert(fast_utf8_valid(text, strlen(text)));
	assert(fast_param_get_choice(world.mode) < 2);
	fast_param_get_string(world.mode, text);
	assert(strcmp(text, "slow") == 0 || strcmp(text, "fast") == 0);
}

static void names_try(const uint8_t *data, size_t bytes)
{
	char reason[FAST_REASON_BYTES];
	char *name = strndup((const char *)data, bytes);

	assert(name != NULL);
	if (fast_name_check("metric", name, 64, reason, sizeof reason) == FAST_OK) {
		assert(fast_plugin_name_check(name, reason, sizeof reason) == FAST_OK);
	}
	(void)!fast_unit_check("metric", name, name, reason, sizeof reason);
	(void)!fast_text_check("metric", name, "help", name, 256, reason, sizeof reason);
	(void)!fast_name_check("metric", name, 64, reason, bytes % sizeof reason + 1);
	if (fast_labels_check("m", name, reason, sizeof reason) == FAST_OK) {
		assert(strlen(name) <= FAST_LABELS_BYTES_MAX && strpbrk(name, "*?[\\") == NULL);
	}
	(void)!fast_states_check("m", name, reason, sizeof reason);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	if (world.plugin == NULL) {
		world_init();
	}
	if (bytes == 0) {
		return 0;
	}
	head_try(data, bytes);
	cells_try(data, bytes);
	exemplars_try(data, bytes);
	live_try(data, bytes);
	params_try(data, bytes);
	names_try(data, bytes);
	return 0;
}
