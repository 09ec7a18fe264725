/* The table is walked: whatever can meet, meets a row or is dropped, and nothing else. */
#include "ikev1/transitions.h"

#include "base/test.h"

static const uint8_t exchanges[] = { V1_MAIN_MODE, V1_AGGRESSIVE_MODE, V1_INFORMATIONAL,
	V1_TRANSACTION, V1_QUICK_MODE, 0, 1, 3, 33, 34, 255 };

static struct v1_msg message(uint8_t exchange, bool is_encrypted, uint64_t has)
{
	struct v1_msg m = { .has = has };

	m.h.exchange = exchange;
	m.h.flags = is_encrypted ? V1_F_ENCRYPTION : 0;
	return m;
}

TEST(every_state_meets_every_message_with_a_row_of_its_own_or_none)
{
	for (uint8_t s = 0; s < V1_STATES; s++)
		for (size_t i = 0; i < COUNT(exchanges); i++)
			for (int encrypted = 0; encrypted < 2; encrypted++) {
				struct v1_msg m = message(exchanges[i], encrypted, UINT64_MAX);
				const struct v1_row *row = v1_row_find(s, &m);

				if (!row)
					continue;
				assert_int_equal(row->state, s);
				assert_int_equal(row->exchange, exchanges[i]);
				assert_int_equal(row->is_encrypted, encrypted);
				assert_non_null(row->handler);
				assert_true(row->next < V1_STATES);
			}
}

TEST(no_row_hides_another_one)
{
	const struct v1_row *r, *before;

	for (size_t i = 0; (r = v1_row_at(i)); i++)
		for (size_t j = 0; j < i && (before = v1_row_at(j)); j++) {
			bool same = before->state == r->state && before->exchange == r->exchange &&
				    before->is_encrypted == r->is_encrypted;

			/* an earlier row that asks for no more takes all its messages */
			assert_false(same && (before->must & r->must) == before->must);
		}
}

TEST(parked_and_dead_states_take_no_message)
{
	static const uint8_t deaf[] = { V1_NEW, V1_MAIN_I_KEYING, V1_MAIN_R_KEYING,
		V1_MAIN_R_CHECKING, V1_AGGR_I_KEYING, V1_AGGR_R_KEYING, V1_XAUTH_S_VERIFYING,
		V1_XAUTH_C_SECRET, V1_DEAD };

	for (size_t s = 0; s < COUNT(deaf); s++)
		for (size_t i = 0; i < COUNT(exchanges); i++)
			for (int encrypted = 0; encrypted < 2; encrypted++) {
				struct v1_msg m = message(exchanges[i], encrypted, UINT64_MAX);

				assert_null(v1_row_find(deaf[s], &m));
			}
}

TEST(nothing_in_clear_reaches_an_authenticated_isakmp_sa)
{
	for (uint8_t s = V1_XAUTH_S_ASKED; s < V1_STATES; s++)
		for (size_t i = 0; i < COUNT(exchanges); i++) {
			struct v1_msg m = message(exchanges[i], false, UINT64_MAX);

			assert_null(v1_row_find(s, &m));
		}
}

TEST(whoever_reaches_an_authenticated_isakmp_sa_brings_a_hash)
{
	const struct v1_row *r;

	for (size_t i = 0; (r = v1_row_at(i)); i++)
		if (r->state >= V1_XAUTH_S_ASKED)
			assert_true(r->must & V1_P(V1_HASH));
	for (uint8_t s = 0; s < V1_QUICK_STATES; s++) {
		struct v1_msg m = message(V1_QUICK_MODE, true, UINT64_MAX & ~V1_P(V1_HASH));

		assert_null(v1_quick_row_find(s, &m));
	}
}

TEST(each_mode_has_its_own_messages)
{
	static const struct {
		uint8_t state, exchange;
		bool is_encrypted;
	} wrong[] = {
		{ V1_MAIN_I1_SENT, V1_AGGRESSIVE_MODE, false },
		{ V1_AGGR_I1_SENT, V1_MAIN_MODE, false },
		{ V1_MAIN_I2_SENT, V1_MAIN_MODE, true },
		{ V1_MAIN_I3_SENT, V1_MAIN_MODE, false },
		{ V1_MAIN_R2_SENT, V1_MAIN_MODE, false },
		{ V1_MAIN_R2_SENT, V1_QUICK_MODE, true },
		{ V1_ESTABLISHED, V1_MAIN_MODE, true },
		{ V1_ESTABLISHED, V1_AGGRESSIVE_MODE, true },
		{ V1_REPLACED, V1_TRANSACTION, true },
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct v1_msg m = message(wrong[i].exchange, wrong[i].is_encrypted, UINT64_MAX);

		assert_null(v1_row_find(wrong[i].state, &m));
	}
}

TEST(each_state_that_waits_for_keys_has_one_answer)
{
	static const uint8_t keying[] = { V1_MAIN_I_KEYING, V1_MAIN_R_KEYING, V1_MAIN_R_CHECKING,
		V1_AGGR_I_KEYING, V1_AGGR_R_KEYING };

	for (size_t i = 0; i < COUNT(keying); i++) {
		assert_non_null(v1_answer_row_find(keying[i], V1_ASK_SKEYID));
		assert_null(v1_answer_row_find(keying[i], V1_ASK_XAUTH_VERIFY));
		assert_null(v1_answer_row_find(keying[i], V1_ASK_XAUTH_SECRET));
	}
	assert_non_null(v1_answer_row_find(V1_XAUTH_S_VERIFYING, V1_ASK_XAUTH_VERIFY));
	assert_non_null(v1_answer_row_find(V1_XAUTH_C_SECRET, V1_ASK_XAUTH_SECRET));
	assert_null(v1_answer_row_find(V1_ESTABLISHED, V1_ASK_SKEYID));
	assert_null(v1_answer_row_find(V1_DEAD, V1_ASK_SKEYID));
}

TEST(a_quick_mode_that_waits_or_is_done_takes_no_message)
{
	static const uint8_t deaf[] = { V1_QUICK_WAITING, V1_QUICK_I_INSTALLING,
		V1_QUICK_R_INSTALLING, V1_QUICK_I2_SENT, V1_QUICK_USING, V1_QUICK_ESTABLISHED,
		V1_QUICK_REPLACED, V1_QUICK_GONE };
	struct v1_msg m = message(V1_QUICK_MODE, true, UINT64_MAX);

	for (size_t i = 0; i < COUNT(deaf); i++)
		assert_null(v1_quick_row_find(deaf[i], &m));
	assert_non_null(v1_quick_row_find(V1_QUICK_I1_SENT, &m));
	assert_non_null(v1_quick_row_find(V1_QUICK_R1_SENT, &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_meets_every_message_with_a_row_of_its_own_or_none),
		cmocka_unit_test(no_row_hides_another_one),
		cmocka_unit_test(parked_and_dead_states_take_no_message),
		cmocka_unit_test(nothing_in_clear_reaches_an_authenticated_isakmp_sa),
		cmocka_unit_test(whoever_reaches_an_authenticated_isakmp_sa_brings_a_hash),
		cmocka_unit_test(each_mode_has_its_own_messages),
		cmocka_unit_test(each_state_that_waits_for_keys_has_one_answer),
		cmocka_unit_test(a_quick_mode_that_waits_or_is_done_takes_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
