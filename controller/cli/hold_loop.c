#include "cli/hold_loop.h"

#include "cli/hold_meter.h"
#include "cli/hold_report.h"
#include "client/interrupt.h"

#include "client/quantity.h"

#include <stdlib.h>

#define MS          INT64_C(1000000)
#define LINE_NS     INT64_C(1000000000)
#define WAIT_MS_MAX 100

struct loop {
	struct hold_session *session;
	const struct hold_wish *wish;
	const struct hold_loop_options *options;
	struct hold_law law;
	struct hold_meter meter;
	struct hold_decision decision;
	size_t point;      /* that was set last */
	bool point_is_set; /* false: it must be set again, whatever it is */
	bool reachable;    /* as was said last */
	int64_t begin_ns;
	int64_t line_ns; /* when the next line is due */
	int64_t judged_ns;
	int64_t unreachable_ns; /* time during which the goal was out of reach */
};

static void loop_report(struct loop *loop, int64_t now_ns)
{
	struct output *output = loop->session->cli->output;
	struct hold_line line = {
		.time_unix_ns = quantity_unix_now(),
		.plugin = loop->session->cli->plugin,
		.goal = loop->options->goal,
		.unit = loop->session->kind == FAST__V1__METRIC_KIND__METRIC_KIND_TIMER ? "s" : "",
		.wish = loop->wish,
		.model = loop->session->model,
		.law = &loop->law,
		.point = loop->point,
		.speed = hold_meter_speed(&loop->meter, now_ns),
		.reachable = loop->decision.reachable,
		.lease_id = loop->session->lease_id,
	};

	output->row(output, &line);
}

/* Says when the goal goes out of reach, and when it comes back. */
static void loop_note_reach(struct loop *loop)
{
	const struct hull *hull = &loop->session->model->hull;
	const struct goal *goal = &loop->wish->goal;
	struct text sentence = {0};

	if (loop->decision.reachable == loop->reachable) {
		return;
	}
	loop->reachable = loop->decision.reachable;
	text_add(&sentence, "%s is %s reach", loop->options->goal,
		 loop->reachable ? "within" : "out of");
	if (!loop->reachable) {
		double speed = loop->law.base * hull->points[hull->count - 1].speed;

		text_add(&sentence, ": the fastest configuration, now in effect, gives about ");
		quantity_number(&sentence, goal_value(goal, speed));
	}
	loop->session->cli->output->note(loop->session->cli->output, text_chars(&sentence));
	text_fini(&sentence);
}

static void loop_take(struct loop *loop, const Fast__V1__MetricWatchResponse *item)
{
	const Fast__V1__Sample *sample =
		hold_session_sample(loop->session, item, loop->wish->goal.metric);
	struct hold_step step;

	if (sample != NULL &&
	    hold_meter_take(&loop->meter, sample, quantity_monotonic_now(), &step)) {
		hold_law_observe(&loop->law, step.progress,
				 sample->revision_last >= loop->session->revision, step.now_ns);
	}
}

static enum fast_status loop_decide(struct loop *loop, int64_t now_ns)
{
	size_t row;
	enum fast_status status;

	loop->decision = hold_law_decide(&loop->law, now_ns);
	if (!loop->decision.reachable) {
		loop->unreachable_ns += now_ns - loop->judged_ns;
	}
	loop->judged_ns = now_ns;
	loop_note_reach(loop);
	if (loop->point_is_set && loop->decision.point == loop->point) {
		return FAST_OK;
	}
	row = loop->session->model->hull.points[loop->decision.point].config;
	status = hold_session_set(loop->session, row);
	if (status != FAST_OK) {
		return status;
	}
	loop->point = loop->decision.point;
	loop->point_is_set = true;
	hold_law_switched(&loop->law, loop->point, quantity_monotonic_now());
	if (loop->session->cli->output->json) {
		loop_report(loop, now_ns);
		loop->line_ns = now_ns + LINE_NS;
	}
	return FAST_OK;
}

/* The daemon was away: claim, watch and knobs are made good, the estimate stays. */
static enum exit_code loop_return(struct loop *loop, enum fast_status status)
{
	enum exit_code code;

	if (!hold_session_may_return(status)) {
		return EXIT_REFUSED; /* the session has said why */
	}
	code = hold_session_return(loop->session);
	hold_meter_init(&loop->meter, &loop->wish->goal);
	hold_law_resume(&loop->law, quantity_monotonic_now());
	loop->judged_ns = quantity_monotonic_now();
	loop->point_is_set = false;
	return code;
}

static int64_t loop_wait_ms(const struct loop *loop, int64_t now_ns)
{
	int64_t wait_ns = loop->decision.wake_ns - now_ns;

	if (wait_ns <= 0) {
		return 0;
	}
	return wait_ns < WAIT_MS_MAX * MS ? (wait_ns + MS - 1) / MS : WAIT_MS_MAX;
}

static enum exit_code loop_step(struct loop *loop)
{
	const Fast__V1__MetricWatchResponse *item = NULL;
	enum fast_status status;
	int64_t now_ns = quantity_monotonic_now();

	status = loop_decide(loop, now_ns);
	if (status == FAST_OK) {
		if (now_ns >= loop->line_ns) {
			loop_report(loop, now_ns);
			loop->line_ns += LINE_NS;
		}
		status = hold_session_next(loop->session, loop_wait_ms(loop, now_ns), &item);
	}
	if (item != NULL) {
		loop_take(loop, item);
	}
	return status == FAST_OK ? EXIT_OK : loop_return(loop, status);
}

static enum exit_code loop_end(struct loop *loop)
{
	int64_t held_ns = loop->judged_ns - loop->begin_ns;

	if (loop->unreachable_ns * 2 <= held_ns) {
		return command_end(loop->session->cli);
	}
	return command_say(loop->session->cli, EXIT_LOST,
			   "%s was out of reach for %.0f %% of the time", loop->options->goal,
			   100.0 * (double)loop->unreachable_ns / (double)held_ns);
}

enum exit_code hold_loop(struct hold_session *session, const struct hold_wish *wish,
			 const struct hold_loop_options *options)
{
	const struct hull *hull = &session->model->hull;
	struct hold_law_options law = {
		.goal = goal_speed(&wish->goal, wish->goal.bound),
		.margin = options->margin,
		.quantum = wish->goal.at_most ? 0 : hold_meter_quantum(session->kind),
		.cycle_ns = options->cycle_ns};
	struct loop *loop = calloc(1, sizeof *loop);
	struct output *output = session->cli->output;
	enum exit_code code = EXIT_OK;
	int64_t now_ns = quantity_monotonic_now();

	if (loop == NULL) {
		return command_say(session->cli, EXIT_REFUSED, "no memory");
	}
	*loop = (struct loop){
		.session = session, .wish = wish, .options = options, .reachable = true};
	loop->point = hull_mix_for(hull, law.goal * (1 + law.margin)).fast;
	loop->begin_ns = now_ns;
	loop->judged_ns = now_ns;
	loop->line_ns = now_ns + LINE_NS;
	hold_meter_init(&loop->meter, &wish->goal);
	hold_law_init(&loop->law, hull, &law, loop->point, now_ns);

	output->head(output, &hold_report_view);
	while (code == EXIT_OK && !interrupt_seen() && !output->failed &&
	       (options->for_ns == 0 ||
		quantity_monotonic_now() - loop->begin_ns < options->for_ns)) {
		code = loop_step(loop);
	}
	output->tail(output);
	if (code == EXIT_OK) {
		code = loop_end(loop);
	}
	free(loop);
	return code;
}
