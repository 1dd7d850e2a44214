/* cli/watch_knobs.h - 'fastctl watch --knobs'. */
#ifndef CLI_WATCH_KNOBS_H
#define CLI_WATCH_KNOBS_H

#include "cli/command.h"

/* Shows changes of knobs until interrupted, or as many as --count says. */
enum exit_code watch_knobs(struct cli *cli);

#endif
