#pragma once
/* For the tests of payloads: parse a body from memory of exactly its size, so that ASan sees one
 * octet too many, and build one. */
#include "base/test.h"
#include "ikev2/payload/payload.h"

#include <stdlib.h>

struct parsed {
	enum err e;
	struct buf body; /* what the views of m look into */
	struct v2_msg m;
};

static inline struct parsed *parse_body(payload_parse *parse, uint8_t type, struct bytes body)
{
	struct parsed *p = xalloc(sizeof(*p));

	p->body = buf_from(body);
	p->e = parse(&(struct payload){ .type = type, .body = buf_view(&p->body) }, &p->m);
	return p;
}

static inline void parsed_free(struct parsed *p)
{
	buf_done(&p->body);
	free(p);
}

static inline enum err parse_error(payload_parse *parse, uint8_t type, struct bytes body)
{
	struct parsed *p = parse_body(parse, type, body);
	enum err e = p->e;

	parsed_free(p);
	return e;
}

/* How many of the body's true beginnings parse. */
static inline size_t beginnings_that_parse(payload_parse *parse, uint8_t type, struct bytes body)
{
	size_t ok = 0;

	for (size_t n = 0; n < body.n; n++)
		ok += parse_error(parse, type, bytes_of(body.p, n)) == OK;
	return ok;
}

/* A chain of one payload: its body. */
static inline struct bytes built_body(struct v2_build *b, uint8_t type)
{
	struct bytes chain = v2_build_end(b);

	assert_true(chain.n >= 4);
	assert_int_equal(b->first, type);
	assert_int_equal(chain.p[0], V2_NONE);
	assert_int_equal(chain.p[1], 0);
	assert_int_equal(chain.p[2] << 8 | chain.p[3], chain.n);
	return bytes_of(chain.p + 4, chain.n - 4);
}

/* Are the bytes inside? */
static inline bool is_view_of(struct bytes view, struct bytes whole)
{
	return view.n == 0 || (view.p >= whole.p && view.p + view.n <= whole.p + whole.n);
}

#define assert_bytes(a, b) assert_true(bytes_eq((a), (b)))
