/* remote/params.h - knobs as a fastd elsewhere tells them, put into the plugin's own page. */
#ifndef FAST_REMOTE_PARAMS_H
#define FAST_REMOTE_PARAMS_H

#include "plugin_impl.h"

#include "page/view.h"

#include <fast/v1/session.pb-c.h>

/* Writes all values and makes them visible together. False: no memory for a segment's view. Takes
 * the plugin's lock. */
bool params_take(struct fast_plugin *plugin, struct fast_page_view *view,
		 const Fast__V1__Params *params);

#endif
