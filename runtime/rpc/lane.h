/* rpc/lane.h - which of a connection's two queues a packet waits in. PROTOCOL.md, "Lanes". */
#ifndef FAST_RPC_LANE_H
#define FAST_RPC_LANE_H

#include "rpc/limits.h"
#include <fast/service.h>
#include <stddef.h>

/* Zeroed memory is control, so that what belongs to no call overtakes. */
enum fast_lane {
	FAST_LANE_CONTROL,
	FAST_LANE_BULK,
	FAST_LANES,
};

/* Of a call's packet. The packets of a stream have the same lane, whatever their sizes. */
static inline enum fast_lane fast_lane_of(uint32_t priority, enum fast_method_kind kind,
					  size_t payload_bytes)
{
	if (priority == FAST_PRIORITY_CONTROL) {
		return FAST_LANE_CONTROL;
	}
	return priority == FAST_PRIORITY_BULK || kind != FAST_METHOD_UNARY ||
			       payload_bytes > FAST_LANE_SMALL_BYTES
		       ? FAST_LANE_BULK
		       : FAST_LANE_CONTROL;
}

#endif
