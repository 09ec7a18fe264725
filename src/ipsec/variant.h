#pragma once
/* How an end may read a secret otherwise than it is written here: what people trip over when a
 * pre-shared key is copied from one product to another. */
#include "base/base.h"

enum secret_variant {
	VARIANT_NONE,
	VARIANT_NEWLINE,
	VARIANT_CR,
	VARIANT_CRLF,
	VARIANT_BLANK,
	VARIANT_BLANK_BEFORE,
	VARIANT_NO_BLANKS,
	VARIANT_DOUBLE_QUOTES,
	VARIANT_SINGLE_QUOTES,
	VARIANT_UNQUOTED,
	VARIANT_TEXT, /* 0x, 0s, 0t and what follows are characters */
	VARIANT_TEXT_BARE,
	VARIANT_HEX,
	VARIANT_BASE64,
	VARIANT_END,
};

/* "with a newline at its end"; "" for none. Static. */
const char *variant_name(enum secret_variant v);
/* VARIANT_NONE: there is none of that name. */
enum secret_variant variant_of(const char *name);
