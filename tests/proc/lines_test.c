/* A process that gets a message which is malformed, or which nobody may send it now, ends and says
 * so: it is talking to a compromised sibling. Runs the real programs of the folder named on the
 * command line, with this test in the parent's place. */
#include "base/test.h"
#include "proc/line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *folder;

struct run {
	pid_t pid;
	int line, err;
	char said[4096];
	int status;
};

static void start(struct run *r, enum ipc_who who, bool has_line)
{
	char program[512];
	int fds[2], err[2];

	assert_true(line_pair(fds));
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	snprintf(program, sizeof(program), "%s/ipsec-%s", folder, ipc_who_name(who));
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0) {
		dup2(err[1], 2);
		close(3);
		if (has_line)
			dup2(fds[1], 3);
		execl(program, program, NULL);
		_exit(127);
	}
	close(fds[1]);
	close(err[1]);
	r->line = fds[0];
	r->err = err[0];
}

/* Its last words and its end, which must come within some seconds. */
static void finish(struct run *r)
{
	size_t n = 0;
	ssize_t got;
	struct pollfd p = { .fd = r->err, .events = POLLIN };

	while (n < sizeof(r->said) - 1 && poll(&p, 1, 5000) == 1 &&
		(got = read(r->err, r->said + n, sizeof(r->said) - 1 - n)) > 0)
		n += (size_t)got;
	r->said[n] = '\0';
	for (int i = 0; waitpid(r->pid, &r->status, WNOHANG) == 0; i++) {
		if (i == 500)
			kill(r->pid, SIGKILL);
		poll(NULL, 0, 10);
	}
	close(r->line);
	close(r->err);
}

static void say(const struct run *r, const struct msg *m)
{
	uint8_t room[4096];
	struct wr w = wr_to(room, sizeof(room));

	ipc_put(&w, m);
	assert_int_equal(send(r->line, w.p, w.n, MSG_NOSIGNAL), w.n);
}

static void ends_saying(struct run *r, enum ipc_who who, const char *what)
{
	finish(r);
	if (!WIFEXITED(r->status) || WEXITSTATUS(r->status) != 70 || !strstr(r->said, what))
		fail_msg("%s: status %#x, said \"%s\", not \"%s\"", ipc_who_name(who),
			(unsigned)r->status, r->said, what);
}

TEST(garbage_ends_a_process)
{
	for (enum ipc_who who = WHO_IKE; who < WHO_END; who++) {
		struct run r;

		start(&r, who, true);
		assert_int_equal(send(r.line, "garbage", 7, MSG_NOSIGNAL), 7);
		ends_saying(&r, who, "malformed");
	}
}

TEST(a_message_with_something_left_over_ends_a_process)
{
	for (enum ipc_who who = WHO_IKE; who < WHO_END; who++) {
		static const uint8_t stop[] = { 0, MSG_stop, 0, 0 };
		struct run r;

		start(&r, who, true);
		assert_int_equal(send(r.line, stop, sizeof(stop), MSG_NOSIGNAL), sizeof(stop));
		ends_saying(&r, who, "malformed");
	}
}

TEST(a_message_that_the_parent_may_not_send_ends_a_process)
{
	for (enum ipc_who who = WHO_IKE; who < WHO_END; who++) {
		struct run r;

		start(&r, who, true);
		say(&r, &(struct msg){ .id = MSG_psk_answer, .psk_answer = { .ask = 1 } });
		ends_saying(&r, who, "not permitted");
	}
}

TEST(a_message_before_its_time_ends_a_process)
{
	struct run r;

	start(&r, WHO_KEYS, true);
	say(&r, &(struct msg){
			.id = MSG_secrets_read, .secrets_read = { .path = "/etc/ipsec.secrets" } });
	ends_saying(&r, WHO_KEYS, "not permitted");
}

TEST(a_missing_descriptor_ends_a_process)
{
	for (enum ipc_who who = WHO_IKE; who < WHO_END; who++) {
		struct run r;

		start(&r, who, true);
		say(&r, &(struct msg){ .id = MSG_descriptor, .descriptor = { .kind = DESC_TUN } });
		ends_saying(&r, who, "not permitted");
	}
}

TEST(without_its_parent_a_process_ends)
{
	for (enum ipc_who who = WHO_IKE; who < WHO_END; who++) {
		struct run r;

		start(&r, who, true);
		shutdown(r.line, SHUT_RDWR);
		finish(&r);
		assert_true(WIFEXITED(r.status));
		assert_int_not_equal(WEXITSTATUS(r.status), 0);
	}
}

TEST(told_to_stop_a_process_ends_well)
{
	for (enum ipc_who who = WHO_IKE; who < WHO_END; who++) {
		struct run r;

		start(&r, who, true);
		say(&r, &(struct msg){ .id = MSG_stop });
		finish(&r);
		assert_true(WIFEXITED(r.status));
		assert_int_equal(WEXITSTATUS(r.status), 0);
	}
}

TEST(a_terminal_ends_the_parent_and_not_a_process)
{
	for (enum ipc_who who = WHO_IKE; who < WHO_END; who++) {
		struct run r;

		start(&r, who, true);
		poll(NULL, 0, 200);
		kill(r.pid, SIGINT);
		kill(r.pid, SIGHUP);
		say(&r, &(struct msg){ .id = MSG_stop });
		finish(&r);
		assert_true(WIFEXITED(r.status));
		assert_int_equal(WEXITSTATUS(r.status), 0);
	}
}

TEST(started_by_hand_a_process_says_how_to_do_it)
{
	for (enum ipc_who who = WHO_IKE; who < WHO_END; who++) {
		struct run r;

		start(&r, who, false);
		finish(&r);
		assert_true(WIFEXITED(r.status));
		assert_int_equal(WEXITSTATUS(r.status), 2);
		assert_non_null(strstr(r.said, "ipsec start"));
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(garbage_ends_a_process),
		cmocka_unit_test(a_message_with_something_left_over_ends_a_process),
		cmocka_unit_test(a_message_that_the_parent_may_not_send_ends_a_process),
		cmocka_unit_test(a_message_before_its_time_ends_a_process),
		cmocka_unit_test(a_missing_descriptor_ends_a_process),
		cmocka_unit_test(without_its_parent_a_process_ends),
		cmocka_unit_test(told_to_stop_a_process_ends_well),
		cmocka_unit_test(a_terminal_ends_the_parent_and_not_a_process),
		cmocka_unit_test(started_by_hand_a_process_says_how_to_do_it),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER-OF-PROGRAMS\n", argv[0]);
		return 2;
	}
	folder = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
