#include "support/harness.h"

#include <fast/log.h>

#include <errno.h>
#include <string.h>

struct record {
	unsigned count;
	enum fast_log_level level;
	char message[2048];
};

static void record_message(enum fast_log_level level, const char *message, void *arg)
{
	struct record *record = arg;

	record->count++;
	record->level = level;
	strncpy(record->message, message, sizeof record->message - 1);
	errno = EBADF;
}

static void nothing_is_said_without_a_handler(void **state)
{
	(void)state;
	fast_log_set_handler(NULL, NULL);
	fast_log(FAST_LOG_ERROR, "nobody hears %d", 1);
}

static void a_handler_gets_the_formatted_message(void **state)
{
	struct record record = {0};

	(void)state;
	fast_log_set_handler(record_message, &record);
	fast_log(FAST_LOG_WARNING, "%s is %d", "it", 7);
	fast_log_set_handler(NULL, NULL);
	assert_int_equal(1, record.count);
	assert_int_equal(FAST_LOG_WARNING, record.level);
	assert_string_equal("it is 7", record.message);
}

static void errno_is_kept_and_can_be_printed(void **state)
{
	struct record record = {0};

	(void)state;
	fast_log_set_handler(record_message, &record);
	errno = ENOENT;
	fast_log(FAST_LOG_INFO, "%m");
	fast_log_set_handler(NULL, NULL);
	assert_int_equal(ENOENT, errno);
	assert_string_equal(strerror(ENOENT), record.message);
}

static void a_long_message_is_cut(void **state)
{
	struct record record = {0};
	char text[1500];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = 0;
	fast_log_set_handler(record_message, &record);
	fast_log(FAST_LOG_DEBUG, "%s", text);
	fast_log_set_handler(NULL, NULL);
	assert_int_equal(1023, strlen(record.message));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_said_without_a_handler),
		cmocka_unit_test(a_handler_gets_the_formatted_message),
		cmocka_unit_test(errno_is_kept_and_can_be_printed),
		cmocka_unit_test(a_long_message_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
