/* Identities (RFC 7296 3.5): wire, text, comparison. */
#include "ipsec/id.h"

#include "crypto/dn.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

void id_done(struct id *id)
{
	buf_done(&id->data);
	id->type = ID_NONE;
}

struct id id_copy(const struct id *id)
{
	return (struct id){ id->type, buf_from(buf_view(&id->data)) };
}

struct id id_from_addr(const struct addr *a)
{
	uint8_t type = a->family == 4 ? ID_IPV4_ADDR : a->family == 6 ? ID_IPV6_ADDR : ID_NONE;

	return (struct id){ type, buf_from(addr_bytes(a)) };
}

static bool length_fits(uint8_t type, size_t n)
{
	switch (type) {
	case ID_IPV4_ADDR:
		return n == 4;
	case ID_IPV6_ADDR:
		return n == 16;
	case ID_NULL:
		return true;
	default:
		return n >= 1 && n <= ID_MAX;
	}
}

enum err id_from_wire(uint8_t type, struct bytes data, struct id *ret)
{
	switch (type) {
	case ID_IPV4_ADDR:
	case ID_FQDN:
	case ID_RFC822_ADDR:
	case ID_IPV6_ADDR:
	case ID_DER_ASN1_DN:
	case ID_DER_ASN1_GN:
	case ID_KEY_ID:
	case ID_NULL:
		break;
	default:
		return ERR_VALUE;
	}
	if (!length_fits(type, data.n) || data.n > ID_MAX)
		return ERR_LENGTH;
	*ret = (struct id){ type, buf_from(data) };
	return OK;
}

static enum err from_hex(uint8_t type, const char *s, struct id *ret)
{
	size_t n = strlen(s);
	struct buf b;

	if (n >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		s += 2;
		n -= 2;
	}
	if (n == 0 || n % 2 != 0 || n / 2 > ID_MAX || strspn(s, "0123456789abcdefABCDEF") != n)
		return ERR_VALUE;
	b = (struct buf){ xalloc(n / 2), n / 2 };
	for (size_t i = 0; i < b.n; i++) {
		char two[3] = { s[2 * i], s[2 * i + 1], '\0' };

		b.p[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	*ret = (struct id){ type, b };
	return OK;
}

static enum err from_text(uint8_t type, const char *s, size_t n, struct id *ret)
{
	if (n == 0 || n > ID_MAX)
		return ERR_VALUE;
	*ret = (struct id){ type, buf_from(bytes_of(s, n)) };
	return OK;
}

static enum err from_dn(const char *s, struct id *ret)
{
	struct buf der;

	if (dn_parse(s, &der))
		return ERR_VALUE;
	if (der.n > ID_MAX) {
		buf_done(&der);
		return ERR_VALUE;
	}
	*ret = (struct id){ ID_DER_ASN1_DN, der };
	return OK;
}

/* A bare name has a letter in it: 192.0.2.300 and 2001:db8::g are addresses with a mistake, not
 * names. */
static bool is_host_name(const char *s)
{
	bool has_letter = false;

	for (; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("-._*", *s))
			return false;
		has_letter |= isalpha((unsigned char)*s) != 0;
	}
	return has_letter;
}

static bool has_blank(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return true;
	}
	return false;
}

static enum err from_name(const char *s, struct id *ret)
{
	if (has_blank(s))
		return ERR_VALUE;
	if (s[0] == '@')
		return from_text(ID_FQDN, s + 1, strlen(s + 1), ret);
	if (strchr(s, '@'))
		return from_text(ID_RFC822_ADDR, s, strlen(s), ret);
	return is_host_name(s) ? from_text(ID_FQDN, s, strlen(s), ret) : ERR_VALUE;
}

enum err id_parse(const char *s, struct id *ret)
{
	size_t n = strlen(s);
	struct addr a;

	if (strcasecmp(s, "%any") == 0 || strcasecmp(s, "%none") == 0) {
		*ret = (struct id){ .type = strcasecmp(s, "%any") == 0 ? ID_ANY : ID_NONE };
		return OK;
	}
	if (strcasecmp(s, "%null") == 0) {
		*ret = (struct id){ .type = ID_NULL };
		return OK;
	}
	if (s[0] == '%')
		return ERR_VALUE;
	if (addr_parse(s, &a) == OK) {
		*ret = id_from_addr(&a);
		return OK;
	}
	if (s[0] == '@' && s[1] == '#')
		return from_hex(ID_KEY_ID, s + 2, ret);
	if (s[0] == '@' && s[1] == '~')
		return from_hex(ID_DER_ASN1_DN, s + 2, ret);
	if (s[0] == '@' && s[1] == '[') {
		if (s[n - 1] != ']')
			return ERR_VALUE;
		return from_text(ID_KEY_ID, s + 2, n - 3, ret);
	}
	if (s[0] != '@' && strchr(s, '='))
		return from_dn(s, ret);
	return from_name(s, ret);
}

bool id_eq(const struct id *a, const struct id *b)
{
	struct bytes x = buf_view(&a->data), y = buf_view(&b->data);

	if (a->type != b->type)
		return false;
	if (a->type == ID_DER_ASN1_DN)
		return dn_eq(x, y);
	if (a->type != ID_FQDN && a->type != ID_RFC822_ADDR)
		return bytes_eq(x, y);
	return x.n == y.n && strncasecmp((const char *)x.p, (const char *)y.p, x.n) == 0;
}

static bool is_printable(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] <= 0x20 || b.p[i] >= 0x7f || strchr("\"'\\]", b.p[i]))
			return false;
	return b.n != 0;
}

/* Printable octets as they are, others as \xNN. */
static void put_text(struct bytes b, char *s, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < b.n && at + 5 < n; i++) {
		if (b.p[i] >= 0x20 && b.p[i] < 0x7f && !strchr("\"'\\", b.p[i]))
			s[at++] = (char)b.p[i];
		else
			at += (size_t)snprintf(s + at, 5, "\\x%02x", b.p[i]);
	}
	s[at] = '\0';
}

/* As many octets as there is room for. */
static void put_hex(const char *before, struct bytes b, char *s, size_t n)
{
	size_t at = (size_t)snprintf(s, n, "%s", before);

	if (at < n)
		bytes_hex(bytes_of(b.p, MIN(b.n, (n - at - 1) / 2)), s + at);
}

char *id_format(const struct id *id, char *s, size_t n)
{
	struct bytes b = buf_view(&id->data);
	char text[ID_STR];
	struct addr a;

	switch (id->type) {
	case ID_NONE:
	case ID_ANY:
		snprintf(s, n, "%%any");
		break;
	case ID_NULL:
		snprintf(s, n, "ID_NULL");
		break;
	case ID_IPV4_ADDR:
	case ID_IPV6_ADDR:
		a = addr_from(b);
		snprintf(s, n, "%s", addr_format(&a, text));
		break;
	case ID_FQDN:
		put_text(b, text, sizeof(text));
		snprintf(s, n, "@%s", text);
		break;
	case ID_RFC822_ADDR:
		put_text(b, s, n);
		break;
	case ID_DER_ASN1_DN:
		if (dn_format(b, s, n))
			put_hex("@~", b, s, n);
		break;
	case ID_KEY_ID:
		if (is_printable(b))
			snprintf(s, n, "@[%.*s]", (int)b.n, (const char *)b.p);
		else
			put_hex("@#0x", b, s, n);
		break;
	default:
		put_hex("@~", b, s, n);
		break;
	}
	return s;
}

const char *id_type_name(uint8_t type)
{
	switch (type) {
	case ID_NONE:
	case ID_ANY:
		return "ID_NONE";
	case ID_IPV4_ADDR:
		return "ID_IPV4_ADDR";
	case ID_FQDN:
		return "ID_FQDN";
	case ID_RFC822_ADDR:
		return "ID_USER_FQDN";
	case ID_IPV6_ADDR:
		return "ID_IPV6_ADDR";
	case ID_DER_ASN1_DN:
		return "ID_DER_ASN1_DN";
	case ID_DER_ASN1_GN:
		return "ID_DER_ASN1_GN";
	case ID_KEY_ID:
		return "ID_KEY_ID";
	case ID_NULL:
		return "ID_NULL";
	default:
		return "ID_UNKNOWN";
	}
}

void id_put(struct wr *w, const struct id *id)
{
	wr_u8(w, id->type);
	wr_u16(w, (uint16_t)id->data.n);
	wr_bytes(w, buf_view(&id->data));
}

enum err id_get(struct rd *r, struct id *ret)
{
	uint8_t type = rd_u8(r);
	uint16_t n = rd_u16(r);
	struct bytes data = rd_bytes(r, n);

	if (r->failed)
		return ERR_TRUNCATED;
	if (type == ID_NONE || type == ID_ANY) {
		if (n != 0)
			return ERR_LENGTH;
		*ret = (struct id){ .type = type };
		return OK;
	}
	return id_from_wire(type, data, ret);
}
