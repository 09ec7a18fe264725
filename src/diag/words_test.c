/* Lists compared, and fixes in the words of who makes them. */
#include "base/test.h"
#include "diag/drift.h"
#include "diag/identity.h"
#include "diag/words.h"

#include <stdio.h>

TEST(a_list_has_what_one_of_its_items_allows)
{
	const char *list =
		"aes_gcm256+aes_gcm128-sha2_512+sha2_256-dh19+dh14,aes256-sha2_256-modp2048";

	assert_true(drift_has(list, "aes_gcm128-sha2_256-dh14"));
	assert_true(drift_has(list, "aes256-sha2_256-modp2048"));
	assert_true(drift_has(list, "aes_gcm256"));
	assert_false(drift_has(list, "aes256-sha2_256-dh19"));
	assert_false(drift_has(list, "aes_gcm256-dh19-sha2_512"));
	assert_false(drift_has(list, "aes25"));
	assert_false(drift_has("", "aes256"));
}

static bool writes(enum fix_where where, const char *side, const char *keyword, const char *value,
	const char *line)
{
	static const struct story s;
	struct finding f = { .n_fix = 0 };
	char t[2 * FIX_MAX];

	finding_conn(&f, where, side, keyword, "%s", value);
	return strcmp(fix_line(&s, &f.fix[0], t, sizeof(t)), line) == 0;
}

TEST(a_line_is_written_in_the_words_of_its_file)
{
	assert_true(writes(FIX_HERE, "", "ike", "aes256-sha2", "ike=aes256-sha2"));
	assert_true(writes(FIX_PEER_LIBRESWAN, "left", "id", "@a", "leftid=@a"));
	assert_true(writes(FIX_HERE, "left", "", "%defaultroute", "left=%defaultroute"));
	assert_true(writes(FIX_PEER_STRONGSWAN, "", "ike", "aes256", "proposals = aes256"));
	assert_true(writes(FIX_PEER_STRONGSWAN, "", "keyexchange", "ikev2", "version = 2"));
	assert_true(writes(FIX_PEER_STRONGSWAN, "", "auto", "add", "start_action = none"));
	assert_true(writes(FIX_PEER_STRONGSWAN, "local", "id", "a", "local { id = a }"));
	assert_true(writes(
		FIX_PEER_STRONGSWAN, "remote", "subnet", "10.0.1.0/24", "remote_ts = 10.0.1.0/24"));
	assert_true(writes(FIX_PEER_STRONGSWAN, "local", "id", "@[a]", "local { id = keyid:a }"));
	assert_true(writes(
		FIX_PEER_STRONGSWAN, "local", "id", "@[a b]", "local { id = \"keyid:a b\" }"));
	assert_true(writes(
		FIX_PEER_STRONGSWAN, "remote", "id", "@#0x0aff", "remote { id = \"@#0aff\" }"));
	assert_true(writes(FIX_PEER_STRONGSWAN, "remote", "id", "CN=west, O=Example",
		"remote { id = \"CN=west, O=Example\" }"));
	assert_true(writes(
		FIX_HERE, "left", "id", "CN=west, O=Example", "leftid=\"CN=west, O=Example\""));
	assert_true(writes(FIX_PEER_STRONGSWAN, "", "mark", "7", "what ipsec.conf has as mark=7"));
}

TEST(swanctl_conf_has_some_lines_under_children)
{
	static const struct story s;
	struct finding f = { .n_fix = 0 };

	finding_conn(&f, FIX_PEER_STRONGSWAN, "", "esp", "aes256-sha256");
	finding_conn(&f, FIX_PEER_STRONGSWAN, "", "ike", "aes256-sha256");
	finding_conn(&f, FIX_PEER_LIBRESWAN, "", "esp", "aes256-sha2");
	finding_conn(&f, FIX_PEER_STRONGSWAN, "", "mark", "7");
	assert_true(fix_is_of_child(&s, &f.fix[0]));
	assert_false(fix_is_of_child(&s, &f.fix[1]));
	assert_false(fix_is_of_child(&s, &f.fix[2]));
	assert_false(fix_is_of_child(&s, &f.fix[3]));
}

TEST(a_secret_is_for_identities_as_its_file_has_them)
{
	struct finding f = { .n_fix = 0 };

	words_secret(&f, FIX_HERE, "CN=west, O=Example", "@[east key]");
	words_secret(&f, FIX_HERE, "192.0.2.1", "@#0x00ff");
	assert_string_equal(f.fix[0].text, "\"CN=west, O=Example\" \"@[east key]\" : PSK \"...\"");
	assert_string_equal(f.fix[1].text, "192.0.2.1 @#0x00ff : PSK \"...\"");
}

TEST(names_whose_parts_are_in_another_order_are_told_apart)
{
	char why[IDENTITY_WHY];

	assert_string_equal(identity_hint("O=Example, CN=west", "CN=west, O=Example", why),
		"the parts are the same, their order is not");
	assert_string_equal(identity_hint("O=Example, CN=east", "CN=west, O=Example", why), "");
	assert_string_equal(
		identity_hint("CN=west, CN=west, O=E", "CN=west, O=E, CN=east", why), "");
}

static const char *said(const char *suite, const char *file, const char *text)
{
	static char t[256];
	struct event facts = { .id = EV_conn_facts };
	struct story s = { .facts = &facts };
	const struct event_kind *k = event_kind(EV_conn_facts);

	for (unsigned i = 0; i < k->n; i++)
		facts.row[i] = ev_str(strcmp(k->field[i].name, "suite") == 0  ? suite
				      : strcmp(k->field[i].name, "file") == 0 ? file
									      : "");
	snprintf(t, sizeof(t), "%s", text);
	keywords_as_theirs(&s, t, sizeof(t));
	return t;
}

TEST(what_is_said_of_a_file_is_in_its_words)
{
	static const char of[] = "/etc/swanctl/swanctl.conf";

	assert_string_equal(
		said("swanctl", of, "its ike= and leftsubnet=, rightid=; like=, ike=aes"),
		"its proposals= and local_ts=, remote id=; like=, ike=aes");
	assert_string_equal(said("swanctl", of, "ipsec diagnose vpn asks; ipsec diagnose --log x"),
		"ipsec diagnose --config /etc/swanctl/swanctl.conf vpn asks; ipsec diagnose --log "
		"x");
	assert_string_equal(said("libreswan", "", "ike= of ipsec diagnose vpn"),
		"ike= of ipsec diagnose --config /etc/ipsec.conf vpn");
	assert_string_equal(
		said("", "", "ike= of ipsec diagnose vpn"), "ike= of ipsec diagnose vpn");
}

TEST(a_cisco_has_wildcards_and_types_of_identities)
{
	struct finding f = { .n_fix = 0 };

	cisco_nets(&f, "10.0.2.0/23", "10.0.1.0/24");
	cisco_nets(&f, "2001:db8::/64", "10.0.1.0/24"); /* nothing */
	cisco_nets(&f, "10.0.2.0/23,10.9.0.0/16", "10.0.1.0/24");
	assert_int_equal(f.n_fix, 1);
	assert_non_null(strstr(f.fix[0].text, "permit ip 10.0.2.0 0.0.1.255 10.0.1.0 0.0.0.255"));
	f.n_fix = 0;
	cisco_id(&f, true, "@gw.example.com");
	cisco_id(&f, false, "192.0.2.1");
	assert_non_null(strstr(f.fix[0].text, "identity local fqdn gw.example.com"));
	assert_non_null(strstr(f.fix[1].text, "match identity remote address 192.0.2.1"));
	f.n_fix = 0;
	cisco_id(&f, false, "@[west]");
	cisco_id(&f, true, "@#0x00ff");
	assert_int_equal(f.n_fix, 1);
	assert_non_null(strstr(f.fix[0].text, "match identity remote key-id west"));
}

/* What a peer of that product gets for keyword=value; "": nothing. */
static const char *cisco_has(
	enum event_id seen, const char *product, const char *keyword, const char *value)
{
	static struct story s;
	static struct finding f;
	const struct event_kind *k = event_kind(seen);

	s = (struct story){ .n = 1 };
	s.event[0].id = seen;
	for (unsigned i = 0; i < k->n; i++)
		if (k->field[i].type == EVENT_TYPE_str)
			s.event[0].row[i] =
				ev_str(strcmp(k->field[i].name, "product") == 0 ? product : "");
	f = (struct finding){ .n_fix = 0 };
	cisco_conn(&f, &s, keyword, value);
	return f.n_fix == 1 && f.fix[0].where == FIX_PEER_CISCO ? f.fix[0].text : "";
}

TEST(a_cisco_has_proposals_policies_and_transform_sets)
{
	static const struct {
		enum event_id seen;
		const char *keyword, *value, *line;
	} is[] = {
		{ EV_v2_no_proposal, "ike", "aes256-sha2_256-modp2048",
			"crypto ikev2 proposal: encryption aes-cbc-256; integrity sha256; group "
			"14" },
		{ EV_v2_no_proposal, "ike", "aes256+aes128-sha2_512+sha1-dh31+dh19+modp2048",
			"crypto ikev2 proposal: encryption aes-cbc-256 aes-cbc-128; integrity "
			"sha512 sha1; group 19 14" },
		{ EV_v2_no_proposal, "ike", "aes_gcm256-sha2_384-dh20",
			"crypto ikev2 proposal: encryption aes-gcm-256; prf sha384; group 20" },
		/* what it does not know is passed over, or leaves nothing */
		{ EV_v2_no_proposal, "ike",
			"chacha20_poly1305-sha2_256-dh19,aes128-aes_cmac-dh19,3des-md5-modp1536",
			"crypto ikev2 proposal: encryption 3des; integrity md5; group 5" },
		{ EV_v2_no_proposal, "ike", "aes256-sha2_256-dh31", "" },
		{ EV_v2_no_proposal, "ike", "", "" },
		{ EV_v1_no_proposal, "ike", "aes128+aes256-sha1-modp1024",
			"crypto isakmp policy: encryption aes; hash sha; group 2; authentication "
			"pre-share" },
		{ EV_v1_no_proposal, "ike", "aes_gcm256-sha2_256-modp2048", "" },
		{ EV_v2_no_esp_proposal, "esp", "aes256-sha2_512",
			"crypto ipsec transform-set NAME esp-aes 256 esp-sha512-hmac" },
		{ EV_v2_no_esp_proposal, "esp", "aes_gcm128-modp3072",
			"crypto ipsec transform-set NAME esp-gcm; in the crypto map: set pfs "
			"group15" },
		{ EV_v2_no_esp_proposal, "esp", "aes256", "" }, /* no hash: it would have none */
		{ EV_v2_no_esp_proposal, "pfs", "no", "in the crypto map: no set pfs" },
		{ EV_v2_no_esp_proposal, "pfs", "yes", "" },
		{ EV_v2_no_esp_proposal, "type", "transport",
			"crypto ipsec transform-set: mode transport" },
		{ EV_v2_no_esp_proposal, "salifetime", "3600s",
			"in the crypto map: set security-association lifetime seconds 3600" },
		{ EV_v2_no_esp_proposal, "mark", "7", "" },
	};

	for (size_t i = 0; i < COUNT(is); i++) {
		assert_string_equal(
			cisco_has(is[i].seen, "Cisco", is[i].keyword, is[i].value), is[i].line);
		assert_string_equal(
			cisco_has(is[i].seen, "strongSwan", is[i].keyword, is[i].value), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_has_what_one_of_its_items_allows),
		cmocka_unit_test(a_line_is_written_in_the_words_of_its_file),
		cmocka_unit_test(swanctl_conf_has_some_lines_under_children),
		cmocka_unit_test(a_secret_is_for_identities_as_its_file_has_them),
		cmocka_unit_test(names_whose_parts_are_in_another_order_are_told_apart),
		cmocka_unit_test(what_is_said_of_a_file_is_in_its_words),
		cmocka_unit_test(a_cisco_has_wildcards_and_types_of_identities),
		cmocka_unit_test(a_cisco_has_proposals_policies_and_transform_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
