/* kv-server ENDPOINT: a key-value store that can be watched. */
#include <kv.fast.h>

#include <fast/server.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define KEYS_MAX        1024
#define WATCHERS_MAX    64
#define KEY_BYTES_MAX   64
#define VALUE_BYTES_MAX 256

struct entry {
	char key[KEY_BYTES_MAX + 1];
	char value[VALUE_BYTES_MAX + 1];
	uint64_t revision;
};

/* All of it is guarded by lock. */
struct store {
	pthread_mutex_t lock;
	struct entry entries[KEYS_MAX];
	size_t count;
	uint64_t revision;
	struct fast_call *watchers[WATCHERS_MAX]; /* NULL: free */
	bool closed;
};

static struct entry *store_find(struct store *store, const char *key)
{
	for (size_t i = 0; i < store->count; i++) {
		if (strcmp(store->entries[i].key, key) == 0) {
			return &store->entries[i];
		}
	}
	return NULL;
}

/* Tells everybody who watches; one who has gone, or is too slow to be told, is ended. */
static void store_tell(struct store *store, struct entry *entry)
{
	Kv__V1__WatchResponse item = KV__V1__WATCH_RESPONSE__INIT;

	item.key = entry->key;
	item.value = entry->value;
	item.revision = entry->revision;
	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		struct fast_call *call = store->watchers[i];
		enum fast_status status =
			call == NULL ? FAST_OK : kv_v1_store_watch_send(call, &item);

		if (status != FAST_OK) {
			fast_call_fail(call, status, "the watch cannot go on");
			store->watchers[i] = NULL;
		}
	}
}

static void on_get(struct fast_call *call, const Kv__V1__GetRequest *request, void *arg)
{
	Kv__V1__GetResponse response = KV__V1__GET_RESPONSE__INIT;
	struct store *store = arg;
	struct entry *entry;

	pthread_mutex_lock(&store->lock);
	entry = store_find(store, request->key);
	if (entry == NULL) {
		fast_call_fail(call, FAST_NOT_FOUND, "there is no key '%s'", request->key);
	} else {
		response.value = entry->value;
		response.revision = entry->revision;
		kv_v1_store_get_reply(call, &response);
	}
	pthread_mutex_unlock(&store->lock);
}

static void on_put(struct fast_call *call, const Kv__V1__PutRequest *request, void *arg)
{
	Kv__V1__PutResponse response = KV__V1__PUT_RESPONSE__INIT;
	struct store *store = arg;
	struct entry *entry;

	if (request->key[0] == '\0' || strlen(request->key) > KEY_BYTES_MAX ||
	    strlen(request->value) > VALUE_BYTES_MAX) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT, "a key has 1 to 64 bytes, a value 256");
		return;
	}
	pthread_mutex_lock(&store->lock);
	entry = store_find(store, request->key);
	if (entry == NULL && store->count < KEYS_MAX) {
		entry = &store->entries[store->count++];
		snprintf(entry->key, sizeof entry->key, "%s", request->key);
	}
	if (entry == NULL) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED, "the store is full");
	} else {
		snprintf(entry->value, sizeof entry->value, "%s", request->value);
		entry->revision = response.revision = ++store->revision;
		kv_v1_store_put_reply(call, &response);
		store_tell(store, entry);
	}
	pthread_mutex_unlock(&store->lock);
}

/* Keeps the call; store_tell() answers it, as long as somebody reads. */
static void on_watch(struct fast_call *call, const Kv__V1__WatchRequest *request, void *arg)
{
	struct store *store = arg;

	(void)request;
	pthread_mutex_lock(&store->lock);
	for (size_t i = 0; i < WATCHERS_MAX && call != NULL && !store->closed; i++) {
		if (store->watchers[i] != NULL && fast_call_is_cancelled(store->watchers[i])) {
			fast_call_fail(store->watchers[i], FAST_CANCELLED, "nobody reads");
			store->watchers[i] = NULL;
		}
		if (store->watchers[i] == NULL) {
			store->watchers[i] = call;
			call = NULL;
		}
	}
	pthread_mutex_unlock(&store->lock);
	if (call != NULL) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED, "too many watch already");
	}
}

static const struct kv_v1_store_handlers handlers = {
	.get = on_get,
	.put = on_put,
	.watch = on_watch,
};

int main(int argc, char **argv)
{
	static struct store store = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct fast_server *server = NULL;
	sigset_t stop;
	int number;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	pthread_sigmask(SIG_BLOCK, &stop, NULL); /* threads inherit it; sigwait() takes them */
	if (argc != 2 || fast_server_open(NULL, &server) != FAST_OK ||
	    fast_server_add(server, &kv_v1_store_service, &handlers, &store, 0) != FAST_OK ||
	    fast_server_listen(server, argv[1], 0600) != FAST_OK) {
		fprintf(stderr, "usage: kv-server ENDPOINT, such as ipc:///tmp/kv.sock\n");
		return 2;
	}
	sigwait(&stop, &number);
	pthread_mutex_lock(&store.lock);
	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		if (store.watchers[i] != NULL) {
			fast_call_finish(store.watchers[i]);
		}
	}
	store.closed = true;
	pthread_mutex_unlock(&store.lock);
	fast_server_close(server);
	return 0;
}
