#include "flow.h"

#include "contender.h"

#include <echo.fast.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

/* A stream without items, until its reader goes. */
struct stay {
	struct fast_call *call;
	struct stay *next; /* guarded by lock */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_gone = PTHREAD_COND_INITIALIZER;
static struct stay *gone; /* guarded by lock: those whose readers have gone */

static void on_gone(struct fast_call *call, void *arg)
{
	struct stay *stay = arg;

	(void)call;
	pthread_mutex_lock(&lock);
	stay->next = gone;
	gone = stay;
	pthread_cond_signal(&has_gone);
	pthread_mutex_unlock(&lock);
}

/* A cancel function must not end its call. */
static _Noreturn void gone_end(void)
{
	for (;;) {
		pthread_mutex_lock(&lock);
		while (gone == NULL) {
			pthread_cond_wait(&has_gone, &lock);
		}
		struct stay *stay = gone;
		gone = stay->next;
		pthread_mutex_unlock(&lock);
		fast_call_fail(stay->call, FAST_CANCELLED, "the reader has gone");
		free(stay);
	}
}

static void *gone_serve(void *arg)
{
	(void)arg;
	gone_end();
}

static void stay_open(struct fast_call *call)
{
	struct stay *stay = malloc(sizeof *stay);

	if (stay == NULL) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED, "no memory");
		return;
	}
	stay->call = call;
	fast_call_on_cancel(call, on_gone, stay);
}

static void on_watch(struct fast_call *call, const Bench__V1__WatchRequest *request, void *arg)
{
	static uint8_t filler[REPLY_BYTES];
	Bench__V1__WatchResponse item = BENCH__V1__WATCH_RESPONSE__INIT;
	uint32_t left = request->items;

	(void)arg;
	if (left == 0) {
		stay_open(call);
		return;
	}
	item.payload = (ProtobufCBinaryData){payload_bytes(REPLY_BYTES), filler};
	while (left > 0) {
		enum fast_status status = bench_v1_flow_watch_send(call, &item);
		if (status == FAST_OK) {
			left--;
		} else if (status == FAST_RESOURCE_EXHAUSTED) {
			sched_yield(); /* the reader is behind */
		} else {
			fast_call_fail(call, status, "the reader is gone");
			return;
		}
	}
	fast_call_finish(call);
}

bool flow_serve(struct fast_server *server)
{
	static const struct bench_v1_flow_handlers flow = {.watch = on_watch};
	pthread_t thread;

	return pthread_create(&thread, NULL, gone_serve, NULL) == 0 &&
	       fast_server_add(server, &bench_v1_flow_service, &flow, NULL, 0) == FAST_OK;
}
