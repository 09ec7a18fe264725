/* The names of variants of a secret, as events have them. */
#include "ipsec/variant.h"

static const char *const names[VARIANT_END] = {
	[VARIANT_NONE] = "",
	[VARIANT_NEWLINE] = "with a newline at its end",
	[VARIANT_CR] = "with a carriage return at its end",
	[VARIANT_CRLF] = "with a carriage return and a newline at its end",
	[VARIANT_BLANK] = "with a blank at its end",
	[VARIANT_BLANK_BEFORE] = "with a blank at its start",
	[VARIANT_NO_BLANKS] = "without the blanks around it",
	[VARIANT_DOUBLE_QUOTES] = "with double quotes as part of it",
	[VARIANT_SINGLE_QUOTES] = "with single quotes as part of it",
	[VARIANT_UNQUOTED] = "without the quotes that are part of it",
	[VARIANT_TEXT] = "with its prefix, as text",
	[VARIANT_TEXT_BARE] = "without its prefix, as text",
	[VARIANT_HEX] = "decoded as hexadecimal (0x)",
	[VARIANT_BASE64] = "decoded as base64 (0s)",
};

const char *variant_name(enum secret_variant v)
{
	return v < VARIANT_END ? names[v] : "";
}

enum secret_variant variant_of(const char *name)
{
	for (unsigned v = VARIANT_NONE + 1; v < VARIANT_END; v++)
		if (strcmp(names[v], name) == 0)
			return (enum secret_variant)v;
	return VARIANT_NONE;
}
