#include "face.h"

#include <assert.h>

static enum fast_status face_declare_metrics(struct face *face)
{
	const struct {
		struct fast_metric **metric;
		struct fast_metric_spec spec;
	} table[] = {
		{&face->fps,
		 {.name = "fps",
		  .kind = FAST_METRIC_HEARTBEAT,
		  .help = "Frames of the stream, searched or passed over."}},
		{&face->latency,
		 {.name = "latency",
		  .kind = FAST_METRIC_TIMER,
		  .help = "Time to search one frame, without decoding it."}},
		{&face->objects,
		 {.name = "objects",
		  .kind = FAST_METRIC_GAUGE,
		  .unit = "1",
		  .help = "Boxes found in the last frame searched."}},
		{&face->acc,
		 {.name = "acc",
		  .kind = FAST_METRIC_GAUGE,
		  .unit = "1",
		  .help = "Agreement with the boxes that full resolution finds in the same "
			  "frames, not with the truth: matched IoU over mean box count, over the "
			  "last 32 frames; begins anew when a knob changes."}},
	};

	_Static_assert(AGREEMENT_WINDOW_FRAMES == 32, "the help says so");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct fast_metric_spec spec = table[i].spec;

		spec.size = sizeof spec;
		enum fast_status status = fast_plugin_metric(face->plugin, &spec, table[i].metric);
		if (status != FAST_OK) {
			return status;
		}
	}
	return FAST_OK;
}

static enum fast_status face_declare_knobs(struct face *face, struct knobs initial)
{
	union fast_param_value choices[RESOLUTIONS];
	struct fast_param_spec res = {
		.size = sizeof res,
		.name = "res",
		.type = FAST_PARAM_DOUBLE,
		.initial = {.number = resolutions[initial.resolution]},
		.unit = "1",
		.help = "How far each frame is shrunk before it is searched.",
		.choices = choices,
		.choice_count = RESOLUTIONS,
	};
	struct fast_param_spec skip = {
		.size = sizeof skip,
		.name = "skip",
		.type = FAST_PARAM_INT,
		.initial = {.integer = (int64_t)initial.skip},
		.unit = "1",
		.help = "Frames to pass over after each one that is searched.",
		.min = 0,
		.max = WATCH_SKIP_MAX,
		.step = 1,
	};
	enum fast_status status;

	for (size_t i = 0; i < RESOLUTIONS; i++) {
		choices[i].number = resolutions[i];
	}
	status = fast_plugin_param(face->plugin, &res, &face->res);
	if (status == FAST_OK) {
		status = fast_plugin_param(face->plugin, &skip, &face->skip);
	}
	return status;
}

enum fast_status face_open(const char *name, struct knobs initial, struct face *out)
{
	struct fast_plugin_options options = {.size = sizeof options, .version = "1"};
	enum fast_status status;

	*out = (struct face){0};
	status = fast_plugin_open(name, &options, &out->plugin);
	if (status == FAST_OK) {
		status = face_declare_metrics(out);
	}
	if (status == FAST_OK) {
		status = face_declare_knobs(out, initial);
	}
	return status;
}

void face_close(struct face *face)
{
	fast_plugin_close(face->plugin);
	*face = (struct face){0};
}

struct knobs face_knobs(struct face *face)
{
	struct knobs knobs = {
		.resolution = resolution_index(fast_param_get_double(face->res)),
		.skip = (size_t)fast_param_get_int(face->skip),
	};

	assert(knobs.resolution < RESOLUTIONS && knobs.skip <= WATCH_SKIP_MAX);
	return knobs;
}
