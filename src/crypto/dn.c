/* Distinguished names by OpenSSL's X509_NAME. */
#include "crypto/dn.h"

#include <openssl/bio.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdlib.h>

/* One "TYPE=value"; both may have blanks around them. */
static bool add(X509_NAME *name, char *part)
{
	char *eq = strchr(part, '='), *end;
	char *type = part + strspn(part, " "), *value;

	if (!eq)
		return false;
	*eq = '\0';
	for (end = eq; end > type && end[-1] == ' '; end--)
		end[-1] = '\0';
	value = eq + 1 + strspn(eq + 1, " ");
	for (end = value + strlen(value); end > value && end[-1] == ' '; end--)
		end[-1] = '\0';
	if (strcasecmp(type, "E") == 0 || strcasecmp(type, "email") == 0)
		type = (char *)(uintptr_t) "emailAddress";
	return *value && X509_NAME_add_entry_by_txt(
				 name, type, MBSTRING_UTF8, (const uint8_t *)value, -1, -1, 0) == 1;
}

enum err dn_parse(const char *s, struct buf *ret)
{
	X509_NAME *name = X509_NAME_new();
	char *copy = xstrdup(s), *rest = copy, *part;
	const char *between = *s == '/' ? "/" : ",";
	uint8_t *der = NULL;
	bool ok = name != NULL;
	int n = 0;

	while (ok && (part = strsep(&rest, between)))
		ok = part[strspn(part, " ")] == '\0' ? (part == copy && *s == '/')
						     : add(name, part);
	if (ok)
		n = i2d_X509_NAME(name, &der);
	if (n > 0 && X509_NAME_entry_count(name) > 0)
		*ret = buf_from(bytes_of(der, (size_t)n));
	else
		ok = false;
	OPENSSL_free(der);
	X509_NAME_free(name);
	free(copy);
	return ok ? OK : ERR_VALUE;
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

enum err dn_format(struct bytes der, char *s, size_t n)
{
	X509_NAME *name = decode(der);
	BIO *out = BIO_new(BIO_s_mem());
	int got = -1;

	if (name && out &&
		X509_NAME_print_ex(out, name, 0,
			XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | ASN1_STRFLGS_ESC_CTRL |
				ASN1_STRFLGS_ESC_MSB) >= 0)
		got = BIO_read(out, s, (int)n - 1);
	if (got >= 0)
		s[got] = '\0';
	BIO_free(out);
	X509_NAME_free(name);
	return got >= 0 ? OK : ERR_VALUE;
}

bool dn_eq(struct bytes a, struct bytes b)
{
	X509_NAME *x = decode(a), *y = decode(b);
	bool eq = x && y && X509_NAME_cmp(x, y) == 0;

	X509_NAME_free(x);
	X509_NAME_free(y);
	return eq;
}
