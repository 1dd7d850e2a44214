/* fast/metadata.h - keys and values that travel beside a call's messages, both ways. */
#ifndef FAST_METADATA_H
#define FAST_METADATA_H

#include <fast/status.h>

FAST_BEGIN_DECLS

#define FAST_METADATA_MAX             64   /* entries */
#define FAST_METADATA_KEY_BYTES_MAX   64   /* of one key */
#define FAST_METADATA_VALUE_BYTES_MAX 4096 /* of one value */
#define FAST_METADATA_BYTES_MAX       8192 /* of all keys and values together */

/* One header or trailer. A key may come more than once. What the runtime gives has a zero byte
 * behind each value, so that one of text can be read as such. */
struct fast_metadata_entry {
	const char *key;   /* a-z, 0-9, "_", "." and "-"; never empty */
	const void *value; /* printable ASCII; any bytes where the key ends with "-bin" */
	size_t value_bytes;
};

/* Entries in the order in which they were given. Zeroed memory is none. */
struct fast_metadata {
	const struct fast_metadata_entry *entries;
	size_t count;
};

/* An entry of text, as an initializer. */
#define FAST_METADATA_TEXT(key, text)                                                              \
	{                                                                                          \
		(key), (text), __builtin_strlen(text)                                              \
	}

/* The first entry with the key; NULL: there is none. metadata may be NULL. */
const struct fast_metadata_entry *fast_metadata_find(const struct fast_metadata *metadata,
						     const char *key);

/* Value of the first entry with the key, of metadata that the runtime gave; NULL: there is none. */
const char *fast_metadata_text(const struct fast_metadata *metadata, const char *key);

/* NULL: the entry may be sent; else a static sentence that says what would be right. */
const char *fast_metadata_fault(const struct fast_metadata_entry *entry);

FAST_END_DECLS

#endif
