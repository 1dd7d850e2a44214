/* daemon/convert.h - the node's structs to the messages of fast.v1, and values back. */
#ifndef FASTD_CONVERT_H
#define FASTD_CONVERT_H

#include "daemon/node.h"
#include "daemon/node_knobs.h"
#include "daemon/scratch.h"

#include <fast/v1/metric.pb-c.h>
#include <fast/v1/param.pb-c.h>
#include <fast/v1/plugin.pb-c.h>

/* Fills the entry's exemplars (convert_exemplar.c). */
void convert_exemplars(struct scratch *scratch, const struct node_metric *metric,
		       Fast__V1__MetricEntry *out);

/* Each gives a message that lives in scratch. NULL: scratch has failed. */
Fast__V1__Sample *convert_sample(struct scratch *scratch, const struct node_metric *metric);
Fast__V1__MetricEntry *convert_metric(struct scratch *scratch, const struct node_metric *metric);
Fast__V1__ParamValue *convert_value(struct scratch *scratch, const struct fast_page_value *value);
Fast__V1__ParamState *convert_param(struct scratch *scratch, const struct node_param *param);
Fast__V1__ParamBound *convert_bound(struct scratch *scratch, const struct node_bound *bound);
Fast__V1__ParamProfile *convert_profile(struct scratch *scratch,
					const struct node_profile *profile);
Fast__V1__PluginInfo *convert_plugin(struct scratch *scratch, const struct node_plugin *plugin);
Fast__V1__AuditEntry *convert_audit(struct scratch *scratch, const struct node_audit *entry);

/* INVALID_ARGUMENT: *reason is a static sentence. A string becomes a STRING; the node knows whether
 * the knob is an enum. */
FAST_MUST_CHECK enum fast_status convert_value_back(const Fast__V1__ParamValue *value,
						    struct fast_page_value *out,
						    const char **reason);

#endif
