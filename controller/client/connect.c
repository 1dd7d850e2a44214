#include "client/connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_SOCKET "/run/fastd/fastd.sock"

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

enum fast_status connect_endpoint(const char *option, char *endpoint)
{
	const char *given = option != NULL ? option : environment("FASTD_ENDPOINT");
	const char *runtime = environment("XDG_RUNTIME_DIR");
	const char *scheme = "ipc://";
	int bytes;

	if (given != NULL) {
		bytes = snprintf(endpoint, CONNECT_ENDPOINT_BYTES_MAX, "%s", given);
	} else if (runtime == NULL) {
		bytes = snprintf(endpoint, CONNECT_ENDPOINT_BYTES_MAX, "%s" SYSTEM_SOCKET, scheme);
	} else {
		bytes = snprintf(endpoint, CONNECT_ENDPOINT_BYTES_MAX, "%s%s/fastd/fastd.sock",
				 scheme, runtime);
		if (bytes < CONNECT_ENDPOINT_BYTES_MAX &&
		    access(endpoint + strlen(scheme), F_OK) != 0 &&
		    access(SYSTEM_SOCKET, F_OK) == 0) {
			bytes = snprintf(endpoint, CONNECT_ENDPOINT_BYTES_MAX, "%s" SYSTEM_SOCKET,
					 scheme);
		}
	}
	return bytes < CONNECT_ENDPOINT_BYTES_MAX ? FAST_OK : FAST_INVALID_ARGUMENT;
}

enum fast_status connect_tls(const char *endpoint, const char *ca, const char *certificate,
			     const char *key, struct fast_tls **out, char *error)
{
	const struct fast_tls_options options = {
		.size = sizeof options,
		.ca_file = ca != NULL ? ca : environment("FASTD_TLS_CA"),
		.certificate_file =
			certificate != NULL ? certificate : environment("FASTD_TLS_CERT"),
		.key_file = key != NULL ? key : environment("FASTD_TLS_KEY"),
	};

	*out = NULL;
	if (strncmp(endpoint, "tls+tcp://", strlen("tls+tcp://")) != 0) {
		return FAST_OK;
	}
	if (options.ca_file == NULL) {
		snprintf(error, FAST_TLS_ERROR_BYTES,
			 "%.200s needs a CA to trust, and for most servers a certificate; give "
			 "--tls-ca FILE, --tls-cert FILE and --tls-key FILE, or FASTD_TLS_CA, "
			 "FASTD_TLS_CERT and FASTD_TLS_KEY",
			 endpoint);
		return FAST_INVALID_ARGUMENT;
	}
	return fast_tls_new(&options, out, error, FAST_TLS_ERROR_BYTES);
}

/* Whether something is there that did not let the client in. */
static bool reply_is_shut(const struct fast_reply *reply)
{
	bool has_role = reply->detail_count > 0; /* the daemon says which one it would take */

	return (reply->status == FAST_PERMISSION_DENIED && !has_role) ||
	       reply->status == FAST_UNAUTHENTICATED;
}

bool connect_is_lost(const struct fast_reply *reply)
{
	if (reply->executed == FAST_EXECUTED_YES) {
		return false; /* the daemon itself said so */
	}
	return reply->status == FAST_UNAVAILABLE || reply->status == FAST_DEADLINE_EXCEEDED ||
	       reply_is_shut(reply);
}

static void explain_shut(const char *endpoint, const char *what, char *sentence)
{
	bool local = strncmp(endpoint, "ipc://", strlen("ipc://")) == 0;

	snprintf(sentence, CONNECT_SENTENCE_BYTES_MAX, "not let in: %.300s; %s", what,
		 local ? "the socket's mode, 0660 as a rule, admits its owner, its group and root: "
			 "be root or in the group that owns it (ls -l)"
		       : "see that --tls-ca, --tls-cert and --tls-key suit that server");
}

void connect_explain(const char *endpoint, const struct fast_reply *reply, char *sentence)
{
	const char *what =
		reply->text[0] != '\0' ? reply->text : fast_status_sentence(reply->status);
	bool named = strstr(what, endpoint) != NULL; /* the runtime's own words do, as a rule */

	if (reply_is_shut(reply)) {
		explain_shut(endpoint, what, sentence);
	} else if (reply->status == FAST_DEADLINE_EXCEEDED) {
		snprintf(sentence, CONNECT_SENTENCE_BYTES_MAX,
			 "fastd at %s did not answer in time (%.200s)", endpoint, what);
	} else {
		snprintf(sentence, CONNECT_SENTENCE_BYTES_MAX,
			 "no fastd: %s%s%.250s; start it with 'fastd', or name another endpoint "
			 "with --endpoint URL or FASTD_ENDPOINT",
			 named ? "" : endpoint, named ? "" : ": ", what);
	}
}
