/* daemon/api_change.h - the methods of Param that change something. */
#ifndef FASTD_API_CHANGE_H
#define FASTD_API_CHANGE_H

#include "daemon/api.h"

/* Handlers; arg is the struct api. Each keeps the call until the node has committed. */
void api_param_set(struct fast_call *call, const Fast__V1__ParamSetRequest *request, void *arg);
void api_param_claim(struct fast_call *call, const Fast__V1__ParamClaimRequest *request, void *arg);
void api_param_renew(struct fast_call *call, const Fast__V1__ParamRenewRequest *request, void *arg);
void api_param_release(struct fast_call *call, const Fast__V1__ParamReleaseRequest *request,
		       void *arg);

#endif
