#include "daemon/http.h"
#include "tests/controller/fake_node.h"
#include "tests/support/harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX (64u << 10)
#define TIMEOUT_S        5

struct world {
	struct node node;
	struct watch *watch;
	struct self self;
	struct fast_server *server;
	struct http *http;
	char folder[32];
	char where[64]; /* unix:<folder>/http.sock */
	char answer[ANSWER_BYTES_MAX];
	char error[HTTP_ERROR_BYTES_MAX];
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	if (world == NULL) {
		return -1;
	}
	*state = world;
	fake_node_init(&world->node);
	fake_node_add_plugin(&world->node, "cam")->live = false;
	fake_node_add_plugin(&world->node, "cam");
	fake_node_add_metric(&world->node, "cam", "temperature", FAST_METRIC_GAUGE);
	if (watch_open(&world->node, NULL, &world->watch) != FAST_OK) {
		return -1;
	}
	world->self.node = &world->node;
	world->self.watch = world->watch;
	if (fast_server_open(NULL, &world->server) != FAST_OK) {
		return -1;
	}
	world->self.server = world->server;
	snprintf(world->folder, sizeof world->folder, "/tmp/fastd-http-XXXXXX");
	if (mkdtemp(world->folder) == NULL) {
		return -1;
	}
	snprintf(world->where, sizeof world->where, "unix:%s/http.sock", world->folder);
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	http_close(world->http);
	fast_server_close(world->server);
	watch_stop(world->watch);
	watch_close(world->watch);
	fake_node_fini(&world->node);
	if (rmdir(world->folder) != 0) {
		return -1; /* the socket is still there */
	}
	free(world);
	return 0;
}

static void serve(struct world *world, const char *where)
{
	assert_ok(http_open(where, &world->self, &world->http, world->error));
}

static int connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(0, connect(fd, (struct sockaddr *)&address, sizeof address));
	return fd;
}

static int connect_tcp(const char *url)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	unsigned port = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(1, sscanf(url, "http://127.0.0.1:%u", &port));
	address.sin_port = htons((uint16_t)port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(0, connect(fd, (struct sockaddr *)&address, sizeof address));
	return fd;
}

/* Reads until the server closes, and closes too. */
static const char *read_all(struct world *world, int fd)
{
	const struct timeval timeout = {.tv_sec = TIMEOUT_S};
	size_t count = 0;
	ssize_t got;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	while ((got = recv(fd, world->answer + count, ANSWER_BYTES_MAX - 1 - count, 0)) > 0) {
		count += (size_t)got;
	}
	close(fd);
	world->answer[count] = '\0';
	return world->answer;
}

static const char *exchange(struct world *world, int fd, const char *request)
{
	assert_int_equal((ssize_t)strlen(request),
			 send(fd, request, strlen(request), MSG_NOSIGNAL));
	return read_all(world, fd);
}

static const char *ask(struct world *world, const char *head)
{
	char request[1024];

	snprintf(request, sizeof request, "%s\r\nHost: x\r\nConnection: close\r\n\r\n", head);
	return exchange(world, connect_unix(world->where + strlen("unix:")), request);
}

static void assert_begins(const char *answer, const char *status)
{
	if (strncmp(answer, status, strlen(status)) != 0) {
		print_error("%s\n", answer);
	}
	assert_memory_equal(status, answer, strlen(status));
}

#define assert_has(answer, what) assert_non_null(strstr(answer, what))

static void a_scraper_gets_the_format_that_it_asks_for(void **state)
{
	struct world *world = *state;
	const char *answer;

	serve(world, world->where);
	answer = ask(world, "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text");
	assert_begins(answer, "HTTP/1.1 200");
	assert_has(answer, "Content-Type: application/openmetrics-text; version=1.0.0; "
			   "charset=utf-8\r\n");
	assert_has(answer, "\nplugin_temperature{plugin=\"cam\"} 24.5\n");
	assert_has(answer, "\nfastd_rpc_calls_total 0\n");
	assert_has(answer, "\nfastd_series_rejected 0\n");
	assert_string_equal("# EOF\n", answer + strlen(answer) - strlen("# EOF\n"));

	answer = ask(world, "GET /metrics HTTP/1.1");
	assert_has(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	assert_has(answer, "\n# TYPE fastd_rpc_calls_total counter\n");
	assert_null(strstr(answer, "# EOF"));
}

static void a_live_plugin_hides_an_ended_one_of_its_name(void **state)
{
	struct world *world = *state;
	const char *answer;

	serve(world, world->where);
	answer = ask(world, "GET /metrics HTTP/1.1");
	assert_has(answer, "fastd_plugin_up{plugin=\"cam\"} 1\n");
	assert_null(strstr(answer, "fastd_plugin_up{plugin=\"cam\"} 0\n"));
}

static void a_head_request_gets_the_length_alone(void **state)
{
	struct world *world = *state;
	const char *answer;

	serve(world, world->where);
	answer = ask(world, "HEAD /metrics HTTP/1.1");
	assert_begins(answer, "HTTP/1.1 200");
	assert_has(answer, "Content-Length: ");
	assert_null(strstr(answer, "plugin_temperature"));
}

static void people_get_a_page_that_leads_on(void **state)
{
	struct world *world = *state;
	const char *answer;

	serve(world, world->where);
	answer = ask(world, "GET / HTTP/1.1");
	assert_begins(answer, "HTTP/1.1 200");
	assert_has(answer, "Content-Type: text/html; charset=utf-8\r\n");
	assert_has(answer, "href=\"/metrics\"");
}

static void health_is_what_the_store_says(void **state)
{
	struct world *world = *state;
	const char *answer;

	serve(world, world->where);
	answer = ask(world, "GET /healthz HTTP/1.1");
	assert_begins(answer, "HTTP/1.1 200");
	assert_has(answer, "\r\n\r\nok\n");
	snprintf(world->node.status.store_error, sizeof world->node.status.store_error,
		 "the disk is full");
	answer = ask(world, "GET /healthz HTTP/1.1");
	assert_begins(answer, "HTTP/1.1 503");
	assert_has(answer, "\r\n\r\nthe disk is full\n");
}

static void wrong_paths_and_verbs_are_told_what_is_right(void **state)
{
	struct world *world = *state;
	const char *answer;

	serve(world, world->where);
	answer = ask(world, "GET /../../etc/passwd HTTP/1.1");
	assert_begins(answer, "HTTP/1.1 404");
	assert_has(answer, "there is nothing at /../../etc/passwd; / lists what there is");
	answer = ask(world, "POST /metrics HTTP/1.1\r\nContent-Length: 0");
	assert_begins(answer, "HTTP/1.1 405");
	assert_has(answer, "Allow: GET, HEAD\r\n");
	answer = ask(world, "DELETE /healthz HTTP/1.1");
	assert_begins(answer, "HTTP/1.1 405");
	answer = exchange(world, connect_unix(world->where + strlen("unix:")),
			  "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
			  "Content-Length: 5\r\n\r\nabcde");
	assert_begins(answer, "HTTP/1.1 405");
}

static void nonsense_does_not_hurt(void **state)
{
	static const char *const requests[] = {
		"\r\n\r\n\r\n\r\n",
		"GET\r\n\r\n",
		"\x16\x03\x01\x02\x05\x01\r\n\r\n",
		"GET /metrics HTTP/9.9\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
	};
	struct world *world = *state;

	serve(world, world->where);
	for (size_t i = 0; i < FAST_TEST_COUNT(requests); i++) {
		int fd = connect_unix(world->where + strlen("unix:"));

		assert_true(send(fd, requests[i], strlen(requests[i]), MSG_NOSIGNAL) > 0);
		close(fd);
	}
	assert_begins(ask(world, "GET /healthz HTTP/1.1"), "HTTP/1.1 200");
}

static void it_is_served_over_tcp_on_a_free_port(void **state)
{
	struct world *world = *state;
	const char *answer;

	serve(world, "localhost:0");
	answer = exchange(world, connect_tcp(http_url(world->http)),
			  "GET /healthz HTTP/1.0\r\n\r\n");
	assert_has(answer, "\r\n\r\nok\n");
}

/* Serves anew, since roles are fixed while it does. */
static void serve_with(struct world *world, const char *where, struct roles *roles,
		       const char *text)
{
	http_close(world->http);
	world->http = NULL;
	if (text != NULL) {
		assert_ok(role_parse(text, &roles->grants[roles->count++], world->error));
	}
	world->self.roles = roles;
	serve(world, where);
}

static void metrics_are_for_those_who_may_look_at_all_plugins(void **state)
{
	struct world *world = *state;
	struct roles roles = {.own_uid = geteuid()};
	char grant[64];

	serve_with(world, world->where, &roles, NULL);
	assert_begins(ask(world, "GET /metrics HTTP/1.1"), "HTTP/1.1 200");

	snprintf(grant, sizeof grant, "uid:%u=viewer:c*", geteuid());
	serve_with(world, world->where, &roles, grant);
	assert_begins(ask(world, "GET /metrics HTTP/1.1"), "HTTP/1.1 403");
	assert_has(world->answer, "permission_denied");
	assert_has(world->answer, "is viewer for plugins 'c*'");
	assert_begins(ask(world, "GET /healthz HTTP/1.1"), "HTTP/1.1 200");
	assert_begins(ask(world, "GET /live HTTP/1.1"), "HTTP/1.1 200");

	snprintf(grant, sizeof grant, "uid:%u=viewer", geteuid());
	serve_with(world, world->where, &roles, grant);
	assert_begins(ask(world, "GET /metrics HTTP/1.1"), "HTTP/1.1 200");
}

static const char *ask_tcp(struct world *world, const char *headers)
{
	char request[256];

	snprintf(request, sizeof request,
		 "GET /metrics HTTP/1.1\r\n%s\r\nConnection: close\r\n\r\n", headers);
	return exchange(world, connect_tcp(http_url(world->http)), request);
}

static void over_tcp_metrics_are_for_viewers_and_for_no_page_of_strangers(void **state)
{
	struct world *world = *state;
	struct roles roles = {.own_uid = geteuid()};

	serve_with(world, "127.0.0.1:0", &roles, NULL);
	assert_begins(ask_tcp(world, "Host: localhost"), "HTTP/1.1 200");
	assert_begins(ask_tcp(world, "Host: evil.example"), "HTTP/1.1 403");
	assert_has(world->answer, "use an IP address or localhost");
	assert_begins(ask_tcp(world, "Host: localhost\r\nOrigin: http://evil.example"),
		      "HTTP/1.1 403");
	serve_with(world, "127.0.0.1:0", &roles, "tcp=plugin");
	assert_begins(ask_tcp(world, "Host: localhost"), "HTTP/1.1 403");
	assert_has(world->answer, "/metrics needs the role viewer, and tcp has plugin");
}

static void a_stale_socket_is_taken_over_and_a_live_one_refused(void **state)
{
	struct world *world = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct http *second = NULL;
	struct stat stat_of;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", world->where + strlen("unix:"));
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
	close(fd); /* its file stays */
	serve(world, world->where);
	assert_string_equal(world->where, http_url(world->http));
	assert_int_equal(0, stat(address.sun_path, &stat_of));
	assert_int_equal(0660, stat_of.st_mode & 0777);

	assert_status(FAST_ALREADY_EXISTS,
		      http_open(world->where, &world->self, &second, world->error));
	assert_has(world->error, "http.sock is in use by pid ");
	assert_null(second);
	assert_begins(ask(world, "GET /healthz HTTP/1.1"), "HTTP/1.1 200");
}

static void a_file_in_the_way_is_left_alone(void **state)
{
	struct world *world = *state;
	const char *path = world->where + strlen("unix:");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fclose(file);
	assert_status(FAST_FAILED_PRECONDITION,
		      http_open(world->where, &world->self, &world->http, world->error));
	assert_has(world->error, "no socket");
	assert_int_equal(0, unlink(path));
}

static void a_port_that_is_taken_is_named(void **state)
{
	struct world *world = *state;
	struct http *second = NULL;

	serve(world, "127.0.0.1:0");
	assert_status(FAST_UNAVAILABLE, http_open(http_url(world->http) + strlen("http://"),
						  &world->self, &second, world->error));
	assert_has(world->error, "Address already in use");
	assert_has(world->error, http_url(world->http));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_scraper_gets_the_format_that_it_asks_for),
		TEST(a_live_plugin_hides_an_ended_one_of_its_name),
		TEST(a_head_request_gets_the_length_alone),
		TEST(people_get_a_page_that_leads_on),
		TEST(health_is_what_the_store_says),
		TEST(wrong_paths_and_verbs_are_told_what_is_right),
		TEST(nonsense_does_not_hurt),
		TEST(it_is_served_over_tcp_on_a_free_port),
		TEST(metrics_are_for_those_who_may_look_at_all_plugins),
		TEST(over_tcp_metrics_are_for_viewers_and_for_no_page_of_strangers),
		TEST(a_stale_socket_is_taken_over_and_a_live_one_refused),
		TEST(a_file_in_the_way_is_left_alone),
		TEST(a_port_that_is_taken_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
