/* base/list.h - an intrusive doubly linked list. Zeroed nodes are in no list. */
#ifndef FAST_BASE_LIST_H
#define FAST_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct fast_list {
	struct fast_list *next;
	struct fast_list *prev;
};

#define FAST_LIST_ENTRY(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))
#define FAST_LIST_FOREACH(node, head)                                                              \
	for (struct fast_list *node = (head)->next; node != (head); node = node->next)

static inline void fast_list_init(struct fast_list *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool fast_list_is_empty(const struct fast_list *head)
{
	return head->next == head;
}

static inline bool fast_list_is_linked(const struct fast_list *node)
{
	return node->next != NULL;
}

static inline void fast_list_append(struct fast_list *head, struct fast_list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Node may be in no list. */
static inline void fast_list_remove(struct fast_list *node)
{
	if (node->next == NULL) {
		return;
	}
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = NULL;
	node->prev = NULL;
}

/* First node, removed; NULL when empty. */
static inline struct fast_list *fast_list_pop(struct fast_list *head)
{
	if (fast_list_is_empty(head)) {
		return NULL;
	}
	struct fast_list *node = head->next;
	fast_list_remove(node);
	return node;
}

/* Moves all nodes of from to the end of to. */
static inline void fast_list_move(struct fast_list *to, struct fast_list *from)
{
	if (fast_list_is_empty(from)) {
		return;
	}
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	fast_list_init(from);
}

#endif
