/* What goes wrong with ipsec.conf in the field, case by case. */
#include "base/test.h"
#include "config/keywords.h"
#include "config/show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static char *no_file(void *ctx, const char *path, size_t *n)
{
	(void)ctx;
	(void)path;
	*n = 0;
	errno = ENOENT;
	return NULL;
}

static char **no_names(void *ctx, const char *pattern)
{
	(void)ctx;
	(void)pattern;
	return NULL;
}

static struct conf *parse(const char *text)
{
	const struct conf_source src = { no_file, no_names, NULL };

	return conf_parse_text(&src, "f", text, strlen(text));
}

#define ENDS "\tleft=192.0.2.1\n\tright=198.51.100.1\n\tauthby=secret\n"

static void print_issues(const struct conf *c)
{
	for (size_t i = 0; i < c->n_issue; i++)
		print_message("%s:%u: %s%s\n", c->issue[i].file, c->issue[i].line,
			c->issue[i].is_error ? "" : "warning: ", c->issue[i].text);
}

/* The conn of one line more is there, without a word. */
static struct conf *one(const char *line)
{
	char *text = xasprintf("conn x\n" ENDS "%s\n", line);
	struct conf *c = parse(text);

	if (c->n_issue != 0 || c->n != 1) {
		print_issues(c);
		fail_msg("not understood: %s", line);
	}
	free(text);
	return c;
}

/* It is an error in its line that says part; the conn is lost, another one is not. */
static void wrong(const char *line, const char *part)
{
	char *text = xasprintf("conn x\n" ENDS "%s\nconn other\n" ENDS, line);
	struct conf *c = parse(text);
	bool said = false;

	for (size_t i = 0; i < c->n_issue; i++)
		said |= c->issue[i].is_error && c->issue[i].line == 5 &&
			strstr(c->issue[i].text, part);
	if (!said || c->n != 1 || strcmp(c->conn[0]->name, "other") != 0) {
		print_issues(c);
		fail_msg("%s: expected an error with \"%s\"", line, part);
	}
	conf_free(c);
	free(text);
}

/* The conn is there, with a warning in its line that says part. */
static struct conf *warned(const char *line, const char *part)
{
	char *text = xasprintf("conn x\n" ENDS "%s\n", line);
	struct conf *c = parse(text);

	if (c->n_issue != 1 || c->issue[0].is_error || c->issue[0].line != 5 || c->n != 1 ||
		!strstr(c->issue[0].text, part)) {
		print_issues(c);
		fail_msg("%s: expected a warning with \"%s\"", line, part);
	}
	free(text);
	return c;
}

TEST(comments_of_all_kinds_end_a_value)
{
	static const char *const lines[] = { "\tpfs=no # why not", "\tpfs=no #why", "\tpfs=no#why",
		"\tpfs=\"no\" #why", "\tpfs = no\t# why", "\tpfs={no}#why", "\tPFS=No\r",
		"        pfs=no  ", "\tpfs='no'" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct conf *c = one(lines[i]);

		assert_int_equal(c->conn[0]->pfs, YNA_NO);
		conf_free(c);
	}
}

TEST(a_hash_within_an_identity_is_kept)
{
	struct conf *c = one("\tleftid=@#0102 # key id");
	char s[ID_STR];

	assert_string_equal(id_format(&c->conn[0]->left.id, s, sizeof(s)), "@#0x0102");
	conf_free(c);
	c = one("\tleftsubnet=10.0.0.0/24#c");
	assert_int_equal(c->conn[0]->left.subnet.n, 1);
	conf_free(c);
}

/* Of the peer, any identity; of our own end there is no such thing. */
TEST(any_identity_is_told_from_none)
{
	struct conf *c = one("\trightid=%any"), *back;
	char *text = conf_show(c);

	assert_int_equal(c->conn[0]->right.id.type, ID_ANY);
	assert_int_equal(c->conn[0]->left.id.type, ID_NONE);
	back = parse(text);
	assert_int_equal(back->n_issue, 0);
	assert_int_equal(back->conn[0]->right.id.type, ID_ANY);
	assert_true(conf_conn_eq(c->conn[0], back->conn[0]));
	conf_free(back);
	conf_free(c);
	free(text);
	c = one("\trightid=%none");
	assert_int_equal(c->conn[0]->right.id.type, ID_NONE);
	conf_free(c);
	c = parse("conn "
		  "x\n\tleft=%defaultroute\n\tright=192.0.2.1\n\tauthby=secret\n\tleftid=%any\n");
	assert_int_equal(c->n, 1);
	assert_int_equal(c->n_issue, 1);
	assert_int_equal(c->issue[0].line, 5);
	assert_false(c->issue[0].is_error);
	conf_free(c);
}

TEST(keywords_are_found_in_every_spelling)
{
	static const char *const lines[] = { "\tleftid=@a", "\tleft-id=@a", "\tleft_id=@a",
		"\tLeftID=@a" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct conf *c = one(lines[i]);

		assert_int_equal(c->conn[0]->left.id.type, ID_FQDN);
		conf_free(c);
	}
	conf_free(one("\tx-note=\"anything at all\""));
	conf_free(one("\tx_note="));
}

TEST(bad_values_are_errors_that_say_what_is_valid)
{
	wrong("\ttype=tunel", "did you mean \"tunnel\"");
	wrong("\tauto=starrt", "did you mean \"start\"");
	wrong("\tpfs=perhaps", "one of: no, yes, auto");
	wrong("\tsalifetime=8x", "units");
	wrong("\tmtu=abc", "from 576 to 65535");
	wrong("\tmtu=100", "from 576 to 65535");
	wrong("\tmss=70000", "auto, off or a number from 88 to 65495");
	wrong("\tmss=1360x", "auto, off or a number from 88 to 65495");
	wrong("\tnat-exempt=maybe", "no, yes, auto");
	wrong("\tipsec-max-bytes=banana", "number");
	wrong("\tipsec-max-bytes=8EiB8", "number");
	wrong("\tike=foo", "not recognized");
	wrong("\tesp=aes256-modp2049", "did you mean");
	wrong("\tleftsubnet=10.0.0.0/33", "subnet");
	wrong("\tleftsubnet=10.0.0.0/24/tcp/99999", "subnet");
	wrong("\tleftprotoport=tpc/443", "tcp/443");
	wrong("\tleftprotoport=%any/443", "tcp/443");
	wrong("\trightaddresspool=10.0.0.9-10.0.0.1", "range");
	wrong("\tleftsourceip=10.0.0.0/24", "an address");
	wrong("\tright=%defaultrout", "did you mean");
	wrong("\tright=%oppo", "opportunistic");
	wrong("\tright=300.1.2.3", "an address");
	wrong("\tleftid=%fromcert", "certificates");
	wrong("\tleftid=@#012", "identity");
	wrong("\tauthby=secrt", "did you mean \"secret\"");
	wrong("\tikev2=maybe", "not one of");
	wrong("\tretransmit-interval=0", "milliseconds");
	wrong("\trekeyfuzz=100x", "percent");
	wrong("\tikelifetime=", "missing");
	wrong("\tmark=0x1/", "a mark");
	wrong("\tppk=perhaps", "not one of");
	wrong("\tleftsubnet=vhost:%priv", "IKEv1");
	wrong("\tah=sha1", "refused");
	wrong("\tpfs", "keyword=value");
	wrong("\tleftid=\"@a", "closing quote");
	wrong("\tleftid=\"@a\" b", "text follows");
	wrong("\tsubnet=10.0.0.0/8", "leftsubnet or rightsubnet");
	wrong("\tlogfile=/x", "config setup");
	wrong("\tike lifetime=8h", "no keyword");
	wrong("\tconn y", "start of its line");
}

/* Who may be told is no place for guesses: whatever is not understood is told, and nobody is let
 * in. */
TEST(who_may_be_told_why_is_read_word_by_word)
{
	static const char *const right[] = { "%peer", "%none", "192.0.2.9", "192.0.2.0/28",
		"192.0.2.1-192.0.2.9", "2001:db8::/32", "%peer 192.0.2.0/28 2001:db8::1",
		"%PEER,192.0.2.9" };

	static const struct addr none;
	const struct addr a = addr_v4(0xc0000209);
	struct conf *c = one("\texplain-to=");

	assert_false(c->conn[0]->explain_to && conf_nets_have(c->conn[0]->explain_to, &none, &a));
	conf_free(c);
	for (size_t i = 0; i < COUNT(right); i++) {
		char *line = xasprintf("\texplain-to=%s", right[i]);

		c = one(line);

		assert_string_equal(c->conn[0]->explain_to, right[i]);
		conf_free(c);
		free(line);
	}
	wrong("\texplain-to=%per",
		"\"%per\" is not an address, a network like 192.0.2.0/24, %peer or "
		"%none; did you mean \"%peer\"?");
	wrong("\texplain-to=peer", "did you mean \"%peer\"?");
	wrong("\texplain-to=%non", "did you mean \"%none\"?");
	wrong("\texplain-to=192.0.2.9 %pear", "\"%pear\" is not");
	wrong("\texplain-to=%any", "\"%any\" is not an address");
	wrong("\texplain-to=yes", "\"yes\" is not an address");
	wrong("\texplain-to=192.0.2.0/33", "\"192.0.2.0/33\" is not");
	wrong("\texplain-to=192.0.2.300", "\"192.0.2.300\" is not");
	wrong("\texplain-to=192.0.2.9-192.0.2.1", "is not an address");
	wrong("\texplain-to=vpn.example.com", "is not an address");
	wrong("\texplain-to=192.0.2.9;192.0.2.8", "is not an address");
	wrong("\texplain-two=%peer", "did you mean \"explain-to\"?");
	wrong("\tleftexplain-to=%peer", "explain-to");
}

TEST(numbers_have_units)
{
	struct conf *c =
		one("\tikelifetime=1.5h\n\tsalifetime=90m\n\tretransmit-interval=250\n"
		    "\tretransmit-timeout=5000ms\n\tdpddelay=30\n\tipsec-max-bytes=1.5KiB\n"
		    "\tipsec-max-packets=2Mi\n\trekeyfuzz=50\n\trekeymargin=5m");
	const struct conf_conn *k = c->conn[0];

	assert_int_equal(k->ikelifetime, 5400 * NS_S);
	assert_int_equal(k->salifetime, 5400 * NS_S);
	assert_int_equal(k->retransmit_interval, 250 * NS_MS);
	assert_int_equal(k->retransmit_timeout, 5 * NS_S);
	assert_int_equal(k->dpddelay, 30 * NS_S);
	assert_int_equal(k->max_bytes, 1536);
	assert_int_equal(k->max_packets, 2 << 20);
	assert_int_equal(k->rekeyfuzz, 50);
	conf_free(c);
}

TEST(what_libreswan_corrects_is_corrected_with_a_word)
{
	struct conf *c = warned("\tikelifetime=3d", "longest");

	assert_int_equal(c->conn[0]->ikelifetime, 86400 * NS_S);
	conf_free(c);
	c = warned("\tleftsubnet=10.0.0.1/24", "10.0.0.0/24 is used");
	conf_free(c);
	c = warned("\trekeymargin=9h", "not less than the lifetime");
	assert_true(c->conn[0]->rekeymargin * 2 < c->conn[0]->salifetime);
	conf_free(c);
	c = warned("\tesp=aes256-sha2_256-dh14\n\tpfs=no", "pfs=no");
	conf_free(c);
	c = warned("\tleftsourceip=192.168.9.9\n\tleftsubnet=10.0.0.0/24,10.9.0.0/24", "outside");
	conf_free(c);
}

TEST(blanks_within_quotes_do_no_harm)
{
	struct conf *c = one("\tleftsubnet=\"10.0.0.0/24 \"");

	assert_int_equal(c->conn[0]->left.subnet.n, 1);
	conf_free(c);
	c = one("\tleftsubnet={ 10.0.0.0/24, 10.0.1.0/24 }");
	assert_int_equal(c->conn[0]->left.subnet.n, 2);
	conf_free(c);
}

TEST(selectors_may_name_protocol_and_port)
{
	struct conf *c =
		one("\tleftsubnet=10.0.0.0/24/tcp/443,10.0.1.1-10.0.1.9/udp,2001:db8::/64/0\n"
		    "\trightsubnet=10.1.0.0/16,2001:db8:1::/64");
	const struct ts_list *l = &c->conn[0]->left.subnet;

	assert_int_equal(l->n, 3);
	assert_int_equal(l->ts[0].protocol, 6);
	assert_int_equal(l->ts[0].port_first, 443);
	assert_int_equal(l->ts[0].port_last, 443);
	assert_int_equal(l->ts[1].protocol, 17);
	assert_int_equal(l->ts[1].port_last, 65535);
	assert_int_equal(l->ts[2].protocol, 0);
	conf_free(c);
}

TEST(words_of_strongswan_name_the_right_keyword)
{
	struct conf *c = parse(
		"config setup\n\tcharondebug=\"ike 2\"\n\tuniqueids=never\n"
		"conn x\n\tkeyexchange=ikev2\n\tleft=%any\n\tright=192.0.2.1\n\tleftauth=psk\n"
		"\trightauth=psk\n\tleftfirewall=yes\n\tcloseaction=restart\n\tlifetime=1h\n"
		"\tmargintime=5m\n\tike=aes256-sha256-modp2048!\n\tdpdaction=clear\n"
		"\tforceencaps=yes\n");

	print_issues(c);
	assert_int_equal(c->n_error, 0);
	assert_int_equal(c->n, 1);
	assert_int_equal(c->setup.uniqueids, false);
	assert_int_equal(c->conn[0]->authby, AUTHBY_SECRET);
	assert_int_equal(c->conn[0]->salifetime, 3600 * NS_S);
	assert_int_equal(c->conn[0]->rekeymargin, 300 * NS_S);
	assert_int_equal(c->conn[0]->encapsulation, YNA_YES);
	assert_int_equal(c->n_issue, 5);
	assert_non_null(strstr(c->issue[0].text, "plutodebug="));
	conf_free(c);
}

TEST(keywords_without_effect_are_quiet_at_their_defaults)
{
	conf_free(one("\tmobike=no\n\tcompress=off\n\tnegotiationshunt=hold\n\tfailureshunt="
		      "none\n\tppk=never\n"
		      "\tkeyingtries=%forever\n\tleftnexthop=%defaultroute\n\tleftsendcert=always\n"
		      "\ttcp-remoteport=4500\n\taccept-redirect=no\n\tnic-offload="
		      "no\n\tleftrsasigkey=%cert"));
	conf_free(warned("\tmobike=yes", "not done yet"));
	conf_free(warned("\tcompress=yes", "never negotiated"));
	conf_free(warned("\tleftcert=west", "certificates"));
	conf_free(warned("\tmodecfgdns1=10.0.0.1", "modecfgdns="));
	conf_free(warned("\tdpdtimeout=120", "retransmit-timeout="));
}

TEST(what_cannot_work_is_refused_in_its_line)
{
	wrong("\tleftsubnet=10.0.1.0/24\n\ttype=transport", "type=tunnel");
	wrong("\ttype=transport\n\trightsubnets={10.0.1.1 10.0.2.1}", "type=tunnel");
	wrong("\trightaddresspool=10.0.1.1-10.0.1.9\n\ttype=transport", "type=tunnel");
	wrong("\tleftmodecfgclient=yes\n\ttype=transport", "type=tunnel");
	wrong("\tphase2=ah", "esp=aes_gcm");
	wrong("\tauthby=rsasig", "secret");
	wrong("\tauthby=secret,null", "cannot be mixed");
	wrong("\tleftauth=secret", "both be given");
	wrong("\trightaddresspool=10.9.0.0/24\n\trightsubnet=10.0.0.0/8", "exclude");
	wrong("\tleft=%any\n\tright=%any", "one end must be this host");
	wrong("\tleft=2001:db8::1", "address family");
	wrong("\tleft=198.51.100.1", "same address");
}

TEST(a_device_is_named_as_libreswan_names_it)
{
	static const struct {
		const char *line, *name;
	} is[] = { { "\tipsec-interface=yes", "ipsec1" }, { "\tipsec-interface=1", "ipsec1" },
		{ "\tipsec-interface=0", "ipsec0" }, { "\tipsec-interface=7", "ipsec7" },
		{ "\tipsec-interface=4294967294", "ipsec4294967294" },
		{ "\tvti-interface=vti-to-lyon\n\tmark=5/0xffffffff", "vti-to-lyon" },
		{ "\tvti-interface=vti1\n\tmark=-1\n\tleftvti=10.99.0.1/30", "vti1" } };
	char name[CONF_DEVICE_NAME];

	for (size_t i = 0; i < COUNT(is); i++) {
		struct conf *c = one(is[i].line), *back;
		char *text = conf_show(c);

		assert_true(conf_device_name(c->conn[0], name));
		assert_string_equal(name, is[i].name);
		back = parse(text);
		assert_true(conf_conn_eq(c->conn[0], back->conn[0]));
		free(text);
		conf_free(back);
		conf_free(c);
	}
	conf_free(one("\tipsec-interface=no\n\tvti-routing=no"));
}

TEST(a_device_that_cannot_be_is_refused_in_its_line)
{
	wrong("\tipsec-interface=maybe", "ipsecN");
	wrong("\tipsec-interface=-1", "ipsecN");
	wrong("\tipsec-interface=4294967295", "ipsecN");
	wrong("\tvti-interface=a/b\n\tmark=1", "network device");
	wrong("\tvti-interface=a-name-of-16-chr\n\tmark=1", "network device");
	wrong("\tvti-interface=vti%d\n\tmark=1", "network device");
	wrong("\tvti-interface=vti1\n\tmark-in=5", "mark=5");
	wrong("\tvti-interface=vti1\n\tmark=0", "not 0");
	wrong("\tvti-interface=vti1\n\tmark=-1\n\tvti-shared=yes", "mark=-1");
	wrong("\tvti-interface=vti1\n\tright=%any\n\tmark=-1", "mark=-1");
	wrong("\tvti-interface=vti1\n\tmark=5\n\tipsec-interface=yes", "exclude");
	wrong("\tipsec-interface=yes\n\ttype=transport", "type=tunnel");
	wrong("\tleftinterface-ip=10.0.0.300/24\n\tipsec-interface=yes", "its length");
	conf_free(warned("\tleftinterface-ip=10.99.0.1/24", "ipsec-interface="));
	conf_free(warned("\trightvti=10.99.0.1/24", "vti-interface="));
	conf_free(warned("\tvti-shared=yes", "vti-interface="));
}

TEST(a_shunt_has_no_device)
{
	struct conf *c = parse("conn %default\n\tipsec-interface=yes\n"
			       "conn x\n\tleft=127.0.0.1\n\tright=0.0.0.0\n"
			       "\tleftsubnet=10.0.0.0/8\n\trightsubnet=10.0.0.0/8\n"
			       "\ttype=passthrough\n");
	char name[CONF_DEVICE_NAME];

	print_issues(c);
	assert_int_equal(c->n_issue, 0);
	assert_int_equal(c->n, 1);
	assert_false(conf_device_name(c->conn[0], name));
	conf_free(c);
}

TEST(who_makes_devices_is_said_once_for_all)
{
	struct conf *c = parse("conn x\n\tipsec-interface=yes\n" ENDS
			       "config setup\n\tipsec-interface-managed=no\n");

	assert_int_equal(c->n, 1);
	assert_true(c->conn[0]->is_device_unmanaged);
	conf_free(c);
	c = one("\tipsec-interface=yes");
	assert_false(c->conn[0]->is_device_unmanaged);
	conf_free(c);
}

TEST(shunts_have_no_authentication_and_two_networks)
{
	struct conf *c = parse("conn x\n\tleft=127.0.0.1\n\tright=0.0.0.0\n"
			       "\tleftsubnet=10.0.0.0/8\n\trightsubnet=10.0.0.0/8\n"
			       "\tauthby=never\n\ttype=passthrough\n\tauto=route\n");

	print_issues(c);
	assert_int_equal(c->n_issue, 0);
	assert_int_equal(c->n, 1);
	assert_int_equal(c->conn[0]->type, TYPE_PASS);
	assert_int_equal(c->conn[0]->authby, AUTHBY_NEVER);
	conf_free(c);
	c = parse("conn x\n\tleft=192.0.2.1\n\tright=198.51.100.1\n\ttype=drop\n");
	assert_int_equal(c->n_issue, 0);
	assert_int_equal(c->conn[0]->authby, AUTHBY_NEVER);
	conf_free(c);
	conf_free(warned("\ttype=reject", "drops as type=drop"));
	c = parse("conn x\n\tleft=192.0.2.1\n\tright=%any\n\ttype=pass\n");
	assert_int_equal(c->n_error, 1);
	assert_non_null(strstr(c->issue[0].text, "rightsubnet= is missing"));
	conf_free(c);
	wrong("\tauthby=never", "type=passthrough");
}

TEST(marks_are_of_one_direction_or_both)
{
	struct conf *c = one("\tmark=0x10/0xf0\n\tmark-out=7\n\treqid=16379\n"
			     "\tnic-offload=packet");

	assert_int_equal(c->conn[0]->mark_in.value, 0x10);
	assert_int_equal(c->conn[0]->mark_in.mask, 0xf0);
	assert_int_equal(c->conn[0]->mark_out.value, 7);
	assert_int_equal(c->conn[0]->mark_out.mask, UINT32_MAX);
	assert_int_equal(c->conn[0]->reqid, 16379);
	assert_int_equal(c->conn[0]->nic_offload, OFFLOAD_PACKET);
	conf_free(c);
	c = one("\tmark=-1/0xffff");
	assert_true(c->conn[0]->mark_in.is_unique && c->conn[0]->mark_out.is_unique);
	assert_int_equal(c->conn[0]->mark_out.mask, 0xffff);
	conf_free(c);
	wrong("\tmark=0x100/0xff", "hides");
	wrong("\tmark-in=-2", "N/MASK");
	wrong("\treqid=16380", "16379");
}

TEST(domains_for_clients_are_names_and_want_a_server)
{
	struct conf *c = one("\tmodecfgdomains=\"example.com, corp.example\"\n"
			     "\tmodecfgdns=192.0.2.53\n\tsend-no-esp-tfc=yes");

	assert_string_equal(c->conn[0]->modecfgdomains, "example.com, corp.example");
	assert_true(c->conn[0]->refuses_tfc);
	conf_free(c);
	wrong("\tmodecfgdomains=\"example.com 192.0.2.1\"", "\"192.0.2.1\" is not a DNS domain");
	conf_free(warned("\tmodecfgdomains=example.com", "without modecfgdns="));
}

/* Where there is a third word, yes and no keep all their spellings. */
TEST(yes_and_no_are_spelled_alike_everywhere)
{
	static const char *const lines[] = { "encapsulation=1", "encapsulation=false",
		"fragmentation=on", "esn=n", "ikev2=true", "forceencaps=0", "enable-tcp=off",
		"accept-redirect=n", "nic-offload=false", "ppk=no" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		char *line = xasprintf("\t%s", lines[i]);

		conf_free(one(line));
		free(line);
	}
	wrong("\tfragmentation=2", "is not one of: no, yes, force");
}

TEST(words_without_effect_are_checked_all_the_same)
{
	wrong("\tdpdaction=restrat", "did you mean \"restart\"?");
	wrong("\tnic-offload=atuo", "did you mean \"auto\"?");
	wrong("\tleftsendcert=sometimes", "is not one of: always");
	wrong("\tsendca=al", "did you mean \"all\"?");
	conf_free(warned("\taccept-redirect=auto", "no effect in this version"));
	conf_free(one("\tleftsendcert=yes"));
}

/* strongSwan's sourceip= is three things; two of them are other keywords here. */
TEST(strongswans_sourceip_names_the_right_keyword)
{
	wrong("\tleftsourceip=%config", "leftmodecfgclient=yes");
	wrong("\tleftsourceip=%config4", "leftmodecfgclient=yes");
	wrong("\trightsourceip=10.9.0.0/24", "rightaddresspool=10.9.0.0/24");
	conf_free(one("\tleftsourceip=10.9.0.1/32"));
}

TEST(hooks_are_taken_and_libreswans_own_is_not_needed)
{
	struct conf *c = one("\tleftupdown=\"ipsec _updown\"");

	assert_null(c->conn[0]->left.updown);
	conf_free(c);
	conf_free(one("\tleftupdown=%disabled"));
	conf_free(one("\tleftupdown=\"\""));
	conf_free(warned("\tleftupdown=\"ipsec _updown --route yes\"", "options"));
	c = one("\tleftupdown='/bin/hook \"a b\"'");
	assert_string_equal(c->conn[0]->left.updown, "/bin/hook \"a b\"");
	conf_free(c);
}

TEST(words_of_setup_are_looked_at)
{
	struct conf *c = parse("config setup\n\tplutodebug=\"all no-crypt\"\n"
			       "\tvirtual-private=%v4:10.0.0.0/8,%v4:!10.1.0.0/16,%v6:fd00::/8\n");

	print_issues(c);
	assert_int_equal(c->n_issue, 0);
	assert_string_equal(c->setup.plutodebug, "all no-crypt");
	conf_free(c);
	c = parse("config "
		  "setup\n\tplutodebug=bass\n\tvirtual-private=10.0.0.0/8\n\tdataplane=krenel\n");
	assert_int_equal(c->n_issue, 3);
	assert_false(c->issue[0].is_error);
	assert_non_null(strstr(c->issue[0].text, "\"base\""));
	assert_true(c->issue[1].is_error && c->issue[2].is_error);
	conf_free(c);
}

TEST(version_words_do_not_undo_each_other)
{
	struct conf *c = one("\tkeyexchange=ike\n\tikev2=insist");

	assert_int_equal(c->conn[0]->version, VERSION_IKEV2);
	conf_free(c);
}

TEST(the_later_of_two_lines_counts_and_that_is_said)
{
	struct conf *c =
		parse("conn x\n" ENDS "\tpfs=no\n\tpfs=yes\n\tsalifetime=1h\n\tkeylife=2h\n"
		      "config setup\n\tlogfile=/a\n\tlogfile=/b\n");

	assert_int_equal(c->n, 1);
	assert_int_equal(c->n_issue, 3);
	assert_int_equal(c->issue[0].line, 6);
	assert_non_null(strstr(c->issue[0].text, "line 5"));
	assert_int_equal(c->issue[1].line, 8);
	assert_int_equal(c->conn[0]->pfs, YNA_YES);
	assert_int_equal(c->conn[0]->salifetime, 7200 * NS_S);
	assert_string_equal(c->setup.logfile, "/b");
	conf_free(c);
}

TEST(of_two_conns_of_one_name_the_first_counts)
{
	struct conf *c = parse("conn x\n" ENDS "\tmtu=1400\nconn x\n" ENDS "\tmtu=1300\n");

	assert_int_equal(c->n, 1);
	assert_int_equal(c->conn[0]->mtu, 1400);
	assert_int_equal(c->n_error, 1);
	assert_int_equal(c->issue[0].line, 6);
	assert_non_null(strstr(c->issue[0].text, "f:1"));
	conf_free(c);
}

TEST(alsoflip_exchanges_the_ends)
{
	struct conf *c = parse(
		"conn a\n" ENDS "\tleftid=@a\n\tleftsubnet=10.0.0.0/24\nconn b\n\talsoflip=a\n");
	const struct conf_conn *b = conf_find(c, "b", 0);

	assert_int_equal(c->n_issue, 0);
	assert_non_null(b);
	assert_int_equal(b->right.id.type, ID_FQDN);
	assert_int_equal(b->left.id.type, ID_NONE);
	assert_int_equal(b->right.subnet.n, 1);
	assert_true(addr_eq(&b->right.host, &conf_find(c, "a", 0)->left.host));
	conf_free(c);
}

TEST(half_a_conn_may_serve_others)
{
	struct conf *c =
		parse("conn half\n\tleft=192.0.2.1\n\tauthby=secret\nconn whole\n\talso=half\n"
		      "\tright=198.51.100.1\nconn alone\n\tleft=192.0.2.1\n\tauthby=secret\n");

	assert_int_equal(c->n, 1);
	assert_int_equal(c->n_error, 1);
	assert_int_equal(c->issue[0].line, 7);
	assert_string_equal(c->issue[0].conn, "alone");
	assert_non_null(strstr(c->issue[0].text, "right= is missing"));
	conf_free(c);
}

TEST(an_error_that_others_take_is_told_once_and_by_whom_it_is_taken)
{
	struct conf *c =
		parse("conn base\n\tpfs=perhaps\n\tcompress=yes\nconn a\n\talso=base\n" ENDS
		      "conn b\n\talso=base\n" ENDS "conn c\n" ENDS);

	assert_int_equal(c->n, 1);
	assert_int_equal(c->n_issue, 4);
	assert_int_equal(c->issue[0].line, 2);
	assert_int_equal(c->issue[1].line, 3);
	assert_non_null(strstr(c->issue[2].text, "\"a\" is lost"));
	assert_non_null(strstr(c->issue[3].text, "\"b\" is lost"));
	conf_free(c);
}

TEST(an_empty_conn_is_lost_by_an_error_of_default)
{
	struct conf *c = parse("conn %default\n\tnonsense=1\nconn empty\n");

	assert_int_equal(c->n, 0);
	assert_int_equal(c->n_issue, 2);
	assert_int_equal(c->issue[0].line, 2);
	assert_string_equal(c->issue[1].conn, "empty");
	conf_free(c);
}

TEST(defaults_hold_wherever_they_stand_and_the_later_wins)
{
	struct conf *c = parse("conn %default\n\tmtu=1300\n\tdpddelay=5\nconn x\n" ENDS
			       "conn %default\n\tmtu=1400\n");

	assert_int_equal(c->n_issue, 0);
	assert_int_equal(c->conn[0]->mtu, 1400);
	assert_int_equal(c->conn[0]->dpddelay, 5 * NS_S);
	conf_free(c);
}

TEST(old_habits_and_blank_lines_are_fine)
{
	struct conf *c = parse(
		"\xef\xbb\xbfversion 2.0\n\n# basic\nconfig setup\n\n\tlogtime=no\n\n  # inner\n\n"
		"conn x\t# name\n\n" ENDS "\n\n\tauto=up");

	print_issues(c);
	assert_int_equal(c->n_issue, 0);
	assert_int_equal(c->n, 1);
	assert_int_equal(c->conn[0]->automatic, AUTO_START);
	assert_false(c->setup.logtime);
	conf_free(c);
}

TEST(subnets_have_limits_and_keep_quiet_partners)
{
	struct conf *c = parse("conn n\n" ENDS "\tleftsubnets=10.0.1.0/24,10.0.2.0/24\n"
			       "\tleftsubnets=10.0.3.0/24\n");

	assert_int_equal(c->n_issue, 0);
	assert_int_equal(c->n, 3);
	assert_string_equal(c->conn[2]->name, "n/3x0");
	assert_non_null(conf_find(c, "n", 2));
	assert_non_null(conf_find(c, "n/1x0", 0));
	conf_free(c);
	c = one("\tleftsubnet=2001:db8::/64\n\trightsubnet=2001:db8:1::/64");
	conf_free(c);
	wrong("\tleftsubnets=10.0.1.0/24,10.0.2.0/99", "subnet");
	wrong("\tleftsubnets=10.0.1.0/24\n\trightaddresspool=10.0.0.0/24", "exclude");
	wrong("\tconnalias=a\"b", "no name");
}

TEST(subnets_may_be_of_another_family_than_the_ends)
{
	struct conf *c = parse("conn n\n" ENDS "\tleftsubnets=2001:db8:1::/64,2001:db8:2::/64\n"
			       "\trightsubnet=2001:db8:9::/64\n");

	print_issues(c);
	assert_int_equal(c->n_issue, 0);
	assert_int_equal(c->n, 2);
	conf_free(c);
	c = parse("conn n\n" ENDS "\tleftsubnet=2001:db8:1::/64\n");
	assert_int_equal(c->n_error, 1);
	conf_free(c);
}

TEST(all_that_is_wrong_is_in_the_order_of_the_lines)
{
	struct conf *c = parse(
		"conn a\n\tfoo=1\n\tpfs\nbar baz\nconn b\n\tleft=1.2.3\nconfig setup\n\tx=1\n");

	for (size_t i = 1; i < c->n_issue; i++)
		assert_true(c->issue[i - 1].line <= c->issue[i].line);
	assert_true(c->n_issue >= 5);
	assert_int_equal(c->n, 0);
	conf_free(c);
}

TEST(more_than_twenty_errors_are_counted)
{
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text), "conn x\n");
	struct conf *c;

	for (int i = 0; i < 50; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\tnonsense%d=1\n", i);
	c = parse(text);
	assert_int_equal(c->n_issue, 21);
	assert_int_equal(c->n_error, 50);
	assert_string_equal(c->issue[20].text, "and 30 more errors in this file");
	conf_free(c);
}

TEST(every_keyword_can_be_written_in_the_file)
{
	const struct keyword *k;

	for (size_t i = 0; (k = keyword_at(i)); i++) {
		const char *value = *k->fallback ? k->fallback : k->type == TYPE_BOOL ? "yes" : "1";
		char *text = xasprintf("%s\n\t%s%s=%s\n",
			k->section == SECTION_SETUP ? "config setup" : "conn x",
			k->section == SECTION_END ? "left" : "", k->name, value);
		struct conf *c = parse(text);

		for (size_t n = 0; n < c->n_issue; n++)
			if (strstr(c->issue[n].text, "unknown keyword")) {
				print_issues(c);
				fail_msg("%s", text);
			}
		conf_free(c);
		free(text);
	}
}

TEST(every_default_is_what_its_line_says)
{
	struct conf_conn fresh = { 0 };
	const struct keyword *k;

	conf_conn_defaults(&fresh);
	for (size_t i = 0; (k = keyword_at(i)); i++) {
		const void *o = k->section == SECTION_CONN ? (void *)&fresh : &fresh.left;
		char *said = k->section == SECTION_SETUP || k->state != STATE_WORKS
				     ? NULL
				     : value_show(k, o, o);

		assert_null(said); /* what has its default need not be said */
		assert_true(*k->help || k->is_gone);
		assert_true(k->state == STATE_WORKS || *k->why);
	}
	assert_true(fresh.pfs && fresh.rekey && fresh.encap_dscp && fresh.nat_keepalive);
	assert_false(fresh.initial_contact || fresh.mobike || fresh.compress || fresh.narrowing);
	assert_int_equal(fresh.ikelifetime, 8 * 3600 * NS_S);
	assert_int_equal(fresh.replay_window, 128);
	assert_int_equal(fresh.retransmit_timeout, 60 * NS_S);
	assert_int_equal(fresh.authby, 0);
	assert_int_equal(fresh.metric, 0);
}

TEST(everything_shown_reads_back)
{
	struct conf *c =
		one("\tleftid=\"C=CH, O=Example, CN=a b\"\n\trightid=o'brien@example.com\n"
		    "\tleftsubnet=10.0.0.0/24/tcp/443,10.0.1.1-10.0.1.9\n"
		    "\tleftupdown=\"/bin/hook --a b\"\n\tleftauth=secret\n\trightauth=secret\n"
		    "\tdpddelay=1.5s\n\tconnalias=\"p q\"\n\tencapsulation=no\n\tesn=yes\n"
		    "\tmark-in=5\n\tmark-out=-1/0xff\n\treqid=7\n\tnic-offload=crypto");
	char *text = conf_show(c);
	struct conf *back = parse(text);

	print_issues(back);
	assert_int_equal(back->n_issue, 0);
	assert_int_equal(back->n, 1);
	assert_true(conf_conn_eq(c->conn[0], back->conn[0]));
	free(text);
	conf_free(c);
	conf_free(back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comments_of_all_kinds_end_a_value),
		cmocka_unit_test(a_hash_within_an_identity_is_kept),
		cmocka_unit_test(any_identity_is_told_from_none),
		cmocka_unit_test(keywords_are_found_in_every_spelling),
		cmocka_unit_test(bad_values_are_errors_that_say_what_is_valid),
		cmocka_unit_test(who_may_be_told_why_is_read_word_by_word),
		cmocka_unit_test(numbers_have_units),
		cmocka_unit_test(what_libreswan_corrects_is_corrected_with_a_word),
		cmocka_unit_test(blanks_within_quotes_do_no_harm),
		cmocka_unit_test(selectors_may_name_protocol_and_port),
		cmocka_unit_test(words_of_strongswan_name_the_right_keyword),
		cmocka_unit_test(keywords_without_effect_are_quiet_at_their_defaults),
		cmocka_unit_test(what_cannot_work_is_refused_in_its_line),
		cmocka_unit_test(a_device_is_named_as_libreswan_names_it),
		cmocka_unit_test(a_device_that_cannot_be_is_refused_in_its_line),
		cmocka_unit_test(a_shunt_has_no_device),
		cmocka_unit_test(who_makes_devices_is_said_once_for_all),
		cmocka_unit_test(shunts_have_no_authentication_and_two_networks),
		cmocka_unit_test(marks_are_of_one_direction_or_both),
		cmocka_unit_test(domains_for_clients_are_names_and_want_a_server),
		cmocka_unit_test(yes_and_no_are_spelled_alike_everywhere),
		cmocka_unit_test(words_without_effect_are_checked_all_the_same),
		cmocka_unit_test(strongswans_sourceip_names_the_right_keyword),
		cmocka_unit_test(hooks_are_taken_and_libreswans_own_is_not_needed),
		cmocka_unit_test(words_of_setup_are_looked_at),
		cmocka_unit_test(version_words_do_not_undo_each_other),
		cmocka_unit_test(the_later_of_two_lines_counts_and_that_is_said),
		cmocka_unit_test(of_two_conns_of_one_name_the_first_counts),
		cmocka_unit_test(alsoflip_exchanges_the_ends),
		cmocka_unit_test(half_a_conn_may_serve_others),
		cmocka_unit_test(an_error_that_others_take_is_told_once_and_by_whom_it_is_taken),
		cmocka_unit_test(an_empty_conn_is_lost_by_an_error_of_default),
		cmocka_unit_test(defaults_hold_wherever_they_stand_and_the_later_wins),
		cmocka_unit_test(old_habits_and_blank_lines_are_fine),
		cmocka_unit_test(subnets_have_limits_and_keep_quiet_partners),
		cmocka_unit_test(subnets_may_be_of_another_family_than_the_ends),
		cmocka_unit_test(all_that_is_wrong_is_in_the_order_of_the_lines),
		cmocka_unit_test(more_than_twenty_errors_are_counted),
		cmocka_unit_test(every_keyword_can_be_written_in_the_file),
		cmocka_unit_test(every_default_is_what_its_line_says),
		cmocka_unit_test(everything_shown_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
