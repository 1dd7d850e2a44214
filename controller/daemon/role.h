/* daemon/role.h - who may call what: roles, and what the operator gave to whom. */
#ifndef FASTD_ROLE_H
#define FASTD_ROLE_H

#include <fast/call.h>

#define ROLE_GRANTS_MAX       32
#define ROLE_WHO_BYTES_MAX    255 /* of a certificate's name */
#define ROLE_GLOB_BYTES_MAX   64
#define ROLE_ERROR_BYTES_MAX  512
#define ROLE_REASON_BYTES_MAX 600

/* Each of viewer to admin may what those before it may; a plugin may attach, and so may an admin.
 */
enum role {
	ROLE_NONE,
	ROLE_PLUGIN,
	ROLE_VIEWER,
	ROLE_PROFILER,
	ROLE_CONTROLLER,
	ROLE_ADMIN,
};

/* Whom a grant is for. */
enum role_who {
	ROLE_UID,  /* a local user, by the kernel's word */
	ROLE_NAME, /* a certificate with a name that matches the glob */
	ROLE_TLS,  /* certificates that no grant names */
	ROLE_TCP,  /* plain tcp on loopback, and HTTP there: nobody knows who */
};

/* An entry of the map. The globs are "*" where nothing was said. */
struct role_grant {
	enum role_who who;
	uint32_t uid;
	char name[ROLE_WHO_BYTES_MAX + 1];
	enum role role;
	char plugins[ROLE_GLOB_BYTES_MAX + 1];
	char params[ROLE_GLOB_BYTES_MAX + 1];
};

/* The map. Filled before the server listens; then read from any thread. */
struct roles {
	uint32_t own_uid; /* fastd's */
	size_t count;
	struct role_grant grants[ROLE_GRANTS_MAX];
};

/* "uid:1000=controller:camera* /res*" (without the blank), "name:ci.example=viewer", "tls=none",
 * "tcp=viewer". INVALID_ARGUMENT: error, which holds ROLE_ERROR_BYTES_MAX bytes, says what is wrong
 * and what would be right. out may be NULL. */
FAST_MUST_CHECK enum fast_status role_parse(const char *text, struct role_grant *out, char *error);

const char *role_name(enum role role);

/* What a call asks for. */
struct role_ask {
	const char *method; /* for the reason */
	enum role least;
	const char *plugin;        /* name or glob, "" for all; NULL: of no plugin */
	const char *const *params; /* names or globs, "" for all */
	size_t param_count;        /* 0: of no param */
};

/* Whether the peer may. If not, reason, which holds ROLE_REASON_BYTES_MAX bytes, names the role
 * that it would need. A glob is granted when all that it can match is. */
bool roles_allow(const struct roles *roles, const struct fast_peer *peer,
		 const struct role_ask *ask, char *reason);

/* The same question about the live metrics of plugins, for those that ask it often: the peer may
 * see a plugin's if both have a bit in common. */
uint64_t roles_groups_of_peer(const struct roles *roles, const struct fast_peer *peer);
uint64_t roles_groups_of_plugin(const struct roles *roles, const char *plugin);

#endif
