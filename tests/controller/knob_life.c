#include "controller/knob_life.h"

#include "support/harness.h"

#include "daemon/claims.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_NS     INT64_C(1000000000000)
#define UNIX_NS      INT64_C(1795390766000000000)
#define DIR_TEMPLATE "knob-model-XXXXXX"

int64_t life_clock_ns = START_NS;

/* In place of daemon/clock.c. */
int64_t node_now_ns(void)
{
	return life_clock_ns;
}

int64_t node_now_unix_ns(void)
{
	return UNIX_NS + life_clock_ns;
}

/* ---- the node ---- */

static void plugin_add(struct node *node, const char *name)
{
	struct plugin *plugin = plugin_new(name);
	struct plugin *replaced;

	assert_non_null(plugin);
	node_lock(node);
	assert_ok(registry_add(&node->registry, plugin, "", &replaced));
	assert_null(replaced);
	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		struct param *param = plugin_param_room(plugin);

		assert_non_null(param);
		(void)snprintf(param->name, sizeof param->name, "%s", model_knobs[knob]);
		param->rules = (struct param_rules){.type = FAST_PARAM_INT,
						    .initial = value_int(model_initial[knob]),
						    .has_range = true,
						    .max = MODEL_MAX};
		param->slot = (uint32_t)knob;
		param->lease = leases_holder(&node->leases, plugin->instance, param->name);
		plugin->param_count++;
		param_apply(plugin, param, life_clock_ns);
	}
	assert_ok(plugin_enforce_bounds(node, plugin, "fastd"));
	node_unlock(node);
}

void life_begin(struct life *life)
{
	const struct node_options options = {.state_dir = life->dir, .tick_ms = 100, .boot_id = 1};
	char error[NODE_TEXT_BYTES_MAX];

	assert_ok(node_open(&options, &life->node, error));
	life->node->sampler.slice_ns = INT64_MAX; /* there are no pages */
	for (int i = 0; i < MODEL_PLUGINS; i++) {
		plugin_add(life->node, model_plugins[i]);
	}
	store_work_off(life->node->store);
}

void life_dir_make(struct life *life)
{
	(void)snprintf(life->dir, sizeof life->dir, "/dev/shm/" DIR_TEMPLATE);
	if (mkdtemp(life->dir) == NULL) {
		(void)snprintf(life->dir, sizeof life->dir, "/tmp/" DIR_TEMPLATE);
		assert_non_null(mkdtemp(life->dir));
	}
}

/* What a killed fastd leaves behind: the files as they are at this moment. */
static void file_copy(const char *from_dir, const char *to_dir, const char *name)
{
	char from[128];
	char to[128];
	char bytes[65536];
	ssize_t count;
	int in;
	int out;

	(void)snprintf(from, sizeof from, "%s/%s", from_dir, name);
	(void)snprintf(to, sizeof to, "%s/%s", to_dir, name);
	in = open(from, O_RDONLY | O_CLOEXEC);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(in >= 0 && out >= 0);
	while ((count = read(in, bytes, sizeof bytes)) > 0) {
		assert_int_equal(count, write(out, bytes, (size_t)count));
	}
	(void)close(in);
	(void)close(out);
}

static void waiting_ended(struct life *life, enum fast_status status)
{
	assert_true(life->waits);
	assert_int_equal(1, life->waiting.done);
	assert_status(status, life->waiting.result.status);
	life->waits = false;
}

void life_end(struct life *life)
{
	node_close(life->node);
	if (life->waits) {
		waiting_ended(life, FAST_UNAVAILABLE);
	}
}

void life_crash(struct life *life)
{
	struct life killed = *life;

	life_dir_make(life);
	file_copy(killed.dir, life->dir, "fastd.db");
	file_copy(killed.dir, life->dir, "fastd.db-wal");
	life->waits = false;
	node_close(killed.node); /* whatever it still writes, it writes elsewhere */
	directory_remove(killed.dir);
	life_begin(life);
	model_restart(&life->model);
}

/* ---- what is compared ---- */

static void knob_compare(struct life *life, int plugin, int knob)
{
	const struct node *node = life->node;
	const struct model_knob *it = &life->model.knobs[plugin][knob];
	const struct model_lease *lease = model_holder(&life->model, plugin, knob);
	const struct record *record = registry_record(&node->registry, model_plugins[plugin]);
	const struct kept *kept = record_kept(record, model_knobs[knob]);
	const struct param *param = plugin_param(
		registry_find(&node->registry, model_plugins[plugin]), model_knobs[knob]);
	bool set = kept != NULL && kept->set;

	assert_int_equal(it->set, set);
	assert_int_equal(lease == NULL ? 0 : lease->id,
			 param->lease == NULL ? 0 : param->lease->id);
	assert_int_equal(it->set ? it->value : model_initial[knob], param->page_value.u.integer);
	if (set) {
		assert_int_equal(it->value, kept->value.u.integer);
		assert_int_equal(it->expires_ns, kept->back.expires_ns);
		assert_int_equal(it->has_back && it->expires_ns != 0, kept->back.has_value);
		assert_true(!kept->back.has_value || it->back == kept->back.value.u.integer);
	}
}

static void compare(struct life *life)
{

	size_t leases = 0;

	for (int plugin = 0; plugin < MODEL_PLUGINS; plugin++) {
		const struct record *record =
			registry_record(&life->node->registry, model_plugins[plugin]);

		assert_int_equal(life->model.revisions[plugin], record_newest_revision(record));
		for (int knob = 0; knob < MODEL_KNOBS; knob++) {
			knob_compare(life, plugin, knob);
		}
	}
	for (int i = 0; i < MODEL_LEASES; i++) {
		const struct model_lease *it = &life->model.leases[i];
		const struct lease *lease = leases_find(&life->node->leases, it->id);

		if (it->id != 0) {
			assert_non_null(lease);
			assert_int_equal(it->epoch, lease->epoch);
			assert_int_equal(it->deadline_ns, lease->deadline_ns);
			leases++;
		}
	}
	assert_int_equal(leases, life->node->leases.count);
	assert_int_equal(life->model.waits, life->node->waiters != NULL);
}

/* Time has come to this moment: what is due happens in both. */
void life_settle(struct life *life)
{
	enum fast_status waited = FAST_OK;
	bool decided;

	store_work_off(life->node->store);
	loop_due(life->node);
	store_work_off(life->node->store);
	decided = model_due(&life->model, &waited);
	if (decided) {
		waiting_ended(life, waited);
	}
	compare(life);
}

void life_check(struct life *life, const struct outcome *outcome, enum fast_status expected)
{
	store_work_off(life->node->store);
	assert_int_equal(1, outcome->done);
	assert_status(expected, outcome->result.status);
}
