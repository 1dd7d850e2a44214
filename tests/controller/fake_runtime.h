/* controller/fake_runtime.h - calls and a publisher that only remember, instead of the runtime's.
 */
#ifndef FAKE_RUNTIME_H
#define FAKE_RUNTIME_H

#include <fast/call.h>
#include <pthread.h>

#define FAKE_ITEMS_MAX      4096
#define FAKE_DETAILS_MAX    8
#define FAKE_TEXT_BYTES_MAX 1024
#define FAKE_WAIT_MS        5000

/* A call as its handler left it. Zeroed memory and fake_call_init() make one. */
struct fast_call {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fast_peer peer;
	size_t room; /* items that still fit the reader's queue */
	fast_call_cancel_fn *cancel;
	void *cancel_arg;
	bool cancelled;
	bool ended;
	enum fast_status status;
	char text[FAKE_TEXT_BYTES_MAX];
	ProtobufCMessage *reply; /* NULL: none */
	size_t item_count;
	ProtobufCMessage *items[FAKE_ITEMS_MAX];
	size_t detail_count;
	ProtobufCMessage *details[FAKE_DETAILS_MAX];
};

void fake_call_init(struct fast_call *call);
void fake_call_fini(struct fast_call *call);

/* As if the caller went away. */
void fake_call_cancel(struct fast_call *call);

/* As if the reader took so many items. */
void fake_call_make_room(struct fast_call *call, size_t count);

/* Wait at most FAKE_WAIT_MS; whether it came to that. */
bool fake_call_wait_items(struct fast_call *call, size_t count);
bool fake_call_wait_end(struct fast_call *call);

/* What the one publisher was given last, and how often. */
extern char fake_published_topic[];
extern size_t fake_published_count;
extern uint64_t fake_subscribers;

#endif
