/* fast_side.h - clients of ours, for the benchmarks. */
#ifndef BENCH_FAST_SIDE_H
#define BENCH_FAST_SIDE_H

#include "bench_peer.h"

#include <echo.fast.h>
#include <fast/tls.h>

/* tls: NULL unless transport is PEER_TLS. A failure ends the program. */
struct fast_client *fast_side_open(const struct peer *peer, enum peer_transport transport,
				   struct fast_tls *tls);

/* The certificate of that name and our CA. A failure ends the program. */
struct fast_tls *peer_tls(const struct peer *peer, const char *name);

#endif
