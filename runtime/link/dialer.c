#include "link/link_inproc.h"
#include "link/link_nng.h"
#include "link/socket_connect.h"
#include "link/tls.h"

#include "base/timer.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#define NS_PER_MS 1000000
/* A socket whose queue is full is tried again after this. */
#define DIAL_PAUSE_NS (10 * NS_PER_MS)

enum dialer_phase {
	DIALER_IDLE,
	DIALER_DIALS,  /* until both operations have ended */
	DIALER_PAUSES, /* until the time to try again */
};

/* Two operations of nng's: dial, and a timer beside it. Not the timeout that a dial of nng's could
 * have: it may come late and look at a dialer that has been freed. */
struct fast_link_dialer {
	struct fast_endpoint endpoint;
	char name[FAST_ENDPOINT_BYTES_MAX];
	struct fast_tls_connector *connector; /* tls alone; else NULL */
	bool own_sockets;                     /* nothing of nng's is used */
	bool has_shaken_hands;                /* so the connector knows how this dial ended */
	fast_link_dialed_fn *dialed;
	void *arg;
	int64_t deadline_ns;
	pthread_mutex_t lock;
	pthread_cond_t quiet; /* a reporter has ended */
	/* guarded by lock */
	nng_stream_dialer *dialer; /* one per dial; NULL before the first, as are the aios, so that
				    * nothing of nng runs before that */
	nng_aio *dial_aio;
	nng_aio *timer_aio;
	enum dialer_phase phase;
	unsigned under_way; /* operations of this dial */
	int error;          /* how the dial ended */
	bool is_dialed;     /* the dial has ended */
	unsigned reporters; /* threads that report a dial which nng does not */
	bool is_closing;    /* nothing is started any more */
};

static void dialer_sleep(struct fast_link_dialer *dialer, int64_t until_ns)
{
	fast_hand_over(dialer);
	dialer->under_way++;
	nng_sleep_aio(fast_nng_timeout_ms(until_ns), dialer->timer_aio);
}

/* Under lock, as all that follows but where it is said. A unix socket connects at once or not at
 * all, so that it wants no timer. */
static void dialer_try(struct fast_link_dialer *dialer)
{
	fast_hand_over(dialer);
	dialer->phase = DIALER_DIALS;
	dialer->is_dialed = false;
	dialer->under_way = 1;
	nng_stream_dialer_dial(dialer->dialer, dialer->dial_aio);
	if (dialer->endpoint.kind != FAST_ENDPOINT_IPC && dialer->deadline_ns != FAST_TIME_NEVER) {
		dialer_sleep(dialer, dialer->deadline_ns);
	}
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

/* Of a dial that failed. */
static enum fast_status dialer_status(const struct fast_link_dialer *dialer, int error)
{
	enum fast_status status = dialer->is_closing ? FAST_CANCELLED : fast_nng_status(error);

	switch (status) {
	case FAST_CANCELLED:
		/* Unless it is being freed, its timer has cancelled the dial. */
		return dialer->is_closing ? FAST_CANCELLED : FAST_DEADLINE_EXCEEDED;
	case FAST_DEADLINE_EXCEEDED:
	case FAST_PERMISSION_DENIED:
	case FAST_RESOURCE_EXHAUSTED:
		return status;
	default:
		return FAST_UNAVAILABLE;
	}
}

/* All of this dial's operations have ended. True: *status and *link are to be reported. */
static bool dialer_settle(struct fast_link_dialer *dialer, enum fast_status *status,
			  struct fast_link **link)
{
	int64_t now_ns = fast_clock_now_ns();
	int64_t until_ns = now_ns + DIAL_PAUSE_NS;

	if (dialer->phase == DIALER_PAUSES && !dialer->is_closing && now_ns < dialer->deadline_ns) {
		dialer_try(dialer);
		return false;
	}
	if (dialer->phase == DIALER_PAUSES) {
		dialer->error = NNG_ETIMEDOUT;
	} else if (dialer->error == 0) {
		dialer->error = dialer_take(dialer, nng_aio_get_output(dialer->dial_aio, 0), link);
	}
	if (dialer->error == NNG_EAGAIN && !dialer->is_closing) {
		dialer->phase = DIALER_PAUSES;
		dialer_sleep(dialer,
			     until_ns < dialer->deadline_ns ? until_ns : dialer->deadline_ns);
		return false;
	}
	dialer->phase = DIALER_IDLE;
	*status = dialer->error == 0 ? FAST_OK : dialer_status(dialer, dialer->error);
	return true;
}

/* Without the lock. */
static void dialer_report(struct fast_link_dialer *dialer, enum fast_status status,
			  struct fast_link *link)
{
	if (status == FAST_OK && dialer->connector != NULL) {
		dialer->has_shaken_hands = true;
		status = fast_tls_connect(dialer->connector, link, dialer->deadline_ns,
					  dialer->dialed, dialer->arg);
		if (status == FAST_OK) {
			return; /* the connector reports */
		}
		link->ops->free(link);
		link = NULL;
	}
	dialer->dialed(status, link, dialer->arg); /* may dial again */
}

/* One operation has ended. Without the lock. */
static void dialer_step(struct fast_link_dialer *dialer, bool is_dial)
{
	enum fast_status status = FAST_OK;
	struct fast_link *link = NULL;
	bool reports = false;

	pthread_mutex_lock(&dialer->lock);
	dialer->under_way--;
	if (is_dial) {
		dialer->error = nng_aio_result(dialer->dial_aio);
		dialer->is_dialed = true;
		nng_aio_cancel(dialer->timer_aio);
	} else if (dialer->phase == DIALER_DIALS && !dialer->is_dialed) {
		if (fast_clock_now_ns() < dialer->deadline_ns && !dialer->is_closing) {
			dialer_sleep(dialer, dialer->deadline_ns); /* nng woke it early */
		} else {
			nng_aio_cancel(dialer->dial_aio);
		}
	}
	if (dialer->under_way == 0) {
		reports = dialer_settle(dialer, &status, &link);
	}
	pthread_mutex_unlock(&dialer->lock);
	if (reports) {
		dialer_report(dialer, status, link);
	}
}

static void dial_ended(void *arg)
{
	dialer_step(arg, true);
}

static void timer_ended(void *arg)
{
	dialer_step(arg, false);
}

static void dialer_dialed(void *arg)
{
	fast_nng_completion(arg, dial_ended);
}

static void dialer_timed(void *arg)
{
	fast_nng_completion(arg, timer_ended);
}

/* Whether its dials need nothing of nng's. */
static bool dialer_is_apart(const struct fast_link_dialer *dialer)
{
	return dialer->own_sockets || dialer->endpoint.kind == FAST_ENDPOINT_INPROC ||
	       dialer->endpoint.kind == FAST_ENDPOINT_UNIX;
}

/* False: no memory, or not enough of something else, such as threads. */
static bool dialer_prepare(struct fast_link_dialer *dialer)
{
	if (dialer->dial_aio == NULL &&
	    nng_aio_alloc(&dialer->dial_aio, dialer_dialed, dialer) != 0) {
		return false;
	}
	if (dialer->timer_aio == NULL &&
	    nng_aio_alloc(&dialer->timer_aio, dialer_timed, dialer) != 0) {
		return false;
	}
	/* A cancelled dialer of nng's is still busy when it reports: each dial has its own. */
	nng_stream_dialer_free(dialer->dialer);
	dialer->dialer = NULL;
	if (nng_stream_dialer_alloc(&dialer->dialer, dialer->name) != 0) {
		return false;
	}
	return dialer->endpoint.kind == FAST_ENDPOINT_IPC ||
	       nng_stream_dialer_set_bool(dialer->dialer, NNG_OPT_TCP_NODELAY, true) == 0;
}

static bool dialer_is_closing(void *arg)
{
	struct fast_link_dialer *dialer = arg;
	bool is_closing;

	pthread_mutex_lock(&dialer->lock);
	is_closing = dialer->is_closing;
	pthread_mutex_unlock(&dialer->lock);
	return is_closing;
}

static void *dialer_report_apart(void *arg)
{
	struct fast_link_dialer *dialer = arg;
	enum fast_status status = FAST_RESOURCE_EXHAUSTED;
	struct fast_link *link = NULL;

	if (dialer->endpoint.kind == FAST_ENDPOINT_INPROC) {
		status = fast_inproc_connect(dialer->endpoint.path, &link);
	} else if (dialer_is_apart(dialer)) {
		status = fast_socket_connect(&dialer->endpoint, dialer->deadline_ns,
					     dialer_is_closing, dialer, &link);
	}
	dialer_report(dialer, status, link);
	pthread_mutex_lock(&dialer->lock);
	dialer->reporters--;
	pthread_cond_signal(&dialer->quiet);
	pthread_mutex_unlock(&dialer->lock);
	return NULL;
}

/* Does and reports a dial without nng, or reports one that could not start. Where not even a
 * thread is to be had, this one does it. */
static void dialer_start_apart(struct fast_link_dialer *dialer)
{
	pthread_t reporter;

	pthread_mutex_lock(&dialer->lock);
	dialer->reporters++;
	pthread_mutex_unlock(&dialer->lock);
	if (pthread_create(&reporter, NULL, dialer_report_apart, dialer) == 0) {
		pthread_detach(reporter);
	} else {
		dialer_report_apart(dialer);
	}
}

enum fast_status fast_link_dialer_new_tls(const char *endpoint, struct fast_tls *tls,
					  struct fast_link_dialer **out)
{
	struct fast_endpoint parsed;
	struct fast_link_dialer *dialer;
	enum fast_status status;

	if (fast_endpoint_parse(endpoint, &parsed) != FAST_OK ||
	    (parsed.port == 0 &&
	     (parsed.kind == FAST_ENDPOINT_TCP || parsed.kind == FAST_ENDPOINT_TLS))) {
		return FAST_INVALID_ARGUMENT;
	}
	if (parsed.kind == FAST_ENDPOINT_TLS && tls == NULL) {
		return FAST_FAILED_PRECONDITION;
	}
	dialer = calloc(1, sizeof *dialer);
	if (dialer == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&dialer->lock, NULL);
	pthread_cond_init(&dialer->quiet, NULL);
	dialer->endpoint = parsed;
	fast_endpoint_print_stream(&parsed, dialer->name);
	if (parsed.kind == FAST_ENDPOINT_TLS) {
		status = fast_tls_connector_new(tls, parsed.host, &dialer->connector);
		if (status != FAST_OK) {
			fast_link_dialer_free(dialer);
			return status;
		}
	}
	*out = dialer;
	return FAST_OK;
}

enum fast_status fast_link_dialer_new(const char *endpoint, struct fast_link_dialer **out)
{
	return fast_link_dialer_new_tls(endpoint, NULL, out);
}

void fast_link_dialer_use_sockets(struct fast_link_dialer *dialer)
{
	dialer->own_sockets = true;
}

const char *fast_link_dialer_reason(const struct fast_link_dialer *dialer)
{
	return dialer->has_shaken_hands ? fast_tls_connector_reason(dialer->connector) : "";
}

void fast_link_dial(struct fast_link_dialer *dialer, int64_t timeout_ms,
		    fast_link_dialed_fn *dialed, void *arg)
{
	int64_t now_ns = fast_clock_now_ns();
	bool is_ready;

	assert(dialed != NULL);
	dialer->dialed = dialed;
	dialer->arg = arg;
	dialer->has_shaken_hands = false;
	dialer->deadline_ns = timeout_ms > (FAST_TIME_NEVER - now_ns) / NS_PER_MS
				      ? FAST_TIME_NEVER
				      : now_ns + timeout_ms * NS_PER_MS;
	pthread_mutex_lock(&dialer->lock);
	assert(dialer->phase == DIALER_IDLE && !dialer->is_closing);
	is_ready = !dialer_is_apart(dialer) && dialer_prepare(dialer);
	if (is_ready) {
		dialer_try(dialer);
	}
	pthread_mutex_unlock(&dialer->lock);
	if (!is_ready) {
		dialer_start_apart(dialer);
	}
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
	if (dialer->dialer != NULL) {
		nng_stream_dialer_close(dialer->dialer);
	}
	pthread_mutex_unlock(&dialer->lock);
	nng_aio_stop(dialer->timer_aio);
	nng_aio_stop(dialer->dial_aio);
	fast_take_over(dialer);
	fast_tls_connector_free(dialer->connector);
	nng_aio_free(dialer->timer_aio);
	nng_aio_free(dialer->dial_aio);
	nng_stream_dialer_free(dialer->dialer);
	pthread_cond_destroy(&dialer->quiet);
	pthread_mutex_destroy(&dialer->lock);
	free(dialer);
}
