/* cli/rpc_headers.h - what travels beside a call of 'fastctl rpc', as it is typed and shown. */
#ifndef CLI_RPC_HEADERS_H
#define CLI_RPC_HEADERS_H

#include "cli/command.h"

#include <fast/metadata.h>

/* The headers of the command line. Borrows from it, and from itself. */
struct rpc_headers {
	char keys[OPTIONS_TEXTS_MAX][FAST_METADATA_KEY_BYTES_MAX + 1];
	struct fast_metadata_entry entries[OPTIONS_TEXTS_MAX];
	struct fast_metadata metadata;
};

/* Reads every --header. EXIT_OK, or what was said already. */
enum exit_code rpc_headers_read(struct cli *cli, struct rpc_headers *out);

/* With --verbose, on standard error: "< header KEY: VALUE", a line each. */
void rpc_headers_show(const struct cli *cli, const char *what,
		      const struct fast_metadata *metadata);

/* The same of all that came beside the end of a call; headers: those too. */
void rpc_headers_show_reply(const struct cli *cli, const struct fast_reply *reply, bool headers);

#endif
