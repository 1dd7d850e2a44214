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

		writer_comment(writer, 1, method->comment);
		writer_list(writer, 1, "", writer_text(writer, "void (*%s)(", method->member),
			    items, COUNT(items), ");");
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

void emit_server_declarations(struct writer *writer, const struct model_service *service)
{
	handlers_struct(writer, service);
	for (size_t i = 0; i < service->method_count; i++) {
		if (service->methods[i].is_stream) {
			send_define(writer, &service->methods[i]);
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

	writer_printf(writer, "\n");
	writer_list(writer, 0, "static void ",
		    writer_text(writer, "dispatch_%s(", method->function), head_items,
		    COUNT(head_items), ")");
	writer_printf(writer, "{\n");
	writer_pair(writer, 1,
		    writer_text(writer, "const struct %s_handlers *table =", service->prefix),
		    "handlers;");
	writer_printf(writer,
		      "\n"
		      "\tif (table->%s == NULL) {\n"
		      "\t\tfast_call_fail(call, FAST_UNIMPLEMENTED, \"%%s is not served here\",\n"
		      "\t\t\t       fast_call_method(call)->path);\n"
		      "\t\treturn;\n"
		      "\t}\n",
		      method->member);
	writer_list(writer, 1, "", writer_text(writer, "table->%s(", method->member), call_items,
		    COUNT(call_items), ");");
	writer_printf(writer, "}\n");
}

static void table_entry(struct writer *writer, const struct model_method *method)
{
	writer_printf(writer, "\t{\n");
	writer_pair(writer, 2, ".name =", writer_text(writer, "\"%s\",", method->name));
	writer_pair(writer, 2, ".path =", writer_text(writer, "\"%s\",", method->path));
	writer_printf(writer, "\t\t.kind = %s,\n",
		      method->is_stream ? "FAST_METHOD_SERVER_STREAM" : "FAST_METHOD_UNARY");
	writer_printf(writer, "\t\t.idempotency = %s,\n", method->idempotency);
	writer_pair(writer, 2,
		    ".request =", writer_text(writer, "&%s,", method->request.descriptor));
	writer_pair(writer, 2,
		    ".response =", writer_text(writer, "&%s,", method->response.descriptor));
	writer_pair(writer, 2,
		    ".dispatch =", writer_text(writer, "dispatch_%s,", method->function));
	writer_printf(writer, "\t},\n");
}

void emit_server_functions(struct writer *writer, const struct model_service *service)
{
	for (size_t i = 0; i < service->method_count; i++) {
		dispatch_function(writer, service, &service->methods[i]);
	}
	writer_printf(writer, "\nstatic const struct fast_method methods_%s[] = {\n",
		      service->prefix);
	for (size_t i = 0; i < service->method_count; i++) {
		table_entry(writer, &service->methods[i]);
	}
	writer_printf(writer, "};\n");
}
