#include "prof/chart.h"

#include "client/quantity.h"
#include "prof/outputs.h"

#include <math.h>
#include <string.h>

double chart_value(const struct setting *setting, const char *name)
{
	const struct series *series = name == NULL ? NULL : profile_find(setting, name);

	return series == NULL || series->stats.count == 0 || !setting_is_measured(setting)
		       ? NAN
		       : series_headline(series);
}

static const struct series *choose(const struct profile *profile, const char *unit,
				   const char *other, enum source source, const char *name)
{
	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct setting *setting = &profile->settings[i];

		for (size_t j = 0; setting_is_measured(setting) && j < setting->count; j++) {
			const struct series *series = &setting->series[j];
			bool fits = unit == NULL || strcmp(series->unit, unit) == 0;

			if (fits && series->source == source && series->count > 0 &&
			    (other == NULL || strcmp(series->name, other) != 0) &&
			    (name == NULL || strcmp(series->name, name) == 0)) {
				return series;
			}
		}
	}
	return NULL;
}

static void choose_series(const struct profile *profile, struct chart_choice *out)
{
	const struct aim *aim = profile->aim_count > 0 ? &profile->aims[0] : NULL;
	const struct series *speed = NULL;
	const struct series *merit;

	*out = (struct chart_choice){0};
	if (aim != NULL) {
		speed = choose(profile, NULL, NULL, SOURCE_PLUGIN, aim->goal.metric);
		out->speed_less = speed != NULL && aim->goal.at_most;
	}
	if (speed == NULL) {
		speed = choose(profile, "Hz", NULL, SOURCE_PLUGIN, NULL);
	}
	if (speed == NULL) {
		return;
	}
	out->speed = speed->name;
	out->speed_unit = speed->unit;
	merit = NULL;
	for (int source = SOURCE_PLUGIN;
	     profile->merit != NULL && merit == NULL && source <= SOURCE_RUNLOG; source++) {
		merit = choose(profile, NULL, NULL, (enum source)source, profile->merit);
		out->merit_less = merit != NULL && profile->merit_less;
	}
	if (merit == NULL) {
		merit = choose(profile, "1", speed->name, SOURCE_PLUGIN, NULL); /* a ratio: acc */
	}
	if (merit == NULL) {
		merit = choose(profile, "", speed->name, SOURCE_PLUGIN, NULL);
	}
	if (merit == NULL) {
		merit = choose(profile, NULL, NULL, SOURCE_PROC, "proc.cpu");
		out->merit_less = true;
	}
	if (merit != NULL) {
		out->merit = merit->name;
		out->merit_unit = merit->unit;
	}
}

bool chart_is_beaten(const struct profile *profile, const struct chart_choice *choice,
		     const struct setting *setting)
{
	double sign_x = choice->speed_less ? -1 : 1;
	double sign_y = choice->merit_less ? -1 : 1;
	double x = sign_x * chart_value(setting, choice->speed);
	double y = sign_y * chart_value(setting, choice->merit);

	for (size_t i = 0; i < profile->setting_count; i++) {
		double other_x = sign_x * chart_value(&profile->settings[i], choice->speed);
		double other_y = sign_y * chart_value(&profile->settings[i], choice->merit);

		if (other_x >= x && other_y >= y && (other_x > x || other_y > y)) {
			return true;
		}
	}
	return isnan(x) || isnan(y);
}

/* Whether a is the better one to take of two that meet every goal. */
static bool is_better(const struct chart_choice *choice, const struct setting *a,
		      const struct setting *b)
{
	double merit = chart_value(a, choice->merit) - chart_value(b, choice->merit);
	double speed = chart_value(a, choice->speed) - chart_value(b, choice->speed);

	merit = choice->merit_less ? -merit : merit;
	speed = choice->speed_less ? -speed : speed;
	return merit > 0 || (!(merit < 0) && speed > 0);
}

void chart_choose(const struct profile *profile, struct chart_choice *out)
{
	choose_series(profile, out);
	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct setting *setting = &profile->settings[i];

		if (!setting_is_measured(setting)) {
			continue;
		}
		out->measured++;
		out->front += out->merit != NULL && !chart_is_beaten(profile, out, setting);
		if (profile->aim_count > 0 && setting->aims_met == profile->aim_count) {
			out->meeting++;
			if (out->pick == NULL || is_better(out, setting, out->pick)) {
				out->pick = setting;
			}
		}
	}
}

static void add_number(struct text *out, const struct setting *setting, const char *name,
		       const char *unit)
{
	text_add(out, "%s ", name);
	quantity_value(out, chart_value(setting, name), unit);
}

void chart_advise(const struct profile *profile, const struct chart_choice *choice,
		  struct text *out)
{
	const char *goals = profile->aim_count == 1 ? "the goal" : "every goal";

	if (choice->pick == NULL && profile->aim_count > 0) {
		text_add(out, "no setting meets %s", goals);
		return;
	}
	if (choice->pick == NULL) {
		text_add(
			out,
			"there is no goal to choose by, as --goal 'fps >= 24'; %zu of %zu settings "
			"are beaten by none",
			choice->front, profile->setting_count);
		return;
	}
	if (choice->meeting == 1) {
		text_add(out, "it alone meets %s", goals);
	} else if (choice->merit == NULL) {
		text_add(out, "it is the fastest of %zu that meet %s", choice->meeting, goals);
	} else {
		text_add(out, "of %zu that meet %s it has the %s %s", choice->meeting, goals,
			 choice->merit_less ? "least" : "most", choice->merit);
	}
	if (choice->speed != NULL) {
		text_add(out, " (");
		if (choice->merit != NULL) {
			add_number(out, choice->pick, choice->merit, choice->merit_unit);
			text_add(out, ", ");
		}
		add_number(out, choice->pick, choice->speed, choice->speed_unit);
		text_add(out, ")");
	}
}
