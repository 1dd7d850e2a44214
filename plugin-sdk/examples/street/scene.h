/* scene.h - a clip made ready: its background models and its reference boxes. */
#ifndef STREET_SCENE_H
#define STREET_SCENE_H

#include "clip.h"
#include "models.h"
#include "reference.h"

#include <fast/status.h>

struct scene_options {
	const char *clip;
	const char *cache;       /* folder for reference boxes, made if missing; NULL: keep none */
	size_t frames_max;       /* of the clip; CLIP_FRAMES_MAX: all */
	const atomic_bool *stop; /* NULL: nothing stops it */
};

/* Told, as one sentence, what goes on. */
typedef void scene_tell_fn(const char *sentence);

struct scene {
	struct clip *clip; /* before its first frame */
	struct models *models;
	struct reference *reference;
	bool cached; /* whether the cache holds the reference boxes now */
};

/* Opens the clip, builds the models, and takes the reference boxes from the cache or finds them,
 * which takes a while. Gives *out, which the caller ends with scene_fini(). NOT_FOUND,
 * INVALID_ARGUMENT, DATA_LOSS: the clip won't do. CANCELLED: *stop became true. RESOURCE_EXHAUSTED:
 * no memory. A cache that fails is told of, and costs only time. */
FAST_MUST_CHECK enum fast_status scene_init(const struct scene_options *options,
					    scene_tell_fn *tell, struct scene *out);

/* Zeroed memory is allowed. */
void scene_fini(struct scene *scene);

#endif
