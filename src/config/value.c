/* Values of keywords with fields: text in, field out. Lists and numbers have their own files. */
#include "config/value.h"

#include "base/word.h"
#include "config/proposal_text.h"
#include "event/debug.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { STRING_MAX = 1024, SCRATCH_N = 16 };

enum err value_wrong(char **what, const char *found, const char *expected)
{
	char shown[80];

	event_escape(bytes_of(found, strnlen(found, 60)), shown, sizeof(shown));
	*what = xasprintf("\"%s\" is not %s", shown, expected);
	return ERR_VALUE;
}

bool value_next_word(const char **p, char *ret, size_t n)
{
	size_t len;
	const char *w = word_next(p, &len);

	if (w)
		snprintf(ret, n, "%.*s", (int)len, w);
	return w != NULL;
}

/* "yes" and "no" have other spellings, also where a third word is possible. */
static const char *plain_bool(const char *v)
{
	static const char *const yes[] = { "true", "on", "y", "1" };
	static const char *const no[] = { "false", "off", "n", "0" };

	for (size_t i = 0; i < COUNT(yes); i++) {
		if (strcasecmp(v, yes[i]) == 0)
			return "yes";
		if (strcasecmp(v, no[i]) == 0)
			return "no";
	}
	return v;
}

static enum err read_bool(const char *v, bool *ret, char **what)
{
	const char *word = plain_bool(v);

	if (strcasecmp(word, "yes") != 0 && strcasecmp(word, "no") != 0)
		return value_wrong(what, v, "yes or no");
	*ret = strcasecmp(word, "yes") == 0;
	return OK;
}

/* What is valid, and what is near. */
static enum err not_one_of(const struct keyword_word *words, const char *v, char **what)
{
	struct nearest near = nearest_to(v);
	char list[512], shown[80], hint[NEAREST_HINT];
	size_t at = 0;

	list[0] = '\0';
	for (const struct keyword_word *w = words; w->word; w++) {
		nearest_try(&near, w->word);
		if (at < sizeof(list))
			at += (size_t)snprintf(
				list + at, sizeof(list) - at, "%s%s", at ? ", " : "", w->word);
	}
	event_escape(bytes_of(v, strnlen(v, 60)), shown, sizeof(shown));
	*what = xasprintf("\"%s\" is not one of: %s%s", shown, list, nearest_hint(&near, hint));
	return ERR_VALUE;
}

static enum err read_enum(
	const struct keyword_word *words, const char *v, uint8_t *ret, char **what)
{
	const char *word = plain_bool(v);

	for (const struct keyword_word *w = words; w->word; w++)
		if (strcasecmp(v, w->word) == 0 || strcasecmp(word, w->word) == 0) {
			*ret = w->value;
			return OK;
		}
	return not_one_of(words, v, what);
}

/* ---- identities, hosts ---- */

/* %any and its like; false: not one of them. A misspelt one is not the name of an interface. */
static bool read_host_word(const char *v, struct conf_end *e, char **what)
{
	static const struct keyword_word words[] = { { "%any", HOST_ANY }, { "%any4", HOST_ANY },
		{ "%any6", HOST_ANY }, { "%defaultroute", HOST_DEFAULTROUTE },
		{ "%opportunistic", HOST_GROUP }, { "%oppo", HOST_GROUP }, { "%group", HOST_GROUP },
		{ "%opportunisticgroup", HOST_GROUP }, { "%oppogroup", HOST_GROUP }, { NULL, 0 } };
	struct nearest near = nearest_to(v);
	uint8_t kind = HOST_UNSET;

	for (const struct keyword_word *w = words; w->word; w++) {
		if (strcasecmp(v, w->word) == 0)
			kind = w->value;
		if (strlen(w->word) > 6)
			nearest_try(&near, w->word);
	}
	if (kind == HOST_UNSET && near.word && near.distance <= 2)
		return not_one_of(words, v, what) == OK;
	if (kind == HOST_GROUP)
		*what = xasprintf(
			"\"%s\": opportunistic encryption is not done yet; give an address, a name "
			"or %%any",
			v);
	if (kind == HOST_UNSET || kind == HOST_GROUP)
		return false;
	e->host_kind = kind;
	if (kind == HOST_ANY && v[4])
		e->host.family = (uint8_t)(v[4] - '0');
	return true;
}

static enum err read_host(struct conf_end *end, const char *v, char **what)
{
	struct conf_end e = { .host_kind = HOST_UNSET };

	if (strcmp(v, "0.0.0.0") == 0 || strcmp(v, "::") == 0) {
		e.host_kind = HOST_ANY;
		e.host.family = v[0] == '0' ? 4 : 6;
	} else if (v[0] == '%') {
		if (!read_host_word(v, &e, what) && !*what && strlen(v) > 1 && strlen(v) <= 16 &&
			!strpbrk(v, " /\""))
			e.host_kind = HOST_IFACE;
	} else if (addr_parse(v, &e.host) == OK)
		e.host_kind = HOST_ADDR;
	else if (is_dns_name(bytes_str(v)))
		e.host_kind = HOST_NAME;
	if (*what)
		return ERR_VALUE;
	if (e.host_kind == HOST_UNSET)
		return value_wrong(
			what, v, "an address, a DNS name, %any, %defaultroute or %interface");
	end->host_kind = e.host_kind;
	end->host = e.host;
	free(end->host_name);
	end->host_name = e.host_kind == HOST_NAME    ? xstrdup(v)
			 : e.host_kind == HOST_IFACE ? xstrdup(v + 1)
						     : NULL;
	return OK;
}

static bool is_printable(const char *s)
{
	while ((unsigned char)*s >= 0x20 && *s != 0x7f)
		s++;
	return *s == '\0';
}

static enum err read_id(struct id *ret, const char *v, char **what)
{
	struct id id;

	if (strcasecmp(v, "%fromcert") == 0) {
		*what = xasprintf(
			"\"%s\": certificates are not done yet; write the identity itself", v);
		return ERR_VALUE;
	}
	if (strchr(v, '"') || !is_printable(v) || id_parse(v, &id))
		return value_wrong(what, v,
			"an identity: an address, @name, user@name, @[text], @#hex or a DN like "
			"\"C=CH, CN=name\"");
	if (id.type == ID_FQDN && strchr("#[~", id.data.p[0])) {
		id_done(&id);
		return value_wrong(what, v, "an identity: a name does not begin like this");
	}
	id_done(ret);
	*ret = id;
	return OK;
}

/* ---- authentication, version, proposals ---- */

static const struct keyword_word words_authby[] = { { "secret", AUTHBY_SECRET },
	{ "psk", AUTHBY_SECRET }, { "rsasig", AUTHBY_RSA }, { "rsa", AUTHBY_RSA },
	{ "pubkey", AUTHBY_RSA }, { "rsa-sha1", AUTHBY_RSA }, { "rsa-sha2", AUTHBY_RSA },
	{ "rsa-sha2_256", AUTHBY_RSA }, { "rsa-sha2_384", AUTHBY_RSA },
	{ "rsa-sha2_512", AUTHBY_RSA }, { "ecdsa", AUTHBY_ECDSA }, { "ecdsa-sha2", AUTHBY_ECDSA },
	{ "ecdsa-sha2_256", AUTHBY_ECDSA }, { "ecdsa-sha2_384", AUTHBY_ECDSA },
	{ "ecdsa-sha2_512", AUTHBY_ECDSA }, { "eddsa", AUTHBY_ECDSA }, { "eaponly", AUTHBY_NEVER },
	{ "null", AUTHBY_NULL }, { "never", AUTHBY_NEVER }, { NULL, 0 } };

static enum err read_authby(uint8_t *ret, const char *v, bool is_list, char **what)
{
	char word[64];
	uint8_t bits = 0, bit = 0;
	size_t n = 0;

	while (value_next_word(&v, word, sizeof(word))) {
		if (read_enum(words_authby, word, &bit, what))
			return ERR_VALUE;
		bits |= bit;
		n++;
	}
	if (n == 0 || (n > 1 && !is_list))
		return value_wrong(what, v, "one word, like: secret");
	*ret = bits;
	return OK;
}

/* keyexchange=ike is 4.x's only word and says nothing about the version. */
static enum err read_version(uint8_t *ret, const char *v, char **what)
{
	static const struct keyword_word words[] = { { "ikev2", VERSION_IKEV2 },
		{ "ikev1", VERSION_IKEV1 }, { "ike", 255 }, { NULL, 0 } };
	uint8_t version = 255;

	if (read_enum(words, v, &version, what))
		return ERR_VALUE;
	if (version != 255)
		*ret = version;
	return OK;
}

static enum err read_ikev2(uint8_t *ret, const char *v, char **what)
{
	static const struct keyword_word words[] = { { "yes", VERSION_IKEV2 },
		{ "insist", VERSION_IKEV2 }, { "propose", VERSION_IKEV2 },
		{ "always", VERSION_IKEV2 }, { "no", VERSION_IKEV1 }, { "never", VERSION_IKEV1 },
		{ "permit", VERSION_IKEV1 }, { NULL, 0 } };

	return read_enum(words, v, ret, what);
}

static enum err read_proposals(
	const struct keyword *k, struct proposals **ret, const char *v, char **what, char **warning)
{
	struct proposals *p;
	enum err e = proposal_text_parse(
		k->type == TYPE_IKE ? PROTO_IKE : PROTO_ESP, v, &p, what, warning);

	if (e)
		return e;
	free(*ret);
	*ret = p;
	return OK;
}

static enum err read_string(char **ret, const char *v, char **what)
{
	size_t n = strlen(v);

	if ((strchr(v, '"') && strchr(v, '\'')) || !is_printable(v))
		return value_wrong(
			what, v, "text without both kinds of quotes and control characters");
	if (n > STRING_MAX) {
		*what = xasprintf("%zu characters are too many; at most %d", n, STRING_MAX);
		return ERR_VALUE;
	}
	free(*ret);
	*ret = n == 0 ? NULL : xstrdup(v);
	return OK;
}

/* Libreswan's own script does what is done here without one. */
static enum err read_updown(char **ret, const char *v, char **what, char **warning)
{
	static const char own[] = "ipsec _updown";
	const char *rest = v + strlen(own);

	if (strcasecmp(v, "%disabled") == 0)
		return read_string(ret, "", what);
	if (strncmp(v, own, strlen(own)) != 0 || (*rest != '\0' && *rest != ' ' && *rest != '.'))
		return read_string(ret, v, what);
	if (strchr(rest, ' '))
		*warning = xasprintf("the options of \"%s\" have no effect: routes and addresses "
				     "are set without it",
			own);
	return read_string(ret, "", what);
}

/* An unknown word does no harm; the others count. */
static enum err read_debug(char **ret, const char *v, char **what, char **warning)
{
	struct keyword_word words[32] = { { NULL, 0 } };
	uint32_t mask = 0;
	const char *bad = debug_apply(v, &mask);
	char word[64];

	for (size_t i = 0; debug_words[i].help && i + 1 < COUNT(words); i++)
		words[i].word = debug_words[i].word;
	if (bad && value_next_word(&bad, word, sizeof(word)) && not_one_of(words, word, warning))
		return read_string(ret, v, what);
	return read_string(ret, v, what);
}

static enum err read_domains(char **ret, const char *v, char **what)
{
	const char *p = v;
	char word[256];

	while (value_next_word(&p, word, sizeof(word)))
		if (!is_dns_name(bytes_str(word)))
			return value_wrong(what, word, "a DNS domain like example.com");
	return read_string(ret, v, what);
}

static enum err read_addr(struct addr *ret, const char *v, char **what)
{
	struct addr a;

	if (addr_parse(v, &a))
		return value_wrong(what, v, "an address");
	*ret = a;
	return OK;
}

static enum err read_cidr(struct prefix *ret, const char *v, char **what)
{
	struct prefix p;

	if (prefix_parse(v, &p))
		return value_wrong(what, v, "an address with its length, like 192.0.2.1/24");
	*ret = p;
	return OK;
}

/* What the kernel takes for a name, and does not fill in itself. */
static enum err read_device(char **ret, const char *v, char **what)
{
	size_t n = strlen(v);

	if (n >= CONF_DEVICE_NAME || strpbrk(v, "/: \t%\"'") || !is_printable(v) ||
		strcmp(v, ".") == 0 || strcmp(v, "..") == 0)
		return value_wrong(
			what, v, "the name of a network device, of 15 characters at most");
	return read_string(ret, v, what);
}

enum err value_read(
	const struct keyword *k, void *object, const char *v, char **what, char **warning)
{
	void *field = (char *)object + k->offset;

	switch ((enum keyword_type)k->type) {
	case TYPE_ANYTHING:
	case TYPE_STRUCTURE:
		return OK;
	case TYPE_BOOL:
		return read_bool(v, field, what);
	case TYPE_ENUM:
		return read_enum(k->words, v, field, what);
	case TYPE_U16:
	case TYPE_U32:
	case TYPE_NUMBER:
	case TYPE_PERCENT:
	case TYPE_TIME:
	case TYPE_TIME_MS:
	case TYPE_COUNT:
		return value_read_number(k, v, field, what, warning);
	case TYPE_MSS:
		return value_read_mss(k, v, field, what);
	case TYPE_MARK:
		return value_read_mark(field, v, what);
	case TYPE_MARKS:
		if (value_read_mark(field, v, what))
			return ERR_VALUE;
		((struct conf_conn *)object)->mark_out = ((struct conf_conn *)object)->mark_in;
		return OK;
	case TYPE_STR:
		return read_string(field, v, what);
	case TYPE_UPDOWN:
		return read_updown(field, v, what, warning);
	case TYPE_DEBUG:
		return read_debug(field, v, what, warning);
	case TYPE_PRIVATE:
		if (value_check_private(v, what))
			return ERR_VALUE;
		return read_string(field, v, what);
	case TYPE_NETS:
		if (value_check_nets(v, what))
			return ERR_VALUE;
		return read_string(field, v, what);
	case TYPE_DOMAINS:
		return read_domains(field, v, what);
	case TYPE_HOST:
		return read_host(object, v, what);
	case TYPE_ADDR:
		return read_addr(field, v, what);
	case TYPE_ID:
		return read_id(field, v, what);
	case TYPE_SUBNETS:
		return value_read_subnets(field, v, what, warning);
	case TYPE_SOURCEIP:
		return value_read_sourceip(object, v, what);
	case TYPE_POOL:
		return value_read_pool(object, v, what);
	case TYPE_PROTOPORT:
		return value_read_protoport(object, v, what);
	case TYPE_DNS:
		return value_read_dns(object, v, what);
	case TYPE_AUTHBY:
	case TYPE_AUTH:
		return read_authby(field, v, k->type == TYPE_AUTHBY, what);
	case TYPE_IKE:
	case TYPE_ESP:
		return read_proposals(k, field, v, what, warning);
	case TYPE_CIDR:
		return read_cidr(field, v, what);
	case TYPE_IF_ID:
		return value_read_if_id(field, v, what);
	case TYPE_DEVICE:
		return read_device(field, v, what);
	case TYPE_VERSION:
		return k->is_spelling ? read_ikev2(field, v, what) : read_version(field, v, what);
	}
	return ERR_VALUE;
}

enum err value_check(const struct keyword *k, const char *v, bool *is_default, char **what)
{
	uint64_t got[SCRATCH_N / 8] = { 0 }, usual[SCRATCH_N / 8] = { 0 };
	char *ignored = NULL;
	enum err e;

	if (k->type == TYPE_ANYTHING || k->type == TYPE_STR || strcasecmp(v, k->fallback) == 0) {
		*is_default = *k->fallback ? strcasecmp(v, k->fallback) == 0 : *v == '\0';
		*is_default &= k->type != TYPE_ANYTHING;
		return OK;
	}
	e = value_read(k, got, v, what, &ignored);
	free(ignored);
	ignored = NULL;
	if (e)
		return e;
	*is_default = false;
	if (*k->fallback) {
		char *wrong = NULL;

		*is_default = value_read(k, usual, k->fallback, &wrong, &ignored) == OK &&
			      memcmp(got, usual, sizeof(got)) == 0;
		free(wrong);
		free(ignored);
	}
	return OK;
}
