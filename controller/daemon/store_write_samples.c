/* Samples go in, and the oldest go out. Store thread. */
#include "store_bind.h"

#include <stdlib.h>

/* What is run for each level. */
static const struct {
	enum store_statement put_slot;
	enum store_statement put_sample;
	enum store_statement put_samples; /* STORE_GROUP_SAMPLES of them */
	enum store_statement oldest_slot;
	enum store_statement delete_samples;
	enum store_statement delete_slot;
} levels[STORE_LEVELS] = {
	[STORE_SECONDS] = {SQL_PUT_SECOND, SQL_PUT_SAMPLE, SQL_PUT_SAMPLES, SQL_OLDEST_SECOND,
			   SQL_DELETE_SAMPLES, SQL_DELETE_SECOND},
	[STORE_MINUTES] = {SQL_PUT_MINUTE, SQL_PUT_MINUTE_SAMPLE, SQL_PUT_MINUTE_SAMPLES,
			   SQL_OLDEST_MINUTE, SQL_DELETE_MINUTE_SAMPLES, SQL_DELETE_MINUTE},
};

static bool put_series(struct store *store, const struct store_series *series, int64_t second)
{
	struct binder binder = {.statement = store->statements[SQL_PUT_SERIES]};

	bind_unsigned(&binder, series->id);
	bind_text(&binder, series->instance);
	bind_text(&binder, series->metric);
	bind_text(&binder, series->unit);
	bind_int(&binder, (int64_t)series->kind);
	bind_int(&binder, second);
	return binder_run(&binder);
}

static void bind_sample(struct binder *binder, int64_t slot, const struct store_sample *sample)
{
	bind_int(binder, slot);
	bind_unsigned(binder, sample->series);
	bind_int(binder, sample->time_unix_ns);
	bind_unsigned(binder, sample->count);
	bind_double(binder, sample->value);
	bind_double(binder, sample->sum);
	bind_double(binder, sample->rate_instant);
	bind_double(binder, sample->rate_window);
	bind_double(binder, sample->rate_global);
	bind_int(binder, sample->window_ms);
	bind_unsigned(binder, sample->window.count);
	bind_double(binder, sample->window.mean);
	bind_double(binder, sample->window.p50);
	bind_double(binder, sample->window.p95);
	bind_double(binder, sample->window.p99);
	bind_unsigned(binder, sample->revision_first);
	bind_unsigned(binder, sample->revision_last);
	bind_double(binder, sample->window.first);
	bind_double(binder, sample->window.last);
	bind_double(binder, sample->window.min);
	bind_double(binder, sample->window.max);
	bind_double(binder, sample->window.std);
}

/* Writes the next of the samples, at most as many. Gives how many; 0: SQLite says why. */
static size_t put_samples(struct store *store, const struct store_samples *samples, size_t most)
{
	const struct store_sample *next = &samples->samples[samples->written];
	size_t left = samples->count - samples->written;
	bool group = left >= STORE_GROUP_SAMPLES && most >= STORE_GROUP_SAMPLES;
	size_t count = group ? STORE_GROUP_SAMPLES : 1;
	struct binder binder = {
		.statement = store->statements[group ? levels[samples->level].put_samples
						     : levels[samples->level].put_sample]};

	for (size_t i = 0; i < count; i++) {
		bind_sample(&binder, samples->slot, &next[i]);
	}
	return binder_run(&binder) ? count : 0;
}

static int sample_compare(const void *left, const void *right)
{
	uint64_t a = ((const struct store_sample *)left)->series;
	uint64_t b = ((const struct store_sample *)right)->series;

	return (a > b) - (a < b);
}

bool store_write_samples(struct store *store, struct store_samples *samples, size_t *count)
{
	if (samples->written == 0 && samples->count > 0) {
		/* In the order of their tree, each lands at its end. */
		qsort(samples->samples, samples->count, sizeof *samples->samples, sample_compare);
	}
	if (samples->written == 0) {
		if (!store_run_with(store, levels[samples->level].put_slot,
				    (uint64_t)samples->slot)) {
			return false;
		}
		for (size_t i = 0; i < samples->series_count; i++) {
			if (!put_series(store, &samples->series[i],
					samples->slot * store_level_seconds[samples->level])) {
				return false;
			}
		}
	}
	while (samples->written<samples->count && * count> 0) {
		size_t put = put_samples(store, samples, *count);

		if (put == 0) {
			return false;
		}
		samples->written += put;
		*count -= put;
	}
	return true;
}

/* The number that a query gives; otherwise when it gives none. */
static int64_t query(struct store *store, enum store_statement statement, int64_t otherwise)
{
	sqlite3_stmt *sql = store->statements[statement];
	int64_t number = otherwise;

	if (sqlite3_step(sql) == SQLITE_ROW && sqlite3_column_type(sql, 0) != SQLITE_NULL) {
		number = sqlite3_column_int64(sql, 0);
	}
	(void)sqlite3_reset(sql);
	return number;
}

/* The level of which the oldest slot has to go; STORE_LEVELS: none has. Where room is short,
 * seconds go before minutes, but for the newest ones. */
static enum store_level trim_choose(struct store *store, int64_t now_s,
				    const int64_t oldest_s[STORE_LEVELS])
{
	for (size_t i = 0; i < STORE_LEVELS; i++) {
		if (oldest_s[i] < now_s - (int64_t)store->samples_age_s_max[i]) {
			return (enum store_level)i;
		}
	}
	if ((uint64_t)query(store, SQL_USED_BYTES, 0) <= store->samples_bytes_max) {
		return STORE_LEVELS;
	}
	if (oldest_s[STORE_MINUTES] != INT64_MAX &&
	    oldest_s[STORE_SECONDS] >= now_s - STORE_SECONDS_KEEP_S) {
		return STORE_MINUTES;
	}
	return oldest_s[STORE_SECONDS] != INT64_MAX ? STORE_SECONDS : STORE_LEVELS;
}

bool store_trim(struct store *store, int64_t now_s, size_t count)
{
	int64_t oldest_s[STORE_LEVELS];
	size_t deleted = 0;

	for (;;) {
		for (size_t i = 0; i < STORE_LEVELS; i++) {
			int64_t oldest = query(store, levels[i].oldest_slot, INT64_MAX);

			oldest_s[i] =
				oldest == INT64_MAX ? oldest : oldest * store_level_seconds[i];
		}
		enum store_level level =
			deleted >= count ? STORE_LEVELS : trim_choose(store, now_s, oldest_s);

		if (level == STORE_LEVELS) {
			break;
		}
		uint64_t slot = (uint64_t)(oldest_s[level] / store_level_seconds[level]);
		if (!store_run_with(store, levels[level].delete_samples, slot)) {
			return false;
		}
		deleted += (size_t)sqlite3_changes(store->db) + 1;
		if (!store_run_with(store, levels[level].delete_slot, slot)) {
			return false;
		}
	}
	if (deleted == 0) {
		return true;
	}
	for (size_t i = 0; i < STORE_LEVELS; i++) {
		now_s = oldest_s[i] < now_s ? oldest_s[i] : now_s;
	}
	return store_run_with(store, SQL_DELETE_SERIES, (uint64_t)now_s);
}
