/* Distinguished names by OpenSSL's X509_NAME. */
#include "crypto/dn.h"

#include <ctype.h>
#include <openssl/bio.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdlib.h>

/* A value up to one of ends, as RFC 4514 2.4 and 3 write it: "quoted", \, or \2C for an octet.
 * out has room for strlen(s). Gives where it ended, NULL when it does not end well. */
static const char *value(const char *s, const char *ends, char *out, size_t *n)
{
	bool is_quoted = false;
	size_t kept = 0; /* blanks behind these do not count */

	*n = 0;
	s += strspn(s, " ");
	for (; *s && (is_quoted || !strchr(ends, *s)); s++) {
		bool is_plain = *s != '"' && *s != '\\' && !is_quoted;

		if (*s == '"') {
			is_quoted = !is_quoted;
		} else if (*s == '\\' && isxdigit((unsigned char)s[1]) &&
			   isxdigit((unsigned char)s[2])) {
			const char two[] = { s[1], s[2], '\0' };

			out[(*n)++] = (char)strtoul(two, NULL, 16);
			s += 2;
		} else if (*s != '\\' || *++s != '\0') {
			out[(*n)++] = *s;
		} else {
			return NULL;
		}
		if (!is_plain || *s != ' ')
			kept = *n;
	}
	*n = kept;
	return is_quoted || kept == 0 ? NULL : s;
}

/* One "TYPE=value" at s, joined to the one before it by '+' or not. Gives where it ended. */
static const char *add(X509_NAME *name, const char *s, const char *ends, bool is_joined, char *room)
{
	size_t type_n, n;
	const char *type = room, *end;

	s += strspn(s, " ");
	type_n = strcspn(s, "= ");
	memcpy(room, s, type_n);
	room[type_n] = '\0';
	s += type_n + strspn(s + type_n, " ");
	if (type_n == 0 || *s != '=' || !(end = value(s + 1, ends, room + type_n + 1, &n)))
		return NULL;
	if (strcasecmp(type, "E") == 0 || strcasecmp(type, "email") == 0)
		type = "emailAddress";
	if (X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
		    (const uint8_t *)room + type_n + 1, (int)n, -1, is_joined ? -1 : 0) != 1)
		return NULL;
	return end;
}

/* All of them. is_slashed: "/C=CH/O=Example", where '+' and ',' are part of a value. */
static bool add_all(X509_NAME *name, const char *s, bool is_slashed)
{
	char *room = xalloc(strlen(s) + 2);
	bool is_joined = false;

	if (is_slashed)
		s++;
	while ((s = add(name, s, is_slashed ? "/" : ",+", is_joined, room)) && *s != '\0')
		is_joined = *s++ == '+';
	free(room);
	return s != NULL;
}

enum err dn_parse(const char *s, struct buf *ret)
{
	X509_NAME *name = X509_NAME_new();
	uint8_t *der = NULL;
	int n = 0;

	if (name && add_all(name, s, *s == '/'))
		n = i2d_X509_NAME(name, &der);
	if (n > 0)
		*ret = buf_from(bytes_of(der, (size_t)n));
	OPENSSL_free(der);
	X509_NAME_free(name);
	return n > 0 ? OK : ERR_VALUE;
}

static X509_NAME *decode(struct bytes der)
{
	const uint8_t *p = der.p;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.n);

	if (name && p != der.p + der.n) {
		X509_NAME_free(name);
		return NULL;
	}
	return name;
}

/* What a certificate's owner chose is escaped, so that a value cannot look like another field. */
enum {
	DN_FLAGS = XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | ASN1_STRFLGS_ESC_2253 |
		   ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_ESC_MSB | ASN1_STRFLGS_UTF8_CONVERT
};

enum err dn_format(struct bytes der, char *s, size_t n)
{
	X509_NAME *name = decode(der);
	BIO *out = BIO_new(BIO_s_mem());
	int got = -1;

	if (name && out && X509_NAME_print_ex(out, name, 0, DN_FLAGS) >= 0)
		got = BIO_read(out, s, (int)n - 1);
	if (got >= 0)
		s[got] = '\0';
	BIO_free(out);
	X509_NAME_free(name);
	return got >= 0 ? OK : ERR_VALUE;
}

bool dn_eq(struct bytes a, struct bytes b)
{
	X509_NAME *x, *y;
	bool eq;

	if (bytes_eq(a, b))
		return true;
	x = decode(a);
	y = decode(b);
	eq = x && y && X509_NAME_cmp(x, y) == 0;

	X509_NAME_free(x);
	X509_NAME_free(y);
	return eq;
}
