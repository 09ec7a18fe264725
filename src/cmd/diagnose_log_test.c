/* The log of another daemon from a file or standard input: what is said of it, and how it ends. */
#include "base/test.h"
#include "cmd/cmd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLUTO(text) "Nov 29 13:44:33.469921: \"vpn\" #1: " text "\n"
#define REFUSED                                                                                    \
	PLUTO("initiating IKEv2 connection to 198.51.100.1 using UDP")                             \
	PLUTO("sent IKE_SA_INIT request to 198.51.100.1:UDP/500")                                  \
	PLUTO("dropping unexpected IKE_SA_INIT message containing NO_PROPOSAL_CHOSEN "             \
	      "notification; message payloads: N; missing payloads: SA,KE,Ni")
#define UP                                                                                         \
	PLUTO("initiating IKEv2 connection to 198.51.100.1 using UDP")                             \
	PLUTO("sent IKE_SA_INIT request to 198.51.100.1:UDP/500")                                  \
	PLUTO("initiator established IKE SA; authenticated peer using authby=secret and "          \
	      "ID_FQDN '@east'")                                                                   \
	PLUTO("initiator established Child SA using #1; IPsec tunnel [10.0.1.0-10.0.1.255:0-65535" \
	      " 0] -> [10.0.2.0-10.0.2.255:0-65535 0] {ESPinUDP=>0x1 <0x2 xfrm=AES_GCM_16_256-"    \
	      "NONE NATOA=none NATD=198.51.100.1:4500 DPD=passive}")
#define CHARON                                                                                     \
	"Nov 29 13:44:33 gw charon[12]: 05[IKE] initiating IKE_SA vpn[1] to 198.51.100.1\n"        \
	"Nov 29 13:44:33 gw charon[12]: 05[NET] sending packet: from 192.0.2.1[500] to "           \
	"198.51.100.1[500] (240 bytes)\n"                                                          \
	"Nov 29 13:44:33 gw charon[12]: 06[NET] received packet: from 198.51.100.1[500] to "       \
	"192.0.2.1[500] (36 bytes)\n"                                                              \
	"Nov 29 13:44:33 gw charon[12]: 06[ENC] parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]\n"    \
	"Nov 29 13:44:33 gw charon[12]: 06[IKE] received NO_PROPOSAL_CHOSEN notify error\n"

static char folder[] = "/tmp/diagnose_log.XXXXXX", file[64], page[64];
static char said[1 << 20]; /* on both outputs */

static void write_file(const char *to, const char *octets, size_t n)
{
	FILE *f = fopen(to, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(octets, 1, n, f), n);
	fclose(f);
}

/* What it says goes to said. */
static int diagnose(const char *name, const char *conn, const char *html)
{
	int to = memfd_create("said", 0), was[2] = { dup(1), dup(2) }, status;
	ssize_t n;

	fflush(stdout);
	dup2(to, 1);
	dup2(to, 2);
	status = diagnose_log(name, conn, html);
	fflush(stdout);
	dup2(was[0], 1);
	dup2(was[1], 2);
	n = pread(to, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	close(was[0]);
	close(was[1]);
	close(to);
	return status;
}

static int of_octets(const char *octets, size_t n)
{
	write_file(file, octets, n);
	return diagnose(file, NULL, NULL);
}

static int of_text(const char *text)
{
	return of_octets(text, strlen(text));
}

#define assert_says(what)                                                                          \
	do {                                                                                       \
		if (!strstr(said, what))                                                           \
			fail_msg("\"%s\" is not in: %s", what, said);                              \
	} while (0)

static unsigned times(const char *s, const char *what)
{
	unsigned n = 0;

	while ((s = strstr(s, what))) {
		n++;
		s++;
	}
	return n;
}

TEST(a_log_of_each_daemon_has_its_verdict)
{
	assert_int_equal(of_text(REFUSED), EXIT_FOUND);
	assert_says("\"vpn\": diagnosis: likely: ");
	assert_says("[ike-proposal-mismatch]");
	/* the evidence is the line itself, with its number */
	assert_says("#1: dropping unexpected IKE_SA_INIT message");
	assert_says("(event 3)");
	assert_int_equal(of_text(CHARON), EXIT_FOUND);
	assert_says("[ike-proposal-mismatch]");
	assert_says("received NO_PROPOSAL_CHOSEN notify error (event 5)");
}

TEST(a_log_without_a_failure_has_none)
{
	assert_int_equal(of_text(UP), 0);
	assert_string_equal(said,
		"nothing that this log tells of is a known failure; why a tunnel that is up "
		"carries nothing no log tells: ipsec diagnose CONN does\n");
}

TEST(one_connection_of_several)
{
	write_file(file, REFUSED, strlen(REFUSED));
	assert_int_equal(diagnose(file, "vpn", NULL), EXIT_FOUND);
	assert_int_equal(diagnose(file, "vpm", NULL), EXIT_UNKNOWN);
	assert_says("tells of no connection \"vpm\"; did you mean \"vpn\"?");
	assert_null(strstr(said, "diagnosis"));
	write_file(file, UP, strlen(UP));
	assert_int_equal(diagnose(file, "vpn", NULL), 0);
}

TEST(both_ends_in_one_file_say_it_once)
{
	/* the second begins where time goes back */
	assert_int_equal(
		of_text(PLUTO("nothing") "Nov 29 13:40:00: \"vpn\" #1: nothing\n" REFUSED
					 "Nov 29 13:40:00.1: \"vpn\" #1: nothing\n" REFUSED),
		EXIT_FOUND);
	assert_int_equal(times(said, "[ike-proposal-mismatch]"), 1);
}

TEST(what_is_no_log_is_said_to_be_none)
{
	static char noise[200000];
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(noise); i++) {
		x = x * 1664525 + 1013904223;
		noise[i] = (char)(x >> 24);
	}
	assert_int_equal(of_octets("", 0), EXIT_USAGE);
	assert_says("is empty");
	assert_int_equal(of_octets("\n", 1), EXIT_USAGE);
	assert_says("is no log of Libreswan's pluto or strongSwan's charon");
	assert_int_equal(of_octets("\n\n\n", 3), EXIT_USAGE);
	assert_int_equal(of_octets("Nov 29 13:44:33 gw sshd[1]: hello\n", 34), EXIT_USAGE);
	assert_int_equal(of_octets(noise, sizeof(noise)), EXIT_USAGE);
	assert_says("is no log of");
	memset(noise, 0, sizeof(noise));
	assert_int_equal(of_octets(noise, sizeof(noise)), EXIT_USAGE);
	assert_int_equal(diagnose("/nowhere/pluto.log", NULL, NULL), EXIT_USAGE);
	assert_says("/nowhere/pluto.log: No such file or directory");
	assert_int_equal(diagnose(folder, NULL, NULL), EXIT_USAGE);
	assert_says("Is a directory");
	/* and no page is made of it */
	write_file(file, "", 0);
	assert_int_equal(diagnose(file, NULL, page), EXIT_USAGE);
	assert_int_equal(access(page, F_OK), -1);
}

TEST(garbage_around_the_lines_does_not_hide_them)
{
	enum { HUGE = 1 << 20 };
	char *s = malloc(3 * HUGE);
	size_t n = 0;

	assert_non_null(s);
	/* a log that was cut while it was written begins with NULs */
	memset(s, 0, 5000);
	n = 5000;
	n += (size_t)sprintf(s + n, "%s", PLUTO("initiating IKEv2 connection"));
	/* one line that is longer than any, with what would be a line in its middle */
	memset(s + n, 'x', HUGE);
	memcpy(s + n + HUGE / 2, "received NO_PROPOSAL_CHOSEN", 27);
	n += HUGE;
	s[n++] = '\n';
	for (unsigned i = 1; i < 256; i++)
		s[n++] = (char)i; /* a newline among them */
	s[n++] = '\n';
	n += (size_t)sprintf(s + n, "%s", REFUSED);
	memset(s + n, 'y', HUGE); /* and no end of the last */
	n += HUGE;
	assert_int_equal(of_octets(s, n), EXIT_FOUND);
	assert_says("[ike-proposal-mismatch]");
	assert_says("(event 7)");
	/* a line of Windows, and one without an end */
	n = (size_t)sprintf(s, "%s", REFUSED);
	n--;
	memcpy(s + n, "\r\n", 2);
	assert_int_equal(of_octets(s, n + 2), EXIT_FOUND);
	assert_int_equal(of_octets(s, n), EXIT_FOUND);
	free(s);
}

TEST(a_block_of_nuls_is_nothing)
{
	static char s[6000]; /* where a log was cut while it was written, the next line follows */
	static const char refused[] = REFUSED;
	size_t n, first = 0;

	for (unsigned i = 0; i < 2; i++)
		first += strcspn(refused + first, "\n") + 1;
	memcpy(s, refused, first);
	n = first + 5000;
	memcpy(s + n, refused + first, sizeof(refused) - 1 - first);
	n += sizeof(refused) - 1 - first;
	assert_int_equal(of_octets(s, n), EXIT_FOUND);
	assert_says("#1: dropping unexpected IKE_SA_INIT message");
	assert_says("(event 3)");
}

TEST(a_terminal_is_not_spoken_to_by_a_log)
{
	assert_int_equal(of_text(PLUTO("initiating IKEv2 connection") PLUTO(
				 "dropping unexpected IKE_SA_INIT message containing "
				 "NO_PROPOSAL_CHOSEN notification; \033[2J\007\302\233m")),
		EXIT_FOUND);
	assert_says("notification; ?[2J???m");
	for (const char *p = said; *p; p++)
		assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
}

TEST(standard_input_is_a_log_too)
{
	int was = dup(0), from;

	write_file(file, REFUSED, strlen(REFUSED));
	from = open(file, O_RDONLY);
	dup2(from, 0);
	clearerr(stdin);
	assert_int_equal(diagnose("-", "vpn", NULL), EXIT_FOUND);
	assert_says("[ike-proposal-mismatch]");
	assert_true(fcntl(0, F_GETFD) >= 0); /* it is not closed: it is not ours */
	dup2(was, 0);
	close(was);
	close(from);
}

TEST(the_journal_as_json)
{
	assert_int_equal(
		of_text("{\"MESSAGE\":\"\\\"vpn\\\" #1: initiating IKEv2 connection\","
			"\"__REALTIME_TIMESTAMP\":\"1795423295918000\","
			"\"SYSLOG_IDENTIFIER\":\"pluto\"}\n"
			"{\"MESSAGE\":[1,2,3]}\n{\n{\"MESSAGE\":7}\n"
			"{\"MESSAGE\":\"\\\"vpn\\\" #1: dropping unexpected IKE_SA_INIT message "
			"containing NO_PROPOSAL_CHOSEN notification; message payloads: N; missing "
			"payloads: SA,KE,Ni\",\"__REALTIME_TIMESTAMP\":\"1795423295919000\","
			"\"SYSLOG_IDENTIFIER\":\"pluto\"}\n"),
		EXIT_FOUND);
	assert_says("[ike-proposal-mismatch]");
	assert_says("(event 5)");
}

/* The same as people's tools have it. */
TEST(one_line_of_another_daemon)
{
	bool is_charon = false;

	assert_true(diagnose_line("Mar  3 10:00:01 gw charon: 05[IKE] received NO_PROPOSAL_CHOSEN "
				  "notify error",
		&is_charon));
	assert_true(is_charon);
	assert_false(diagnose_line("05[KNL] nothing", &is_charon));
	assert_true(is_charon);
	assert_true(diagnose_line(
		"\"vpn\" #1: cannot install eroute -- it is in use for \"x\" #2", &is_charon));
	assert_false(is_charon);
	assert_false(diagnose_line("hello world", &is_charon));
	assert_false(is_charon);
}

TEST(json_of_others_than_the_journal)
{
	/* journalctl -o json-pretty, with a message as octets; a container's; charon's own */
	static const char *const texts[] = {
		"{\n\t\"MESSAGE\" : \"05[IKE] initiating IKE_SA vpn[1] to 192.0.2.1\",\n"
		"\t\"SYSLOG_IDENTIFIER\" : \"charon\"\n}\n"
		"{\n\t\"SYSLOG_IDENTIFIER\" : \"charon\",\n\t\"MESSAGE\" : [\n48, 53, 91, 73, 75, "
		"69, "
		"93, 32\n]\n}\n"
		"{\n\t\"MESSAGE\" : \"05[IKE] received NO_PROPOSAL_CHOSEN notify error\"\n}\n",
		"{\"log\":\"05[IKE] initiating IKE_SA vpn[1] to "
		"192.0.2.1\\n\",\"stream\":\"stdout\","
		"\"time\":\"2026-11-29T13:44:33.123456789Z\"}\n"
		"{\"log\":\"05[IKE] received NO_PROPOSAL_CHOSEN notify error\\n\",\"time\":"
		"\"2026-11-29T13:44:34Z\"}\n",
		"{\"time\":\"13:44:33\",\"thread\":5,\"group\":\"IKE\",\"level\":1,\"ikesa-"
		"uniqueid\":"
		"\"1\",\"ikesa-name\":\"vpn\",\"msg\":\"initiating IKE_SA vpn[1] to 192.0.2.1\"}\n"
		"{\"time\":\"13:44:33\",\"thread\":6,\"group\":\"IKE\",\"level\":1,\"ikesa-"
		"uniqueid\":"
		"\"1\",\"ikesa-name\":\"vpn\",\"msg\":\"received NO_PROPOSAL_CHOSEN notify "
		"error\"}\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(of_text(texts[i]), EXIT_FOUND);
		assert_says("[ike-proposal-mismatch]");
		assert_says("\"vpn\": diagnosis");
	}
}

TEST(the_newest_line_first)
{
	char *text = strdup(CHARON), *turned = calloc(1, sizeof(CHARON)), *line, *end = NULL;

	for (line = strtok_r(text, "\n", &end); line; line = strtok_r(NULL, "\n", &end)) {
		size_t n = strlen(line) + 1;

		memmove(turned + n, turned, strlen(turned) + 1);
		memcpy(turned, line, n - 1);
		turned[n - 1] = '\n';
	}
	assert_int_equal(of_text(turned), EXIT_FOUND);
	assert_says("[ike-proposal-mismatch]");
	/* with the number that the line has in the file */
	assert_says("received NO_PROPOSAL_CHOSEN notify error (event 1)");
	free(text);
	free(turned);
}

TEST(what_has_to_be_unpacked_first_is_said)
{
	assert_int_equal(of_octets("\x1f\x8b\b\0\0\0\0\0\0\3abc", 13), EXIT_USAGE);
	assert_says("is compressed: zcat FILE | ipsec diagnose --log -");
	assert_int_equal(of_octets("\xfd"
				   "7zXZ\0\0",
				 7),
		EXIT_USAGE);
	assert_says("xzcat FILE");
	assert_int_equal(of_octets("LPKSHHRH\0\0\0", 11), EXIT_USAGE);
	assert_says("is of the journal: journalctl --file FILE | ipsec diagnose --log -");
	/* as Windows writes text */
	assert_int_equal(of_text("\xef\xbb\xbf" REFUSED), EXIT_FOUND);
	assert_says("evidence: Nov 29 13:44:33.469921: \"vpn\" #1: dropping");
}

/* The page of that log, malloc'ed. */
static char *page_of(const char *text, int status)
{
	char *html = calloc(1, 1 << 20);
	FILE *f;

	write_file(file, text, strlen(text));
	assert_int_equal(diagnose(file, NULL, page), status);
	f = fopen(page, "r");
	assert_non_null(f);
	assert_non_null(html);
	assert_true(fread(html, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return html;
}

TEST(the_page_of_a_log_is_the_page_without_what_is_live)
{
	char *html =
		page_of(REFUSED PLUTO("the peer says <script>alert(1)</script> NO_PROPOSAL_CHOSEN"),
			EXIT_FOUND);
	struct stat st;

	assert_int_equal(stat(page, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(strncmp(html, "<!DOCTYPE html>", 15), 0);
	assert_non_null(strstr(html, "ike-proposal-mismatch"));
	assert_non_null(strstr(html, "#1: dropping unexpected IKE_SA_INIT message"));
	assert_non_null(strstr(html, "To know more</h4>"));
	assert_non_null(strstr(html, "What happened</h2>"));
	assert_null(strstr(html, "What was done"));
	assert_null(strstr(html, "This host</h2>"));
	assert_null(strstr(html, "<script"));
	free(html);
	/* all is well: it says so, too */
	html = page_of(UP, 0);
	assert_non_null(strstr(html, "<p>Nothing.</p>"));
	free(html);
	unlink(page);
	write_file(file, REFUSED, strlen(REFUSED));
	assert_int_equal(diagnose(file, NULL, "/nowhere/page.html"), EXIT_SERVICE);
}

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/log", folder);
	snprintf(page, sizeof(page), "%s/page.html", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(file);
	unlink(page);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_of_each_daemon_has_its_verdict),
		cmocka_unit_test(a_log_without_a_failure_has_none),
		cmocka_unit_test(one_connection_of_several),
		cmocka_unit_test(both_ends_in_one_file_say_it_once),
		cmocka_unit_test(what_is_no_log_is_said_to_be_none),
		cmocka_unit_test(garbage_around_the_lines_does_not_hide_them),
		cmocka_unit_test(a_block_of_nuls_is_nothing),
		cmocka_unit_test(a_terminal_is_not_spoken_to_by_a_log),
		cmocka_unit_test(standard_input_is_a_log_too),
		cmocka_unit_test(the_journal_as_json),
		cmocka_unit_test(one_line_of_another_daemon),
		cmocka_unit_test(json_of_others_than_the_journal),
		cmocka_unit_test(the_newest_line_first),
		cmocka_unit_test(what_has_to_be_unpacked_first_is_said),
		cmocka_unit_test(the_page_of_a_log_is_the_page_without_what_is_live),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
