#pragma once
/* Every keyword of ipsec.conf, from one table (keywords.def): the parser, ipsec readwriteconf, the
 * warnings and the manual follow from it. */
#include "config/conf.h"

enum keyword_section { SECTION_SETUP, SECTION_CONN, SECTION_END /* left..., right... */ };

enum keyword_state {
	STATE_WORKS,
	STATE_LATER,   /* comes in a later version: warns when it is not the default */
	STATE_IGNORED, /* accepted without effect, because ...: likewise */
	STATE_REFUSED, /* an error, because ...: likewise */
};

/* How a value is read, and what stands in the field. */
enum keyword_type {
	TYPE_ANYTHING, /* no field and no check */
	TYPE_BOOL,     /* bool */
	TYPE_ENUM,     /* uint8_t, from words */
	TYPE_U16,
	TYPE_MSS, /* uint16_t: auto, off, or a number */
	TYPE_U32,
	TYPE_NUMBER,	/* checked only */
	TYPE_TIME,	/* ns_t; bare numbers are seconds */
	TYPE_TIME_MS,	/* ns_t; bare numbers are milliseconds */
	TYPE_COUNT,	/* uint64_t with Ki, Mi, ... */
	TYPE_PERCENT,	/* unsigned */
	TYPE_MARK,	/* struct conf_mark: N, N/mask, -1 */
	TYPE_MARKS,	/* struct conf_conn: the same for mark_in and mark_out */
	TYPE_STR,	/* char * */
	TYPE_UPDOWN,	/* char *; %disabled and Libreswan's own are NULL */
	TYPE_DEBUG,	/* char *: words of plutodebug= */
	TYPE_PRIVATE,	/* char *: %v4:net,%v6:!net */
	TYPE_NETS,	/* char *: addresses and networks, %peer, %none */
	TYPE_DOMAINS,	/* char *: a list of DNS names */
	TYPE_HOST,	/* struct conf_end: host */
	TYPE_ADDR,	/* struct addr */
	TYPE_ID,	/* struct id */
	TYPE_SUBNETS,	/* struct ts_list */
	TYPE_SOURCEIP,	/* struct conf_end: sourceip */
	TYPE_POOL,	/* struct conf_end: pool */
	TYPE_PROTOPORT, /* struct conf_end: protocol, port */
	TYPE_DNS,	/* struct conf_conn: modecfgdns */
	TYPE_AUTHBY,	/* uint8_t: bits of enum conf_authby, a list */
	TYPE_AUTH,	/* the same, one word */
	TYPE_IKE,	/* struct proposals * */
	TYPE_ESP,
	TYPE_VERSION,	/* uint8_t: enum conf_version, from keyexchange= or ikev2= */
	TYPE_CIDR,	/* struct prefix, with its host bits */
	TYPE_IF_ID,	/* uint32_t: yes is 1, no is 0, 0 is CONF_IF_ID_ZERO */
	TYPE_DEVICE,	/* char *: the name of a network device */
	TYPE_STRUCTURE, /* also, alsoflip, subnets, connalias: read by parse.c */
};

struct keyword_word {
	const char *word;
	uint8_t value;
};

struct keyword {
	const char *name;
	const char *aliases; /* blank-separated */
	uint8_t section, state, type;
	bool is_spelling;  /* says what another keyword says: not shown */
	bool is_gone;	   /* of older releases or other programs */
	uint16_t offset;   /* in conf_setup, conf_conn or conf_end */
	uint64_t min, max; /* in the unit of a bare number */
	const struct keyword_word *words;
	const char *fallback; /* the default as it is written; "" for unset */
	const char *why;      /* for states other than WORKS */
	const char *help;
};

/* Room for every keyword: keyword_number() is less. */
enum { KEYWORDS_MAX = 256 };

const struct keyword *keyword_at(size_t i); /* NULL at the end */
size_t keyword_number(const struct keyword *k);
/* name as it stands in the file, without left/right for SECTION_END. Case does not count, nor do
 * '_' for '-'. NULL: unknown. */
const struct keyword *keyword_find(enum keyword_section s, const char *name);
/* The same for many look-ups: fill the index once. */
struct keyword_index {
	uint16_t slot[2048]; /* number + 1; 0 free */
};
void keyword_index_init(struct keyword_index *x);
const struct keyword *keyword_lookup(
	const struct keyword_index *x, enum keyword_section s, const char *name);
/* The valid name nearest to what stands in the file, with its side. NULL: nothing is near. */
const char *keyword_nearest(bool in_setup, const char *name, char *ret, size_t n);

/* Reads value into the struct's field. OK, or ERR_VALUE with what was found and what was expected
 * in *what (malloc'ed). *warning (malloc'ed or left alone): it is taken, but. */
enum err must_use value_read(
	const struct keyword *k, void *object, const char *value, char **what, char **warning);
/* For keywords that have no field: is value well-formed, and is it the default? */
enum err must_use value_check(
	const struct keyword *k, const char *value, bool *is_default, char **what);
/* Gives the field as text that reads back to the same; NULL when it need not be said. fresh is an
 * object with the defaults. malloc'ed. */
char *value_show(const struct keyword *k, const void *object, const void *fresh);
/* Sets all defaults. */
void conf_conn_defaults(struct conf_conn *c);
void conf_setup_defaults(struct conf_setup *s);
