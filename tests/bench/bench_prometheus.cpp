#include "bench_prometheus.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace {

// What a plugin of theirs would hold: one of each, bound once.
struct Instruments {
  prometheus::Registry registry;
  prometheus::Counter& counter = prometheus::BuildCounter().Name("frames").Register(registry).Add({});
  prometheus::Gauge& gauge = prometheus::BuildGauge().Name("queue").Register(registry).Add({});
  // The buckets that Prometheus' clients use when nothing is said.
  prometheus::Histogram& histogram =
      prometheus::BuildHistogram().Name("latency").Register(registry).Add(
          {}, prometheus::Histogram::BucketBoundaries{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                      2.5, 5, 10});
};

Instruments& instruments() {
  static Instruments all;
  return all;
}

}  // namespace

void prometheus_counter_loop(uint64_t calls) {
  prometheus::Counter& counter = instruments().counter;
  for (uint64_t i = 0; i < calls; i++) {
    counter.Increment();
  }
}

void prometheus_gauge_loop(uint64_t calls) {
  prometheus::Gauge& gauge = instruments().gauge;
  for (uint64_t i = 0; i < calls; i++) {
    gauge.Set(static_cast<double>(i));
  }
}

void prometheus_observe_loop(uint64_t calls) {
  prometheus::Histogram& histogram = instruments().histogram;
  for (uint64_t i = 0; i < calls; i++) {
    histogram.Observe(0.02 + 1e-6 * static_cast<double>(i & 1023));
  }
}
