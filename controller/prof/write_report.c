#include "prof/outputs.h"

#include "client/quantity.h"
#include "prof/chart.h"

#include <math.h>
#include <string.h>

#define LABEL_WIDTH_MIN 10
#define METRICS_MAX     8 /* columns: the plugin's first ones */

static const char *const system_columns[] = {"proc.cpu", "proc.memory_peak"};
#define SYSTEM_COLUMNS (sizeof system_columns / sizeof system_columns[0])

static void add_cell(struct text *text, const struct series *series)
{
	struct text cell = {0};

	if (series == NULL || series->stats.count == 0) {
		text_add(&cell, "%s", series != NULL && series->unsupported ? "unsupported" : "-");
	} else {
		quantity_value(&cell, series_headline(series), series->unit);
	}
	text_add(text, "%18s", text_chars(&cell));
	text_fini(&cell);
}

/* The plugin's metrics that were measured in the first setting that was. */
static size_t choose_metrics(const struct profile *profile, const char **names)
{
	size_t count = 0;

	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct setting *setting = &profile->settings[i];

		if (!setting_is_measured(setting)) {
			continue;
		}
		for (size_t j = 0; j < setting->count && count < METRICS_MAX; j++) {
			const struct series *series = &setting->series[j];

			if (series_is_own(series) && series->count > 0) {
				names[count++] = series->name;
			}
		}
		break;
	}
	for (size_t i = 0; i < SYSTEM_COLUMNS; i++) {
		names[count++] = system_columns[i];
	}
	return count;
}

static void add_settings(const struct profile *profile, struct text *text)
{
	const char *names[METRICS_MAX + SYSTEM_COLUMNS];
	size_t count = choose_metrics(profile, names);
	int width = LABEL_WIDTH_MIN;

	if (profile->setting_count == 0) {
		return;
	}
	for (size_t i = 0; i < profile->setting_count; i++) {
		char label[256];

		profile_label(profile, &profile->settings[i], label, sizeof label);
		width = strlen(label) > (size_t)width ? (int)strlen(label) : width;
	}
	text_add(text, "\n%-*s", width, "setting");
	for (size_t i = 0; i < count; i++) {
		text_add(text, "%18.17s", names[i]);
	}
	text_add(text, "\n");
	for (size_t i = 0; i < profile->setting_count; i++) {
		const struct setting *setting = &profile->settings[i];
		char label[256];

		profile_label(profile, setting, label, sizeof label);
		text_add(text, "%-*s", width, label);
		if (!setting_is_measured(setting)) {
			text_add(text, "  %s%s%s\n",
				 setting->start_ns == 0 ? "not visited"
							: ending_name(setting->ending),
				 setting->reason[0] != '\0' ? ": " : "", setting->reason);
			continue;
		}
		for (size_t j = 0; j < count; j++) {
			add_cell(text, profile_find(setting, names[j]));
		}
		text_add(text, "\n");
	}
}

static void add_goals(const struct profile *profile, struct text *text)
{
	static const char *const verdicts[] = {"UNKNOWN", "met ", "MISSED"};

	for (size_t i = 0; i < profile->aim_count; i++) {
		const struct aim *aim = &profile->aims[i];
		const struct series *series;
		char label[256];

		text_add(text, "goal     %-28s %s", aim->words, verdicts[aim->verdict]);
		if (aim->verdict == AIM_MET) {
			text_add(text, "by %zu of %zu settings", aim->met_by,
				 profile->setting_count);
		} else if (aim->best_setting != SIZE_MAX) {
			profile_label(profile, &profile->settings[aim->best_setting], label,
				      sizeof label);
			series = profile_find(&profile->settings[aim->best_setting],
					      aim->goal.metric);
			text_add(text, "; the best is ");
			quantity_value(text, aim->best, series == NULL ? "" : series->unit);
			text_add(text, ", at %s", label);
		}
		text_add(text, "\n");
	}
}

static void add_advice(const struct profile *profile, struct text *text)
{
	struct chart_choice choice;

	chart_choose(profile, &choice);
	if (profile->aim_count > 0 && choice.speed != NULL) {
		char label[256] = "none";

		if (choice.pick != NULL) {
			profile_label(profile, choice.pick, label, sizeof label);
		}
		text_add(text, "choose   %s: ", label);
		chart_advise(profile, &choice, text);
		text_add(text, "\n");
	}
}

static void add_unsupported(const struct profile *profile, struct text *text)
{
	const struct setting *first = profile_first(profile);
	bool any = false;

	for (size_t i = 0; first != NULL && i < first->count; i++) {
		if (first->series[i].unsupported) {
			text_add(text, "%s%s",
				 any ? ", " : "\nunsupported here: ", first->series[i].name);
			any = true;
		}
	}
	text_add(text, "%s", any ? "\n" : "");
}

static void add_target(const struct profile *profile, struct text *text)
{
	const struct overhead *overhead = &profile->overhead;

	if (profile->is_one_of_several) {
		text_add(text, "target   %s\n", profile->target);
	}
	text_add(text, "plugin   ");
	text_add_clean(text, profile->run.plugin[0] != '\0' ? profile->run.plugin : "-");
	text_add(text, "\ncommand  ");
	text_add_clean(text, profile->run.command[0] != '\0' ? profile->run.command : "-");
	if (profile->run.node[0] != '\0') {
		text_add(text, "\nnode     %s, %s, fastd %s", profile->run.node,
			 profile->run.kernel, profile->run.fastd);
	}
	text_add(text, "\nwhen     ");
	quantity_time(text, profile->run.start_ns);
	text_add(text, ", for ");
	quantity_span(text, profile->run.end_ns - profile->run.start_ns);
	text_add(text, "\nending   %s%s", ending_name(profile->ending),
		 profile->reason[0] != '\0' ? ": " : "");
	text_add_clean(text, profile->reason);
	text_add(text, "\n");
	add_goals(profile, text);
	add_advice(profile, text);
	add_settings(profile, text);
	add_unsupported(profile, text);
	for (size_t i = 0; i < profile->note_count; i++) {
		text_add(text, "note: ");
		text_add_clean(text, profile->notes[i]);
		text_add(text, "\n");
	}
	text_add(text,
		 "\noverhead: fastprof %.2f s of CPU, fastd %.2f s, in %.1f s; fastd at most %.1f "
		 "MiB\n",
		 overhead->fastprof_cpu_s, overhead->fastd_cpu_s, overhead->wall_s,
		 (double)overhead->fastd_rss_bytes / 1048576);
}

bool write_report(const struct profiles *profiles, FILE *file)
{
	struct text text = {0};
	bool written;

	for (size_t i = 0; i < profiles->count; i++) {
		text_add(&text, "%s", i > 0 ? "\n\n" : "");
		add_target(&profiles->all[i], &text);
	}
	written = !text.failed && fputs(text_chars(&text), file) >= 0;
	text_fini(&text);
	return written;
}
