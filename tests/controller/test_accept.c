#include "daemon/accept.h"
#include "tests/support/harness.h"

#include <stdio.h>
#include <string.h>

#define OPEN FAMILIES_OPENMETRICS
#define TEXT FAMILIES_TEXT

static void the_format_that_is_rated_highest_is_chosen(void **state)
{
	static const struct {
		const char *header;
		enum families_format format;
	} cases[] = {
		{NULL, TEXT},
		{"", TEXT},
		{"*/*", TEXT},
		{"text/html,application/xhtml+xml,*/*;q=0.8", TEXT},
		/* Prometheus 2.42, without and with native histograms */
		{"application/openmetrics-text;version=1.0.0,"
		 "application/openmetrics-text;version=0.0.1;q=0.75,"
		 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		 OPEN},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
		 "encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,"
		 "application/openmetrics-text;version=0.0.1;q=0.75,"
		 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		 OPEN},
		/* Prometheus 3 */
		{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
		 "application/openmetrics-text;version=0.0.1;q=0.5,"
		 "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
		 "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		 OPEN},
		/* VictoriaMetrics' agent, Telegraf */
		{"text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT},
		{"application/openmetrics-text; version=1.0.0; charset=utf-8", OPEN},
		{"application/openmetrics-text", OPEN},
		{"APPLICATION/OpenMetrics-Text; VERSION=\"1.0.0\"; Q=0.9, text/plain; q=0.8", OPEN},
		{"application/openmetrics-text;version=0.0.1", TEXT},
		{"application/openmetrics-text;q=0.5, text/plain;q=0.5", OPEN},
		{"application/openmetrics-text;q=0.4, text/plain;q=0.5", TEXT},
		{"application/openmetrics-text;q=0, text/plain", TEXT},
		{"application/openmetrics-text;q=0", TEXT},
		{"application/*", TEXT},
		{"text/*;q=0.9, application/openmetrics-text;q=0.8", TEXT},
		{"text/*;q=0.2, application/openmetrics-text;q=0.8", OPEN},
		/* the more precise word counts, whatever its rating */
		{"*/*;q=1, text/plain;q=0.1, application/openmetrics-text;q=0.2", OPEN},
		/* nonsense is no rating */
		{"application/openmetrics-text;q=high, text/plain;q=0.1", TEXT},
		{"application/openmetrics-text;q=7, text/plain;q=0.1", TEXT},
		{"application/openmetrics-text;q=nan, text/plain;q=0.1", TEXT},
		{",,;;,;q=1,=,", TEXT},
		{" application/openmetrics-text ; q = 0.3 ,, ", OPEN},
	};

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		if (accept_choose(cases[i].header) != cases[i].format) {
			print_error("%s\n", cases[i].header);
		}
		assert_int_equal(cases[i].format, accept_choose(cases[i].header));
	}
}

static void a_range_that_is_too_long_is_skipped(void **state)
{
	char header[2000];

	(void)state;
	memset(header, 'x', sizeof header);
	snprintf(header + sizeof header - 40, 40, ",application/openmetrics-text");
	assert_int_equal(OPEN, accept_choose(header));
}

static void the_content_types_are_those_of_the_formats(void **state)
{
	(void)state;
	assert_string_equal("application/openmetrics-text; version=1.0.0; charset=utf-8",
			    accept_content_type(OPEN));
	assert_string_equal("text/plain; version=0.0.4; charset=utf-8", accept_content_type(TEXT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_format_that_is_rated_highest_is_chosen),
		cmocka_unit_test(a_range_that_is_too_long_is_skipped),
		cmocka_unit_test(the_content_types_are_those_of_the_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
