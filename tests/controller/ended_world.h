/* controller/ended_world.h - a world of plugins that end, and of nodes that are killed, by a wall
 * clock that a test moves. */
#ifndef FASTD_TEST_ENDED_WORLD_H
#define FASTD_TEST_ENDED_WORLD_H

#include "controller/node_world.h"

#include <fast/plugin.h>

#include <sqlite3.h>

#define ENDED_TEXT_BYTES 8192

/* How much later it is than the machine believes. Atomic. */
extern int64_t ended_later_ns;

/* All that a node tells of plugins and of knobs, none of which is there any more: a line each. */
struct ended_text {
	size_t used;
	char bytes[ENDED_TEXT_BYTES];
};

struct ended_text world_known(struct world *world);

/* The node's database, from outside; the caller closes it. */
sqlite3 *world_database(const struct world *world);
void world_database_run(const struct world *world, const char *sql);
/* The one number that a query gives. */
int64_t world_database_number(const struct world *world, const char *sql);
/* Waits until a query gives this number. */
void world_database_wait(const struct world *world, const char *sql, int64_t number);

/* The node goes on in a copy of its directory, as if it had been killed at this moment; plugins do
 * not find it there. */
void world_kill(struct world *world);

/* Knobs of every kind. */
enum ended_knob { QUALITY, SIZE, GAIN, MODE, TITLE, FLIP, SERIAL, SLOW, KNOBS };

void ended_declare(struct fast_plugin *plugin, struct fast_param *params[KNOBS]);
/* Of "cam": what may become of them. QUALITY is 9 and read; SIZE is 1 and not read. */
void ended_turn(struct world *world, struct fast_param *params[KNOBS]);
/* A plugin with one knob, or two, comes and goes; second: NULL allowed. */
void ended_visit(struct world *world, const char *plugin, const char *param, const char *second);

#endif
