#include "params.h"

#include <string.h>

/* The value as the view takes it; the plugin checks it as any that fastd writes. */
static void value_take(enum fast_param_type type, const Fast__V1__ParamSlot *slot,
		       struct fast_page_value *out)
{
	size_t bytes =
		slot->text.len < FAST_PAGE_STRING_BYTES ? slot->text.len : FAST_PAGE_STRING_BYTES;

	*out = (struct fast_page_value){.type = type};
	if (type == FAST_PARAM_BOOL) {
		out->u.boolean = slot->word != 0;
	} else if (type == FAST_PARAM_STRING || type == FAST_PARAM_ENUM) {
		memcpy(out->string, slot->text.data, bytes);
	} else { /* an int or the bits of a double: the same word */
		out->type = FAST_PARAM_INT;
		out->u.integer = (int64_t)slot->word;
	}
}

/* The view has all segments that the plugin has. */
static bool view_grow(struct fast_plugin *plugin, struct fast_page_view *view)
{
	const char *reason = NULL;
	bool good = true;

	pthread_mutex_lock(&plugin->lock);
	for (size_t i = fast_page_view_segments(view); good && i < plugin->segment_count; i++) {
		good = fast_page_view_add(view, plugin->segments[i].fd, &reason) == FAST_OK;
	}
	pthread_mutex_unlock(&plugin->lock);
	return good;
}

bool params_take(struct fast_plugin *plugin, struct fast_page_view *view,
		 const Fast__V1__Params *params)
{
	enum fast_param_type types[FAST_PLUGIN_PARAMS_MAX];
	struct fast_page_value value = {.type = FAST_PARAM_INT};
	size_t count;

	if (!view_grow(plugin, view)) {
		return false;
	}
	pthread_mutex_lock(&plugin->lock);
	count = plugin->param_count;
	for (size_t i = 0; i < count; i++) {
		types[i] = plugin->params[i]->rules.type;
	}
	pthread_mutex_unlock(&plugin->lock);
	for (uint32_t i = 0; i < count; i++) {
		fast_page_view_set(view, i, 0, &value);
	}
	for (size_t i = 0; i < params->n_slots; i++) {
		const Fast__V1__ParamSlot *slot = params->slots[i];

		if (slot->slot < count) {
			value_take(types[slot->slot], slot, &value);
			fast_page_view_set(view, slot->slot, slot->revision, &value);
		}
	}
	fast_page_view_commit(view);
	return true;
}
