/* runtime/link_pair.h - two ends of a link through a real socket, and what they completed. */
#ifndef FAST_TEST_LINK_PAIR_H
#define FAST_TEST_LINK_PAIR_H

#include "link/link.h"
#include "runtime/gate.h"

/* One end. What its completions said is read after waiting for them. */
struct link_end {
	struct fast_link *link;
	struct gate received;
	struct gate sent;
	enum fast_status received_status;
	enum fast_status sent_status;
	size_t received_bytes;
	size_t sent_bytes;
};

/* Where accepted links go. */
struct link_inbox {
	struct gate accepted;
	pthread_mutex_t lock;
	struct fast_link *links[64]; /* guarded by lock; further ones are freed at once */
	size_t count;                /* guarded by lock */
};

/* How a dial ended. */
struct link_outcome {
	struct gate done;
	enum fast_status status;
	struct fast_link *link;
};

struct link_pair {
	struct link_inbox inbox;
	struct fast_link_listener *listener;
	struct fast_link_dialer *dialer;
	struct link_end client;
	struct link_end server;
};

void link_end_init(struct link_end *end, struct fast_link *link);
void link_inbox_init(struct link_inbox *inbox);
/* Waits for a link; NULL: none came. The caller frees it. */
struct fast_link *link_inbox_take(struct link_inbox *inbox, unsigned nth);
void link_inbox_accepted(struct fast_link *link, void *inbox);

/* Dials, and waits for the outcome. */
enum fast_status link_dial_wait(struct fast_link_dialer *dialer, int64_t timeout_ms,
				struct fast_link **out);
void link_outcome_dialed(enum fast_status status, struct fast_link *link, void *outcome);

/* Both ends connected; asserts. */
void link_pair_open(struct link_pair *pair, const char *endpoint);
void link_pair_close(struct link_pair *pair);

/* Sends all of text from one end and receives it at the other; asserts. */
void link_pass_text(struct link_end *from, struct link_end *to, const char *text);

/* How many descriptors are open; waits until there are at most so many (NNG closes what was freed
 * when it comes to it); asserts. */
size_t link_descriptors(void);
void link_descriptors_await(size_t most);

/* Gives path in a fresh folder; the group's setup and teardown make and remove it. */
int link_folder_make(void **state);
int link_folder_remove(void **state);
/* Of those endpoints that have a path: "ipc", or "unix". */
extern const char *link_scheme;
/* Whether dialers use the process's own sockets whatever the scheme. */
extern bool link_own_sockets;
/* Asserts. */
struct fast_link_dialer *link_dialer_to(const char *endpoint);
/* "ipc://FOLDER/NAME", or as link_scheme says, in a buffer of its own per name's use; valid until
 * the next call. */
const char *link_folder_endpoint(const char *name);
const char *link_folder_path(const char *name);

/* Runs them for each link_scheme, and with link_own_sockets; gives how many failed. */
int link_run_tests(const struct CMUnitTest *tests, size_t count);

#endif
