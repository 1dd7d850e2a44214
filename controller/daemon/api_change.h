/* daemon/api_change.h - the methods of Param that change something. */
#ifndef FASTD_API_CHANGE_H
#define FASTD_API_CHANGE_H

#include "daemon/api.h"

void api_param_set(struct fast_call *call, const Fast__V1__ParamSetRequest *request, void *arg);
void api_param_claim(struct fast_call *call, const Fast__V1__ParamClaimRequest *request, void *arg);
void api_param_renew(struct fast_call *call, const Fast__V1__ParamRenewRequest *request, void *arg);
void api_param_release(struct fast_call *call, const Fast__V1__ParamReleaseRequest *request,
		       void *arg);
void api_param_bound(struct fast_call *call, const Fast__V1__ParamBoundRequest *request, void *arg);
void api_param_unbound(struct fast_call *call, const Fast__V1__ParamUnboundRequest *request,
		       void *arg);
void api_param_list_bounds(struct fast_call *call, const Fast__V1__ParamListBoundsRequest *request,
			   void *arg);
void api_param_save_profile(struct fast_call *call,
			    const Fast__V1__ParamSaveProfileRequest *request, void *arg);
void api_param_apply_profile(struct fast_call *call,
			     const Fast__V1__ParamApplyProfileRequest *request, void *arg);
void api_param_list_profiles(struct fast_call *call,
			     const Fast__V1__ParamListProfilesRequest *request, void *arg);
void api_param_delete_profile(struct fast_call *call,
			      const Fast__V1__ParamDeleteProfileRequest *request, void *arg);
void api_param_explain(struct fast_call *call, const Fast__V1__ParamExplainRequest *request,
		       void *arg);

/* Ends the call as the node has refused: with its sentence, and the value that would be taken; of a
 * plugin or a param that is not there, with what was probably meant. plugin: of the request; NULL:
 * it names none, or a glob. */
void api_change_fail(struct api *api, struct fast_call *call, const char *plugin,
		     const struct node_result *result);

#endif
