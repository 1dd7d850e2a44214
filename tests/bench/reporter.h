/* reporter.h - a remote plugin that says what it has to say when it is told to. */
#ifndef BENCH_REPORTER_H
#define BENCH_REPORTER_H

#include "node_world.h"
#include "report_sink.h"

#include <fast/tls.h>

#define REPORTER_METRICS_MAX 1000

struct reporter;

/* All of these end the program with a sentence when they fail. */

/* Attached to the fastd at endpoint, with so many metrics of the kinds of CROWD_MIXED. tls may be
 * NULL. */
struct reporter *reporter_open(const struct node_world *world, const char *endpoint,
			       struct fast_tls *tls, const char *name, size_t metrics);
void reporter_close(struct reporter *reporter);
/* Every metric changes, and all of them are reported: to the sink, or to fastd when it is NULL. */
void reporter_turn(struct reporter *reporter, struct report_sink *sink, uint64_t turn);

#endif
