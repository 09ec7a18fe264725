/* The table is walked: whatever can meet, meets a row or is dropped, and nothing else. */
#include "ikev2/transitions.h"

#include "base/test.h"

static const uint8_t exchanges[] = { IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL, 0, 43,
	255 };

static struct v2_msg message(uint8_t exchange, bool is_response, uint64_t has)
{
	struct v2_msg m = { .has = has };

	m.h.exchange = exchange;
	m.h.flags = is_response ? V2_F_RESPONSE : 0;
	return m;
}

TEST(every_state_meets_every_message_with_a_row_of_its_own_or_none)
{
	unsigned found = 0;

	for (uint8_t s = 0; s < V2_STATES; s++)
		for (size_t i = 0; i < COUNT(exchanges); i++)
			for (int r = 0; r < 2; r++) {
				struct v2_msg m = message(exchanges[i], r, UINT64_MAX);
				const struct v2_row *row = v2_row_find(s, &m);

				if (!row)
					continue;
				found++;
				assert_int_equal(row->state, s);
				assert_int_equal(row->exchange, exchanges[i]);
				assert_int_equal(row->is_response, r);
				assert_non_null(row->handler);
				assert_true(row->next < V2_STATES);
			}
	/* 2 initial exchanges for either role, 4 kinds of message for 3 states, one stray IKE_AUTH
	 */
	assert_int_equal(found, 3 + 4 * 3 + 1);
}

TEST(no_row_hides_another_one)
{
	const struct v2_row *r, *before;

	for (size_t i = 0; (r = v2_row_at(i)); i++)
		for (size_t j = 0; j < i && (before = v2_row_at(j)); j++) {
			bool same = before->state == r->state && before->exchange == r->exchange &&
				    before->is_response == r->is_response;

			/* an earlier row that asks for no more than this one takes all its messages
			 */
			assert_false(same && (before->must & r->must) == before->must &&
				     (before->notify == 0 || before->notify == r->notify));
		}
}

TEST(parked_and_dead_states_take_no_message)
{
	static const uint8_t deaf[] = { V2_NEW, V2_AUTH_SIGNING, V2_AUTH_VERIFYING,
		V2_AUTH_R_VERIFYING, V2_AUTH_R_SIGNING, V2_AUTH_R_INSTALLING, V2_DEAD };

	for (size_t s = 0; s < COUNT(deaf); s++)
		for (size_t i = 0; i < COUNT(exchanges); i++)
			for (int r = 0; r < 2; r++) {
				struct v2_msg m = message(exchanges[i], r, UINT64_MAX);

				assert_null(v2_row_find(deaf[s], &m));
			}
}

TEST(each_parked_state_waits_for_one_answer)
{
	for (uint8_t s = 0; s < V2_STATES; s++)
		for (uint8_t a = 0; a < 8; a++) {
			const struct v2_answer_row *row = v2_answer_row_find(s, a);

			if (row)
				assert_true(s == V2_AUTH_SIGNING || s == V2_AUTH_VERIFYING ||
					    s == V2_AUTH_R_VERIFYING || s == V2_AUTH_R_SIGNING);
		}
	assert_non_null(v2_answer_row_find(V2_AUTH_SIGNING, V2_ASK_OUR_MAC));
	assert_null(v2_answer_row_find(V2_AUTH_SIGNING, V2_ASK_PEER_MAC));
	assert_null(v2_answer_row_find(V2_ESTABLISHED, V2_ASK_OUR_MAC));
}

TEST(an_unprotected_error_does_not_pass_for_a_response)
{
	struct v2_msg m = message(IKE_SA_INIT, true, P(V2_N));
	const struct v2_row *row;

	m.n_notify = 1;
	m.notify[0].type = N_NO_PROPOSAL_CHOSEN;
	row = v2_row_find(V2_INIT_SENT, &m);
	assert_non_null(row);
	assert_int_equal(row->next, V2_INIT_SENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_meets_every_message_with_a_row_of_its_own_or_none),
		cmocka_unit_test(no_row_hides_another_one),
		cmocka_unit_test(parked_and_dead_states_take_no_message),
		cmocka_unit_test(each_parked_state_waits_for_one_answer),
		cmocka_unit_test(an_unprotected_error_does_not_pass_for_a_response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
