/* report_sink.h - the baseline of remote plugins' reports: the same messages, a length before each,
 * over a bare tcp socket to a process that unpacks them and stores their words. */
#ifndef BENCH_REPORT_SINK_H
#define BENCH_REPORT_SINK_H

#include <fast/v1/plugin.pb-c.h>
#include <stdbool.h>
#include <sys/types.h>

struct report_sink {
	int fd;
	pid_t pid;
};

/* All of these end the program with a sentence when they fail. */

/* Before this process has other threads. */
void report_sink_start(struct report_sink *sink);
void report_sink_send(struct report_sink *sink, const Fast__V1__PluginAttachRequest *request);
/* Waits until all that was sent is stored. */
void report_sink_wait(struct report_sink *sink);
void report_sink_stop(struct report_sink *sink);

#endif
