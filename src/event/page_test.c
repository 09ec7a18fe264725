/* The lines that people know and scripts parse, to the letter: the requirement page's, and
 * Libreswan 4.10's where the page has none. The only test that looks at text. */
#include "base/test.h"
#include "event/event.h"

static struct event last;

static void take(void *ctx, const struct event *e)
{
	(void)ctx;
	assert_true(event_check(e));
	last = *e;
}

static const struct event_sink sink = { take, NULL };
static const struct now now;

/* "vpn.example.com"[1] 192.0.2.2 #15 */
static const struct event_about instance = {
	.conn = "vpn.example.com", .instance = 1, .peer = { 4, { 192, 0, 2, 2 } }, .serial = 15
};
static const struct event_about plain = { .conn = "vpn.example.com", .serial = 1 };
static const struct event_about nobody;

#define LINE(about, text, name, ...)                                                               \
	do {                                                                                       \
		char line_[2048];                                                                  \
		EMIT(&sink, now, &(about), name, __VA_ARGS__);                                     \
		assert_string_equal(event_line(&last, true, line_, sizeof(line_)), text);          \
	} while (0)

static struct endpoint ep(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
	return (struct endpoint){ { 4, { a, b, c, d } }, port };
}

TEST(lines_of_the_page)
{
	LINE(nobody, "002 added connection description \"vpn.example.com\"", conn_added,
		.name = ev_str("vpn.example.com"));
	LINE(instance, "181 \"vpn.example.com\"[1] 192.0.2.2 #15: initiating IKEv2 IKE SA",
		v2_initiate, .remote = ev_ep(ep(192, 0, 2, 2, 500)));
	LINE(instance,
		"181 \"vpn.example.com\"[1] 192.0.2.2 #15: STATE_PARENT_I1: sent v2I1, expected "
		"v2R1",
		v2_init_sent, .state = ev_str("STATE_PARENT_I1"),
		.remote = ev_ep(ep(192, 0, 2, 2, 500)));
	LINE(instance,
		"010 \"vpn.example.com\"[1] 192.0.2.2 #15: STATE_PARENT_I1: retransmission; will "
		"wait 0.5 "
		"seconds for response",
		v2_retransmit, .state = ev_str("STATE_PARENT_I1"), .seconds = ev_str("0.5"),
		.count = ev_u64(1), .remote = ev_ep(ep(192, 0, 2, 2, 500)));
	LINE(instance,
		"000 \"vpn.example.com\"[1] 192.0.2.2 #15: ERROR: asynchronous network error "
		"report on wlp2s0 "
		"(192.0.2.2:500), complainant 198.51.100.1: Connection refused [errno 111, origin "
		"ICMP type 3 "
		"code 3 (not authenticated)]",
		v2_net_error, .interface = ev_str("wlp2s0"), .local = ev_ep(ep(192, 0, 2, 2, 500)),
		.complainant = ev_addr(ep(198, 51, 100, 1, 0).addr),
		.what = ev_str("Connection refused"), .error = ev_u64(111),
		.origin = ev_str("ICMP type 3 code 3"), .remote = ev_ep(ep(192, 0, 2, 2, 500)),
		.icmp_type = ev_u64(3), .icmp_code = ev_u64(3));
	LINE(instance,
		"003 \"vpn.example.com\"[1] 192.0.2.2 #15: dropping unexpected IKE_SA_INIT message "
		"containing "
		"NO_PROPOSAL_CHOSEN notification; message payloads: N; missing payloads: SA,KE,Ni",
		v2_init_refused, .notify = ev_str("NO_PROPOSAL_CHOSEN"), .payloads = ev_str("N"),
		.missing = ev_str("SA,KE,Ni"), .remote = ev_ep(ep(192, 0, 2, 2, 500)),
		.offered = ev_str("1:IKE:ENCR=AES_CBC_128"), .ours_conf = ev_str(""),
		.ours_swanctl = ev_str(""));
	LINE(instance,
		"182 \"vpn.example.com\"[1] 192.0.2.2 #15: STATE_PARENT_I2: sent v2I2, expected "
		"v2R2 {auth=IKEv2 "
		"cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_256 group=MODP2048}",
		v2_auth_sent, .state = ev_str("STATE_PARENT_I2"),
		.suite = ev_str("cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_256 group=MODP2048"),
		.remote = ev_ep(ep(192, 0, 2, 2, 500)), .octets = ev_u64(252),
		.datagrams = ev_u64(1));
	LINE(instance,
		"002 \"vpn.example.com\"[1] 192.0.2.2 #15: IKE_AUTH response contained the error "
		"notification "
		"NO_PROPOSAL_CHOSEN",
		v2_child_refused, .needs_esn = ev_u64(0), .exchange = ev_str("IKE_AUTH"),
		.notify = ev_str("NO_PROPOSAL_CHOSEN"), .offered = ev_str(""),
		.ts_local = ev_str(""), .ts_remote = ev_str(""), .ours_conf = ev_str(""),
		.ours_swanctl = ev_str(""), .product = ev_str(""));
	LINE(plain,
		"002 \"vpn.example.com\" #1: IKE SA authentication request rejected by peer: "
		"AUTHENTICATION_FAILED",
		v2_auth_rejected, .notify = ev_str("AUTHENTICATION_FAILED"), .ours = ev_str(""),
		.theirs = ev_str(""));
}

TEST(lines_of_the_page_on_ikev1)
{
	struct endpoint peer = ep(192, 0, 2, 23, 500);

	LINE(plain, "002 \"vpn.example.com\" #1: initiating Main Mode", v1_initiate,
		.mode = ev_str("Main Mode"), .old = ev_str(""), .remote = ev_ep(peer));
	LINE(plain, "102 \"vpn.example.com\" #1: STATE_MAIN_I1: sent MI1, expecting MR1",
		v1_main_i1_sent, .state = ev_str("STATE_MAIN_I1"), .remote = ev_ep(peer));
	LINE(plain,
		"010 \"vpn.example.com\" #1: STATE_MAIN_I1: retransmission; will wait 0.5 "
		"seconds for response",
		v1_retransmit, .state = ev_str("STATE_MAIN_I1"), .seconds = ev_str("0.5"),
		.count = ev_u64(1), .remote = ev_ep(peer));
	LINE(plain,
		"031 \"vpn.example.com\" #1: STATE_QUICK_I1: 60 second timeout exceeded after 0 "
		"retransmits.  No acceptable response to our first Quick Mode message: perhaps "
		"peer likes no proposal",
		v1_timeout, .state = ev_str("STATE_QUICK_I1"), .seconds = ev_str("60"),
		.retransmits = ev_u64(0), .remote = ev_ep(peer),
		.hint = ev_str("No acceptable response to our first Quick Mode message: perhaps "
			       "peer likes no proposal"));
	LINE(plain,
		"003 \"vpn.example.com\" #1: received Hash Payload does not match computed value",
		v1_hash_mismatch, .id_type = ev_str("ID_IPV4_ADDR"), .id = ev_str("192.0.2.23"),
		.where = ev_str(""));
	LINE(plain,
		"223 \"vpn.example.com\" #1: sending notification INVALID_HASH_INFORMATION to "
		"192.0.2.23:500",
		v1_notify_hash, .encrypted = ev_str(""), .remote = ev_ep(peer));
}

TEST(lines_that_monitoring_looks_for)
{
	LINE(plain,
		"004 \"vpn.example.com\" #1: IKE SA established {auth=PRESHARED_KEY "
		"cipher=AES_CBC_256 integ=HMAC_SHA2_256 group=MODP2048}",
		v1_ike_established, .auth = ev_str("PRESHARED_KEY"),
		.cipher = ev_str("AES_CBC_256"), .integ = ev_str("HMAC_SHA2_256"),
		.group = ev_str("MODP2048"), .id_type = ev_str("ID_FQDN"), .id = ev_str("@east"));
	LINE(plain,
		"003 \"vpn.example.com\" #1: initiator established IKE SA; authenticated peer "
		"using authby=secret "
		"and ID_FQDN '@east'",
		v2_ike_established, .role = ev_str("initiator"), .method = ev_str("secret"),
		.id_type = ev_str("ID_FQDN"), .id = ev_str("@east"));
	LINE(plain,
		"004 \"vpn.example.com\" #1: initiator established Child SA using #1; IPsec tunnel "
		"[10.0.1.0-10.0.1.255:0-65535 0] -> [10.0.2.0-10.0.2.255:0-65535 0] "
		"{ESP/ESN=>0xa638319a "
		"<0x3ac67359 xfrm=AES_GCM_16_256-NONE DPD=passive}",
		v2_child_established, .role = ev_str("initiator"), .verb = ev_str("established"),
		.old = ev_str(""), .ike = ev_u64(1), .mode = ev_str("tunnel"),
		.ts_local = ev_str("10.0.1.0-10.0.1.255:0-65535 0"),
		.ts_remote = ev_str("10.0.2.0-10.0.2.255:0-65535 0"), .esp = ev_str("ESP/ESN"),
		.spi_out = ev_x32(0xa638319a), .spi_in = ev_x32(0x3ac67359),
		.xfrm = ev_str("AES_GCM_16_256-NONE"), .natd = ev_str(""), .dpd = ev_str("passive"),
		.asked_local = ev_str(""), .asked_remote = ev_str(""), .got_local = ev_str(""),
		.got_remote = ev_str(""), .product = ev_str(""));
	LINE(plain, "005 \"vpn.example.com\" #1: ESP traffic information: in=252B out=252B",
		child_traffic, .in = ev_u64(252), .out = ev_u64(252));
	LINE(plain,
		"002 \"vpn.example.com\" #1: deleting state (STATE_V2_ESTABLISHED_IKE_SA) aged "
		"8.142607s and "
		"sending notification",
		v2_deleting, .state = ev_str("STATE_V2_ESTABLISHED_IKE_SA"),
		.age = ev_str("8.142607"), .sending = ev_str("sending notification"),
		.by = ev_str("us"));
	LINE(nobody, "021 no connection named \"nosuch\"", conn_unknown, .name = ev_str("nosuch"),
		.nearest = ev_str(""));
}

TEST(lines_of_status)
{
	LINE(plain,
		"000 #1: \"vpn.example.com\":500 STATE_V2_ESTABLISHED_IKE_SA (established IKE SA); "
		"REKEY in "
		"28183s; REPLACE in 28798s; newest; idle;",
		state_status, .port = ev_u64(500), .state = ev_str("STATE_V2_ESTABLISHED_IKE_SA"),
		.story = ev_str("established IKE SA"), .rekey = ev_str("28183"),
		.replace = ev_str("28798"), .timer = ev_str(""), .newest = ev_str("newest"),
		.parent = ev_str(""), .ike_sa = ev_str(""));
	LINE(plain,
		"000 #1: \"vpn.example.com\":500 STATE_QUICK_I2 (IPsec SA established); REPLACE in "
		"28798s; newest; eroute owner; isakmp#1; idle;",
		state_status, .port = ev_u64(500), .state = ev_str("STATE_QUICK_I2"),
		.story = ev_str("IPsec SA established"), .rekey = ev_str(""),
		.replace = ev_str("28798"), .timer = ev_str(""),
		.newest = ev_str("newest; eroute owner"), .parent = ev_str("isakmp"),
		.ike_sa = ev_str("1"));
	LINE(nobody, "000 IKE SAs: total(1), half-open(0), open(0), authenticated(1), anonymous(0)",
		brief_ike, .total = ev_u64(1), .half_open = ev_u64(0), .open = ev_u64(0),
		.authenticated = ev_u64(1), .anonymous = ev_u64(0));
	LINE(nobody, "000 Total IPsec connections: loaded 1, active 0", connection_total,
		.loaded = ev_u64(1), .active = ev_u64(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_page),
		cmocka_unit_test(lines_of_the_page_on_ikev1),
		cmocka_unit_test(lines_that_monitoring_looks_for),
		cmocka_unit_test(lines_of_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
