/* daemon/node_load.h - visitors of what the store tells, for node_load*.c. The caller holds the
 * node's lock. */
#ifndef FASTD_NODE_LOAD_H
#define FASTD_NODE_LOAD_H

#include "node_impl.h"

/* A row that no fastd has written is left out, and the log says so. False: no memory. */
bool node_load_plugin(const struct store_plugin *stored, void *arg);
bool node_load_declaration(const struct store_declaration *stored, void *arg);

#endif
