#include "link/link_inproc.h"

#include "base/list.h"
#include "link/link_memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct fast_inproc_listener {
	char name[FAST_INPROC_NAME_BYTES_MAX + 1];
	fast_link_accepted_fn *accepted;
	void *arg;
	/* guarded by names.lock */
	struct fast_list node;
	unsigned accepting; /* threads */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t accepted; /* a thread has returned from accepted() */
	struct fast_list listeners;
	unsigned count;
} names = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.accepted = PTHREAD_COND_INITIALIZER,
	.listeners = {&names.listeners, &names.listeners},
};

/* Lock held. NULL: nobody has it. */
static struct fast_inproc_listener *names_find(const char *name)
{
	FAST_LIST_FOREACH(node, &names.listeners)
	{
		struct fast_inproc_listener *listener =
			FAST_LIST_ENTRY(node, struct fast_inproc_listener, node);
		if (strcmp(listener->name, name) == 0) {
			return listener;
		}
	}
	return NULL;
}

enum fast_status fast_inproc_listen(const char *name, fast_link_accepted_fn *accepted, void *arg,
				    struct fast_inproc_listener **out)
{
	struct fast_inproc_listener *listener = calloc(1, sizeof *listener);
	enum fast_status status = FAST_OK;

	assert(strlen(name) <= FAST_INPROC_NAME_BYTES_MAX);
	if (listener == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	memcpy(listener->name, name, strlen(name) + 1);
	listener->accepted = accepted;
	listener->arg = arg;
	pthread_mutex_lock(&names.lock);
	if (names_find(name) != NULL) {
		status = FAST_ALREADY_EXISTS;
	} else if (names.count == FAST_INPROC_NAMES_MAX) {
		status = FAST_RESOURCE_EXHAUSTED;
	} else {
		fast_list_append(&names.listeners, &listener->node);
		names.count++;
	}
	pthread_mutex_unlock(&names.lock);
	if (status != FAST_OK) {
		free(listener);
		return status;
	}
	*out = listener;
	return FAST_OK;
}

void fast_inproc_listener_close(struct fast_inproc_listener *listener)
{
	if (listener == NULL) {
		return;
	}
	pthread_mutex_lock(&names.lock);
	fast_list_remove(&listener->node);
	names.count--;
	while (listener->accepting > 0) {
		pthread_cond_wait(&names.accepted, &names.lock);
	}
	pthread_mutex_unlock(&names.lock);
	free(listener);
}

enum fast_status fast_inproc_connect(const char *name, struct fast_link **out)
{
	struct fast_inproc_listener *listener;
	struct fast_link *theirs = NULL;
	enum fast_status status;

	pthread_mutex_lock(&names.lock);
	listener = names_find(name);
	if (listener != NULL) {
		listener->accepting++;
	}
	pthread_mutex_unlock(&names.lock);
	if (listener == NULL) {
		return FAST_UNAVAILABLE;
	}
	status = fast_memory_live_pair(FAST_INPROC_BYTES, out, &theirs);
	if (status == FAST_OK) {
		listener->accepted(theirs, listener->arg);
	}
	pthread_mutex_lock(&names.lock);
	listener->accepting--;
	pthread_cond_broadcast(&names.accepted);
	pthread_mutex_unlock(&names.lock);
	return status;
}
