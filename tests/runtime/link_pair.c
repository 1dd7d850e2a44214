#include "support/harness.h"

#include "runtime/link_pair.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static void end_received(void *arg, enum fast_status status, size_t bytes)
{
	struct link_end *end = arg;

	end->received_status = status;
	end->received_bytes = bytes;
	gate_pass(&end->received);
}

static void end_sent(void *arg, enum fast_status status, size_t bytes)
{
	struct link_end *end = arg;

	end->sent_status = status;
	end->sent_bytes = bytes;
	gate_pass(&end->sent);
}

static const struct fast_link_events end_events = {end_received, end_sent};

void link_end_init(struct link_end *end, struct fast_link *link)
{
	*end = (struct link_end){
		.link = link, .received = GATE_INITIALIZER, .sent = GATE_INITIALIZER};
	fast_link_start(link, &end_events, end);
}

void link_inbox_init(struct link_inbox *inbox)
{
	*inbox = (struct link_inbox){.accepted = GATE_INITIALIZER,
				     .lock = PTHREAD_MUTEX_INITIALIZER};
}

void link_inbox_accepted(struct fast_link *link, void *arg)
{
	struct link_inbox *inbox = arg;
	bool is_full;

	pthread_mutex_lock(&inbox->lock);
	is_full = inbox->count == FAST_TEST_COUNT(inbox->links);
	if (!is_full) {
		inbox->links[inbox->count++] = link;
	}
	pthread_mutex_unlock(&inbox->lock);
	if (is_full) {
		link->ops->free(link);
	}
	gate_pass(&inbox->accepted);
}

struct fast_link *link_inbox_take(struct link_inbox *inbox, unsigned nth)
{
	struct fast_link *link = NULL;

	if (gate_wait(&inbox->accepted, nth + 1)) {
		pthread_mutex_lock(&inbox->lock);
		link = inbox->links[nth];
		pthread_mutex_unlock(&inbox->lock);
	}
	return link;
}

void link_outcome_dialed(enum fast_status status, struct fast_link *link, void *arg)
{
	struct link_outcome *outcome = arg;

	outcome->status = status;
	outcome->link = link;
	gate_pass(&outcome->done);
}

enum fast_status link_dial_wait(struct fast_link_dialer *dialer, int64_t timeout_ms,
				struct fast_link **out)
{
	struct link_outcome outcome = {.done = GATE_INITIALIZER};

	fast_link_dial(dialer, timeout_ms, link_outcome_dialed, &outcome);
	assert_true(gate_wait(&outcome.done, 1));
	if (outcome.status == FAST_OK) {
		*out = outcome.link;
	} else {
		assert_null(outcome.link);
	}
	return outcome.status;
}

struct fast_link_dialer *link_dialer_to(const char *endpoint)
{
	struct fast_link_dialer *dialer = NULL;

	assert_ok(fast_link_dialer_new(endpoint, &dialer));
	if (link_own_sockets) {
		fast_link_dialer_use_sockets(dialer);
	}
	return dialer;
}

void link_pair_open(struct link_pair *pair, const char *endpoint)
{
	struct fast_link *link;

	memset(pair, 0, sizeof *pair);
	link_inbox_init(&pair->inbox);
	assert_ok(
		fast_link_listen(endpoint, 0, link_inbox_accepted, &pair->inbox, &pair->listener));
	pair->dialer = link_dialer_to(fast_link_listener_endpoint(pair->listener));
	assert_ok(link_dial_wait(pair->dialer, 10000, &link));
	link_end_init(&pair->client, link);
	link = link_inbox_take(&pair->inbox, 0);
	assert_non_null(link);
	link_end_init(&pair->server, link);
}

void link_pair_close(struct link_pair *pair)
{
	if (pair->client.link != NULL) {
		pair->client.link->ops->free(pair->client.link);
	}
	if (pair->server.link != NULL) {
		pair->server.link->ops->free(pair->server.link);
	}
	fast_link_dialer_free(pair->dialer);
	fast_link_listener_close(pair->listener);
	for (size_t i = 1; i < pair->inbox.count; i++) { /* others who came */
		pair->inbox.links[i]->ops->free(pair->inbox.links[i]);
	}
}

void link_pass_text(struct link_end *from, struct link_end *to, const char *text)
{
	char buffer[256] = {0};
	size_t bytes = strlen(text);
	size_t got = 0;
	struct iovec iov = {(void *)(uintptr_t)text, bytes};
	unsigned sent = gate_count(&from->sent);

	assert_true(bytes < sizeof buffer);
	from->link->ops->send(from->link, &iov, 1);
	while (got < bytes) {
		unsigned received = gate_count(&to->received);
		to->link->ops->recv(to->link, buffer + got, sizeof buffer - 1 - got);
		assert_true(gate_wait(&to->received, received + 1));
		assert_ok(to->received_status);
		got += to->received_bytes;
	}
	assert_true(gate_wait(&from->sent, sent + 1));
	assert_ok(from->sent_status);
	assert_int_equal(bytes, from->sent_bytes);
	assert_string_equal(text, buffer);
}

size_t link_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL) {
		count++;
	}
	closedir(dir);
	return count;
}

void link_descriptors_await(size_t most)
{
	for (int waited_ms = 0; link_descriptors() > most; waited_ms++) {
		assert_true(waited_ms < 1000 * GATE_WAIT_S);
		(void)poll(NULL, 0, 1);
	}
}

const char *link_scheme = "ipc";
bool link_own_sockets;

int link_folder_make(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/fast-link-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

int link_folder_remove(void **state)
{
	DIR *dir = opendir(folder);

	(void)state;
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
		unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir != NULL) {
		closedir(dir);
	}
	return rmdir(folder);
}

const char *link_folder_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

const char *link_folder_endpoint(const char *name)
{
	static char endpoint[FAST_ENDPOINT_BYTES_MAX];

	snprintf(endpoint, sizeof endpoint, "%s://%s/%s", link_scheme, folder, name);
	return endpoint;
}

int link_run_tests(const struct CMUnitTest *tests, size_t count)
{
	static const struct {
		const char *name;
		const char *scheme;
		bool own_sockets;
	} modes[] = {{"ipc", "ipc", false}, {"unix", "unix", false}, {"own sockets", "ipc", true}};
	int failed = 0;

	for (size_t i = 0; i < FAST_TEST_COUNT(modes); i++) {
		link_scheme = modes[i].scheme;
		link_own_sockets = modes[i].own_sockets;
		failed += _cmocka_run_group_tests(modes[i].name, tests, count, link_folder_make,
						  link_folder_remove);
	}
	return failed;
}
