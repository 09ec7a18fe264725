#pragma once
/* Distinguished names (X.501): text as in ipsec.conf to DER and back. */
#include "base/bytes.h"

/* "C=CH, O=Example, CN=gate.example.com" (or separated by '/') to DER. ERR_VALUE when it is none.
 */
enum err must_use dn_parse(const char *s, struct buf *ret);
/* DER to "C=CH, O=Example, CN=gate.example.com", what is not printable escaped. ERR_VALUE when it
 * is no name. */
enum err must_use dn_format(struct bytes der, char *s, size_t n);
/* Field by field, without case and repeated blanks (RFC 5280 7.1). */
bool dn_eq(struct bytes a, struct bytes b);
