#include "bench_peer.h"

#include "contender.h"
#include "echo_stream.h"
#include "fast_side.h"
#include "flow.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

const char *const peer_transport_names[PEER_TRANSPORTS] = {"ipc", "tcp", "unix", "tls"};

static void on_ask(struct fast_call *call, const Bench__V1__AskRequest *request, void *arg)
{
	static uint8_t filler[REPLY_BYTES];
	Bench__V1__AskResponse response = BENCH__V1__ASK_RESPONSE__INIT;

	(void)request;
	(void)arg;
	response.payload = (ProtobufCBinaryData){payload_bytes(REPLY_BYTES), filler};
	bench_v1_echo_ask_reply(call, &response);
}

static void peer_name(struct peer *peer)
{
	peer->certificates = getenv("BENCH_CERTIFICATES");
	if (peer->certificates != NULL && peer->certificates[0] == '\0') {
		peer->certificates = NULL;
	}
	snprintf(peer->fast[PEER_IPC], sizeof peer->fast[0], "ipc://%s/fast", peer->folder);
	snprintf(peer->fast[PEER_TCP], sizeof peer->fast[0], "tcp://127.0.0.1:0");
	snprintf(peer->fast[PEER_UNIX], sizeof peer->fast[0], "unix://%s/direct", peer->folder);
	snprintf(peer->fast[PEER_TLS], sizeof peer->fast[0], "tls+tcp://127.0.0.1:0");
	snprintf(peer->nng[PEER_IPC], sizeof peer->nng[0], "ipc://%s/nng", peer->folder);
	snprintf(peer->nng[PEER_UNIX], sizeof peer->nng[0], "ipc://%s/nng", peer->folder);
	snprintf(peer->nng[PEER_TCP], sizeof peer->nng[0], "tcp://127.0.0.1:0");
	snprintf(peer->nng[PEER_TLS], sizeof peer->nng[0], "tls+tcp://127.0.0.1:0");
	snprintf(peer->raw_path, sizeof peer->raw_path, "%s/raw", peer->folder);
	snprintf(peer->mute, sizeof peer->mute, "ipc://%s/mute", peer->folder);
}

struct fast_tls *peer_tls(const struct peer *peer, const char *name)
{
	struct fast_tls_options options = {.size = sizeof options, .server_name = "localhost"};
	struct fast_tls *tls = NULL;
	char error[FAST_TLS_ERROR_BYTES] = "";
	char ca[160];
	char certificate[160];
	char key[160];

	snprintf(ca, sizeof ca, "%s/ca.pem", peer->certificates);
	snprintf(certificate, sizeof certificate, "%s/%s.pem", peer->certificates, name);
	snprintf(key, sizeof key, "%s/%s.key", peer->certificates, name);
	options.ca_file = ca;
	options.certificate_file = certificate;
	options.key_file = key;
	bench_check(fast_tls_new(&options, &tls, error, sizeof error) == FAST_OK, error);
	return tls;
}

static bool fast_serve(struct peer *peer)
{
	static const struct bench_v1_echo_handlers echo = {.ask = on_ask};
	struct fast_server *server = NULL;
	struct fast_tls *tls = NULL;

	if (fast_server_open(NULL, &server) != FAST_OK ||
	    fast_server_add(server, &bench_v1_echo_service, &echo, NULL, FAST_SERVICE_INLINE) !=
		    FAST_OK ||
	    !flow_serve(server) || fast_server_listen(server, peer->fast[PEER_IPC], 0) != FAST_OK ||
	    fast_server_listen(server, peer->fast[PEER_TCP], 0) != FAST_OK ||
	    fast_server_listen(server, peer->fast[PEER_UNIX], 0) != FAST_OK) {
		return false;
	}
	if (peer->certificates != NULL) {
		tls = peer_tls(peer, "server");
		if (fast_server_listen_tls(server, peer->fast[PEER_TLS], tls) != FAST_OK) {
			return false;
		}
	}
	for (size_t i = 0; fast_server_endpoint(server, i) != NULL; i++) {
		snprintf(peer->fast[i], sizeof peer->fast[i], "%s",
			 fast_server_endpoint(server, i));
	}
	return true;
}

/* Many connections are opened, some of them to count their memory. */
static void files_allow(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

int peer_serve(const char *folder)
{
	struct peer peer = {.pid = 0};

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	files_allow();
	snprintf(peer.folder, sizeof peer.folder, "%s", folder);
	peer_name(&peer);
	if (!fast_serve(&peer) || !raw_stream_listen(&peer) || !nng_stream_listen(&peer)) {
		return 1;
	}
	printf("%s %s %s %s %u\n", peer.fast[PEER_TCP], peer.fast[PEER_TLS], peer.nng[PEER_TCP],
	       peer.nng[PEER_TLS], peer.raw_port);
	fflush(stdout);
	for (;;) {
		pause();
	}
}

/* Starts a program with pipes to its input (if commands is asked for) and from its output. */
static bool program_start(char *const arguments[], pid_t *pid, FILE **commands, FILE **answers)
{
	posix_spawn_file_actions_t actions;
	int in[2] = {-1, -1};
	int out[2];
	int error;

	if (pipe2(out, O_CLOEXEC) != 0 || (commands != NULL && pipe2(in, O_CLOEXEC) != 0)) {
		return false;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	if (commands != NULL) {
		posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	}
	error = posix_spawn(pid, arguments[0], &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	*answers = fdopen(out[0], "r");
	if (commands != NULL) {
		close(in[0]);
		*commands = fdopen(in[1], "w");
	}
	if (error != 0) {
		*pid = 0;
	}
	return error == 0 && *answers != NULL;
}

static bool own_start(struct peer *peer)
{
	char self[] = "/proc/self/exe";
	char serve[] = "--serve";
	char *arguments[] = {self, serve, peer->folder, NULL};
	FILE *answers = NULL;
	unsigned raw_port = 0;
	bool is_started = program_start(arguments, &peer->pid, NULL, &answers) &&
			  fscanf(answers, "%95s %95s %95s %95s %u", peer->fast[PEER_TCP],
				 peer->fast[PEER_TLS], peer->nng[PEER_TCP], peer->nng[PEER_TLS],
				 &raw_port) == 5;

	peer->raw_port = (uint16_t)raw_port;
	if (answers != NULL) {
		fclose(answers);
	}
	return is_started;
}

/* gRPC's server and the program that asks it. Without them its rows are skipped. */
static void grpc_start(struct peer *peer)
{
	char program[256];
	char serve[] = "--serve";
	char ask[] = "--ask";
	char ports[32];
	char *arguments[] = {program, serve, peer->folder, NULL, NULL};
	ssize_t bytes = readlink("/proc/self/exe", program, sizeof program - sizeof "bench_grpc");
	FILE *answers = NULL;

	if (bytes <= 0) {
		return;
	}
	program[bytes] = '\0';
	memcpy(strrchr(program, '/') + 1, "bench_grpc", sizeof "bench_grpc");
	if (access(program, X_OK) != 0 ||
	    !program_start(arguments, &peer->grpc_pid, NULL, &answers) ||
	    fscanf(answers, "%31s", ports) != 1) {
		return;
	}
	fclose(answers);
	arguments[1] = ask;
	arguments[3] = ports;
	if (!program_start(arguments, &peer->grpc_client, &peer->grpc_commands,
			   &peer->grpc_answers)) {
		peer->grpc_commands = NULL;
	}
}

bool peer_start(struct peer *peer)
{
	*peer = (struct peer){.folder = "/tmp/bench_rpc.XXXXXX"};
	files_allow();
	(void)signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(peer->folder) == NULL) {
		return false;
	}
	peer->cpu_count = place_cpus(peer->cpus);
	peer_name(peer);
	if (!own_start(peer)) {
		return false;
	}
	grpc_start(peer);
	return true;
}

static void process_stop(pid_t pid)
{
	if (pid > 0) {
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
	}
}

void peer_stop(struct peer *peer)
{
	static const char *const files[] = {"fast", "direct", "nng", "raw", "mute", "grpc"};
	char path[128];

	process_stop(peer->grpc_client);
	process_stop(peer->grpc_pid);
	process_stop(peer->pid);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", peer->folder, files[i]);
		unlink(path);
	}
	rmdir(peer->folder);
}
