/* floor.h - what it costs to do nothing with a crowd's cells but read them: no fastd samples for
 * less. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "node_world.h"

/* Reads every cell of the crowd, hz times a second, for so long, while its thread writes them.
 * Gives the share of one core that the reading took. Ends the program when it fails. */
double floor_percent(const struct crowd *crowd, unsigned hz, int64_t length_ms);

#endif
