/* demo/record.h - what the plugin did, as the watch stream told it. */
#ifndef DEMO_RECORD_H
#define DEMO_RECORD_H

#include <fast/client.h>
#include <pthread.h>
#include <stdatomic.h>

#define RECORD_POINTS_MAX  100000
#define RECORD_CHANGES_MAX 10000
#define RECORD_INTERVAL_MS 100

enum phase {
	PHASE_SETUP,   /* nothing is judged */
	PHASE_MEASURE, /* full resolution, undisturbed: gives the goal */
	PHASE_LEARN,   /* the controller visits each setting */
	PHASE_HOLD,    /* the controller holds the goal */
	PHASE_FIXED_HIGH,
	PHASE_FIXED_MIDDLE,
	PHASE_FIXED_LOW,
	PHASE_COUNT,
};

const char *phase_name(enum phase phase);

/* One item of the watch stream. */
struct point {
	int64_t time_ns; /* since 1970 */
	uint64_t beats;  /* frames so far */
	double acc;      /* NaN: not known yet */
	double objects;
	double latency_p50_s;
	double res; /* set from the audit log, when that is read */
	enum phase phase;
	bool disturbed;
};

/* One turn of the knob res. */
struct change {
	int64_t time_ns;
	double res;
};

/* Points and changes are read freely after record_stop(); before, through the functions. */
struct record {
	pthread_t thread;
	pthread_mutex_t lock;
	struct fast_client *client;
	const char *plugin;
	struct fast_stream *stream; /* guarded by lock; NULL between two */
	bool stopping;              /* guarded by lock */
	struct point *points;       /* guarded by lock until stopped */
	size_t count;
	struct change *changes;
	size_t change_count;
	atomic_int phase;
	atomic_bool disturbed;
	char error[256]; /* why the stream ended early; "": it did not */
	bool running;
};

/* Watches the plugin's metrics from now on. */
FAST_MUST_CHECK enum fast_status record_start(struct record *record, struct fast_client *client,
					      const char *plugin);
/* Ends the watch and reads the knob's turns from the audit log. */
FAST_MUST_CHECK enum fast_status record_stop(struct record *record, const char *plugin);
void record_fini(struct record *record);

/* Beats at a moment, interpolated; NaN outside of what was recorded. Any thread. */
double record_beats_at(struct record *record, int64_t time_ns);
/* The newest point; false: none yet. */
bool record_newest(struct record *record, struct point *out);

/* Nanoseconds since 1970. */
int64_t record_now_ns(void);

#endif
