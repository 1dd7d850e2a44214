/* daemon/job_put.h - what the node keeps, as operations of a store's job. The caller holds the
 * node's lock, and has made room: the job takes as many operations as the comments say. */
#ifndef FASTD_JOB_PUT_H
#define FASTD_JOB_PUT_H

#include "bounds.h"
#include "leases.h"
#include "profiles.h"
#include "record.h"
#include "store_job.h"

/* 1, and 1 for each choice. */
void job_put_bound(struct store_job *job, const struct bound *bound);
/* 1, and 1 for each knob. */
void job_put_profile(struct store_job *job, const struct profile *profile);
/* 1 */
void job_put_lease(struct store_job *job, const struct lease *lease);
/* 1 */
void job_put_baseline(struct store_job *job, const struct lease *lease,
		      const struct lease_param *param);
/* What is committed: 1, and 1 for each knob. */
void job_put_record(struct store_job *job, const struct record *record);

#endif
