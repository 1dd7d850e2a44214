#include "daemon/changes.h"
#include "daemon/convert.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* The state of one knob after one change. */
struct change {
	struct change *next;
	uint64_t number;
	struct scratch scratch; /* holds state */
	const Fast__V1__ParamState *state;
};

struct changes {
	pthread_mutex_t lock;
	struct change *first;   /* guarded by lock: pushed and not taken */
	struct change **last;   /* guarded by lock */
	size_t waiting;         /* guarded by lock: at most capacity */
	_Atomic uint64_t count; /* written under lock */
	atomic_size_t readers;

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

static struct change *change_new(const struct node_param *param, uint64_t number)
{
	struct change *change = calloc(1, sizeof *change);

	if (change == NULL) {
		return NULL;
	}
	change->number = number;
	change->state = convert_param(&change->scratch, param);
	if (change->state == NULL) {
		change_free(change);
		return NULL;
	}
	return change;
}

void changes_push(struct changes *changes, const struct node_param *param)
{
	uint64_t number = atomic_load(&changes->count); /* the node's lock: nobody else pushes */
	struct change *change = NULL;

	if (atomic_load(&changes->readers) > 0) {
		change = change_new(param, number);
	}
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

void changes_add_reader(struct changes *changes)
{
	atomic_fetch_add(&changes->readers, 1);
}

void changes_remove_reader(struct changes *changes)
{
	size_t before = atomic_fetch_sub(&changes->readers, 1);

	assert(before > 0);
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

const Fast__V1__ParamState *changes_get(const struct changes *changes, uint64_t number)
{
	const struct change *change = changes->ring[number % changes->capacity];

	return change != NULL && change->number == number ? change->state : NULL;
}
