/* The keys process: what it gives whom. Runs the real program of the folder named on the command
 * line, with this test in the place of the parent, of ike and of control. */
#include "base/test.h"
#include "config/conf.h"
#include "crypto/prf.h"
#include "ipsec/limits.h"
#include "ipsec/variant.h"
#include "proc/line.h"

#include "config_build.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* "right horse" */
#define HASH "$5$pepper$Ap2oAmlWbUuavXPrwgJvK2qyY3iNVZM06Z8n5ABkFA9"

static const char *folder;

static const char secrets_text[] = "192.0.2.1 198.51.100.1 : PSK \"by addresses, long enough\"\n"
				   "192.0.2.1 %any : PSK \"for road warriors, long enough\"\n"
				   "alice : XAUTH \"her password\"\n"
				   "@one @two : PSK \"of two others, long enough\"\n";
/* the same by yescrypt, which takes megabytes: the sandbox must let it */
#define YESCRYPT "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$B8I0wwyZTHLFTqqXOesUXnz29MB9VmzCuQzNnXgIYoB"
static const char passwd_text[] = "bob:" HASH ":v1:100.64.13.7\nerin:" YESCRYPT "\n";

struct host {
	pid_t pid;
	int line[WHO_END];
	uint8_t room[IPC_MAX];
};

static void say_fd(struct host *h, enum ipc_who as, const struct msg *m, int fd)
{
	static uint8_t room[IPC_MAX];
	struct wr w = wr_to(room, sizeof(room));
	struct iovec iov = { room, 0 };
	union {
		char b[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct msghdr g = { .msg_iov = &iov, .msg_iovlen = 1 };

	ipc_put(&w, m);
	assert_true(wr_ok(&w));
	iov.iov_len = w.n;
	if (fd >= 0) {
		g.msg_control = control.b;
		g.msg_controllen = sizeof(control.b);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	}
	assert_int_equal(sendmsg(h->line[as], &g, MSG_NOSIGNAL), w.n);
}

#define SAY(h, as, name, ...)                                                                      \
	say_fd((h), WHO_##as,                                                                      \
		&(struct msg){ .id = MSG_##name, .name = { .end_ = 0, __VA_ARGS__ } }, -1)

/* The next message of keys to that process. */
static void hear(struct host *h, enum ipc_who as, struct msg *ret)
{
	struct pollfd p = { .fd = h->line[as], .events = POLLIN };
	ssize_t n;

	assert_int_equal(poll(&p, 1, 10000), 1);
	n = recv(h->line[as], h->room, sizeof(h->room), 0);
	assert_true(n > 0);
	assert_int_equal(ipc_get(bytes_of(h->room, (size_t)n), ret), OK);
}

static void give_line(struct host *h, enum ipc_who peer)
{
	int fds[2];

	assert_true(line_pair(fds));
	say_fd(h, WHO_PARENT, &(struct msg){ .id = MSG_line, .line = { .peer = (uint8_t)peer } },
		fds[1]);
	close(fds[1]);
	h->line[peer] = fds[0];
}

static void start(struct host *h)
{
	char program[512];
	int fds[2];

	assert_true(line_pair(fds));
	snprintf(program, sizeof(program), "%s/ipsec-keys", folder);
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (h->pid == 0) {
		dup2(fds[1], 3);
		execl(program, program, NULL);
		_exit(127);
	}
	close(fds[1]);
	h->line[WHO_PARENT] = fds[0];
	give_line(h, WHO_IKE);
	give_line(h, WHO_CONTROL);
}

static void give_file(struct host *h, const char *text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	say_fd(h, WHO_PARENT, &(struct msg){ .id = MSG_secrets_file }, fd);
	close(fd);
}

/* As the parent does: it opens what keys names. */
static void read_files(struct host *h)
{
	struct msg m;

	SAY(h, PARENT, secrets_read, .path = "/s", .passwd = "/p");
	for (;;) {
		hear(h, WHO_PARENT, &m);
		if (m.id == MSG_secrets_done)
			return;
		assert_int_equal(m.id, MSG_secrets_open);
		give_file(h, strcmp(m.secrets_open.path, "/s") == 0 ? secrets_text : passwd_text);
	}
}

static void load(struct host *h, const char *name, enum conf_version version)
{
	uint8_t room[8192];
	struct wr w = wr_to(room, sizeof(room));
	struct conf_conn c = { .name = (char *)(uintptr_t)name, .version = (uint8_t)version };

	conf_conn_put(&w, &c);
	assert_true(wr_ok(&w));
	SAY(h, PARENT, conn_load, .conn = wr_view(&w));
}

static int begin(void **state)
{
	struct host *h = xalloc(sizeof(*h));
	struct msg m;

	start(h);
	SAY(h, PARENT, begin, .takes_over = 0);
	hear(h, WHO_PARENT, &m);
	assert_int_equal(m.id, MSG_ready);
	read_files(h);
	load(h, "v1", VERSION_IKEV1);
	load(h, "v2", VERSION_IKEV2);
	*state = h;
	return 0;
}

static int end(void **state)
{
	struct host *h = *state;
	int status;

	SAY(h, PARENT, stop, .hands_over = 0);
	assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
	assert_int_equal(status, 0);
	close(h->line[WHO_PARENT]);
	close(h->line[WHO_IKE]);
	close(h->line[WHO_CONTROL]);
	free(h);
	return 0;
}

/* ---- SKEYID ---- */

static const uint8_t nonces[32] = { 1, 2, 3 };

static struct msg_psk ask(const char *conn, const char *peer)
{
	static const uint8_t us[] = { 192, 0, 2, 1 };
	struct msg_psk m = { .ask = 7,
		.conn = conn,
		.ours = { ID_IPV4_ADDR, BYTES(us) },
		.our_addr = addr_v4(0xc0000201),
		.prf = PRF_HMAC_SHA1,
		.is_skeyid = 1,
		.octets = BYTES(nonces) };

	assert_int_equal(addr_parse(peer, &m.their_addr), OK);
	return m;
}

static struct msg_psk_answer psk(struct host *h, const struct msg_psk *m)
{
	struct msg a;

	say_fd(h, WHO_IKE, &(struct msg){ .id = MSG_psk, .psk = *m }, -1);
	hear(h, WHO_IKE, &a);
	assert_int_equal(a.id, MSG_psk_answer);
	assert_int_equal(a.psk_answer.ask, 7);
	return a.psk_answer;
}

static void is_skeyid_of(const struct msg_psk_answer *a, const char *secret)
{
	struct bytes octets = BYTES(nonces);
	struct secret skeyid = { 0 };

	assert_int_equal(a->e, OK);
	assert_int_equal(prf(PRF_HMAC_SHA1, bytes_str(secret), &octets, 1, &skeyid), OK);
	assert_true(bytes_eq(a->mac, secret_view(&skeyid)));
	secret_done(&skeyid);
}

static void skeyid_is_of_the_secret_that_the_addresses_choose(void **state)
{
	struct msg_psk m = ask("v1", "198.51.100.1");
	struct msg_psk_answer a = psk(*state, &m);

	is_skeyid_of(&a, "by addresses, long enough");
	assert_string_equal(a.where, "/s:1");
	m = ask("v1", "203.0.113.9");
	a = psk(*state, &m);
	is_skeyid_of(&a, "for road warriors, long enough");
}

/* ---- AUTH ---- */

static struct secret mac_of(struct bytes psk, uint16_t prf_id, struct bytes octets)
{
	struct bytes pad = bytes_str("Key Pad for IKEv2");
	struct secret key = { 0 }, ret = { 0 };

	assert_int_equal(prf(prf_id, psk, &pad, 1, &key), OK);
	assert_int_equal(prf(prf_id, secret_view(&key), &octets, 1, &ret), OK);
	secret_done(&key);
	return ret;
}

/* What keys says to AUTH of a peer that has that secret; its views live until the next ask. */
static struct msg_psk_answer verify_mac(void **state, const char *secret)
{
	struct msg_psk m = ask("v2", "198.51.100.1");
	struct secret heard = mac_of(bytes_str(secret), PRF_HMAC_SHA2_256, BYTES(nonces));
	struct secret right =
		mac_of(bytes_str("by addresses, long enough"), PRF_HMAC_SHA2_256, BYTES(nonces));
	struct msg_psk_answer a;

	m.prf = PRF_HMAC_SHA2_256;
	m.is_skeyid = 0;
	m.for_peer = 1;
	m.heard = secret_view(&heard);
	a = psk(*state, &m);
	assert_int_equal(a.e, OK);
	assert_true(bytes_eq(a.mac, secret_view(&right))); /* whatever was heard */
	assert_string_equal(a.where, "/s:1");
	secret_done(&heard);
	secret_done(&right);
	return a;
}

static void says(void **state, const char *secret, const char *fits, enum secret_variant variant)
{
	struct msg_psk_answer a = verify_mac(state, secret);

	assert_string_equal(a.fits, fits);
	assert_int_equal(a.variant, variant);
}

static void a_mac_that_does_not_fit_is_told_by_place_or_variant(void **state)
{
	says(state, "by addresses, long enough", "", VARIANT_NONE);
	says(state, "nobody here has this one", "", VARIANT_NONE);
	says(state, "for road warriors, long enough", "/s:2", VARIANT_NONE);
	says(state, "of two others, long enough", "", VARIANT_NONE);
	says(state, "by addresses, long enough\n", "", VARIANT_NEWLINE);
	says(state, "\"by addresses, long enough\"", "", VARIANT_DOUBLE_QUOTES);
	says(state, "her password", "", VARIANT_NONE);
}

static void nothing_is_said_of_macs_that_are_to_be_sent_or_of_other_length(void **state)
{
	struct msg_psk m = ask("v2", "198.51.100.1");
	struct secret heard = mac_of(
		bytes_str("for road warriors, long enough"), PRF_HMAC_SHA2_256, BYTES(nonces));
	struct msg_psk_answer a;

	m.prf = PRF_HMAC_SHA2_256;
	m.is_skeyid = 0;
	m.heard = secret_view(&heard);
	a = psk(*state, &m);
	assert_string_equal(a.fits, "");
	m.for_peer = 1;
	m.heard.n--;
	a = psk(*state, &m);
	assert_string_equal(a.fits, "");
	m.conn = "v1";
	m.heard.n++;
	a = psk(*state, &m);
	assert_int_equal(a.e, ERR_DENIED);
	assert_string_equal(a.fits, "");
	secret_done(&heard);
}

/* A second may pass while they are asked: then there are that many more. */
static void a_peer_that_repeats_it_is_not_searched_for_each_time(void **state)
{
	unsigned found = 0;

	for (unsigned i = 0; i < 10 * LIMIT_SECRET_SEARCHES; i++)
		found += verify_mac(state, "for road warriors, long enough").fits[0] != '\0';
	assert_in_range(found, LIMIT_SECRET_SEARCHES, 3 * LIMIT_SECRET_SEARCHES);
}

/* Lines of which none has the right secret but the last; the first 64 tries never get there. */
static void not_more_than_the_limit_are_tried(void **state)
{
	static char text[16384];
	struct host *h = *state;
	size_t n = (size_t)snprintf(text, sizeof(text), "%s",
		"192.0.2.1 198.51.100.1 : PSK \"by addresses, long enough\"\n");
	char place[32];
	struct msg m;

	for (unsigned i = 0; i < LIMIT_SECRET_TRIES; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			"192.0.2.1 @peer%u : PSK \"number %u, long enough\"\n", i, i);
	SAY(h, PARENT, secrets_read, .request = 0, .path = "/s", .passwd = "/p");
	hear(h, WHO_PARENT, &m);
	give_file(h, text);
	if (WITH_IKEV1) {
		hear(h, WHO_PARENT, &m);
		give_file(h, passwd_text);
	}
	hear(h, WHO_PARENT, &m);
	assert_int_equal(m.id, MSG_secrets_done);
	says(state, "number 0, long enough", "/s:2", VARIANT_NONE);
	snprintf(text, sizeof(text), "number %d, long enough", LIMIT_SECRET_TRIES - VARIANT_END);
	snprintf(place, sizeof(place), "/s:%d", LIMIT_SECRET_TRIES - VARIANT_END + 2);
	says(state, text, place, VARIANT_NONE);
	snprintf(text, sizeof(text), "number %d, long enough", LIMIT_SECRET_TRIES - 1);
	says(state, text, "", VARIANT_NONE);
}

/* ---- SKEYID, refused ---- */

static void refused(void **state, const struct msg_psk *m)
{
	struct msg_psk_answer a = psk(*state, m);

	assert_int_equal(a.e, ERR_DENIED);
	assert_int_equal(a.mac.n, 0);
}

static void neither_version_gets_what_belongs_to_the_other(void **state)
{
	struct msg_psk m = ask("v2", "198.51.100.1");

	refused(state, &m);
	m = ask("v1", "198.51.100.1");
	m.is_skeyid = 0;
	refused(state, &m);
	m = ask("unknown", "198.51.100.1");
	refused(state, &m);
}

/* It would be the key of every AUTH of IKEv2 with the same secret. */
static void skeyid_is_made_of_nonces_only(void **state)
{
	static const uint8_t many[513];
	struct msg_psk m = ask("v1", "198.51.100.1");

	m.octets = bytes_str("Key Pad for IKEv2");
	refused(state, &m);
	m.octets = bytes_of(nonces, 15);
	refused(state, &m);
	m.octets = BYTES(many);
	refused(state, &m);
	m = ask("v1", "198.51.100.1");
	m.prf = PRF_AES128_CMAC;
	refused(state, &m);
}

/* ---- XAUTH ---- */

static struct msg_xauth_answer xauth(struct host *h, const struct msg *m)
{
	struct msg a;

	say_fd(h, WHO_IKE, m, -1);
	hear(h, WHO_IKE, &a);
	assert_int_equal(a.id, MSG_xauth_answer);
	return a.xauth_answer;
}

static struct msg_xauth_answer verify(
	void **state, const char *conn, const char *user, const char *password)
{
	return xauth(*state,
		&(struct msg){ .id = MSG_xauth_verify,
			.xauth_verify = {
				.conn = conn, .user = user, .password = bytes_str(password) } });
}

static void the_right_password_of_a_user_is_right_and_brings_the_address(void **state)
{
	struct msg_xauth_answer a = verify(state, "v1", "bob", "right horse");
	char text[ADDR_STR];

	assert_int_equal(a.e, OK);
	assert_string_equal(addr_format(&a.lease, text), "100.64.13.7");
	assert_string_equal(a.where, "/p:1");
	assert_int_equal(verify(state, "v1", "erin", "right horse").e, OK);
	assert_int_equal(verify(state, "v1", "bob", "wrong").e, ERR_DENIED);
	assert_int_equal(verify(state, "v1", "carol", "right horse").e, ERR_DENIED);
	assert_int_equal(verify(state, "v2", "bob", "right horse").e, ERR_DENIED);
}

static struct msg_xauth_answer secret_of(void **state, const char *conn, const char *user)
{
	return xauth(*state, &(struct msg){ .id = MSG_xauth_secret,
				     .xauth_secret = { .conn = conn, .user = user } });
}

static void our_password_is_in_the_file_or_what_people_gave(void **state)
{
	struct host *h = *state;
	struct msg_xauth_answer a = secret_of(state, "v1", "alice");

	assert_int_equal(a.e, OK);
	assert_true(bytes_eq(a.password, bytes_str("her password")));
	assert_string_equal(a.where, "/s:3");
	a = secret_of(state, "v1", "");
	assert_int_equal(a.e, ERR_NOT_FOUND);
	SAY(h, CONTROL, xauth_login, .name = "v1", .user = "dora", .password = bytes_str("today"));
	a = secret_of(state, "v1", "alice");
	assert_string_equal(a.user, "dora");
	assert_true(bytes_eq(a.password, bytes_str("today")));
	SAY(h, CONTROL, xauth_login, .name = "v1", .user = "alice");
	a = secret_of(state, "v1", "");
	assert_string_equal(a.user, "alice");
	assert_true(bytes_eq(a.password, bytes_str("her password")));
	SAY(h, CONTROL, xauth_login, .name = "v1", .user = "");
	a = secret_of(state, "v1", "");
	assert_int_equal(a.e, ERR_NOT_FOUND);
	assert_int_equal(secret_of(state, "v2", "alice").e, ERR_DENIED);
}

/* The next event of a request that says so. */
static void tells(struct host *h, const char *what)
{
	char line[1024];
	struct event e;
	struct rd r;
	struct msg m;

	do {
		hear(h, WHO_CONTROL, &m);
		assert_int_equal(m.id, MSG_event);
		r = rd_from(m.event.event);
		assert_int_equal(event_get(&r, &e), OK);
		event_line(&e, false, line, sizeof(line));
	} while (!strstr(line, what));
}

static void wrong_lines_of_both_files_are_told_with_their_numbers(void **state)
{
	struct host *h = *state;
	struct msg m;

	SAY(h, PARENT, secrets_read, .request = 5, .path = "/s", .passwd = "/p");
	hear(h, WHO_PARENT, &m);
	give_file(h, "\nalice : XAUTH\n");
	hear(h, WHO_PARENT, &m);
	give_file(h, "bob:" HASH "\ncarol:nothing\n");
	hear(h, WHO_PARENT, &m);
	assert_int_equal(m.id, MSG_secrets_done);
	tells(h, "/s:2: XAUTH without a value");
	tells(h, "/p:2: the second column is no hash of a password");
	assert_int_equal(verify(state, "v1", "bob", "right horse").e, OK);
}

static void a_build_without_ikev1_gives_nothing_of_it(void **state)
{
	struct msg_psk m = ask("v1", "198.51.100.1");

	refused(state, &m);
	assert_int_equal(verify(state, "v1", "bob", "right horse").e, ERR_DENIED);
	assert_int_equal(secret_of(state, "v1", "alice").e, ERR_DENIED);
}

#define WITH_KEYS(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(int argc, char **argv)
{
	const struct CMUnitTest with[] = {
		WITH_KEYS(skeyid_is_of_the_secret_that_the_addresses_choose),
		WITH_KEYS(neither_version_gets_what_belongs_to_the_other),
		WITH_KEYS(skeyid_is_made_of_nonces_only),
		WITH_KEYS(the_right_password_of_a_user_is_right_and_brings_the_address),
		WITH_KEYS(wrong_lines_of_both_files_are_told_with_their_numbers),
		WITH_KEYS(our_password_is_in_the_file_or_what_people_gave),
		WITH_KEYS(a_mac_that_does_not_fit_is_told_by_place_or_variant),
		WITH_KEYS(nothing_is_said_of_macs_that_are_to_be_sent_or_of_other_length),
		WITH_KEYS(a_peer_that_repeats_it_is_not_searched_for_each_time),
		WITH_KEYS(not_more_than_the_limit_are_tried),
	};
	const struct CMUnitTest without[] = {
		WITH_KEYS(a_build_without_ikev1_gives_nothing_of_it),
		WITH_KEYS(a_mac_that_does_not_fit_is_told_by_place_or_variant),
		WITH_KEYS(nothing_is_said_of_macs_that_are_to_be_sent_or_of_other_length),
		WITH_KEYS(a_peer_that_repeats_it_is_not_searched_for_each_time),
		WITH_KEYS(not_more_than_the_limit_are_tried),
	};

	if (argc != 2)
		return 2;
	folder = argv[1];
	return WITH_IKEV1 ? cmocka_run_group_tests(with, NULL, NULL)
			  : cmocka_run_group_tests(without, NULL, NULL);
}
