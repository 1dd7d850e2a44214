/* controller/older_store.h - databases as older fastds have made them. */
#ifndef FASTD_TEST_OLDER_STORE_H
#define FASTD_TEST_OLDER_STORE_H

#include "controller/store_world.h"

#define OLDER_NEWEST 4 /* the schema before the one that is */

/* A database of that schema, 1 to OLDER_NEWEST, with one of each thing in it. */
void older_make(const char *dir, size_t version);

/* What the newest schema is for: a plugin with one declaration. The store runs. */
void older_declare(struct fixture *fixture);
/* So many plugins, and declarations. */
void assert_declarations(struct store *store, size_t expected);

#endif
