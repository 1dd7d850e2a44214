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
	".front{fill:var(--main)}.beaten{fill:var(--soft);fill-opacity:.45}"
	".span{stroke:var(--soft);stroke-opacity:.6}.box{fill:var(--main);fill-opacity:.28}"
	".line{fill:none;stroke:var(--main);stroke-width:1.6}.odd{stroke:var(--odd)}\n"
	"table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13."
	"5px}"
	"th,td{padding:5px 10px;text-align:right;white-space:nowrap;border-bottom:1px solid "
	"var(--rule)}th{color:var(--soft);font-weight:600}th:first-child,td:first-child"
	"{text-align:left}tr:last-child td{border-bottom:0}.best td:first-child{font-weight:600}\n"
	".good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}\n"
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

static void write_head(const struct profile *profile, FILE *file)
{
	const char *plugin = profile->run.plugin[0] != '\0' ? profile->run.plugin : "no plugin";
	struct text when = {0};

	fputs(head, file);
	markup_escape(file, plugin);
	fputs(" - fastprof</title></head><body><main>\n<h1>", file);
	markup_escape(file, plugin);
	fputs("</h1>\n<p class=\"soft\">", file);
	quantity_time(&when, profile->run.start_ns);
	fprintf(file, "%.19sZ, ", text_chars(&when)); /* to the second is enough for people */
	text_clear(&when);
	quantity_span(&when, profile->run.end_ns - profile->run.start_ns);
	text_add(&when, ", %zu setting%s on %s", profile->setting_count,
		 profile->setting_count == 1 ? "" : "s", profile->run.node);
	markup_escape(file, text_chars(&when));
	fputs("</p>\n", file);
	text_fini(&when);
	paragraph(file, "command", profile->run.command);
	paragraph(file, "image", profile->run.image);
	paragraph(file, "commit", profile->run.commit);
	if (profile->ending != ENDING_DONE) {
		fprintf(file, "<p class=\"bad\">%s: ", ending_name(profile->ending));
		markup_escape(file, profile->reason);
		fputs("</p>\n", file);
	}
}

static void write_goals(const struct profile *profile, FILE *file)
{
	static const char *const classes[] = {"bad", "good", "bad"};
	static const char *const verdicts[] = {"unknown", "met", "missed"};

	if (profile->aim_count == 0) {
		return;
	}
	fputs("<h2>Goals</h2><div class=\"card\"><table><tr><th>goal</th><th>verdict</th>"
	      "<th>best</th><th>at</th></tr>\n",
	      file);
	for (size_t i = 0; i < profile->aim_count; i++) {
		const struct aim *aim = &profile->aims[i];
		char label[256] = "-";

		if (aim->best_setting != SIZE_MAX) {
			profile_label(profile, &profile->settings[aim->best_setting], label,
				      sizeof label);
		}
		fputs("<tr><td>", file);
		markup_escape(file, aim->words);
		fprintf(file, "</td><td class=\"%s\">%s</td><td>%.6g</td><td>",
			classes[aim->verdict], verdicts[aim->verdict], aim->best);
		markup_escape(file, label);
		fputs("</td></tr>\n", file);
	}
	fputs("</table></div>\n", file);
}

/* Columns: the plugin's metrics, then those of its processes that somebody will look for. */
static size_t choose_columns(const struct profile *profile, const struct series **out)
{
	static const char *const wanted[] = {"proc.cpu", "proc.memory_peak", "cgroup.memory_peak",
					     "gpu.use",  "gpu.power",        "host.temperature"};
	const struct setting *first = profile_first(profile);
	size_t count = 0;

	for (size_t i = 0; first != NULL && i < first->count; i++) {
		if (first->series[i].source == SOURCE_PLUGIN && count < COLUMNS_MAX - 6) {
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
		      const struct series **columns, size_t count, bool best, FILE *file)
{
	char label[256];

	profile_label(profile, setting, label, sizeof label);
	fprintf(file, "<tr%s><td>", best ? " class=\"best\"" : "");
	markup_escape(file, label);
	fputs("</td>", file);
	if (!setting_is_measured(setting)) {
		fprintf(file, "<td colspan=\"%zu\" class=\"bad\">%s ", count,
			setting->start_ns == 0 ? "not visited" : ending_name(setting->ending));
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

	fputs("<h2>Settings</h2>\n<p class=\"soft\">Means over the measurement; of a peak, the "
	      "greatest. Those in bold are beaten by none.</p>\n<div class=\"card\"><table><tr>"
	      "<th>setting</th>",
	      file);
	for (size_t i = 0; i < count; i++) {
		fputs("<th>", file);
		markup_escape(file, columns[i]->name);
		fputs("</th>", file);
	}
	fputs("</tr>\n", file);
	for (size_t i = 0; i < profile->setting_count; i++) {
		bool best = choice->speed != NULL && choice->merit != NULL &&
			    !chart_is_beaten(profile, choice, &profile->settings[i]);

		write_row(profile, &profile->settings[i], columns, count, best, file);
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
	fprintf(file, "<p class=\"soft\">fastprof %s, fastd ", FASTPROF_VERSION);
	markup_escape(file, profile->run.fastd);
	fputs("</p>\n</main></body></html>\n", file);
}

bool write_html(const struct profile *profile, FILE *file)
{
	struct chart_choice choice;

	chart_choose(profile, &choice);
	write_head(profile, file);
	write_goals(profile, file);
	if (choice.speed != NULL && choice.merit != NULL) {
		fputs("<h2>Which settings are worth having</h2>\n<div class=\"card\">\n", file);
		chart_pareto(profile, &choice, file);
		fputs("</div>\n", file);
	}
	if (choice.speed != NULL) {
		fputs("<h2>Distributions</h2>\n<div class=\"card\">\n", file);
		chart_distributions(profile, &choice, file);
		fputs("</div>\n<h2>Over time</h2>\n<div class=\"card\">\n", file);
		chart_timeline(profile, &choice, file);
		fputs("</div>\n", file);
	}
	write_table(profile, &choice, file);
	write_foot(profile, file);
	return !ferror(file);
}
