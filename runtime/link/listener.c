#include "link/link_nng.h"

#include "link/link_inproc.h"
#include "link/link_unix.h"
#include "link/socket_path.h"
#include "link/tls.h"

#include <assert.h>
#include <fast/log.h>
#include <pthread.h>
#include <stdlib.h>

/* Pauses after a failed accept: no descriptors or memory are left. */
#define ACCEPT_PAUSE_MS_MIN 10
#define ACCEPT_PAUSE_MS_MAX 320
#define SOCKET_MODE_MAX     0777u

struct fast_link_listener {
	struct fast_endpoint endpoint;
	char name[FAST_ENDPOINT_BYTES_MAX];
	nng_stream_listener *listener;
	struct fast_tls_acceptor *acceptor; /* tls alone; else NULL */
	/* Where these are, nothing of nng is used; else NULL. */
	struct fast_inproc_listener *inproc;
	struct fast_unix_listener *direct;
	nng_aio *accept_aio;
	nng_aio *pause_aio; /* its own: nng forgets to reset an aio that has slept */
	fast_link_accepted_fn *accepted;
	void *arg;
	nng_duration pause_ms; /* of the next pause; 0: accepting goes well. Accepting thread */
	pthread_mutex_t lock;
	bool is_closing; /* guarded by lock: nothing is started any more */
};

static bool listener_is_closing(struct fast_link_listener *listener)
{
	bool is_closing;

	pthread_mutex_lock(&listener->lock);
	is_closing = listener->is_closing;
	pthread_mutex_unlock(&listener->lock);
	return is_closing;
}

static void listener_accept(struct fast_link_listener *listener)
{
	pthread_mutex_lock(&listener->lock);
	fast_hand_over(listener);
	if (!listener->is_closing) {
		nng_stream_listener_accept(listener->listener, listener->accept_aio);
	}
	pthread_mutex_unlock(&listener->lock);
}

static void listener_pause(struct fast_link_listener *listener, int error)
{
	if (listener->pause_ms == 0) {
		listener->pause_ms = ACCEPT_PAUSE_MS_MIN;
		fast_log(FAST_LOG_WARNING, "%s: cannot accept connections: %s; trying on",
			 listener->name, nng_strerror(error));
	} else if (listener->pause_ms < ACCEPT_PAUSE_MS_MAX) {
		listener->pause_ms *= 2;
	}
	pthread_mutex_lock(&listener->lock);
	fast_hand_over(listener);
	if (!listener->is_closing) {
		nng_sleep_aio(listener->pause_ms, listener->pause_aio);
	}
	pthread_mutex_unlock(&listener->lock);
}

static void pause_ended(void *arg)
{
	listener_accept(arg);
}

static void listener_paused(void *arg)
{
	fast_nng_completion(arg, pause_ended);
}

static void accept_ended(void *arg)
{
	struct fast_link_listener *listener = arg;
	bool is_closing = listener_is_closing(listener);
	int error = nng_aio_result(listener->accept_aio);
	struct fast_link *link = NULL;

	if (error == 0) {
		nng_stream *stream = nng_aio_get_output(listener->accept_aio, 0);
		if (is_closing ||
		    fast_nng_link_new(stream, listener->endpoint.kind, &link) != FAST_OK) {
			nng_stream_free(stream);
			error = NNG_ENOMEM;
		}
	}
	if (is_closing) {
		return;
	}
	if (error != 0) {
		listener_pause(listener, error);
		return;
	}
	listener->pause_ms = 0;
	if (listener->acceptor != NULL) {
		fast_tls_acceptor_take(listener->acceptor, link);
	} else {
		listener->accepted(link, listener->arg);
	}
	listener_accept(listener);
}

static void listener_accepted(void *arg)
{
	fast_nng_completion(arg, accept_ended);
}

/* The permissions are set before nng listens, so before anybody can connect. */
static enum fast_status listener_listen(struct fast_link_listener *listener, unsigned mode)
{
	bool is_tcp = listener->endpoint.kind != FAST_ENDPOINT_IPC;
	char name[FAST_ENDPOINT_BYTES_MAX];
	nng_stream_listener *stream_listener;
	int error;
	int port = 0;

	fast_endpoint_print_stream(&listener->endpoint, name);
	error = nng_stream_listener_alloc(&listener->listener, name);
	stream_listener = listener->listener;
	if (error == 0 && is_tcp) {
		error = nng_stream_listener_set_bool(stream_listener, NNG_OPT_TCP_NODELAY, true);
	} else if (error == 0 && mode != 0) {
		error = nng_stream_listener_set_int(stream_listener, NNG_OPT_IPC_PERMISSIONS,
						    (int)mode);
	}
	if (error == 0) {
		error = nng_stream_listener_listen(stream_listener);
	}
	if (error == 0 && is_tcp) {
		error = nng_stream_listener_get_int(stream_listener, NNG_OPT_TCP_BOUND_PORT, &port);
		listener->endpoint.port = (uint16_t)port;
		fast_endpoint_print(&listener->endpoint, listener->name);
	}
	return fast_nng_status(error);
}

static enum fast_status listener_open(struct fast_link_listener *listener, unsigned mode)
{
	enum fast_status status = FAST_OK;
	int lock = -1;

	/* The first call into nng starts its threads, so what can fail before does. */
	if (listener->endpoint.kind == FAST_ENDPOINT_IPC) {
		status = fast_socket_path_claim(listener->endpoint.path, &lock);
		if (status != FAST_OK) {
			return status;
		}
	}
	if (nng_aio_alloc(&listener->accept_aio, listener_accepted, listener) != 0 ||
	    nng_aio_alloc(&listener->pause_aio, listener_paused, listener) != 0) {
		status = FAST_RESOURCE_EXHAUSTED;
	} else {
		status = listener_listen(listener, mode);
	}
	fast_socket_path_release(lock);
	return status;
}

static enum fast_status listener_new(const char *endpoint, unsigned mode, struct fast_tls *tls,
				     fast_link_accepted_fn *accepted, void *arg,
				     struct fast_link_listener **out)
{
	struct fast_endpoint parsed;
	struct fast_link_listener *listener;
	enum fast_status status = fast_endpoint_parse(endpoint, &parsed);

	assert(accepted != NULL);
	if (status != FAST_OK || mode > SOCKET_MODE_MAX ||
	    (parsed.kind == FAST_ENDPOINT_TLS) != (tls != NULL)) {
		return FAST_INVALID_ARGUMENT;
	}
	listener = calloc(1, sizeof *listener);
	if (listener == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&listener->lock, NULL);
	listener->endpoint = parsed;
	listener->accepted = accepted;
	listener->arg = arg;
	fast_endpoint_print(&parsed, listener->name);
	if (tls != NULL) {
		status = fast_tls_acceptor_new(tls, accepted, arg, &listener->acceptor);
	}
	if (parsed.kind == FAST_ENDPOINT_INPROC) {
		status = fast_inproc_listen(parsed.path, accepted, arg, &listener->inproc);
	} else if (parsed.kind == FAST_ENDPOINT_UNIX) {
		status = fast_unix_listen(parsed.path, mode, accepted, arg, &listener->direct);
	} else if (status == FAST_OK) {
		status = listener_open(listener, mode);
	}
	if (status != FAST_OK) {
		fast_link_listener_close(listener);
		return status;
	}
	*out = listener;
	if (listener->listener != NULL) {
		listener_accept(listener);
	}
	return FAST_OK;
}

enum fast_status fast_link_listen(const char *endpoint, unsigned mode,
				  fast_link_accepted_fn *accepted, void *arg,
				  struct fast_link_listener **out)
{
	return listener_new(endpoint, mode, NULL, accepted, arg, out);
}

enum fast_status fast_link_listen_tls(const char *endpoint, struct fast_tls *tls,
				      fast_link_accepted_fn *accepted, void *arg,
				      struct fast_link_listener **out)
{
	assert(tls != NULL);
	return listener_new(endpoint, 0, tls, accepted, arg, out);
}

const char *fast_link_listener_endpoint(const struct fast_link_listener *listener)
{
	return listener->name;
}

void fast_link_listener_close(struct fast_link_listener *listener)
{
	if (listener == NULL) {
		return;
	}
	pthread_mutex_lock(&listener->lock);
	listener->is_closing = true;
	pthread_mutex_unlock(&listener->lock);
	if (listener->listener != NULL) {
		nng_stream_listener_close(listener->listener); /* unlinks the socket */
	}
	nng_aio_stop(listener->pause_aio);
	nng_aio_stop(listener->accept_aio);
	fast_take_over(listener);
	fast_tls_acceptor_free(listener->acceptor);
	fast_inproc_listener_close(listener->inproc);
	fast_unix_listener_close(listener->direct);
	nng_stream_listener_free(listener->listener);
	nng_aio_free(listener->pause_aio);
	nng_aio_free(listener->accept_aio);
	pthread_mutex_destroy(&listener->lock);
	free(listener);
}
