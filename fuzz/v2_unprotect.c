/* SK and SKF under a fixed key. Oracles: nothing opens that was not sealed with it; what was sealed
 * opens to the same; one flipped bit and it does not open. */
#include "ikev2/message.h"

#include <stdlib.h>

static const struct suite suites[] = {
	{ .encr = ENCR_AES_GCM_16, .key_bits = 128 },
	{ .encr = ENCR_AES_CBC, .key_bits = 128, .integ = INTEG_HMAC_SHA2_256_128 },
	{ .encr = ENCR_CHACHA20_POLY1305 },
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static enum err opens(struct protect *p, struct bytes datagram, struct buf *ret)
{
	static struct v2_msg m;
	enum err e = v2_msg_parse(datagram, &m, NULL);

	if (e || !(v2_has(&m, V2_SK) || v2_has(&m, V2_SKF)))
		return ERR_MISSING;
	return v2_unprotect(p, &m, ret);
}

static void seal_and_open(struct protect *p, const uint8_t *data, size_t n)
{
	static const struct v2_header h = { .version = 0x20, .exchange = INFORMATIONAL };
	static uint8_t room[70000];
	size_t bit = (size_t)(data[0] << 8 | data[1]);
	struct bytes text = bytes_of(data + 2, n - 2);
	struct bytes d = v2_protect(p, data[0], &h, data[1], text, room, sizeof(room));
	struct buf plain = { 0 };

	if (d.n == 0)
		return;
	check(opens(p, d, &plain) == OK && bytes_eq(buf_view(&plain), text));
	buf_done(&plain);
	bit %= 8 * d.n;
	room[bit / 8] ^= (uint8_t)(1 << bit % 8);
	check(opens(p, d, &plain) != OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t key[128] = { 42 };
	const struct suite *s = &suites[n != 0 ? data[0] % COUNT(suites) : 0];
	struct protect *p;
	struct buf plain = { 0 };

	check(protect_new(s, PROTECT_BOTH, bytes_of(key, suite_encr_key_n(s)),
		      bytes_of(key, suite_integ_key_n(s)), &p) == OK);
	check(n == 0 || opens(p, bytes_of(data + 1, n - 1), &plain) != OK);
	if (n >= 2)
		seal_and_open(p, data, n);
	protect_free(p);
	return 0;
}
