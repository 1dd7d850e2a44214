/* daemon/store_bind.h - what a statement of the store is run with. Store thread. */
#ifndef FASTD_STORE_BIND_H
#define FASTD_STORE_BIND_H

#include "store_impl.h"

/* A statement being bound: parameters are numbered from 1 in the order of the calls. A failure to
 * bind (no memory) is remembered. */
struct binder {
	sqlite3_stmt *statement;
	int index;
	int code;
};

static inline void binder_note(struct binder *binder, int code)
{
	binder->code = binder->code == SQLITE_OK ? code : binder->code;
}

static inline void bind_int(struct binder *binder, int64_t value)
{
	binder_note(binder, sqlite3_bind_int64(binder->statement, ++binder->index, value));
}

static inline void bind_unsigned(struct binder *binder, uint64_t value)
{
	bind_int(binder, (int64_t)value);
}

static inline void bind_double(struct binder *binder, double value)
{
	binder_note(binder, sqlite3_bind_double(binder->statement, ++binder->index, value));
}

/* Otherwise it stays NULL. */
static inline void bind_double_if(struct binder *binder, bool given, double value)
{
	if (given) {
		bind_double(binder, value);
	} else {
		binder->index++;
	}
}

/* text outlives the statement's run. */
static inline void bind_text(struct binder *binder, const char *text)
{
	binder_note(binder,
		    sqlite3_bind_text(binder->statement, ++binder->index, text, -1, SQLITE_STATIC));
}

/* bytes outlive the statement's run. */
static inline void bind_bytes(struct binder *binder, const unsigned char *bytes, size_t count)
{
	binder_note(binder, sqlite3_bind_blob64(binder->statement, ++binder->index, bytes, count,
						SQLITE_STATIC));
}

static inline void bind_value(struct binder *binder, const struct fast_page_value *value)
{
	bind_int(binder, (int64_t)value->type);
	switch (value->type) {
	case FAST_PARAM_BOOL:
		bind_int(binder, value->u.boolean);
		break;
	case FAST_PARAM_INT:
		bind_int(binder, value->u.integer);
		break;
	case FAST_PARAM_DOUBLE:
		bind_double(binder, value->u.number);
		break;
	case FAST_PARAM_STRING:
	case FAST_PARAM_ENUM:
		bind_text(binder, value->string);
		break;
	}
}

/* Otherwise type 0, and the value stays NULL. */
static inline void bind_value_if(struct binder *binder, bool given,
				 const struct fast_page_value *value)
{
	if (given) {
		bind_value(binder, value);
	} else {
		bind_int(binder, 0);
		binder->index++;
	}
}

static inline bool binder_run(struct binder *binder)
{
	int code = binder->code == SQLITE_OK ? sqlite3_step(binder->statement) : SQLITE_NOMEM;

	(void)sqlite3_reset(binder->statement);
	(void)sqlite3_clear_bindings(binder->statement);
	return code == SQLITE_DONE || code == SQLITE_ROW;
}

#endif
