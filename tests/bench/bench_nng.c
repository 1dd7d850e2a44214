#include "echo_stream.h"

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* NULL: failed. Kept as long as the process lives. */
static nng_tls_config *tls_config(const struct peer *peer, nng_tls_mode mode)
{
	static nng_tls_config *configs[2];
	nng_tls_config **config = &configs[mode == NNG_TLS_MODE_SERVER];
	const char *name = mode == NNG_TLS_MODE_SERVER ? "server" : "client";
	char own[160];
	char ca[160];

	if (*config != NULL) {
		return *config;
	}
	snprintf(own, sizeof own, "%s/%s-both.pem", peer->certificates, name);
	snprintf(ca, sizeof ca, "%s/ca.pem", peer->certificates);
	if (nng_tls_config_alloc(config, mode) != 0 ||
	    nng_tls_config_cert_key_file(*config, own, NULL) != 0 ||
	    nng_tls_config_ca_file(*config, ca) != 0 ||
	    (mode == NNG_TLS_MODE_CLIENT &&
	     nng_tls_config_server_name(*config, "localhost") != 0) ||
	    nng_tls_config_auth_mode(*config, NNG_TLS_AUTH_MODE_REQUIRED) != 0) {
		return NULL;
	}
	return *config;
}

static size_t stream_transfer(struct echo_stream *stream, uint8_t *bytes, size_t count,
			      void (*start)(nng_stream *, nng_aio *))
{
	nng_iov iov = {bytes, count};

	nng_aio_set_iov(stream->nng_aio, 1, &iov);
	start(stream->nng, stream->nng_aio);
	nng_aio_wait(stream->nng_aio);
	return nng_aio_result(stream->nng_aio) == 0 ? nng_aio_count(stream->nng_aio) : 0;
}

static size_t stream_send(struct echo_stream *stream, const uint8_t *bytes, size_t count)
{
	return stream_transfer(stream, (uint8_t *)(uintptr_t)bytes, count, nng_stream_send);
}

static size_t stream_recv(struct echo_stream *stream, uint8_t *bytes, size_t count)
{
	return stream_transfer(stream, bytes, count, nng_stream_recv);
}

static bool stream_connect(struct echo_stream *stream, const struct peer *peer,
			   enum peer_transport transport)
{
	nng_stream_dialer *dialer = NULL;
	nng_aio *aio = NULL;

	if (nng_stream_dialer_alloc(&dialer, peer->nng[transport]) != 0) {
		return false;
	}
	stream->nng_dialer = dialer;
	if (transport == PEER_TLS &&
	    nng_stream_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG,
				      tls_config(peer, NNG_TLS_MODE_CLIENT)) != 0) {
		return false;
	}
	if (nng_aio_alloc(&aio, NULL, NULL) != 0) {
		return false;
	}
	stream->nng_aio = aio;
	nng_stream_dialer_dial(dialer, aio);
	nng_aio_wait(aio);
	if (nng_aio_result(aio) != 0) {
		return false;
	}
	stream->nng = nng_aio_get_output(aio, 0);
	return true;
}

static void stream_close(struct echo_stream *stream)
{
	nng_stream_free(stream->nng);
	nng_stream_dialer_free(stream->nng_dialer);
	nng_aio_free(stream->nng_aio);
}

const struct echo_stream_ops nng_stream_stream_ops = {stream_connect, stream_send, stream_recv,
						      stream_close};

static void *stream_serve(void *arg)
{
	struct echo_stream *stream = arg;

	echo_stream_serve(stream);
	stream_close(stream);
	free(stream);
	return NULL;
}

static void *stream_accept(void *arg)
{
	nng_stream_listener *listener = arg;

	for (;;) {
		struct echo_stream *stream = calloc(1, sizeof *stream);
		nng_aio *aio = NULL;
		pthread_t thread;

		if (stream == NULL || nng_aio_alloc(&aio, NULL, NULL) != 0) {
			return NULL;
		}
		nng_stream_listener_accept(listener, aio);
		nng_aio_wait(aio);
		if (nng_aio_result(aio) != 0) {
			return NULL;
		}
		stream->ops = &nng_stream_stream_ops;
		stream->nng = nng_aio_get_output(aio, 0);
		stream->nng_aio = aio;
		if (pthread_create(&thread, NULL, stream_serve, stream) != 0) {
			return NULL;
		}
		pthread_detach(thread);
	}
}

static bool stream_listen(struct peer *peer, enum peer_transport transport)
{
	nng_stream_listener *listener = NULL;
	pthread_t thread;
	int port = 0;

	if (nng_stream_listener_alloc(&listener, peer->nng[transport]) != 0) {
		return false;
	}
	if (transport == PEER_TLS &&
	    nng_stream_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG,
					tls_config(peer, NNG_TLS_MODE_SERVER)) != 0) {
		return false;
	}
	if (nng_stream_listener_listen(listener) != 0) {
		return false;
	}
	if (transport != PEER_IPC) {
		if (nng_stream_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port) != 0) {
			return false;
		}
		snprintf(peer->nng[transport], sizeof peer->nng[transport], "%s127.0.0.1:%d",
			 transport == PEER_TLS ? "tls+tcp://" : "tcp://", port);
	}
	return pthread_create(&thread, NULL, stream_accept, listener) == 0;
}

bool nng_stream_listen(struct peer *peer)
{
	return stream_listen(peer, PEER_IPC) && stream_listen(peer, PEER_TCP) &&
	       (peer->certificates == NULL || stream_listen(peer, PEER_TLS));
}
