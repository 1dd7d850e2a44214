#include "emit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Results in declarations and in definitions. */
#define CHECKED   "FAST_MUST_CHECK enum fast_status "
#define UNCHECKED "enum fast_status "

static const char *request_argument(struct writer *writer, const struct model_method *method)
{
	return writer_text(writer, "const %s *request", method->request.c_name);
}

static const char *method_argument(struct writer *writer, const struct model_service *service,
				   size_t index)
{
	return writer_text(writer, "&methods_%s[%zu]", service->prefix, index);
}

/* The heads of functions, alike in declaration and definition but for what stands around them. */

static void call_head(struct writer *writer, const struct model_method *method, const char *tail)
{
	const char *const items[] = {
		"struct fast_client *client",
		"const struct fast_call_options *options",
		request_argument(writer, method),
		"struct fast_reply *reply",
	};

	writer_list(writer, 0, UNCHECKED, writer_text(writer, "%s(", method->function), items,
		    COUNT(items), tail);
}

static void start_head(struct writer *writer, const struct model_method *method, const char *type,
		       const char *tail)
{
	const char *const items[] = {
		"struct fast_client *client",
		"const struct fast_call_options *options",
		request_argument(writer, method),
		"fast_reply_fn *fn",
		"void *arg",
	};

	writer_list(writer, 0, type, writer_text(writer, "%s_start(", method->function), items,
		    COUNT(items), tail);
}

static void open_head(struct writer *writer, const struct model_method *method, const char *type,
		      const char *tail)
{
	const char *const items[] = {
		"struct fast_client *client",
		"const struct fast_call_options *options",
		request_argument(writer, method),
		"struct fast_stream **out",
	};
	const char *const items_only[] = {items[0], items[1], items[3]};

	writer_list(writer, 0, type, writer_text(writer, "%s(", method->function),
		    method->takes_stream ? items_only : items,
		    method->takes_stream ? COUNT(items_only) : COUNT(items), tail);
}

static void next_head(struct writer *writer, const struct model_method *method, const char *type,
		      const char *tail)
{
	const char *const items[] = {
		"struct fast_stream *stream",
		"int64_t wait_ms",
		writer_text(writer, "const %s **out", method->response.c_name),
	};

	writer_list(writer, 0, type, writer_text(writer, "%s_next(", method->function), items,
		    COUNT(items), tail);
}

static void put_define(struct writer *writer, const struct model_method *method)
{
	const char *const items[] = {
		"struct fast_stream *stream",
		"int64_t wait_ms",
		writer_text(writer, "const %s *item", method->request.c_name),
	};

	writer_printf(writer, "\n/* Sends one item, as by fast_stream_send(). */\n");
	writer_list(writer, 0, "FAST_MUST_CHECK static inline enum fast_status ",
		    writer_text(writer, "%s_put(", method->function), items, COUNT(items), ")");
	writer_printf(
		writer,
		"{\n"
		"\treturn fast_stream_send(stream, wait_ms, (const ProtobufCMessage *)item);\n"
		"}\n");
}

static void finish_define(struct writer *writer, const struct model_method *method)
{
	const char *const items[] = {"struct fast_stream *stream", "struct fast_reply *reply"};

	writer_printf(writer, "\n/* Says that all was sent and waits for the answer, as by "
			      "fast_stream_finish(). */\n");
	writer_list(writer, 0, "static inline enum fast_status ",
		    writer_text(writer, "%s_finish(", method->function), items, COUNT(items), ")");
	writer_printf(writer, "{\n"
			      "\treturn fast_stream_finish(stream, reply);\n"
			      "}\n");
}

static void response_define(struct writer *writer, const struct model_method *method)
{
	const char *const items[] = {"const struct fast_reply *reply"};

	writer_printf(writer, "\n/* NULL unless the call has ended with FAST_OK. */\n");
	writer_list(
		writer, 0, writer_text(writer, "static inline const %s *", method->response.c_name),
		writer_text(writer, "%s_response(", method->function), items, COUNT(items), ")");
	writer_printf(writer, "{\n");
	writer_printf(writer, "\treturn (const %s *)reply->message;\n", method->response.c_name);
	writer_printf(writer, "}\n");
}

static void stream_declarations(struct writer *writer, const struct model_method *method)
{
	open_head(writer, method, CHECKED, ");");
	if (method->takes_stream) {
		put_define(writer, method);
	}
	if (method->is_stream) {
		writer_printf(writer, "\n/* The next item, as by fast_stream_next(). */\n");
		next_head(writer, method, CHECKED, ");");
	} else {
		finish_define(writer, method);
		response_define(writer, method);
	}
}

void emit_client_declarations(struct writer *writer, const struct model_service *service)
{
	for (size_t i = 0; i < service->method_count; i++) {
		const struct model_method *method = &service->methods[i];

		writer_printf(writer, "\n");
		writer_comment(writer, 0, method->comment);
		if (method->is_stream || method->takes_stream) {
			stream_declarations(writer, method);
		} else {
			call_head(writer, method, ");");
			start_head(writer, method, CHECKED, ");");
			response_define(writer, method);
		}
	}
}

/* The one statement of a function: a call of the runtime with this last arguments. */
static void runtime_call(struct writer *writer, const struct model_service *service, size_t index,
			 const char *function, const char *last)
{
	const char *const items[] = {
		"client",
		method_argument(writer, service, index),
		"options",
		service->methods[index].takes_stream ? "NULL" : "(const ProtobufCMessage *)request",
		last,
	};

	writer_printf(writer, "{\n");
	writer_list(writer, 1, "", writer_text(writer, "return %s(", function), items, COUNT(items),
		    ");");
	writer_printf(writer, "}\n");
}

static void start_function(struct writer *writer, const struct model_service *service, size_t index)
{
	const char *const items[] = {
		"client",  method_argument(writer, service, index),
		"options", "(const ProtobufCMessage *)request",
		"fn",      "arg",
	};

	writer_printf(writer, "\n");
	start_head(writer, &service->methods[index], UNCHECKED, ")");
	writer_printf(writer, "{\n");
	writer_list(writer, 1, "", "return fast_client_start(", items, COUNT(items), ");");
	writer_printf(writer, "}\n");
}

static void next_function(struct writer *writer, const struct model_method *method)
{
	writer_printf(writer, "\n");
	next_head(writer, method, UNCHECKED, ")");
	writer_printf(writer, "{\n"
			      "\tconst ProtobufCMessage *message = NULL;\n"
			      "\tenum fast_status status = fast_stream_next(stream, wait_ms, "
			      "&message);\n"
			      "\n"
			      "\tif (status == FAST_OK) {\n");
	writer_pair(writer, 2,
		    "*out =", writer_text(writer, "(const %s *)message;", method->response.c_name));
	writer_printf(writer, "\t}\n"
			      "\treturn status;\n"
			      "}\n");
}

void emit_client_functions(struct writer *writer, const struct model_service *service)
{
	for (size_t i = 0; i < service->method_count; i++) {
		const struct model_method *method = &service->methods[i];

		writer_printf(writer, "\n");
		if (method->is_stream || method->takes_stream) {
			open_head(writer, method, UNCHECKED, ")");
			runtime_call(writer, service, i, "fast_client_stream", "out");
			if (method->is_stream) {
				next_function(writer, method);
			}
		} else {
			call_head(writer, method, ")");
			runtime_call(writer, service, i, "fast_client_call", "reply");
			start_function(writer, service, i);
		}
	}
}
