#include "client/goal.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	double factor;
	const char *base;
};

static const struct unit units[] = {
	{"Hz", 1, "Hz"}, {"kHz", 1e3, "Hz"}, {"s", 1, "s"}, {"ms", 1e-3, "s"}, {"us", 1e-6, "s"}};
#define UNITS (sizeof units / sizeof units[0])

/* What is read, and how far. */
struct reader {
	const char *words;
	const char *at;
	char *error;
};

static enum fast_status reader_fail(const struct reader *reader, const char *wanted)
{
	snprintf(reader->error, GOAL_ERROR_BYTES_MAX, "%s at character %zu%s%.20s%s", wanted,
		 (size_t)(reader->at - reader->words) + 1, *reader->at == '\0' ? "" : ", not '",
		 reader->at, *reader->at == '\0' ? ", where the goal ends" : "'");
	return FAST_INVALID_ARGUMENT;
}

static void reader_skip(struct reader *reader)
{
	while (isspace((unsigned char)*reader->at)) {
		reader->at++;
	}
}

static enum fast_status reader_metric(struct reader *reader, struct goal *goal)
{
	size_t bytes = strspn(reader->at, "abcdefghijklmnopqrstuvwxyz0123456789_.");

	if (bytes == 0 || bytes > FAST_METRIC_NAME_BYTES_MAX) {
		return reader_fail(reader, "a metric's name (a-z, 0-9, '_', '.') should stand");
	}
	memcpy(goal->metric, reader->at, bytes);
	goal->metric[bytes] = '\0';
	reader->at += bytes;
	return FAST_OK;
}

static enum fast_status reader_operator(struct reader *reader, struct goal *goal)
{
	if (strncmp(reader->at, ">=", 2) != 0 && strncmp(reader->at, "<=", 2) != 0) {
		return reader_fail(reader, "'>=' or '<=' should stand");
	}
	goal->at_most = reader->at[0] == '<';
	reader->at += 2;
	return FAST_OK;
}

static enum fast_status reader_number(struct reader *reader, struct goal *goal)
{
	char *end;
	double number = strtod(reader->at, &end);

	if (end == reader->at || !isfinite(number) || !(number > 0)) {
		return reader_fail(reader, "a number greater than 0 should stand");
	}
	goal->bound = number;
	reader->at = end;
	return FAST_OK;
}

static enum fast_status reader_unit(struct reader *reader, struct goal *goal)
{
	for (size_t i = 0; i < UNITS; i++) {
		size_t bytes = strlen(units[i].name);

		if (strncmp(reader->at, units[i].name, bytes) == 0 &&
		    !isalnum((unsigned char)reader->at[bytes])) {
			goal->bound *= units[i].factor;
			goal->unit = units[i].name;
			reader->at += bytes;
			return FAST_OK;
		}
	}
	return reader_fail(reader, "the end or a unit (Hz, kHz, s, ms, us) should stand");
}

enum fast_status goal_parse(const char *words, struct goal *out, char *error)
{
	static enum fast_status (*const parts[])(struct reader *, struct goal *) = {
		reader_metric, reader_operator, reader_number};
	struct reader reader = {.words = words, .at = words, .error = error};
	struct goal goal = {0};
	enum fast_status status;

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		reader_skip(&reader);
		status = parts[i](&reader, &goal);
		if (status != FAST_OK) {
			return status;
		}
	}
	reader_skip(&reader);
	if (*reader.at != '\0') {
		status = reader_unit(&reader, &goal);
		reader_skip(&reader);
		if (status == FAST_OK && *reader.at != '\0') {
			status = reader_fail(&reader, "the end should stand");
		}
		if (status != FAST_OK) {
			return status;
		}
	}
	*out = goal;
	return FAST_OK;
}

enum fast_status goal_fit(struct goal *goal, const char *unit, char *error)
{
	const struct unit *own = units;

	if (goal->unit == NULL || unit[0] == '\0') {
		return FAST_OK;
	}
	while (own->name != goal->unit) {
		own++;
	}
	if (strcmp(own->base, unit) == 0) {
		return FAST_OK;
	}
	if (strcmp(own->name, unit) == 0) {
		goal->bound /= own->factor;
		return FAST_OK;
	}
	if (strcmp(unit, "1") == 0) {
		snprintf(error, GOAL_ERROR_BYTES_MAX,
			 "the goal is in %s, but %s has no unit: give the number alone", own->name,
			 goal->metric);
	} else {
		snprintf(error, GOAL_ERROR_BYTES_MAX,
			 "the goal is in %s, but %s is in %s: give the number in that, without a "
			 "unit",
			 own->name, goal->metric, unit);
	}
	return FAST_INVALID_ARGUMENT;
}

double goal_speed(const struct goal *goal, double value)
{
	if (!goal->at_most) {
		return value;
	}
	return value > 0 ? 1 / value : INFINITY;
}

double goal_value(const struct goal *goal, double speed)
{
	return goal_speed(goal, speed); /* both are their own inverse */
}
