#include "link/link_nng.h"

#include "base/timer.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#define NS_PER_MS 1000000
/* A socket whose queue is full is tried again after this. */
#define DIAL_PAUSE_MS 10

struct fast_link_dialer {
	struct fast_endpoint endpoint;
	char name[FAST_ENDPOINT_BYTES_MAX];
	/* One per dial: a timed-out one of nng's is still busy when it reports. NULL before the
	 * first dial, as are the aios, so that nothing of nng runs before that. */
	nng_stream_dialer *dialer;
	nng_aio *dial_aio;
	nng_aio *pause_aio; /* its own: nng forgets to reset an aio that has slept */
	fast_link_dialed_fn *dialed;
	void *arg;
	int64_t deadline_ns;
	pthread_mutex_t lock;
	pthread_cond_t quiet; /* a reporter has ended */
	unsigned reporters;   /* guarded by lock: threads that report a dial that could not start */
	bool is_closing;      /* guarded by lock: nothing is started any more */
};

/* Under lock. */
static void dialer_try(struct fast_link_dialer *dialer)
{
	fast_hand_over(dialer);
	nng_aio_set_timeout(dialer->dial_aio, fast_nng_timeout_ms(dialer->deadline_ns));
	nng_stream_dialer_dial(dialer->dialer, dialer->dial_aio);
}

static void dialer_report(struct fast_link_dialer *dialer, enum fast_status status,
			  struct fast_link *link)
{
	dialer->dialed(status, link, dialer->arg); /* may dial again */
}

/* Of a dial that failed. */
static enum fast_status dialer_status(struct fast_link_dialer *dialer, int error)
{
	enum fast_status status = fast_nng_status(error);

	pthread_mutex_lock(&dialer->lock);
	if (dialer->is_closing) {
		status = FAST_CANCELLED;
	}
	pthread_mutex_unlock(&dialer->lock);
	switch (status) {
	case FAST_CANCELLED:
	case FAST_DEADLINE_EXCEEDED:
	case FAST_PERMISSION_DENIED:
	case FAST_RESOURCE_EXHAUSTED:
		return status;
	default:
		return FAST_UNAVAILABLE;
	}
}

/* True: it will be tried again. */
static bool dialer_pause(struct fast_link_dialer *dialer)
{
	bool pauses;

	pthread_mutex_lock(&dialer->lock);
	pauses = !dialer->is_closing;
	if (pauses) {
		fast_hand_over(dialer);
		nng_sleep_aio(DIAL_PAUSE_MS, dialer->pause_aio);
	}
	pthread_mutex_unlock(&dialer->lock);
	return pauses;
}

static void pause_ended(void *arg)
{
	struct fast_link_dialer *dialer = arg;
	bool tries;

	pthread_mutex_lock(&dialer->lock);
	tries = !dialer->is_closing && fast_clock_now_ns() < dialer->deadline_ns;
	if (tries) {
		dialer_try(dialer);
	}
	pthread_mutex_unlock(&dialer->lock);
	if (!tries) {
		dialer_report(dialer, dialer_status(dialer, NNG_ETIMEDOUT), NULL);
	}
}

static void dialer_paused(void *arg)
{
	fast_nng_completion(arg, pause_ended);
}

/* nng now and then reports a tcp connection before it is one: its poller takes the hang-up that a
 * fresh socket shows for the answer. Such a one is thrown away and dialled again. */
static int dialer_take(struct fast_link_dialer *dialer, nng_stream *stream, struct fast_link **out)
{
	nng_sockaddr peer;
	int error = 0;

	if (nng_stream_get_addr(stream, NNG_OPT_REMADDR, &peer) != 0) {
		error = NNG_EAGAIN;
	} else if (fast_nng_link_new(stream, dialer->endpoint.kind, out) != FAST_OK) {
		error = NNG_ENOMEM;
	}
	if (error != 0) {
		nng_stream_free(stream);
	}
	return error;
}

static void dial_ended(void *arg)
{
	struct fast_link_dialer *dialer = arg;
	int error = nng_aio_result(dialer->dial_aio);
	struct fast_link *link = NULL;

	if (error == 0) {
		error = dialer_take(dialer, nng_aio_get_output(dialer->dial_aio, 0), &link);
	}
	if (error == 0) {
		dialer_report(dialer, FAST_OK, link);
		return;
	}
	if (error == NNG_EAGAIN && dialer_pause(dialer)) {
		return;
	}
	dialer_report(dialer, dialer_status(dialer, error), NULL);
}

static void dialer_dialed(void *arg)
{
	fast_nng_completion(arg, dial_ended);
}

/* Closing first waits for nng's timer, which may still hold what free destroys. */
static void dialer_discard_old(struct fast_link_dialer *dialer)
{
	if (dialer->dialer != NULL) {
		nng_stream_dialer_close(dialer->dialer);
		nng_stream_dialer_free(dialer->dialer);
		dialer->dialer = NULL;
	}
}

/* False: no memory, or not enough of something else, such as threads. */
static bool dialer_prepare(struct fast_link_dialer *dialer)
{
	if (dialer->dial_aio == NULL &&
	    nng_aio_alloc(&dialer->dial_aio, dialer_dialed, dialer) != 0) {
		return false;
	}
	if (dialer->pause_aio == NULL &&
	    nng_aio_alloc(&dialer->pause_aio, dialer_paused, dialer) != 0) {
		return false;
	}
	dialer_discard_old(dialer);
	if (nng_stream_dialer_alloc(&dialer->dialer, dialer->name) != 0) {
		return false;
	}
	return dialer->endpoint.kind == FAST_ENDPOINT_IPC ||
	       nng_stream_dialer_set_bool(dialer->dialer, NNG_OPT_TCP_NODELAY, true) == 0;
}

static void *dialer_report_exhausted(void *arg)
{
	struct fast_link_dialer *dialer = arg;

	dialer_report(dialer, FAST_RESOURCE_EXHAUSTED, NULL);
	pthread_mutex_lock(&dialer->lock);
	dialer->reporters--;
	pthread_cond_signal(&dialer->quiet);
	pthread_mutex_unlock(&dialer->lock);
	return NULL;
}

/* Reports a dial that could not start. Where not even a thread is to be had, this one does it. */
static void dialer_give_up(struct fast_link_dialer *dialer)
{
	pthread_t reporter;

	pthread_mutex_lock(&dialer->lock);
	dialer->reporters++;
	pthread_mutex_unlock(&dialer->lock);
	if (pthread_create(&reporter, NULL, dialer_report_exhausted, dialer) == 0) {
		pthread_detach(reporter);
	} else {
		dialer_report_exhausted(dialer);
	}
}

enum fast_status fast_link_dialer_new(const char *endpoint, struct fast_link_dialer **out)
{
	struct fast_endpoint parsed;
	struct fast_link_dialer *dialer;

	if (fast_endpoint_parse(endpoint, &parsed) != FAST_OK ||
	    (parsed.kind == FAST_ENDPOINT_TCP && parsed.port == 0)) {
		return FAST_INVALID_ARGUMENT;
	}
	dialer = calloc(1, sizeof *dialer);
	if (dialer == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&dialer->lock, NULL);
	pthread_cond_init(&dialer->quiet, NULL);
	dialer->endpoint = parsed;
	fast_endpoint_print(&parsed, dialer->name);
	*out = dialer;
	return FAST_OK;
}

void fast_link_dial(struct fast_link_dialer *dialer, int64_t timeout_ms,
		    fast_link_dialed_fn *dialed, void *arg)
{
	int64_t now_ns = fast_clock_now_ns();

	assert(dialed != NULL);
	dialer->dialed = dialed;
	dialer->arg = arg;
	dialer->deadline_ns = timeout_ms > (FAST_TIME_NEVER - now_ns) / NS_PER_MS
				      ? FAST_TIME_NEVER
				      : now_ns + timeout_ms * NS_PER_MS;
	if (!dialer_prepare(dialer)) {
		dialer_give_up(dialer);
		return;
	}
	pthread_mutex_lock(&dialer->lock);
	assert(!dialer->is_closing);
	dialer_try(dialer);
	pthread_mutex_unlock(&dialer->lock);
}

void fast_link_dialer_free(struct fast_link_dialer *dialer)
{
	if (dialer == NULL) {
		return;
	}
	pthread_mutex_lock(&dialer->lock);
	dialer->is_closing = true;
	while (dialer->reporters > 0) {
		pthread_cond_wait(&dialer->quiet, &dialer->lock);
	}
	pthread_mutex_unlock(&dialer->lock);
	if (dialer->dialer != NULL) {
		nng_stream_dialer_close(dialer->dialer);
	}
	nng_aio_stop(dialer->pause_aio);
	nng_aio_stop(dialer->dial_aio);
	fast_take_over(dialer);
	nng_stream_dialer_free(dialer->dialer);
	nng_aio_free(dialer->pause_aio);
	nng_aio_free(dialer->dial_aio);
	pthread_cond_destroy(&dialer->quiet);
	pthread_mutex_destroy(&dialer->lock);
	free(dialer);
}
