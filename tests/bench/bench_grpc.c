#include "contender.h"

#include <string.h>

/* gRPC asks in a process of its own, which takes a command a line and answers with a line. */
static bool grpc_command(const struct peer *peer, const char *command, struct sample *sample)
{
	char word[16] = "";
	unsigned long calls = 0;

	fprintf(peer->grpc_commands, "%s\n", command);
	fflush(peer->grpc_commands);
	bench_check(fscanf(peer->grpc_answers, "%15s %lf %lf %lu", word, &sample->p50_us,
			   &sample->p99_us, &calls) == 4,
		    "gRPC's client is gone");
	sample->calls = calls;
	return strcmp(word, "ok") == 0;
}

static bool grpc_open(struct contender *contender, const struct load *load)
{
	struct sample none = {0};
	char command[96];

	if (contender->peer->grpc_commands == NULL) {
		return false;
	}
	snprintf(command, sizeof command, "open %s %u %u %u", peer_transport_names[load->transport],
		 load->connections, load->in_flight, payload_bytes(load->request_bytes));
	return grpc_command(contender->peer, command, &none);
}

static void grpc_run(struct contender *contender, int64_t duration_ns, struct sample *sample)
{
	char command[96];

	snprintf(command, sizeof command, "run %lld", (long long)duration_ns);
	bench_check(grpc_command(contender->peer, command, sample), "gRPC's client failed");
}

static void grpc_close(struct contender *contender)
{
	struct sample none = {0};

	bench_check(grpc_command(contender->peer, "close", &none), "gRPC's client failed");
}

const struct contender_ops grpc_ops = {"grpc", grpc_open, grpc_run, grpc_close};
