/* bench_prometheus.h - prometheus-cpp's counter, gauge and histogram, as loops to compare with.
 * The program is built without them where the library is not installed. */
#ifndef BENCH_PROMETHEUS_H
#define BENCH_PROMETHEUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void prometheus_counter_loop(uint64_t calls);
void prometheus_gauge_loop(uint64_t calls);
void prometheus_observe_loop(uint64_t calls);

#ifdef __cplusplus
}
#endif

#endif
