/* Handshakes: ours, full and resumed, beside those of NNG's own engine. */
#include "contender.h"
#include "echo_stream.h"
#include "families.h"
#include "fast_side.h"

#include "link/link.h"
#include "wire/sp.h"

#include <pthread.h>

#define DIAL_MS 10000
/* Handshakes are few a second. */
#define ROUNDS_OF_OTHERS 12

/* Connects and exchanges a few bytes with the server: so both sides are done. */
struct shaker {
	struct fast_link_dialer *dialer; /* kept where sessions are resumed */
	struct fast_tls *tls;
	const struct peer *peer;
	bool resumes;
	pthread_mutex_t lock;
	pthread_cond_t is_dialed;
	bool has_ended; /* guarded by lock */
	struct fast_link *link;
};

static void on_dialed(enum fast_status status, struct fast_link *link, void *arg)
{
	struct shaker *shaker = arg;

	bench_check(status == FAST_OK, "a handshake failed");
	pthread_mutex_lock(&shaker->lock);
	shaker->link = link;
	shaker->has_ended = true;
	pthread_cond_signal(&shaker->is_dialed);
	pthread_mutex_unlock(&shaker->lock);
}

static void ours_shake(struct shaker *shaker)
{
	uint8_t hello[FAST_SP_HELLO_BYTES];
	size_t received = 0;

	if (shaker->dialer == NULL) {
		char endpoint[FAST_ENDPOINT_BYTES_MAX];
		snprintf(endpoint, sizeof endpoint, "%s", shaker->peer->fast[PEER_TLS]);
		bench_check(fast_link_dialer_new_tls(endpoint, shaker->tls, &shaker->dialer) ==
				    FAST_OK,
			    "no dialer");
	}
	shaker->has_ended = false;
	fast_link_dial(shaker->dialer, DIAL_MS, on_dialed, shaker);
	pthread_mutex_lock(&shaker->lock);
	while (!shaker->has_ended) {
		pthread_cond_wait(&shaker->is_dialed, &shaker->lock);
	}
	pthread_mutex_unlock(&shaker->lock);
	bench_check(shaker->link->ops->recv_wait(shaker->link, hello, sizeof hello, INT64_MAX,
						 &received) == FAST_OK,
		    "the server has closed");
	shaker->link->ops->free(shaker->link);
	if (!shaker->resumes) {
		fast_link_dialer_free(shaker->dialer);
		shaker->dialer = NULL;
	}
}

static void stock_shake(struct shaker *shaker)
{
	struct echo_stream stream = {.ops = &nng_stream_stream_ops};
	uint8_t bytes[REQUEST_BYTES] = {REQUEST_BYTES}; /* begins with the length of a request */
	size_t count = sizeof(uint32_t) + REQUEST_BYTES;
	uint8_t request[sizeof(uint32_t) + REQUEST_BYTES] = {REQUEST_BYTES};

	bench_check(stream.ops->connect(&stream, shaker->peer, PEER_TLS) &&
			    echo_stream_send_all(&stream, request, count) &&
			    stream.ops->recv(&stream, bytes, sizeof bytes) > 0,
		    "a stock handshake failed");
	stream.ops->close(&stream);
}

static double per_s(struct shaker *shaker, void (*shake)(struct shaker *shaker),
		    int64_t duration_ns)
{
	int64_t begin_ns = bench_now_ns();
	int64_t now_ns = begin_ns;
	unsigned count = 0;

	while (now_ns < begin_ns + duration_ns) {
		shake(shaker);
		count++;
		now_ns = bench_now_ns();
	}
	return count * 1e9 / (double)(now_ns - begin_ns);
}

static void print_kind(struct bench *bench, const char *kind, struct bench_series *rate,
		       struct bench_series *ratio, bool noisy)
{
	char name[64];
	uint64_t n = rate->count;

	snprintf(name, sizeof name, "tls.handshake.%s.per_s", kind);
	bench_print(bench, name, bench_median(rate), "1/s", n, noisy);
	if (ratio != NULL) {
		snprintf(name, sizeof name, "tls.handshake.%s.vs_stock", kind);
		bench_print(bench, name, bench_median(ratio), "ratio", n, noisy);
	}
}

void bench_handshakes(struct bench *bench, const struct peer *peer)
{
	struct shaker full = {.peer = peer};
	struct shaker resumed = {.peer = peer, .resumes = true};
	struct bench_series rates[3] = {{.values = NULL}};
	struct bench_series ratios[2] = {{.values = NULL}};
	struct fast_tls_stats stats;
	int64_t duration_ns = ROUNDS_OF_OTHERS * round_ns(bench);

	if (!bench_wants_some(bench, "tls.handshake.")) {
		return;
	}
	if (peer->certificates == NULL) {
		bench_skip(bench, "tls.handshake.", "there are no certificates");
		return;
	}
	full.tls = peer_tls(peer, "client");
	resumed.tls = peer_tls(peer, "client");
	pthread_mutex_init(&full.lock, NULL);
	pthread_cond_init(&full.is_dialed, NULL);
	pthread_mutex_init(&resumed.lock, NULL);
	pthread_cond_init(&resumed.is_dialed, NULL);
	ours_shake(&resumed); /* gets the session */
	for (int round = 0; round < bench->rounds; round++) {
		double stock = per_s(&full, stock_shake, duration_ns);
		double ours = per_s(&full, ours_shake, duration_ns);
		double again = per_s(&resumed, ours_shake, duration_ns);
		bench_series_add(&rates[0], ours);
		bench_series_add(&rates[1], again);
		bench_series_add(&rates[2], stock);
		bench_series_add(&ratios[0], ours / stock);
		bench_series_add(&ratios[1], again / stock);
	}
	fast_tls_stats(resumed.tls, &stats);
	bench_check(stats.resumed + 1 == stats.handshakes, "sessions were not resumed");
	fast_tls_stats(full.tls, &stats);
	bench_check(stats.resumed == 0, "a full handshake was resumed");
	print_kind(bench, "full", &rates[0], &ratios[0], bench_is_noisy(&rates[2]));
	print_kind(bench, "resumed", &rates[1], &ratios[1], bench_is_noisy(&rates[2]));
	print_kind(bench, "stock", &rates[2], NULL, bench_is_noisy(&rates[2]));
	fast_link_dialer_free(resumed.dialer);
	fast_tls_free(full.tls);
	fast_tls_free(resumed.tls);
	for (size_t i = 0; i < 3; i++) {
		bench_series_fini(&rates[i]);
	}
	bench_series_fini(&ratios[0]);
	bench_series_fini(&ratios[1]);
}
