#include "base/test.h"
#include "config/keywords.h"
#include "config/show.h"
#include "ipsec/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Files of the tests: pairs of name and text. */
struct fake_file {
	const char *name, *text;
};

static char *fake_read(void *ctx, const char *path, size_t *n)
{
	for (const struct fake_file *f = ctx; f->name; f++)
		if (strcmp(f->name, path) == 0) {
			*n = strlen(f->text);
			return strdup(f->text);
		}
	errno = ENOENT;
	return NULL;
}

static char **fake_glob(void *ctx, const char *pattern)
{
	char **ret = calloc(8, sizeof(*ret));
	size_t n = 0, stem = strcspn(pattern, "*");

	for (const struct fake_file *f = ctx; f->name; f++)
		if (strcmp(f->name, pattern) == 0 ||
			(pattern[stem] && strncmp(f->name, pattern, stem) == 0))
			ret[n++] = strdup(f->name);
	return ret;
}

static struct conf *parse_files(const struct fake_file *files)
{
	struct conf_source src = { fake_read, fake_glob, (void *)(uintptr_t)files };

	return conf_parse(&src, files[0].name);
}

static struct conf *parse(const char *text)
{
	struct fake_file files[] = { { "/etc/ipsec.conf", text }, { NULL, NULL } };

	return parse_files(files);
}

#define ENDS "\tleft=192.0.2.1\n\tright=198.51.100.1\n\tauthby=secret\n"

static void assert_issue(const struct conf *c, bool is_error, unsigned line, const char *part)
{
	for (size_t i = 0; i < c->n_issue; i++)
		if (c->issue[i].is_error == is_error && c->issue[i].line == line &&
			strstr(c->issue[i].text, part))
			return;
	for (size_t i = 0; i < c->n_issue; i++)
		print_message("%s:%u: %s\n", c->issue[i].file, c->issue[i].line, c->issue[i].text);
	fail_msg("no issue in line %u with \"%s\"", line, part);
}

TEST(an_administrators_file_is_understood)
{
	struct conf *c = parse(
		"config setup\n\tlogfile=/var/log/pluto.log\n\tplutodebug=all\n\n"
		"conn vpn.example.com\n\tleft=192.0.2.1\n\tleftsubnet=10.0.1.0/24\n"
		"\tright=198.51.100.1\n\trightsubnet=10.0.2.0/24\n\tauthby=secret\n\tikev2=yes\n"
		"\tauto=add\n");
	const struct conf_conn *k;
	char s[TS_STR];

	assert_int_equal(c->n_issue, 0);
	assert_string_equal(c->setup.logfile, "/var/log/pluto.log");
	assert_int_equal(c->n, 1);
	k = conf_find(c, "vpn.example.com", 0);
	assert_non_null(k);
	assert_string_equal(ts_format(&k->left.subnet.ts[0], s), "10.0.1.0/24");
	assert_int_equal(k->automatic, AUTO_ADD);
	assert_int_equal(k->ikelifetime, 8 * 3600 * NS_S);
	assert_int_equal(k->retransmit_interval, 500 * NS_MS);
	assert_true(k->pfs == YNA_AUTO && k->rekey && k->encap_dscp);
	assert_null(k->ike);
	conf_free(c);
}

TEST(every_mistake_is_told_in_one_run_and_loses_its_conn_only)
{
	struct conf *c = parse(
		"conn bad\n" ENDS "\tleftsubnett=10.0.0.0/8\n\ttype=tunel\n\tpfs=perhaps\n"
		"conn good\n" ENDS "conn "
		"worse\n\tleft=192.0.2.1\n\tright=300.1.1.1\n\tikelifetime=8x\n\tauthby=secret\n");

	assert_int_equal(c->n, 1);
	assert_string_equal(c->conn[0]->name, "good");
	assert_issue(c, true, 5, "did you mean \"leftsubnet\"");
	assert_issue(c, true, 6, "did you mean \"tunnel\"");
	assert_issue(c, true, 7, "one of: no, yes, auto");
	assert_issue(c, true, 14, "300.1.1.1");
	assert_issue(c, true, 15, "units ms, s");
	conf_free(c);
}

TEST(trailing_comments_crlf_and_missing_newline_are_fine)
{
	struct conf *c = parse(
		"# comment\r\nconn vpn # the one\r\n\tleft=192.0.2.1 # "
		"us\r\n\tright=198.51.100.1#them\r\n"
		"\tauthby=secret #psk\r\n\tpfs=no #why\r\n\r\n\tleftid=@#0x0102\r\n\tauto=add");

	for (size_t i = 0; i < c->n_issue; i++)
		print_message("%u: %s\n", c->issue[i].line, c->issue[i].text);
	assert_int_equal(c->n_issue, 0);
	assert_int_equal(c->n, 1);
	assert_int_equal(c->conn[0]->pfs, YNA_NO);
	assert_int_equal(c->conn[0]->left.id.type, ID_KEY_ID);
	conf_free(c);
}

TEST(own_values_beat_also_which_beats_default)
{
	struct conf *c = parse("conn vpn\n\talso=common\n\tpfs=yes\n" ENDS
			       "conn common\n\tpfs=no\n\trekey=no\n\talso=deeper\n"
			       "conn deeper\n\tdpddelay=5\n"
			       "conn %default\n\tdpddelay=9s\n\tmtu=1400\n");
	const struct conf_conn *k = conf_find(c, "vpn", 0);

	assert_non_null(k);
	assert_int_equal(c->n, 1);
	assert_int_equal(k->pfs, YNA_YES);
	assert_false(k->rekey);
	assert_int_equal(k->dpddelay, 5 * NS_S);
	assert_int_equal(k->mtu, 1400);
	assert_int_equal(c->n_error, 0);
	conf_free(c);
}

TEST(circles_and_missing_targets_of_also_are_told)
{
	struct conf *c =
		parse("conn a\n\talso=b\n" ENDS "conn b\n\talso=a\nconn c\n\talso=nope\n" ENDS);

	assert_issue(c, true, 7, "circle");
	assert_issue(c, true, 9, "no conn \"nope\"");
	conf_free(c);
}

TEST(includes_are_relative_to_the_file_and_bounded)
{
	const struct fake_file files[] = {
		{ "/etc/ipsec.conf", "include ipsec.d/*.conf\ninclude nothing/*.conf\n" },
		{ "/etc/ipsec.d/one.conf", "conn one\n" ENDS },
		{ "/etc/ipsec.d/two.conf", "conn two\n" ENDS "\tnonsense=1\n" },
		{ NULL, NULL },
	};
	struct fake_file deep[13] = { { "/f/0", "include 1\n" }, { "/f/1", "include 2\n" },
		{ "/f/2", "include 3\n" }, { "/f/3", "include 4\n" }, { "/f/4", "include 5\n" },
		{ "/f/5", "include 6\n" }, { "/f/6", "include 7\n" }, { "/f/7", "include 8\n" },
		{ "/f/8", "include 9\n" }, { "/f/9", "include a\n" },
		{ "/f/a", "conn last\n" ENDS "include b\n" }, { "/f/b", "conn lost\n" ENDS } };
	struct conf *c = parse_files(files);

	assert_int_equal(c->n, 1);
	assert_issue(c, false, 2, "no file matches");
	assert_string_equal(c->issue[c->n_issue - 1].file, "/etc/ipsec.d/two.conf");
	conf_free(c);
	c = parse_files(deep);
	assert_issue(c, true, 5, "files deep");
	assert_int_equal(c->n, 1);
	conf_free(c);
}

TEST(a_file_that_includes_itself_is_told_once)
{
	const struct fake_file loop[] = { { "/etc/ipsec.conf", "include d/x.conf\nconn a\n" ENDS },
		{ "/etc/d/x.conf", "conn x\n" ENDS "include /etc/ipsec.conf\ninclude x.conf\n" },
		{ NULL, NULL } };
	struct conf *c = parse_files(loop);

	assert_int_equal(c->n_issue, 2);
	assert_issue(c, true, 5, "\"/etc/ipsec.conf\" includes itself");
	assert_issue(c, true, 6, "\"/etc/d/x.conf\" includes itself");
	assert_int_equal(c->n, 2);
	conf_free(c);
}

/* As Fedora's and RHEL's ipsec.conf includes what the crypto policy wants. */
TEST(it_is_known_where_algorithms_of_another_file_stand)
{
	const struct fake_file files[] = { { "/etc/ipsec.conf", "include /etc/crypto-policies/x\n"
								"conn a\n" ENDS "conn b\n" ENDS
								"\tike=aes256-sha2-modp2048\n"
								"\tphase2alg=aes256-sha2\n" },
		{ "/etc/crypto-policies/x",
			"conn %default\n\tike=aes128-sha2-modp3072\n\tesp=aes_gcm256\n" },
		{ NULL, NULL } };
	struct conf *c = parse_files(files);
	struct conf_conn *copy;

	assert_int_equal(c->n, 2);
	assert_string_equal(c->conn[0]->ike_from, "/etc/crypto-policies/x:2");
	assert_string_equal(c->conn[0]->esp_from, "/etc/crypto-policies/x:3");
	assert_null(c->conn[1]->ike_from);
	assert_null(c->conn[1]->esp_from);
	copy = conf_conn_copy(c->conn[0]);
	assert_string_equal(copy->ike_from, "/etc/crypto-policies/x:2");
	free(copy->ike_from);
	copy->ike_from = NULL;
	assert_true(conf_conn_eq(copy, c->conn[0])); /* it is the same, wherever it stands */
	conf_conn_free(copy);
	conf_free(c);
}

TEST(a_dns_server_that_the_tunnel_does_not_take_is_told)
{
	struct conf *c = parse("conn a\n\tleft=%any\n\tleftaddresspool=100.64.1.1-100.64.1.9\n"
			       "\tright=198.51.100.1\n\trightsubnet=10.0.2.0/24\n\tauthby=secret\n"
			       "\tmodecfgdns=\"10.0.2.53 10.9.0.53 192.0.2.53\"\n");

	assert_int_equal(c->n, 1);
	assert_int_equal(c->n_issue, 1); /* the first is in it, the last is not private */
	assert_issue(c, false, 7, "10.9.0.53 is not in rightsubnet=");
	conf_free(c);
}

/* By name and by a pattern: it happens, and does no harm. */
TEST(a_file_that_is_included_twice_is_told_once)
{
	const struct fake_file files[] = { { "/etc/ipsec.conf",
						   "include d/x.conf\ninclude d/*.conf\n" },
		{ "/etc/d/x.conf", "config setup\n\tlogtime=no\nconn x\n" ENDS "conn y\n" ENDS },
		{ NULL, NULL } };
	struct conf *c = parse_files(files);

	assert_int_equal(c->n_issue, 1);
	assert_issue(c, false, 3, "included twice");
	assert_int_equal(c->n, 2);
	conf_free(c);
}

TEST(subnets_make_connections_that_share_an_alias)
{
	struct conf *c = parse("conn net\n" ENDS "\tleftsubnets={10.0.1.0/24 10.0.2.0/24}\n"
			       "\trightsubnets=10.1.0.0/24,10.2.0.0/24\n\tconnalias=\"other\"\n");

	assert_int_equal(c->n_issue, 0);
	assert_int_equal(c->n, 4);
	assert_string_equal(c->conn[0]->name, "net/1x1");
	assert_string_equal(c->conn[3]->name, "net/2x2");
	assert_non_null(conf_find(c, "net", 3));
	assert_null(conf_find(c, "net", 4));
	assert_non_null(conf_find(c, "other", 0));
	conf_free(c);
}

TEST(what_does_not_work_yet_says_so)
{
	struct conf *c = parse("conn cert\n\tleft=192.0.2.1\n\tright=198.51.100.1\n"
			       "conn later\n" ENDS "\tenable-tcp=yes\n\tdpdaction=restart\n");

	assert_int_equal(c->n, 1);
	assert_issue(c, true, 1, "authby=secret");
	assert_issue(c, false, 8, "no effect in this version");
	assert_issue(c, false, 9, "no effect");
	conf_free(c);
}

TEST(unindented_keywords_and_wrong_sections_are_named)
{
	struct conf *c =
		parse("auto=add\nconn a\n" ENDS "\tlogfile=/x\nconfig setup\n\tauto=add\nfoo bar\n"
		      "conn b\n" ENDS "\tsubnet=10.0.0.0/8\n");

	assert_issue(c, true, 1, "blank or tab");
	assert_issue(c, true, 6, "config setup");
	assert_issue(c, true, 8, "a conn");
	assert_issue(c, true, 9, "expected \"config setup\"");
	assert_issue(c, true, 14, "leftsubnet");
	conf_free(c);
}

/* What the administrator wrote below a conn belongs to it: without that line it would be another.
 */
TEST(an_unindented_line_loses_the_conn_above_it)
{
	struct conf *c = parse("conn a\n" ENDS "rightid=@only\n\tnonsense=1\nconn b\n" ENDS
			       "config setup now\n\tlogtime=no\n");

	assert_int_equal(c->n, 1);
	assert_string_equal(c->conn[0]->name, "b");
	assert_issue(c, true, 5, "blank or tab");
	assert_issue(c, true, 6, "nonsense");
	assert_issue(c, true, 11, "\"now\" stands behind \"config setup\"");
	conf_free(c);
}

TEST(bytes_that_are_no_text_are_one_error)
{
	struct conf_source src = conf_source_files();
	char junk[4096];
	struct conf *c;

	srand(7);
	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (char)rand();
	c = conf_parse_text(&src, "junk", junk, sizeof(junk));
	assert_int_equal(c->n_issue, 1);
	assert_int_equal(c->n, 0);
	conf_free(c);
	memset(junk, 'x', sizeof(junk));
	for (size_t i = 1; i < sizeof(junk); i += 2)
		junk[i] = '\n';
	c = conf_parse_text(&src, "lines", junk, sizeof(junk));
	assert_true(c->n_issue <= 22);
	assert_int_equal(c->n_error, 1001);
	conf_free(c);
}

TEST(shown_text_parses_to_the_same)
{
	struct conf *c = parse(
		"conn a\n" ENDS
		"\tike=aes256-sha2_256-dh19,aes_gcm128-sha2_512-dh31\n\tesp=aes_gcm256+aes_gcm128\n"
		"\tleftid=@left.example\n\tleftsubnet=10.0.1.0/"
		"24\n\trightaddresspool=100.64.13.2-100.64.13.9\n"
		"\tmtu=1400\n\tdpddelay=3s\n\tencapsulation=yes\n\tmodecfgdns=10.0.1."
		"1\n\tikelifetime=1h\n"
		"\treplay-window=0\n\tleftprotoport=tcp/443\n\tmss=1360\n\tnat-exempt=no\n"
		"conn b\n" ENDS "\tmss=auto\n\tnat-exempt=yes\n");
	char *text = conf_show(c);
	struct conf *back = parse(text);

	assert_int_equal(c->n_error, 0);
	assert_int_equal(back->n_error, 0);
	assert_int_equal(back->n, 2);
	assert_int_equal(c->conn[0]->mss, 1360);
	assert_int_equal(c->conn[0]->nat_exempt, YNA_NO);
	assert_int_equal(c->conn[1]->mss, CONF_MSS_AUTO);
	assert_true(conf_conn_eq(c->conn[0], back->conn[0]));
	assert_true(conf_conn_eq(c->conn[1], back->conn[1]));
	free(text);
	conf_free(c);
	conf_free(back);
}

TEST(conn_survives_the_line_and_every_truncation_is_refused)
{
	struct conf *c =
		parse("conn a\n" ENDS
		      "\tike=aes256-sha2_256-dh19\n\tleftsubnet=10.0.1.0/24,10.0.9.0/24\n");
	uint8_t *room = malloc(65536);
	struct wr w = wr_to(room, 65536);
	char device[CONF_DEVICE_NAME];
	struct conf_conn *back;
	struct rd r;

	c->conn[0]->if_id = CONF_IF_ID_ZERO;
	c->conn[0]->left.interface_ip = (struct prefix){ addr_v4(0x0a630001), 24 };
	conf_conn_put(&w, c->conn[0]);
	r = rd_from(wr_view(&w));
	assert_int_equal(conf_conn_get(&r, &back), OK);
	assert_true(rd_end(&r));
	assert_true(conf_conn_eq(back, c->conn[0]));
	assert_int_equal(back->left.interface_ip.bits, 24);
	assert_true(conf_device_name(back, device));
	assert_string_equal(device, "ipsec0");
	back->mtu++;
	assert_false(conf_conn_eq(back, c->conn[0]));
	conf_conn_free(back);
	for (size_t n = 0; n < w.n; n++) {
		r = rd_from(bytes_of(room, n));
		assert_int_not_equal(conf_conn_get(&r, &back), OK);
	}
	free(room);
	conf_free(c);
}

TEST(table_is_complete)
{
	const struct keyword *k;
	size_t n = 0;

	for (; (k = keyword_at(n)); n++) {
		assert_true(k->state == STATE_WORKS || *k->why);
		assert_ptr_equal(keyword_find((enum keyword_section)k->section, k->name), k);
		assert_true(k->state != STATE_WORKS || *k->help);
	}
	assert_true(n > 200);
}

TEST(ten_thousand_conns_are_parsed)
{
	size_t n = 0, room = 4 << 20;
	char *text = malloc(room);
	struct conf *c;

	for (int i = 0; i < 10000; i++)
		n += (size_t)snprintf(text + n, room - n,
			"conn c%d\n" ENDS "\tleftsubnet=10.%d.%d.0/24\n\tauto=add\n", i, i / 256,
			i % 256);
	c = parse(text);
	assert_int_equal(c->n, 10000);
	assert_int_equal(c->n_issue, 0);
	conf_free(c);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_administrators_file_is_understood),
		cmocka_unit_test(every_mistake_is_told_in_one_run_and_loses_its_conn_only),
		cmocka_unit_test(trailing_comments_crlf_and_missing_newline_are_fine),
		cmocka_unit_test(own_values_beat_also_which_beats_default),
		cmocka_unit_test(circles_and_missing_targets_of_also_are_told),
		cmocka_unit_test(includes_are_relative_to_the_file_and_bounded),
		cmocka_unit_test(a_file_that_includes_itself_is_told_once),
		cmocka_unit_test(a_file_that_is_included_twice_is_told_once),
		cmocka_unit_test(a_dns_server_that_the_tunnel_does_not_take_is_told),
		cmocka_unit_test(it_is_known_where_algorithms_of_another_file_stand),
		cmocka_unit_test(an_unindented_line_loses_the_conn_above_it),
		cmocka_unit_test(subnets_make_connections_that_share_an_alias),
		cmocka_unit_test(what_does_not_work_yet_says_so),
		cmocka_unit_test(unindented_keywords_and_wrong_sections_are_named),
		cmocka_unit_test(bytes_that_are_no_text_are_one_error),
		cmocka_unit_test(shown_text_parses_to_the_same),
		cmocka_unit_test(conn_survives_the_line_and_every_truncation_is_refused),
		cmocka_unit_test(table_is_complete),
		cmocka_unit_test(ten_thousand_conns_are_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
