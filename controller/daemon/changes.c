#include "daemon/changes.h"
#include "daemon/convert.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct change {
	struct change *next;
	uint64_t number;
	struct scratch scratch; /* holds what was changed */
	struct changed changed;
};

struct changes {
	pthread_mutex_t lock;
	struct change *first;   /* guarded by lock: pushed and not taken */
	struct change **last;   /* guarded by lock */
	size_t waiting;         /* guarded by lock: at most capacity */
	_Atomic uint64_t count; /* written under lock */

	uint64_t readable; /* reading thread */
	size_t capacity;
	struct change *ring[]; /* reading thread: change n is at n % capacity */
};

enum fast_status changes_new(size_t capacity, struct changes **out)
{
	struct changes *changes = calloc(1, sizeof *changes + capacity * sizeof(struct change *));

	assert(capacity > 0);
	if (changes == NULL) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	pthread_mutex_init(&changes->lock, NULL);
	changes->last = &changes->first;
	changes->capacity = capacity;
	*out = changes;
	return FAST_OK;
}

static void change_free(struct change *change)
{
	if (change != NULL) {
		scratch_fini(&change->scratch);
		free(change);
	}
}

void changes_free(struct changes *changes)
{
	if (changes == NULL) {
		return;
	}
	changes_take(changes);
	for (size_t i = 0; i < changes->capacity; i++) {
		change_free(changes->ring[i]);
	}
	pthread_mutex_destroy(&changes->lock);
	free(changes);
}

/* A change, of which param NULL says that the plugin has ended. */
static struct change *change_new(const struct node_param *param, const char *plugin,
				 uint64_t revision, uint64_t number)
{
	struct change *change = calloc(1, sizeof *change);

	if (change == NULL) {
		return NULL;
	}
	change->number = number;
	change->changed.revision = revision;
	change->changed.plugin = scratch_text(&change->scratch, plugin);
	if (param != NULL) {
		change->changed.state = convert_param(&change->scratch, param);
	}
	if (change->scratch.failed) {
		change_free(change);
		return NULL;
	}
	return change;
}

/* change NULL: it is lost. */
static void change_add(struct changes *changes, struct change *change, uint64_t number)
{
	pthread_mutex_lock(&changes->lock);
	atomic_store(&changes->count, number + 1);
	if (change != NULL && changes->waiting < changes->capacity) {
		*changes->last = change;
		changes->last = &change->next;
		changes->waiting++;
		change = NULL;
	}
	pthread_mutex_unlock(&changes->lock);
	change_free(change);
}

void changes_push(struct changes *changes, const struct node_param *param)
{
	uint64_t number = atomic_load(&changes->count); /* the node's lock: nobody else pushes */

	change_add(changes, change_new(param, param->plugin, param->plugin_revision, number),
		   number);
}

void changes_push_ended(struct changes *changes, const char *plugin, uint64_t revision)
{
	uint64_t number = atomic_load(&changes->count);

	change_add(changes, change_new(NULL, plugin, revision, number), number);
}

uint64_t changes_count(const struct changes *changes)
{
	return atomic_load(&changes->count);
}

void changes_take(struct changes *changes)
{
	struct change *change;

	pthread_mutex_lock(&changes->lock);
	changes->readable = atomic_load(&changes->count);
	change = changes->first;
	changes->first = NULL;
	changes->last = &changes->first;
	changes->waiting = 0;
	pthread_mutex_unlock(&changes->lock);

	while (change != NULL) {
		struct change **slot = &changes->ring[change->number % changes->capacity];
		struct change *next = change->next;

		change_free(*slot);
		*slot = change;
		change = next;
	}
}

uint64_t changes_readable(const struct changes *changes)
{
	return changes->readable;
}

const struct changed *changes_get(const struct changes *changes, uint64_t number)
{
	const struct change *change = changes->ring[number % changes->capacity];

	return change != NULL && change->number == number ? &change->changed : NULL;
}

bool changes_seek(const struct changes *changes, const char *plugin, uint64_t revision,
		  bool same_start, uint64_t newest, uint64_t *number)
{
	uint64_t end = changes->readable;
	uint64_t first = end;
	uint64_t n = end;
	bool older = false; /* one at this revision or before it was found */

	while (n > 0 && end - n < changes->capacity && !older) {
		const struct changed *changed = changes_get(changes, n - 1);

		if (changed == NULL) {
			break;
		}
		n--;
		if (strcmp(changed->plugin, plugin) != 0) {
			continue;
		}
		older = changed->revision < revision;
		first = older ? first : n;
	}
	*number = first;
	if (older || (n == 0 && same_start)) {
		return true;
	}
	/* Those at this very revision may be lost; the caller has seen it. */
	return first < end ? changes_get(changes, first)->revision == revision : newest == revision;
}
