/* face.h - what fastd sees of street: four metrics and two knobs. */
#ifndef STREET_FACE_H
#define STREET_FACE_H

#include "watch.h"

#include <fast/plugin.h>

struct face {
	struct fast_plugin *plugin;
	struct fast_metric *fps;
	struct fast_metric *latency;
	struct fast_metric *objects;
	struct fast_metric *acc;
	struct fast_param *res;
	struct fast_param *skip;
};

/* Opens the plugin and declares all. *out is ended with face_close(), also after a failure, when
 * face_error() tells more than the status. */
FAST_MUST_CHECK enum fast_status face_open(const char *name, struct knobs initial,
					   struct face *out);

/* Zeroed memory is allowed. */
void face_close(struct face *face);

/* The knobs as they stand now. */
struct knobs face_knobs(struct face *face);

#endif
