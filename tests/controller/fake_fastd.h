/* tests/controller/fake_fastd.h - a daemon with one plugin, made of plain handlers, and a way to
 * run fastctl against it. The plugin's frame rate follows its knob: no plugin and no page are
 * needed. */
#ifndef TEST_FAKE_FASTD_H
#define TEST_FAKE_FASTD_H

#include <fast/server.h>
#include <pthread.h>
#include <stdint.h>

#define FAKE_SETTINGS 3

struct fake_state {
	size_t setting; /* of the knob: 1080, 720, 360 lines */
	uint64_t revision;
	uint64_t lease;     /* 0: free */
	bool held_by_other; /* claims and sets are refused */
	bool empty;         /* no plugin is there */
	bool two;           /* a second plugin is there */
	bool late;          /* the plugin does not read its knob */
	double slowness;    /* of the machine: 1 is the table's */
	double beats;
	int64_t beats_ns; /* until when they are counted */
	unsigned claims, renewals, releases, reverts, sets, sets_without_lease;
};

struct fake_fastd {
	struct fast_server *server;
	char dir[64];
	char endpoint[96];
	pthread_mutex_t lock;
	struct fake_state now; /* guarded by lock */
};

/* The state at this moment. */
struct fake_state fake_seen(struct fake_fastd *fake);

/* Sets one member of the state. */
#define fake_set(fake, member, value)                                                              \
	do {                                                                                       \
		pthread_mutex_lock(&(fake)->lock);                                                 \
		(fake)->now.member = (value);                                                      \
		pthread_mutex_unlock(&(fake)->lock);                                               \
	} while (0)

extern const double fake_rates[FAKE_SETTINGS];

/* Both assert. The directory of the first open is kept for the next. */
void fake_fastd_open(struct fake_fastd *fake);
void fake_fastd_close(struct fake_fastd *fake);

/* What fastctl printed and how it ended. */
struct told {
	int code;
	char out[16384];
	char err[4096];
};

/* Runs fastctl with the words of a command line, parted by blanks ('' keeps them together), with
 * FASTD_ENDPOINT naming the fake one. Skips the test when there is no fastctl. */
void fastctl_run(const struct fake_fastd *fake, struct told *told, const char *line);

/* Starts it without waiting, and waits. */
struct fastctl_child {
	int pid;
	int out, err;
};
void fastctl_start(const struct fake_fastd *fake, struct fastctl_child *child, const char *line);
void fastctl_wait(struct fastctl_child *child, struct told *told);

#endif
