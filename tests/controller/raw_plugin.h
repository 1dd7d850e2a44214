/* controller/raw_plugin.h - a plugin without the SDK: it says whatever a test wants. */
#ifndef FASTD_TEST_RAW_PLUGIN_H
#define FASTD_TEST_RAW_PLUGIN_H

#include "support/harness.h"

#include <fast/v1/session.pb-c.h>

/* What fastd answered. */
struct raw_answer {
	bool closed; /* the connection; nothing else is said then */
	bool attached;
	char instance[80];
	uint32_t code; /* of a refusal */
	char name[72];
	char message[600];
};

/* Connects. */
int raw_connect(const char *path);
/* A page as it should be: sealed, with its head. */
int raw_page(void);
/* A page with these seals and this size, and its head. */
int raw_page_with(unsigned int seals, long size);

/* Sends bytes with count descriptors. False: the connection is closed. */
bool raw_send_bytes(int fd, const void *bytes, size_t count, const int *fds, size_t fd_count);
bool raw_send(int fd, const Fast__V1__SessionUp *packet, int page_fd);
/* Attaches with this page; -1: with none. */
bool raw_send_attach(int fd, const char *name, const char *instance, int page_fd);
bool raw_send_metric(int fd, const char *name, int kind, uint32_t cell_offset);
/* An int param of 0 to 100. */
bool raw_send_param(int fd, const char *name, int64_t initial, uint32_t slot);
bool raw_send_spec(int fd, const Fast__V1__ParamSpec *spec, uint32_t slot);
/* Waits for the next answer. */
struct raw_answer raw_receive(int fd);

#endif
