#include "pause.h"

int64_t pause_ms(unsigned failures, bool refused, int64_t now_ns)
{
	int64_t ms = refused ? PAUSE_REFUSED_MS : PAUSE_MAX_MS;

	if (!refused && failures < 16 && (PAUSE_FIRST_MS << failures) < PAUSE_MAX_MS) {
		ms = PAUSE_FIRST_MS << failures;
	}
	/* The clock's last bits are anybody's, and a product spreads them. */
	return ms - (int64_t)((uint32_t)now_ns * 2654435769u >> 8) % (ms / 2 + 1);
}
