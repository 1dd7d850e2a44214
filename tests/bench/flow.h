/* flow.h - the stream of the benchmarks. */
#ifndef BENCH_FLOW_H
#define BENCH_FLOW_H

#include <fast/server.h>
#include <stdbool.h>

bool flow_serve(struct fast_server *server);

#endif
