/* daemon/openmetrics.h - plugins' metrics and knobs as metric families. */
#ifndef FASTD_OPENMETRICS_H
#define FASTD_OPENMETRICS_H

#include "daemon/families.h"
#include "daemon/node.h"

/* Each adds what one thing has to say; nothing where it has nothing to say yet. Only memory is
 * touched, so that they can be called under the node's lock. Knobs and plugins come before metrics,
 * so that no metric takes their names; the metrics of one plugin come one after the other. */

/* plugin_<name> and what belongs to it, with the label plugin. */
void openmetrics_add_metric(struct families *families, const struct node_metric *metric);

/* plugin_param and plugin_param_info, with the labels plugin and param. */
void openmetrics_add_param(struct families *families, const struct node_param *param);

/* fastd_plugin_up, with the label plugin. */
void openmetrics_add_plugin(struct families *families, const char *plugin, bool live);

/* What a live plugin costs fastd. */
void openmetrics_add_cost(struct families *families, const struct node_plugin *plugin);

#endif
