/* prof/sage_yaml.h - a YAML document, and complaints that name file and line. */
#ifndef PROF_SAGE_YAML_H
#define PROF_SAGE_YAML_H

#include "prof/sage.h"

#include <stdio.h>
#include <yaml.h>

struct sage_yaml {
	const char *name;
	yaml_document_t document;
	bool loaded;
	char *error; /* SAGE_ERROR_BYTES_MAX bytes */
};

/* Loads the one document of the file. Is to be finished either way. */
FAST_MUST_CHECK enum fast_status sage_yaml_load(struct sage_yaml *yaml, FILE *file);
void sage_yaml_fini(struct sage_yaml *yaml);

/* Says what is wrong at a node. Always INVALID_ARGUMENT. */
enum fast_status sage_yaml_refuse(struct sage_yaml *yaml, const yaml_node_t *node,
				  const char *format, ...) FAST_PRINTF(3, 4);

/* The value of a key in a mapping; NULL: there is none, or it is empty, or node is no mapping. */
yaml_node_t *sage_yaml_get(struct sage_yaml *yaml, const yaml_node_t *node, const char *key);

/* Plain text of a scalar; NULL for lists, mappings and text with zero bytes. */
const char *sage_yaml_text(const yaml_node_t *node);

/* Takes a scalar. node NULL: out stays. */
FAST_MUST_CHECK enum fast_status sage_yaml_scalar(struct sage_yaml *yaml, const yaml_node_t *node,
						  const char *what, char *out);

/* Takes a list of scalars, or one scalar as words parted by blanks. */
FAST_MUST_CHECK enum fast_status sage_yaml_words(struct sage_yaml *yaml, const yaml_node_t *node,
						 const char *what, struct sage_words *out);

/* Takes "key: value" or "key: [a, b]" as "key=value", "key=a,b". */
FAST_MUST_CHECK enum fast_status sage_yaml_pairs(struct sage_yaml *yaml, const yaml_node_t *node,
						 const char *what, struct sage_words *out);

#endif
