/* Explanations: what is written is read, and nothing else is. */
#include "ikev2/explain.h"

#include "ikev2/message.h"

#include "base/test.h"

static struct bytes put(const struct v2_explain *x, uint8_t room[static V2_EXPLAIN_MAX])
{
	struct wr w = wr_to(room, V2_EXPLAIN_MAX);

	v2_explain_put(&w, x);
	return wr_view(&w);
}

TEST(what_is_written_is_read)
{
	static const struct v2_explain all[] = {
		{ V2_EXPLAIN_ESP, TT_ENCR, "aes192-sha2_512,aes_gcm256", "" },
		{ V2_EXPLAIN_ESN, 0, "either", "" },
		{ V2_EXPLAIN_TS, V2_TSR, "10.0.2.0/24,2001:db8::/32", "10.0.1.0/24" },
		{ V2_EXPLAIN_MODE, 0, "transport", "" },
	};

	for (size_t i = 0; i < COUNT(all); i++) {
		uint8_t room[V2_EXPLAIN_MAX];
		struct v2_explain x;

		assert_int_equal(v2_explain_parse(put(&all[i], room), &x), OK);
		assert_int_equal(x.class, all[i].class);
		assert_int_equal(x.field, all[i].field);
		assert_string_equal(x.theirs, all[i].theirs);
		assert_string_equal(x.ours, all[i].ours);
	}
}

TEST(what_its_class_does_not_have_is_not_written)
{
	const struct v2_explain x = { V2_EXPLAIN_TS, 0, "10.0.2.0/24 17/0", "10.0.1.0/24" };
	const struct v2_explain y = { V2_EXPLAIN_MODE, 0, "tunnel", "tunnel" };
	uint8_t room[V2_EXPLAIN_MAX];
	struct v2_explain got;

	assert_int_equal(v2_explain_parse(put(&x, room), &got), OK);
	assert_string_equal(got.theirs, "");
	assert_string_equal(got.ours, "10.0.1.0/24");
	assert_int_equal(v2_explain_parse(put(&y, room), &got), OK);
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
		{ WIRE(1, V2_EXPLAIN_ESP, 1, 3, 'a', 'e', 's', 0), OK },
		{ WIRE(2, V2_EXPLAIN_ESP, 1, 3, 'a', 'e', 's', 0), ERR_UNSUPPORTED },
		{ WIRE(1, 0, 1, 3, 'a', 'e', 's', 0), ERR_UNSUPPORTED },
		{ WIRE(1, V2_EXPLAIN_END, 1, 3, 'a', 'e', 's', 0), ERR_UNSUPPORTED },
		{ WIRE(1, 255, 1, 3, 'a', 'e', 's', 0), ERR_UNSUPPORTED },
		{ WIRE(1, V2_EXPLAIN_ESP, V2_TSI, 3, 'a', 'e', 's', 0), ERR_VALUE },
		{ WIRE(1, V2_EXPLAIN_ESP, 1, 3, 'a', '\n', 's', 0), ERR_VALUE },
		{ WIRE(1, V2_EXPLAIN_ESP, 1, 3, 'a', ' ', 's', 0), ERR_VALUE },
		{ WIRE(1, V2_EXPLAIN_ESP, 1, 3, 'a', 0, 's', 0), ERR_VALUE },
		{ WIRE(1, V2_EXPLAIN_ESP, 1, 3, 'a', 'e', 's', 1, 'x'), ERR_VALUE },
		{ WIRE(1, V2_EXPLAIN_ESP, 1, 4, 'a', 'e', 's', 0), ERR_VALUE },
		{ WIRE(1, V2_EXPLAIN_ESP, 1, 3, 'a', 'e', 's', 0, 0), ERR_LENGTH },
		{ WIRE(1, V2_EXPLAIN_ESP, 1, 3, 'a', 'e', 's'), ERR_LENGTH },
		{ WIRE(1, V2_EXPLAIN_ESP, 1, 200, 'a', 'e', 's'), ERR_LENGTH },
		{ WIRE(1, V2_EXPLAIN_MODE, 0, 2, 'n', 'o', 0), ERR_VALUE },
		{ WIRE(1, V2_EXPLAIN_TS, V2_TSR, 2, '1', 'z', 0), ERR_VALUE },
		{ WIRE(1), ERR_UNSUPPORTED },
		{ BYTES_NONE, ERR_UNSUPPORTED },
	};

	for (size_t i = 0; i < COUNT(t); i++) {
		struct v2_explain x;

		assert_int_equal(v2_explain_parse(t[i].wire, &x), t[i].e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_its_class_does_not_have_is_not_written),
		cmocka_unit_test(what_is_not_known_or_not_a_value_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
