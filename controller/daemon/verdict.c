#include "verdict.h"

#include "page/names.h"

#include <stdarg.h>
#include <stdio.h>

void verdict_refuse(struct verdict *verdict, enum fast_status status, const char *format, ...)
{
	va_list args;

	verdict->status = status;
	va_start(args, format);
	(void)vsnprintf(verdict->reason, sizeof verdict->reason, format, args);
	va_end(args);
}

void verdict_texts(struct verdict *verdict, const char *what, const char *name, const char *unit,
		   const char *help)
{
	char *reason = verdict->reason;
	size_t bytes = sizeof verdict->reason;

	verdict->status = fast_name_check(what, name, FAST_METRIC_NAME_BYTES_MAX, reason, bytes);
	if (verdict->status == FAST_OK) {
		verdict->status = fast_unit_check(what, name, unit, reason, bytes);
	}
	if (verdict->status == FAST_OK) {
		verdict->status = fast_text_check(what, name, "help", help,
						  FAST_METRIC_HELP_BYTES_MAX, reason, bytes);
	}
}
