/* The names of exchanges, payloads, notifications and attributes, for events: RFC 2408, 2409, 2407,
 * 3706, 3947, draft-dukes-ike-mode-cfg-02, draft-ietf-ipsec-isakmp-xauth-06. */
#include "ikev1/message.h"

#include <stdio.h>

struct name {
	uint16_t value;
	const char *name;
};

static const char *find(const struct name *names, size_t n, uint16_t value)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].value == value)
			return names[i].name;
	return NULL;
}

/* A name, or the number as text: in a ring, since several may stand in one line. */
static const char *find_or_number(const struct name *names, size_t n, uint16_t value)
{
	static _Thread_local char ring[4][8];
	static _Thread_local unsigned at;
	const char *name = find(names, n, value);
	char *s;

	if (name)
		return name;
	s = ring[at++ % COUNT(ring)];
	snprintf(s, sizeof(ring[0]), "%u", (unsigned)value);
	return s;
}

static const struct name exchanges[] = {
	{ 1, "Base Mode" },
	{ V1_MAIN_MODE, "Main Mode" },
	{ 3, "Authentication Only" },
	{ V1_AGGRESSIVE_MODE, "Aggressive Mode" },
	{ V1_INFORMATIONAL, "Informational Exchange" },
	{ V1_TRANSACTION, "Transaction Exchange" },
	{ V1_QUICK_MODE, "Quick Mode" },
	{ 33, "New Group Mode" },
};

const char *v1_exchange_name(uint8_t exchange)
{
	const char *name = find(exchanges, COUNT(exchanges), exchange);

	return name ? name : "unknown exchange";
}

static const struct name payloads[] = {
	{ V1_NONE, "none" },
	{ V1_SA, "SA" },
	{ 2, "P" },
	{ 3, "T" },
	{ V1_KE, "KE" },
	{ V1_ID, "ID" },
	{ V1_CERT, "CERT" },
	{ V1_CR, "CR" },
	{ V1_HASH, "HASH" },
	{ V1_SIG, "SIG" },
	{ V1_NONCE, "NONCE" },
	{ V1_N, "N" },
	{ V1_D, "D" },
	{ V1_VID, "VID" },
	{ V1_ATTR, "ATTR" },
	{ V1_NAT_D, "NAT-D" },
	{ V1_NAT_OA, "NAT-OA" },
	{ V1_NAT_D_DRAFT, "NAT-D" },
	{ V1_NAT_OA_DRAFT, "NAT-OA" },
	{ V1_FRAGMENT, "FRAGMENT" },
};

const char *v1_payload_name(uint8_t type)
{
	const char *name = find(payloads, COUNT(payloads), type);

	return name ? name : "unknown";
}

static const struct name notifies[] = {
	{ N1_INVALID_PAYLOAD_TYPE, "INVALID_PAYLOAD_TYPE" },
	{ N1_DOI_NOT_SUPPORTED, "DOI_NOT_SUPPORTED" },
	{ N1_SITUATION_NOT_SUPPORTED, "SITUATION_NOT_SUPPORTED" },
	{ N1_INVALID_COOKIE, "INVALID_COOKIE" },
	{ N1_INVALID_MAJOR_VERSION, "INVALID_MAJOR_VERSION" },
	{ N1_INVALID_MINOR_VERSION, "INVALID_MINOR_VERSION" },
	{ N1_INVALID_EXCHANGE_TYPE, "INVALID_EXCHANGE_TYPE" },
	{ N1_INVALID_FLAGS, "INVALID_FLAGS" },
	{ N1_INVALID_MESSAGE_ID, "INVALID_MESSAGE_ID" },
	{ N1_INVALID_PROTOCOL_ID, "INVALID_PROTOCOL_ID" },
	{ N1_INVALID_SPI, "INVALID_SPI" },
	{ N1_INVALID_TRANSFORM_ID, "INVALID_TRANSFORM_ID" },
	{ N1_ATTRIBUTES_NOT_SUPPORTED, "ATTRIBUTES_NOT_SUPPORTED" },
	{ N1_NO_PROPOSAL_CHOSEN, "NO_PROPOSAL_CHOSEN" },
	{ N1_BAD_PROPOSAL_SYNTAX, "BAD_PROPOSAL_SYNTAX" },
	{ N1_PAYLOAD_MALFORMED, "PAYLOAD_MALFORMED" },
	{ N1_INVALID_KEY_INFORMATION, "INVALID_KEY_INFORMATION" },
	{ N1_INVALID_ID_INFORMATION, "INVALID_ID_INFORMATION" },
	{ 19, "INVALID_CERT_ENCODING" },
	{ 20, "INVALID_CERTIFICATE" },
	{ 21, "CERT_TYPE_UNSUPPORTED" },
	{ 22, "INVALID_CERT_AUTHORITY" },
	{ N1_INVALID_HASH_INFORMATION, "INVALID_HASH_INFORMATION" },
	{ N1_AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED" },
	{ N1_INVALID_SIGNATURE, "INVALID_SIGNATURE" },
	{ 26, "ADDRESS_NOTIFICATION" },
	{ N1_NOTIFY_SA_LIFETIME, "NOTIFY_SA_LIFETIME" },
	{ 28, "CERTIFICATE_UNAVAILABLE" },
	{ N1_UNSUPPORTED_EXCHANGE_TYPE, "UNSUPPORTED_EXCHANGE_TYPE" },
	{ N1_UNEQUAL_PAYLOAD_LENGTHS, "UNEQUAL_PAYLOAD_LENGTHS" },
	{ N1_CONNECTED, "CONNECTED" },
	{ N1_RESPONDER_LIFETIME, "IPSEC_RESPONDER_LIFETIME" },
	{ N1_REPLAY_STATUS, "IPSEC_REPLAY_STATUS" },
	{ N1_INITIAL_CONTACT, "IPSEC_INITIAL_CONTACT" },
	{ N1_R_U_THERE, "R_U_THERE" },
	{ N1_R_U_THERE_ACK, "R_U_THERE_ACK" },
	{ N1_CISCO_LOAD_BALANCE, "CISCO_LOAD_BALANCE" },
	{ N1_CISCO_PRESHARED_KEY_HASH, "CISCO_PRESHARED_KEY_HASH" },
};

const char *v1_notify_name(uint16_t type)
{
	return find_or_number(notifies, COUNT(notifies), type);
}

static const struct name attrs[] = {
	{ V1_INTERNAL_IP4_ADDRESS, "INTERNAL_IP4_ADDRESS" },
	{ V1_INTERNAL_IP4_NETMASK, "INTERNAL_IP4_NETMASK" },
	{ V1_INTERNAL_IP4_DNS, "INTERNAL_IP4_DNS" },
	{ V1_INTERNAL_IP4_NBNS, "INTERNAL_IP4_NBNS" },
	{ V1_INTERNAL_ADDRESS_EXPIRY, "INTERNAL_ADDRESS_EXPIRY" },
	{ V1_INTERNAL_IP4_DHCP, "INTERNAL_IP4_DHCP" },
	{ V1_APPLICATION_VERSION, "APPLICATION_VERSION" },
	{ V1_INTERNAL_IP6_ADDRESS, "INTERNAL_IP6_ADDRESS" },
	{ V1_INTERNAL_IP6_NETMASK, "INTERNAL_IP6_NETMASK" },
	{ V1_INTERNAL_IP6_DNS, "INTERNAL_IP6_DNS" },
	{ V1_INTERNAL_IP6_NBNS, "INTERNAL_IP6_NBNS" },
	{ V1_INTERNAL_IP6_DHCP, "INTERNAL_IP6_DHCP" },
	{ V1_INTERNAL_IP4_SUBNET, "INTERNAL_IP4_SUBNET" },
	{ V1_SUPPORTED_ATTRIBUTES, "SUPPORTED_ATTRIBUTES" },
	{ V1_INTERNAL_IP6_SUBNET, "INTERNAL_IP6_SUBNET" },
	{ V1_XAUTH_TYPE, "XAUTH_TYPE" },
	{ V1_XAUTH_USER_NAME, "XAUTH_USER_NAME" },
	{ V1_XAUTH_USER_PASSWORD, "XAUTH_USER_PASSWORD" },
	{ V1_XAUTH_PASSCODE, "XAUTH_PASSCODE" },
	{ V1_XAUTH_MESSAGE, "XAUTH_MESSAGE" },
	{ V1_XAUTH_CHALLENGE, "XAUTH_CHALLENGE" },
	{ V1_XAUTH_DOMAIN, "XAUTH_DOMAIN" },
	{ V1_XAUTH_STATUS, "XAUTH_STATUS" },
	{ V1_XAUTH_NEXT_PIN, "XAUTH_NEXT_PIN" },
	{ V1_XAUTH_ANSWER, "XAUTH_ANSWER" },
	{ V1_UNITY_BANNER, "UNITY_BANNER" },
	{ V1_UNITY_SAVE_PASSWD, "UNITY_SAVE_PASSWD" },
	{ V1_UNITY_DEF_DOMAIN, "UNITY_DEF_DOMAIN" },
	{ V1_UNITY_SPLITDNS_NAME, "UNITY_SPLITDNS_NAME" },
	{ V1_UNITY_SPLIT_INCLUDE, "UNITY_SPLIT_INCLUDE" },
	{ V1_UNITY_NATT_PORT, "UNITY_NATT_PORT" },
	{ V1_UNITY_LOCAL_LAN, "UNITY_LOCAL_LAN" },
	{ V1_UNITY_PFS, "UNITY_PFS" },
	{ V1_UNITY_FW_TYPE, "UNITY_FW_TYPE" },
	{ V1_UNITY_BACKUP_SERVERS, "UNITY_BACKUP_SERVERS" },
	{ V1_UNITY_DDNS_HOSTNAME, "UNITY_DDNS_HOSTNAME" },
};

const char *v1_attr_name(uint16_t type)
{
	return find_or_number(attrs, COUNT(attrs), type);
}

/* ---- proposals ---- */

static const struct name auths[] = {
	{ V1_AUTH_PSK, "PRESHARED_KEY" },
	{ 2, "DSS_SIG" },
	{ V1_AUTH_RSA_SIG, "RSA_SIG" },
	{ 4, "RSA_ENC" },
	{ 5, "RSA_REV_ENC" },
	{ V1_AUTH_HYBRID_INIT_RSA, "HybridInitRSA" },
	{ V1_AUTH_XAUTH_INIT_PSK, "XAUTHInitPreShared" },
	{ V1_AUTH_XAUTH_RESP_PSK, "XAUTHRespPreShared" },
	{ V1_AUTH_XAUTH_INIT_RSA, "XAUTHInitRSA" },
	{ V1_AUTH_XAUTH_RESP_RSA, "XAUTHRespRSA" },
};

const char *v1_auth_name(uint16_t auth)
{
	const char *name = find(auths, COUNT(auths), auth);

	return name ? name : "?";
}

static const struct name encaps[] = {
	{ V1_ENCAP_NONE, "none" },
	{ V1_ENCAP_TUNNEL, "ENCAPSULATION_MODE_TUNNEL" },
	{ V1_ENCAP_TRANSPORT, "ENCAPSULATION_MODE_TRANSPORT" },
	{ V1_ENCAP_UDP_TUNNEL, "ENCAPSULATION_MODE_UDP_TUNNEL_RFC" },
	{ V1_ENCAP_UDP_TRANSPORT, "ENCAPSULATION_MODE_UDP_TRANSPORT_RFC" },
	{ V1_ENCAP_UDP_TUNNEL_DRAFT, "ENCAPSULATION_MODE_UDP_TUNNEL_DRAFTS" },
	{ V1_ENCAP_UDP_TRANSPORT_DRAFT, "ENCAPSULATION_MODE_UDP_TRANSPORT_DRAFTS" },
};

const char *v1_encap_name(uint16_t encap)
{
	const char *name = find(encaps, COUNT(encaps), encap);

	return name ? name : "?";
}

static const char *alg_name(enum transform_type type, uint16_t id, const char *none)
{
	const struct alg *a = id ? alg_find(type, id) : NULL;

	return a ? a->name : none;
}

/* Adds to s, of n octets, what fits. */
static void add(char *s, size_t n, const char *text)
{
	size_t have = strlen(s);

	snprintf(s + have, n - have, "%s", text);
}

static void add_suite(char *s, size_t n, uint8_t protocol, const struct v1_transform *t)
{
	char encr[ALG_STR];

	add(s, n, t->suite.encr ? suite_encr_name(&t->suite, encr) : "?");
	add(s, n, "-");
	add(s, n,
		protocol == PROTO_IKE ? alg_name(TT_PRF, t->suite.prf, "?")
				      : alg_name(TT_INTEG, t->suite.integ, "NONE"));
}

static const char *protocol_name(uint8_t protocol)
{
	static const char *const names[] = { "?", "IKE", "AH", "ESP", "IPCOMP" };

	return protocol < COUNT(names) ? names[protocol] : "?";
}

/* Of a proposal of protocol, as ike=, esp= write it; what only this version has behind it. */
static void add_transform(char *s, size_t n, uint8_t protocol, const struct v1_transform *t)
{
	add_suite(s, n, protocol, t);
	if (t->suite.ke != KE_NONE || protocol == PROTO_IKE) {
		add(s, n, "-");
		add(s, n, alg_name(TT_KE, t->suite.ke, "?"));
	}
	if (protocol == PROTO_IKE || t->encap != V1_ENCAP_NONE) {
		add(s, n, " (");
		add(s, n, protocol == PROTO_IKE ? v1_auth_name(t->auth) : v1_encap_name(t->encap));
		add(s, n, ")");
	}
}

/* s is full: it says so behind the last transform that is whole. */
static void cut(char *s, size_t n)
{
	static const char more[] = "...";
	size_t at = n - sizeof(more);

	while (at > 1 && (s[at - 1] != ' ' || (s[at - 2] != ',' && s[at - 2] != ';')))
		at--;
	memcpy(s + (at > 1 ? at : n - sizeof(more)), more, sizeof(more));
}

char *v1_proposals_format(const struct v1_proposals *p, char *s, size_t n)
{
	char head[16];

	*s = '\0';
	for (size_t i = 0; i < p->n; i++) {
		snprintf(head, sizeof(head), "%s%u:%s:", i ? "; " : "", p->p[i].number,
			protocol_name(p->p[i].protocol));
		add(s, n, head);
		for (size_t k = 0; k < p->p[i].n; k++) {
			add(s, n, k ? ", " : "");
			add_transform(s, n, p->p[i].protocol, &p->t[p->p[i].first + k]);
		}
	}
	if (strlen(s) + 1 == n)
		cut(s, n);
	return s;
}

static void format_oakley(const struct suite *suite, char *s, size_t n)
{
	const struct alg *a = suite->encr ? alg_find(TT_ENCR, suite->encr) : NULL;
	unsigned bits = a && a->fixed_key_bits ? a->fixed_key_bits : suite->key_bits;

	snprintf(s, n, "%s (%u), %s, %s", alg_name(TT_ENCR, suite->encr, "?"), bits,
		alg_name(TT_PRF, suite->prf, "?"), alg_name(TT_KE, suite->ke, "?"));
}

char *v1_transform_format(const struct v1_proposals *p, size_t i, char *s, size_t n)
{
	*s = '\0';
	for (size_t k = 0; k < p->n; k++) {
		if (i < p->p[k].first || i >= (size_t)p->p[k].first + p->p[k].n)
			continue;
		if (p->p[k].protocol == PROTO_IKE)
			format_oakley(&p->t[i].suite, s, n);
		else
			add_suite(s, n, p->p[k].protocol, &p->t[i]);
	}
	return s;
}

static void value(struct proposal *p, uint8_t type, uint16_t id, uint16_t bits)
{
	if (id)
		p->t[p->n++] = (struct transform){ type, id, bits };
}

void v1_proposals_values(const struct v1_proposals *p, struct proposals *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->p[i].n && ret->n < PROPOSALS_MAX; k++) {
			const struct suite *s = &p->t[p->p[i].first + k].suite;
			struct proposal *to = &ret->p[ret->n++];

			*to = (struct proposal){ .number = (uint8_t)ret->n,
				.protocol = p->p[i].protocol };
			value(to, TT_ENCR, s->encr, s->key_bits);
			value(to, TT_PRF, s->prf, 0);
			value(to, TT_INTEG, s->integ, 0);
			value(to, TT_KE, s->ke, 0);
		}
}
