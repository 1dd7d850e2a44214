/* cli/hold_report.h - what `fastctl hold` says of each decision. */
#ifndef CLI_HOLD_REPORT_H
#define CLI_HOLD_REPORT_H

#include "cli/hold_law.h"
#include "cli/hold_model.h"
#include "client/output.h"

/* One decision. */
struct hold_line {
	int64_t time_unix_ns;
	const char *plugin;
	const char *goal; /* as it was given */
	const char *unit; /* of the goal's metric */
	const struct hold_wish *wish;
	const struct hold_model *model;
	const struct hold_law *law;
	size_t point; /* of the hull, now in effect */
	double speed; /* over the last second */
	bool reachable;
	uint64_t lease_id;
};

extern const struct output_view hold_report_view;

#endif
