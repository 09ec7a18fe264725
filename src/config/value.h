#pragma once
/* Between the files that read values: each reads v into its field or says in *what what is wrong.
 */
#include "config/keywords.h"
#include "event/event.h"

/* *what becomes "found" is not expected. Gives ERR_VALUE. */
enum err must_use value_wrong(char **what, const char *found, const char *expected);
/* The next word of a list separated by blanks or commas, cut at n; false at the end. */
bool value_next_word(const char **p, char *ret, size_t n);

/* value_number.c: within k's range; a time above it is cut with a warning, as Libreswan does. */
enum err must_use value_read_number(
	const struct keyword *k, const char *v, void *field, char **what, char **warning);
enum err must_use value_read_mss(
	const struct keyword *k, const char *v, uint16_t *ret, char **what);
enum err must_use value_read_if_id(uint32_t *ret, const char *v, char **what);
enum err must_use value_read_mark(struct conf_mark *ret, const char *v, char **what);

/* value_list.c */
enum err must_use value_read_subnets(
	struct ts_list *ret, const char *v, char **what, char **warning);
enum err must_use value_read_sourceip(struct conf_end *end, const char *v, char **what);
enum err must_use value_read_pool(struct conf_end *end, const char *v, char **what);
enum err must_use value_read_protoport(struct conf_end *end, const char *v, char **what);
enum err must_use value_read_dns(struct conf_conn *conn, const char *v, char **what);
/* virtual-private=: %v4:net,%v6:net,%v4:!net */
enum err must_use value_check_private(const char *v, char **what);
enum err must_use value_check_nets(const char *v, char **what);
