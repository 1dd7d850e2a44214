/* Golden configs: config/<case>.in gives config/<case>.ok, the printed options or the error. With
 * FASTD_UPDATE set the .ok files are rewritten. */
#include "daemon/config.h"
#include "tests/support/harness.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (256u << 10)
#define CASES_MIN      15

/* Reads the file whole; "" when there is none. The caller frees. */
static char *read_file(const char *path, size_t *bytes)
{
	char *out = calloc(1, FILE_BYTES_MAX + 1);
	FILE *file = fopen(path, "r");

	assert_non_null(out);
	*bytes = 0;
	if (file != NULL) {
		*bytes = fread(out, 1, FILE_BYTES_MAX, file);
		fclose(file);
	}
	return out;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(0, fclose(file));
}

/* What the daemon says about this config: the options as it prints them, or the error. */
static void judge(const char *name, const char *bytes, size_t count, struct text *out)
{
	struct options *options = calloc(1, sizeof *options);
	char error[OPTIONS_ERROR_BYTES_MAX];

	assert_non_null(options);
	text_init(out, FILE_BYTES_MAX);
	if (config_parse(name, bytes, count, options, error) == FAST_OK) {
		options->tick_ms = options->tick_ms == 0 ? 100 : options->tick_ms;
		config_print(options, out);
	} else {
		text_format(out, "%s\n", error);
	}
	assert_false(out->failed);
	free(options);
}

static void check_case(const char *folder, const char *name)
{
	char path[1024];
	size_t bytes, ok_bytes;
	char *in, *ok;
	struct text out;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	in = read_file(path, &bytes);
	judge(name, in, bytes, &out);
	snprintf(path + strlen(path) - strlen(".in"), 4, ".ok");
	if (getenv("FASTD_UPDATE") != NULL) {
		write_file(path, out.bytes);
	}
	ok = read_file(path, &ok_bytes);
	if (strcmp(ok, out.bytes) != 0) {
		print_error("%s differs\n", path);
	}
	assert_string_equal(ok, out.bytes);
	free(in);
	free(ok);
	text_fini(&out);
}

static void each_golden_config_gives_its_options_or_its_error(void **state)
{
	const char *source = getenv("FASTD_SOURCE");
	char folder[512];
	const struct dirent *entry;
	int cases = 0;
	DIR *dir;

	(void)state;
	snprintf(folder, sizeof folder, "%s/tests/controller/config",
		 source == NULL ? "." : source);
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t bytes = strlen(entry->d_name);

		if (bytes > 3 && strcmp(entry->d_name + bytes - 3, ".in") == 0) {
			check_case(folder, entry->d_name);
			cases++;
		}
	}
	closedir(dir);
	assert_true(cases >= CASES_MIN);
}

static void a_printed_config_parses_to_the_same_options(void **state)
{
	struct options *first = calloc(1, sizeof *first);
	struct options *second = calloc(1, sizeof *second);
	char error[OPTIONS_ERROR_BYTES_MAX] = "";
	const char *in =
		"socket: \"/tmp/a b\\\"c\\\\#\\x01\"\nlisten: [tcp://127.0.0.1:1, ipc:///x]\n"
		"tick: 20\nlog-level: debug\nhttp: '[::1]:0'\nstate-dir: '- x: y'\n";
	struct text printed;

	(void)state;
	text_init(&printed, FILE_BYTES_MAX);
	assert_ok(config_parse("in", in, strlen(in), first, error));
	config_print(first, &printed);
	assert_ok(config_parse("printed", printed.bytes, printed.count, second, error));
	assert_string_equal("/tmp/a b\"c\\#\x01", first->socket);
	second->given = first->given; /* defaults are printed, so they are given now */
	assert_memory_equal(first, second, sizeof *first);
	text_fini(&printed);
	free(first);
	free(second);
}

static void a_file_that_is_too_large_or_missing_is_refused(void **state)
{
	struct options *options = calloc(1, sizeof *options);
	char error[OPTIONS_ERROR_BYTES_MAX];
	char path[] = "/tmp/fastd-config-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");

	(void)state;
	assert_non_null(file);
	for (unsigned i = 0; i <= CONFIG_BYTES_MAX; i++) {
		fputc('#', file);
	}
	fclose(file);
	assert_status(FAST_INVALID_ARGUMENT, config_read(path, options, error));
	assert_non_null(strstr(error, "more than 65536 bytes"));
	remove(path);
	assert_status(FAST_NOT_FOUND, config_read(path, options, error));
	assert_non_null(strstr(error, "No such file or directory"));
	assert_status(FAST_NOT_FOUND, config_read("/tmp", options, error));
	free(options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_golden_config_gives_its_options_or_its_error),
		cmocka_unit_test(a_printed_config_parses_to_the_same_options),
		cmocka_unit_test(a_file_that_is_too_large_or_missing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
