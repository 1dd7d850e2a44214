/* runtime/faults_world.h - a server, the fault proxy before it, and a client, on real sockets. */
#ifndef FAST_TEST_FAULTS_WORLD_H
#define FAST_TEST_FAULTS_WORLD_H

#include "rpc_real.h"
#include "support/fault_proxy.h"

struct faults_world {
	struct real real;
	struct fault_proxy *proxy;
	struct fast_client *client; /* through the proxy */
};

/* over: "ipc" or "tcp". */
void faults_open(struct faults_world *world, const char *over);
void faults_close(struct faults_world *world);
/* Closes the client in time. */
void faults_close_client(struct faults_world *world);

#endif
