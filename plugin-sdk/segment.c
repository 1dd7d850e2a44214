/* The page as it grows, and the handles that point into it. */
#include "plugin_impl.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

struct handles *fast_handles_new(void)
{
	void *memory = mmap(NULL, sizeof(struct handles), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		return NULL;
	}
	/* A kernel that can't (before 4.14) leaves it to the fork handler. */
	(void)madvise(memory, HANDLES_WIPED_BYTES, MADV_WIPEONFORK);
	return memory;
}

void fast_handles_free(struct handles *handles)
{
	if (handles != NULL) {
		(void)munmap(handles, sizeof *handles);
	}
}

void fast_segments_publish(struct fast_plugin *plugin)
{
	for (size_t i = plugin->segment_count; i-- > 0;) { /* the first, which tells, last */
		__atomic_store_n(&plugin->handles->u.wiped.params[i],
				 fast_page_map_params(&plugin->segments[i]), __ATOMIC_RELEASE);
	}
}

enum fast_status fast_segments_open(struct fast_plugin *plugin, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fast_page_map *map = &plugin->segments[i];
		enum fast_status status = fast_page_map_open(map, (uint32_t)i);

		if (status != FAST_OK) {
			fast_segments_close(plugin);
			return status;
		}
		plugin->segment_count = i + 1;
	}
	plugin->map = plugin->segments[0];
	return FAST_OK;
}

void fast_segments_close(struct fast_plugin *plugin)
{
	for (size_t i = 0; i < plugin->segment_count; i++) {
		fast_page_map_close(&plugin->segments[i]);
	}
	plugin->segment_count = 0;
	plugin->map = (struct fast_page_map){.fd = -1};
}

enum fast_status fast_segments_grow(struct fast_plugin *plugin)
{
	size_t count = plugin->segment_count;

	if (count == FAST_PAGE_SEGMENTS_MAX ||
	    fast_page_map_open(&plugin->segments[count], (uint32_t)count) != FAST_OK) {
		return FAST_RESOURCE_EXHAUSTED;
	}
	plugin->segment_count++;
	fast_segments_publish(plugin);
	plugin->announce[plugin->announce_count++] =
		(struct announcement){.segment = (uint32_t)count};
	return FAST_OK;
}

void fast_segments_bind(struct fast_plugin *plugin, struct metric_info *metric)
{
	const struct fast_page_map *map = &plugin->segments[metric->cell_offset / FAST_PAGE_BYTES];
	uint32_t offset = metric->cell_offset % FAST_PAGE_BYTES;

	fast_page_cell_init(map, metric->kind, offset);
	fast_segments_bind_exemplars(plugin,
				     metric); /* first: who finds the handle bound finds it */
	__atomic_store_n(&metric->handle->bound, (uintptr_t)(map->base + offset) + metric->kind,
			 __ATOMIC_RELEASE);
}

void fast_segments_bind_exemplars(struct fast_plugin *plugin, struct metric_info *metric)
{
	uint32_t offset = metric->exemplars_offset;
	const struct fast_page_map *map = &plugin->segments[offset / FAST_PAGE_BYTES];

	if (offset != 0) {
		__atomic_store_n(&metric->exemplars, (void *)(map->base + offset % FAST_PAGE_BYTES),
				 __ATOMIC_RELEASE);
	}
}

void fast_segments_connect(struct fast_plugin *plugin, struct fast_param *param)
{
	uint32_t segment = param->slot / FAST_PAGE_PARAMS_MAX;

	param->first = &plugin->handles->u.wiped.params[0];
	param->region = &plugin->handles->u.wiped.params[segment];
	param->ack =
		fast_page_map_ack(&plugin->segments[segment], param->slot % FAST_PAGE_PARAMS_MAX);
}
