/* Who may do what, by the map's words. */
#include "daemon/role.h"
#include "tests/support/harness.h"

#include <stdlib.h>
#include <string.h>

#define OWN_UID 990

static const struct fast_peer root = {.endpoint = "ipc", .has_credentials = true, .uid = 0};
static const struct fast_peer own = {.endpoint = "ipc", .has_credentials = true, .uid = OWN_UID};
static const struct fast_peer user = {.endpoint = "ipc", .has_credentials = true, .uid = 1000};
static const struct fast_peer web = {.endpoint = "http", .has_credentials = true, .uid = 1000};
static const struct fast_peer tcp = {.endpoint = "tcp"};
static const char *const names[] = {"ci.example", "spiffe://a/b=c"};
static const struct fast_peer ci = {.endpoint = "tls+tcp",
				    .has_certificate = true,
				    .common_name = "CI",
				    .names = names,
				    .name_count = 2};

static struct roles map_of(const char *const *texts, size_t count)
{
	struct roles roles = {.own_uid = OWN_UID};
	char error[ROLE_ERROR_BYTES_MAX] = "";

	for (size_t i = 0; i < count; i++) {
		if (role_parse(texts[i], &roles.grants[roles.count++], error) != FAST_OK) {
			fail_msg("%s: %s", texts[i], error);
		}
	}
	return roles;
}

#define MAP(...)                                                                                   \
	map_of((const char *const[]){__VA_ARGS__},                                                 \
	       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static bool may(const struct roles *roles, const struct fast_peer *peer, enum role least,
		const char *plugin, const char *param)
{
	char reason[ROLE_REASON_BYTES_MAX] = "";
	const struct role_ask ask = {"fast.v1.Param/Set", least, plugin, &param,
				     param == NULL ? 0 : 1};
	bool allowed = roles_allow(roles, peer, &ask, reason);

	assert_true(allowed == (reason[0] == '\0'));
	return allowed;
}

static void without_a_map_the_socket_says_who_may_what(void **state)
{
	const struct roles none = {.own_uid = OWN_UID};
	const struct {
		const struct fast_peer *peer;
		enum role most;
		bool attaches;
	} cases[] = {
		{&root, ROLE_ADMIN, true},      {&own, ROLE_ADMIN, true},
		{&user, ROLE_CONTROLLER, true}, {&web, ROLE_CONTROLLER, true},
		{&tcp, ROLE_VIEWER, false},     {&ci, ROLE_VIEWER, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (int least = ROLE_VIEWER; least <= ROLE_ADMIN; least++) {
			assert_int_equal(least <= (int)cases[i].most,
					 may(&none, cases[i].peer, (enum role)least, "cam", "res"));
		}
		assert_int_equal(cases[i].attaches,
				 may(&none, cases[i].peer, ROLE_PLUGIN, "cam", NULL));
	}
}

static void a_word_in_the_map_outranks_what_else_would_hold(void **state)
{
	const struct roles roles = MAP("uid:0=viewer", "uid:1000=none", "tcp=controller");

	(void)state;
	assert_true(may(&roles, &root, ROLE_VIEWER, "", NULL));
	assert_false(may(&roles, &root, ROLE_PROFILER, "", NULL));
	assert_false(may(&roles, &user, ROLE_VIEWER, "", NULL));
	assert_true(may(&roles, &user, ROLE_NONE, NULL, NULL));
	assert_true(may(&roles, &tcp, ROLE_CONTROLLER, "", ""));
	assert_false(may(&roles, &tcp, ROLE_ADMIN, "", ""));
	assert_true(may(&roles, &own, ROLE_ADMIN, "", ""));
}

static void a_certificate_goes_by_any_of_its_names(void **state)
{
	const struct roles by_name = MAP("tls=none", "name:*.example=controller");
	const struct roles by_uri = MAP("name:spiffe://a/b=c=profiler");
	const struct roles by_common_name = MAP("name:CI=admin");
	const struct roles others = MAP("tls=none", "name:cam.example=plugin");

	(void)state;
	assert_true(may(&by_name, &ci, ROLE_CONTROLLER, "", ""));
	assert_false(may(&by_name, &tcp, ROLE_CONTROLLER, "", ""));
	assert_true(may(&by_uri, &ci, ROLE_PROFILER, "", ""));
	assert_false(may(&by_uri, &ci, ROLE_CONTROLLER, "", ""));
	assert_true(may(&by_common_name, &ci, ROLE_ADMIN, "", ""));
	assert_false(may(&others, &ci, ROLE_VIEWER, "", ""));
}

static void a_plugin_attaches_and_does_nothing_else(void **state)
{
	const struct roles roles = MAP("tcp=plugin:cam*", "uid:1000=controller");

	(void)state;
	assert_true(may(&roles, &tcp, ROLE_PLUGIN, "cam", NULL));
	assert_true(may(&roles, &tcp, ROLE_PLUGIN, NULL, NULL));
	assert_false(may(&roles, &tcp, ROLE_PLUGIN, "mic", NULL));
	assert_false(may(&roles, &tcp, ROLE_VIEWER, "cam", NULL));
	assert_false(may(&roles, &user, ROLE_PLUGIN, "cam", NULL));
}

/* Else a reader would see, by a glob, what it may not by name. */
static void a_glob_is_granted_when_all_that_it_can_match_is(void **state)
{
	const struct roles roles = MAP("tcp=viewer:cam*/res*", "uid:1000=viewer:cam[12]");
	const struct {
		const struct fast_peer *peer;
		const char *plugin;
		const char *param;
		bool allowed;
	} cases[] = {
		{&tcp, "cam", "res", true},        {&tcp, "cam*", "res*", true},
		{&tcp, "cam-[12]", "res.x", true}, {&tcp, "camera*", "res?", true},
		{&tcp, "", "res", false},          {&tcp, "*", "res", false},
		{&tcp, "ca*", "res", false},       {&tcp, "c[a]m", "res", false},
		{&tcp, "cam", "", false},          {&tcp, "cam", "*", false},
		{&tcp, "mic", "res", false},       {&tcp, "\\cam", "res", false},
		{&user, "cam1", "x", true},        {&user, "cam[12]", "x", true},
		{&user, "cam[1]", "x", false},     {&user, "cam*", "x", false},
		{&user, "cam3", "x", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (may(&roles, cases[i].peer, ROLE_VIEWER, cases[i].plugin, cases[i].param) !=
		    cases[i].allowed) {
			fail_msg("%s %s", cases[i].plugin, cases[i].param);
		}
	}
}

static void several_words_for_one_peer_add_up(void **state)
{
	const struct roles roles = MAP("uid:1000=viewer", "uid:1000=controller:cam*/res");

	(void)state;
	assert_true(may(&roles, &user, ROLE_VIEWER, "", ""));
	assert_true(may(&roles, &user, ROLE_CONTROLLER, "cam", "res"));
	assert_false(may(&roles, &user, ROLE_CONTROLLER, "mic", "res"));
	assert_false(may(&roles, &user, ROLE_CONTROLLER, "cam", "mode"));
}

static void a_refusal_says_what_would_do(void **state)
{
	const struct roles roles = MAP("uid:1000=controller:cam*/res");
	const struct roles none = {.own_uid = OWN_UID};
	const char *param = "res";
	struct role_ask ask = {"fast.v1.Param/Set", ROLE_CONTROLLER, "mic", &param, 1};
	char reason[ROLE_REASON_BYTES_MAX];

	(void)state;
	assert_false(roles_allow(&none, &ci, &ask, reason));
	assert_string_equal("fast.v1.Param/Set needs the role controller, and name:ci.example has "
			    "viewer; fastd gives it by --role name:ci.example=controller",
			    reason);
	assert_false(roles_allow(&roles, &user, &ask, reason));
	assert_string_equal("fast.v1.Param/Set: uid:1000 is controller for plugins 'cam*' and "
			    "params 'res' alone; ask for no more",
			    reason);
}

/* The feed of samples asks by groups what a call of Metric.Watch would ask. */
static void groups_say_what_a_call_would_hear(void **state)
{
	static const char *const plugins[] = {"camera", "camera-2", "mic"};
	const struct fast_peer *const peers[] = {&root, &own, &user, &web, &tcp, &ci};
	const struct roles maps[] = {
		{.own_uid = OWN_UID},
		MAP("tcp=none"),
		MAP("tcp=plugin", "uid:0=none"),
		MAP("tls=none"),
		MAP("name:ci.example=viewer:mic", "tls=viewer"),
		MAP("uid:1000=controller:camera*/res*", "uid:1000=profiler:mic", "uid:0=admin"),
		MAP("uid:1000=plugin", "tcp=viewer:camera-2", "tls=none", "name:CI=admin:c*"),
	};
	size_t heard = 0;

	(void)state;
	for (size_t i = 0; i < FAST_TEST_COUNT(maps); i++) {
		for (size_t j = 0; j < FAST_TEST_COUNT(peers); j++) {
			uint64_t groups = roles_groups_of_peer(&maps[i], peers[j]);

			for (size_t k = 0; k < FAST_TEST_COUNT(plugins); k++) {
				bool hears = (groups &
					      roles_groups_of_plugin(&maps[i], plugins[k])) != 0;

				assert_true(hears ==
					    may(&maps[i], peers[j], ROLE_VIEWER, plugins[k], NULL));
				heard += hears;
			}
		}
	}
	assert_in_range(heard, 1, 125); /* neither all nor none */
}

static void what_is_no_entry_of_the_map_is_refused(void **state)
{
	const struct {
		const char *text, *error;
	} cases[] = {
		{"", "'' gives no role"},
		{"uid:1000", "'uid:1000' gives no role"},
		{"uid:x=viewer", "'x' is no user id"},
		{"uid:-1=viewer", "'-1' is no user id"},
		{"uid:4294967295=viewer", "is no user id"},
		{"gid:5=viewer", "'gid:5' is nobody"},
		{"name:=viewer", "the certificate's name has 0 bytes"},
		{"=viewer", "'=viewer' names nobody; give uid:NUMBER"},
		{"tcp=", "the role has 0 bytes"},
		{"tcp=viewers", "there is no role 'viewers'; did you mean viewer?"},
		{"tcp=root", "there is no role 'root'; give plugin, viewer"},
		{"tcp=viewer:", "the glob over plugins has 0 bytes"},
		{"tcp=viewer:a/", "the glob over params has 0 bytes"},
		{"tcp=viewer:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 "the glob over plugins has 67 bytes; give 1 to 64"},
	};
	struct role_grant grant = {.uid = 77};
	char error[ROLE_ERROR_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_status(FAST_INVALID_ARGUMENT, role_parse(cases[i].text, &grant, error));
		if (strstr(error, cases[i].error) == NULL) {
			fail_msg("%s: %s", cases[i].text, error);
		}
	}
	assert_int_equal(77, grant.uid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_map_the_socket_says_who_may_what),
		cmocka_unit_test(a_word_in_the_map_outranks_what_else_would_hold),
		cmocka_unit_test(a_certificate_goes_by_any_of_its_names),
		cmocka_unit_test(a_plugin_attaches_and_does_nothing_else),
		cmocka_unit_test(a_glob_is_granted_when_all_that_it_can_match_is),
		cmocka_unit_test(several_words_for_one_peer_add_up),
		cmocka_unit_test(a_refusal_says_what_would_do),
		cmocka_unit_test(groups_say_what_a_call_would_hear),
		cmocka_unit_test(what_is_no_entry_of_the_map_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
