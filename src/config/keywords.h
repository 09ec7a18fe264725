#pragma once
/* Every keyword of ipsec.conf, from one table (keywords.def): the parser, ipsec readwriteconf, the
 * warnings and the manual follow from it. */
#include "config/conf.h"

enum keyword_section { SECTION_SETUP, SECTION_CONN, SECTION_END /* left..., right... */ };

enum keyword_state {
	STATE_WORKS,
	STATE_LATER,   /* warns: comes in a later version */
	STATE_IGNORED, /* accepted without effect, because ... (no warning where that is harmless) */
	STATE_REFUSED, /* an error of its conn, because ... */
};

/* How a value is read, and what stands in the field. */
enum keyword_type {
	TYPE_NONE,	/* no field: later, ignored, refused */
	TYPE_BOOL,	/* bool */
	TYPE_ENUM,	/* uint8_t, from words */
	TYPE_U8, TYPE_U16, TYPE_U32, TYPE_UNSIGNED,
	TYPE_TIME,	/* ns_t; bare numbers are seconds */
	TYPE_TIME_MS,	/* ns_t; bare numbers are milliseconds */
	TYPE_COUNT,	/* uint64_t with Ki, Mi, ... */
	TYPE_PERCENT,	/* unsigned */
	TYPE_STR,	/* char * */
	TYPE_WORDS,	/* char *: a list, blank-separated */
	TYPE_HOST,	/* struct conf_end: host */
	TYPE_ADDR,	/* struct addr */
	TYPE_ID,	/* struct id */
	TYPE_SUBNETS,	/* struct ts_list */
	TYPE_SOURCEIP,	/* struct conf_end: sourceip */
	TYPE_POOL,	/* struct conf_end: pool */
	TYPE_PROTOPORT, /* struct conf_end: protocol, port */
	TYPE_DNS,	/* struct conf_conn: modecfgdns */
	TYPE_AUTHBY,	/* uint8_t bits */
	TYPE_AUTH,	/* uint8_t bits, one word */
	TYPE_IKE, TYPE_ESP, /* struct proposals * */
	TYPE_VERSION,	/* struct conf_conn: version, from ikev2= */
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
	uint16_t offset; /* in conf_setup, conf_conn or conf_end */
	uint64_t min, max;
	const struct keyword_word *words;
	const char *fallback; /* the default as it is written; "" for unset */
	const char *why;      /* for states other than WORKS */
	const char *help;
};

const struct keyword *keyword_at(size_t i); /* NULL at the end */
/* name as it stands in the file, without left/right for SECTION_END. Case does not count, nor do '_'
 * for '-'. NULL: unknown. */
const struct keyword *keyword_find(enum keyword_section s, const char *name);
/* The name as the file may have it: for conn sections also with a side. NULL: nothing is near. */
const char *keyword_nearest(bool in_setup, const char *name, char *ret, size_t n);

/* Reads value into the struct's field. OK, or ERR_VALUE with what was found and what was expected in
 * *what (malloc'ed). *warning (malloc'ed or NULL): it is taken, but. */
enum err must_use value_read(const struct keyword *k, void *object, const char *value, char **what,
	char **warning);
/* Gives the field as text that reads back to the same; NULL when it has its default. malloc'ed. */
char *value_show(const struct keyword *k, const void *object);
/* Sets all defaults. */
void conf_conn_defaults(struct conf_conn *c);
void conf_setup_defaults(struct conf_setup *s);
/* Edit distance of two short words; large when they are long. */
size_t word_distance(const char *a, const char *b);
