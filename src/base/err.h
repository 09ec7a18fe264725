#pragma once
/* Why something did not work. What to do with a peer is a verdict, never one of these. */
#include "base/base.h"

enum err {
	OK = 0,
	ERR_TRUNCATED,	 /* fewer bytes than a length field promises */
	ERR_LENGTH,	 /* a length that the format does not allow, or bytes left over */
	ERR_VALUE,	 /* a value that the format does not allow */
	ERR_LIMIT,	 /* more of something than limits.h allows */
	ERR_DUPLICATE,	 /* present twice where once is allowed */
	ERR_MISSING,	 /* absent where required */
	ERR_UNSUPPORTED, /* well-formed, known or not, but not ours to do */
	ERR_CRITICAL,	 /* an unknown payload with the critical bit */
	ERR_INTEGRITY,	 /* an ICV, MAC or AUTH does not match */
	ERR_CRYPTO,	 /* the library refused: bad key, bad public value */
	ERR_NOT_FOUND,
	ERR_EXISTS,
	ERR_MISMATCH,  /* two sides have no common value */
	ERR_NOT_NOW,   /* not now */
	ERR_DENIED,    /* not allowed to the one who asks */
	ERR_EXHAUSTED, /* no address, serial or sequence number is left */
	ERR_SYSTEM,    /* the operating system refused; errno tells */
	ERR_END,       /* how many there are */
};

/* One short lower-case sentence, for people. Never NULL. */
const char *err_text(enum err e);
