/* bench_peer.h - the other processes of bench_rpc, and how they are reached. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* PEER_UNIX is one of ours alone; the others then use ipc. */
enum peer_transport { PEER_IPC, PEER_TCP, PEER_UNIX, PEER_TLS, PEER_TRANSPORTS };
extern const char *const peer_transport_names[PEER_TRANSPORTS];

/* What the peers serve, at paths in one folder of their own and at ports that they were given. */
struct peer {
	pid_t pid;           /* ours, with both baselines on bare streams */
	pid_t grpc_pid;      /* gRPC's server; 0: there is none */
	pid_t grpc_client;   /* the process that asks it */
	FILE *grpc_commands; /* to that process */
	FILE *grpc_answers;
	const char *certificates; /* a folder of make_certs.sh; NULL: no TLS */
	char folder[64];
	char fast[PEER_TRANSPORTS][96]; /* endpoints */
	char nng[PEER_TRANSPORTS][96];  /* urls */
	char raw_path[96];
	char mute[96];     /* an endpoint where all is read and nothing answered */
	uint16_t raw_port; /* tcp */
	int cpus[2];       /* where all are pinned */
	int cpu_count;
};

/* Starts the peers. Certificates: $BENCH_CERTIFICATES. False: ours could not be started. */
bool peer_start(struct peer *peer);
void peer_stop(struct peer *peer);
/* The main of our peer. */
int peer_serve(const char *folder);

/* Pins all threads of a process (0: this one), and those that they will start, to one CPU. */
void place_pin(pid_t pid, int cpu);
/* The CPUs that this process may use: at most two; returns how many. */
int place_cpus(int cpus[2]);
/* CPU time of a process (0: this one) so far, and its resident memory. */
int64_t place_cpu_ns(pid_t pid);
int64_t place_memory_bytes(pid_t pid);

#endif
