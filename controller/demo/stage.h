/* demo/stage.h - the players: fastd, the plugin, the controller, and the co-runners. */
#ifndef DEMO_STAGE_H
#define DEMO_STAGE_H

#include "client/process.h"
#include "demo/disturb.h"
#include "demo/options.h"
#include "demo/outcome.h"
#include "demo/record.h"

/* The controller aims so much above the goal, as a share: a goal aimed at exactly is missed half
 * the time. */
#define STAGE_MARGIN         0.15
#define STAGE_PLUGIN         "street"
#define STAGE_PATH_BYTES_MAX 512
/* Frames of the clip that are used: the reference table takes a while to make for all. */
#define STAGE_CLIP_FRAMES "300"

struct stage {
	const struct demo_options *options;
	char bin[STAGE_PATH_BYTES_MAX];
	char dir[64]; /* sockets and state; removed at the end */
	char endpoint[128];
	struct process fastd;
	struct process plugin;
	struct process controller;
	struct process viewer; /* fastctl top, on a terminal */
	struct fast_client *client;
	struct record record;
	struct disturbance disturbance;
	char error[512]; /* why a function failed */
};

/* Makes the reference table, starts fastd and the plugin, and begins to record. */
FAST_MUST_CHECK enum fast_status stage_open(struct stage *stage,
					    const struct demo_options *options);
/* Ends all processes and removes the folder. */
void stage_close(struct stage *stage);

FAST_MUST_CHECK enum fast_status stage_start_fastd(struct stage *stage);
/* Turns the knob res. */
FAST_MUST_CHECK enum fast_status stage_set_res(struct stage *stage, double res);
/* The knob now; NaN when it cannot be had. */
double stage_get_res(struct stage *stage);
/* Lets the controller visit each setting and write its table. */
FAST_MUST_CHECK enum fast_status stage_learn(struct stage *stage, double goal);
/* Starts the controller for so many seconds. */
FAST_MUST_CHECK enum fast_status stage_hold(struct stage *stage, double goal, double seconds);

/* Writes a path below the output folder. Returns out. */
char *stage_out_path(const struct stage *stage, const char *name, char *out, size_t out_bytes);

#endif
