/* kv-server ENDPOINT: a key-value store that can be watched. */
#include <kv.fast.h>

#include <fast/feed.h>
#include <fast/server.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define KEYS_MAX        1024
#define KEY_BYTES_MAX   64
#define VALUE_BYTES_MAX 256

struct entry {
	char key[KEY_BYTES_MAX + 1];
	char value[VALUE_BYTES_MAX + 1];
	uint64_t revision;
};

/* Handlers run on several threads. */
struct store {
	struct fast_feed *feed; /* of changes, for those who watch */
	pthread_mutex_t lock;
	/* guarded by lock */
	struct entry entries[KEYS_MAX];
	size_t count;
	uint64_t revision;
};

/* NULL: there is no such key. */
static struct entry *store_find(struct store *store, const char *key)
{
	for (size_t i = 0; i < store->count; i++) {
		if (strcmp(store->entries[i].key, key) == 0) {
			return &store->entries[i];
		}
	}
	return NULL;
}

/* Tells those who watch first: a change of which they cannot be told is not made. */
static enum fast_status store_put(struct store *store, const Kv__V1__PutRequest *request)
{
	Kv__V1__WatchResponse change = KV__V1__WATCH_RESPONSE__INIT;
	struct entry *entry = store_find(store, request->key);
	enum fast_status status;

	if (entry == NULL && store->count == KEYS_MAX) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	change.key = request->key;
	change.value = request->value;
	change.revision = store->revision + 1;
	status = fast_feed_add(store->feed, request->key, &change.base, NULL);
	if (status != FAST_OK) {
		return status;
	}
	if (entry == NULL) {
		entry = &store->entries[store->count++];
		snprintf(entry->key, sizeof entry->key, "%s", request->key);
	}
	snprintf(entry->value, sizeof entry->value, "%s", request->value);
	entry->revision = ++store->revision;
	return FAST_OK;
}

static void on_get(struct fast_call *call, const Kv__V1__GetRequest *request, void *arg)
{
	Kv__V1__GetResponse response = KV__V1__GET_RESPONSE__INIT;
	struct store *store = arg;
	struct entry *entry;

	pthread_mutex_lock(&store->lock);
	entry = store_find(store, request->key);
	if (entry != NULL) {
		response.value = entry->value;
		response.revision = entry->revision;
		kv_v1_store_get_reply(call, &response); /* packed before this returns */
	} else {
		fast_call_fail(call, FAST_NOT_FOUND, "there is no key '%s'", request->key);
	}
	pthread_mutex_unlock(&store->lock);
}

static void on_put(struct fast_call *call, const Kv__V1__PutRequest *request, void *arg)
{
	Kv__V1__PutResponse response = KV__V1__PUT_RESPONSE__INIT;
	struct store *store = arg;
	enum fast_status status;

	if (request->key[0] == '\0' || strlen(request->key) > KEY_BYTES_MAX ||
	    strlen(request->value) > VALUE_BYTES_MAX) {
		fast_call_fail(call, FAST_INVALID_ARGUMENT,
			       "a key has 1 to %d bytes, a value at most %d", KEY_BYTES_MAX,
			       VALUE_BYTES_MAX);
		return;
	}
	pthread_mutex_lock(&store->lock);
	status = store_put(store, request);
	response.revision = store->revision;
	pthread_mutex_unlock(&store->lock);
	if (status == FAST_OK) {
		kv_v1_store_put_reply(call, &response);
	} else {
		fast_call_fail(call, status, "the store is full");
	}
}

/* The feed answers, as long as somebody reads. */
static void on_watch(struct fast_call *call, const Kv__V1__WatchRequest *request, void *arg)
{
	struct store *store = arg;

	(void)request;
	fast_feed_follow(store->feed, call, NULL);
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
	if (argc != 2 ||
	    fast_feed_new(&kv__v1__watch_response__descriptor, NULL, &store.feed) != FAST_OK ||
	    fast_server_open(NULL, &server) != FAST_OK ||
	    fast_server_add(server, &kv_v1_store_service, &handlers, &store, 0) != FAST_OK ||
	    fast_server_listen(server, argv[1], 0600) != FAST_OK) {
		fprintf(stderr, "usage: kv-server ENDPOINT, such as ipc:///tmp/kv.sock\n");
		return 2;
	}
	sigwait(&stop, &number);
	fast_server_close(server); /* first, so that readers go on at the next start */
	fast_feed_close(store.feed);
	return 0;
}
