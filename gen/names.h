/* names.h - names in C: protobuf-c's, spelled exactly as protoc-c does, and ours. */
#ifndef GEN_NAMES_H
#define GEN_NAMES_H

#include "pool.h"

#include <stdbool.h>

/* Every function here gives text that lives as long as pool; NULL: no memory. */

/* "GetHTTPStatus" -> "get_httpstatus". */
char *names_snake(struct pool *pool, const char *name);

/* "fast.v1.Param" -> "Fast__V1__Param". */
char *names_type(struct pool *pool, const char *full_name);

/* "fast.v1.Param" -> "fast__v1__param". */
char *names_symbol(struct pool *pool, const char *full_name);

/* "fast.v1.Param" -> "fast_v1_param". */
char *names_prefix(struct pool *pool, const char *full_name);

/* Whether C or C++ takes the word for no member: a keyword, or a macro that is always there. */
bool names_is_reserved(const char *name);

/* "default" -> "default_": a member that both C and C++ take. */
char *names_member(struct pool *pool, const char *name);

/* "fast/v1/param.proto" -> "fast/v1/param". */
char *names_stem(struct pool *pool, const char *path);

/* "fast/v1/param.proto" -> "fast_2fv1_2fparam_2eproto"; no two paths give the same. */
char *names_guard(struct pool *pool, const char *path);

/* Whether name is made of identifiers separated by dots. */
bool names_is_dotted(const char *name);

#endif
