#include "daemon/guard.h"

#include <fast/interceptor.h>
#include <fast/v1/plugin.pb-c.h>
#include <stdlib.h>
#include <string.h>

/* Of one request; more need a grant for all params. */
#define PARAMS_MAX 128

/* Sorted by method. */
static const struct guard_rule rules[] = {
	{"fast.v1.Admin/Calls", ROLE_ADMIN, NULL, NULL, NULL},
	{"fast.v1.Admin/Connections", ROLE_ADMIN, NULL, NULL, NULL},
	{"fast.v1.Admin/Stats", ROLE_ADMIN, NULL, NULL, NULL},
	{"fast.v1.Health/Check", ROLE_NONE, NULL, NULL, NULL},
	{"fast.v1.Health/List", ROLE_NONE, NULL, NULL, NULL},
	{"fast.v1.Health/Watch", ROLE_NONE, NULL, NULL, NULL},
	{"fast.v1.Metric/History", ROLE_VIEWER, "plugin", NULL, NULL},
	{"fast.v1.Metric/List", ROLE_VIEWER, "plugin", NULL, NULL},
	{"fast.v1.Metric/Watch", ROLE_VIEWER, "plugin", NULL, NULL},
	{"fast.v1.Node/Events", ROLE_VIEWER, "plugin", NULL, NULL},
	{"fast.v1.Node/Status", ROLE_VIEWER, NULL, NULL, NULL},
	{"fast.v1.Param/ApplyProfile", ROLE_CONTROLLER, "plugin", "*", NULL},
	{"fast.v1.Param/Audit", ROLE_VIEWER, "plugin", "*", NULL},
	{"fast.v1.Param/Bound", ROLE_ADMIN, "plugin", "param", "bound"},
	{"fast.v1.Param/Claim", ROLE_CONTROLLER, "plugin", "params", NULL},
	{"fast.v1.Param/DeleteProfile", ROLE_PROFILER, "plugin", "*", NULL},
	{"fast.v1.Param/Explain", ROLE_VIEWER, "plugin", "param", NULL},
	{"fast.v1.Param/Get", ROLE_VIEWER, "plugin", "param", NULL},
	{"fast.v1.Param/List", ROLE_VIEWER, "plugin", "param", NULL},
	{"fast.v1.Param/ListBounds", ROLE_VIEWER, "plugin", "*", NULL},
	{"fast.v1.Param/ListProfiles", ROLE_VIEWER, "plugin", "*", NULL},
	{"fast.v1.Param/Release", ROLE_CONTROLLER, NULL, NULL, NULL}, /* the lease has its owner */
	{"fast.v1.Param/Renew", ROLE_CONTROLLER, NULL, NULL, NULL},
	{"fast.v1.Param/SaveProfile", ROLE_PROFILER, "plugin", "params", NULL},
	{"fast.v1.Param/Set", ROLE_CONTROLLER, "plugin", "assignments", NULL},
	{"fast.v1.Param/Unbound", ROLE_ADMIN, "plugin", "param", NULL},
	{"fast.v1.Param/Watch", ROLE_VIEWER, "plugin", "*", NULL},
	{"fast.v1.Plugin/Attach", ROLE_PLUGIN, NULL, NULL, NULL}, /* whose name comes later */
	{"fast.v1.Plugin/List", ROLE_VIEWER, "plugin", NULL, NULL},
	{"fast.v1.Plugin/Runs", ROLE_VIEWER, "plugin", NULL, NULL},
	{"fast.v1.Reflection/GetSchema", ROLE_NONE, NULL, NULL, NULL},
	{"fast.v1.Reflection/ListServices", ROLE_NONE, NULL, NULL, NULL},
};

static int compare(const void *method, const void *rule)
{
	return strcmp(method, ((const struct guard_rule *)rule)->method);
}

const struct guard_rule *guard_rule_of(const char *method)
{
	return bsearch(method, rules, sizeof rules / sizeof rules[0], sizeof rules[0], compare);
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message, const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

static const void *member_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return (const char *)message + field->offset;
}

/* A string field's value; "", which asks for all, where there is none. */
static const char *string_of(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = message == NULL ? NULL : field_of(message, name);

	return field == NULL || field->type != PROTOBUF_C_TYPE_STRING
		       ? ""
		       : *(const char *const *)member_of(message, field);
}

/* The params that a request names; at least one. */
static size_t params_of(const ProtobufCMessage *message, const char *name, const char **out)
{
	const ProtobufCFieldDescriptor *field = message == NULL ? NULL : field_of(message, name);
	const void *items;
	size_t count;

	out[0] = "";
	if (field == NULL || field->label != PROTOBUF_C_LABEL_REPEATED) {
		out[0] = string_of(message, name);
		return 1;
	}
	count = *(const size_t *)(const void *)((const char *)message + field->quantifier_offset);
	items = *(const void *const *)member_of(message, field);
	if (count == 0 || count > PARAMS_MAX) {
		return 1;
	}
	for (size_t i = 0; i < count; i++) {
		out[i] = field->type == PROTOBUF_C_TYPE_STRING
				 ? ((const char *const *)items)[i]
				 : string_of(((const ProtobufCMessage *const *)items)[i], "param");
	}
	return count;
}

/* Says in the refusal, for programs, which role it takes. */
static void refuse(struct fast_call *call, enum role least, const char *reason)
{
	Fast__V1__RoleNeeded detail = FAST__V1__ROLE_NEEDED__INIT;

	detail.role = (char *)role_name(least);
	fast_call_add_detail(call, &detail.base);
	fast_call_reject(call, FAST_PERMISSION_DENIED, "%s", reason);
}

static void guard_before(struct fast_call *call, const ProtobufCMessage *request, void *arg)
{
	static const struct guard_rule unknown = {NULL, ROLE_ADMIN, NULL, NULL, NULL};
	const char *method = fast_call_method(call)->path;
	const struct guard_rule *rule = guard_rule_of(method);
	const ProtobufCMessage *message = request;
	const char *params[PARAMS_MAX];
	char reason[ROLE_REASON_BYTES_MAX];
	struct role_ask ask = {.method = method};

	if (rule == NULL) {
		rule = &unknown;
	}
	ask.least = rule->least;
	if (rule->inside != NULL && request != NULL) {
		message = *(const ProtobufCMessage *const *)member_of(
			request, field_of(request, rule->inside));
	}
	if (rule->plugin != NULL) {
		ask.plugin = string_of(message, rule->plugin);
	}
	if (rule->params != NULL) {
		ask.params = params;
		ask.param_count = params_of(message, rule->params, params);
	}
	if (roles_allow(arg, fast_call_peer(call), &ask, reason)) {
		fast_call_proceed(call);
	} else {
		refuse(call, ask.least, reason);
	}
}

enum fast_status guard_add(struct fast_server *server, const struct roles *roles)
{
	const struct fast_interceptor guard = {
		.before = guard_before,
		.arg = (void *)(uintptr_t)roles,
	};

	return fast_server_intercept(server, &guard);
}
