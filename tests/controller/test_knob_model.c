/* A random life of knobs, against a model that says the same more simply: claims, sets, expiries,
 * preemptions, bounds, profiles, restarts and crashes, by a clock of the test's own. The node has
 * its real store, and no thread: the test does what they would do.
 *
 * FAST_TEST_SEED repeats a run that failed, FAST_TEST_STEPS makes it longer. */
#include "support/harness.h"

#include "controller/knob_life.h"

#include <stdio.h>
#include <stdlib.h>

#define STEPS       100000
#define WORLD_STEPS 2000 /* in one state directory */
#define SEED        UINT64_C(20261123)
#define NS_PER_MS   INT64_C(1000000)
#define CLIENTS     4
#define GLOBS       4

static const char *const globs[GLOBS] = {"cam", "mic", "*", "c*"};
static const char *const profiles[MODEL_PROFILES] = {"day", "night", "dusk"};
static const char *const clients[CLIENTS] = {"a", "b", "c", "d"};

static void restart(struct life *life)
{
	life_end(life);
	life_begin(life);
	model_restart(&life->model);
}

/* A lease of now, or of the past, or of nobody. */
static uint64_t some_lease(struct life *life)
{
	uint64_t newest = life->model.lease_id;
	uint32_t back = below(life, 6);

	return below(life, 3) == 0 || newest <= back ? 0 : newest - back;
}

static uint64_t some_epoch(struct life *life, uint64_t lease_id)
{
	const struct model_lease *lease = model_lease(&life->model, lease_id);

	if (lease == NULL || below(life, 3) == 0) {
		return 0;
	}
	return lease->epoch - (below(life, 4) == 0 && lease->epoch > 1);
}

static uint32_t some_ttl(struct life *life)
{
	return below(life, 3) == 0 ? 1 + below(life, 5000) : 0;
}

static struct model_set some_set(struct life *life)
{
	struct model_set set = {.plugin = (int)below(life, MODEL_PLUGINS)};

	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		set.sets[knob] = below(life, 2) == 0;
		set.values[knob] = (int)below(life, MODEL_MAX + 3) - 1;
	}
	set.sets[below(life, MODEL_KNOBS)] = true;
	set.lease_id = some_lease(life);
	set.epoch = set.lease_id == 0 ? 0 : some_epoch(life, set.lease_id);
	set.ttl_ms = some_ttl(life);
	set.has_if_revision = below(life, 4) == 0;
	set.if_revision = life->model.revisions[set.plugin] - (below(life, 3) == 0);
	return set;
}

static struct node_set node_set_of(const struct model_set *set)
{
	return (struct node_set){.plugin = model_plugins[set->plugin],
				 .lease_id = set->lease_id,
				 .lease_epoch = set->epoch,
				 .has_if_revision = set->has_if_revision,
				 .if_revision = set->if_revision,
				 .value_ttl_ms = set->ttl_ms,
				 .actor = "tester"};
}

static void set_begin(struct life *life, const struct model_set *set, struct outcome *outcome)
{
	struct node_assignment assignments[MODEL_KNOBS];
	struct node_set asked = node_set_of(set);

	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		struct node_assignment *assignment = &assignments[asked.count];

		if (set->sets[knob]) {
			(void)snprintf(assignment->param, sizeof assignment->param, "%s",
				       model_knobs[knob]);
			assignment->value = value_int(set->values[knob]);
			asked.count++;
		}
	}
	asked.assignments = assignments;
	node_set(life->node, &asked, outcome_done, outcome);
}

static void step_set(struct life *life)
{
	struct model_set set = some_set(life);
	struct outcome outcome = {0};

	set_begin(life, &set, &outcome);
	life_check(life, &outcome, model_set(&life->model, &set));
}

static struct model_lease some_claim(struct life *life)
{
	struct model_lease claim = {
		.plugin = (int)below(life, MODEL_PLUGINS),
		.client = (int)below(life, CLIENTS),
		.terms = {.ttl_ms = 1000 + below(life, 9000),
			  .on_loss = (enum node_on_loss)(1 + below(life, 4)),
			  .hold_ms = 1 + below(life, 4000),
			  .priority = below(life, 4),
			  .notice_ms = NODE_NOTICE_MS_MIN + below(life, 3000)},
	};

	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		claim.holds[knob] = below(life, 2) == 0;
	}
	claim.holds[below(life, MODEL_KNOBS)] = true;
	return claim;
}

static void claim_begin(struct life *life, const struct model_lease *claim, struct outcome *outcome)
{
	const char *params[MODEL_KNOBS];
	struct node_claim asked = {.plugin = model_plugins[claim->plugin],
				   .params = params,
				   .terms = claim->terms,
				   .actor = clients[claim->client],
				   .client = clients[claim->client]};

	for (int knob = 0; knob < MODEL_KNOBS; knob++) {
		if (claim->holds[knob]) {
			params[asked.count++] = model_knobs[knob];
		}
	}
	*outcome = (struct outcome){0};
	node_claim(life->node, &asked, outcome_done, outcome);
}

static void step_claim(struct life *life)
{
	struct model_lease claim = some_claim(life);
	struct model before = life->model;
	enum fast_status expected = model_claim(&life->model, &claim);
	struct outcome outcome;

	if (expected != FAST_UNKNOWN) {
		claim_begin(life, &claim, &outcome);
		life_check(life, &outcome, expected);
	} else if (before.waits) { /* the model has one that waits, at most */
		life->model = before;
	} else {
		claim_begin(life, &claim, &life->waiting);
		life->waits = true;
		assert_int_equal(0, life->waiting.done);
	}
}

static void step_renew(struct life *life)
{
	struct node_lease_key key = {.id = some_lease(life)};
	struct outcome outcome = {0};

	key.epoch = some_epoch(life, key.id);
	node_renew(life->node, &key, outcome_done, &outcome);
	life_check(life, &outcome, model_renew(&life->model, key.id, key.epoch));
}

static void step_release(struct life *life)
{
	struct node_lease_key key = {.id = some_lease(life)};
	bool lost = below(life, 2) == 0;
	struct outcome outcome = {0};

	key.epoch = some_epoch(life, key.id);
	node_release(life->node, &key, lost, "tester", outcome_done, &outcome);
	life_check(life, &outcome, model_release(&life->model, key.id, key.epoch, lost));
}

static void step_bound(struct life *life)
{
	const char *glob = globs[below(life, GLOBS)];
	struct model_bound bound = {.knob = (int)below(life, MODEL_KNOBS),
				    .min = (int)below(life, MODEL_MAX)};
	struct fast_page_value pin;
	struct node_bound asked = {
		.plugin = glob, .param = model_knobs[bound.knob], .actor = "operator"};
	struct outcome outcome = {0};

	bound.max = bound.min + (int)below(life, (uint32_t)(MODEL_MAX + 1 - bound.min));
	(void)snprintf(bound.glob, sizeof bound.glob, "%s", glob);
	pin = value_int(bound.min);
	if (bound.min == bound.max) {
		asked.choices = &pin;
		asked.choice_count = 1;
	} else {
		asked.has_min = asked.has_max = true;
		asked.min = bound.min;
		asked.max = bound.max;
	}
	node_bound(life->node, &asked, outcome_done, &outcome);
	model_bound(&life->model, &bound);
	life_check(life, &outcome, FAST_OK);
}

static void step_unbound(struct life *life)
{
	const char *glob = globs[below(life, GLOBS)];
	int knob = (int)below(life, MODEL_KNOBS);
	struct outcome outcome = {0};

	node_unbound(life->node, glob, model_knobs[knob], "operator", outcome_done, &outcome);
	life_check(life, &outcome, model_unbound(&life->model, glob, knob));
}

static void step_profile(struct life *life)
{
	int plugin = (int)below(life, MODEL_PLUGINS);
	int profile = (int)below(life, MODEL_PROFILES);
	struct outcome outcome = {0};
	enum fast_status expected;

	if (below(life, 3) == 0) {
		expected = model_delete(&life->model, plugin, profile);
		node_profile_delete(life->node, model_plugins[plugin], profiles[profile], "tester",
				    outcome_done, &outcome);
	} else {
		const struct node_profile_save save = {.plugin = model_plugins[plugin],
						       .name = profiles[profile],
						       .actor = "tester"};

		expected = FAST_OK;
		model_save(&life->model, plugin, profile);
		node_profile_save(life->node, &save, outcome_done, &outcome);
	}
	life_check(life, &outcome, expected);
}

static void step_apply(struct life *life)
{
	struct model_set set = {.plugin = (int)below(life, MODEL_PLUGINS),
				.lease_id = some_lease(life),
				.ttl_ms = some_ttl(life)};
	int profile = (int)below(life, MODEL_PROFILES);
	struct node_set asked = node_set_of(&set);
	struct outcome outcome = {0};

	node_profile_apply(life->node, profiles[profile], &asked, outcome_done, &outcome);
	life_check(life, &outcome, model_apply(&life->model, profile, &set));
}

static void step_time(struct life *life)
{
	life_clock_ns += (1 + below(life, 2000)) * NS_PER_MS;
	life->model.now_ns = life_clock_ns;
}

static void step_restart(struct life *life)
{
	if (below(life, 20) == 0) {
		restart(life);
	}
}

/* fastd is killed with a set or a claim on its way: that is forgotten, all that was answered is
 * not. */
static void step_crash(struct life *life)
{
	struct outcome lost = {0};
	struct model_set set = some_set(life);
	struct model_lease claim = some_claim(life);

	if (below(life, 20) != 0) {
		return;
	}
	if (below(life, 2) == 0) {
		set_begin(life, &set, &lost);
	} else if (!life->waits) {
		claim_begin(life, &claim, &lost);
	}
	life_crash(life);
}

static const struct {
	void (*run)(struct life *life);
	uint32_t weight;
} steps[] = {
	{step_set, 30},  {step_claim, 16},  {step_renew, 8},   {step_release, 6},
	{step_bound, 3}, {step_unbound, 4}, {step_profile, 3}, {step_apply, 5},
	{step_time, 20}, {step_restart, 3}, {step_crash, 3},
};

static void step(struct life *life)
{
	uint32_t total = 0;
	uint32_t drawn;
	size_t i = 0;

	for (size_t s = 0; s < FAST_TEST_COUNT(steps); s++) {
		total += steps[s].weight;
	}
	drawn = below(life, total);
	while (drawn >= steps[i].weight) {
		drawn -= steps[i++].weight;
	}
	steps[i].run(life);
	life_settle(life);
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void the_node_does_what_the_model_says(void **state)
{
	uint64_t seed = number_of("FAST_TEST_SEED", SEED);
	uint64_t count = number_of("FAST_TEST_STEPS", STEPS);

	(void)state;
	print_message("FAST_TEST_SEED=%llu FAST_TEST_STEPS=%llu\n", (unsigned long long)seed,
		      (unsigned long long)count);
	for (uint64_t done = 0; done < count; done += WORLD_STEPS) {
		struct life life = {.random = seed + done + 1};

		life.model.now_ns = life_clock_ns;
		life_dir_make(&life);
		life_begin(&life);
		for (uint64_t i = 0; i < WORLD_STEPS; i++) {
			step(&life);
		}
		life_end(&life);
		directory_remove(life.dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_node_does_what_the_model_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
