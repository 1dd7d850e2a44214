#include "sdk/fake_fastd.h"
#include "sdk/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_MS  10000
#define REFUSALS 20

/* A plugin that knows a socket path; each test starts the fastd it wants behind it. */
struct scene {
	char *path;
	struct fast_plugin *plugin;
};

static int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof *scene);

	assert_non_null(scene);
	scene->path = fake_path_new();
	log_capture();
	*state = scene;
	return 0;
}

static int scene_teardown(void **state)
{
	struct scene *scene = *state;

	fast_plugin_close(scene->plugin);
	fake_path_free(scene->path);
	free(scene);
	return 0;
}

static void scene_open(struct scene *scene)
{
	struct fast_plugin_options options = {
		.size = sizeof options,
		.socket = scene->path,
		.version = "1.2-test",
	};

	assert_ok(fast_plugin_open("bird-song", &options, &scene->plugin));
}

static struct fast_metric *counter_declare(struct scene *scene, const char *name)
{
	struct fast_metric_spec spec = {
		.size = sizeof spec, .name = name, .kind = FAST_METRIC_COUNTER};
	struct fast_metric *metric = NULL;

	assert_ok(fast_plugin_metric(scene->plugin, &spec, &metric));
	return metric;
}

static void param_declare(struct scene *scene, const char *name)
{
	static const union fast_param_value choices[] = {{.string = "a"}, {.string = "b"}};
	struct fast_param_spec spec = {
		.size = sizeof spec,
		.name = name,
		.type = FAST_PARAM_ENUM,
		.initial.string = "b",
		.choices = choices,
		.choice_count = 2,
	};
	struct fast_param *param = NULL;

	assert_ok(fast_plugin_param(scene->plugin, &spec, &param));
}

static int64_t now_ms(void)
{
	return fast_metric_now() / 1000000;
}

static void attach_hands_over_name_version_and_page(void **state)
{
	struct scene *scene = *state;
	struct fake_fastd *fastd = fake_fastd_start(scene->path, FAKE_ANSWERS, "bird-song-2");
	char instance[64];
	struct fake_told told;
	struct fast_cell_reading reading = {.count = 0};

	scene_open(scene);
	fast_plugin_instance(scene->plugin, instance, sizeof instance);
	struct fast_metric *frames = counter_declare(scene, "frames");
	assert_ok(fast_plugin_wait_attached(scene->plugin, WAIT_MS));
	assert_true(fast_plugin_is_attached(scene->plugin));
	fake_fastd_await(fastd, metrics, 1);
	told = fake_fastd_told(fastd);
	assert_string_equal("bird-song", told.name);
	assert_string_equal("", told.instance);
	assert_string_equal("1.2-test", told.version);
	assert_int_equal(1, told.page_version);
	assert_true(told.open_time_unix_ns / 1000000000 - time(NULL) <= 0);
	assert_true(told.open_time_unix_ns / 1000000000 - time(NULL) > -60);
	fast_plugin_instance(scene->plugin, instance, sizeof instance);
	assert_string_equal("bird-song-2", instance);

	fast_metric_add(frames, 3);
	fast_page_view_read(fake_fastd_view(fastd), FAST_METRIC_COUNTER, told.last_cell_offset,
			    &reading);
	assert_int_equal(3, reading.count);
	fake_fastd_stop(fastd);
}

static void declarations_reach_fastd_before_and_after_attaching(void **state)
{
	struct scene *scene = *state;
	struct fake_told told;
	struct fast_metric_spec undeclared = {.size = sizeof undeclared, .name = "late"};
	struct fast_metric *late = NULL;

	scene_open(scene);
	(void)counter_declare(scene, "a");
	param_declare(scene, "knob");
	assert_ok(fast_plugin_metric(scene->plugin, &undeclared, &late));
	struct fake_fastd *fastd = fake_fastd_start(scene->path, FAKE_ANSWERS, "x");
	assert_ok(fast_plugin_wait_attached(scene->plugin, WAIT_MS));
	fake_fastd_await(fastd, metrics, 1);
	fake_fastd_await(fastd, params, 1);
	told = fake_fastd_told(fastd);
	assert_string_equal("a", told.last_metric);
	assert_string_equal("knob", told.last_param);
	assert_int_equal(2, told.last_choices);

	(void)counter_declare(scene, "b");
	fake_fastd_await(fastd, metrics, 2);
	fast_metric_set(late, 1);
	fake_fastd_await(fastd, metrics, 3);
	told = fake_fastd_told(fastd);
	assert_string_equal("late", told.last_metric);
	assert_int_equal(metric_info(late)->cell_offset, told.last_cell_offset);
	fake_fastd_stop(fastd);
}

/* The most there can be, at their longest, are more than a socket's buffer holds. */
static void a_plugin_of_the_largest_size_is_announced_whole(void **state)
{
	struct scene *scene = *state;
	union fast_param_value choices[FAST_PARAM_CHOICES_MAX];
	char texts[FAST_PARAM_CHOICES_MAX][FAST_PARAM_STRING_BYTES_MAX + 1];
	char name[FAST_PARAM_NAME_BYTES_MAX + 1];
	char help[FAST_METRIC_HELP_BYTES_MAX + 1];
	struct fast_param_spec spec = {
		.size = sizeof spec,
		.name = name,
		.type = FAST_PARAM_ENUM,
		.unit = "1234567890123456",
		.help = help,
		.choices = choices,
		.choice_count = FAST_PARAM_CHOICES_MAX,
	};
	struct fast_param *param = NULL;

	memset(help, 'h', sizeof help - 1);
	help[sizeof help - 1] = '\0';
	for (size_t i = 0; i < FAST_PARAM_CHOICES_MAX; i++) {
		memset(texts[i], (int)('A' + i), FAST_PARAM_STRING_BYTES_MAX);
		texts[i][FAST_PARAM_STRING_BYTES_MAX] = '\0';
		choices[i].string = texts[i];
	}
	spec.initial = choices[31];
	scene_open(scene);
	for (int i = 0; i < FAST_PLUGIN_PARAMS_MAX; i++) {
		(void)snprintf(name, sizeof name, "%064d", i);
		assert_ok(fast_plugin_param(scene->plugin, &spec, &param));
	}
	for (int i = 0; i < FAST_PLUGIN_METRICS_MAX; i++) {
		(void)snprintf(name, sizeof name, "%064d", i);
		(void)counter_declare(scene, name);
	}
	struct fake_fastd *fastd = fake_fastd_start(scene->path, FAKE_ANSWERS, "x");
	fake_fastd_await(fastd, params, FAST_PLUGIN_PARAMS_MAX);
	fake_fastd_await(fastd, metrics, FAST_PLUGIN_METRICS_MAX);
	assert_int_equal(FAST_PARAM_CHOICES_MAX, fake_fastd_told(fastd).last_choices);
	fake_fastd_stop(fastd);
}

static void a_plugin_is_found_again_by_the_fastd_that_comes_after(void **state)
{
	struct scene *scene = *state;
	char instance[64];
	struct fake_told told;
	int64_t back_ms;

	struct fake_fastd *first = fake_fastd_start(scene->path, FAKE_ANSWERS, "bird-song-7");
	scene_open(scene);
	struct fast_metric *frames = counter_declare(scene, "frames");
	param_declare(scene, "knob");
	assert_ok(fast_plugin_wait_attached(scene->plugin, WAIT_MS));
	fast_metric_add(frames, 5);
	fake_fastd_stop(first);
	fast_metric_add(frames, 6); /* nobody looks */

	struct fake_fastd *second = fake_fastd_start(scene->path, FAKE_ANSWERS, "bird-song-7");
	back_ms = now_ms();
	fake_fastd_await(second, attaches, 1);
	assert_true(now_ms() - back_ms < 1000 + 500 /* a loaded machine */);
	fake_fastd_await(second, metrics, 1);
	fake_fastd_await(second, params, 1);
	assert_ok(fast_plugin_wait_attached(scene->plugin, WAIT_MS));
	told = fake_fastd_told(second);
	assert_string_equal("bird-song", told.name);
	assert_string_equal("bird-song-7", told.instance);
	struct fast_cell_reading reading = {.count = 0};
	fast_page_view_read(fake_fastd_view(second), FAST_METRIC_COUNTER, told.last_cell_offset,
			    &reading);
	assert_int_equal(11, reading.count);
	fast_plugin_instance(scene->plugin, instance, sizeof instance);
	assert_string_equal("bird-song-7", instance);
	fake_fastd_stop(second);
}

static void log_await(void)
{
	for (int64_t end_ms = now_ms() + WAIT_MS; log_count() == 0 && now_ms() < end_ms;) {
		sched_yield();
	}
	assert_int_equal(1, log_count());
}

/* What is announced while the refusal is under way, and never read, must not hide it: the plugin
 * may find the connection broken before it has read why. */
static void a_plugin_that_is_refused_runs_on_and_says_why(void **state)
{
	struct scene *scene = *state;

	for (int round = 0; round < REFUSALS; round++) {
		log_capture();
		scene_open(scene);
		for (int i = 0; i < FAST_PLUGIN_METRICS_MAX; i++) {
			char name[16];

			(void)snprintf(name, sizeof name, "m%d", i);
			(void)counter_declare(scene, name);
		}
		struct fake_fastd *fastd = fake_fastd_start(scene->path, FAKE_REFUSES_PLUGIN, "");
		fake_fastd_await(fastd, ends, 1);
		log_await();
		assert_string_equal("plugin \"bird-song\": fastd refused it: no room; ask for less "
				    "(RESOURCE_EXHAUSTED)",
				    log_last());
		assert_error(
			scene->plugin,
			"fastd refused the plugin: no room; ask for less (RESOURCE_EXHAUSTED)");
		assert_status(FAST_DEADLINE_EXCEEDED, fast_plugin_wait_attached(scene->plugin, 0));
		fast_metric_inc(counter_declare(scene, "m0"));
		fast_plugin_close(scene->plugin);
		scene->plugin = NULL;
		fake_fastd_stop(fastd);
	}
}

static void a_refused_metric_leaves_the_session_open(void **state)
{
	struct scene *scene = *state;
	struct fake_fastd *fastd = fake_fastd_start(scene->path, FAKE_REFUSES_METRICS, "x");

	scene_open(scene);
	(void)counter_declare(scene, "fps");
	assert_ok(fast_plugin_wait_attached(scene->plugin, WAIT_MS));
	fake_fastd_await(fastd, metrics, 1);
	log_await();
	assert_error(scene->plugin,
		     "fastd refused \"fps\": no room; ask for less (RESOURCE_EXHAUSTED)");
	assert_true(fast_plugin_is_attached(scene->plugin));
	param_declare(scene, "knob");
	fake_fastd_await(fastd, params, 1);
	assert_int_equal(1, fake_fastd_told(fastd).attaches);
	fake_fastd_stop(fastd);
}

static void packets_that_mean_nothing_are_passed_over(void **state)
{
	struct scene *scene = *state;
	struct fake_fastd *fastd = fake_fastd_start(scene->path, FAKE_SPEAKS_NONSENSE, "x");

	scene_open(scene);
	assert_ok(fast_plugin_wait_attached(scene->plugin, WAIT_MS));
	assert_int_equal(1, fake_fastd_told(fastd).attaches);
	fake_fastd_stop(fastd);
}

static void close_says_goodbye(void **state)
{
	struct scene *scene = *state;
	struct fake_fastd *fastd = fake_fastd_start(scene->path, FAKE_ANSWERS, "x");

	scene_open(scene);
	assert_ok(fast_plugin_wait_attached(scene->plugin, WAIT_MS));
	fast_plugin_close(scene->plugin);
	scene->plugin = NULL;
	fake_fastd_await(fastd, detaches, 1);
	fake_fastd_await(fastd, ends, 1);
	fake_fastd_stop(fastd);
}

/* The page outlives its plugin in fastd's mapping. */
static void the_last_values_survive_the_plugin(void **state)
{
	struct scene *scene = *state;
	struct fake_fastd *fastd = fake_fastd_start(scene->path, FAKE_ANSWERS, "x");
	struct fast_cell_reading reading = {.count = 0};

	scene_open(scene);
	fast_metric_add(counter_declare(scene, "frames"), 99);
	fake_fastd_await(fastd, metrics, 1);
	fast_plugin_close(scene->plugin);
	scene->plugin = NULL;
	fake_fastd_await(fastd, ends, 1);
	fast_page_view_read(fake_fastd_view(fastd), FAST_METRIC_COUNTER,
			    fake_fastd_told(fastd).last_cell_offset, &reading);
	assert_int_equal(99, reading.count);
	fake_fastd_stop(fastd);
}

/* Each manner of not answering; close returns at once all the same. */
static void close_never_waits_for_fastd(void **state)
{
	static const enum fake_manner manners[] = {FAKE_IS_SILENT, FAKE_DOES_NOT_READ};
	struct scene *scene = *state;

	for (size_t i = 0; i < FAST_TEST_COUNT(manners); i++) {
		struct fake_fastd *fastd = fake_fastd_start(scene->path, manners[i], "");
		int64_t start_ms;
		char name[16];

		scene_open(scene);
		for (int n = 0; n < FAST_PLUGIN_METRICS_MAX; n++) {
			(void)snprintf(name, sizeof name, "m%d", n);
			(void)counter_declare(scene, name);
		}
		if (manners[i] == FAKE_IS_SILENT) {
			fake_fastd_await(fastd, metrics, 1);
		}
		assert_status(FAST_DEADLINE_EXCEEDED,
			      fast_plugin_wait_attached(scene->plugin, 100));
		start_ms = now_ms();
		fast_plugin_close(scene->plugin);
		scene->plugin = NULL;
		assert_true(now_ms() - start_ms < 1000);
		fake_fastd_stop(fastd);
	}
}

static void without_a_fastd_a_plugin_runs_and_closes_at_once(void **state)
{
	struct scene *scene = *state;
	char instance[64];
	int64_t start_ms = now_ms();

	scene_open(scene);
	fast_metric_inc(counter_declare(scene, "frames"));
	assert_false(fast_plugin_is_attached(scene->plugin));
	assert_status(FAST_DEADLINE_EXCEEDED, fast_plugin_wait_attached(scene->plugin, 0));
	fast_plugin_instance(scene->plugin, instance, sizeof instance);
	assert_string_equal("bird-song", instance);
	fast_plugin_instance(scene->plugin, instance, 5);
	assert_string_equal("bird", instance);
	fast_plugin_close(scene->plugin);
	scene->plugin = NULL;
	assert_true(now_ms() - start_ms < 1000);
	assert_int_equal(0, log_count());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attach_hands_over_name_version_and_page),
		TEST(declarations_reach_fastd_before_and_after_attaching),
		TEST(a_plugin_of_the_largest_size_is_announced_whole),
		TEST(a_plugin_is_found_again_by_the_fastd_that_comes_after),
		TEST(a_plugin_that_is_refused_runs_on_and_says_why),
		TEST(a_refused_metric_leaves_the_session_open),
		TEST(packets_that_mean_nothing_are_passed_over),
		TEST(close_says_goodbye),
		TEST(the_last_values_survive_the_plugin),
		TEST(close_never_waits_for_fastd),
		TEST(without_a_fastd_a_plugin_runs_and_closes_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
