/* runtime/rpc_real.h - a server and clients over real sockets, in a folder of their own, or over
 * the link within the process. */
#ifndef FAST_TEST_RPC_REAL_H
#define FAST_TEST_RPC_REAL_H

#include "support/harness.h"

#include "gate.h"
#include <fast/client.h>
#include <fast/server.h>
#include <fast/stream.h>
#include <testing/v1/probe.fast.h>

#define REAL_KEPT_MAX 4096

/* What its handlers do. */
enum real_handling {
	REAL_ANSWERS,
	REAL_KEEPS,  /* and answers when real_answer_kept() says so */
	REAL_BLOCKS, /* until release has been passed */
};

struct real {
	char folder[64];
	char endpoint[96];
	struct fast_server *server;
	struct testing_v1_probe_handlers handlers;
	_Atomic(enum real_handling) handling;
	struct gate entered;   /* once per handler that was run */
	struct gate keeping;   /* once per call that is kept */
	struct gate cancelled; /* once per cancel function that was run */
	struct gate release;
	pthread_mutex_t lock;
	struct fast_call *kept[REAL_KEPT_MAX]; /* guarded by lock */
	unsigned kept_count;                   /* guarded by lock */
};

/* "ipc" unless a test's main says "unix" or "inproc". */
extern const char *real_transport;

/* Serves at once; flags as fast_server_add(). */
void real_open(struct real *real, const struct fast_server_options *options, unsigned flags);
void real_serve(struct real *real, const struct fast_server_options *options, unsigned flags);
void real_stop(struct real *real);
/* The server must have been stopped. */
void real_close(struct real *real);
void real_answer_kept(struct real *real);

struct fast_client *real_client(const char *endpoint);
/* A synchronous Echo; *number_back may be NULL. */
enum fast_status real_echo(struct fast_client *client, uint32_t number, int64_t timeout_ms,
			   uint32_t *number_back);

/* A callback that passes the gate in arg. */
void real_pass(const struct fast_reply *reply, void *arg);

/* The endpoint of that transport for a folder of the test's own. */
void real_name_endpoint(const char *folder, char *out, size_t bytes);

/* A unix socket at endpoint that accepts connections in the kernel alone: nobody reads. */
int real_listen_deaf(const char *endpoint);

#endif
