#include "prof/progress.h"

#include "client/quantity.h"

#include <stdio.h>
#include <unistd.h>

#define SHOW_NS INT64_C(250000000)

void progress_begin(struct progress *progress, bool quiet, size_t total, double visit_s)
{
	*progress = (struct progress){.shown = !quiet,
				      .terminal = isatty(STDERR_FILENO),
				      .total = total,
				      .visit_s = visit_s,
				      .begin_ns = quantity_monotonic_now()};
}

void progress_next(struct progress *progress, const char *label)
{
	snprintf(progress->label, sizeof progress->label, "%s", label);
	progress->shown_ns = 0;
}

/* What is left, by what the visits took so far. */
static double seconds_left(const struct progress *progress)
{
	double passed = (double)(quantity_monotonic_now() - progress->begin_ns) / 1e9;
	double each = progress->done > 0 ? (double)(progress->done_ns - progress->begin_ns) / 1e9 /
						   (double)progress->done
					 : progress->visit_s;
	double left = (double)progress->total * each - passed;

	return left > 0 ? left : 0;
}

void progress_show(struct progress *progress, double rate)
{
	int64_t now_ns = quantity_monotonic_now();
	struct text text = {0};

	if (!progress->shown || !progress->terminal || now_ns - progress->shown_ns < SHOW_NS) {
		return;
	}
	progress->shown_ns = now_ns;
	text_add(&text, "[%zu/%zu] ", progress->done + 1, progress->total);
	text_add_clean(&text, progress->label);
	text_add(&text, "  ");
	quantity_rate(&text, rate);
	text_add(&text, "  ");
	quantity_span(&text, (int64_t)(seconds_left(progress) * 1e9));
	text_add(&text, " left");
	fprintf(stderr, "\r\033[K%s", text_chars(&text));
	fflush(stderr);
	text_fini(&text);
}

void progress_done(struct progress *progress, double rate, const char *note)
{
	struct text text = {0};

	progress->done++;
	progress->done_ns = quantity_monotonic_now();
	if (!progress->shown) {
		return;
	}
	text_add(&text, "%s[%zu/%zu] ", progress->terminal ? "\r\033[K" : "", progress->done,
		 progress->total);
	text_add_clean(&text, progress->label);
	text_add(&text, "  ");
	if (note != NULL) {
		text_add_clean(&text, note);
	} else {
		quantity_rate(&text, rate);
	}
	fprintf(stderr, "%s\n", text_chars(&text));
	text_fini(&text);
}

void progress_end(struct progress *progress)
{
	if (progress->shown && progress->terminal) {
		fputs("\r\033[K", stderr);
	}
	progress->shown = false;
}
