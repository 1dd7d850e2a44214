#include <fast/interceptor.h>
#include <fast/log.h>

#define NS_PER_US 1000

static const char *const executed_words[] = {"unknown", "no", "yes"};

static void log_served(struct fast_call *call, const struct fast_call_end *end, void *arg)
{
	const struct fast_peer *peer = fast_call_peer(call);
	const char *path = fast_call_method(call)->path;
	long long us = end->duration_ns / NS_PER_US;

	(void)arg;
	if (end->status == FAST_OK) {
		fast_log(FAST_LOG_DEBUG, "served %s to %s: OK in %lld us", path, peer->endpoint,
			 us);
	} else {
		fast_log(FAST_LOG_WARNING, "served %s to %s: %s in %lld us, executed %s: %s", path,
			 peer->endpoint, fast_status_name(end->status), us,
			 executed_words[end->executed], end->text);
	}
}

static void log_called(const struct fast_method *method, const struct fast_reply *reply,
		       int64_t duration_ns, void *arg)
{
	long long us = duration_ns / NS_PER_US;

	(void)arg;
	if (reply->status == FAST_OK) {
		fast_log(FAST_LOG_DEBUG, "called %s: OK in %lld us", method->path, us);
	} else {
		fast_log(FAST_LOG_WARNING, "called %s: %s in %lld us, executed %s: %s",
			 method->path, fast_status_name(reply->status), us,
			 executed_words[reply->executed], reply->text);
	}
}

const struct fast_interceptor fast_log_interceptor = {.after = log_served};
const struct fast_client_interceptor fast_log_client_interceptor = {.after = log_called};
