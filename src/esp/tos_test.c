/* RFC 6040: every pair of ECN fields, as figure 4 has them, and the DSCP of RFC 4301 5.1.2. */
#include "base/test.h"
#include "esp/tos.h"

enum { NOT_ECT = 0, ECT_1 = 1, ECT_0 = 2, CE = 3, DROP = 4 };
enum { AF41 = 0x88, EF = 0xb8 };

TEST(ecn_is_copied_outwards_and_dscp_when_it_may)
{
	for (uint8_t ecn = 0; ecn < 4; ecn++) {
		assert_int_equal(tos_encap((uint8_t)(EF | ecn), false), EF | ecn);
		assert_int_equal(tos_encap((uint8_t)(EF | ecn), true), ecn);
	}
}

TEST(ecn_comes_back_as_rfc_6040_says)
{
	/* [arriving inner][arriving outer] */
	static const uint8_t expected[4][4] = {
		[NOT_ECT] = { [NOT_ECT] = NOT_ECT,
			[ECT_0] = NOT_ECT,
			[ECT_1] = NOT_ECT,
			[CE] = DROP },
		[ECT_0] = { [NOT_ECT] = ECT_0, [ECT_0] = ECT_0, [ECT_1] = ECT_1, [CE] = CE },
		[ECT_1] = { [NOT_ECT] = ECT_1, [ECT_0] = ECT_1, [ECT_1] = ECT_1, [CE] = CE },
		[CE] = { [NOT_ECT] = CE, [ECT_0] = CE, [ECT_1] = CE, [CE] = CE },
	};

	for (uint8_t inner = 0; inner < 4; inner++) {
		for (uint8_t outer = 0; outer < 4; outer++) {
			uint8_t got = 0xff;

			if (expected[inner][outer] == DROP) {
				assert_false(tos_decap(inner, outer, false, &got));
				continue;
			}
			assert_true(tos_decap(inner, outer, false, &got));
			assert_int_equal(got, expected[inner][outer]);
		}
	}
}

TEST(dscp_comes_from_within_unless_the_outer_one_is_wanted)
{
	uint8_t got;

	assert_true(tos_decap(EF | ECT_0, AF41 | CE, false, &got));
	assert_int_equal(got, EF | CE);
	assert_true(tos_decap(EF | ECT_0, AF41 | CE, true, &got));
	assert_int_equal(got, AF41 | CE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecn_is_copied_outwards_and_dscp_when_it_may),
		cmocka_unit_test(ecn_comes_back_as_rfc_6040_says),
		cmocka_unit_test(dscp_comes_from_within_unless_the_outer_one_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
