#include "prof/chart.h"
#include "tests/support/harness.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PICTURE_BYTES_MAX 20000 /* of two settings: without an end it would be gigabytes */

static struct profile profile; /* large */
static const char *goal;       /* NULL: none */

static void measure(size_t setting, const char *name, double value)
{
	struct series *series = profile_series(&profile.settings[setting], name, "", SOURCE_PLUGIN);

	assert_non_null(series);
	profile_add(&profile, series, (struct point){1, value, 1, 0});
	profile.settings[setting].repeats = 1;
}

/* The text of the chart of two settings with these values; the caller frees it. One without an
 * end takes more room than there is. */
static char *draw(double speed, double other_speed, double merit, double other_merit)
{
	static const struct chart_choice choice = {
		.speed = "fps", .merit = "acc", .speed_unit = "Hz", .merit_unit = ""};
	char *text = calloc(1, PICTURE_BYTES_MAX);
	char error[GOAL_ERROR_BYTES_MAX];
	FILE *file;

	assert_non_null(text);
	memset(&profile, 0, sizeof profile);
	assert_ok(profile_begin(&profile, 2));
	if (goal != NULL) {
		assert_ok(aim_parse(goal, &profile.aims[0], error));
		profile.aim_count = 1;
	}
	measure(0, "fps", speed);
	measure(1, "fps", other_speed);
	measure(0, "acc", merit);
	measure(1, "acc", other_merit);
	assert_ok(profile_finish(&profile));
	file = fmemopen(text, PICTURE_BYTES_MAX, "w");
	assert_non_null(file);
	setbuf(file, NULL);
	chart_pareto(&profile, &choice, file);
	assert_int_equal(0, ferror(file));
	assert_int_equal(0, fclose(file));
	profile_fini(&profile);
	return text;
}

static size_t count(const char *text, const char *what)
{
	size_t found = 0;

	for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
		found++;
	}
	return found;
}

static void a_chart_has_a_handful_of_ticks(void **state)
{
	/* far apart, equal, equal but for the rounding of a mean, nought, tiny, huge */
	static const struct {
		double value, other;
	} ranges[] = {{47, 49.25}, {0.9, 0.9}, {0.9, 0.9 + DBL_EPSILON / 2}, {1e15, 1e15 + 1},
		      {0, 0},      {-5, 5},    {DBL_MIN, 2 * DBL_MIN},       {1e300, 2e300}};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(ranges); i++) {
		char *text = draw(47, 49, ranges[i].value, ranges[i].other);
		size_t lines = count(text, "class=\"grid\"");

		assert_true(lines >= 2 && lines <= 24);
		assert_int_equal(2, count(text, "<circle"));
		assert_non_null(strstr(text, "</svg>\n"));
		assert_null(strstr(text, "nan"));
		free(text);
		text = draw(ranges[i].value, ranges[i].other, 0.5, 0.7);
		assert_non_null(strstr(text, "</svg>\n"));
		assert_null(strstr(text, "nan"));
		free(text);
	}
}

/* What cannot be drawn to scale must end all the same. */
static void a_chart_of_the_largest_numbers_ends(void **state)
{
	char *text = draw(-DBL_MAX, DBL_MAX, -DBL_MAX, DBL_MAX);

	(void)state;
	assert_non_null(strstr(text, "</svg>\n"));
	free(text);
}

static void a_goal_is_named_where_there_is_room(void **state)
{
	char *text;

	(void)state;
	goal = "fps >= 40"; /* the left end of the scale */
	text = draw(47, 49, 0.5, 0.7);
	assert_non_null(strstr(text, "class=\"aim\">fps &gt;= 40<"));
	free(text);
	goal = "mean(fps) >= 60"; /* the right end */
	text = draw(47, 49, 0.5, 0.7);
	assert_non_null(strstr(text, "class=\"aim end\">mean(fps) &gt;= 60<"));
	free(text);
	goal = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chart_has_a_handful_of_ticks),
		cmocka_unit_test(a_chart_of_the_largest_numbers_ends),
		cmocka_unit_test(a_goal_is_named_where_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
