#include "runtime/tls_world.h"

#include "support/fault_alloc.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void refused(const struct fast_tls_options *options, enum fast_status status,
		    const char *sentence)
{
	struct fast_tls *tls = NULL;
	char error[FAST_TLS_ERROR_BYTES] = "";

	assert_status(status, fast_tls_new(options, &tls, error, sizeof error));
	assert_null(tls);
	if (strstr(error, sentence) == NULL) {
		fail_msg("\"%s\" is not in \"%s\"", sentence, error);
	}
	assert_status(status, fast_tls_new(options, &tls, NULL, 0));
}

static void a_file_that_is_missing_is_named(void **state)
{
	struct fast_tls_options options = tls_options("no-ca", "client");

	(void)state;
	refused(&options, FAST_NOT_FOUND, "no-ca.pem: No such file");
	options = tls_options("ca", "nobody");
	refused(&options, FAST_NOT_FOUND, "nobody.pem: No such file");
	options = tls_options("ca", "client");
	options.key_file = tls_file("nobody.key");
	refused(&options, FAST_NOT_FOUND, "nobody.key: No such file");
}

static void a_file_of_other_contents_is_named(void **state)
{
	struct fast_tls_options options = tls_options("ca", "client");

	(void)state;
	options.ca_file = tls_file("client.key");
	refused(&options, FAST_INVALID_ARGUMENT, "client.key has no certificate");
	options = tls_options("ca", "client");
	options.key_file = tls_file("client.pem");
	refused(&options, FAST_INVALID_ARGUMENT, "client.pem has no key");
	options.key_file = tls_file("server.key");
	refused(&options, FAST_INVALID_ARGUMENT, "server.key is not the key of");
	options.key_file = tls_file("."); /* a folder */
	refused(&options, FAST_INVALID_ARGUMENT, "cannot read");
}

static void a_certificate_and_its_key_go_together(void **state)
{
	struct fast_tls_options options = tls_options("ca", "client");

	(void)state;
	options.key_file = NULL;
	refused(&options, FAST_INVALID_ARGUMENT, "go together");
	options = tls_options("ca", "client");
	options.certificate_file = NULL;
	refused(&options, FAST_INVALID_ARGUMENT, "go together");
}

static void a_side_that_lacks_something_is_told_at_once(void **state)
{
	struct fast_tls *nothing = tls_make(NULL, NULL);
	struct fast_tls *no_ca = tls_make(NULL, "server");
	struct fast_link_listener *listener = NULL;
	struct fast_link_dialer *dialer = NULL;
	struct link_inbox inbox;

	(void)state;
	link_inbox_init(&inbox);
	assert_status(FAST_FAILED_PRECONDITION,
		      fast_link_listen_tls("tls+tcp://127.0.0.1:0", nothing, link_inbox_accepted,
					   &inbox, &listener));
	assert_status(FAST_FAILED_PRECONDITION,
		      fast_link_listen_tls("tls+tcp://127.0.0.1:0", no_ca, link_inbox_accepted,
					   &inbox, &listener));
	assert_status(FAST_FAILED_PRECONDITION,
		      fast_link_dialer_new_tls("tls+tcp://localhost:1", no_ca, &dialer));
	assert_status(FAST_FAILED_PRECONDITION,
		      fast_link_dialer_new("tls+tcp://localhost:1", &dialer));
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_link_listen("tls+tcp://127.0.0.1:0", 0, link_inbox_accepted, &inbox,
				       &listener));
	assert_status(FAST_INVALID_ARGUMENT,
		      fast_link_listen_tls("tcp://127.0.0.1:0", no_ca, link_inbox_accepted, &inbox,
					   &listener));
	fast_tls_free(nothing);
	fast_tls_free(no_ca);
	fast_tls_free(NULL);
}

static void tls_endpoints_may_be_anywhere(void **state)
{
	static const char *const good[] = {
		"tls+tcp://node.example:5000",
		"tls+tcp://10.0.0.1:1",
		"tls+tcp://[2001:db8::1]:9",
		"tls+tcp://localhost:65535",
	};
	static const char *const bad[] = {
		"tls+tcp://",         "tls+tcp://node.example",   "tls+tcp://:5000",
		"tls+tcp://node:0",   "tls+tcp://a/b:5000",       "tls+tcp://[::g]:5000",
		"tls+tcp://[::1:500", "tls+tcp://node:5000/path", "tls+tcp://no de:1",
	};
	struct fast_tls *tls = tls_make("ca", NULL);
	struct fast_link_dialer *dialer = NULL;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(good); i++) {
		assert_ok(fast_link_dialer_new_tls(good[i], tls, &dialer));
		fast_link_dialer_free(dialer);
		dialer = NULL;
	}
	for (size_t i = 0; i < FAST_TEST_COUNT(bad); i++) {
		assert_status(FAST_INVALID_ARGUMENT,
			      fast_link_dialer_new_tls(bad[i], tls, &dialer));
		assert_null(dialer);
	}
	fast_tls_free(tls);
}

static void new_survives_each_allocation_failure(void **state)
{
	struct fast_tls_options options = tls_options("ca", "server");
	struct fast_tls *tls = NULL;
	enum fast_status status;
	int n = 0;

	(void)state;
	for (;;) {
		fault_alloc_after(n++);
		status = fast_tls_new(&options, &tls, NULL, 0);
		if (!fault_alloc_fired()) {
			break;
		}
		assert_status(FAST_RESOURCE_EXHAUSTED, status);
		assert_null(tls);
	}
	fault_alloc_after(-1);
	assert_ok(status);
	fast_tls_free(tls);
}

/* A dial in which one allocation fails ends in good order: by a link, or by a status. */
static void a_handshake_survives_each_allocation_failure(void **state)
{
	struct tls_ends ends;
	struct fast_link *link = NULL;
	bool has_fired = true;

	(void)state;
	tls_ends_open(&ends, tls_make("ca", "server"), tls_make("ca", "client"), "localhost");
	for (int n = 0; has_fired && n < 100; n++) {
		enum fast_status status;
		fault_alloc_after(n);
		status = tls_ends_dial(&ends, 15000, &link);
		has_fired = fault_alloc_fired();
		fault_alloc_after(-1);
		if (status == FAST_OK) {
			link->ops->free(link);
		} else {
			assert_true(status == FAST_RESOURCE_EXHAUSTED ||
				    status == FAST_UNAVAILABLE);
		}
	}
	assert_ok(tls_ends_dial(&ends, 15000, &link));
	link->ops->free(link);
	tls_ends_close(&ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_missing_is_named),
		cmocka_unit_test(a_file_of_other_contents_is_named),
		cmocka_unit_test(a_certificate_and_its_key_go_together),
		cmocka_unit_test(a_side_that_lacks_something_is_told_at_once),
		cmocka_unit_test(tls_endpoints_may_be_anywhere),
		cmocka_unit_test(new_survives_each_allocation_failure),
		cmocka_unit_test(a_handshake_survives_each_allocation_failure),
	};

	return cmocka_run_group_tests(tests, tls_world_make, tls_world_remove);
}
