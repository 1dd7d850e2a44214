#include "prof/claim.h"

#include "client/quantity.h"

#include <fast/v1/param.fast.h>
#include <stdio.h>

#define CALL_MS  5000
#define TTL_MS   60000
#define RENEW_NS INT64_C(5000000000)

static const struct fast_call_options call = {.size = sizeof call, .timeout_ms = CALL_MS};

enum fast_status claim_take(struct claim *claim, struct fast_client *client, const char *plugin,
			    const struct table *grid, char *error)
{
	Fast__V1__ParamClaimRequest request = FAST__V1__PARAM_CLAIM_REQUEST__INIT;
	char *names[TABLE_COLUMNS_MAX];
	struct fast_reply reply = {0};
	enum fast_status status;

	*claim = (struct claim){0};
	if (grid->column_count == 0) { /* no names would mean all knobs */
		return FAST_OK;
	}
	for (size_t i = 0; i < grid->column_count; i++) {
		names[i] = (char *)table_name(grid, i);
	}
	request.plugin = (char *)plugin;
	request.params = names;
	request.n_params = grid->column_count;
	request.ttl_ms = TTL_MS;
	request.on_loss = FAST__V1__ON_LOSS__ON_LOSS_REVERT;
	request.client = (char *)"fastprof";
	status = fast_v1_param_claim(client, &call, &request, &reply);
	if (status == FAST_OK) {
		claim->lease_id = fast_v1_param_claim_response(&reply)->lease_id;
		claim->renewed_ns = quantity_monotonic_now();
	} else {
		snprintf(error, CLAIM_ERROR_BYTES_MAX, "the knobs cannot be claimed: %.200s",
			 reply.text);
	}
	fast_reply_fini(&reply);
	return status;
}

void claim_renew(struct claim *claim, struct fast_client *client)
{
	Fast__V1__ParamRenewRequest request = FAST__V1__PARAM_RENEW_REQUEST__INIT;
	struct fast_reply reply = {0};

	if (claim->lease_id == 0 || quantity_monotonic_now() - claim->renewed_ns < RENEW_NS) {
		return;
	}
	claim->renewed_ns = quantity_monotonic_now();
	request.lease_id = claim->lease_id;
	(void)!fast_v1_param_renew(client, &call, &request, &reply);
	fast_reply_fini(&reply);
}

void claim_release(struct claim *claim, struct fast_client *client)
{
	Fast__V1__ParamReleaseRequest request = FAST__V1__PARAM_RELEASE_REQUEST__INIT;
	struct fast_reply reply = {0};

	if (claim->lease_id == 0) {
		return;
	}
	request.lease_id = claim->lease_id;
	request.apply_on_loss = true;
	(void)!fast_v1_param_release(client, &call, &request, &reply);
	fast_reply_fini(&reply);
	claim->lease_id = 0;
}
