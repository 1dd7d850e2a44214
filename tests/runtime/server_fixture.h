/* runtime/server_fixture.h - a server and one client of which every byte is written by the test. */
#ifndef FAST_TEST_SERVER_FIXTURE_H
#define FAST_TEST_SERVER_FIXTURE_H

#include "rpc_peer.h"
#include "rpc_world.h"

#define ID 0x80000005u

extern struct world world;
extern struct peer peer;

/* Around each test: the peer has said its hello. */
int setup(void **state);
int teardown(void **state);
#define server_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A fresh connection, in place of one that was closed. */
void connect_peer(void);
struct fast_server_stats stats(void);

/* Sends a request for number. False: it was not taken. */
bool ask(uint32_t id, const char *method, uint32_t number);
/* Sends a packet that is all kind. */
void say(uint32_t id, Fast__V1__PacketKind kind);
void say_hello(uint32_t version);

/* Takes the next packet, which must be this one. */
Fast__V1__Packet *expect(uint32_t id, Fast__V1__PacketKind kind);
void expect_failure(uint32_t id, enum fast_status code, const char *words);
void expect_answer(uint32_t id, uint32_t number);
void expect_silence(void);

#endif
