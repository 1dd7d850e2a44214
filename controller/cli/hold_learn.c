#include "cli/hold_learn.h"

#include "cli/hold_meter.h"
#include "client/interrupt.h"

#include "client/quantity.h"

#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)
/* A plugin that does not read a knob within this is given up. */
#define READ_MS_MAX 5000
/* As a rule it does within this, and then tells of it. */
#define READ_MS 150
/* After it was read, what was begun before runs out. */
#define SETTLE_MS 250
/* Few beats say little: a slow configuration is measured longer, up to so many times. */
#define BEATS_MIN   15
#define STRETCH_MAX 3
#define WAIT_MS     50

/* One visit. */
struct visit {
	struct hold_session *session;
	struct hold_meter goal;
	struct hold_meter merit;
	double goal_progress, goal_seconds;
	double merit_progress, merit_seconds;
	int64_t set_ns;
	int64_t begin_ns; /* of the measurement; 0: the knobs are not read yet */
};

static void visit_add(struct hold_meter *meter, const Fast__V1__Sample *sample, bool counts,
		      double *progress, double *seconds)
{
	struct hold_step step;

	if (sample != NULL && hold_meter_take(meter, sample, quantity_monotonic_now(), &step) &&
	    counts) {
		*progress += step.progress;
		*seconds += step.seconds;
	}
}

static void visit_take(struct visit *visit, const struct hold_wish *wish,
		       const Fast__V1__MetricWatchResponse *item)
{
	const Fast__V1__Sample *goal = hold_session_sample(visit->session, item, wish->goal.metric);
	const Fast__V1__Sample *merit = hold_session_sample(visit->session, item, wish->merit);
	int64_t now_ns = quantity_monotonic_now();
	bool counts = visit->begin_ns != 0 && now_ns >= visit->begin_ns;

	if (visit->begin_ns == 0 && goal != NULL &&
	    goal->revision_last >= visit->session->revision) {
		visit->begin_ns = now_ns + SETTLE_MS * MS;
	}
	visit_add(&visit->goal, goal, counts, &visit->goal_progress, &visit->goal_seconds);
	visit_add(&visit->merit, merit, counts, &visit->merit_progress, &visit->merit_seconds);
}

static bool visit_is_done(const struct visit *visit, uint32_t learn_ms)
{
	double wanted_s = learn_ms / 1e3;
	bool enough = hold_meter_quantum(visit->session->kind) == 0 ||
		      visit->goal_progress >= BEATS_MIN ||
		      visit->goal_seconds >= STRETCH_MAX * wanted_s;

	if (visit->begin_ns == 0 || visit->goal_seconds < wanted_s || !enough) {
		/* Nothing is observed at all in a configuration that stands still. */
		return visit->begin_ns != 0 && quantity_monotonic_now() - visit->begin_ns >
						       (STRETCH_MAX + 1) * (int64_t)learn_ms * MS;
	}
	return true;
}

/* Comes back when the daemon was away; the visit begins anew. */
static enum exit_code visit_return(struct visit *visit)
{
	visit->begin_ns = 0;
	visit->set_ns = 0;
	return hold_session_return(visit->session);
}

static enum exit_code visit_run(struct visit *visit, const struct hold_wish *wish, size_t row,
				uint32_t learn_ms)
{
	enum exit_code code = EXIT_OK;

	while (code == EXIT_OK && !interrupt_seen() && !visit_is_done(visit, learn_ms)) {
		const Fast__V1__MetricWatchResponse *item = NULL;
		enum fast_status status = FAST_OK;

		if (visit->set_ns == 0) {
			status = hold_session_set(visit->session, row);
			visit->set_ns = quantity_monotonic_now();
		}
		if (status == FAST_OK) {
			status = hold_session_next(visit->session, WAIT_MS, &item);
		}
		if (status != FAST_OK) {
			code = hold_session_may_return(status) ? visit_return(visit) : EXIT_REFUSED;
		} else if (item != NULL) {
			visit_take(visit, wish, item);
		}
		if (visit->begin_ns == 0 && visit->set_ns != 0 &&
		    quantity_monotonic_now() - visit->set_ns > READ_MS_MAX * MS) {
			return command_say(visit->session->cli, EXIT_REFUSED,
					   "%s has not read its knobs for %d s",
					   visit->session->cli->plugin, READ_MS_MAX / 1000);
		}
	}
	return code;
}

/* Adds the row with its measures. */
static enum fast_status visit_write(const struct visit *visit, const struct hold_wish *wish,
				    size_t row, struct table *measured)
{
	const struct hold_model *model = visit->session->model;
	const char *cells[HOLD_KNOBS_MAX + 2];
	char goal[32], merit[32];
	double speed = visit->goal_seconds > 0 ? visit->goal_progress / visit->goal_seconds : 0;
	double level = visit->merit_seconds > 0 ? visit->merit_progress / visit->merit_seconds : 0;

	snprintf(goal, sizeof goal, "%.6g", speed > 0 ? goal_value(&wish->goal, speed) : 0);
	snprintf(merit, sizeof merit, "%.6g", level);
	for (size_t i = 0; i < model->knob_count; i++) {
		cells[i] = table_cell(&model->table, row, i);
	}
	cells[model->knob_count] = goal;
	if (model->table.column_count > model->knob_count + 1) {
		cells[model->knob_count + 1] = merit;
	}
	return table_add(measured, cells);
}

static void visit_note(const struct hold_session *session, const struct table *measured)
{
	struct text sentence = {0};
	size_t row = measured->row_count - 1;

	text_add(&sentence, "learned %zu of %zu:", measured->row_count,
		 session->model->table.row_count);
	for (size_t i = 0; i < measured->column_count; i++) {
		text_add(&sentence, " %s=", table_name(measured, i));
		text_add_clean(&sentence, table_cell(measured, row, i));
	}
	session->cli->output->note(session->cli->output, text_chars(&sentence));
	text_fini(&sentence);
}

/* Says beforehand what is going to happen. */
static void learn_announce(const struct hold_session *session, uint32_t learn_ms)
{
	size_t visits = session->model->table.row_count;
	struct text sentence = {0};

	text_add(&sentence, "learning visits %zu setting%s of %s, which takes about ", visits,
		 visits == 1 ? "" : "s", session->cli->plugin);
	quantity_span(&sentence, (int64_t)visits * (learn_ms + READ_MS + SETTLE_MS) * MS);
	text_add(&sentence, "; interrupted, it puts the knobs back");
	session->cli->output->note(session->cli->output, text_chars(&sentence));
	text_fini(&sentence);
}

enum exit_code hold_learn(struct hold_session *session, const struct hold_wish *wish,
			  uint32_t learn_ms, struct table *measured)
{
	const struct table *grid = &session->model->table;
	const char *names[HOLD_KNOBS_MAX + 2];
	struct goal level = {.bound = 1}; /* a merit is taken as it is */
	enum exit_code code = EXIT_OK;
	struct visit *visit = calloc(1, sizeof *visit);
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;

	for (size_t i = 0; i < grid->column_count; i++) {
		names[i] = table_name(grid, i);
	}
	if (visit != NULL) {
		status = table_begin(measured, names, grid->column_count);
	}
	if (status == FAST_OK) {
		learn_announce(session, learn_ms);
	}
	for (size_t row = 0; status == FAST_OK && row < grid->row_count; row++) {
		*visit = (struct visit){.session = session};
		hold_meter_init(&visit->goal, &wish->goal);
		hold_meter_init(&visit->merit, &level);
		code = visit_run(visit, wish, row, learn_ms);
		if (code != EXIT_OK || interrupt_seen()) {
			break;
		}
		status = visit_write(visit, wish, row, measured);
		if (status == FAST_OK) {
			visit_note(session, measured);
		}
	}
	free(visit);
	return status == FAST_OK ? code : command_say(session->cli, EXIT_REFUSED, "no memory");
}
