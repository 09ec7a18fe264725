/* Fixes in the words of a Cisco (IOS): its proposals, policies, transform sets and access lists.
 * What it has no word for gives no fix. */
#include "diag/words.h"

#include "diag/identity.h"

#include <stdio.h>

/* Words of ike= and esp=, and a Cisco's: of a proposal of IKEv2, of a policy of IKEv1, of a
 * transform set. NULL: it has none there. */
enum part { CIPHER, AEAD, HASH, GROUP };
static const struct word {
	const char *conf;
	enum part part;
	const char *v2, *v1, *esp;
} words[] = {
	{ "aes256", CIPHER, "aes-cbc-256", "aes 256", "esp-aes 256" },
	{ "aes192", CIPHER, "aes-cbc-192", "aes 192", "esp-aes 192" },
	{ "aes128", CIPHER, "aes-cbc-128", "aes", "esp-aes" },
	{ "3des", CIPHER, "3des", "3des", "esp-3des" },
	{ "null", CIPHER, NULL, NULL, "esp-null" },
	{ "aes_gcm256", AEAD, "aes-gcm-256", NULL, "esp-gcm 256" },
	{ "aes_gcm192", AEAD, NULL, NULL, "esp-gcm 192" },
	{ "aes_gcm128", AEAD, "aes-gcm-128", NULL, "esp-gcm" },
	{ "sha2_512", HASH, "sha512", "sha512", "esp-sha512-hmac" },
	{ "sha2_384", HASH, "sha384", "sha384", "esp-sha384-hmac" },
	{ "sha2_256", HASH, "sha256", "sha256", "esp-sha256-hmac" },
	{ "sha1", HASH, "sha1", "sha", "esp-sha-hmac" },
	{ "md5", HASH, "md5", "md5", "esp-md5-hmac" },
	{ "modp1024", GROUP, "2", "2", "2" },
	{ "modp1536", GROUP, "5", "5", "5" },
	{ "modp2048", GROUP, "14", "14", "14" },
	{ "modp3072", GROUP, "15", "15", "15" },
	{ "modp4096", GROUP, "16", "16", "16" },
	{ "dh19", GROUP, "19", "19", "19" },
	{ "dh20", GROUP, "20", "20", "20" },
	{ "dh21", GROUP, "21", "21", "21" },
};

enum place { V2, V1, ESP };
static const char *at(const struct word *w, enum place p)
{
	return p == V2 ? w->v2 : p == V1 ? w->v1 : w->esp;
}

static const struct word *word_of(const char *t, size_t n, enum place p)
{
	for (size_t i = 0; i < COUNT(words); i++)
		if (strlen(words[i].conf) == n && strncmp(words[i].conf, t, n) == 0)
			return at(&words[i], p) ? &words[i] : NULL;
	return NULL;
}

/* A proposal, "aes256+aes128-sha2_256-modp2048", in its words; each part has the first word that it
 * knows, of a proposal of IKEv2 all of them. */
struct proposal_of {
	char word[4][64]; /* by enum part; "": none */
	bool is_lost;	  /* a part has no word at all */
};

static void take_part(const char *t, size_t n, enum place p, struct proposal_of *to)
{
	bool found = false;

	for (const char *end = t + n; t < end;) {
		size_t len = MIN(strcspn(t, "+"), (size_t)(end - t));
		const struct word *w = word_of(t, len, p);

		t += len + (t + len < end);
		/* a proposal has either ciphers with a hash or such as need none */
		if (!w || (w->part == CIPHER && to->word[AEAD][0]) ||
			(w->part == AEAD && to->word[CIPHER][0]))
			continue;
		if (!to->word[w->part][0] || p == V2) {
			size_t used = strlen(to->word[w->part]);

			snprintf(to->word[w->part] + used, sizeof(to->word[0]) - used, "%s%s",
				used ? " " : "", at(w, p));
		}
		found = true;
	}
	to->is_lost |= !found;
}

/* The first of a list that it can have; false: none. */
static bool first_of(const char *list, enum place p, struct proposal_of *ret)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		struct proposal_of x = { .is_lost = false };

		for (size_t i = 0; i < n;) {
			size_t part = MIN(strcspn(list + i, "-"), n - i);

			take_part(list + i, part, p, &x);
			i += part + 1;
		}
		if (!x.is_lost && (x.word[CIPHER][0] || x.word[AEAD][0])) {
			*ret = x;
			return true;
		}
		list += n + (list[n] == ',');
	}
	return false;
}

static void ike_of(struct finding *f, const struct story *s, const char *list)
{
	struct proposal_of x;

	if (story_version(s) == 1) {
		if (first_of(list, V1, &x) && x.word[HASH][0] && x.word[GROUP][0])
			finding_fix(f, FIX_PEER_CISCO, FIX_WORDS,
				"crypto isakmp policy: encryption %s; hash %s; group %s; "
				"authentication pre-share",
				x.word[CIPHER], x.word[HASH], x.word[GROUP]);
	} else if (first_of(list, V2, &x) && x.word[HASH][0] && x.word[GROUP][0])
		finding_fix(f, FIX_PEER_CISCO, FIX_WORDS,
			"crypto ikev2 proposal: encryption %s; %s %s; group %s",
			x.word[AEAD][0] ? x.word[AEAD] : x.word[CIPHER],
			x.word[AEAD][0] ? "prf" : "integrity", x.word[HASH], x.word[GROUP]);
}

static void esp_of(struct finding *f, const char *list)
{
	struct proposal_of x;

	if (!first_of(list, ESP, &x) || (x.word[CIPHER][0] && !x.word[HASH][0]))
		return;
	finding_fix(f, FIX_PEER_CISCO, FIX_WORDS, "crypto ipsec transform-set NAME %s%s%s%s%s",
		x.word[AEAD][0] ? x.word[AEAD] : x.word[CIPHER], x.word[CIPHER][0] ? " " : "",
		x.word[CIPHER][0] ? x.word[HASH] : "",
		x.word[GROUP][0] ? "; in the crypto map: set pfs group" : "", x.word[GROUP]);
}

/* Keywords of ipsec.conf that are a line of its own. */
static const struct {
	const char *keyword, *value; /* NULL: any, which is a number of seconds */
	const char *line;
} lines[] = {
	{ "pfs", "no", "in the crypto map: no set pfs" },
	{ "type", "tunnel", "crypto ipsec transform-set: mode tunnel" },
	{ "type", "transport", "crypto ipsec transform-set: mode transport" },
	{ "salifetime", NULL, "in the crypto map: set security-association lifetime seconds " },
};

void cisco_conn(struct finding *f, const struct story *s, const char *keyword, const char *value)
{
	if (!story_is_cisco(s))
		return;
	if (strcmp(keyword, "ike") == 0)
		ike_of(f, s, value);
	else if (strcmp(keyword, "esp") == 0)
		esp_of(f, value);
	for (size_t i = 0; i < COUNT(lines); i++)
		if (strcmp(lines[i].keyword, keyword) == 0 &&
			(!lines[i].value || strcmp(lines[i].value, value) == 0))
			finding_fix(f, FIX_PEER_CISCO, FIX_WORDS, "%s%.*s", lines[i].line,
				lines[i].value ? 0 : (int)strspn(value, "0123456789"), value);
}

void cisco_secret(struct finding *f, const struct story *s)
{
	if (story_is_cisco(s))
		finding_fix(f, FIX_PEER_CISCO, FIX_WORDS,
			"crypto ikev2 keyring: peer NAME; address %s; pre-shared-key ...",
			FACT(s, ours)[0] ? FACT(s, ours) : "ADDRESS");
}

/* What it is called by its vendor ids stands in each event that has heard them. */
static bool names_cisco(const struct event *e)
{
	const struct event_kind *k = event_kind(e->id);

	for (unsigned i = 0; i < k->n; i++)
		if (strcmp(k->field[i].name, "product") == 0)
			return strcmp(e->row[i].str, "Cisco") == 0;
	return false;
}

bool story_is_cisco(const struct story *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (names_cisco(&s->event[i]))
			return true;
	return s->good && names_cisco(s->good);
}

/* "10.0.1.0/24" as "10.0.1.0 0.0.0.255" */
static bool wildcard(const char *net, char t[static RANGE_STR])
{
	struct range r = { 0 };
	struct addr wild = { .family = 4 };
	char first[ADDR_STR], rest[ADDR_STR];

	if (range_parse(net, &r) || r.first.family != 4)
		return false;
	for (size_t i = 0; i < 4; i++)
		wild.b[i] = r.first.b[i] ^ r.last.b[i];
	snprintf(t, RANGE_STR, "%s %s", addr_format(&r.first, first), addr_format(&wild, rest));
	return true;
}

void cisco_nets(struct finding *f, const char *its, const char *ours)
{
	char from[RANGE_STR], to[RANGE_STR];

	if (wildcard(its, from) && wildcard(ours, to))
		finding_fix(f, FIX_PEER_CISCO, FIX_WORDS,
			"in the access list of the crypto map: permit ip %s %s", from, to);
}

void cisco_id(struct finding *f, bool is_its, const char *id)
{
	bool is_key_id = strncmp(id, "@[", 2) == 0 && id[strlen(id) - 1] == ']';
	const char *type = identity_is_addr(id)	  ? "address"
			   : strchr(id, '@') > id ? "email"
						  : "fqdn";

	const char *whose = is_its ? "identity local" : "match identity remote";

	if (is_key_id)
		finding_fix(f, FIX_PEER_CISCO, FIX_WORDS, "crypto ikev2 profile: %s key-id %.*s",
			whose, (int)strlen(id) - 3, id + 2);
	else if (id[0] != '@' || id[1] != '#') /* it has no word for octets */
		finding_fix(f, FIX_PEER_CISCO, FIX_WORDS, "crypto ikev2 profile: %s %s %s", whose,
			type, id + (*id == '@'));
}
