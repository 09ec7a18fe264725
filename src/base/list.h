#pragma once
/* Intrusive doubly linked list. A head is a struct list that points to itself when empty. */
#include "base/base.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}
static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}
static inline void list_append(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}
static inline void list_prepend(struct list *head, struct list *node)
{
	list_append(head->next, node);
}
/* Take out; the node becomes an empty list, so taking out twice is harmless. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}
#define list_item(node, type, member) container_of(node, type, member)

/* for (it of type * through head): the current item may be removed or freed in the body. */
#define list_each(it, head, type, member)                                                          \
	for (struct list *it##_n = (head)->next, *it##_nn = it##_n->next;                          \
		it##_n != (head) && ((it) = list_item(it##_n, type, member), true);                \
		it##_n = it##_nn, it##_nn = it##_n->next)
