#include "node_world.h"

#include <fast/v1/plugin.fast.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS_MAX    10000
#define SCRAPE_MS_MAX   20000
#define SCRAPE_CHUNK    65536
#define ARGUMENTS_MAX   32
#define DESCRIPTORS_MAX 16384 /* a crowd of 1000 has three each */

void bench_die(const char *what, const char *why)
{
	fprintf(stderr, "bench_node: %s: %s\n", what, why);
	exit(1);
}

void bench_check(enum fast_status status, const char *what)
{
	if (status != FAST_OK) {
		bench_die(what, fast_status_name(status));
	}
}

/* fastd lies beside this program. */
static void program_path(const char *name, char *path, size_t bytes)
{
	ssize_t length = readlink("/proc/self/exe", path, bytes - 1);

	if (length < 0) {
		bench_die("/proc/self/exe", strerror(errno));
	}
	path[length] = '\0';
	char *slash = strrchr(path, '/');
	(void)snprintf(slash + 1, bytes - (size_t)(slash + 1 - path), "%s", name);
}

static void fastd_run(const struct node_world *world, const char *tick_ms, const char *const *more)
{
	const char *arguments[ARGUMENTS_MAX + 1];
	size_t count = 0;
	char program[4096];
	char socket[NODE_PATH_MAX];
	char http[NODE_PATH_MAX + 8];
	char state[NODE_PATH_MAX];

	program_path("fastd", program, sizeof program);
	(void)snprintf(socket, sizeof socket, "%s/fastd.sock", world->folder);
	(void)snprintf(http, sizeof http, "unix:%s", world->http_socket);
	(void)snprintf(state, sizeof state, "%s/state", world->folder);
	/* It says that it is ready; that it is not shows soon enough. */
	if (freopen("/dev/null", "w", stderr) == NULL) {
		bench_die("/dev/null", strerror(errno));
	}
	const char *const own[] = {program,
				   "--socket",
				   socket,
				   "--plugin-socket",
				   world->plugin_socket,
				   "--http",
				   http,
				   "--state-dir",
				   state,
				   "--tick",
				   tick_ms};
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		arguments[count++] = own[i];
	}
	while (more != NULL && *more != NULL && count < ARGUMENTS_MAX) {
		arguments[count++] = *more++;
	}
	arguments[count] = NULL;
	execv(program, (char *const *)(uintptr_t)arguments);
	bench_die(program, strerror(errno));
}

/* Many descriptors, for us and for fastd, which inherits the limit. */
static void descriptors_allow(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS_MAX) {
		limit.rlim_cur =
			limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

void node_world_start(struct node_world *world, const char *tick_ms)
{
	node_world_start_with(world, tick_ms, NULL);
}

void node_world_start_with(struct node_world *world, const char *tick_ms, const char *const *more)
{
	struct fast_client_options options = {.size = sizeof options, .agent = "bench"};
	struct fast_call_options call = {
		.size = sizeof call, .timeout_ms = START_MS_MAX, .wait_for_ready = true};
	Fast__V1__PluginListRequest request = FAST__V1__PLUGIN_LIST_REQUEST__INIT;
	struct fast_reply reply = {.status = FAST_OK};
	int64_t begin_ns;

	*world = (struct node_world){.folder = "/tmp/bench_node.XXXXXX"};
	if (mkdtemp(world->folder) == NULL) {
		bench_die(world->folder, strerror(errno));
	}
	descriptors_allow();
	(void)snprintf(world->plugin_socket, sizeof world->plugin_socket, "%s/plugin.sock",
		       world->folder);
	(void)snprintf(world->http_socket, sizeof world->http_socket, "%s/http.sock",
		       world->folder);
	(void)snprintf(world->endpoint, sizeof world->endpoint, "ipc://%s/fastd.sock",
		       world->folder);
	begin_ns = bench_now_ns();
	world->pid = fork();
	if (world->pid == 0) {
		fastd_run(world, tick_ms, more);
	}
	bench_check(fast_client_open(world->endpoint, &options, &world->client), "a client");
	bench_check(fast_v1_plugin_list(world->client, &call, &request, &reply), "fastd's answer");
	world->start_ms = (double)(bench_now_ns() - begin_ns) / 1e6;
	fast_reply_fini(&reply);
}

void node_world_stop(struct node_world *world)
{
	char command[128];

	fast_client_close(world->client);
	(void)kill(world->pid, SIGTERM);
	(void)waitpid(world->pid, NULL, 0);
	(void)snprintf(command, sizeof command, "rm -rf %s", world->folder);
	if (system(command) != 0) {
		fprintf(stderr, "bench_node: %s is left behind\n", world->folder);
	}
}

static void proc_read(pid_t pid, const char *file, char *text, size_t bytes)
{
	char path[64];
	FILE *stream;
	size_t count;

	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	stream = fopen(path, "re");
	if (stream == NULL) {
		bench_die(path, strerror(errno));
	}
	count = fread(text, 1, bytes - 1, stream);
	text[count] = '\0';
	(void)fclose(stream);
}

double node_world_rss_mib(const struct node_world *world)
{
	char text[8192];
	const char *line;

	proc_read(world->pid, "status", text, sizeof text);
	line = strstr(text, "VmRSS:");
	return line == NULL ? 0 : strtod(line + strlen("VmRSS:"), NULL) / 1024;
}

/* schedstat counts nanoseconds, where stat counts clock ticks of 10 ms. */
double node_world_cpu_s(const struct node_world *world)
{
	char path[64];
	double ns = 0;
	DIR *folder;

	(void)snprintf(path, sizeof path, "/proc/%d/task", (int)world->pid);
	folder = opendir(path);
	if (folder == NULL) {
		bench_die(path, strerror(errno));
	}
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		if (entry->d_name[0] != '.') {
			char file[300];
			char text[128];

			(void)snprintf(file, sizeof file, "task/%s/schedstat", entry->d_name);
			proc_read(world->pid, file, text, sizeof text);
			ns += strtod(text, NULL);
		}
	}
	(void)closedir(folder);
	return ns / 1e9;
}

size_t node_world_scrape(const struct node_world *world)
{
	static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	static char chunk[SCRAPE_CHUNK];
	size_t total = 0;
	size_t head = 0;
	ssize_t bytes;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, world->http_socket, sizeof address.sun_path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
	    send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1) {
		bench_die(world->http_socket, strerror(errno));
	}
	while ((bytes = recv(fd, chunk, sizeof chunk - 1, 0)) > 0) {
		if (head == 0) { /* the head is short, and in the first piece */
			chunk[bytes] = '\0';
			const char *end = strstr(chunk, "\r\n\r\n");
			if (end == NULL || strncmp(chunk + strlen("HTTP/1.x"), " 200", 4) != 0) {
				bench_die("GET /metrics", "no 200");
			}
			head = (size_t)(end + 4 - chunk);
		}
		total += (size_t)bytes;
	}
	(void)close(fd);
	return total - head;
}

static const enum fast_metric_kind crowd_kinds[][CROWD_METRICS] = {
	[CROWD_MIXED] = {FAST_METRIC_COUNTER, FAST_METRIC_COUNTER, FAST_METRIC_COUNTER,
			 FAST_METRIC_COUNTER, FAST_METRIC_GAUGE, FAST_METRIC_GAUGE,
			 FAST_METRIC_HISTOGRAM, FAST_METRIC_HISTOGRAM, FAST_METRIC_HEARTBEAT,
			 FAST_METRIC_HEARTBEAT},
	[CROWD_PLAIN] = {FAST_METRIC_COUNTER, FAST_METRIC_COUNTER, FAST_METRIC_COUNTER,
			 FAST_METRIC_COUNTER, FAST_METRIC_COUNTER, FAST_METRIC_GAUGE,
			 FAST_METRIC_GAUGE, FAST_METRIC_GAUGE, FAST_METRIC_GAUGE,
			 FAST_METRIC_GAUGE},
};

static void metric_work(struct fast_metric *metric, enum fast_metric_kind kind, uint64_t round)
{
	switch (kind) {
	case FAST_METRIC_GAUGE:
		fast_metric_set(metric, (double)(round % 100));
		break;
	case FAST_METRIC_HISTOGRAM:
		fast_metric_observe(metric, 0.01 + 0.001 * (double)(round % 40));
		break;
	default:
		fast_metric_inc(metric);
	}
}

static void *crowd_work(void *arg)
{
	struct crowd *crowd = arg;
	int64_t period_ns = 1000000000 / crowd->rate_hz;
	int64_t next_ns = bench_now_ns();

	for (uint64_t round = 0; !atomic_load(&crowd->stop); round++) {
		for (size_t i = 0; i < crowd->count * CROWD_METRICS; i++) {
			metric_work(crowd->metrics[i], crowd_kinds[crowd->kind][i % CROWD_METRICS],
				    round);
		}
		next_ns += period_ns;
		struct timespec until = {.tv_sec = next_ns / 1000000000,
					 .tv_nsec = next_ns % 1000000000};
		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
	return NULL;
}

static void crowd_declare(struct crowd *crowd, size_t plugin)
{
	for (size_t i = 0; i < CROWD_METRICS; i++) {
		char name[32];
		struct fast_metric_spec spec = {.size = sizeof spec, .name = name};

		(void)snprintf(name, sizeof name, "metric_%zu", i);
		spec.kind = crowd_kinds[crowd->kind][i];
		bench_check(fast_plugin_metric(crowd->plugins[plugin], &spec,
					       &crowd->metrics[plugin * CROWD_METRICS + i]),
			    "a metric");
	}
}

void crowd_open(struct crowd *crowd, const struct node_world *world, size_t count,
		enum crowd_kind kind, unsigned rate_hz)
{
	struct fast_plugin_options options = {.size = sizeof options,
					      .socket = world->plugin_socket};

	*crowd = (struct crowd){.count = count, .kind = kind, .rate_hz = rate_hz};
	crowd->plugins = calloc(count, sizeof *crowd->plugins);
	crowd->metrics = calloc(count * CROWD_METRICS, sizeof *crowd->metrics);
	if (crowd->plugins == NULL || crowd->metrics == NULL) {
		bench_die("a crowd", "no memory");
	}
	for (size_t i = 0; i < count; i++) {
		char name[32];

		(void)snprintf(name, sizeof name, "crowd-%zu", i);
		bench_check(fast_plugin_open(name, &options, &crowd->plugins[i]), "a plugin");
		crowd_declare(crowd, i);
	}
	for (size_t i = 0; i < count; i++) {
		bench_check(fast_plugin_wait_attached(crowd->plugins[i], START_MS_MAX),
			    "attaching a crowd");
	}
	if (pthread_create(&crowd->thread, NULL, crowd_work, crowd) != 0) {
		bench_die("a crowd", "no thread");
	}
}

void crowd_close(struct crowd *crowd)
{
	atomic_store(&crowd->stop, true);
	pthread_join(crowd->thread, NULL);
	for (size_t i = 0; i < crowd->count; i++) {
		fast_plugin_close(crowd->plugins[i]);
	}
	free(crowd->plugins);
	free(crowd->metrics);
}
