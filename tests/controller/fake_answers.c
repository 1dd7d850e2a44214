#include "tests/controller/fake_answers.h"

#include <time.h>

const double fake_rates[FAKE_SETTINGS] = {12, 26, 80};
const int64_t fake_heights[FAKE_SETTINGS] = {1080, 720, 360};
static const double merits[FAKE_SETTINGS] = {0.92, 0.89, 0.80};

int64_t fake_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * FAKE_SECOND + now.tv_nsec;
}

void fake_advance(struct fake_fastd *fake)
{
	int64_t now = fake_now_ns();

	fake->now.beats += fake_rates[fake->now.setting] * fake->now.slowness *
			   (double)(now - fake->now.beats_ns) / (double)FAKE_SECOND;
	fake->now.beats_ns = now;
}

void fake_plugin(Fast__V1__PluginInfo *info, const char *name)
{
	fast__v1__plugin_info__init(info);
	info->name = (char *)name;
	info->state = FAST__V1__PLUGIN_STATE__PLUGIN_STATE_LIVE;
	info->pid = 4711;
	info->version = (char *)"2.0";
	info->attach_time_unix_ns = FAKE_EPOCH;
	info->metric_count = 2;
	info->param_count = 1;
	info->revision = 7;
	info->effective_revision = 6;
}

void fake_samples(struct fake_fastd *fake, Fast__V1__Sample *samples)
{
	pthread_mutex_lock(&fake->lock);
	fake_advance(fake);
	for (size_t i = 0; i < 2; i++) {
		fast__v1__sample__init(&samples[i]);
		samples[i].plugin = (char *)"camera";
		samples[i].metric = (char *)(i == 0 ? "fps" : "acc");
		samples[i].time_unix_ns = FAKE_EPOCH + fake->now.beats_ns;
		samples[i].window_ms = 1000;
		samples[i].revision_first = fake->now.revision;
		samples[i].revision_last = fake->now.late ? 0 : fake->now.revision;
	}
	samples[0].kind = FAST__V1__METRIC_KIND__METRIC_KIND_HEARTBEAT;
	samples[0].count = (uint64_t)fake->now.beats;
	samples[0].rate_window = fake_rates[fake->now.setting] * fake->now.slowness;
	samples[1].kind = FAST__V1__METRIC_KIND__METRIC_KIND_GAUGE;
	samples[1].value = merits[fake->now.setting];
	pthread_mutex_unlock(&fake->lock);
}

void fake_knob(struct fake_fastd *fake, struct fake_knob *knob)
{
	fast__v1__param_spec__init(&knob->spec);
	fast__v1__param_state__init(&knob->state);
	for (size_t i = 0; i < FAKE_SETTINGS; i++) {
		fast__v1__param_value__init(&knob->choices[i]);
		knob->choices[i].kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
		knob->choices[i].int_value = fake_heights[i];
		knob->choice_list[i] = &knob->choices[i];
	}
	knob->spec.name = (char *)"res";
	knob->spec.type = FAST__V1__PARAM_TYPE__PARAM_TYPE_INT;
	knob->spec.choices = knob->choice_list;
	knob->spec.n_choices = FAKE_SETTINGS;
	pthread_mutex_lock(&fake->lock);
	knob->desired = knob->choices[fake->now.setting];
	knob->state.plugin = (char *)"camera";
	knob->state.spec = &knob->spec;
	knob->state.desired = &knob->desired;
	knob->state.effective = &knob->desired;
	knob->state.revision = fake->now.revision;
	knob->state.effective_revision = fake->now.late ? 0 : fake->now.revision;
	knob->state.status = fake->now.late ? FAST__V1__PARAM_STATUS__PARAM_STATUS_TIMEOUT
					    : FAST__V1__PARAM_STATUS__PARAM_STATUS_APPLIED;
	knob->state.lease_id = fake->now.held_by_other ? 99 : fake->now.lease;
	knob->state.lease_owner = (char *)(fake->now.held_by_other ? FAKE_OTHER : "");
	pthread_mutex_unlock(&fake->lock);
	knob->list[0] = &knob->state;
}
