#include "cmd/checks.h"

#include "base/test.h"

#include <stdio.h>

/* What was said last of a check, and how often. */
struct heard {
	const char *wanted;
	unsigned n, fails, warnings;
	struct check last;
};

static void hear(void *ctx, const struct check *c)
{
	struct heard *h = ctx;

	h->fails += c->result == CHECK_FAIL;
	h->warnings += c->result == CHECK_WARN;
	if (!h->wanted || strcmp(h->wanted, c->name) != 0)
		return;
	h->n++;
	h->last = *c;
}

static struct heard judged(const struct facts *f, const char *name)
{
	struct heard h = { .wanted = name };
	const struct check_sink to = { hear, &h };

	checks_host(f, &to);
	checks_conns(f, &to);
	return h;
}

static char *no_file(void *ctx, const char *path, size_t *ret_n)
{
	const char *text = ctx;

	(void)path;
	*ret_n = strlen(text);
	return xstrdup(text);
}

static char **no_glob(void *ctx, const char *pattern)
{
	(void)ctx;
	(void)pattern;
	return NULL;
}

static const struct udp_socket ports[] = {
	{ 500, 1, { 10, "ike", true } },
	{ 4500, 2, { 10, "ike", true } },
};

/* A gateway where all is well: 192.0.2.1, with the secret that the text has. */
static struct facts well(const char *conf, const char *secrets)
{
	static struct addr us;
	struct conf_source none = { no_file, no_glob, (void *)(uintptr_t)secrets };
	struct facts f = { .is_running = true,
		.plane = "kernel",
		.conf_path = "ipsec.conf",
		.secrets_path = "ipsec.secrets",
		.has_secrets = secrets != NULL,
		.secrets_mode = 0100600,
		.local = &us,
		.n_local = 1,
		.n_socket = 2,
		.has_xfrm = true,
		.has_esp4 = true,
		.has_tun = true,
		.forwards4 = true,
		.log_free = UINT64_MAX };
	struct conf *c = conf_parse_text(&none, "ipsec.conf", conf, strlen(conf));

	assert_int_equal(addr_parse("192.0.2.1", &us), OK);
	for (size_t i = 0; i < c->n; i++) {
		c->conn[i]->local_is_left = addr_eq(&c->conn[i]->left.host, &us);
		c->conn[i]->oriented = c->conn[i]->local_is_left;
	}
	memcpy(f.socket, ports, sizeof(ports));
	f.conf = c;
	f.secrets = secrets ? secrets_parse(&none, "ipsec.secrets") : NULL;
	return f;
}

static void done(struct facts *f)
{
	conf_free((struct conf *)(uintptr_t)f->conf);
	secrets_free((struct secrets *)(uintptr_t)f->secrets);
}

#define NET                                                                                        \
	"conn net\n\tleft=192.0.2.1\n\tleftsubnet=10.0.1.0/24\n\tright=192.0.2.2\n"                \
	"\trightsubnet=10.0.2.0/24\n\tauthby=secret\n\tauto=start\n"
#define HOST   "conn host\n\tleft=192.0.2.1\n\tright=192.0.2.2\n\tauthby=secret\n\tauto=start\n"
#define SECRET "192.0.2.1 192.0.2.2 : PSK \"a secret that is long enough\"\n"

TEST(a_healthy_host_has_no_alarm)
{
	struct facts f = well(NET HOST, SECRET);
	struct heard h = judged(&f, "ports");

	assert_int_equal(h.fails + h.warnings, 0);
	assert_int_equal(h.n, 2);
	done(&f);
}

TEST(a_daemon_that_does_not_run_is_named_with_its_command)
{
	struct facts f = well(HOST, SECRET);
	struct heard h;

	f.is_running = false;
	f.n_socket = 0;
	h = judged(&f, "daemon");
	assert_int_equal(h.fails, 1); /* not its ports as well */
	assert_int_equal(h.last.result, CHECK_FAIL);
	assert_string_equal(h.last.repair, "ipsec start");
	done(&f);
}

TEST(a_file_with_an_error_is_named_with_the_line)
{
	struct facts f = well(HOST "conn bad\n\tleft=192.0.2.1\n\tright=nonsense..\n", SECRET);
	struct heard h = judged(&f, "configuration");

	assert_int_equal(h.last.result, CHECK_FAIL);
	assert_non_null(strstr(h.last.text, "ipsec.conf:"));
	done(&f);
}

TEST(secrets_that_others_may_read_are_a_warning)
{
	struct facts f = well(HOST, SECRET);
	struct heard h;

	f.secrets_mode = 0100644;
	h = judged(&f, "secrets");
	assert_int_equal(h.last.result, CHECK_WARN);
	assert_non_null(strstr(h.last.repair, "chmod 600 'ipsec.secrets'"));
	done(&f);
}

TEST(a_connection_without_a_secret_fails_with_the_line_to_write)
{
	struct facts f = well(HOST, "@west @east : PSK \"for somebody else entirely\"\n");
	struct heard h = judged(&f, "pre-shared keys");

	assert_int_equal(h.last.result, CHECK_FAIL);
	assert_non_null(strstr(h.last.repair, "192.0.2.1 192.0.2.2 : PSK"));
	done(&f);
	f = well("conn host\n\tleft=192.0.2.1\n\tright=192.0.2.2\n\tauthby=secret\n\tauto=ignore\n",
		NULL);
	h = judged(&f, "pre-shared keys");
	assert_int_equal(h.n, 0);
	done(&f);
}

TEST(a_port_of_somebody_else_fails_and_names_the_service)
{
	struct facts f = well(HOST, SECRET);
	struct heard h;

	f.socket[0].owner = (struct process){ 77, "charon", false };
	h = judged(&f, "ports");
	assert_int_equal(h.fails, 1);
	f.socket[1] = f.socket[0];
	f.socket[1].port = 4500;
	h = judged(&f, "ports");
	assert_int_equal(h.last.result, CHECK_FAIL);
	assert_non_null(strstr(h.last.text, "taken by charon (process 77)"));
	assert_string_equal(h.last.repair, "systemctl disable --now strongswan-starter");
	done(&f);
}

TEST(another_daemon_is_a_warning)
{
	struct facts f = well(HOST, SECRET);
	struct heard h;

	f.rival[f.n_rival++] = (struct process){ 77, "pluto", false };
	h = judged(&f, "other daemons");
	assert_int_equal(h.last.result, CHECK_WARN);
	assert_int_equal(h.warnings, 1);
	done(&f);
}

TEST(forwarding_matters_only_with_hosts_behind_this_one)
{
	struct facts f = well(HOST, SECRET);
	struct heard h;

	f.forwards4 = false;
	h = judged(&f, "forwarding");
	assert_int_equal(h.n, 0);
	done(&f);
	f = well(NET, SECRET);
	f.forwards4 = false;
	h = judged(&f, "forwarding");
	assert_int_equal(h.last.result, CHECK_FAIL);
	assert_string_equal(h.last.repair, "sysctl -w net.ipv4.ip_forward=1");
	done(&f);
}

TEST(esp_is_looked_at_only_when_no_daemon_has_chosen)
{
	struct facts f = well(HOST, SECRET);
	struct heard h;

	f.has_esp4 = f.has_tun = false;
	h = judged(&f, "ESP");
	assert_int_equal(h.n, 0);
	f.is_running = false;
	h = judged(&f, "ESP");
	assert_int_equal(h.last.result, CHECK_FAIL);
	f.has_tun = true;
	h = judged(&f, "ESP");
	assert_int_equal(h.last.result, CHECK_OK);
	done(&f);
}

TEST(rp_filter_is_news_only_when_it_drops_now)
{
	struct facts f = well(HOST, SECRET);
	struct heard h = judged(&f, "rp_filter");

	assert_int_equal(h.n, 0);
	f.rp_dropped = 3;
	h = judged(&f, "rp_filter");
	assert_int_equal(h.last.result, CHECK_WARN);
	done(&f);
}

TEST(an_end_that_is_nowhere_and_a_name_that_is_nobody)
{
	struct facts f =
		well("conn far\n\tleft=192.0.2.8\n\tright=192.0.2.9\n\tauthby=secret\n\tauto=add\n",
			SECRET);
	struct heard h = judged(&f, "addresses");

	assert_int_equal(h.fails, 1);
	assert_string_equal(h.last.repair, "left=%defaultroute in the conn");
	done(&f);
	f = well(
		"conn "
		"far\n\tleft=192.0.2.1\n\tright=vpn.example.invalid\n\tauthby=secret\n\tauto=add\n",
		": PSK \"for everybody who comes\"\n");
	h = judged(&f, "names");
	assert_int_equal(h.fails, 1);
	assert_non_null(strstr(h.last.text, "vpn.example.invalid"));
	done(&f);
}

TEST(two_peers_for_the_same_subnets_are_a_warning)
{
	struct facts f = well(NET
		"conn spare\n\tleft=192.0.2.1\n\tleftsubnet=10.0.1.0/24\n"
		"\tright=192.0.2.3\n\trightsubnet=10.0.2.0/24\n\tauthby=secret\n\tauto=start\n",
		": PSK \"for everybody who comes\"\n");
	struct heard h = judged(&f, "subnets");

	assert_int_equal(h.warnings, 1);
	assert_int_equal(h.last.result, CHECK_WARN);
	done(&f);
}

TEST(sockets_are_read_from_the_kernels_table)
{
	static const char text[] =
		"   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
		"uid  "
		"timeout inode ref pointer drops\n"
		"  12: 00000000:01F4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0"
		"        0 4711 2 0000000000000000 0\n"
		"  13: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0"
		"        0 4712 2 0000000000000000 0\n"
		"  14: 00000000000000000000000000000000:1194 00000000000000000000000000000000:0000 "
		"07 "
		"00000000:00000000 00:00000000 00000000     0        0 4713 2 0 0\n"
		"  15: broken";
	struct facts f = { 0 };

	facts_udp(&f, bytes_str(text));
	assert_int_equal(f.n_socket, 2);
	assert_int_equal(f.socket[0].port, 500);
	assert_int_equal(f.socket[0].inode, 4711);
	assert_int_equal(f.socket[1].port, 4500);
	assert_int_equal(f.socket[1].inode, 4713);
}

TEST(the_counter_of_rp_filter_is_found_by_its_name)
{
	assert_int_equal(facts_rp_dropped("TcpExt: A IPReversePathFilter B\nTcpExt: 1 22 3\n"
					  "IpExt: X\nIpExt: 9\n"),
		22);
	assert_int_equal(facts_rp_dropped("TcpExt: A B\nTcpExt: 1 2\n"), 0);
	assert_int_equal(facts_rp_dropped("TcpExt: A IPReversePathFilter"), 0);
	assert_int_equal(facts_rp_dropped(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_healthy_host_has_no_alarm),
		cmocka_unit_test(a_daemon_that_does_not_run_is_named_with_its_command),
		cmocka_unit_test(a_file_with_an_error_is_named_with_the_line),
		cmocka_unit_test(secrets_that_others_may_read_are_a_warning),
		cmocka_unit_test(a_connection_without_a_secret_fails_with_the_line_to_write),
		cmocka_unit_test(a_port_of_somebody_else_fails_and_names_the_service),
		cmocka_unit_test(another_daemon_is_a_warning),
		cmocka_unit_test(forwarding_matters_only_with_hosts_behind_this_one),
		cmocka_unit_test(esp_is_looked_at_only_when_no_daemon_has_chosen),
		cmocka_unit_test(rp_filter_is_news_only_when_it_drops_now),
		cmocka_unit_test(an_end_that_is_nowhere_and_a_name_that_is_nobody),
		cmocka_unit_test(two_peers_for_the_same_subnets_are_a_warning),
		cmocka_unit_test(sockets_are_read_from_the_kernels_table),
		cmocka_unit_test(the_counter_of_rp_filter_is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
