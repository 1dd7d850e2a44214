/* families.h - what bench_rpc measures beside calls. Each prints its rows, if they were asked for.
 */
#ifndef BENCH_FAMILIES_H
#define BENCH_FAMILIES_H

#include "bench.h"
#include "bench_peer.h"

/* rpc.stream.*.items_per_s. */
void bench_streams(struct bench *bench, const struct peer *peer);
/* rpc.stream.*_bytes, rpc.conn.*: what an open stream and an idle connection cost in memory. Wants
 * peers that have done nothing yet, whose memory is not yet full of holes. */
void bench_memory(struct bench *bench, const struct peer *peer);
/* rpc.deadline.*: how late a call ends whose server never answers. */
void bench_deadlines(struct bench *bench, const struct peer *peer);
/* tls.handshake.*: beside NNG's own engine. */
void bench_handshakes(struct bench *bench, const struct peer *peer);

/* How long a round of one contender takes. */
int64_t round_ns(const struct bench *bench);

#endif
