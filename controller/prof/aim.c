#include "prof/aim.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	size_t offset;
} statistics[] = {
	{"mean", offsetof(struct stats, mean)}, {"min", offsetof(struct stats, min)},
	{"max", offsetof(struct stats, max)},   {"p50", offsetof(struct stats, p50)},
	{"p95", offsetof(struct stats, p95)},   {"p99", offsetof(struct stats, p99)},
};
#define STATISTICS (sizeof statistics / sizeof statistics[0])

/* Reads "p99(" and blanks the parentheses out, so that the rest is a plain goal and a complaint
 * about it names the right character. */
static enum fast_status aim_unwrap(char *words, struct aim *aim, char *error)
{
	char *name = words + strspn(words, " \t");
	size_t bytes = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789");
	char *open = name + bytes + strspn(name + bytes, " \t");
	char *close = strchr(words, ')');

	snprintf(aim->statistic, sizeof aim->statistic, "mean");
	if (*open != '(') {
		return FAST_OK;
	}
	for (size_t i = 0; i < STATISTICS; i++) {
		if (strlen(statistics[i].name) == bytes &&
		    memcmp(statistics[i].name, name, bytes) == 0 && close != NULL) {
			snprintf(aim->statistic, sizeof aim->statistic, "%s", statistics[i].name);
			memset(name, ' ', (size_t)(open - name) + 1);
			*close = ' ';
			return FAST_OK;
		}
	}
	snprintf(error, GOAL_ERROR_BYTES_MAX,
		 "mean(), min(), max(), p50(), p95() or p99() should stand around the metric");
	return FAST_INVALID_ARGUMENT;
}

enum fast_status aim_parse(const char *words, struct aim *out, char *error)
{
	struct aim aim = {.best = NAN, .best_setting = SIZE_MAX, .bound = NAN};
	char plain[AIM_WORDS_BYTES_MAX];
	enum fast_status status;

	if (strlen(words) >= sizeof plain) {
		snprintf(error, GOAL_ERROR_BYTES_MAX, "the goal is longer than %zu bytes",
			 sizeof plain - 1);
		return FAST_INVALID_ARGUMENT;
	}
	snprintf(aim.words, sizeof aim.words, "%s", words);
	snprintf(plain, sizeof plain, "%s", words);
	status = aim_unwrap(plain, &aim, error);
	if (status == FAST_OK) {
		status = goal_parse(plain, &aim.goal, error);
	}
	if (status == FAST_OK) {
		*out = aim;
	}
	return status;
}

double aim_value(const struct aim *aim, const struct stats *stats)
{
	for (size_t i = 0; i < STATISTICS; i++) {
		if (strcmp(statistics[i].name, aim->statistic) == 0) {
			return *(const double *)((const char *)stats + statistics[i].offset);
		}
	}
	return NAN;
}

bool aim_is_met(const struct aim *aim, double value)
{
	return aim->goal.at_most ? value <= aim->goal.bound : value >= aim->goal.bound;
}
