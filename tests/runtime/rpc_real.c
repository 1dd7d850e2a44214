#include "rpc_real.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char *real_transport = "ipc";

static void real_note_cancel(struct fast_call *call, void *arg)
{
	struct real *real = arg;

	(void)call;
	gate_pass(&real->cancelled);
}

static void real_keep(struct real *real, struct fast_call *call)
{
	/* The cancel function takes no lock, so this may hold one. */
	pthread_mutex_lock(&real->lock);
	if (real->kept_count < REAL_KEPT_MAX) {
		real->kept[real->kept_count++] = call;
		fast_call_on_cancel(call, real_note_cancel, real);
		gate_pass(&real->keeping);
		call = NULL;
	}
	pthread_mutex_unlock(&real->lock);
	if (call != NULL) {
		fast_call_fail(call, FAST_INTERNAL, "the test keeps too many calls");
	}
}

static void real_echo_handler(struct fast_call *call, const Testing__V1__ProbeRequest *request,
			      void *arg)
{
	struct real *real = arg;
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	gate_pass(&real->entered);
	if (real->handling == REAL_KEEPS) {
		real_keep(real, call);
		return;
	}
	if (real->handling == REAL_BLOCKS && !gate_wait(&real->release, 1)) {
		fast_call_fail(call, FAST_INTERNAL, "nobody released the handler");
		return;
	}
	response.number = request->number;
	response.blob = request->blob;
	fast_call_reply(call, &response.base);
}

static void real_watch_handler(struct fast_call *call, const Testing__V1__ProbeRequest *request,
			       void *arg)
{
	Testing__V1__ProbeResponse item = TESTING__V1__PROBE_RESPONSE__INIT;
	struct real *real = arg;

	gate_pass(&real->entered);
	if (real->handling == REAL_KEEPS) {
		real_keep(real, call);
		return;
	}
	item.blob = request->blob;
	for (item.number = 1; item.number <= request->number;) {
		enum fast_status status = testing_v1_probe_watch_send(call, &item);
		if (status == FAST_OK) {
			item.number++;
		} else if (status == FAST_RESOURCE_EXHAUSTED) {
			sched_yield();
		} else {
			fast_call_fail(call, status, "nobody reads");
			return;
		}
	}
	fast_call_finish(call);
}

void real_serve(struct real *real, const struct fast_server_options *options, unsigned flags)
{
	assert_ok(fast_server_open(options, &real->server));
	real->handlers = (struct testing_v1_probe_handlers){
		.echo = real_echo_handler, .read = real_echo_handler, .watch = real_watch_handler};
	assert_ok(fast_server_add(real->server, &testing_v1_probe_service, &real->handlers, real,
				  flags));
	assert_ok(fast_server_listen(real->server, real->endpoint, 0600));
}

void real_name_endpoint(const char *folder, char *out, size_t bytes)
{
	if (strcmp(real_transport, "inproc") == 0) {
		snprintf(out, bytes, "inproc://%s", strrchr(folder, '/') + 1);
	} else {
		snprintf(out, bytes, "%s://%s/s", real_transport, folder);
	}
}

void real_open(struct real *real, const struct fast_server_options *options, unsigned flags)
{
	*real = (struct real){.folder = "/tmp/fast_rpc.XXXXXX",
			      .entered = GATE_INITIALIZER,
			      .keeping = GATE_INITIALIZER,
			      .cancelled = GATE_INITIALIZER,
			      .release = GATE_INITIALIZER,
			      .lock = PTHREAD_MUTEX_INITIALIZER};
	assert_non_null(mkdtemp(real->folder));
	real_name_endpoint(real->folder, real->endpoint, sizeof real->endpoint);
	real_serve(real, options, flags);
}

void real_stop(struct real *real)
{
	fast_server_close(real->server);
	real->server = NULL;
}

void real_close(struct real *real)
{
	char path[128];

	snprintf(path, sizeof path, "%s/s", real->folder);
	unlink(path);
	snprintf(path, sizeof path, "%s/s.lock", real->folder);
	unlink(path);
	assert_int_equal(0, rmdir(real->folder));
}

void real_answer_kept(struct real *real)
{
	Testing__V1__ProbeResponse response = TESTING__V1__PROBE_RESPONSE__INIT;

	for (;;) {
		struct fast_call *call = NULL;
		pthread_mutex_lock(&real->lock);
		if (real->kept_count > 0) {
			call = real->kept[--real->kept_count];
		}
		pthread_mutex_unlock(&real->lock);
		if (call == NULL) {
			return;
		}
		if (fast_call_method(call)->kind == FAST_METHOD_UNARY) {
			fast_call_reply(call, &response.base);
		} else {
			fast_call_finish(call);
		}
	}
}

struct fast_client *real_client(const char *endpoint)
{
	struct fast_client *client = NULL;

	assert_ok(fast_client_open(endpoint, NULL, &client));
	return client;
}

enum fast_status real_echo(struct fast_client *client, uint32_t number, int64_t timeout_ms,
			   uint32_t *number_back)
{
	struct fast_call_options options = {.size = sizeof options, .timeout_ms = timeout_ms};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;
	struct fast_reply reply;
	enum fast_status status;

	request.number = number;
	status = testing_v1_probe_echo(client, &options, &request, &reply);
	if (status == FAST_OK && number_back != NULL) {
		*number_back = testing_v1_probe_echo_response(&reply)->number;
	}
	fast_reply_fini(&reply);
	return status;
}

void real_pass(const struct fast_reply *reply, void *arg)
{
	(void)reply;
	gate_pass(arg);
}

int real_listen_deaf(const char *endpoint)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s",
		 strstr(endpoint, "://") + strlen("://"));
	assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
	assert_int_equal(0, listen(fd, 16));
	return fd;
}
