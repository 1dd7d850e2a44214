/* runtime/tls_world.h - certificates, and TLS links between this process and itself. */
#ifndef FAST_TEST_TLS_WORLD_H
#define FAST_TEST_TLS_WORLD_H

#include "support/harness.h"

#include "link/tls.h"
#include "runtime/link_pair.h"

/* The group's setup and teardown: a fresh folder with what make_certs.sh makes. */
int tls_world_make(void **state);
int tls_world_remove(void **state);

/* FOLDER/NAME, in one of a few buffers; valid for a few more calls. */
const char *tls_file(const char *name);

/* Options that trust ca and show the certificate called name; either may be NULL. */
struct fast_tls_options tls_options(const char *ca, const char *name);
/* Of these; asserts. */
struct fast_tls *tls_make(const char *ca, const char *name);
struct fast_tls *tls_make_with(const struct fast_tls_options *options);

/* A listener at 127.0.0.1 and a dialer for it, which says the server's name as host. */
struct tls_ends {
	struct link_inbox inbox;
	struct fast_link_listener *listener;
	struct fast_link_dialer *dialer;
	char reason[FAST_TLS_REASON_BYTES]; /* of the last dial */
	unsigned greeted;                   /* of the inbox, those that a test has taken */
};

/* Frees both tls, which the ends keep; asserts. host: "localhost", "127.0.0.1". */
void tls_ends_open(struct tls_ends *ends, struct fast_tls *server, struct fast_tls *client,
		   const char *host);
enum fast_status tls_ends_dial(struct tls_ends *ends, int64_t timeout_ms, struct fast_link **out);
void tls_ends_close(struct tls_ends *ends);
/* "tls+tcp://HOST:PORT" of a listener. */
const char *tls_endpoint_at(const struct fast_link_listener *listener, const char *host);

/* A plain socket connected to the listener. */
int tls_connect_plain(const struct fast_link_listener *listener);
/* Waits, with a bound, until the peer has closed; false: it did not. Throws away what comes. */
bool tls_plain_is_closed(int fd);

/* Moves what time() tells the process by so many seconds; 0: the real time. */
void tls_set_time(int64_t offset_s);
/* So that it is this date: "YYYYMMDDHHMMSS". */
void tls_set_date(const char *date);

#endif
