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

/* Light or dark, as the reader has it. */
static const char style[] =
	"<style>:root{color-scheme:light dark;--dim:#60646c;--line:#d9dce1;--link:#0b62c4}"
	"@media(prefers-color-scheme:dark){:root{--dim:#a0a5ad;--line:#363a40;--link:#70b8ff}}"
	"body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem "
	"1.25rem "
	"3rem}h1{font-size:1.3rem}h2{font-size:1.05rem;margin:1.75rem 0 .4rem}"
	"table{border-collapse:collapse;width:100%}td{padding:.3rem .75rem .3rem "
	"0;border-bottom:1px solid var(--line);vertical-align:top}td:first-child{width:14rem}"
	"td+td,p{color:var(--dim)}a{color:var(--link)}:focus-visible{outline:2px solid "
	"var(--link)}pre{overflow-x:auto;padding:.5rem .75rem;border:1px solid var(--line);"
	"border-radius:.3rem}</style>";

static const char *const kinds[] = {
	[FAST_METHOD_UNARY] = "",
	[FAST_METHOD_SERVER_STREAM] = "; gives a stream",
	[FAST_METHOD_CLIENT_STREAM] = "; takes a stream: by RPC alone",
	[FAST_METHOD_BIDI_STREAM] = "; streams both ways: by RPC alone",
};

static void add_method(struct fast_writer *writer, const struct fast_method *method)
{
	bool is_link =
		method->idempotency == FAST_IDEMPOTENCY_NO_SIDE_EFFECTS &&
		(method->kind == FAST_METHOD_UNARY || method->kind == FAST_METHOD_SERVER_STREAM);

	add(writer, "<tr><td>");
	if (is_link) {
		fast_writer_print(writer, "<a href=\"/%s\">%s</a>", method->path, method->name);
	} else {
		add(writer, method->name);
	}
	fast_writer_print(writer, "</td><td>%s%s</td></tr>\n", method->request->name,
			  kinds[method->kind]);
}

static void add_page(struct fast_writer *writer, const char *path, const char *about)
{
	fast_writer_print(writer, "<tr><td><a href=\"%s\">%s</a></td><td>", path, path);
	add_escaped(writer, about);
	add(writer, "</td></tr>\n");
}

char *fast_connect_index(const struct fast_routes *routes,
			 const struct fast_connect_options *options)
{
	struct fast_writer writer = {.data = NULL};

	add(&writer, "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
		     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		     "<title>");
	add_escaped(&writer, options->title);
	add(&writer, "</title>\n");
	add(&writer, style);
	add(&writer, "</head>\n<body>\n<h1>");
	add_escaped(&writer, options->title);
	add(&writer, "</h1>\n<h2>Pages</h2>\n<table>\n");
	for (size_t i = 0; i < options->page_count; i++) {
		if (options->pages[i].about != NULL) {
			add_page(&writer, options->pages[i].path, options->pages[i].about);
		}
	}
	add_page(&writer, "/openapi.json", "the methods below, for tools");
	add(&writer, "</table>\n<h2>Methods</h2>\n<p>By the "
		     "<a href=\"https://connectrpc.com/docs/protocol\">Connect protocol</a>, or by "
		     "hand; those that change nothing are links too:</p>\n"
		     "<pre>curl -H 'Content-Type: application/json' -d '{}' "
		     "http://HOST/SERVICE/METHOD</pre>\n");
	for (size_t i = 0; i < routes->count; i++) {
		const struct fast_service *service = routes->services[i].dynamic;

		fast_writer_print(&writer, "<h2>%s</h2>\n<table>\n", service->name);
		for (size_t j = 0; j < service->method_count; j++) {
			add_method(&writer, &service->methods[j]);
		}
		add(&writer, "</table>\n");
	}
	add(&writer, "</body>\n</html>\n");
	return fast_writer_take(&writer);
}
