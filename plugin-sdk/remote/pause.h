/* remote/pause.h - how long a plugin rests between two tries to reach a fastd that is elsewhere.
 *
 * A fastd that comes back is found within a second, with time left for a handshake. A try at an
 * endpoint where nobody listens costs little; one that fastd refuses may cost it a handshake, and
 * fastd will hardly think better of it at once. */
#ifndef FAST_REMOTE_PAUSE_H
#define FAST_REMOTE_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#define PAUSE_FIRST_MS   100
#define PAUSE_MAX_MS     500
#define PAUSE_REFUSED_MS 5000

/* Doubles with the tries that have failed since the plugin was last attached, from PAUSE_FIRST_MS
 * to PAUSE_MAX_MS; PAUSE_REFUSED_MS where fastd refuses the plugin. Of that at least half, and how
 * much more the time decides: plugins that have lost fastd together do not come back as one. */
int64_t pause_ms(unsigned failures, bool refused, int64_t now_ns);

#endif
