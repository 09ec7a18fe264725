/* Lines of other daemons, and the events that they become. */
#include "base/test.h"
#include "foreign/foreign.h"

#include <stdio.h>

static char got[32][1024];
static unsigned n_got, n_bad;

static void take(void *ctx, const struct event *e)
{
	(void)ctx;
	n_bad += !event_check(e);
	if (n_got < COUNT(got) && e->id != EV_conn_facts)
		event_json(e, got[n_got++], sizeof(got[0]));
}
static const struct event_sink sink = { take, NULL };

static struct now read_all(const char *const *lines)
{
	struct foreign_log *l = foreign_new();
	struct now at;

	n_got = n_bad = 0;
	for (; *lines; lines++)
		foreign_line(l, bytes_str(*lines), &sink);
	assert_int_equal(n_bad, 0);
	at = foreign_now(l);
	foreign_free(l);
	return at;
}

static bool got_event(const char *name, const char *field)
{
	for (unsigned i = 0; i < n_got; i++)
		if (strstr(got[i], name) && strstr(got[i], field))
			return true;
	return false;
}

#define READ(...) read_all((const char *const[]){ __VA_ARGS__, NULL })

TEST(pluto_names_the_connection_and_the_peer)
{
	READ("Nov 29 13:44:33.469921: \"vpn\"[2] 192.0.2.9 #7: sent IKE_SA_INIT request to "
	     "198.51.100.1:UDP/500");
	assert_true(got_event("\"v2_init_sent\"", "\"conn\":\"vpn\",\"instance\":2"));
	assert_true(got_event("\"v2_init_sent\"", "\"remote\":\"198.51.100.1:500\""));
}

TEST(every_clock_is_read)
{
	static const char *const lines[] = {
		"Jan  1 00:00:02.500000: \"vpn\" #1: initiating IKEv2 connection",
		"1970-01-01T00:00:02.500000+01:00 gw pluto[12]: \"vpn\" #1: initiating IKEv2 "
		"connection",
		"Jan  1 00:00:02,500 gw charon-systemd[12]: 05[IKE] initiating IKE_SA vpn[1] to "
		"192.0.2.1",
		"00:00:02.5 05[IKE] <vpn|1> initiating IKE_SA vpn[1] to 192.0.2.1",
		"    2.5 | 05[IKE] initiating IKE_SA vpn[1] to 192.0.2.1",
		"    2.500 out| [IKE] initiating IKE_SA vpn[1] to 192.0.2.1",
		"[    2.500000] gw charon[12]: 05[IKE] initiating IKE_SA vpn[1] to 192.0.2.1",
		"vpn-1  | 00:00:02.5 05[IKE] initiating IKE_SA vpn[1] to 192.0.2.1\r",
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		assert_int_equal(READ(lines[i]).mono, 2500 * NS_MS);
		assert_true(got_event("\"v2_initiate\"", "\"conn\":\"vpn\""));
	}
}

/* What stands around a line does not matter: journals, syslogs, routers' pages, containers, mails.
 */
TEST(whatever_stands_around_a_line_is_passed_over)
{
	static const char *const before[] = { "Nov 29 13:44:33 gw.example.com charon[12]: ",
		"Sun 2026-11-29 13:44:33 CET gw charon-systemd[12]: ",
		"<30>1 2026-11-29T13:44:33+01:00 gw charon 12345 - [meta sequenceId=\"5\"] ",
		"2026-11-29T13:44:33.123456789Z stdout F ", "[pod/vpn-7d4b9/charon] ",
		"Sun Nov 29 13:44:33 2026 daemon.info : ",
		"11-29 13:44:33.123 12345 12367 I charon: ", "Nov 29 13:44:33\tcharon\t1234\t",
		"29.11.2026 13:44:33 ", "    MESSAGE=", "> Nov 29 13:44:33 gw ipsec[12]: ",
		"/var/log/syslog:7:Nov 29 13:44:33 gw charon: ",
		"\033[0;32mNov 29 13:44:33\033[0m gw charon[12]: \033[1m",
		"[2026-11-29 13:44:33] " };
	char line[256];
	struct now at;

	for (size_t i = 0; i < COUNT(before); i++) {
		snprintf(line, sizeof(line),
			"%s05[IKE] <vpn|1> initiating IKE_SA vpn[1] to 192.0.2.1", before[i]);
		READ(line);
		if (!got_event("\"v2_initiate\"", "\"conn\":\"vpn\""))
			fail_msg("charon behind %s", before[i]);
		snprintf(
			line, sizeof(line), "%s\"vpn\" #1: initiating IKEv2 connection", before[i]);
		at = READ(line);
		if (!got_event("\"v2_initiate\"", "\"conn\":\"vpn\""))
			fail_msg("pluto behind %s", before[i]);
		/* and its clock is read, whatever is before that */
		if (strstr(before[i], "13:44:33"))
			assert_int_equal(at.mono / NS_S % 86400, 13 * 3600 + 44 * 60 + 33);
	}
}

TEST(what_pages_make_of_a_line_is_undone)
{
	READ("\"2026-11-29T13:44:33\",\"Informational\",\"charon\",\"12\",\"05[IKE] &lt;7c-1|3&gt; "
	     "initiating IKE_SA 7c-1[3] to 192.0.2.1\"");
	assert_true(got_event("\"v2_initiate\"", "\"conn\":\"7c-1\""));
	READ("\"2026-11-29T13:44:33\",\"pluto\",\"\"\"vpn\"\" #1: initiating IKEv2 connection\"");
	assert_true(got_event("\"v2_initiate\"", "\"conn\":\"vpn\""));
	READ("\342\200\234vpn\342\200\235 #1:\302\240initiating IKEv2 connection");
	assert_true(got_event("\"v2_initiate\"", "\"conn\":\"vpn\""));
	READ("05[IKE1] <vpn|1> initiating IKE_SA vpn[1] to 192.0.2.1"); /* log_level = yes */
	assert_true(got_event("\"v2_initiate\"", "\"conn\":\"vpn\""));
}

/* ipsec(8) of strongSwan prints what its daemon logs, without tags. */
TEST(what_ipsec_up_of_strongswan_prints_is_a_log)
{
	READ("initiating IKE_SA vpn[1] to 192.0.2.1",
		"generating IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) ]",
		"sending packet: from 198.51.100.1[500] to 192.0.2.1[500] (240 bytes)",
		"received packet: from 192.0.2.1[500] to 198.51.100.1[500] (36 bytes)",
		"parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]",
		"received NO_PROPOSAL_CHOSEN notify error", "establishing connection 'vpn' failed");
	assert_true(got_event("\"v2_init_refused\"", "\"conn\":\"vpn\""));
}

TEST(other_programs_have_no_say)
{
	struct foreign_log *l = foreign_new();
	static const char *const lines[] = { "{ \"name\": \"value\" }", "  \"MESSAGE\" : 7",
		"Nov 29 13:44:33 gw dockerd[1]: level=info msg=\"x\": initiating IKEv2 connection",
		"[NET] started", "[APP] initiating", "received 5 notify error", "no peer",
		"13:44:33.469921: | v2 \"vpn\" #1: initiating IKEv2 connection" };

	n_got = 0;
	for (size_t i = 0; i < COUNT(lines); i++)
		foreign_line(l, bytes_str(lines[i]), &sink);
	assert_int_equal(foreign_dialect(l), FOREIGN_UNKNOWN);
	assert_int_equal(n_got, 0);
	/* nor has another clock of theirs: not what year it is, not that another log begins */
	foreign_line(l, bytes_str("Nov 29 13:44:33 gw charon: 05[IKE] a"), &sink);
	foreign_line(l, bytes_str("2026-11-29 13:44:33 a stack of something"), &sink);
	assert_false(foreign_begins(l, bytes_str("00:00:01 a trace of something")));
	assert_false(foreign_begins(l, bytes_str("Nov 29 13:44:34 gw charon: 05[IKE] b")));
	foreign_free(l);
}

static bool is_newest_first(const char *const *lines)
{
	struct foreign_order o = { 0 };

	for (; *lines; lines++)
		foreign_order_take(&o, bytes_str(*lines));
	return foreign_order_is_newest_first(&o);
}
#define NEWEST_FIRST(...) is_newest_first((const char *const[]){ __VA_ARGS__, NULL })

TEST(the_newest_line_can_be_the_first)
{
	assert_true(NEWEST_FIRST("13:44:35 05[IKE] c", "13:44:34 05[IKE] b", "13:44:33 05[IKE] a"));
	assert_false(
		NEWEST_FIRST("13:44:33 05[IKE] a", "13:44:34 05[IKE] b", "13:44:35 05[IKE] c"));
	/* another log */
	assert_false(NEWEST_FIRST("13:44:33 05[IKE] a", "13:40:33 05[IKE] b"));
	/* all in one second, or without a clock */
	assert_true(NEWEST_FIRST("13:44:33 05[ENC] parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]",
		"13:44:33 05[NET] received packet: from 192.0.2.1[500] to 198.51.100.1[500]"));
	assert_false(
		NEWEST_FIRST("05[NET] received packet: from 192.0.2.1[500] to 198.51.100.1[500]",
			"05[ENC] parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]",
			"06[NET] received packet: from 192.0.2.1[500] to 198.51.100.1[500]"));
	assert_true(NEWEST_FIRST("\"vpn\" #1: sent IKE_SA_INIT request to 192.0.2.1:500",
		"\"vpn\" #1: initiating IKEv2 connection"));
	assert_false(NEWEST_FIRST("\"vpn\" #1: initiating IKEv2 connection",
		"\"vpn\" #1: sent IKE_SA_INIT request to 192.0.2.1:500"));
}

TEST(midnight_does_not_turn_time_back)
{
	struct now at = READ("23:59:59 05[IKE] initiating IKE_SA vpn[1] to 192.0.2.1",
		"00:00:01 06[IKE] giving up after 5 retransmits");

	assert_int_equal(at.mono, 86401 * NS_S);
}

TEST(who_shows_lines_without_a_clock_has_waited)
{
	struct foreign_log *l = foreign_new();

	foreign_line(l, bytes_str("002 \"vpn\" #1: initiating IKEv2 connection"), &sink);
	assert_int_equal(foreign_now(l).mono, 0);
	assert_int_equal(foreign_later(l).mono, 600 * NS_S);
	foreign_line(l, bytes_str("Jan  1 00:00:02: \"vpn\" #1: nothing"), &sink);
	assert_int_equal(foreign_later(l).mono, 4 * NS_S);
	foreign_free(l);
}

static bool begins_anew(const char *first, const char *second)
{
	struct foreign_log *l = foreign_new();
	bool is;

	foreign_line(l, bytes_str(first), &sink);
	is = foreign_begins(l, bytes_str(second));
	foreign_free(l);
	return is;
}

TEST(where_time_goes_back_another_log_begins)
{
	assert_true(begins_anew("   64.207 | 05[IKE] a", "    0.011 | 05[IKE] b"));
	assert_true(begins_anew("Nov 29 13:44:33 05[IKE] a", "Nov 29 13:40:00 05[IKE] b"));
	assert_true(begins_anew("05[IKE] a", "==> /var/log/charon.log <=="));
	/* disorder; midnight; no clock */
	assert_false(begins_anew("   64.207 | 05[IKE] a", "   62.207 | 05[IKE] b"));
	assert_false(begins_anew("23:59:59 05[IKE] a", "00:00:01 05[IKE] b"));
	assert_false(begins_anew("   64.207 | 05[IKE] a", "05[IKE] b"));
}

TEST(a_peer_that_does_not_go_on_is_told_of_at_the_end)
{
	struct foreign_log *l = foreign_new();

	n_got = n_bad = 0;
	foreign_line(l, bytes_str("\"vpn\"[1] 192.0.2.9 #1: sent IKE_SA_INIT reply {x}"), &sink);
	foreign_end(l, &sink);
	foreign_free(l);
	assert_true(got_event("\"v2_half_open_end\"", "STATE_V2_PARENT_R1"));
}

TEST(a_router_that_complains_is_not_taken_for_the_peer)
{
	READ("\"vpn\" #1: initiating IKEv1 Main Mode connection",
		"\"vpn\" #1: ERROR: asynchronous network error report on eth0 (192.0.2.1:500), "
		"complainant 203.0.113.9: No route to host [errno 113, origin ICMP type 3 code 1 "
		"(not authenticated)]");
	assert_true(got_event("\"v1_net_error\"", "\"complainant\":\"203.0.113.9\""));
	assert_false(got_event("\"v1_net_error\"", "\"remote\":\"203.0.113.9"));
}

TEST(charons_threads_tell_whose_line_it_is)
{
	READ("05[IKE] initiating IKE_SA a[1] to 192.0.2.1",
		"06[IKE] initiating IKE_SA b[2] to 192.0.2.2",
		"07[NET] received packet: from 192.0.2.1[500] to 198.51.100.1[500] (36 bytes)",
		"08[NET] received packet: from 192.0.2.2[500] to 198.51.100.1[500] (36 bytes)",
		"07[IKE] received NO_PROPOSAL_CHOSEN notify error",
		"09[IKE] retransmit 1 of request with message ID 0",
		"09[NET] sending packet: from 198.51.100.1[500] to 192.0.2.2[500] (36 bytes)");
	assert_true(got_event("\"v2_init_refused\"", "\"conn\":\"a\""));
	assert_true(got_event("\"v2_retransmit\"", "\"conn\":\"b\""));
	assert_false(got_event("\"v2_init_refused\"", "\"conn\":\"b\""));
}

TEST(a_refusal_is_told_apart_from_a_wrong_secret)
{
	READ("05[IKE] initiating IKE_SA vpn[1] to 192.0.2.1",
		"05[ENC] generating IKE_AUTH request 1 [ IDi AUTH SA TSi TSr ]",
		"05[IKE] received AUTHENTICATION_FAILED notify error");
	assert_true(got_event("\"v2_auth_rejected\"", "\"notify\":\"AUTHENTICATION_FAILED\""));
	assert_false(got_event("\"v2_init_refused\"", ""));
}

TEST(what_differs_in_two_lists_is_named)
{
	READ("05[NET] received packet: from 192.0.2.1[500] to 198.51.100.1[500] (36 bytes)",
		"05[IKE] 192.0.2.1 is initiating an IKE_SA",
		"05[CFG] received proposals: IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/"
		"MODP_2048",
		"05[CFG] configured proposals: IKE:AES_CBC_256/HMAC_SHA2_256_128/"
		"PRF_HMAC_SHA2_256/MODP_3072",
		"05[IKE] received proposals unacceptable");
	assert_true(got_event("\"v2_no_proposal\"", "\"difference\":\"DH\""));
	assert_true(got_event("\"v2_no_proposal\"", "\"conn\":\"192.0.2.1\""));
}

TEST(quick_mode_of_ikev1_has_its_own_refusal)
{
	READ("\"vpn\" #1: initiating IKEv1 Main Mode connection",
		"\"vpn\" #1: sent Main Mode request",
		"\"vpn\" #1: received and ignored notification payload: NO_PROPOSAL_CHOSEN");
	assert_true(got_event("\"v1_ignored\"", "NO_PROPOSAL_CHOSEN"));
	READ("\"vpn\" #1: IKE SA established {auth=PRESHARED_KEY cipher=AES_CBC_256 "
	     "integ=HMAC_SHA2_256 group=MODP2048}",
		"\"vpn\" #2: initiating Quick Mode PSK {using isakmp#1 msgid:c3c0d25d "
		"proposal=AES_GCM_16_256-NONE pfsgroup=MODP2048}",
		"\"vpn\" #2: sent Quick Mode request",
		"\"vpn\" #1: received and ignored notification payload: NO_PROPOSAL_CHOSEN");
	assert_true(got_event("\"v1_quick_refused\"", "\"offered\":\"AES_GCM_16_256-NONE\""));
	assert_true(got_event("\"v1_quick_refused\"", "\"pfs\":\"MODP2048\""));
}

/* Libreswan 5.x: no numbers before lines, states without STATE_V2_, identities without ID_. */
TEST(pluto_5_as_initiator)
{
	READ("Nov 23 07:47:46.617448: \"vpn\" #1: initiating IKEv2 connection to 192.1.2.23 using "
	     "UDP",
		"Nov 23 07:47:46.617448: \"vpn\" #1: sent IKE_SA_INIT request to "
		"192.1.2.23:UDP/500",
		"Nov 23 07:47:47.117448: \"vpn\" #1: retransmitting IKE_SA_INIT request; will "
		"wait 0.5 seconds for response",
		"Nov 23 07:47:47.617448: \"vpn\" #1: IKE_SA_INIT_I: 30 second timeout exceeded "
		"after 6 retransmits.  No response (or no acceptable response) to our first IKEv2 "
		"message");
	assert_true(got_event("\"v2_init_sent\"", "\"remote\":\"192.1.2.23:500\""));
	assert_true(got_event("\"v2_retransmit\"", "\"count\":1"));
	assert_true(got_event("\"v2_retransmit\"", "\"seconds\":\"0.5\""));
	/* the state is the one that it had, not the first word */
	assert_false(got_event("\"v2_retransmit\"", "\"state\":\"retransmitting\""));
	assert_true(got_event("\"v2_timeout\"", "\"retransmits\":6"));
	READ("\"vpn\" #1: sent IKE_SA_INIT request to 192.1.2.23:UDP/500",
		"\"vpn\" #1: ignoring IKE_SA_INIT response containing NO_PROPOSAL_CHOSEN "
		"notification (Message ID 0; message payloads N, missing SA,KE,Ni)");
	assert_true(got_event("\"v2_init_refused\"", "\"notify\":\"NO_PROPOSAL_CHOSEN\""));
	assert_true(got_event("\"v2_init_refused\"", "\"payloads\":\"N\""));
	READ("\"vpn\" #1: sent IKE_SA_INIT request to 192.1.2.23:UDP/500",
		"\"vpn\" #1: processed IKE_SA_INIT response from 192.1.2.23:UDP/500 "
		"{cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_512 ke=DH19}, initiating IKE_AUTH",
		"\"vpn\" #1: sent IKE_AUTH request to 192.1.2.23:UDP/500 with shared-key-mac and "
		"FQDN '@west'; Child SA #2 {ESP <0x12345678} [192.0.1.0/24===192.0.2.0/24]",
		"\"vpn\" #1: initiator established IKE SA; authenticated peer using "
		"authby=secret and FQDN '@east'",
		"\"vpn\" #2: initiator established Child SA using #1; IPsec tunnel "
		"[192.0.1.0/24===192.0.2.0/24] {ESP/ESN=>0x1 <0x2 xfrm=AES_GCM_16_256 "
		"DPD=passive}");
	assert_true(got_event("\"v2_auth_sent\"", "\"suite\":\"cipher=AES_GCM_16_256 integ=n/a "
						  "prf=HMAC_SHA2_512 ke=DH19\""));
	assert_true(got_event("\"v2_ike_established\"", "\"id\":\"@east\""));
	assert_true(got_event("\"v2_child_established\"", "\"ts_local\":\"192.0.1.0/24\""));
	assert_true(got_event("\"v2_child_established\"", "\"ts_remote\":\"192.0.2.0/24\""));
	assert_true(got_event("\"v2_child_established\"", "\"xfrm\":\"AES_GCM_16_256\""));
}

TEST(pluto_5_as_responder)
{
	READ("\"vpn\" #2: Child SA's Traffic Selector request {TSi=192.0.1.0/24;TSr=192.0.2.0/24} "
	     "does not match any permanent IKEv2 connection; responding with TS_UNACCEPTABLE");
	assert_true(got_event("\"v2_ts_refused\"", "\"tsi\":\"192.0.1.0/24\""));
	assert_true(got_event("\"v2_ts_refused\"", "\"tsr\":\"192.0.2.0/24\""));
	READ("ERROR: \"vpn\" #2: netlink response for XFRM_MSG_UPDSA esp.82b3e78a@192.0.2.1: "
	     "Function not implemented (errno 38)");
	assert_true(got_event("\"v2_child_not_installed\"", "\"is_unsupported\":1"));
	READ("\"vpn\" #1: authentication failed: computed hash does not match hash received "
	     "from peer FQDN '@west'");
	assert_true(got_event("\"v2_auth_mismatch\"", "\"id\":\"@west\""));
	READ("packet from 192.1.2.45:500: ignoring IKEv1 packet as global policy is set to "
	     "silently drop all IKEv1 packets");
	assert_true(got_event("\"v1_policy_drop\"", "\"remote\":\"192.1.2.45:500\""));
	READ("\"vpn\": global ikev1-policy=drop does not allow IKEv1 connections");
	assert_true(got_event("\"conn_version\"", "IKEv1"));
	READ("\"vpn\" #1: responding to Main Mode from unknown peer 192.1.2.45:500",
		"\"vpn\" #2: the peer proposed: 192.0.2.0/24===192.0.1.0/24");
	assert_true(got_event("\"v1_peer_proposed\"", "\"ours\":\"192.0.2.0/24\""));
	assert_true(got_event("\"v1_peer_proposed\"", "\"theirs\":\"192.0.1.0/24\""));
}

TEST(pluto_5_in_ikev1)
{
	READ("\"vpn\" #1: initiating IKEv1 Main Mode connection",
		"\"vpn\" #1: sent Main Mode request",
		"\"vpn\" #1: ignoring unsecured informational payload NO_PROPOSAL_CHOSEN, "
		"length=12");
	assert_true(got_event("\"v1_ignored\"", "\"notify\":\"NO_PROPOSAL_CHOSEN\""));
	READ("\"vpn\" #1: ISAKMP SA established {auth=PRESHARED_KEY cipher=AES_CBC_256 "
	     "integ=HMAC_SHA2_256 group=MODP2048}",
		"\"vpn\" #1: ignoring informational payload IPSEC_INITIAL_CONTACT, "
		"msgid=00000000, length=28",
		"\"vpn\" #2: sent Quick Mode request",
		"\"vpn\" #1: ignoring secured informational payload NO_PROPOSAL_CHOSEN, "
		"msgid=c3c0d25d, length=12");
	assert_true(got_event("\"v1_ike_established\"", "\"group\":\"MODP2048\""));
	assert_true(got_event("\"v1_quick_refused\"", "\"notify\":\"NO_PROPOSAL_CHOSEN\""));
	assert_false(got_event("\"v1_ignored\"", ""));
}

/* Libreswan 3.x: the numbers of whack, STATE_PARENT_I1, "contained the error notification". */
TEST(pluto_3)
{
	READ("133 \"C\" #1: STATE_PARENT_I1: initiate", "002 \"C\" #1: initiating v2 parent SA",
		"133 \"C\" #1: STATE_PARENT_I1: sent v2I1, expected v2R1",
		"010 \"C\" #1: STATE_PARENT_I1: retransmission; will wait 0.5 seconds for response",
		"134 \"C\" #2: STATE_PARENT_I2: sent v2I2, expected v2R2 {auth=IKEv2 "
		"cipher=aes_gcm_16_256 integ=n/a prf=sha2_512 group=MODP2048}",
		"002 \"C\" #2: IKE_AUTH response contained the error notification "
		"NO_PROPOSAL_CHOSEN");
	assert_true(got_event("\"v2_init_sent\"", ""));
	assert_true(got_event("\"v2_retransmit\"", "\"state\":\"STATE_PARENT_I1\""));
	assert_true(got_event("\"v2_auth_sent\"", "group=MODP2048"));
	assert_true(got_event("\"v2_child_refused\"", "\"notify\":\"NO_PROPOSAL_CHOSEN\""));
	READ("004 \"C\" #2: STATE_V2_IPSEC_I: IPsec SA established tunnel mode {ESP=>0x1 <0x2 "
	     "xfrm=AES_GCM_16_256-NONE NATOA=none NATD=none DPD=passive}");
	assert_true(got_event("\"v2_child_established\"", "\"xfrm\":\"AES_GCM_16_256-NONE\""));
	READ("002 \"C\" #1: we require IKEv2 peer to have ID '@east', but peer declares '@x'");
	assert_true(got_event("\"v2_wrong_id\"", "\"wanted\":\"@east\",\"declared\":\"@x\""));
}

TEST(what_this_host_could_not_send_is_told)
{
	READ("\"vpn\" #1: initiating IKEv2 connection",
		"003 ERROR: \"vpn\" #1: send on eth1 from 192.1.2.45:500 to 192.1.2.23:500 using "
		"UDP failed in STATE_V2_PARENT_I0: Network is unreachable (errno 101)");
	assert_true(got_event("\"v2_send_failed\"", "\"interface\":\"eth1\""));
	assert_true(got_event("\"v2_send_failed\"", "\"local\":\"192.1.2.45:500\""));
	assert_true(got_event("\"v2_send_failed\"", "\"remote\":\"192.1.2.23:500\""));
	assert_true(got_event("\"v2_send_failed\"", "\"error\":101"));
	READ("\"vpn\" #1: initiating IKEv2 connection to 192.1.2.23 using UDP",
		"ERROR: \"vpn\" #1: send on eth1 from 192.1.2.45:500 to 192.1.2.23:500 using UDP "
		"failed in IKE_SA_INIT request: Operation not permitted (errno 1)");
	assert_true(got_event("\"v2_send_failed\"", "\"error\":1"));
	assert_true(got_event("\"v2_send_failed\"", "Operation not permitted"));
}

TEST(attempts_in_a_row_are_one_story)
{
	READ("\"vpn\" #1: initiating IKEv2 connection",
		"\"vpn\" #2: initiating IKEv2 connection to replace establishing IKE SA #1",
		"\"vpn\" #2: initiator established IKE SA; authenticated peer using authby=secret "
		"and ID_IPV4_ADDR '192.0.2.1'");
	assert_true(strstr(got[0], "v2_initiate") && strstr(got[1], "v2_initiate"));
	assert_true(strstr(got[2], "v2_ike_established"));
	assert_int_equal(n_got, 3);
}

TEST(what_is_no_log_tells_nothing)
{
	struct foreign_log *l = foreign_new();

	n_got = 0;
	foreign_line(l, bytes_str("Nov 29 13:44:33 gw sshd[12]: Accepted publickey"), &sink);
	foreign_line(l, bytes_str(""), &sink);
	foreign_line(l, bytes_str("\"\": x"), &sink);
	assert_int_equal(foreign_dialect(l), FOREIGN_UNKNOWN);
	assert_int_equal(n_got, 0);
	foreign_free(l);
}

TEST(names_without_end_do_not_fill_the_memory)
{
	struct foreign_log *l = foreign_new();
	char line[256];

	n_got = n_bad = 0;
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line), "\"vpn%u\" #1: initiating IKEv2 connection", i);
		foreign_line(l, bytes_str(line), &sink);
	}
	assert_int_equal(n_bad, 0);
	assert_true(got_event("\"v2_initiate\"", "\"conn\":\"vpn31\""));
	foreign_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pluto_names_the_connection_and_the_peer),
		cmocka_unit_test(every_clock_is_read),
		cmocka_unit_test(whatever_stands_around_a_line_is_passed_over),
		cmocka_unit_test(what_pages_make_of_a_line_is_undone),
		cmocka_unit_test(what_ipsec_up_of_strongswan_prints_is_a_log),
		cmocka_unit_test(other_programs_have_no_say),
		cmocka_unit_test(the_newest_line_can_be_the_first),
		cmocka_unit_test(midnight_does_not_turn_time_back),
		cmocka_unit_test(who_shows_lines_without_a_clock_has_waited),
		cmocka_unit_test(where_time_goes_back_another_log_begins),
		cmocka_unit_test(a_peer_that_does_not_go_on_is_told_of_at_the_end),
		cmocka_unit_test(a_router_that_complains_is_not_taken_for_the_peer),
		cmocka_unit_test(charons_threads_tell_whose_line_it_is),
		cmocka_unit_test(a_refusal_is_told_apart_from_a_wrong_secret),
		cmocka_unit_test(what_differs_in_two_lists_is_named),
		cmocka_unit_test(quick_mode_of_ikev1_has_its_own_refusal),
		cmocka_unit_test(pluto_5_as_initiator),
		cmocka_unit_test(pluto_5_as_responder),
		cmocka_unit_test(pluto_5_in_ikev1),
		cmocka_unit_test(pluto_3),
		cmocka_unit_test(what_this_host_could_not_send_is_told),
		cmocka_unit_test(attempts_in_a_row_are_one_story),
		cmocka_unit_test(what_is_no_log_tells_nothing),
		cmocka_unit_test(names_without_end_do_not_fill_the_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
