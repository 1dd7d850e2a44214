/* daemon/plugin_save.h - what is known of plugins and their knobs goes to the store, so that the
 * next fastd knows of those that have gone. The caller holds the node's lock. */
#ifndef FASTD_PLUGIN_SAVE_H
#define FASTD_PLUGIN_SAVE_H

#include "node_impl.h"

/* The store does not know the plugin as it is now. */
void plugin_unsaved(struct node *node, struct plugin *plugin);
/* Hands it to the store, unless that has it. What finds no room or memory is tried again. */
void plugin_save(struct node *node, struct plugin *plugin);
/* Both, as far as no knob waits for it. */
void plugin_save_now(struct node *node, struct plugin *plugin);
/* Each tick: what is still to be saved or forgotten, as far as no knob waits for it. */
void plugins_save(struct node *node);
/* fastd ends: all plugins as they are now, with what they have read of their knobs. */
void plugins_save_last(struct node *node);
/* fastd has started: those in the store that nobody has ended are lost, unless they come back. */
void plugins_lose(struct node *node);

#endif
