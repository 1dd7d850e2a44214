#include "client/quantity.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define NANOSECONDS 1000000000

struct scale {
	double factor; /* from this many base units on */
	const char *unit;
};

static const struct scale rate_scales[] = {{1e6, "MHz"}, {1e3, "kHz"}, {0, "Hz"}};
static const struct scale flow_scales[] = {{1e6, "M/s"}, {1e3, "k/s"}, {0, "/s"}};
static const struct scale second_scales[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {0, "ns"}};
static const struct scale byte_scales[] = {
	{1024.0 * 1024 * 1024 * 1024, "TiB"},
	{1024.0 * 1024 * 1024, "GiB"},
	{1024.0 * 1024, "MiB"},
	{1024, "KiB"},
	{0, "B"},
};

/* The last scale of a table takes what is smaller; its unit is `least`. */
static void quantity_scaled(struct text *text, double value, const struct scale *scales,
			    double least)
{
	double size = fabs(value);
	double factor;

	if (size == 0) {
		while (scales->factor > 1) {
			scales++;
		}
		text_add(text, "0 %s", scales->unit);
		return;
	}
	while (scales->factor > 0 && size < scales->factor) {
		scales++;
	}
	factor = scales->factor > 0 ? scales->factor : least;
	size /= factor;
	text_add(text, "%.*f %s", size < 10 ? 2 : size < 100 ? 1 : 0, value / factor, scales->unit);
}

void quantity_number(struct text *text, double value)
{
	if (value == trunc(value) && fabs(value) < 1e6) {
		text_add(text, "%.0f", value == 0 ? 0 : value); /* no "-0" */
	} else {
		text_add(text, "%.4g", value);
	}
}

void quantity_rate(struct text *text, double hertz)
{
	quantity_scaled(text, hertz, rate_scales, 1);
}

void quantity_seconds(struct text *text, double seconds)
{
	quantity_scaled(text, seconds, second_scales, 1e-9);
}

void quantity_bytes(struct text *text, double bytes)
{
	if (fabs(bytes) < 1024) {
		text_add(text, "%.0f B", bytes);
		return;
	}
	quantity_scaled(text, bytes, byte_scales, 1);
}

void quantity_value(struct text *text, double value, const char *unit)
{
	if (isnan(value)) {
		text_add(text, "-");
	} else if (strcmp(unit, "s") == 0) {
		quantity_seconds(text, value);
	} else if (strcmp(unit, "By") == 0) {
		quantity_bytes(text, value);
	} else if (strcmp(unit, "Hz") == 0) {
		quantity_rate(text, value);
	} else {
		quantity_number(text, value);
		if (unit[0] != '\0' && strcmp(unit, "1") != 0) {
			text_add(text, " ");
			text_add_clean(text, unit);
		}
	}
}

/* No unit, or but a name for what is counted: "{frame}". */
static bool unit_is_count(const char *unit)
{
	return unit[0] == '\0' || unit[0] == '{' || strcmp(unit, "1") == 0;
}

void quantity_flow(struct text *text, double per_second, const char *unit)
{
	if (unit == NULL) {
		quantity_scaled(text, per_second, flow_scales, 1);
	} else if (unit_is_count(unit)) {
		quantity_rate(text, per_second);
	} else {
		quantity_value(text, per_second, unit);
		text_add(text, "/s");
	}
}

void quantity_span(struct text *text, int64_t nanoseconds)
{
	long long seconds = nanoseconds < 0 ? 0 : nanoseconds / NANOSECONDS;

	if (seconds < 60) {
		text_add(text, "%lld s", seconds);
	} else if (seconds < 3600) {
		text_add(text, "%lld min %lld s", seconds / 60, seconds % 60);
	} else if (seconds < 86400) {
		text_add(text, "%lld h %lld min", seconds / 3600, seconds / 60 % 60);
	} else {
		text_add(text, "%lld d %lld h", seconds / 86400, seconds / 3600 % 24);
	}
}

/* Splits so that the nanoseconds are never negative, before 1970 too. */
static time_t unix_seconds(int64_t unix_ns, long *nanoseconds)
{
	int64_t rest = unix_ns % NANOSECONDS;

	*nanoseconds = (long)(rest < 0 ? rest + NANOSECONDS : rest);
	return (time_t)(unix_ns / NANOSECONDS - (rest < 0));
}

void quantity_time(struct text *text, int64_t unix_ns)
{
	long nanoseconds;
	time_t seconds = unix_seconds(unix_ns, &nanoseconds);
	struct tm tm;
	char date[64];

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	text_add(text, "%s.%09ldZ", date, nanoseconds);
}

void quantity_clock(struct text *text, int64_t unix_ns)
{
	long nanoseconds;
	time_t seconds = unix_seconds(unix_ns, &nanoseconds);
	struct tm tm;

	localtime_r(&seconds, &tm);
	text_add(text, "%02d:%02d:%02d.%03ld", tm.tm_hour, tm.tm_min, tm.tm_sec,
		 nanoseconds / 1000000);
}

static int64_t quantity_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
}

int64_t quantity_unix_now(void)
{
	return quantity_now(CLOCK_REALTIME);
}

int64_t quantity_monotonic_now(void)
{
	return quantity_now(CLOCK_MONOTONIC);
}
