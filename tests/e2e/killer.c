/* Kills fastd with SIGKILL at random moments, again and again, while knobs are turned, claimed and
 * bounded; after each start it looks whether all is there that was answered.
 *
 *     killer KILLS DIR SEED
 *
 * DIR gets the sockets and the state. Ends with 0 when nothing was lost. */
#include <errno.h>
#include <fast/client.h>
#include <fast/plugin.h>
#include <fast/v1/param.fast.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define KNOBS          3 /* that are set; all of one set have the same value */
#define CALL_MS        2000
#define START_MS       10000
#define LOAD_US_MAX    40000
#define VALUE_MAX      1000000000
#define CLAIMED        "claimed"
#define BOUNDED        "bounded"
#define PATH_BYTES_MAX 128

extern char **environ;

/* What was answered, and what was asked for and may have been done. */
struct promise {
	int64_t sure;
	int64_t maybe;
};

struct killer {
	uint64_t random;
	char socket[PATH_BYTES_MAX];
	char plugin_socket[PATH_BYTES_MAX];
	char state[PATH_BYTES_MAX];
	pid_t fastd;
	struct fast_client *client;
	struct fast_plugin *plugin;
	int64_t counter;
	struct promise value; /* of the knobs that are set */
	struct promise lease; /* of the knob that is claimed; 0: free, -1: any */
	struct promise bound; /* greatest value of the knob that is bounded; 0: none */
	atomic_int answers;
};

static const struct fast_call_options call = {.size = sizeof call, .timeout_ms = CALL_MS};
static const char *const names[KNOBS] = {"a", "b", "c"};

static uint32_t draw(struct killer *killer, uint32_t limit)
{
	killer->random ^= killer->random << 13;
	killer->random ^= killer->random >> 7;
	killer->random ^= killer->random << 17;
	return (uint32_t)((killer->random >> 20) % limit);
}

static bool complain(const char *what, const struct promise *promise, int64_t found)
{
	printf("lost: %s is %" PRId64 ", but was answered to be %" PRId64 " (or %" PRId64 ")\n",
	       what, found, promise->sure, promise->maybe);
	return false;
}

/* ---- fastd and its plugin ---- */

static bool fastd_start(struct killer *killer)
{
	char *arguments[] = {"fastd",
			     "--socket",
			     killer->socket,
			     "--plugin-socket",
			     killer->plugin_socket,
			     "--state-dir",
			     killer->state,
			     NULL};

	return posix_spawnp(&killer->fastd, "fastd", NULL, NULL, arguments, environ) == 0;
}

static bool param_declare(struct fast_plugin *plugin, const char *name)
{
	const struct fast_param_spec spec = {.size = sizeof spec,
					     .name = name,
					     .type = FAST_PARAM_INT,
					     .initial.integer = 0,
					     .min = 0,
					     .max = VALUE_MAX};
	struct fast_param *param;

	return fast_plugin_param(plugin, &spec, &param) == FAST_OK;
}

static bool plugin_start(struct killer *killer)
{
	const struct fast_plugin_options options = {.size = sizeof options,
						    .socket = killer->plugin_socket};

	if (fast_plugin_open("victim", &options, &killer->plugin) != FAST_OK) {
		return false;
	}
	for (int i = 0; i < KNOBS; i++) {
		if (!param_declare(killer->plugin, names[i])) {
			return false;
		}
	}
	return param_declare(killer->plugin, CLAIMED) && param_declare(killer->plugin, BOUNDED) &&
	       fast_plugin_wait_attached(killer->plugin, START_MS) == FAST_OK;
}

static bool client_start(struct killer *killer)
{
	/* No keys: a call ends with the fastd that it was sent to. */
	const struct fast_client_options options = {
		.size = sizeof options, .agent = "killer", .once = FAST_ONCE_OFF};
	char endpoint[PATH_BYTES_MAX + 8];

	(void)snprintf(endpoint, sizeof endpoint, "ipc://%s", killer->socket);
	return fast_client_open(endpoint, &options, &killer->client) == FAST_OK;
}

/* ---- what is there ---- */

static bool is_kept(const struct promise *promise, int64_t found)
{
	return found == promise->sure || found == promise->maybe || promise->maybe == -1;
}

static bool knob_check(struct killer *killer, const Fast__V1__ParamState *state)
{
	const char *name = state->spec->name;
	int64_t value = state->desired->int_value;

	if (strcmp(name, CLAIMED) == 0) {
		if (!is_kept(&killer->lease, (int64_t)state->lease_id)) {
			return complain("the lease", &killer->lease, (int64_t)state->lease_id);
		}
		killer->lease.sure = killer->lease.maybe = (int64_t)state->lease_id;
		return true;
	}
	if (strcmp(name, BOUNDED) == 0) {
		return true;
	}
	return is_kept(&killer->value, value) || complain(name, &killer->value, value);
}

/* All knobs of a set have its value, or none has. */
static bool knobs_agree(struct killer *killer, const Fast__V1__ParamListResponse *list)
{
	const struct promise torn = {killer->value.sure, killer->value.maybe};
	int64_t first = list->params[0]->desired->int_value;

	for (size_t i = 0; i < KNOBS; i++) {
		if (list->params[i]->desired->int_value != first) {
			return complain("half of a set", &torn,
					list->params[i]->desired->int_value);
		}
	}
	killer->value.sure = killer->value.maybe = first;
	return true;
}

/* True: all knobs are declared, and as they were promised. *ready: they are declared. */
static bool params_check(struct killer *killer, bool *ready)
{
	Fast__V1__ParamListRequest request = FAST__V1__PARAM_LIST_REQUEST__INIT;
	struct fast_reply reply = {0};
	bool good = true;

	*ready = false;
	if (fast_v1_param_list(killer->client, &call, &request, &reply) == FAST_OK) {
		const Fast__V1__ParamListResponse *list = fast_v1_param_list_response(&reply);

		*ready = list->n_params == KNOBS + 2;
		for (size_t i = 0; *ready && good && i < list->n_params; i++) {
			good = knob_check(killer, list->params[i]);
		}
		good = good && (!*ready || knobs_agree(killer, list));
	}
	fast_reply_fini(&reply);
	return good;
}

static bool bounds_check(struct killer *killer)
{
	Fast__V1__ParamListBoundsRequest request = FAST__V1__PARAM_LIST_BOUNDS_REQUEST__INIT;
	struct fast_reply reply = {0};
	int64_t max = 0;
	bool good = false;

	if (fast_v1_param_list_bounds(killer->client, &call, &request, &reply) == FAST_OK) {
		const Fast__V1__ParamListBoundsResponse *list =
			fast_v1_param_list_bounds_response(&reply);

		max = list->n_bounds == 0 ? 0 : (int64_t)list->bounds[0]->max;
		good = is_kept(&killer->bound, max) || complain("the bound", &killer->bound, max);
		killer->bound.sure = killer->bound.maybe = max;
	}
	fast_reply_fini(&reply);
	return good;
}

static bool check(struct killer *killer)
{
	bool ready = false;

	for (int i = 0; i < START_MS && !ready; i++) {
		if (!params_check(killer, &ready)) {
			return false;
		}
		if (!ready) {
			(void)poll(NULL, 0, 1);
		}
	}
	if (!ready) {
		printf("fastd does not come up again\n");
	}
	return ready && bounds_check(killer);
}

/* ---- the load ---- */

static bool turn(struct killer *killer)
{
	Fast__V1__ParamSetRequest request = FAST__V1__PARAM_SET_REQUEST__INIT;
	Fast__V1__ParamAssignment assignments[KNOBS];
	Fast__V1__ParamAssignment *list[KNOBS];
	Fast__V1__ParamValue value = FAST__V1__PARAM_VALUE__INIT;
	struct fast_reply reply = {0};
	bool good;

	killer->value.maybe = ++killer->counter;
	value.kind_case = FAST__V1__PARAM_VALUE__KIND_INT_VALUE;
	value.int_value = killer->counter;
	for (int i = 0; i < KNOBS; i++) {
		fast__v1__param_assignment__init(&assignments[i]);
		assignments[i].param = (char *)names[i];
		assignments[i].value = &value;
		list[i] = &assignments[i];
	}
	request.plugin = (char *)"victim";
	request.assignments = list;
	request.n_assignments = KNOBS;
	good = fast_v1_param_set(killer->client, &call, &request, &reply) == FAST_OK;
	if (good) {
		killer->value.sure = killer->counter;
	}
	fast_reply_fini(&reply);
	return good;
}

static bool claim(struct killer *killer)
{
	Fast__V1__ParamClaimRequest request = FAST__V1__PARAM_CLAIM_REQUEST__INIT;
	char *params[] = {(char *)CLAIMED};
	struct fast_reply reply = {0};
	bool good;

	killer->lease.maybe = -1; /* its id is not known yet */
	request.plugin = (char *)"victim";
	request.params = params;
	request.n_params = 1;
	request.ttl_ms = 60000;
	good = fast_v1_param_claim(killer->client, &call, &request, &reply) == FAST_OK;
	if (good) {
		killer->lease.sure = killer->lease.maybe =
			(int64_t)fast_v1_param_claim_response(&reply)->lease_id;
	}
	fast_reply_fini(&reply);
	return good;
}

static bool release(struct killer *killer)
{
	Fast__V1__ParamReleaseRequest request = FAST__V1__PARAM_RELEASE_REQUEST__INIT;
	struct fast_reply reply = {0};
	bool good;

	killer->lease.maybe = 0;
	request.lease_id = (uint64_t)killer->lease.sure;
	good = fast_v1_param_release(killer->client, &call, &request, &reply) == FAST_OK;
	if (good) {
		killer->lease.sure = 0;
	}
	fast_reply_fini(&reply);
	return good;
}

static bool bound(struct killer *killer)
{
	Fast__V1__ParamBoundRequest request = FAST__V1__PARAM_BOUND_REQUEST__INIT;
	Fast__V1__ParamBound limits = FAST__V1__PARAM_BOUND__INIT;
	struct fast_reply reply = {0};
	bool good;

	killer->bound.maybe = ++killer->counter;
	limits.plugin = (char *)"*";
	limits.param = (char *)BOUNDED;
	limits.greatest_case = FAST__V1__PARAM_BOUND__GREATEST_MAX;
	limits.max = (double)killer->counter;
	request.bound = &limits;
	good = fast_v1_param_bound(killer->client, &call, &request, &reply) == FAST_OK;
	if (good) {
		killer->bound.sure = killer->counter;
	}
	fast_reply_fini(&reply);
	return good;
}

/* Until a call fails, which is when fastd has been killed. */
static void *load(void *arg)
{
	struct killer *killer = arg;
	bool good = true;

	while (good) {
		switch (draw(killer, 8)) {
		case 0:
			good = killer->lease.sure == 0 ? claim(killer) : release(killer);
			break;
		case 1:
			good = bound(killer);
			break;
		default:
			good = turn(killer);
			break;
		}
		atomic_fetch_add(&killer->answers, good);
	}
	return NULL;
}

static bool life(struct killer *killer)
{
	struct timespec while_loaded = {0, 0};
	pthread_t thread;
	int status;
	bool good;

	if (!fastd_start(killer) || !client_start(killer) || !plugin_start(killer)) {
		printf("fastd, or its plugin, does not start: %s\n", strerror(errno));
		return false;
	}
	good = check(killer);
	while_loaded.tv_nsec = draw(killer, LOAD_US_MAX) * 1000L; /* before the load draws too */
	if (good && pthread_create(&thread, NULL, load, killer) == 0) {
		(void)ppoll(NULL, 0, &while_loaded, NULL);
		(void)kill(killer->fastd, SIGKILL);
		(void)pthread_join(thread, NULL);
	} else {
		(void)kill(killer->fastd, SIGKILL);
	}
	(void)waitpid(killer->fastd, &status, 0);
	fast_client_close(killer->client);
	fast_plugin_close(killer->plugin);
	return good;
}

int main(int argc, char **argv)
{
	static struct killer killer;
	int kills;
	bool good = argc == 4;

	if (!good) {
		fprintf(stderr, "usage: killer KILLS DIR SEED\n");
		return 2;
	}
	kills = (int)strtol(argv[1], NULL, 10);
	killer.random = strtoull(argv[3], NULL, 10) | 1;
	(void)snprintf(killer.socket, sizeof killer.socket, "%s/k.sock", argv[2]);
	(void)snprintf(killer.plugin_socket, sizeof killer.plugin_socket, "%s/kp.sock", argv[2]);
	(void)snprintf(killer.state, sizeof killer.state, "%s/kstate", argv[2]);
	for (int i = 0; i < kills && good; i++) {
		good = life(&killer);
	}
	printf("%d kills, %d answers, seed %s\n", kills, atomic_load(&killer.answers), argv[3]);
	return good && atomic_load(&killer.answers) > kills ? 0 : 1;
}
