#include "emit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void handlers_struct(struct writer *writer, const struct model_service *service)
{
	writer_printf(writer, "\n");
	writer_comment(writer, 0,
		       writer_text(writer,
				   "What a server does for each call of %s. A member that is NULL "
				   "answers FAST_UNIMPLEMENTED.",
				   service->name));
	writer_printf(writer, "struct %s_handlers {\n", service->prefix);
	for (size_t i = 0; i < service->method_count; i++) {
		const struct model_method *method = &service->methods[i];
		const char *const items[] = {
			"struct fast_call *call",
			writer_text(writer, "const %s *request", method->request.c_name),
			"void *arg",
		};
		const char *const items_only[] = {items[0], items[2]};

		writer_comment(writer, 1, method->comment);
		writer_list(writer, 1, "", writer_text(writer, "void (*%s)(", method->member),
			    method->takes_stream ? items_only : items,
			    method->takes_stream ? COUNT(items_only) : COUNT(items), ");");
	}
	writer_printf(writer, "};\n");
}

static void reply_define(struct writer *writer, const struct model_method *method)
{
	const char *const items[] = {
		"struct fast_call *call",
		writer_text(writer, "const %s *response", method->response.c_name),
	};

	writer_printf(writer, "\n/* Answers and ends the call, as by fast_call_reply(). */\n");
	writer_list(writer, 0, "static inline void ",
		    writer_text(writer, "%s_reply(", method->function), items, COUNT(items), ")");
	writer_printf(writer, "{\n"
			      "\tfast_call_reply(call, (const ProtobufCMessage *)response);\n"
			      "}\n");
}

static void send_define(struct writer *writer, const struct model_method *method)
{
	const char *const items[] = {
		"struct fast_call *call",
		writer_text(writer, "const %s *item", method->response.c_name),
	};

	writer_printf(writer, "\n/* Sends one item, as by fast_call_send(). */\n");
	writer_list(writer, 0, "FAST_MUST_CHECK static inline enum fast_status ",
		    writer_text(writer, "%s_send(", method->function), items, COUNT(items), ")");
	writer_printf(writer, "{\n"
			      "\treturn fast_call_send(call, (const ProtobufCMessage *)item);\n"
			      "}\n");
}

static void send_wait_define(struct writer *writer, const struct model_method *method)
{
	const char *const items[] = {
		"struct fast_call *call",
		writer_text(writer, "const %s *item", method->response.c_name),
		"int64_t wait_ms",
	};
	const char *const call_items[] = {"call", "(const ProtobufCMessage *)item", "wait_ms"};

	writer_printf(writer,
		      "\n/* Sends one item, and waits for room, as by fast_call_send_wait(). */\n");
	writer_list(writer, 0, "FAST_MUST_CHECK static inline enum fast_status ",
		    writer_text(writer, "%s_send_wait(", method->function), items, COUNT(items),
		    ")");
	writer_printf(writer, "{\n");
	writer_list(writer, 1, "return ", "fast_call_send_wait(", call_items, COUNT(call_items),
		    ");");
	writer_printf(writer, "}\n");
}

static void send_at_define(struct writer *writer, const struct model_method *method)
{
	const char *const items[] = {
		"struct fast_call *call",
		"uint64_t cursor",
		writer_text(writer, "const %s *item", method->response.c_name),
	};
	const char *const call_items[] = {"call", "cursor", "(const ProtobufCMessage *)item"};

	writer_printf(writer,
		      "\n/* Sends the item of this number, as by fast_call_send_at(). */\n");
	writer_list(writer, 0, "FAST_MUST_CHECK static inline enum fast_status ",
		    writer_text(writer, "%s_send_at(", method->function), items, COUNT(items), ")");
	writer_printf(writer, "{\n");
	writer_list(writer, 1, "return ", "fast_call_send_at(", call_items, COUNT(call_items),
		    ");");
	writer_printf(writer, "}\n");
}

static void on_item_head(struct writer *writer, const struct model_method *method, const char *tail)
{
	const char *const items[] = {
		"struct fast_call *call",
		writer_text(writer, "%s_item_fn *fn", method->function),
		"void *arg",
	};

	writer_list(writer, 0, "void ", writer_text(writer, "%s_on_item(", method->function), items,
		    COUNT(items), tail);
}

static void on_item_declare(struct writer *writer, const struct model_method *method)
{
	const char *const items[] = {
		"struct fast_call *call",
		"enum fast_status status",
		writer_text(writer, "const %s *item", method->request.c_name),
		"void *arg",
	};

	writer_printf(writer, "\n/* What a handler does for each item, as fast_call_item_fn. */\n");
	writer_list(writer, 0, "typedef void ",
		    writer_text(writer, "%s_item_fn(", method->function), items, COUNT(items),
		    ");");
	writer_printf(writer, "\n/* Sets that function, as by fast_call_on_item(). */\n");
	on_item_head(writer, method, ");");
}

void emit_server_declarations(struct writer *writer, const struct model_service *service)
{
	handlers_struct(writer, service);
	for (size_t i = 0; i < service->method_count; i++) {
		if (service->methods[i].takes_stream) {
			on_item_declare(writer, &service->methods[i]);
		}
		if (service->methods[i].is_stream) {
			send_define(writer, &service->methods[i]);
			send_wait_define(writer, &service->methods[i]);
			if (service->methods[i].is_resumable) {
				send_at_define(writer, &service->methods[i]);
			}
		} else {
			reply_define(writer, &service->methods[i]);
		}
	}
}

static void dispatch_function(struct writer *writer, const struct model_service *service,
			      const struct model_method *method)
{
	const char *const head_items[] = {
		"const void *handlers",
		"struct fast_call *call",
		"const ProtobufCMessage *request",
		"void *arg",
	};
	const char *const call_items[] = {
		"call",
		writer_text(writer, "(const %s *)request", method->request.c_name),
		"arg",
	};
	const char *const call_items_only[] = {call_items[0], call_items[2]};

	writer_printf(writer, "\n");
	writer_list(writer, 0, "static void ",
		    writer_text(writer, "dispatch_%s(", method->function), head_items,
		    COUNT(head_items), ")");
	writer_printf(writer, "{\n");
	writer_pair(writer, 1,
		    writer_text(writer, "const struct %s_handlers *table =", service->prefix),
		    "handlers;");
	writer_printf(writer, method->takes_stream ? "\n\t(void)request;\n" : "\n");
	writer_printf(writer,
		      "\tif (table->%s == NULL) {\n"
		      "\t\tfast_call_fail(call, FAST_UNIMPLEMENTED, \"%%s is not served here\",\n"
		      "\t\t\t       fast_call_method(call)->path);\n"
		      "\t\treturn;\n"
		      "\t}\n",
		      method->member);
	writer_list(writer, 1, "", writer_text(writer, "table->%s(", method->member),
		    method->takes_stream ? call_items_only : call_items,
		    method->takes_stream ? COUNT(call_items_only) : COUNT(call_items), ");");
	writer_printf(writer, "}\n");
}

/* The function of a handler keeps its own type on its way through the runtime. */
static void on_item_functions(struct writer *writer, const struct model_method *method)
{
	const char *const head_items[] = {
		"struct fast_call *call",
		"enum fast_status status",
		"const ProtobufCMessage *message",
		"fast_any_fn *typed",
		"void *arg",
	};
	const char *const call_items[] = {
		"call",
		"status",
		writer_text(writer, "(const %s *)message", method->request.c_name),
		"arg",
	};
	const char *const set_items[] = {
		"call",
		writer_text(writer, "tell_%s", method->function),
		"(fast_any_fn *)fn",
		"arg",
	};

	writer_printf(writer, "\n");
	writer_list(writer, 0, "static void ", writer_text(writer, "tell_%s(", method->function),
		    head_items, COUNT(head_items), ")");
	writer_printf(writer, "{\n");
	writer_pair(writer, 1, writer_text(writer, "%s_item_fn *fn =", method->function),
		    writer_text(writer, "(%s_item_fn *)typed;", method->function));
	writer_printf(writer, "\n");
	writer_list(writer, 1, "", "fn(", call_items, COUNT(call_items), ");");
	writer_printf(writer, "}\n\n");
	on_item_head(writer, method, ")");
	writer_printf(writer, "{\n");
	writer_list(writer, 1, "", "fast_call_on_typed_item(", set_items, COUNT(set_items), ");");
	writer_printf(writer, "}\n");
}

static const char *method_kind(const struct model_method *method)
{
	if (method->takes_stream) {
		return method->is_stream ? "FAST_METHOD_BIDI_STREAM" : "FAST_METHOD_CLIENT_STREAM";
	}
	return method->is_stream ? "FAST_METHOD_SERVER_STREAM" : "FAST_METHOD_UNARY";
}

static void table_entry(struct writer *writer, const struct model_method *method)
{
	const struct {
		const char *member;
		bool is_set;
	} rules[] = {
		{"resumable", method->is_resumable},
		{"lossy", method->is_lossy},
	};

	writer_printf(writer, "\t{\n");
	writer_pair(writer, 2, ".name =", writer_text(writer, "\"%s\",", method->name));
	writer_pair(writer, 2, ".path =", writer_text(writer, "\"%s\",", method->path));
	writer_printf(writer, "\t\t.kind = %s,\n", method_kind(method));
	writer_printf(writer, "\t\t.idempotency = %s,\n", method->idempotency);
	writer_pair(writer, 2,
		    ".request =", writer_text(writer, "&%s,", method->request.descriptor));
	writer_pair(writer, 2,
		    ".response =", writer_text(writer, "&%s,", method->response.descriptor));
	writer_pair(writer, 2,
		    ".dispatch =", writer_text(writer, "dispatch_%s,", method->function));
	if (method->priority != NULL) {
		writer_printf(writer, "\t\t.priority = %s,\n", method->priority);
	}
	for (size_t i = 0; i < COUNT(rules); i++) {
		if (rules[i].is_set) {
			writer_printf(writer, "\t\t.%s = true,\n", rules[i].member);
		}
	}
	writer_printf(writer, "\t},\n");
}

void emit_server_functions(struct writer *writer, const struct model_service *service)
{
	for (size_t i = 0; i < service->method_count; i++) {
		dispatch_function(writer, service, &service->methods[i]);
		if (service->methods[i].takes_stream) {
			on_item_functions(writer, &service->methods[i]);
		}
	}
	writer_printf(writer, "\nstatic const struct fast_method methods_%s[] = {\n",
		      service->prefix);
	for (size_t i = 0; i < service->method_count; i++) {
		table_entry(writer, &service->methods[i]);
	}
	writer_printf(writer, "};\n");
}
