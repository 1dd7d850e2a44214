#include "prof/chart.h"

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

void chart_choose(const struct profile *profile, struct chart_choice *out)
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
	     profile->merit != NULL && merit == NULL && source <= SOURCE_SELF; source++) {
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
