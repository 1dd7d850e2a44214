#include "rpc/health.h"

#include "rpc/server_call.h"
#include "rpc/services.h"
#include <assert.h>
#include <fast/v1/health.fast.h>
#include <stdlib.h>
#include <string.h>

#define SERVING     FAST__V1__SERVING_STATUS__SERVING_STATUS_SERVING
#define NOT_SERVING FAST__V1__SERVING_STATUS__SERVING_STATUS_NOT_SERVING
#define NOT_HERE    FAST__V1__SERVING_STATUS__SERVING_STATUS_UNSPECIFIED

/* The whole, the services, and what was set besides. */
#define LIST_MAX (1 + FAST_METHODS_SERVICES_MAX + FAST_HEALTH_NAMES_MAX)

/* One Watch call; in its arena. All but call is guarded by the lock of health. */
struct watcher {
	struct fast_call *call;
	struct fast_server *server;
	const char *name;      /* the request's */
	struct fast_list node; /* in health->watchers, or with whoever ends the call */
	bool is_watching;      /* in health->watchers */
	bool has_told;
	Fast__V1__ServingStatus told;
	bool is_gone;         /* nobody reads any more */
	enum fast_status end; /* not OK: an item could not be sent */
};

void fast_health_init(struct fast_health *health)
{
	pthread_mutex_init(&health->lock, NULL);
	fast_list_init(&health->watchers);
}

void fast_health_fini(struct fast_health *health)
{
	assert(health->watcher_count == 0);
	for (size_t i = 0; i < health->name_count; i++) {
		free(health->names[i]);
	}
	pthread_mutex_destroy(&health->lock);
}

/* Lock held. NULL: it was never set. */
static struct fast_health_name *health_find(const struct fast_health *health, const char *name)
{
	for (size_t i = 0; i < health->name_count; i++) {
		if (strcmp(health->names[i]->name, name) == 0) {
			return health->names[i];
		}
	}
	return NULL;
}

/* Lock held; the server has started, so that its services are fixed. */
static Fast__V1__ServingStatus health_status(const struct fast_server *server, const char *name)
{
	const struct fast_health_name *set = health_find(&server->health, name);

	if (set == NULL && name[0] != 0 && fast_methods_service(&server->methods, name) == NULL) {
		return NOT_HERE;
	}
	return server->health.is_closing || (set != NULL && !set->is_serving) ? NOT_SERVING
									      : SERVING;
}

/* Lock held. */
static void watcher_leave(struct watcher *watcher, struct fast_list *ending)
{
	fast_list_remove(&watcher->node);
	fast_list_append(ending, &watcher->node);
	watcher->server->health.watcher_count -= watcher->is_watching;
	watcher->is_watching = false;
}

/* Ends the calls of watchers that have left. No lock held. */
static void watchers_end(struct fast_list *ending)
{
	for (;;) {
		struct fast_list *node = fast_list_pop(ending);
		if (node == NULL) {
			return;
		}
		struct watcher *watcher = FAST_LIST_ENTRY(node, struct watcher, node);
		if (watcher->end == FAST_RESOURCE_EXHAUSTED) {
			fast_call_fail(watcher->call, watcher->end,
				       "there is no memory to tell of a change");
		} else {
			fast_call_finish(watcher->call); /* a reader that leaves is no failure */
		}
	}
}

static void health_sweep(void *arg)
{
	struct fast_health *health = &((struct fast_server *)arg)->health;
	struct fast_list ending;

	fast_list_init(&ending);
	pthread_mutex_lock(&health->lock);
	for (struct fast_list *node = health->watchers.next; node != &health->watchers;) {
		struct watcher *watcher = FAST_LIST_ENTRY(node, struct watcher, node);
		node = node->next;
		if (watcher->is_gone || watcher->end != FAST_OK) {
			watcher_leave(watcher, &ending);
		}
	}
	pthread_mutex_unlock(&health->lock);
	watchers_end(&ending);
}

/* Lock held. A call cannot be ended under it, nor by its own cancel function. */
static void health_sweep_soon(struct fast_server *server)
{
	/* Without memory for the timer they wait for the next one, or for the close. */
	enum fast_status status =
		fast_timer_set(server->timers, &server->health.sweep_timer,
			       fast_timers_now_ns(server->timers), health_sweep, server);
	(void)status;
}

/* Lock held. */
static void watcher_tell(struct watcher *watcher)
{
	Fast__V1__HealthWatchResponse item = FAST__V1__HEALTH_WATCH_RESPONSE__INIT;

	item.status = health_status(watcher->server, watcher->name);
	if (watcher->is_gone || watcher->end != FAST_OK ||
	    (watcher->has_told && item.status == watcher->told)) {
		return;
	}
	watcher->has_told = true;
	watcher->told = item.status;
	watcher->end = fast_call_send_newest(watcher->call, &item.base);
	if (watcher->end != FAST_OK && watcher->is_watching) {
		health_sweep_soon(watcher->server);
	}
}

static void watcher_cancelled(struct fast_call *call, void *arg)
{
	struct watcher *watcher = arg;
	struct fast_health *health = &watcher->server->health;

	(void)call;
	pthread_mutex_lock(&health->lock);
	watcher->is_gone = true;
	if (watcher->is_watching) {
		health_sweep_soon(watcher->server);
	}
	pthread_mutex_unlock(&health->lock);
}

static void health_watch(struct fast_call *call, const Fast__V1__HealthWatchRequest *request,
			 void *arg)
{
	struct fast_server *server = arg;
	struct fast_health *health = &server->health;
	struct watcher *watcher = fast_arena_alloc(&call->arena, sizeof *watcher);
	struct fast_list ending;
	bool is_full;

	if (watcher == NULL) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED, "there is no memory");
		return;
	}
	*watcher = (struct watcher){.call = call, .server = server, .name = request->service};
	fast_call_on_cancel(call, watcher_cancelled, watcher);

	fast_list_init(&ending);
	pthread_mutex_lock(&health->lock);
	is_full = health->watcher_count == FAST_HEALTH_WATCHERS_MAX;
	if (!is_full) {
		watcher_tell(watcher);
		watcher->is_watching = true;
		health->watcher_count++;
		fast_list_append(&health->watchers, &watcher->node);
		if (health->is_closing || watcher->is_gone || watcher->end != FAST_OK) {
			watcher_leave(watcher, &ending);
		}
	}
	pthread_mutex_unlock(&health->lock);
	watchers_end(&ending);
	if (is_full) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED, "%d calls watch already",
			       FAST_HEALTH_WATCHERS_MAX);
	}
}

static void health_check(struct fast_call *call, const Fast__V1__HealthCheckRequest *request,
			 void *arg)
{
	struct fast_server *server = arg;
	Fast__V1__HealthCheckResponse response = FAST__V1__HEALTH_CHECK_RESPONSE__INIT;

	pthread_mutex_lock(&server->health.lock);
	response.status = health_status(server, request->service);
	pthread_mutex_unlock(&server->health.lock);
	if (response.status == NOT_HERE) {
		fast_call_fail(call, FAST_NOT_FOUND, "there is no service \"%s\" here",
			       fast_service_name_shown(request->service));
		return;
	}
	fast_v1_health_check_reply(call, &response);
}

static int entry_compare(const void *a, const void *b)
{
	const Fast__V1__HealthEntry *const *left = a;
	const Fast__V1__HealthEntry *const *right = b;

	return strcmp((*left)->service, (*right)->service);
}

static void health_list(struct fast_call *call, const Fast__V1__HealthListRequest *request,
			void *arg)
{
	struct fast_server *server = arg;
	struct fast_health *health = &server->health;
	Fast__V1__HealthListResponse response = FAST__V1__HEALTH_LIST_RESPONSE__INIT;
	Fast__V1__HealthEntry entries[LIST_MAX];
	Fast__V1__HealthEntry *sorted[LIST_MAX];
	const char *names[LIST_MAX] = {""};
	size_t count = 1;

	(void)request;
	for (size_t i = 0; i < server->methods.service_count; i++) {
		names[count++] = server->methods.services[i]->name;
	}
	pthread_mutex_lock(&health->lock);
	for (size_t i = 0; i < health->name_count; i++) {
		const char *name = health->names[i]->name;
		if (name[0] != 0 && fast_methods_service(&server->methods, name) == NULL) {
			names[count++] = name;
		}
	}
	for (size_t i = 0; i < count; i++) {
		fast__v1__health_entry__init(&entries[i]);
		entries[i].service = (char *)(uintptr_t)names[i];
		entries[i].status = health_status(server, names[i]);
		sorted[i] = &entries[i];
	}
	pthread_mutex_unlock(&health->lock);
	qsort(sorted, count, sizeof(Fast__V1__HealthEntry *), entry_compare);
	response.services = sorted;
	response.n_services = count;
	fast_v1_health_list_reply(call, &response); /* a name is never freed before the close */
}

static bool name_is_good(const char *name)
{
	size_t bytes = 0;

	while (bytes <= FAST_HEALTH_NAME_BYTES_MAX && name[bytes] > ' ' && name[bytes] <= '~') {
		bytes++;
	}
	return name[bytes] == 0 && bytes <= FAST_HEALTH_NAME_BYTES_MAX;
}

/* Lock held. NULL: no room. */
static struct fast_health_name *health_add(struct fast_health *health, const char *name)
{
	struct fast_health_name *added;

	if (health->name_count == FAST_HEALTH_NAMES_MAX) {
		return NULL;
	}
	added = calloc(1, sizeof *added);
	if (added != NULL) {
		memcpy(added->name, name, strlen(name) + 1);
		health->names[health->name_count++] = added;
	}
	return added;
}

enum fast_status fast_server_set_health(struct fast_server *server, const char *name,
					bool is_serving)
{
	struct fast_health *health = &server->health;
	struct fast_health_name *set;

	name = name == NULL ? "" : name;
	if (!name_is_good(name)) {
		return FAST_INVALID_ARGUMENT;
	}
	pthread_mutex_lock(&health->lock);
	set = health_find(health, name);
	if (set == NULL) {
		set = health_add(health, name);
	}
	if (set != NULL) {
		set->is_serving = is_serving;
		FAST_LIST_FOREACH(node, &health->watchers)
		{
			struct watcher *watcher = FAST_LIST_ENTRY(node, struct watcher, node);
			if (strcmp(watcher->name, name) == 0) {
				watcher_tell(watcher);
			}
		}
	}
	pthread_mutex_unlock(&health->lock);
	return set == NULL ? FAST_RESOURCE_EXHAUSTED : FAST_OK;
}

void fast_health_close(struct fast_server *server)
{
	struct fast_health *health = &server->health;
	struct fast_list ending;

	fast_list_init(&ending);
	pthread_mutex_lock(&health->lock);
	health->is_closing = true;
	while (!fast_list_is_empty(&health->watchers)) {
		struct watcher *watcher =
			FAST_LIST_ENTRY(health->watchers.next, struct watcher, node);
		watcher_tell(watcher);
		watcher_leave(watcher, &ending);
	}
	pthread_mutex_unlock(&health->lock);
	watchers_end(&ending);
	fast_timer_cancel_wait(server->timers, &health->sweep_timer);
}

enum fast_status fast_health_add(struct fast_server *server)
{
	static const struct fast_v1_health_handlers handlers = {
		.check = health_check,
		.watch = health_watch,
		.list = health_list,
	};

	return fast_methods_add(&server->methods, &fast_v1_health_service, &handlers, server,
				FAST_SERVICE_INLINE);
}
