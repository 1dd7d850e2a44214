/* Targets of requests: in which forms they come, and what they must not be taken for. */
#include "tests/connect/http_peer.h"
#include "tests/connect/probe_world.h"
#include "tests/support/harness.h"

#include <stdio.h>

#define PATH_IS "{\"code\":\"invalid_argument\",\"message\":\"the path "

/* What was asked for is answered, and nothing that it could be taken for. */
static void a_target_is_read_as_it_came(void **state)
{
	static const struct {
		const char *target;
		const char *answer;
	} cases[] = {
		{"/testing.v1.Probe/Read", "HTTP/1.1 200"},
		{"/%74esting.v1.Probe/Rea%64?message=%7B%7D", "HTTP/1.1 200"},
		{"http://localhost/testing.v1.Probe/Read?message={}", "HTTP/1.1 200"},
		{"HTTPS://[::1]:80/testing.v1.Probe/Read", "HTTP/1.1 200"},
		{"http://localhost", "HTTP/1.1 200"},
		{"http://localhost?testing.v1.Probe/Read", "HTTP/1.1 200"},
		{"/testing.v1.Probe/Read%00",
		 PATH_IS "/testing.v1.Probe/Read%00 has an encoded zero"},
		{"/testing.v1.Probe/Read%00/../x", PATH_IS},
		{"/%00testing.v1.Probe/Read", PATH_IS "/%00testing.v1.Probe/Read has an encoded"},
		{"/testing.v1.Probe%2FRead",
		 PATH_IS "/testing.v1.Probe%2FRead has an encoded slash"},
		{"/testing.v1.Probe%2fRead", PATH_IS},
		{"/%c0%af", PATH_IS "/%c0%af has bytes that are not UTF-8"},
		{"/%ed%a0%80", PATH_IS},
		{"/\xff", "has bytes that are not UTF-8"},
		{"/%4", PATH_IS "/%4 has a % without two hexadecimal digits"},
		{"/%", PATH_IS},
		{"/%zz", PATH_IS},
		{"/%4?%41", PATH_IS},
		{"*", "the request's target is '*'; ask for a path, which begins with a slash"},
		{"testing.v1.Probe/Read", "the request's target is 'testing.v1.Probe/Read'"},
		{"%00testing.v1.Probe/Read", "the request's target is '%00testing"},
		{"%2Ftesting.v1.Probe/Read", "HTTP/1.1 400"},
		{"?message={}", "HTTP/1.1 400"},
		{"localhost:80", "HTTP/1.1 400"},
		{"ftp://localhost/testing.v1.Probe/Read", "HTTP/1.1 400"},
		{"/../testing.v1.Probe/Read", "HTTP/1.1 404"},
		{"/%2e%2e/testing.v1.Probe/Read", "HTTP/1.1 404"},
		{"/./testing.v1.Probe/Read", "HTTP/1.1 404"},
		{"//testing.v1.Probe/Read", "HTTP/1.1 404"},
		{"/testing.v1.Probe/Read/", "HTTP/1.1 404"},
		{"/testing.v1.Probe/Read#x", "HTTP/1.1 404"},
		{"/testing.v1.Probe/R%C3%A4d", "HTTP/1.1 404"},
		{"/testing.v1.Probe/Read?encoding=json%00",
		 "encoding in the query has a zero byte"},
		{"/testing.v1.Probe/Read?connect=v1%00", "connect in the query has a zero byte"},
		{"/testing.v1.Probe/Read?compression=gzip%00", "compression in the query has a"},
		{"/testing.v1.Probe/Read?message={}&base64=1%00", "base64 in the query has a zero"},
	};
	struct probe_world *world = probe_world_open(NULL);

	(void)state;
	assert_non_null(world);
	for (size_t i = 0; i < FAST_TEST_COUNT(cases); i++) {
		struct http_peer *peer = http_peer_open(probe_world_port(world));
		char head[256];

		assert_non_null(peer);
		snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
			 cases[i].target);
		assert_true(http_peer_say(peer, head));
		if (!http_peer_hears(peer, cases[i].answer)) {
			fail_msg("%s: %s", cases[i].target, peer->heard);
		}
		http_peer_close(peer);
	}
	probe_world_close(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_is_read_as_it_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
