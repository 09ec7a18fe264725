/* Every keyword that a file of Libreswan 3.32 to 5.4, or of strongSwan, may hold is known: it
 * works, or a line in keywords.def says why not, and the parser repeats that. */
#include "base/test.h"
#include "config/keywords.h"

#include <stdio.h>
#include <stdlib.h>

/* config setup, Libreswan 3.32 to 5.4 */
static const char setup_words[] =
	"audit-log crl-strict crl-timeout crlcheckinterval curl-iface curl-timeout "
	"ddos-ike-threshold ddos-mode dns-resolver dnssec-anchors dnssec-enable "
	"dnssec-rootkey-file drop-oppo-null dumpdir exampledir rundir logstderr expire-lifetime "
	"expire-shunt-interval global-redirect global-redirect-to ike-socket-bufsize "
	"ike-socket-errqueue ikev1-policy ipsec-interface-managed ipsecdir keep-alive listen "
	"listen-tcp listen-udp logappend logfile logip loglimit logtime max-halfopen-ike "
	"myvendorid nflog-all nhelpers nssdir ocsp-cache-max-age ocsp-cache-min-age "
	"ocsp-cache-size ocsp-enable ocsp-strict ocsp-method ocsp-timeout ocsp-trustname ocsp-uri "
	"plutodebug protostack seccomp secretsfile seedbits seeddev shuntlifetime statsbin "
	"uniqueids virtual-private xfrmlifetime syslog plutostderrlog virtual_private interfaces "
	"ikev1-secctx-attr-type secctx-attr-type";
/* Gone since 4.0, or strongSwan's. */
static const char old_setup_words[] =
	"crl_strict curl_iface curl_timeout disable_port_floating force-busy force_busy "
	"force-keepalive force_keepalive forwardcontrol fragicmp hidetos keep_alive klipsdebug "
	"nat-ikeport nat_ikeport nat_traversal nocrsend ocsp_enable ocsp_strict ocsp_timeout "
	"ocsp_trust_name ocsp_uri oe overridemtu perpeerlog perpeerlogdir pluto plutofork "
	"plutoopts plutorestartoncrash plutostderrlogtime plutowait postpluto prepluto rp_filter "
	"secctx-attr-value secctx_attr_value strictcrlpolicy charondebug";
/* conn, with left or right; "" is left= and right= */
static const char end_words[] =
	"addresspool auth autheap ca cat cert ckaid ecdsakey eddsakey groundhog id ikeport "
	"interface-ip modecfgclient modecfgserver nexthop protoport pubkey rsasigkey sendcert "
	"sourceip subnet subnets updown updown-config username xauthusername vti xauthclient "
	"xauthserver";
static const char old_end_words[] = "rsasigkey2 xauthname firewall";
/* conn, the others */
static const char conn_words[] =
	"accept-redirect accept-redirect-to aggressive aggrmode ah also authby auto cisco-split "
	"cisco-unity clones compress connalias debug decap-dscp dns-match-id dpddelay dpdtimeout "
	"ikev1-dpdtimeout dpdaction enable-tcp encap-dscp encapsulation esn esp phase2alg "
	"failureshunt fake-strongswan fragmentation hostaddrfamily clientaddrfamily "
	"ignore-peer-dns ike ikelifetime ikepad ikev2 initial-contact intermediate iptfs "
	"iptfs-fragmentation iptfs-packet-size iptfs-max-queue-size iptfs-reorder-window "
	"iptfs-init-delay iptfs-drop-time ipsec-interface ipsec-lifetime salifetime keylife "
	"lifetime ipsec-max-bytes ipsec-max-packets keyexchange keyingtries mark mark-in mark-out "
	"metric mobike modecfgbanner modecfgdns modecfgdomains modecfgpull ms-dh-downgrade mtu "
	"narrowing nat-ikev1-method nat-keepalive negotiationshunt nflog-group nflog nic-offload "
	"nm-configured nopmtudisc overlapip pam-authorize pfs pfs-rekey-workaround phase2 ppk "
	"ppk-ids priority reauth redirect-to reject-simultaneous-ike-auth rekey rekeyfuzz "
	"rekeymargin remote-peer-type remote_peer_type replay-window reqid "
	"require-id-on-certificate retransmit-interval retransmit-timeout sec-label policy-label "
	"send-esp-tfc-padding-not-supported send-no-esp-tfc send-redirect "
	"send-supported-auth-methods send-vendorid sendca session-resumption sha2-truncbug "
	"share-lease tcp-remoteport tfc type vti-interface vti-routing vti-shared xauthby "
	"xauthfail";
static const char old_conn_words[] =
	"cisco_unity connaddrfamily disablearrivalcheck ike-frag ike_frag initial_contact "
	"labeled-ipsec labeled_ipsec modecfgdns1 modecfgdns2 modecfgdomain modecfgwins1 "
	"modecfgwins2 nat_keepalive nm_configured policy_label sareftrack send_vendorid "
	"sha2_truncbug alsoflip forceencaps closeaction margintime";

static bool next_word(const char **p, char *ret, size_t room)
{
	size_t n = strcspn(*p += strspn(*p, " "), " ");

	snprintf(ret, room, "%.*s", (int)n, *p);
	*p += n;
	return n != 0;
}

static struct conf *parse(const char *text)
{
	const struct conf_source none = { 0 };

	return conf_parse_text(&none, "f", text, strlen(text));
}

/* A value that is well-formed and not the default. */
static const char *other_value(const struct keyword *k)
{
	const struct keyword_word *w = k->words;

	if (k->type == TYPE_BOOL)
		return strcmp(k->fallback, "yes") == 0 ? "no" : "yes";
	if (k->type != TYPE_ENUM)
		return "7";
	while (*k->fallback && strcmp(w->word, k->fallback) != 0)
		w++; /* the default, and then what means the same */
	for (uint8_t usual = w->value; *k->fallback && w->word && w->value == usual;)
		w++;
	return w->word ? w->word : k->words[0].word;
}

/* The table knows the word, and the parser says what its line says. */
static void is_known(enum keyword_section s, const char *side, const char *word)
{
	const struct keyword *k = keyword_find(s, word);
	struct conf *c;
	char *text;
	bool said = false;

	if (!k)
		fail_msg("unknown: %s%s", side, word);
	assert_true(k->state == STATE_WORKS ? *k->help : *k->why);
	text = xasprintf("%s\n\t%s%s=%s\n", s == SECTION_SETUP ? "config setup" : "conn x", side,
		word, k->state == STATE_WORKS ? "7" : other_value(k));
	c = parse(text);
	for (size_t i = 0; i < c->n_issue; i++) {
		if (strstr(c->issue[i].text, "unknown keyword"))
			fail_msg("%s", c->issue[i].text);
		said |= *k->why && c->issue[i].line == 2 && strstr(c->issue[i].text, k->why);
	}
	if (k->state != STATE_WORKS && !said)
		fail_msg("does nothing without a word: %s", text);
	conf_free(c);
	free(text);
}

static void are_known(enum keyword_section s, const char *side, const char *words)
{
	char word[64];

	while (next_word(&words, word, sizeof(word)))
		is_known(s, side, word);
}

TEST(every_word_of_config_setup_is_known)
{
	are_known(SECTION_SETUP, "", setup_words);
	are_known(SECTION_SETUP, "", old_setup_words);
}

TEST(every_word_of_a_conn_is_known)
{
	are_known(SECTION_CONN, "", conn_words);
	are_known(SECTION_CONN, "", old_conn_words);
}

TEST(every_word_of_an_end_is_known_with_its_side)
{
	static const char *const sides[] = { "left", "right", "left-", "right_" };

	for (size_t i = 0; i < COUNT(sides); i++) {
		are_known(SECTION_END, sides[i], end_words);
		are_known(SECTION_END, sides[i], old_end_words);
	}
	is_known(SECTION_END, "left", "");
	is_known(SECTION_END, "right", "");
}

/* Libreswan 4.x takes "id=" for rightid=, 5.x refuses it. */
TEST(a_word_without_its_side_asks_for_it)
{
	const char *words = end_words;
	char word[64];

	while (next_word(&words, word, sizeof(word))) {
		char *text = xasprintf("conn x\n\t%s=7\n", word);
		char *asked = xasprintf("left%s or right%s", word, word);
		struct conf *c = parse(text);

		assert_true(c->n_issue > 0 && c->issue[0].is_error);
		if (!strstr(c->issue[0].text, asked))
			fail_msg("%s: %s", word, c->issue[0].text);
		conf_free(c);
		free(asked);
		free(text);
	}
}

/* Two lines of the table that know one word: the second would never be found. */
TEST(no_name_stands_twice)
{
	const struct keyword *k;

	for (size_t i = 0; (k = keyword_at(i)); i++) {
		const char *aliases = k->aliases;
		char name[64];

		assert_ptr_equal(keyword_find((enum keyword_section)k->section, k->name), k);
		while (next_word(&aliases, name, sizeof(name)))
			assert_ptr_equal(keyword_find((enum keyword_section)k->section, name), k);
	}
}

/* Where Libreswan's source and its manual differ, the source counts. */
TEST(defaults_are_libreswans)
{
	static const struct {
		enum keyword_section section;
		const char *name, *value;
	} is[] = {
		{ SECTION_SETUP, "audit-log", "yes" },
		{ SECTION_SETUP, "crl-strict", "no" },
		{ SECTION_SETUP, "crl-timeout", "5s" },
		{ SECTION_SETUP, "crlcheckinterval", "0" },
		{ SECTION_SETUP, "ddos-ike-threshold", "25000" },
		{ SECTION_SETUP, "ddos-mode", "auto" },
		{ SECTION_SETUP, "dns-resolver", "file" },
		{ SECTION_SETUP, "dnssec-enable", "yes" },
		{ SECTION_SETUP, "expire-lifetime", "30s" },
		{ SECTION_SETUP, "expire-shunt-interval", "20s" },
		{ SECTION_SETUP, "global-redirect", "no" },
		{ SECTION_SETUP, "ike-socket-bufsize", "0" },
		{ SECTION_SETUP, "ike-socket-errqueue", "yes" },
		{ SECTION_SETUP, "ikev1-policy", "auto" }, /* Debian's is drop */
		{ SECTION_SETUP, "keep-alive", "20s" },
		{ SECTION_SETUP, "listen-tcp", "no" },
		{ SECTION_SETUP, "listen-udp", "yes" },
		{ SECTION_SETUP, "logappend", "yes" },
		{ SECTION_SETUP, "logip", "yes" },
		{ SECTION_SETUP, "loglimit", "yes" },
		{ SECTION_SETUP, "logtime", "yes" },
		{ SECTION_SETUP, "max-halfopen-ike", "50000" },
		{ SECTION_SETUP, "nhelpers", "-1" },
		{ SECTION_SETUP, "ocsp-cache-max-age", "1d" },
		{ SECTION_SETUP, "ocsp-cache-min-age", "1h" },
		{ SECTION_SETUP, "ocsp-cache-size", "1000" },
		{ SECTION_SETUP, "ocsp-method", "get" },
		{ SECTION_SETUP, "ocsp-timeout", "2s" },
		{ SECTION_SETUP, "protostack", "xfrm" },
		{ SECTION_SETUP, "shuntlifetime", "15m" },
		{ SECTION_SETUP, "uniqueids", "yes" },
		{ SECTION_END, "sendcert", "always" },
		{ SECTION_END, "autheap", "none" },
		{ SECTION_END, "modecfgclient", "no" },
		{ SECTION_CONN, "auto", "ignore" },
		{ SECTION_CONN, "dpddelay", "0" },
		{ SECTION_CONN, "dpdaction", "hold" },
		{ SECTION_CONN, "enable-tcp", "no" },
		{ SECTION_CONN, "encap-dscp", "yes" },
		{ SECTION_CONN, "encapsulation", "auto" },
		{ SECTION_CONN, "esn", "either" },
		{ SECTION_CONN, "failureshunt", "none" },
		{ SECTION_CONN, "fragmentation", "yes" },
		{ SECTION_CONN, "ikelifetime", "8h" },
		{ SECTION_CONN, "initial-contact", "no" },
		{ SECTION_CONN, "ipsec-lifetime", "8h" },
		{ SECTION_CONN, "keyexchange", "ikev2" },
		{ SECTION_CONN, "metric", "0" },
		{ SECTION_CONN, "mobike", "no" },
		{ SECTION_CONN, "narrowing", "no" },
		{ SECTION_CONN, "nat-ikev1-method", "both" },
		{ SECTION_CONN, "nat-keepalive", "yes" },
		{ SECTION_CONN, "negotiationshunt", "hold" },
		{ SECTION_CONN, "pfs", "auto" },
		{ SECTION_CONN, "phase2", "esp" },
		{ SECTION_CONN, "ppk", "never" },
		{ SECTION_CONN, "priority", "0" },
		{ SECTION_CONN, "reauth", "no" },
		{ SECTION_CONN, "rekey", "yes" },
		{ SECTION_CONN, "rekeyfuzz", "100%" },
		{ SECTION_CONN, "rekeymargin", "9m" },
		{ SECTION_CONN, "replay-window", "128" },
		{ SECTION_CONN, "require-id-on-certificate", "yes" },
		{ SECTION_CONN, "retransmit-interval", "500ms" },
		{ SECTION_CONN, "retransmit-timeout", "60s" },
		{ SECTION_CONN, "share-lease", "yes" },
		{ SECTION_CONN, "tcp-remoteport", "4500" },
		{ SECTION_CONN, "tfc", "0" },
		{ SECTION_CONN, "type", "tunnel" },
		{ SECTION_CONN, "vti-routing", "no" },
		{ SECTION_CONN, "xauthby", "file" },
		{ SECTION_CONN, "xauthfail", "hard" },
	};

	for (size_t i = 0; i < COUNT(is); i++)
		assert_string_equal(keyword_find(is[i].section, is[i].name)->fallback, is[i].value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_of_config_setup_is_known),
		cmocka_unit_test(every_word_of_a_conn_is_known),
		cmocka_unit_test(every_word_of_an_end_is_known_with_its_side),
		cmocka_unit_test(a_word_without_its_side_asks_for_it),
		cmocka_unit_test(no_name_stands_twice),
		cmocka_unit_test(defaults_are_libreswans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
