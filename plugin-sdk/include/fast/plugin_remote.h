/* fast/plugin_remote.h - plugins whose fastd is on another host, or shares no memory with them.
 *
 * All that fast/plugin.h, fast/metric.h and fast/param.h promise holds, with the same totals: the
 * numbers live in local memory, and a housekeeping thread reports those that have changed, as they
 * are now, every FAST_PLUGIN_REPORT_MS. So a report that is lost loses nothing, and neither does a
 * connection: the plugin goes on under its name, with its totals and without a jump in its rates.
 * Knobs come over the same stream, within some 20 ms of being set.
 *
 * This is the library fast::plugin_remote, which brings the RPC runtime with it and a few threads
 * more; fast::plugin alone has one. None of them is NNG's, so a child that such a plugin forks is
 * served as any other: with its first verb or get it has a connection of its own, and attaches as
 * NAME-PID. */
#ifndef FAST_PLUGIN_REMOTE_H
#define FAST_PLUGIN_REMOTE_H

#include <fast/plugin.h>

FAST_BEGIN_DECLS

#define FAST_PLUGIN_REPORT_MS 100

/* Lets plugins that are opened after this go to an endpoint, when they are told one by
 * fast_plugin_options.endpoint or $FASTD_PLUGIN_ENDPOINT: tcp://, tls+tcp:// or ipc://. The others
 * go to the plugin socket as ever. Call it any number of times, from any thread. */
void fast_plugin_use_remote(void);

FAST_END_DECLS

#endif
