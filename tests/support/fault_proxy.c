#include "support/fault_pair.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NS_PER_S       1000000000
#define NEVER          INT64_MAX
#define POLLS_BEFORE   2 /* listener and eventfd */
#define POLLS_PER_PAIR 2
#define POLLS          (POLLS_BEFORE + POLLS_PER_PAIR * FAULT_PROXY_CONNECTIONS_MAX)
#define BACKLOG        64

struct fault_proxy {
	char endpoint[FAULT_PROXY_ENDPOINT_BYTES];
	union fault_address target;
	int listener;
	int wakeup;
	pthread_t thread;
	struct fault_pair pairs[FAULT_PROXY_CONNECTIONS_MAX]; /* its thread */
	struct fault_plan plan;                               /* its thread; a copy */
	struct pollfd polls[POLLS];                           /* its thread */
	pthread_mutex_t lock;
	pthread_cond_t obeyed;
	/* guarded by lock */
	struct fault_plan wanted;
	bool has_plan; /* wanted is new */
	unsigned told; /* orders given */
	unsigned done; /* of these */
	bool cuts;
	bool is_closing;
	unsigned accepted;
};

/* Those that are held, the latest first, if there are enough of them. */
static void proxy_release(struct fault_proxy *proxy)
{
	for (;;) {
		struct fault_pair *latest = NULL;
		unsigned held = 0;

		for (size_t i = 0; i < FAULT_PROXY_CONNECTIONS_MAX; i++) {
			struct fault_pair *pair = &proxy->pairs[i];
			if (pair->is_used && pair->fds[1] < 0) {
				held++;
				latest = latest == NULL || pair->order > latest->order ? pair
										       : latest;
			}
		}
		if (latest == NULL || held < proxy->plan.hold_connects) {
			return;
		}
		proxy->plan.hold_connects = 0; /* until the next plan */
		fault_pair_connect(latest, &proxy->target);
	}
}

static void proxy_accept(struct fault_proxy *proxy)
{
	struct fault_pair *pair = NULL;
	int fd = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		return;
	}
	for (size_t i = 0; i < FAULT_PROXY_CONNECTIONS_MAX && pair == NULL; i++) {
		pair = proxy->pairs[i].is_used ? NULL : &proxy->pairs[i];
	}
	if (pair == NULL) {
		close(fd);
		return;
	}
	fault_socket_hurry(fd, &proxy->target);
	pthread_mutex_lock(&proxy->lock);
	pair->order = ++proxy->accepted;
	pthread_mutex_unlock(&proxy->lock);
	pair->is_used = true;
	pair->fds[0] = fd;
	pair->fds[1] = -1;
	proxy_release(proxy);
}

static void proxy_wait(struct fault_proxy *proxy)
{
	int64_t at_ns = fault_now_ns();
	int64_t until_ns = NEVER;
	struct timespec left;

	proxy->polls[0] = (struct pollfd){.fd = proxy->listener, .events = POLLIN};
	proxy->polls[1] = (struct pollfd){.fd = proxy->wakeup, .events = POLLIN};
	for (size_t i = 0; i < FAULT_PROXY_CONNECTIONS_MAX; i++) {
		const struct fault_pair *pair = &proxy->pairs[i];
		struct pollfd *polls = &proxy->polls[POLLS_BEFORE + POLLS_PER_PAIR * i];

		polls[0] = polls[1] = (struct pollfd){.fd = -1};
		if (pair->is_used && pair->fds[1] >= 0 && !proxy->plan.is_half_open) {
			fault_pair_watch(pair, polls, at_ns, &until_ns);
		}
	}
	left.tv_sec = (time_t)((until_ns - at_ns) / NS_PER_S);
	left.tv_nsec = (long)((until_ns - at_ns) % NS_PER_S);
	if (ppoll(proxy->polls, POLLS, until_ns == NEVER ? NULL : &left, NULL) < 0) {
		abort();
	}
}

/* False: it is to end. */
static bool proxy_obey(struct fault_proxy *proxy)
{
	eventfd_t count;
	bool goes_on;

	eventfd_read(proxy->wakeup, &count);
	pthread_mutex_lock(&proxy->lock);
	if (proxy->has_plan) {
		proxy->plan = proxy->wanted;
	}
	proxy->has_plan = false;
	for (size_t i = 0; i < FAULT_PROXY_CONNECTIONS_MAX; i++) {
		if ((proxy->cuts || proxy->is_closing) && proxy->pairs[i].is_used) {
			fault_pair_close(&proxy->pairs[i]);
		}
	}
	proxy->cuts = false;
	proxy->done = proxy->told;
	goes_on = !proxy->is_closing;
	pthread_cond_broadcast(&proxy->obeyed);
	pthread_mutex_unlock(&proxy->lock);
	return goes_on;
}

static void *proxy_run(void *arg)
{
	struct fault_proxy *proxy = arg;

	while (proxy_obey(proxy)) {
		proxy_release(proxy);
		proxy_wait(proxy);
		for (size_t i = 0; i < FAULT_PROXY_CONNECTIONS_MAX; i++) {
			if (proxy->pairs[i].is_used && proxy->pairs[i].fds[1] >= 0) {
				fault_pair_serve(&proxy->pairs[i],
						 &proxy->polls[POLLS_BEFORE + POLLS_PER_PAIR * i],
						 &proxy->plan);
			}
		}
		if (proxy->polls[0].revents != 0) {
			proxy_accept(proxy);
		}
	}
	return NULL;
}

/* Lock held; waits until the thread has obeyed. */
static void proxy_tell(struct fault_proxy *proxy)
{
	unsigned told = ++proxy->told;

	eventfd_write(proxy->wakeup, 1);
	while ((int)(proxy->done - told) < 0) {
		pthread_cond_wait(&proxy->obeyed, &proxy->lock);
	}
}

static bool proxy_listen(struct fault_proxy *proxy, const char *endpoint)
{
	union fault_address own;
	socklen_t bytes = sizeof own;

	if (!fault_address_parse(endpoint, &own)) {
		return false;
	}
	proxy->listener = fault_address_socket(&own);
	if (proxy->listener < 0 ||
	    bind(proxy->listener, &own.any, fault_address_bytes(&own)) != 0 ||
	    listen(proxy->listener, BACKLOG) != 0) {
		return false;
	}
	snprintf(proxy->endpoint, sizeof proxy->endpoint, "%s", endpoint);
	if (own.any.sa_family == AF_INET && getsockname(proxy->listener, &own.any, &bytes) == 0) {
		snprintf(proxy->endpoint, sizeof proxy->endpoint, FAULT_TCP_SCHEME "%u",
			 (unsigned)ntohs(own.inet.sin_port));
	}
	return true;
}

static void proxy_free(struct fault_proxy *proxy)
{
	if (proxy->listener >= 0) {
		close(proxy->listener);
	}
	if (proxy->wakeup >= 0) {
		close(proxy->wakeup);
	}
	if (strncmp(proxy->endpoint, FAULT_IPC_SCHEME, strlen(FAULT_IPC_SCHEME)) == 0) {
		unlink(proxy->endpoint + strlen(FAULT_IPC_SCHEME));
	}
	pthread_cond_destroy(&proxy->obeyed);
	pthread_mutex_destroy(&proxy->lock);
	free(proxy);
}

struct fault_proxy *fault_proxy_open(const char *endpoint, const char *target)
{
	struct fault_proxy *proxy = calloc(1, sizeof *proxy);

	if (proxy == NULL) {
		return NULL;
	}
	pthread_mutex_init(&proxy->lock, NULL);
	pthread_cond_init(&proxy->obeyed, NULL);
	proxy->listener = -1;
	proxy->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (size_t i = 0; i < FAULT_PROXY_CONNECTIONS_MAX; i++) {
		proxy->pairs[i].fds[0] = proxy->pairs[i].fds[1] = -1;
	}
	if (proxy->wakeup < 0 || !fault_address_parse(target, &proxy->target) ||
	    !proxy_listen(proxy, endpoint) ||
	    pthread_create(&proxy->thread, NULL, proxy_run, proxy) != 0) {
		proxy_free(proxy);
		return NULL;
	}
	return proxy;
}

void fault_proxy_close(struct fault_proxy *proxy)
{
	if (proxy == NULL) {
		return;
	}
	pthread_mutex_lock(&proxy->lock);
	proxy->is_closing = true;
	proxy_tell(proxy);
	pthread_mutex_unlock(&proxy->lock);
	pthread_join(proxy->thread, NULL);
	proxy_free(proxy);
}

const char *fault_proxy_endpoint(const struct fault_proxy *proxy)
{
	return proxy->endpoint;
}

void fault_proxy_set(struct fault_proxy *proxy, const struct fault_plan *plan)
{
	pthread_mutex_lock(&proxy->lock);
	proxy->wanted = *plan;
	proxy->has_plan = true;
	proxy_tell(proxy);
	pthread_mutex_unlock(&proxy->lock);
}

void fault_proxy_cut(struct fault_proxy *proxy)
{
	pthread_mutex_lock(&proxy->lock);
	proxy->cuts = true;
	proxy_tell(proxy);
	pthread_mutex_unlock(&proxy->lock);
}

unsigned fault_proxy_accepted(struct fault_proxy *proxy)
{
	unsigned accepted;

	pthread_mutex_lock(&proxy->lock);
	accepted = proxy->accepted;
	pthread_mutex_unlock(&proxy->lock);
	return accepted;
}
