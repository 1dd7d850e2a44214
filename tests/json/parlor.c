/* A server for the tests of fastctl rpc: parlor ENDPOINT. Ends at SIGTERM. */
#include <fast/server.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <testing/v1/parlor.fast.h>

/* Whoever tells its mood is told more. */
static void tell_more(struct fast_call *call)
{
	const struct fast_metadata_entry entry = FAST_METADATA_TEXT("served-by", "parlor");
	const struct fast_metadata headers = {&entry, 1};
	const char *mood = fast_metadata_text(fast_call_metadata(call), "mood");

	if (mood == NULL) {
		return;
	}
	if (fast_call_send_headers(call, &headers) != FAST_OK ||
	    fast_call_add_trailer(call, "mood", mood, strlen(mood)) != FAST_OK ||
	    fast_call_add_trailer(call, "raw-bin", "\x01z", 2) != FAST_OK) {
		fputs("parlor: no more can be told\n", stderr);
	}
	fast_call_set_retry_after_ms(call, 40);
}

static void echo(struct fast_call *call, const Testing__V1__Words *request, void *arg)
{
	const char *mood = fast_metadata_text(fast_call_metadata(call), "mood");

	(void)arg;
	if (mood != NULL && strcmp(mood, "sulky") == 0) {
		fast_call_fail(call, FAST_FAILED_PRECONDITION, "not in this mood");
		return;
	}
	tell_more(call);
	testing_v1_parlor_echo_reply(call, request);
}

/* A worker's own: it sends until nobody reads, or until it has said it often enough. */
static void chant(struct fast_call *call, const Testing__V1__Words *request, void *arg)
{
	Testing__V1__Words words = *request;

	(void)arg;
	tell_more(call);
	for (words.count = 1; request->count == 0 || words.count <= request->count;) {
		enum fast_status status = testing_v1_parlor_chant_send(call, &words);

		if (status == FAST_RESOURCE_EXHAUSTED) {
			(void)poll(NULL, 0, 1);
		} else if (status != FAST_OK) {
			fast_call_fail(call, status, "nobody listens");
			return;
		} else {
			words.count++;
		}
	}
	if (request->text[0] == '!') {
		fast_call_fail(call, FAST_DATA_LOSS, "%s", request->text);
	} else {
		fast_call_finish(call);
	}
}

static void fails(struct fast_call *call, const Testing__V1__Words *request, void *arg)
{
	(void)arg;
	tell_more(call);
	fast_call_add_detail(call, &request->base);
	fast_call_fail(call, FAST_OUT_OF_RANGE, "%s", request->text);
}

static void nap(struct fast_call *call, const Testing__V1__Words *request, void *arg)
{
	(void)arg;
	(void)poll(NULL, 0, (int)request->count);
	testing_v1_parlor_nap_reply(call, request);
}

int main(int argc, char **argv)
{
	static const struct testing_v1_parlor_handlers handlers = {
		.echo = echo, .chant = chant, .fail = fails, .nap = nap};
	const struct fast_server_options options = {.size = sizeof options, .node = "house"};
	struct fast_server *server = NULL;
	sigset_t signals;
	int number;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (argc != 2 || fast_server_open(&options, &server) != FAST_OK ||
	    fast_server_add(server, &testing_v1_parlor_service, &handlers, NULL, 0) != FAST_OK ||
	    fast_server_listen(server, argv[1], 0) != FAST_OK) {
		fputs("parlor: it cannot serve\n", stderr);
		fast_server_close(server);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	sigwait(&signals, &number);
	fast_server_close(server);
	return 0;
}
