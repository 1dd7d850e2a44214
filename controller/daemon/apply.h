/* daemon/apply.h - knobs and pages: what is desired goes in, what was read comes back. The caller
 * holds the node's lock. */
#ifndef FASTD_APPLY_H
#define FASTD_APPLY_H

#include "node_impl.h"

/* Puts what is desired into the page's shadow; visible after plugin_commit(). */
void param_apply(struct plugin *plugin, struct param *param, int64_t now_ns);
/* After all params of a change were applied: one that nobody has set any more is the change's work,
 * and in effect without an acknowledgement. */
void param_gone_back(struct plugin *plugin, const struct param *param, uint64_t revision);
/* Makes the shadow visible, unless the page is held. */
void plugin_commit(struct plugin *plugin);
/* Ends the hold when all is known again, or late. */
void plugin_unhold(struct plugin *plugin, int64_t now_ns);
/* Looks what the plugin has read, and tells listeners. */
void plugin_read_acks(struct node *node, struct plugin *plugin, int64_t now_ns);
/* The plugin can't apply what is in the page. Tells listeners. */
void param_fail(struct node *node, struct plugin *plugin, struct param *param, const char *reason);
/* Has acknowledgements looked for soon. True: the loop is to be woken after the unlock. */
bool node_expect_acks(struct node *node, int64_t now_ns);
void node_notify_param(struct node *node, const struct plugin *plugin, const struct param *param);
void node_notify_ended(struct node *node, const struct plugin *plugin);
void param_describe(const struct node *node, const struct plugin *plugin, const struct param *param,
		    int64_t now_ns, struct node_param *out);

#endif
