/* cli/rpc_schema.h - the schema of a peer, asked from the peer itself. */
#ifndef CLI_RPC_SCHEMA_H
#define CLI_RPC_SCHEMA_H

#include "cli/command.h"

#include <fast/json.h>

/* Asks for one service's schema. Gives *schema, freed by fast_schema_free(). */
enum exit_code rpc_schema_fetch(struct cli *cli, const char *service, struct fast_schema **schema);

/* The method "fast.v1.Param/Get" with its schema, which the caller frees; *method lives in it. */
enum exit_code rpc_schema_method(struct cli *cli, const char *path, struct fast_schema **schema,
				 const struct fast_method **method);

/* Calls fn for each service of the peer until it gives another code than EXIT_OK. */
typedef enum exit_code rpc_service_fn(struct cli *cli, const char *service, void *arg);
enum exit_code rpc_schema_each(struct cli *cli, rpc_service_fn *fn, void *arg);

/* Says why a call failed, with its details: by the schema where it has them. */
enum exit_code rpc_schema_failed(struct cli *cli, const struct fast_schema *schema,
				 const struct fast_reply *reply);

/* The word at this place as a request of the method: JSON itself, "-" for what stands on the
 * standard input, "@PATH" for a file, nothing for {}. Gives *out, to be released by
 * fast_dynamic_fini(). */
enum exit_code rpc_schema_request(struct cli *cli, size_t word, const struct fast_schema *schema,
				  const struct fast_method *method, struct fast_dynamic *out);

#endif
