/* controller/store_world.h - a store in a directory of its own. */
#ifndef FASTD_TEST_STORE_WORLD_H
#define FASTD_TEST_STORE_WORLD_H

#include "controller/node_world.h"

#include "daemon/store.h"

struct fixture {
	char dir[64];
	struct store *store;
	bool mounted;
};

/* How a job ended. */
struct end {
	int done; /* atomic */
	enum fast_status status;
	char error[NODE_TEXT_BYTES_MAX];
};

/* What a load has told. */
struct loaded {
	size_t params;
	int64_t newest_value;
	uint64_t revision;
	size_t leases;
	size_t baselines;
	struct store_param param;
	struct store_lease lease;
	struct store_baseline baseline;
};

enum fast_status store_open_at(const char *dir, struct store **out, char *error);
/* Makes the directory, in memory where that is possible: for a test that makes many. */
void fixture_make(struct fixture *fixture);
/* Makes the directory, and opens the store; it is not started. */
void fixture_init(struct fixture *fixture);
void fixture_fini(struct fixture *fixture);
void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);
void fixture_reopen(struct fixture *fixture);
struct loaded fixture_load(struct fixture *fixture);

/* A job that sets an int knob of "cam". */
struct store_job *put_job(struct end *end, const char *param, int64_t value, uint64_t revision);
/* Pushes such a job and waits. */
enum fast_status fixture_put(struct fixture *fixture, const char *param, int64_t value,
			     uint64_t revision, struct end *end);
void end_note(enum fast_status status, const char *error, void *arg);
bool end_is_done(void *arg);

/* How many databases were set aside there. */
int count_set_aside(const char *dir);

#endif
