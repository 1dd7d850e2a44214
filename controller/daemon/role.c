#include "daemon/role.h"
#include "daemon/nearest.h"

#include <assert.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define META_CHARACTERS "*?[\\"

static const char *const role_names[] = {
	[ROLE_NONE] = "none",         [ROLE_PLUGIN] = "plugin",         [ROLE_VIEWER] = "viewer",
	[ROLE_PROFILER] = "profiler", [ROLE_CONTROLLER] = "controller", [ROLE_ADMIN] = "admin",
};
#define ROLE_COUNT (sizeof role_names / sizeof role_names[0])

const char *role_name(enum role role)
{
	assert((size_t)role < ROLE_COUNT);
	return role_names[role];
}

/* ---- the map, as text ---- */

static enum fast_status refuse(char *error, const char *format, ...) FAST_PRINTF(2, 3);

static enum fast_status refuse(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, ROLE_ERROR_BYTES_MAX, format, args);
	va_end(args);
	return FAST_INVALID_ARGUMENT;
}

/* Copies what stands before end to out, which holds bytes_max + 1 bytes. */
static enum fast_status take(const char *what, const char *text, const char *end, char *out,
			     size_t bytes_max, char *error)
{
	size_t bytes = (size_t)(end - text);

	if (bytes == 0 || bytes > bytes_max) {
		return refuse(error, "the %s has %zu bytes; give 1 to %zu", what, bytes, bytes_max);
	}
	memcpy(out, text, bytes);
	out[bytes] = '\0';
	return FAST_OK;
}

static enum fast_status parse_uid(const char *text, uint32_t *out, char *error)
{
	char *end = NULL;
	unsigned long long number = strtoull(text, &end, 10);

	/* The last number is the kernel's word for nobody. */
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number >= UINT32_MAX) {
		return refuse(error, "'%.100s' is no user id; give a number, as in uid:1000=viewer",
			      text);
	}
	*out = (uint32_t)number;
	return FAST_OK;
}

static enum fast_status parse_who(const char *text, const char *end, struct role_grant *out,
				  char *error)
{
	char who[ROLE_WHO_BYTES_MAX + sizeof "name:"];
	enum fast_status status;

	if (text == end) {
		return refuse(error,
			      "'%.100s' names nobody; give uid:NUMBER, name:CERTIFICATE, tls "
			      "or tcp, as in uid:1000=viewer",
			      text);
	}
	status = take("peer", text, end, who, sizeof who - 1, error);
	if (status != FAST_OK) {
		return status;
	}
	if (strcmp(who, "tls") == 0 || strcmp(who, "tcp") == 0) {
		out->who = who[1] == 'l' ? ROLE_TLS : ROLE_TCP;
		return FAST_OK;
	}
	if (strncmp(who, "uid:", 4) == 0) {
		out->who = ROLE_UID;
		return parse_uid(who + 4, &out->uid, error);
	}
	if (strncmp(who, "name:", 5) == 0) {
		out->who = ROLE_NAME;
		return take("certificate's name", who + 5, who + strlen(who), out->name,
			    ROLE_WHO_BYTES_MAX, error);
	}
	return refuse(error,
		      "'%.100s' is nobody; give uid:NUMBER, name:CERTIFICATE, tls or tcp, as in "
		      "uid:1000=viewer",
		      who);
}

static enum fast_status parse_role(const char *text, const char *end, enum role *out, char *error)
{
	char word[ROLE_GLOB_BYTES_MAX + 1];
	enum fast_status status = take("role", text, end, word, sizeof word - 1, error);
	const char *nearest;

	for (size_t i = 0; i < ROLE_COUNT && status == FAST_OK; i++) {
		if (strcmp(word, role_names[i]) == 0) {
			*out = (enum role)i;
			return FAST_OK;
		}
	}
	if (status != FAST_OK) {
		return status;
	}
	nearest = nearest_word(word, role_names, ROLE_COUNT);
	return refuse(error,
		      "there is no role '%s'; %s%s%s plugin, viewer, profiler, controller, admin "
		      "or none",
		      word, nearest == NULL ? "give" : "did you mean ",
		      nearest == NULL ? "" : nearest, nearest == NULL ? "" : "? There are");
}

enum fast_status role_parse(const char *text, struct role_grant *out, char *error)
{
	struct role_grant grant = {.plugins = "*", .params = "*"};
	const char *equals = strrchr(text, '='); /* a certificate's name may have others */
	const char *colon, *slash, *end = text + strlen(text);
	enum fast_status status;

	if (equals == NULL) {
		return refuse(error, "'%.100s' gives no role; give WHO=ROLE, as in uid:1000=viewer",
			      text);
	}
	colon = strchr(equals, ':');
	slash = colon == NULL ? NULL : strchr(colon, '/');
	status = parse_who(text, equals, &grant, error);
	if (status == FAST_OK) {
		status = parse_role(equals + 1, colon == NULL ? end : colon, &grant.role, error);
	}
	if (status == FAST_OK && colon != NULL) {
		status = take("glob over plugins", colon + 1, slash == NULL ? end : slash,
			      grant.plugins, ROLE_GLOB_BYTES_MAX, error);
	}
	if (status == FAST_OK && slash != NULL) {
		status = take("glob over params", slash + 1, end, grant.params, ROLE_GLOB_BYTES_MAX,
			      error);
	}
	if (status == FAST_OK && out != NULL) {
		*out = grant;
	}
	return status;
}

/* ---- judging ---- */

static bool name_matches(const char *glob, const struct fast_peer *peer)
{
	if (peer->common_name != NULL && fnmatch(glob, peer->common_name, 0) == 0) {
		return true;
	}
	for (size_t i = 0; i < peer->name_count; i++) {
		if (fnmatch(glob, peer->names[i], 0) == 0) {
			return true;
		}
	}
	return false;
}

static bool grant_is_for(const struct role_grant *grant, enum role_who who,
			 const struct fast_peer *peer)
{
	return grant->who == who && (who != ROLE_UID || grant->uid == peer->uid) &&
	       (who != ROLE_NAME || name_matches(grant->name, peer));
}

/* Whether all that glob can match is matched by granted too: only what is plain to see. */
static bool glob_includes(const char *granted, const char *glob)
{
	size_t plain = strcspn(granted, META_CHARACTERS);

	if (strcmp(granted, "*") == 0 || strcmp(granted, glob) == 0) {
		return true;
	}
	if (glob[0] == '\0') {
		return false;
	}
	if (strpbrk(glob, META_CHARACTERS) == NULL) {
		return fnmatch(granted, glob, 0) == 0;
	}
	/* camera-[12] is all below camera*. */
	return strcmp(granted + plain, "*") == 0 && strncmp(granted, glob, plain) == 0 &&
	       strcspn(glob, META_CHARACTERS) >= plain;
}

static bool role_includes(enum role role, enum role least)
{
	if (least == ROLE_PLUGIN || role == ROLE_PLUGIN) {
		return role == ROLE_ADMIN || role == least || least == ROLE_NONE;
	}
	return role >= least;
}

static bool grant_covers(const struct role_grant *grant, const struct role_ask *ask)
{
	if (ask->plugin != NULL && !glob_includes(grant->plugins, ask->plugin)) {
		return false;
	}
	for (size_t i = 0; i < ask->param_count; i++) {
		if (!glob_includes(grant->params, ask->params[i])) {
			return false;
		}
	}
	return true;
}

/* What the peer was given, for what it asks. */
struct standing {
	const struct role_ask *ask;
	bool allowed;
	enum role most;                  /* of its roles */
	const struct role_grant *narrow; /* its role would do, its globs do not */
};

static void judge(const struct role_grant *grant, void *arg)
{
	struct standing *out = arg;
	bool would_do = role_includes(grant->role, out->ask->least);

	if (grant->role > out->most) {
		out->most = grant->role;
	}
	if (would_do && grant_covers(grant, out->ask)) {
		out->allowed = true;
	} else if (would_do) {
		out->narrow = grant;
	}
}

/* What holds for whom no grant is. Who opens the control socket is in its group, and could attach a
 * plugin by the plugin socket. */
static void judge_default(enum role_who who, const struct roles *roles,
			  const struct fast_peer *peer, struct standing *out)
{
	struct role_grant grant = {.role = ROLE_VIEWER, .plugins = "*", .params = "*"};

	if (who == ROLE_UID) {
		grant.role =
			peer->uid == 0 || peer->uid == roles->own_uid ? ROLE_ADMIN : ROLE_PLUGIN;
		judge(&grant, out);
		grant.role = grant.role == ROLE_ADMIN ? ROLE_ADMIN : ROLE_CONTROLLER;
	}
	judge(&grant, out);
}

/* "uid 1000", as it stands in the map. */
static void spell_peer(const struct fast_peer *peer, enum role_who who, char *out, size_t bytes)
{
	const char *name = peer->name_count > 0 ? peer->names[0] : peer->common_name;

	if (who == ROLE_UID) {
		snprintf(out, bytes, "uid:%u", peer->uid);
	} else if (who == ROLE_NAME && name != NULL) {
		snprintf(out, bytes, "name:%.*s", ROLE_WHO_BYTES_MAX, name);
	} else {
		snprintf(out, bytes, "%s", who == ROLE_TCP ? "tcp" : "tls");
	}
}

static void explain(const struct role_ask *ask, const char *who, const struct standing *verdict,
		    char *reason)
{
	if (verdict->narrow != NULL) {
		snprintf(reason, ROLE_REASON_BYTES_MAX,
			 "%s: %s is %s for plugins '%s' and params '%s' alone; ask for no more",
			 ask->method, who, role_name(verdict->narrow->role),
			 verdict->narrow->plugins, verdict->narrow->params);
		return;
	}
	snprintf(reason, ROLE_REASON_BYTES_MAX,
		 "%s needs the role %s, and %s has %s; fastd gives it by --role %s=%s", ask->method,
		 role_name(ask->least), who, role_name(verdict->most), who, role_name(ask->least));
}

static enum role_who who_is(const struct fast_peer *peer)
{
	return peer->has_credentials ? ROLE_UID : peer->has_certificate ? ROLE_NAME : ROLE_TCP;
}

/* Calls fn with each grant that is for the peer. False: there is none. */
static bool each_grant(const struct roles *roles, const struct fast_peer *peer,
		       void (*fn)(const struct role_grant *grant, void *arg), void *arg)
{
	enum role_who who = who_is(peer);
	bool found = false;

	for (int pass = 0; pass < 2 && !found; pass++) {
		for (size_t i = 0; i < roles->count; i++) {
			if (grant_is_for(&roles->grants[i], who, peer)) {
				found = true;
				fn(&roles->grants[i], arg);
			}
		}
		if (who != ROLE_NAME) {
			break;
		}
		who = ROLE_TLS; /* a certificate that no grant names */
	}
	return found;
}

bool roles_allow(const struct roles *roles, const struct fast_peer *peer,
		 const struct role_ask *ask, char *reason)
{
	struct standing verdict = {.ask = ask};
	char spelled[ROLE_WHO_BYTES_MAX + sizeof "name:"];

	if (ask->least == ROLE_NONE) {
		return true;
	}
	if (!each_grant(roles, peer, judge, &verdict)) {
		judge_default(who_is(peer), roles, peer, &verdict);
	}
	if (!verdict.allowed) {
		spell_peer(peer, who_is(peer), spelled, sizeof spelled);
		explain(ask, spelled, &verdict, reason);
	}
	return verdict.allowed;
}

/* ---- groups: a bit for each grant, and one for those who need none ---- */

#define GROUP_OF_ALL (UINT64_C(1) << 63)
_Static_assert(ROLE_GRANTS_MAX < 63, "a bit for each grant");

struct groups {
	const struct roles *roles;
	uint64_t bits;
};

static void add_group(const struct role_grant *grant, void *arg)
{
	struct groups *groups = arg;

	if (role_includes(grant->role, ROLE_VIEWER)) {
		groups->bits |= UINT64_C(1) << (grant - groups->roles->grants);
	}
}

uint64_t roles_groups_of_peer(const struct roles *roles, const struct fast_peer *peer)
{
	struct groups groups = {.roles = roles};

	/* By default everybody who can connect may look. */
	return each_grant(roles, peer, add_group, &groups) ? groups.bits : GROUP_OF_ALL;
}

uint64_t roles_groups_of_plugin(const struct roles *roles, const char *plugin)
{
	uint64_t bits = GROUP_OF_ALL;

	for (size_t i = 0; i < roles->count; i++) {
		if (glob_includes(roles->grants[i].plugins, plugin)) {
			bits |= UINT64_C(1) << i;
		}
	}
	return bits;
}
