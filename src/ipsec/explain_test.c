/* Explanations: what is written is read, and nothing else is. */
#include "ipsec/explain.h"

#include "base/test.h"
#include "ipsec/proposal.h"

static struct bytes put(const struct explain *x, uint8_t room[static EXPLAIN_MAX])
{
	struct wr w = wr_to(room, EXPLAIN_MAX);

	explain_put(&w, x);
	return wr_view(&w);
}

static enum explain_stage stage_of(const struct explain *x)
{
	return x->class >= EXPLAIN_IKE ? EXPLAIN_UNPROVEN : EXPLAIN_PROVEN;
}

TEST(what_is_written_is_read)
{
	static const struct explain all[] = {
		{ EXPLAIN_IKE, TT_KE, "aes256-sha2_512-dh19", "" },
		{ EXPLAIN_VERSION_OF, 0, "ikev1", "" },
		{ EXPLAIN_V1_MODE, 0, "aggressive", "" },
		{ EXPLAIN_SECRET, 0, "", "" },
		{ EXPLAIN_ID, 0, "", "" },
		{ EXPLAIN_ESP, TT_ENCR, "aes192-sha2_512,aes_gcm256", "" },
		{ EXPLAIN_ESN, 0, "either", "" },
		{ EXPLAIN_TS, EXPLAIN_TSR, "10.0.2.0/24,2001:db8::/32", "10.0.1.0/24" },
		{ EXPLAIN_MODE, 0, "transport", "" },
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		uint8_t room[EXPLAIN_MAX];
		struct explain x;

		assert_int_equal(explain_parse(put(&all[i], room), stage_of(&all[i]), &x), OK);
		assert_int_equal(x.class, all[i].class);
		assert_int_equal(x.field, all[i].field);
		assert_string_equal(x.theirs, all[i].theirs);
		assert_string_equal(x.ours, all[i].ours);
	}
}

TEST(what_its_class_does_not_have_is_not_written)
{
	const struct explain x = { EXPLAIN_TS, 0, "10.0.2.0/24 17/0", "10.0.1.0/24" };
	const struct explain y = { EXPLAIN_MODE, 0, "tunnel", "tunnel" };
	uint8_t room[EXPLAIN_MAX];
	struct explain got;

	assert_int_equal(explain_parse(put(&x, room), EXPLAIN_PROVEN, &got), OK);
	assert_string_equal(got.theirs, "");
	assert_string_equal(got.ours, "10.0.1.0/24");
	assert_int_equal(explain_parse(put(&y, room), EXPLAIN_PROVEN, &got), OK);
	assert_string_equal(got.ours, "");
}

#define WIRE(...)                                                                                  \
	bytes_of((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

TEST(what_is_not_known_or_not_a_value_is_refused)
{
	const struct {
		struct bytes wire;
		enum err e;
	} t[] = {
		{ WIRE(1, EXPLAIN_ESP, 1, 3, 'a', 'e', 's', 0), OK },
		{ WIRE(2, EXPLAIN_ESP, 1, 3, 'a', 'e', 's', 0), ERR_UNSUPPORTED },
		{ WIRE(1, 0, 1, 3, 'a', 'e', 's', 0), ERR_UNSUPPORTED },
		{ WIRE(1, EXPLAIN_END, 1, 3, 'a', 'e', 's', 0), ERR_UNSUPPORTED },
		{ WIRE(1, 255, 1, 3, 'a', 'e', 's', 0), ERR_UNSUPPORTED },
		{ WIRE(1, EXPLAIN_ESP, EXPLAIN_TSI, 3, 'a', 'e', 's', 0), ERR_VALUE },
		{ WIRE(1, EXPLAIN_ESP, 1, 3, 'a', '\n', 's', 0), ERR_VALUE },
		{ WIRE(1, EXPLAIN_ESP, 1, 3, 'a', ' ', 's', 0), ERR_VALUE },
		{ WIRE(1, EXPLAIN_ESP, 1, 3, 'a', 0, 's', 0), ERR_VALUE },
		{ WIRE(1, EXPLAIN_ESP, 1, 3, 'a', 'e', 's', 1, 'x'), ERR_VALUE },
		{ WIRE(1, EXPLAIN_ESP, 1, 4, 'a', 'e', 's', 0), ERR_VALUE },
		{ WIRE(1, EXPLAIN_ESP, 1, 3, 'a', 'e', 's', 0, 0), ERR_LENGTH },
		{ WIRE(1, EXPLAIN_ESP, 1, 3, 'a', 'e', 's'), ERR_LENGTH },
		{ WIRE(1, EXPLAIN_ESP, 1, 200, 'a', 'e', 's'), ERR_LENGTH },
		{ WIRE(1, EXPLAIN_MODE, 0, 2, 'n', 'o', 0), ERR_VALUE },
		{ WIRE(1, EXPLAIN_TS, EXPLAIN_TSR, 2, '1', 'z', 0), ERR_VALUE },
		{ WIRE(1), ERR_UNSUPPORTED },
		{ BYTES_NONE, ERR_UNSUPPORTED },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct explain x;

		assert_int_equal(explain_parse(t[i].wire, EXPLAIN_PROVEN, &x), t[i].e);
	}
}

/* What is said in clear is never taken for the word of who is authenticated, nor the reverse. */
TEST(each_class_is_of_one_stage)
{
	for (uint8_t class = 1; class < EXPLAIN_END; class ++) {
		const struct explain x = { .class = class };
		enum explain_stage stage = stage_of(&x);
		uint8_t room[EXPLAIN_MAX];
		struct explain got;

		assert_int_equal(explain_parse(put(&x, room), stage, &got), OK);
		assert_int_equal(explain_parse(put(&x, room), !stage, &got), ERR_UNSUPPORTED);
		assert_true(explain_name(class, 1)[0] || explain_name(class, 2)[0]);
	}
}

/* A secret or an identity is in no explanation, whatever was meant to be told. */
TEST(of_secrets_and_identities_there_is_no_value)
{
	const struct explain x[] = { { EXPLAIN_SECRET, 0, "hush", "hush" },
		{ EXPLAIN_ID, 0, "joe", "joe" } };

	for (size_t i = 0; i < COUNT(x); i++) {
		uint8_t room[EXPLAIN_MAX];

		assert_int_equal(put(&x[i], room).n, 5);
	}
	struct explain got;

	assert_int_equal(
		explain_parse(WIRE(1, EXPLAIN_SECRET, 0, 1, 'x', 0), EXPLAIN_UNPROVEN, &got),
		ERR_VALUE);
	assert_int_equal(explain_parse(WIRE(1, EXPLAIN_ID, 0, 0, 1, 'x'), EXPLAIN_UNPROVEN, &got),
		ERR_VALUE);
	assert_int_equal(
		explain_parse(WIRE(1, EXPLAIN_ID, 1, 0, 0), EXPLAIN_UNPROVEN, &got), ERR_VALUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_its_class_does_not_have_is_not_written),
		cmocka_unit_test(what_is_not_known_or_not_a_value_is_refused),
		cmocka_unit_test(each_class_is_of_one_stage),
		cmocka_unit_test(of_secrets_and_identities_there_is_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
