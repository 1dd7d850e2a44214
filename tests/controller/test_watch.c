#include "daemon/watch.h"
#include "tests/controller/fake_node.h"
#include "tests/controller/fake_runtime.h"
#include "tests/support/fault_alloc.h"
#include "tests/support/harness.h"

#include <fast/v1/metric.pb-c.h>
#include <fast/v1/param.pb-c.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define KNOBS     200

static const struct roles no_roles;

struct world {
	struct node node;
	struct watch *watch;
	struct publish *publish;
	struct fast_call call;
	struct fast_call other;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	if (world == NULL) {
		return -1;
	}
	fake_node_init(&world->node);
	fake_node_add_plugin(&world->node, "cam");
	fake_node_add_metric(&world->node, "cam", "fps", FAST_METRIC_HEARTBEAT);
	fake_node_add_metric(&world->node, "cam", "temperature", FAST_METRIC_GAUGE);
	fake_node_add_metric(&world->node, "mic", "level", FAST_METRIC_GAUGE);
	fake_node_add_metric(&world->node, "mic", "later", FAST_METRIC_GAUGE)->sampled = false;
	fake_node_add_param(&world->node, "cam", "res", 1);
	fake_node_add_param(&world->node, "mic", "gain", 5);
	fake_call_init(&world->call);
	fake_call_init(&world->other);
	*state = world;
	if (publish_open("tcp://127.0.0.1:0", &no_roles, &world->publish) != FAST_OK ||
	    watch_open(&world->node, world->publish, &world->watch) != FAST_OK) {
		return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	bool ended = true;

	if (world->call.cancel != NULL) {
		fake_call_cancel(&world->call);
		ended = fake_call_wait_end(&world->call);
	}
	if (world->other.cancel != NULL) {
		fake_call_cancel(&world->other);
		ended = fake_call_wait_end(&world->other) && ended;
	}
	watch_stop(world->watch);
	fake_node_fini(&world->node);
	watch_close(world->watch);
	publish_close(world->publish);
	fake_call_fini(&world->call);
	fake_call_fini(&world->other);
	free(world);
	return ended ? 0 : -1;
}

static const Fast__V1__MetricWatchResponse *metric_item(const struct fast_call *call, size_t i)
{
	assert_true(call->items[i]->descriptor == &fast__v1__metric_watch_response__descriptor);
	return (const Fast__V1__MetricWatchResponse *)call->items[i];
}

static const Fast__V1__ParamState *param_item(const struct fast_call *call, size_t i)
{
	assert_true(call->items[i]->descriptor == &fast__v1__param_watch_response__descriptor);
	return ((const Fast__V1__ParamWatchResponse *)call->items[i])->param;
}

static void watch_metrics(struct world *world, const char *plugin, uint32_t interval_ms)
{
	const struct node_filter filter = {.plugin = plugin, .name = "", .window_ms = 1000};

	assert_ok(watch_add_metrics(world->watch, &world->call, &filter, interval_ms));
}

/* Waits until the watch has so many dropped items. */
static bool wait_dropped(struct world *world, uint64_t dropped)
{
	struct watch_stats stats = {0};

	for (int i = 0; i < FAKE_WAIT_MS && stats.dropped < dropped; i++) {
		watch_stats(world->watch, &stats);
		poll(NULL, 0, 1); /* poll_interval */
	}
	return stats.dropped >= dropped;
}

static void each_sampling_brings_an_item_of_what_matches(void **state)
{
	struct world *world = *state;

	watch_metrics(world, "c*", 0);
	fake_node_sample(&world->node, SECOND_NS);
	assert_true(fake_call_wait_items(&world->call, 1));
	fake_node_sample(&world->node, 2 * SECOND_NS);
	assert_true(fake_call_wait_items(&world->call, 2));

	assert_int_equal(SECOND_NS, metric_item(&world->call, 0)->time_unix_ns);
	assert_int_equal(2, metric_item(&world->call, 0)->n_samples);
	assert_string_equal("fps", metric_item(&world->call, 0)->samples[0]->metric);
	assert_int_equal(0, metric_item(&world->call, 0)->dropped);
	assert_int_equal(2 * SECOND_NS, metric_item(&world->call, 1)->time_unix_ns);
}

static void a_metric_without_a_sample_is_left_out(void **state)
{
	struct world *world = *state;

	watch_metrics(world, "mic", 0);
	fake_node_sample(&world->node, SECOND_NS);
	assert_true(fake_call_wait_items(&world->call, 1));
	assert_int_equal(1, metric_item(&world->call, 0)->n_samples);
	assert_string_equal("level", metric_item(&world->call, 0)->samples[0]->metric);
}

static void an_interval_holds_items_back(void **state)
{
	struct world *world = *state;

	const struct node_filter all = {.plugin = "", .name = ""};

	watch_metrics(world, "", 60000);
	assert_ok(watch_add_metrics(world->watch, &world->other, &all, 0));
	for (size_t i = 1; i <= 5; i++) {
		fake_node_sample(&world->node, (int64_t)i * SECOND_NS);
		assert_true(fake_call_wait_items(&world->other, i));
	}
	assert_int_equal(1, world->call.item_count);
}

static void items_that_do_not_fit_are_counted_in_the_next_one(void **state)
{
	struct world *world = *state;

	world->call.room = 1;
	watch_metrics(world, "", 0);
	fake_node_sample(&world->node, SECOND_NS);
	assert_true(fake_call_wait_items(&world->call, 1));
	fake_node_sample(&world->node, 2 * SECOND_NS);
	assert_true(wait_dropped(world, 1));
	fake_node_sample(&world->node, 3 * SECOND_NS);
	assert_true(wait_dropped(world, 2));
	fake_call_make_room(&world->call, 9);
	fake_node_sample(&world->node, 4 * SECOND_NS);
	assert_true(fake_call_wait_items(&world->call, 2));
	fake_node_sample(&world->node, 5 * SECOND_NS);
	assert_true(fake_call_wait_items(&world->call, 3));

	assert_int_equal(2, metric_item(&world->call, 1)->dropped);
	assert_int_equal(0, metric_item(&world->call, 2)->dropped);
}

static void a_cancelled_call_ends_without_a_sampling(void **state)
{
	struct world *world = *state;
	struct watch_stats stats;

	watch_metrics(world, "", 0);
	fake_call_cancel(&world->call);
	assert_true(fake_call_wait_end(&world->call));
	assert_status(FAST_CANCELLED, world->call.status);
	for (int i = 0; i < FAKE_WAIT_MS; i++) {
		watch_stats(world->watch, &stats);
		if (stats.watchers == 0) {
			break;
		}
		poll(NULL, 0, 1); /* poll_interval */
	}
	assert_int_equal(0, stats.watchers);
}

static void the_states_come_first_and_then_each_change(void **state)
{
	struct world *world = *state;

	assert_ok(
		watch_add_params(world->watch, &world->call, &(struct watch_start){.plugin = ""}));
	assert_true(fake_call_wait_items(&world->call, 2));
	fake_node_change(&world->node, &world->node.params[1], 6);
	fake_node_change(&world->node, &world->node.params[1], 7);
	fake_node_change(&world->node, &world->node.params[0], 2);
	assert_true(fake_call_wait_items(&world->call, 5));

	assert_string_equal("res", param_item(&world->call, 0)->spec->name);
	assert_string_equal("gain", param_item(&world->call, 1)->spec->name);
	assert_int_equal(5, param_item(&world->call, 1)->desired->int_value);
	assert_int_equal(6, param_item(&world->call, 2)->desired->int_value);
	assert_int_equal(7, param_item(&world->call, 3)->desired->int_value);
	assert_string_equal("res", param_item(&world->call, 4)->spec->name);
	assert_int_equal(2, param_item(&world->call, 4)->desired->int_value);
}

static void changes_of_other_plugins_are_not_sent(void **state)
{
	struct world *world = *state;

	assert_ok(watch_add_params(world->watch, &world->call,
				   &(struct watch_start){.plugin = "mi?"}));
	assert_true(fake_call_wait_items(&world->call, 1));
	fake_node_change(&world->node, &world->node.params[0], 2);
	fake_node_change(&world->node, &world->node.params[1], 6);
	assert_true(fake_call_wait_items(&world->call, 2));
	assert_string_equal("gain", param_item(&world->call, 1)->spec->name);
}

static void states_that_do_not_fit_come_as_the_reader_reads(void **state)
{
	struct world *world = *state;
	static char names[KNOBS][16];

	for (size_t i = 0; i < KNOBS; i++) {
		snprintf(names[i], sizeof names[i], "k%zu", i);
		fake_node_add_param(&world->node, "many", names[i], (int64_t)i);
	}
	world->call.room = 10;
	assert_ok(watch_add_params(world->watch, &world->call,
				   &(struct watch_start){.plugin = "many"}));
	for (size_t count = 10; count < KNOBS; count += 10) {
		assert_true(fake_call_wait_items(&world->call, count));
		fake_call_make_room(&world->call, 10);
		fake_node_sample(&world->node, SECOND_NS);
	}
	assert_true(fake_call_wait_items(&world->call, KNOBS));
	for (size_t i = 0; i < KNOBS; i++) {
		assert_string_equal(names[i], param_item(&world->call, i)->spec->name);
	}
}

static void who_lost_changes_gets_the_states_again(void **state)
{
	struct world *world = *state;
	struct node_param *gain = &world->node.params[1];
	int64_t last = 0;
	size_t count;

	world->call.room = 2;
	assert_ok(
		watch_add_params(world->watch, &world->call, &(struct watch_start){.plugin = ""}));
	assert_true(fake_call_wait_items(&world->call, 2));
	for (int64_t i = 0; i < 3 * WATCH_CHANGES_MAX; i++) {
		fake_node_change(&world->node, gain, i);
		last = i;
	}
	fake_call_make_room(&world->call, FAKE_ITEMS_MAX);
	fake_node_sample(&world->node, SECOND_NS);
	for (int i = 0; i < FAKE_WAIT_MS; i++) {
		pthread_mutex_lock(&world->call.lock);
		count = world->call.item_count;
		if (param_item(&world->call, count - 1)->desired->int_value == last) {
			pthread_mutex_unlock(&world->call.lock);
			break;
		}
		pthread_mutex_unlock(&world->call.lock);
		poll(NULL, 0, 1); /* poll_interval */
	}
	assert_int_equal(last, param_item(&world->call, count - 1)->desired->int_value);
	/* both states again, not the changes that were lost */
	assert_true(count < 2 + 3 * WATCH_CHANGES_MAX);
}

static void each_sampling_is_published_when_somebody_subscribes(void **state)
{
	struct world *world = *state;

	fake_published_count = 0;
	fake_subscribers = 0;
	watch_metrics(world, "", 0);
	fake_node_sample(&world->node, SECOND_NS);
	assert_true(fake_call_wait_items(&world->call, 1));
	assert_int_equal(0, fake_published_count);
	fake_subscribers = 1;
	fake_node_sample(&world->node, 2 * SECOND_NS);
	assert_true(fake_call_wait_items(&world->call, 2));
	assert_int_equal(3, fake_published_count);
	assert_string_equal("metric.mic.level", fake_published_topic);
}

static void too_many_watchers_are_refused(void **state)
{
	struct world *world = *state;
	struct fast_call *calls = calloc(WATCH_WATCHERS_MAX, sizeof *calls);

	assert_non_null(calls);
	for (size_t i = 0; i < WATCH_WATCHERS_MAX; i++) {
		fake_call_init(&calls[i]);
		assert_ok(watch_add_params(world->watch, &calls[i],
					   &(struct watch_start){.plugin = "nobody"}));
	}
	assert_status(
		FAST_RESOURCE_EXHAUSTED,
		watch_add_params(world->watch, &world->call, &(struct watch_start){.plugin = ""}));
	for (size_t i = 0; i < WATCH_WATCHERS_MAX; i++) {
		fake_call_cancel(&calls[i]);
		assert_true(fake_call_wait_end(&calls[i]));
		fake_call_fini(&calls[i]);
	}
	free(calls);
}

static void open_survives_each_allocation_failure(void **state)
{
	struct node node;
	struct watch *watch = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	fake_node_init(&node);
	for (;;) {
		fault_alloc_after(n++);
		status = watch_open(&node, NULL, &watch);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(watch);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	watch_close(watch);
	fake_node_fini(&node);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_sampling_brings_an_item_of_what_matches),
		TEST(a_metric_without_a_sample_is_left_out),
		TEST(an_interval_holds_items_back),
		TEST(items_that_do_not_fit_are_counted_in_the_next_one),
		TEST(a_cancelled_call_ends_without_a_sampling),
		TEST(the_states_come_first_and_then_each_change),
		TEST(changes_of_other_plugins_are_not_sent),
		TEST(states_that_do_not_fit_come_as_the_reader_reads),
		TEST(who_lost_changes_gets_the_states_again),
		TEST(each_sampling_is_published_when_somebody_subscribes),
		TEST(too_many_watchers_are_refused),
		cmocka_unit_test(open_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
