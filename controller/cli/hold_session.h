/* cli/hold_session.h - what `fastctl hold` says to the daemon: claim, renew, set, watch, and coming
 * back when the daemon was away. */
#ifndef CLI_HOLD_SESSION_H
#define CLI_HOLD_SESSION_H

#include "cli/command.h"
#include "cli/hold_model.h"

#include <fast/metric.h>
#include <fast/stream.h>
#include <fast/v1/metric.pb-c.h>

#define HOLD_TTL_MS_DEFAULT     5000
#define HOLD_PATIENCE_S_DEFAULT 30
#define HOLD_WATCH_INTERVAL_MS  50
/* A stream that is silent for so long is opened anew. */
#define HOLD_SILENCE_MS_MAX 3000

/* Use from one thread at a time. What can fail says why on cli->output, unless noted. */
struct hold_session {
	struct cli *cli; /* cli->plugin is the plugin */
	const struct hold_model *model;
	uint32_t ttl_ms;
	double patience_s;
	const char *metric; /* watched, with all others of the plugin */
	Fast__V1__MetricKind kind;
	char unit[FAST_METRIC_UNIT_BYTES_MAX + 8]; /* that its number is in; "": not known */
	struct fast_stream *stream;                /* NULL: not open */
	uint64_t lease_id;                         /* 0: none */
	uint64_t revision;                         /* of the last set */
	int64_t renew_ns;
	int64_t heard_ns;   /* when the last item came */
	int64_t trouble_ns; /* since when nothing could be set; 0: all is well */
};

/* Looks the metric up: EXIT_REFUSED when the plugin has none of that name. */
enum exit_code hold_session_find(struct hold_session *session);

/* Claims the model's knobs, with REVERT on loss, and opens the watch. */
enum exit_code hold_session_begin(struct hold_session *session);

/* Whether hold_session_return() may help after this; if not, why it failed was said. */
bool hold_session_may_return(enum fast_status status);

/* Turns the knobs to a row. */
enum fast_status hold_session_set(struct hold_session *session, size_t row);

/* Waits at most so long for the next item, and renews the lease when it is time. FAST_OK and NULL:
 * none came. The item is borrowed until the next call. */
enum fast_status hold_session_next(struct hold_session *session, int64_t wait_ms,
				   const Fast__V1__MetricWatchResponse **item);

/* Makes claim and watch whole again, trying quietly as long as patience lasts. EXIT_LOST: somebody
 * else has the knobs, or nobody could be asked. EXIT_OK also when interrupted. */
enum exit_code hold_session_return(struct hold_session *session);

/* Closes the watch and gives the lease back; revert: the knobs go where they were before the claim.
 */
void hold_session_end(struct hold_session *session, bool revert);

/* The sample of a metric in an item, or NULL. */
const Fast__V1__Sample *hold_session_sample(const struct hold_session *session,
					    const Fast__V1__MetricWatchResponse *item,
					    const char *metric);

#endif
