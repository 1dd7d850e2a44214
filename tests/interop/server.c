/* interop_server FOLDER - serves a Probe at ipc://FOLDER/rpc and on tcp, whose endpoint it prints,
 * and publishes a count at ipc://FOLDER/pub, until its input ends. */
#include <fast/publisher.h>
#include <fast/server.h>
#include <signal.h>
#include <stdio.h>
#include <testing/v1/probe.fast.h>
#include <time.h>

#define PUBLISH_EVERY_NS 20000000

static void echo(struct fast_call *call, const Testing__V1__ProbeRequest *request, void *arg)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	(void)arg;
	response.number = request->number;
	response.text = request->text;
	response.blob = request->blob;
	testing_v1_probe_echo_reply(call, &response);
}

/* Until one of the signals, which are blocked, has come. */
static void publish(struct fast_publisher *publisher, const sigset_t *signals)
{
	const struct timespec interval = {0, PUBLISH_EVERY_NS};
	Testing__V1__ProbeResponse sample = TESTING__V1__PROBE_RESPONSE__INIT;

	while (sigtimedwait(signals, NULL, &interval) < 0) {
		sample.number++;
		if (fast_publisher_send(publisher, sample.number % 2 == 0 ? "even" : "odd",
					&sample.base) != FAST_OK) {
			return;
		}
	}
}

int main(int argc, char **argv)
{
	const struct testing_v1_probe_handlers handlers = {.echo = echo, .read = echo};
	struct fast_server *server = NULL;
	struct fast_publisher *publisher = NULL;
	char rpc[128];
	char pub[128];
	sigset_t signals;
	int code = 1;

	if (argc != 2) {
		fprintf(stderr, "usage: interop_server FOLDER\n");
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL); /* of every thread to come */
	snprintf(rpc, sizeof rpc, "ipc://%s/rpc", argv[1]);
	snprintf(pub, sizeof pub, "ipc://%s/pub", argv[1]);
	if (fast_server_open(NULL, &server) == FAST_OK &&
	    fast_server_add(server, &testing_v1_probe_service, &handlers, NULL, 0) == FAST_OK &&
	    fast_server_listen(server, rpc, 0600) == FAST_OK &&
	    fast_server_listen(server, "tcp://127.0.0.1:0", 0) == FAST_OK &&
	    fast_publisher_open(pub, 0600, &publisher) == FAST_OK) {
		printf("%s\n", fast_server_endpoint(server, 1));
		fflush(stdout);
		publish(publisher, &signals);
		code = 0;
	}
	fast_publisher_close(publisher);
	fast_server_close(server);
	return code;
}
