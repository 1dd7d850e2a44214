/* daemon/param_declare.h - what a plugin says of a knob, and what the node makes of it: when the
 * plugin declares it, and when the store tells of it. The caller holds the node's lock. */
#ifndef FASTD_PARAM_DECLARE_H
#define FASTD_PARAM_DECLARE_H

#include "registry.h"
#include "verdict.h"

#include <fast/v1/session.pb-c.h>

/* Of a declaration that the store keeps. None that makes sense is longer; one that brings unknown
 * fields may be, and is not kept. */
#define PARAM_PACKET_BYTES_MAX 4096

/* Name, unit, help and times. */
void param_spec_check(const Fast__V1__ParamSpec *spec, struct verdict *verdict);

/* Takes a declaration, whose spec is checked, into param, which is zeroed. When the verdict is not
 * OK, param holds nothing. */
void param_declare(struct param *param, const Fast__V1__DeclareParam *declare,
		   struct verdict *verdict);

/* Whether the same declaration is there already. One that makes no sense is not. */
bool param_is_declared_so(const struct param *known, const Fast__V1__DeclareParam *declare);

#endif
