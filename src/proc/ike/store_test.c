#include "proc/ike/store.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/test.h"

enum { PAIRS = 7, MAX_N = 5000, KILLS = 60 };

static int memory(void)
{
	int fd = memfd_create("store", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, STORE_SIZE), 0);
	return fd;
}

struct seen {
	size_t n;
	uint32_t serial[64];
	uint8_t first[64];
	size_t length[64];
};

static void see(void *ctx, uint32_t serial, struct bytes record)
{
	struct seen *s = ctx;

	assert_true(s->n < COUNT(s->serial));
	s->serial[s->n] = serial;
	s->length[s->n] = record.n;
	s->first[s->n++] = record.n ? record.p[0] : 0;
	for (size_t i = 1; i < record.n; i++)
		assert_int_equal(record.p[i], record.p[0]);
}

static struct seen look(struct store *s)
{
	struct seen seen = { 0 };

	store_each(s, see, &seen);
	return seen;
}

/* n octets, all of value. */
static void keep(struct store *s, uint32_t serial, uint8_t value, size_t n)
{
	static uint8_t octets[MAX_N];

	memset(octets, value, n);
	store_keep(s, serial, bytes_of(octets, n));
}

TEST(only_what_was_committed_is_found_again)
{
	int fd = memory();
	struct store *s = store_open(fd);
	struct seen seen;

	assert_non_null(s);
	keep(s, 1, 11, 100);
	keep(s, 2, 22, 4000);
	store_commit(s);
	keep(s, 1, 12, 3000);
	store_forget(s, 2);
	keep(s, 3, 33, 10);
	store_close(s);

	s = store_open(fd);
	seen = look(s);
	assert_int_equal(seen.n, 2);
	for (size_t i = 0; i < seen.n; i++)
		assert_int_equal(seen.first[i], seen.serial[i] == 1 ? 11 : 22);
	store_forget(s, 2);
	keep(s, 1, 13, 1);
	store_commit(s);
	store_close(s);

	s = store_open(fd);
	seen = look(s);
	assert_int_equal(seen.n, 1);
	assert_int_equal(store_count(s), 1);
	assert_int_equal(seen.first[0], 13);
	assert_int_equal(seen.length[0], 1);
	store_close(s);
	close(fd);
}

static bool holds(int fd, uint8_t value)
{
	uint8_t *m = mmap(NULL, STORE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	bool found = false;

	assert_true(m != MAP_FAILED);
	for (size_t i = 0; i < 1 << 16 && !found; i++) {
		size_t n = 0;

		while (n < 16 && m[i + n] == value)
			n++;
		found = n == 16;
	}
	munmap(m, STORE_SIZE);
	return found;
}

TEST(what_is_replaced_or_forgotten_is_wiped)
{
	int fd = memory();
	struct store *s = store_open(fd);

	keep(s, 1, 0xa1, 3000);
	store_commit(s);
	assert_true(holds(fd, 0xa1));
	keep(s, 1, 0xb2, 500);
	store_commit(s);
	assert_false(holds(fd, 0xa1));
	assert_true(holds(fd, 0xb2));
	store_forget(s, 1);
	store_commit(s);
	assert_false(holds(fd, 0xb2));
	keep(s, 1, 0xc3, 500); /* not committed */
	assert_true(holds(fd, 0xc3));
	store_close(s);
	s = store_open(fd);
	assert_false(holds(fd, 0xc3));
	keep(s, 1, 0xd4, 500);
	store_commit(s);
	store_wipe(s);
	assert_false(holds(fd, 0xd4));
	store_close(s);
	s = store_open(fd);
	assert_int_equal(store_count(s), 0);
	store_close(s);
	close(fd);
}

TEST(a_broken_record_is_not_given_out)
{
	int fd = memory();
	struct store *s = store_open(fd);
	uint8_t x = 0x55;

	keep(s, 1, 11, 100);
	keep(s, 2, 22, 100);
	store_commit(s);
	store_close(s);
	assert_int_equal(pwrite(fd, &x, 1, 1024 + 60), 1); /* in the first block's record */
	s = store_open(fd);
	assert_int_equal(look(s).n, 1);
	store_close(s);
	close(fd);
}

TEST(memory_that_is_full_refuses_and_goes_on)
{
	int fd = memory();
	struct store *s = store_open(fd);
	size_t n = STORE_SIZE / 1024 + 10;

	for (uint32_t i = 1; i <= n; i++)
		keep(s, i, 7, 10);
	store_commit(s);
	assert_in_range(store_refused(s), 10, 20);
	for (uint32_t i = 1; i <= 100; i++)
		store_forget(s, i);
	store_commit(s);
	keep(s, (uint32_t)n + 1, 9, 10);
	store_commit(s);
	assert_in_range(store_refused(s), 10, 120);
	store_close(s);
	close(fd);
}

/* Two records of each pair change together, each time to another size; some go and come. */
static _Noreturn void work(int fd)
{
	struct store *s = store_open(fd);

	for (unsigned round = 1;; round++) {
		uint32_t pair = 1 + round % PAIRS;

		if (round % 5 == 0) {
			store_forget(s, pair);
			store_forget(s, pair + 100);
		} else {
			keep(s, pair, (uint8_t)round, 1 + round * 37 % MAX_N);
			keep(s, pair + 100, (uint8_t)round, 1 + round * 91 % MAX_N);
		}
		store_commit(s);
	}
}

TEST(a_process_killed_at_any_moment_leaves_a_whole_commit)
{
	int fd = memory();

	srand(1);
	for (unsigned i = 0; i < KILLS; i++) {
		struct timespec t = { 0, 200000 + rand() % 3000000 };
		pid_t pid = fork();
		struct store *s;
		struct seen seen;

		assert_true(pid >= 0);
		if (pid == 0)
			work(fd);
		nanosleep(&t, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		s = store_open(fd);
		seen = look(s);
		for (size_t a = 0; a < seen.n; a++) {
			size_t b = 0;

			while (b < seen.n &&
				seen.serial[b] != (seen.serial[a] < 100 ? seen.serial[a] + 100
									: seen.serial[a] - 100))
				b++;
			assert_true(b < seen.n);
			assert_int_equal(seen.first[a], seen.first[b]);
		}
		store_close(s);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_was_committed_is_found_again),
		cmocka_unit_test(what_is_replaced_or_forgotten_is_wiped),
		cmocka_unit_test(a_broken_record_is_not_given_out),
		cmocka_unit_test(memory_that_is_full_refuses_and_goes_on),
		cmocka_unit_test(a_process_killed_at_any_moment_leaves_a_whole_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
