/* The page at "/": what there is, for people. */
#include "connect/exchange.h"

#include <string.h>

static void add(struct fast_writer *writer, const char *text)
{
	fast_writer_add(writer, text, strlen(text));
}

/* Text that may hold anything. */
static void add_escaped(struct fast_writer *writer, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			add(writer, "&lt;");
			break;
		case '&':
			add(writer, "&amp;");
			break;
		case '"':
			add(writer, "&quot;");
			break;
		default:
			fast_writer_add(writer, text, 1);
		}
	}
}

static const char *const kinds[] = {
	[FAST_METHOD_UNARY] = "",
	[FAST_METHOD_SERVER_STREAM] = "a stream",
	[FAST_METHOD_CLIENT_STREAM] = "takes a stream: by RPC alone",
	[FAST_METHOD_BIDI_STREAM] = "streams both ways: by RPC alone",
};

static void add_method(struct fast_writer *writer, const struct fast_method *method)
{
	bool is_link =
		method->idempotency == FAST_IDEMPOTENCY_NO_SIDE_EFFECTS &&
		(method->kind == FAST_METHOD_UNARY || method->kind == FAST_METHOD_SERVER_STREAM);

	add(writer, "<li>");
	if (is_link) {
		fast_writer_print(writer, "<a href=\"/%s\">%s</a>", method->path, method->name);
	} else {
		add(writer, method->name);
	}
	fast_writer_print(writer, " <small>%s%s%s", method->request->name,
			  kinds[method->kind][0] == '\0' ? "" : "; ", kinds[method->kind]);
	add(writer, "</small></li>\n");
}

char *fast_connect_index(const struct fast_routes *routes,
			 const struct fast_connect_options *options)
{
	struct fast_writer writer = {.data = NULL};

	add(&writer, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
		     "<title>");
	add_escaped(&writer, options->title);
	add(&writer, "</title>\n<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;"
		     "margin:2rem auto;padding:0 1rem}small{color:#666}code,pre{background:#f4f4f4}"
		     "</style></head>\n<body>\n<h1>");
	add_escaped(&writer, options->title);
	add(&writer, "</h1>\n<ul>\n");
	for (size_t i = 0; i < options->page_count; i++) {
		const struct fast_connect_page *page = &options->pages[i];

		if (page->about != NULL) {
			fast_writer_print(&writer, "<li><a href=\"%s\">%s</a>: ", page->path,
					  page->path);
			add_escaped(&writer, page->about);
			add(&writer, "</li>\n");
		}
	}
	add(&writer, "<li><a href=\"/openapi.json\">/openapi.json</a>: the methods below, for tools"
		     "</li>\n</ul>\n<h2>Methods</h2>\n<p>Each is called by the "
		     "<a href=\"https://connectrpc.com/docs/protocol\">Connect protocol</a>, or by "
		     "hand:</p>\n<pre>curl -H 'Content-Type: application/json' -d '{}' "
		     "http://HOST/SERVICE/METHOD</pre>\n");
	for (size_t i = 0; i < routes->count; i++) {
		const struct fast_service *service = routes->services[i].dynamic;

		fast_writer_print(&writer, "<h3>%s</h3>\n<ul>\n", service->name);
		for (size_t j = 0; j < service->method_count; j++) {
			add_method(&writer, &service->methods[j]);
		}
		add(&writer, "</ul>\n");
	}
	add(&writer, "</body>\n</html>\n");
	return fast_writer_take(&writer);
}
