#include "flow_real.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct flow_real ipc;
const char *flow_real_transport = "ipc";

void flow_real_sum_item(struct fast_call *call, enum fast_status status,
			const Testing__V1__FlowNumber *item, void *arg)
{
	struct total *total = arg;
	Testing__V1__FlowSum sum = TESTING__V1__FLOW_SUM__INIT;

	gate_pass(&ipc.entered);
	if (ipc.blocks && !gate_wait(&ipc.release, 1)) {
		status = FAST_INTERNAL;
	}
	if (item != NULL) {
		total->sum += item->number;
		total->count++;
		gate_pass(&ipc.left);
		return;
	}
	sum.sum = total->sum;
	sum.count = total->count;
	free(total);
	if (status == FAST_OK) {
		testing_v1_flow_sum_reply(call, &sum);
	} else {
		gate_pass(&ipc.gone);
		fast_call_fail(call, status, "the caller has gone");
	}
}

static void sum_handle(struct fast_call *call, void *arg)
{
	struct total *total;

	(void)arg;
	if (ipc.keeps) {
		ipc.kept[gate_count(&ipc.handled)] = call;
		gate_pass(&ipc.handled);
		return;
	}
	total = calloc(1, sizeof *total);
	if (total == NULL) {
		fast_call_fail(call, FAST_RESOURCE_EXHAUSTED, "no memory");
		return;
	}
	testing_v1_flow_sum_on_item(call, flow_real_sum_item, total);
}

static void echo_item(struct fast_call *call, enum fast_status status,
		      const Testing__V1__FlowNumber *item, void *arg)
{
	enum fast_status sent = FAST_OK;

	(void)arg;
	if (item == NULL && status == FAST_OK) {
		fast_call_finish(call);
		return;
	}
	if (item == NULL) {
		gate_pass(&ipc.gone);
		fast_call_fail(call, status, "the caller has gone");
		return;
	}
	/* A reader that is slow holds the sender back, through this. */
	do {
		sent = testing_v1_flow_echo_send(call, item);
		if (sent == FAST_RESOURCE_EXHAUSTED) {
			sched_yield();
		}
	} while (sent == FAST_RESOURCE_EXHAUSTED);
}

static void echo_handle(struct fast_call *call, void *arg)
{
	(void)arg;
	testing_v1_flow_echo_on_item(call, echo_item, NULL);
}

static const struct testing_v1_flow_handlers handlers = {.sum = sum_handle, .echo = echo_handle};

void flow_real_serve(const struct fast_server_options *options)
{
	assert_ok(fast_server_open(options, &ipc.server));
	assert_ok(fast_server_add(ipc.server, &testing_v1_flow_service, &handlers, NULL, 0));
	assert_ok(fast_server_listen(ipc.server, ipc.endpoint, 0600));
}

int flow_real_setup(void **state)
{
	(void)state;
	memset(&ipc, 0, sizeof ipc);
	ipc.entered = ipc.left = ipc.handled = ipc.release = ipc.gone =
		(struct gate)GATE_INITIALIZER;
	snprintf(ipc.folder, sizeof ipc.folder, "/tmp/fast_flow.XXXXXX");
	assert_non_null(mkdtemp(ipc.folder));
	if (strcmp(flow_real_transport, "inproc") == 0) {
		snprintf(ipc.endpoint, sizeof ipc.endpoint, "inproc://%s",
			 strrchr(ipc.folder, '/') + 1);
	} else {
		snprintf(ipc.endpoint, sizeof ipc.endpoint, "%s://%s/s", flow_real_transport,
			 ipc.folder);
	}
	flow_real_serve(NULL);
	assert_ok(fast_client_open(ipc.endpoint, NULL, &ipc.client));
	return 0;
}

int flow_real_teardown(void **state)
{
	char path[128];

	(void)state;
	fast_client_close(ipc.client);
	fast_server_close(ipc.server);
	snprintf(path, sizeof path, "%s/s", ipc.folder);
	unlink(path);
	snprintf(path, sizeof path, "%s/s.lock", ipc.folder);
	unlink(path);
	assert_int_equal(0, rmdir(ipc.folder));
	return 0;
}

bool flow_real_put_all(struct fast_stream *stream, uint64_t count)
{
	Testing__V1__FlowNumber item = TESTING__V1__FLOW_NUMBER__INIT;

	for (item.number = 1; item.number <= count; item.number++) {
		if (testing_v1_flow_sum_put(stream, -1, &item) != FAST_OK) {
			return false;
		}
	}
	return true;
}
