#include "daemon/options.h"
#include "daemon/address.h"
#include "daemon/nearest.h"
#include "daemon/role.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_MAX 32

_Static_assert(ADDRESS_ERROR_BYTES_MAX < OPTIONS_ERROR_BYTES_MAX, "checks write into error");
_Static_assert(ROLE_ERROR_BYTES_MAX < OPTIONS_ERROR_BYTES_MAX, "checks write into error");
_Static_assert((int)ROLE_GRANTS_MAX <= (int)OPTIONS_LIST_MAX, "a list holds the map");

static enum fast_status refuse(char *error, const char *format, ...) FAST_PRINTF(2, 3);

static enum fast_status refuse(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, OPTIONS_ERROR_BYTES_MAX, format, args);
	va_end(args);
	return FAST_INVALID_ARGUMENT;
}

static enum fast_status check_not_empty(const char *text, char *error)
{
	return text[0] == '\0' ? refuse(error, "the path is empty; give a path") : FAST_OK;
}

static enum fast_status check_role(const char *text, char *error)
{
	return role_parse(text, NULL, error);
}

#define AT(member) offsetof(struct options, member)

const struct option options_table[] = {
	{"socket", OPTION_TEXT, false, AT(socket), 0, 0, address_check_path, "PATH",
	 "control socket, for fastctl and controllers (mode 0660)"},
	{"plugin-socket", OPTION_TEXT, false, AT(plugin_socket), 0, 0, address_check_path, "PATH",
	 "socket on which plugins attach; mount it into containers"},
	{"listen", OPTION_LIST, false, AT(listen), 0, OPTIONS_LISTEN_MAX, address_check_listen,
	 "URL",
	 "further endpoint for calls, ipc:///PATH, tcp://127.0.0.1:PORT or, for other hosts, "
	 "tls+tcp://ADDR:PORT; may be repeated"},
	{"tls-ca", OPTION_TEXT, false, AT(tls_ca), 0, 0, check_not_empty, "FILE",
	 "for tls+tcp: certificate of the CA that signs clients"},
	{"tls-cert", OPTION_TEXT, false, AT(tls_cert), 0, 0, check_not_empty, "FILE",
	 "for tls+tcp: fastd's certificate"},
	{"tls-key", OPTION_TEXT, false, AT(tls_key), 0, 0, check_not_empty, "FILE",
	 "for tls+tcp: the key of that certificate"},
	{"publish", OPTION_TEXT, false, AT(publish), 0, 0, address_check_endpoint, "URL",
	 "endpoint that publishes every sample to SUB sockets"},
	{"http", OPTION_TEXT, false, AT(http), 0, 0, address_check_http, "ADDR:PORT|unix:PATH",
	 "serve browsers (/live), Prometheus (/metrics) and every method, on loopback or a "
	 "unix socket"},
	{"role", OPTION_LIST, false, AT(role), 0, ROLE_GRANTS_MAX, check_role, "WHO=ROLE[:GLOB]",
	 "who may do what, as in uid:1000=viewer; may be repeated"},
	{"state-dir", OPTION_TEXT, false, AT(state_dir), 0, 0, check_not_empty, "DIR",
	 "where knob values, leases, the audit log and history are kept"},
	{"history-mib", OPTION_NUMBER, false, AT(history_mib), 1, 65536, NULL, "MIB",
	 "size at which the oldest history goes, in MiB; 64"},
	{"history-hours", OPTION_NUMBER, false, AT(history_hours), 1, 720, NULL, "HOURS",
	 "how long a sample of each second is kept; 1"},
	{"history-days", OPTION_NUMBER, false, AT(history_days), 1, 3650, NULL, "DAYS",
	 "how long a sample of each minute is kept; 30"},
	{"tick", OPTION_NUMBER, false, AT(tick_ms), 10, 1000, NULL, "MS",
	 "time between two samplings, in milliseconds, 10 to 1000"},
	{"log-level", OPTION_LEVEL, false, AT(log_level), 0, 0, NULL, "LEVEL",
	 "error, warning, info or debug"},
	{"config", OPTION_TEXT, true, AT(config), 0, 0, check_not_empty, "FILE",
	 "read these options from a YAML file; the command line outranks it"},
	{"check", OPTION_FLAG, true, AT(check), 0, 0, NULL, NULL,
	 "check the options, print them as YAML, and exit"},
	{"version", OPTION_FLAG, true, AT(version), 0, 0, NULL, NULL, "print the version and exit"},
	{"help", OPTION_FLAG, true, AT(help), 0, 0, NULL, NULL, "print this and exit"},
};

const size_t options_count = sizeof options_table / sizeof options_table[0];
_Static_assert(sizeof options_table / sizeof options_table[0] <= TABLE_MAX, "bits of given");

static const char *const level_names[] = {
	[FAST_LOG_ERROR] = "error",
	[FAST_LOG_WARNING] = "warning",
	[FAST_LOG_INFO] = "info",
	[FAST_LOG_DEBUG] = "debug",
};
#define LEVEL_COUNT (sizeof level_names / sizeof level_names[0])

const char *options_level_name(enum fast_log_level level)
{
	assert((size_t)level < LEVEL_COUNT);
	return level_names[level];
}

/* Checks text and copies it to out, which holds OPTIONS_TEXT_BYTES_MAX + 1 bytes. */
static enum fast_status set_text(const struct option *option, const char *text, char *out,
				 char *error)
{
	if (strlen(text) > OPTIONS_TEXT_BYTES_MAX) {
		return refuse(error, "the value has %zu bytes; give at most %d", strlen(text),
			      OPTIONS_TEXT_BYTES_MAX);
	}
	if (option->check != NULL) {
		enum fast_status status = option->check(text, error);

		if (status != FAST_OK) {
			return status;
		}
	}
	memcpy(out, text, strlen(text) + 1);
	return FAST_OK;
}

static enum fast_status set_list(const struct option *option, const char *text,
				 struct options_list *out, char *error)
{
	enum fast_status status;

	if (out->count == option->max) {
		return refuse(error, "there are more than %u values; give fewer", option->max);
	}
	status = set_text(option, text, out->items[out->count], error);
	if (status == FAST_OK) {
		out->count++;
	}
	return status;
}

static enum fast_status set_number(const struct option *option, const char *text, uint32_t *out,
				   char *error)
{
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0') {
		return refuse(error, "'%.100s' is no whole number; give %u to %u", text,
			      option->min, option->max);
	}
	if (number < option->min || number > option->max) {
		return refuse(error, "%.100s is out of range; give %u to %u", text, option->min,
			      option->max);
	}
	*out = (uint32_t)number;
	return FAST_OK;
}

static enum fast_status set_level(const char *text, enum fast_log_level *out, char *error)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*out = (enum fast_log_level)i;
			return FAST_OK;
		}
	}
	return refuse(error, "'%.100s' is no log level; give error, warning, info or debug", text);
}

enum fast_status options_set(struct options *options, const struct option *option, const char *text,
			     char *error)
{
	void *member = (char *)options + option->offset;
	enum fast_status status = FAST_OK;

	switch (option->kind) {
	case OPTION_TEXT:
		status = set_text(option, text, member, error);
		break;
	case OPTION_LIST:
		status = set_list(option, text, member, error);
		break;
	case OPTION_NUMBER:
		status = set_number(option, text, member, error);
		break;
	case OPTION_LEVEL:
		status = set_level(text, member, error);
		break;
	case OPTION_FLAG:
		*(bool *)member = true;
		break;
	}
	if (status == FAST_OK) {
		options->given |= UINT32_C(1) << (option - options_table);
	}
	return status;
}

const struct option *options_find(const char *name, bool in_file, const char **nearest)
{
	const char *names[TABLE_MAX];
	size_t count = 0;

	for (size_t i = 0; i < options_count; i++) {
		if (in_file && options_table[i].command_line_only) {
			continue;
		}
		if (strcmp(options_table[i].name, name) == 0) {
			return &options_table[i];
		}
		names[count++] = options_table[i].name;
	}
	*nearest = nearest_word(name, names, count);
	return NULL;
}

/* The option that argument ("--tick", "--tick=50") names; *value is what follows "=", or NULL. */
static const struct option *find_argument(const char *argument, const char **value, char *error)
{
	char name[NEAREST_WORD_BYTES_MAX + 1] = "";
	const char *nearest = NULL;
	const struct option *option;
	size_t bytes;

	if (strcmp(argument, "-h") == 0) {
		argument = "--help";
	}
	if (strncmp(argument, "--", 2) != 0) {
		refuse(error, "'%.100s' is no option; options begin with --, as in --tick 50",
		       argument);
		return NULL;
	}
	argument += 2;
	bytes = strcspn(argument, "=");
	if (bytes <= NEAREST_WORD_BYTES_MAX) {
		memcpy(name, argument, bytes);
	}
	*value = argument[bytes] == '=' ? argument + bytes + 1 : NULL;
	option = options_find(name, false, &nearest);
	if (option == NULL && nearest != NULL) {
		refuse(error, "there is no option --%s; did you mean --%s?", name, nearest);
	} else if (option == NULL) {
		refuse(error, "there is no option --%.100s; fastd --help lists them", argument);
	}
	return option;
}

enum fast_status options_parse(struct options *options, int argc, char **argv, char *error)
{
	for (int i = 1; i < argc; i++) {
		const char *value = NULL;
		const struct option *option = find_argument(argv[i], &value, error);
		char reason[OPTIONS_ERROR_BYTES_MAX];

		if (option == NULL) {
			return FAST_INVALID_ARGUMENT;
		}
		if (option->kind == OPTION_FLAG && value != NULL) {
			return refuse(error, "--%s takes no value; give --%s alone", option->name,
				      option->name);
		}
		if (option->kind != OPTION_FLAG && value == NULL) {
			if (i + 1 == argc) {
				return refuse(error, "--%s needs a value; give --%s %s",
					      option->name, option->name, option->argument);
			}
			value = argv[++i];
		}
		if (options_set(options, option, value, reason) != FAST_OK) {
			return refuse(error, "--%s: %s", option->name, reason);
		}
	}
	return FAST_OK;
}

void options_merge(struct options *into, const struct options *from)
{
	static const size_t bytes[] = {
		[OPTION_TEXT] = OPTIONS_TEXT_BYTES_MAX + 1,
		[OPTION_LIST] = sizeof(struct options_list),
		[OPTION_NUMBER] = sizeof(uint32_t),
		[OPTION_LEVEL] = sizeof(enum fast_log_level),
		[OPTION_FLAG] = sizeof(bool),
	};

	for (size_t i = 0; i < options_count; i++) {
		const struct option *option = &options_table[i];

		if ((from->given >> i & 1) != 0) {
			memcpy((char *)into + option->offset, (const char *)from + option->offset,
			       bytes[option->kind]);
		}
	}
	into->given |= from->given;
}
