/* controller/raw_world.h - a world, and a connection to it that says whatever a test wants. */
#ifndef FASTD_TEST_RAW_WORLD_H
#define FASTD_TEST_RAW_WORLD_H

#include "controller/node_world.h"
#include "controller/raw_plugin.h"

struct raw_world {
	struct world world;
	int fd;
};

void raw_world_init(struct raw_world *raw);
/* Ends it, after seeing that an honest plugin is still served. */
void raw_world_fini(struct raw_world *raw);
/* Attaches well. */
void raw_world_attach(struct raw_world *raw, const char *name);
/* The next answer refuses with these words in its sentence. */
void raw_world_refused(struct raw_world *raw, enum fast_status status, const char *words);
/* The next thing is the end. */
void raw_world_closed(struct raw_world *raw);

#endif
