#include "report_sink.h"

#include "node_world.h"

#include "page/page.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_BYTES_MAX 131072
#define BUFFER_BYTES      (4 * MESSAGE_BYTES_MAX)
#define WORDS_MAX         (FAST_PAGE_SEGMENTS_MAX * FAST_PAGE_BYTES / 8)

static void sink_need(bool holds, const char *what)
{
	if (!holds) {
		bench_die(what, strerror(errno));
	}
}

static void words_store(uint64_t *words, const Fast__V1__Report *report)
{
	for (size_t i = 0; i < report->n_words; i++) {
		words[report->offsets[i] / 8 % WORDS_MAX] = report->words[i];
	}
	for (size_t i = 0; i < report->n_times; i++) {
		words[report->time_offsets[i] / 8 % WORDS_MAX] = report->times[i];
	}
}

/* One message: one of no length asks for an answer. */
static void message_take(int fd, uint64_t *words, const uint8_t *bytes, uint32_t length)
{
	Fast__V1__PluginAttachRequest *request;

	if (length == 0) {
		sink_need(send(fd, "", 1, MSG_NOSIGNAL) == 1, "the sink's answer");
		return;
	}
	request = fast__v1__plugin_attach_request__unpack(NULL, length, bytes);
	sink_need(request != NULL, "a report");
	words_store(words, request->up->report);
	fast__v1__plugin_attach_request__free_unpacked(request, NULL);
}

static _Noreturn void sink_run(int fd)
{
	uint64_t *words = calloc(WORDS_MAX, sizeof *words);
	uint8_t *buffer = malloc(BUFFER_BYTES);
	size_t held = 0;

	sink_need(words != NULL && buffer != NULL, "the sink's memory");
	for (;;) {
		ssize_t got = recv(fd, buffer + held, BUFFER_BYTES - held, 0);
		size_t at = 0;
		uint32_t length;

		if (got <= 0) {
			_exit(0);
		}
		held += (size_t)got;
		while (held - at >= sizeof length) {
			memcpy(&length, buffer + at, sizeof length);
			if (held - at - sizeof length < length) {
				break;
			}
			message_take(fd, words, buffer + at + sizeof length, length);
			at += sizeof length + length;
		}
		held -= at;
		memmove(buffer, buffer + at, held);
	}
}

void report_sink_start(struct report_sink *sink)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	const int yes = 1;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sink->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	sink_need(listener >= 0 && sink->fd >= 0 &&
			  bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
			  listen(listener, 1) == 0 &&
			  getsockname(listener, (struct sockaddr *)&address, &length) == 0 &&
			  connect(sink->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
			  setsockopt(sink->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) == 0,
		  "a socket");
	sink->pid = fork();
	sink_need(sink->pid >= 0, "a process");
	if (sink->pid == 0) {
		(void)close(sink->fd);
		sink->fd = accept(listener, NULL, NULL);
		sink_need(sink->fd >= 0, "a connection");
		sink_run(sink->fd);
	}
	(void)close(listener);
}

static void bytes_send(struct report_sink *sink, const uint8_t *bytes, size_t count)
{
	while (count > 0) {
		ssize_t sent = send(sink->fd, bytes, count, MSG_NOSIGNAL);

		sink_need(sent > 0, "the sink");
		bytes += sent;
		count -= (size_t)sent;
	}
}

void report_sink_send(struct report_sink *sink, const Fast__V1__PluginAttachRequest *request)
{
	static uint8_t packed[sizeof(uint32_t) + MESSAGE_BYTES_MAX];
	size_t bytes = fast__v1__plugin_attach_request__get_packed_size(request);
	uint32_t length = (uint32_t)bytes;

	sink_need(bytes <= MESSAGE_BYTES_MAX, "a report's length");
	memcpy(packed, &length, sizeof length);
	(void)fast__v1__plugin_attach_request__pack(request, packed + sizeof length);
	bytes_send(sink, packed, sizeof length + bytes);
}

void report_sink_wait(struct report_sink *sink)
{
	const uint32_t none = 0;
	char answer;

	bytes_send(sink, (const uint8_t *)&none, sizeof none);
	sink_need(recv(sink->fd, &answer, 1, 0) == 1, "the sink's answer");
}

void report_sink_stop(struct report_sink *sink)
{
	(void)close(sink->fd);
	(void)waitpid(sink->pid, NULL, 0);
}
