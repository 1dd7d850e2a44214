#include "prof/outputs.h"

#include "client/quantity.h"
#include "prof/chart.h"
#include "prof/markup.h"

#include <math.h>
#include <string.h>

#define COLUMNS_MAX 14

static const char head[] =
	"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<style>\n"
	":root{color-scheme:light dark;--page:#fbfbfa;--card:#fff;--ink:#1c1f23;--soft:#5d6670;"
	"--rule:#e2e5e8;--main:#1f5fa8;--odd:#c26a1b;--good:#23794a;--bad:#b3321f}\n"
	"@media(prefers-color-scheme:dark){:root{--page:#14171a;--card:#1c2024;--ink:#e8eaed;"
	"--soft:#9aa4ae;--rule:#31373d;--main:#74b0f0;--odd:#f0a35e;--good:#63c68f;--bad:#f08573}}"
	"\n"
	"*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);"
	"font:15px/1.5 system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif}\n"
	"main{max-width:1000px;margin:0 auto;padding:32px 20px 60px}\n"
	"h1{font-size:26px;margin:0 0 2px}h2{font-size:17px;margin:34px 0 10px}\n"
	"p{margin:4px 0}.soft{color:var(--soft)}code{font-family:ui-monospace,monospace;"
	"font-size:13px;overflow-wrap:anywhere}\n"
	".card{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:14px "
	"16px;"
	"overflow-x:auto}svg{display:block;width:100%;height:auto;min-width:560px}\n"
	".grid{stroke:var(--rule)}text{fill:var(--soft);font-size:12px}.axis{font-weight:600}"
	".name{fill:var(--ink)}.mid{text-anchor:middle}.end{text-anchor:end}\n"
	".front{fill:var(--main)}.pick{fill:var(--good)}.ring{fill:none;stroke:var(--good);"
	"stroke-width:2}.chosen{fill:var(--good);font-weight:700;font-size:13px}"
	".edge{fill:none;stroke:var(--main);stroke-opacity:.35;stroke-width:1.5}"
	".goal{stroke:var(--bad);stroke-dasharray:5 4;stroke-opacity:.8}"
	".miss{fill:var(--bad);fill-opacity:.07}.aim{fill:var(--bad)}.beaten{fill:var(--soft);fill-"
	"opacity:.45}"
	".name,.chosen,.aim{paint-order:stroke;stroke:var(--card);stroke-width:3px}"
	".span{stroke:var(--soft);stroke-opacity:.6}.box{fill:var(--main);fill-opacity:.28}"
	".line{fill:none;stroke:var(--main);stroke-width:1.6}.odd{stroke:var(--odd)}\n"
	"table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13."
	"5px}"
	"th,td{padding:5px 10px;text-align:right;white-space:nowrap;border-bottom:1px solid "
	"var(--rule)}th{color:var(--soft);font-weight:600}th:first-child,td:first-child"
	"{text-align:left}tr:last-child td{border-bottom:0}.best td:first-child{font-weight:600}\n"
	"tr.pick td{background:color-mix(in srgb,var(--good) 12%,transparent)}"
	"tr.pick td:first-child{color:var(--good)}"
	".advice{border-left:5px solid var(--good);font-size:16px;margin-top:20px}"
	".advice.none{border-color:var(--odd)}.advice b{font-size:22px;color:var(--good);"
	"display:block}.advice.none b{color:var(--odd)}\n"
	"h2.target{font-size:22px;margin-top:52px;border-top:1px solid "
	"var(--rule);padding-top:24px}"
	"a{color:var(--main)}@media(max-width:600px){main{padding:18px 10px 40px}"
	".card{padding:10px}h1{font-size:22px}}\n"
	"td.why{text-align:left;white-space:normal}.good{color:var(--good);font-weight:600}.bad{"
	"color:var(--bad);font-weight:600}\n"
	"</style>\n<title>";

static void paragraph(FILE *file, const char *name, const char *value)
{
	if (value[0] == '\0') {
		return;
	}
	fprintf(file, "<p><span class=\"soft\">%s</span> <code>", name);
	markup_escape(file, value);
	fputs("</code></p>\n", file);
}

static void write_head(const struct profiles *profiles, FILE *file)
{
	const struct profile *first = &profiles->all[0];
	const struct profile *last = &profiles->all[profiles->count - 1];
	const char *plugin = first->run.plugin[0] != '\0' ? first->run.plugin : "no plugin";
	struct text when = {0};
	size_t settings = 0;

	for (size_t i = 0; i < profiles->count; i++) {
		settings += profiles->all[i].setting_count;
	}
	fputs(head, file);
	markup_escape(file, plugin);
	fputs(" - fastprof</title></head><body><main>\n<h1>", file);
	markup_escape(file, plugin);
	fputs("</h1>\n<p class=\"soft\">", file);
	quantity_time(&when, first->run.start_ns);
	fprintf(file, "%.19sZ, ", text_chars(&when)); /* to the second is enough for people */
	text_clear(&when);
	quantity_span(&when, last->run.end_ns - first->run.start_ns);
	text_add(&when, ", %zu setting%s on %s", settings, settings == 1 ? "" : "s",
		 first->run.node);
	markup_escape(file, text_chars(&when));
	fputs("</p>\n", file);
	text_fini(&when);
	paragraph(file, "repository", first->run.repo);
	paragraph(file, "ref", first->run.ref);
	paragraph(file, "commit", first->run.commit);
}

static void write_ending(const struct profile *profile, FILE *file)
{
	if (profile->ending != ENDING_DONE) {
		fprintf(file, "<p class=\"bad\">%s: ", ending_name(profile->ending));
		markup_escape(file, profile->reason);
		fputs("</p>\n", file);
	}
}

/* Which setting to take, before anything else. */
static void write_advice(const struct profile *profile, const struct chart_choice *choice,
			 FILE *file)
{
	char label[256] = "";
	struct text why = {0};

	if (choice->speed == NULL) { /* nothing was measured */
		return;
	}
	if (choice->pick != NULL) {
		profile_label(profile, choice->pick, label, sizeof label);
	}
	chart_advise(profile, choice, &why);
	fprintf(file, "<div class=\"card advice%s\">%s<b>", choice->pick == NULL ? " none" : "",
		choice->pick == NULL ? "" : "Choose");
	markup_escape(file, choice->pick != NULL     ? label
			    : profile->aim_count > 0 ? "No setting is good enough"
						     : "No goal was given");
	fputs("</b>", file);
	markup_escape(file, text_chars(&why));
	fputs("</div>\n", file);
	text_fini(&why);
}

/* All targets at a glance. */
static void write_targets(const struct profiles *profiles, FILE *file)
{
	fputs("<h2>Targets</h2><div class=\"card\"><table><tr><th>target</th><th>ending</th>"
	      "<th>goals met</th><th>choose</th></tr>\n",
	      file);
	for (size_t i = 0; i < profiles->count; i++) {
		const struct profile *profile = &profiles->all[i];
		struct chart_choice choice;
		char label[256] = "-";
		size_t met = 0;

		chart_choose(profile, &choice);
		if (choice.pick != NULL) {
			profile_label(profile, choice.pick, label, sizeof label);
		}
		for (size_t j = 0; j < profile->aim_count; j++) {
			met += profile->aims[j].verdict == AIM_MET;
		}
		fputs("<tr><td><a href=\"#", file);
		markup_escape(file, profile->target);
		fputs("\">", file);
		markup_escape(file, profile->target);
		fprintf(file, "</a></td><td class=\"%s\">%s</td><td>%zu of %zu</td><td>",
			profile->ending == ENDING_DONE ? "good" : "bad",
			ending_name(profile->ending), met, profile->aim_count);
		markup_escape(file, label);
		fputs("</td></tr>\n", file);
	}
	fputs("</table></div>\n", file);
}

/* The best that any setting made of a goal, and which. */
static void write_best(const struct profile *profile, const struct aim *aim, FILE *file)
{
	const struct setting *setting =
		aim->best_setting == SIZE_MAX ? NULL : &profile->settings[aim->best_setting];
	const struct series *series =
		setting == NULL ? NULL : profile_find(setting, aim->goal.metric);
	char label[256] = "-";
	struct text best = {0};

	if (setting != NULL) {
		profile_label(profile, setting, label, sizeof label);
	}
	if (isfinite(aim->best)) {
		quantity_value(&best, aim->best, series == NULL ? "" : series->unit);
	}
	fputs("<td>", file);
	markup_escape(file, text_chars(&best));
	fputs("</td><td>", file);
	markup_escape(file, label);
	fputs("</td>", file);
	text_fini(&best);
}

static void write_goals(const struct profile *profile, FILE *file)
{
	static const char *const classes[] = {"bad", "good", "bad"};
	static const char *const verdicts[] = {"unknown", "met", "missed"};

	if (profile->aim_count == 0) {
		return;
	}
	fputs("<h2>Goals</h2><div class=\"card\"><table><tr><th>goal</th><th>verdict</th>"
	      "<th>met by</th><th>best</th><th>at</th></tr>\n",
	      file);
	for (size_t i = 0; i < profile->aim_count; i++) {
		const struct aim *aim = &profile->aims[i];

		fputs("<tr><td>", file);
		markup_escape(file, aim->words);
		fprintf(file, "</td><td class=\"%s\">%s</td><td>%zu of %zu</td>",
			classes[aim->verdict], verdicts[aim->verdict], aim->met_by,
			profile->setting_count);
		write_best(profile, aim, file);
		fputs("</tr>\n", file);
	}
	fputs("</table></div>\n", file);
}

/* Columns: the plugin's metrics, then those of its processes that somebody will look for. */
static size_t choose_columns(const struct profile *profile, const struct series **out)
{
	static const char *const wanted[] = {"proc.cpu", "proc.memory_peak", "gpu.use", "gpu.power",
					     "host.temperature"};
	const struct setting *first = profile_first(profile);
	size_t count = 0;

	for (size_t i = 0; first != NULL && i < first->count; i++) {
		/* A rate says the same as the mean of its intervals. */
		if (series_is_own(&first->series[i]) && count < COLUMNS_MAX - 6 &&
		    strstr(first->series[i].name, ".interval") == NULL) {
			out[count++] = &first->series[i];
		}
	}
	for (size_t i = 0; first != NULL && i < sizeof wanted / sizeof wanted[0]; i++) {
		const struct series *series = profile_find(first, wanted[i]);

		if (series != NULL && !series->unsupported) {
			out[count++] = series;
		}
	}
	return count;
}

static void write_row(const struct profile *profile, const struct setting *setting,
		      const struct series **columns, size_t count, const char *class, FILE *file)
{
	char label[256];

	profile_label(profile, setting, label, sizeof label);
	fprintf(file, "<tr class=\"%s\"><td>", class);
	markup_escape(file, label);
	fputs("</td>", file);
	if (!setting_is_measured(setting)) {
		fprintf(file, "<td colspan=\"%zu\" class=\"bad why\">%s%s", count,
			setting->start_ns == 0 ? "not visited" : ending_name(setting->ending),
			setting->reason[0] != '\0' ? ": " : "");
		markup_escape(file, setting->reason);
		fputs("</td></tr>\n", file);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct series *series = profile_find(setting, columns[i]->name);
		struct text cell = {0};

		if (series != NULL && series->stats.count > 0) {
			quantity_value(&cell, series_headline(series), series->unit);
		} else {
			text_add(&cell, "-");
		}
		fputs("<td>", file);
		markup_escape(file, text_chars(&cell));
		fputs("</td>", file);
		text_fini(&cell);
	}
	fputs("</tr>\n", file);
}

static void write_table(const struct profile *profile, const struct chart_choice *choice,
			FILE *file)
{
	const struct series *columns[COLUMNS_MAX];
	size_t count = choose_columns(profile, columns);

	fprintf(file,
		"<h2>Settings</h2>\n<p class=\"soft\">Means over the measurement; of a peak, the "
		"greatest. Those in bold are beaten by none%s. proc.cpu counts cores.</p>\n<div "
		"class=\"card\"><table><tr>"
		"<th>setting</th>",
		choice->pick != NULL ? "; the green one is to be chosen" : "");
	for (size_t i = 0; i < count; i++) {
		fputs("<th>", file);
		markup_escape(file, columns[i]->name);
		fputs("</th>", file);
	}
	fputs("</tr>\n", file);
	for (size_t i = 0; i < profile->setting_count; i++) {
		bool best = choice->speed != NULL && choice->merit != NULL &&
			    !chart_is_beaten(profile, choice, &profile->settings[i]);

		write_row(profile, &profile->settings[i], columns, count,
			  &profile->settings[i] == choice->pick ? "best pick"
			  : best                                ? "best"
								: "",
			  file);
	}
	fputs("</table></div>\n", file);
}

static void write_foot(const struct profile *profile, FILE *file)
{
	const struct setting *first = profile_first(profile);
	const struct overhead *overhead = &profile->overhead;
	bool any = false;

	fputs("<h2>About this run</h2>\n", file);
	fprintf(file,
		"<p>Overhead: fastprof %.2f s of CPU, fastd %.2f s, within %.1f s; reading the "
		"system took %.2f s.</p>\n",
		overhead->fastprof_cpu_s, overhead->fastd_cpu_s, overhead->wall_s,
		overhead->sampling_s);
	for (size_t i = 0; first != NULL && i < first->count; i++) {
		if (first->series[i].unsupported) {
			fputs(any ? ", " : "<p>Unsupported here: ", file);
			markup_escape(file, first->series[i].name);
			any = true;
		}
	}
	fputs(any ? ".</p>\n" : "", file);
	for (size_t i = 0; i < profile->note_count; i++) {
		fputs("<p class=\"soft\">Note: ", file);
		markup_escape(file, profile->notes[i]);
		fputs("</p>\n", file);
	}
	paragraph(file, "kernel", profile->run.kernel);
	paragraph(file, "cgroup", profile->run.cgroup);
}

static void write_charts(const struct profile *profile, const struct chart_choice *choice,
			 FILE *file)
{
	if (choice->merit != NULL && choice->measured > 1) { /* one alone is no choice */
		fputs("<h2>Which settings are worth having</h2>\n<p class=\"soft\">Each dot is a "
		      "setting. No other one beats those on the line in both directions; grey ones "
		      "are beaten. What misses a goal is shaded.</p>\n<div class=\"card\">\n",
		      file);
		chart_pareto(profile, choice, file);
		fputs("</div>\n", file);
	}
	if (choice->speed != NULL) {
		fputs("<h2>Distributions</h2>\n<div class=\"card\">\n", file);
		chart_distributions(profile, choice, file);
		fputs("</div>\n<h2>Over time</h2>\n<div class=\"card\">\n", file);
		chart_timeline(profile, choice, file);
		fputs("</div>\n", file);
	}
}

static void write_target(const struct profile *profile, FILE *file)
{
	struct chart_choice choice;

	chart_choose(profile, &choice);
	if (profile->is_one_of_several) {
		fputs("<h2 class=\"target\" id=\"", file);
		markup_escape(file, profile->target);
		fputs("\">", file);
		markup_escape(file, profile->target);
		fputs("</h2>\n", file);
	}
	paragraph(file, "command", profile->run.command);
	paragraph(file, "image", profile->run.image);
	paragraph(file, "dataset", profile->run.dataset);
	write_ending(profile, file);
	write_advice(profile, &choice, file);
	write_goals(profile, file);
	write_charts(profile, &choice, file);
	write_table(profile, &choice, file);
	write_foot(profile, file);
}

bool write_html(const struct profiles *profiles, FILE *file)
{
	write_head(profiles, file);
	if (profiles->count > 1) {
		write_targets(profiles, file);
	}
	for (size_t i = 0; i < profiles->count; i++) {
		write_target(&profiles->all[i], file);
	}
	fputs("<p class=\"soft\">fastprof " FASTPROF_VERSION ", fastd ", file);
	markup_escape(file, profiles->all[0].run.fastd);
	fputs("</p>\n</main></body></html>\n", file);
	return !ferror(file);
}
