/* controller/api_world.h - the handlers, a fake node below them and a fake call above. */
#ifndef API_WORLD_H
#define API_WORLD_H

#include "daemon/api.h"
#include "tests/controller/fake_node.h"
#include "tests/controller/fake_runtime.h"

/* Plugin cam with two metrics and two knobs, and plugin mic with nothing. */
struct api_world {
	struct node node;
	struct watch *watch;
	struct self self;
	struct api api;
	struct fast_call call;
};

/* For cmocka; *state is the world. */
int api_world_set_up(void **state);
int api_world_tear_down(void **state);

/* The call, emptied for another request. */
struct fast_call *api_world_call(struct api_world *world);

#define assert_refused(world, expected_status, expected_text)                                      \
	do {                                                                                       \
		assert_true((world)->call.ended);                                                  \
		assert_string_equal(expected_text, (world)->call.text);                            \
		assert_status(expected_status, (world)->call.status);                              \
	} while (0)

#endif
