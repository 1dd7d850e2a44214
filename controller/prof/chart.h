/* prof/chart.h - the charts of report.html, as SVG within the page, whose style they take. */
#ifndef PROF_CHART_H
#define PROF_CHART_H

#include "client/text.h"
#include "prof/profile.h"

#include <stdio.h>

#define CHART_TITLE_BYTES_MAX 300

/* What a report is mostly about. */
struct chart_choice {
	const char
		*speed; /* "fps": the first goal's metric, else the first heartbeat; NULL: none */
	const char *merit; /* what stands against it: a gauge of the plugin, else proc.cpu */
	const char *speed_unit, *merit_unit;
	bool speed_less; /* less of it is better */
	bool merit_less;
	/* Of those that meet every goal, the one with the best merit; NULL: none does, or there are
	 * no goals. */
	const struct setting *pick;
	size_t meeting; /* settings that meet every goal */
	size_t measured;
	size_t front; /* settings that no other beats */
};

/* Chooses by the settings that were measured. Borrows from the profile. */
void chart_choose(const struct profile *profile, struct chart_choice *out);

/* The setting's number of a metric; NaN: it has none. */
double chart_value(const struct setting *setting, const char *name);

/* Whether another setting is at least as good in both, and better in one. */
bool chart_is_beaten(const struct profile *profile, const struct chart_choice *choice,
		     const struct setting *setting);

/* Says why the pick is the one to take, or why there is none. */
void chart_advise(const struct profile *profile, const struct chart_choice *choice,
		  struct text *out);

/* Each writes one <svg>. */
void chart_pareto(const struct profile *profile, const struct chart_choice *choice, FILE *file);
void chart_distributions(const struct profile *profile, const struct chart_choice *choice,
			 FILE *file);
void chart_timeline(const struct profile *profile, const struct chart_choice *choice, FILE *file);

#endif
