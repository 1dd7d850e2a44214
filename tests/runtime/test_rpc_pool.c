/* Handlers on workers: the queue, expiry in it, cancel functions, and the close of a server. */
#include "rpc_real.h"

#include "rpc/pool.h"

struct counted_job {
	struct fast_job job;
	struct gate *ran;
	struct gate *release;
};

static void counted_run(struct fast_job *job)
{
	struct counted_job *counted = (struct counted_job *)job;

	gate_pass(counted->ran);
	if (counted->release != NULL) {
		gate_wait(counted->release, 1);
	}
}

static void a_full_queue_takes_no_more_jobs(void **state)
{
	struct gate ran = GATE_INITIALIZER;
	struct gate release = GATE_INITIALIZER;
	struct counted_job jobs[5];
	struct fast_pool *pool = NULL;

	(void)state;
	assert_ok(fast_pool_new(1, 3, &pool));
	for (int i = 0; i < 5; i++) {
		jobs[i] = (struct counted_job){
			.job = {.run = counted_run}, .ran = &ran, .release = &release};
	}
	assert_ok(fast_pool_submit(pool, &jobs[0].job));
	assert_true(gate_wait(&ran, 1)); /* it is off the queue, and blocks the worker */
	for (int i = 1; i < 4; i++) {
		assert_ok(fast_pool_submit(pool, &jobs[i].job));
	}
	assert_status(FAST_RESOURCE_EXHAUSTED, fast_pool_submit(pool, &jobs[4].job));
	gate_pass(&release);
	fast_pool_free(pool); /* runs what waits */
	assert_int_equal(4, gate_count(&ran));
}

struct ending {
	struct gate gate;
	enum fast_status status[8];
	enum fast_executed executed[8];
};

static void note_ending(const struct fast_reply *reply, void *arg)
{
	struct ending *ending = arg;
	unsigned i = gate_count(&ending->gate);

	ending->status[i] = reply->status;
	ending->executed[i] = reply->executed;
	gate_pass(&ending->gate);
}

static void start(struct fast_client *client, int64_t timeout_ms, struct ending *ending)
{
	struct fast_call_options options = {
		.size = sizeof options, .timeout_ms = timeout_ms, .once = FAST_ONCE_OFF};
	Testing__V1__ProbeRequest request = TESTING__V1__PROBE_REQUEST__INIT;

	assert_ok(testing_v1_probe_echo_start(client, &options, &request, note_ending, ending));
}

static void a_full_server_pushes_back(void **state)
{
	struct fast_server_options options = {.size = sizeof options, .workers = 1, .queue_max = 2};
	struct ending ending = {.gate = GATE_INITIALIZER};
	struct fast_server_stats stats;
	struct fast_client *client;
	struct real real;

	(void)state;
	real_open(&real, &options, 0);
	real.handling = REAL_BLOCKS;
	client = real_client(real.endpoint);
	start(client, 20000, &ending);
	assert_true(gate_wait(&real.entered, 1)); /* the one worker is busy */
	for (int i = 0; i < 3; i++) {
		start(client, 20000, &ending);
	}
	assert_true(gate_wait(&ending.gate, 1));
	assert_status(FAST_RESOURCE_EXHAUSTED, ending.status[0]);
	assert_int_equal(FAST_EXECUTED_NO, ending.executed[0]);
	fast_server_stats(real.server, &stats);
	assert_int_equal(1, stats.calls_refused);
	gate_pass(&real.release);
	assert_true(gate_wait(&ending.gate, 4));
	for (int i = 1; i < 4; i++) {
		assert_ok(ending.status[i]);
	}
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

static void what_has_expired_in_the_queue_does_not_run(void **state)
{
	struct fast_server_options options = {.size = sizeof options, .workers = 1};
	struct ending ending = {.gate = GATE_INITIALIZER};
	struct fast_client *client;
	struct real real;

	(void)state;
	real_open(&real, &options, 0);
	real.handling = REAL_BLOCKS;
	client = real_client(real.endpoint);
	start(client, 20000, &ending);
	assert_true(gate_wait(&real.entered, 1));
	start(client, 50, &ending);
	assert_true(gate_wait(&ending.gate, 1));
	assert_status(FAST_DEADLINE_EXCEEDED, ending.status[0]);
	gate_pass(&real.release);
	assert_true(gate_wait(&ending.gate, 2));
	assert_ok(real_echo(client, 1, 20000, NULL)); /* behind it in the queue */
	assert_int_equal(2, gate_count(&real.entered));
	fast_client_close(client);
	real_stop(&real);
	real_close(&real);
}

struct stopper {
	struct real *real;
	struct gate done;
	pthread_t thread;
};

static void *stopper_body(void *arg)
{
	struct stopper *stopper = arg;

	real_stop(stopper->real);
	gate_pass(&stopper->done);
	return NULL;
}

static void a_close_cancels_and_then_waits_for_the_handlers(void **state)
{
	struct ending ending = {.gate = GATE_INITIALIZER};
	struct stopper stopper = {.done = GATE_INITIALIZER};
	struct fast_client *client;
	struct real real;

	(void)state;
	real_open(&real, NULL, 0);
	real.handling = REAL_KEEPS;
	client = real_client(real.endpoint);
	for (int i = 0; i < 8; i++) {
		start(client, 20000, &ending);
	}
	assert_true(gate_wait(&real.keeping, 8));
	stopper.real = &real;
	assert_int_equal(0, pthread_create(&stopper.thread, NULL, stopper_body, &stopper));
	assert_true(gate_wait(&real.cancelled, 8));
	assert_true(gate_wait(&ending.gate, 8));
	for (int i = 0; i < 8; i++) {
		assert_status(FAST_UNAVAILABLE, ending.status[i]);
		assert_int_equal(FAST_EXECUTED_UNKNOWN, ending.executed[i]);
	}
	assert_int_equal(0, gate_count(&stopper.done));
	real_answer_kept(&real);
	assert_true(gate_wait(&stopper.done, 1));
	assert_int_equal(0, pthread_join(stopper.thread, NULL));
	fast_client_close(client);
	real_close(&real);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_queue_takes_no_more_jobs),
		cmocka_unit_test(a_full_server_pushes_back),
		cmocka_unit_test(what_has_expired_in_the_queue_does_not_run),
		cmocka_unit_test(a_close_cancels_and_then_waits_for_the_handlers),
	};

	int failed = cmocka_run_group_tests_name("ipc", tests, NULL, NULL);

	real_transport = "unix";
	return failed + cmocka_run_group_tests_name("unix", tests, NULL, NULL);
}
