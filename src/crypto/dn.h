#pragma once
/* Distinguished names (X.501): text as in ipsec.conf to DER and back. */
#include "base/bytes.h"

/* "C=CH, O=Example, CN=gate.example.com" to DER: RFC 4514's escapes and quotes, '+' for fields that
 * belong together, but fields in the order of the DER. "/C=CH/O=Example" too. ERR_VALUE when it is
 * none. */
enum err must_use dn_parse(const char *s, struct buf *ret);
/* DER to such text, what is special or not printable escaped, cut at n. ERR_VALUE when it is no
 * name. */
enum err must_use dn_format(struct bytes der, char *s, size_t n);
/* The same octets, or equal field by field without case and repeated blanks (RFC 5280 7.1). */
bool dn_eq(struct bytes a, struct bytes b);
