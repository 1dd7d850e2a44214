/* sdk/world.h - what the tests of the plugin SDK share: a plugin nobody attaches, fastd's view of
 * its page, and what was logged. */
#ifndef SDK_WORLD_H
#define SDK_WORLD_H

#include "support/harness.h"

#include "page/view.h"
#include "plugin_impl.h"

#include <fast/plugin.h>

#include <stdatomic.h>

struct world {
	struct fast_plugin *plugin;
	struct fast_page_view *view;
};

/* cmocka's setup and teardown; *state is the world. The plugin's thread has started, so that a test
 * may fork at once. */
int world_setup(void **state);
int world_teardown(void **state);

/* Declares and asserts that it worked. */
struct fast_metric *world_metric(struct world *world, const char *name, enum fast_metric_kind kind);
struct fast_param *world_param(struct world *world, const struct fast_param_spec *spec);

/* Gives the view the segments that the plugin has opened meanwhile. */
void world_view_grow(struct world *world);

/* Reads the metric through the view. */
struct fast_cell_reading world_read(const struct world *world, const struct fast_metric *metric);

/* Asserts that fast_plugin_error() says this. */
#define assert_error(plugin, expected)                                                             \
	do {                                                                                       \
		char error_[FAST_PLUGIN_ERROR_BYTES];                                              \
		fast_plugin_error(plugin, error_, sizeof error_);                                  \
		assert_string_equal(error_, expected);                                             \
	} while (0)

/* Messages logged since world_setup() or log_capture(), and the last of them. */
void log_capture(void);
int log_count(void);
const char *log_last(void);

#endif
