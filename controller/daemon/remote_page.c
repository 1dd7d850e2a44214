#include "daemon/remote_impl.h"

#include "page/atomic.h"

#include <time.h>

#define NS_PER_S INT64_C(1000000000)

enum fast_status remote_page_grow(struct remote *remote)
{
	enum fast_status status;

	if (remote->map_count == FAST_PAGE_SEGMENTS_MAX) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	status = fast_page_map_open(&remote->maps[remote->map_count], (uint32_t)remote->map_count);
	if (status == FAST_OK) {
		remote->map_count++;
	}
	return status;
}

void remote_page_close(struct remote *remote)
{
	for (size_t i = 0; i < remote->map_count; i++) {
		fast_page_map_close(&remote->maps[i]);
	}
	remote->map_count = 0;
}

/* NULL: no word of region B lies there. */
static uint64_t *word_at(const struct remote *remote, uint32_t offset)
{
	uint32_t within = offset % FAST_PAGE_BYTES;

	if (offset / FAST_PAGE_BYTES >= remote->map_count || within < FAST_PAGE_B_OFFSET ||
	    offset % 8 != 0) {
		return NULL;
	}
	return (uint64_t *)(void *)(remote->maps[offset / FAST_PAGE_BYTES].base + within);
}

/* The two clocks are compared once a session: what comes later must not move what came before. */
static void clock_compare(struct remote *remote, int64_t theirs_ns)
{
	struct timespec now;

	if (!remote->clock_known) {
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		remote->clock_offset_ns = (int64_t)((uint64_t)now.tv_sec * (uint64_t)NS_PER_S +
						    (uint64_t)now.tv_nsec - (uint64_t)theirs_ns);
		remote->clock_known = true;
	}
}

bool remote_page_write(struct remote *remote, const Fast__V1__Report *report)
{
	if (report->n_offsets != report->n_words || report->n_time_offsets != report->n_times) {
		return false;
	}
	clock_compare(remote, report->clock_ns);
	for (size_t i = 0; i < report->n_words; i++) {
		uint64_t *word = word_at(remote, report->offsets[i]);

		if (word == NULL) {
			return false;
		}
		page_store(word, report->words[i]);
	}
	for (size_t i = 0; i < report->n_times; i++) {
		uint64_t *word = word_at(remote, report->time_offsets[i]);
		uint64_t time_ns = report->times[i];

		if (word == NULL) {
			return false;
		}
		page_store(word, time_ns == 0 ? 0 : time_ns + (uint64_t)remote->clock_offset_ns);
	}
	return true;
}

/* Reads one slot of the bank into the next place. */
static void slot_read(const struct fast_page_slot *slot, uint32_t number, struct remote_params *out)
{
	size_t n = out->params.n_slots;
	Fast__V1__ParamSlot *message = &out->slots[n];
	uint64_t revision = page_load(&slot->revision);
	uint64_t any = 0;

	if (revision == 0 || n == FAST_PLUGIN_PARAMS_MAX) {
		return;
	}
	fast__v1__param_slot__init(message);
	message->slot = number;
	message->revision = revision;
	message->word = page_load(&slot->value);
	for (size_t i = 0; i < FAST_PAGE_STRING_BYTES / 8; i++) {
		out->texts[n][i] = page_load(&slot->string[i]);
		any |= out->texts[n][i];
	}
	if (any != 0) {
		message->text.data = (uint8_t *)out->texts[n];
		message->text.len = FAST_PAGE_STRING_BYTES;
	}
	out->pointers[n] = message;
	out->params.n_slots++;
}

bool remote_page_params(const struct remote *remote, struct remote_params *out,
			uint64_t *generation)
{
	const struct fast_page_params *first;

	if (remote->map_count == 0) {
		return false;
	}
	first = fast_page_map_params(&remote->maps[0]);
	*generation = __atomic_load_n(&first->generation, __ATOMIC_ACQUIRE);
	if (*generation == remote->generation) {
		return false;
	}
	fast__v1__params__init(&out->params);
	out->params.slots = out->pointers;
	for (uint32_t i = 0; i < remote->map_count; i++) {
		const struct fast_page_params *params = fast_page_map_params(&remote->maps[i]);

		for (uint32_t n = 0; n < FAST_PAGE_PARAMS_MAX; n++) {
			slot_read(&params->bank[*generation & 1][n], i * FAST_PAGE_PARAMS_MAX + n,
				  out);
		}
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return page_load(&first->generation) == *generation;
}
