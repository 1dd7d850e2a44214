#include "cli/rpc_headers.h"

#include <string.h>

enum exit_code rpc_headers_read(struct cli *cli, struct rpc_headers *out)
{
	const struct option_texts *texts = &cli->options.headers;

	out->metadata = (struct fast_metadata){out->entries, texts->count};
	for (size_t i = 0; i < texts->count; i++) {
		const char *colon = strchr(texts->text[i], ':');
		struct fast_metadata_entry *entry = &out->entries[i];
		size_t key_bytes = colon == NULL ? 0 : (size_t)(colon - texts->text[i]);
		const char *fault;

		if (colon == NULL || key_bytes >= sizeof out->keys[i]) {
			return command_usage(cli, "header '%.100s' does not read like 'key: value'",
					     texts->text[i]);
		}
		memcpy(out->keys[i], texts->text[i], key_bytes);
		out->keys[i][key_bytes] = '\0';
		entry->key = out->keys[i];
		entry->value = colon + 1 + strspn(colon + 1, " ");
		entry->value_bytes = strlen(entry->value);
		fault = fast_metadata_fault(entry);
		if (fault != NULL) {
			return command_usage(cli, "header '%.64s': %s", entry->key, fault);
		}
	}
	return EXIT_OK;
}

void rpc_headers_show(const struct cli *cli, const char *what, const struct fast_metadata *metadata)
{
	for (size_t i = 0; cli->options.verbose && i < metadata->count; i++) {
		const struct fast_metadata_entry *entry = &metadata->entries[i];
		const unsigned char *value = entry->value;

		fprintf(stderr, "< %s %s: ", what, entry->key);
		for (size_t k = 0; k < entry->value_bytes; k++) {
			bool plain = value[k] >= ' ' && value[k] <= '~' && value[k] != '\\';
			fprintf(stderr, plain ? "%c" : "\\x%02x", value[k]);
		}
		fputc('\n', stderr);
	}
}

void rpc_headers_show_reply(const struct cli *cli, const struct fast_reply *reply, bool headers)
{
	if (headers) {
		rpc_headers_show(cli, "header", &reply->headers);
	}
	rpc_headers_show(cli, "trailer", &reply->trailers);
	if (cli->options.verbose && reply->origin != NULL) {
		fprintf(stderr, "< origin %s\n", reply->origin);
	}
	if (cli->options.verbose && reply->retry_after_ms > 0) {
		fprintf(stderr, "< retry after %u ms\n", reply->retry_after_ms);
	}
}
