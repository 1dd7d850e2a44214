/* The handlers of the suite's service: what its requests ask for. */
#ifndef CONFORMANCE_ANSWER_H
#define CONFORMANCE_ANSWER_H

#include <connectrpc/conformance/v1/service.fast.h>

extern const struct connectrpc_conformance_v1_conformance_service_handlers answer_handlers;

#endif
