/* cli/cmd_rpc.h - the verbs of 'fastctl rpc'. */
#ifndef CLI_CMD_RPC_H
#define CLI_CMD_RPC_H

#include "cli/command.h"

/* Words: the verb, then what it is about. */
enum exit_code rpc_list(struct cli *cli);
enum exit_code rpc_describe(struct cli *cli);
enum exit_code rpc_call(struct cli *cli);
enum exit_code rpc_load(struct cli *cli);

#endif
