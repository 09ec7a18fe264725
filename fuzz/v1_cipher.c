/* What is encrypted, for keys that stand here: first octet: which cipher; then a datagram. Oracles:
 * what is opened and sealed again is the datagram, and ends with the same IV; what we seal is
 * opened as it was; the parser survives what the wrong key gives. */
#include "ikev1/keymat.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static const struct suite suites[] = {
	{ .encr = ENCR_3DES, .prf = PRF_HMAC_SHA1 },
	{ .encr = ENCR_AES_CBC, .key_bits = 128, .prf = PRF_HMAC_SHA2_256 },
	{ .encr = ENCR_AES_CBC, .key_bits = 256, .prf = PRF_HMAC_MD5 },
};

static void open_and_seal(struct v1_cipher *c, const struct v1_iv *iv, struct bytes datagram)
{
	static uint8_t room[LIMIT_MESSAGE + 16];
	static struct v1_msg m;
	struct v1_iv next = { 0 }, again = *iv, third;
	struct buf clear = { 0 }, twice = { 0 };
	struct bytes sealed;

	if (v1_decrypt(c, iv, datagram, &clear, &next) != OK) {
		check(!clear.p && next.n == 0);
		return;
	}
	check(clear.n == datagram.n && next.n == iv->n);
	(void)(v1_msg_parse(buf_view(&clear), &m, NULL) == OK);
	sealed = v1_encrypt(c, &again, buf_view(&clear), room, sizeof(room));
	check(sealed.n == datagram.n && memcmp(&again, &next, sizeof(next)) == 0);
	check(memcmp(sealed.p + V1_HEADER_N, datagram.p + V1_HEADER_N, datagram.n - V1_HEADER_N) ==
		0);
	check(v1_decrypt(c, iv, sealed, &twice, &third) == OK);
	check(memcmp(twice.p + V1_HEADER_N, clear.p + V1_HEADER_N, clear.n - V1_HEADER_N) == 0);
	buf_done(&clear);
	buf_done(&twice);
}

/* In clear, of any length: padded, and opened without loss. */
static void seal_and_open(struct v1_cipher *c, const struct v1_iv *iv, struct bytes message)
{
	static uint8_t room[LIMIT_MESSAGE + 16];
	struct v1_iv at = *iv, next;
	struct bytes sealed = v1_encrypt(c, &at, message, room, sizeof(room));
	struct buf clear = { 0 };

	if (message.n <= V1_HEADER_N) {
		check(!sealed.p);
		return;
	}
	check(sealed.n >= message.n && sealed.n < message.n + iv->n);
	check(v1_decrypt(c, iv, sealed, &clear, &next) == OK);
	check(memcmp(&at, &next, sizeof(at)) == 0);
	check(memcmp(clear.p + V1_HEADER_N, message.p + V1_HEADER_N, message.n - V1_HEADER_N) == 0);
	for (size_t i = message.n; i < clear.n; i++)
		check(clear.p[i] == 0);
	buf_done(&clear);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct v1_cipher *ciphers[COUNT(suites)];
	static struct v1_iv ivs[COUNT(suites)];
	static const uint8_t key[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
	size_t k = n ? data[0] % COUNT(suites) : 0;
	struct bytes datagram = n ? bytes_of(data + 1, n - 1) : BYTES_NONE;

	if (n > LIMIT_MESSAGE)
		return 0;
	if (!ciphers[k]) {
		check(v1_iv_phase1(&suites[k], BYTES(key), BYTES_NONE, &ivs[k]) == OK);
		check(v1_cipher_new(&suites[k], bytes_of(key, suite_encr_key_n(&suites[k])),
			      &ciphers[k]) == OK);
	}
	open_and_seal(ciphers[k], &ivs[k], datagram);
	seal_and_open(ciphers[k], &ivs[k], datagram);
	return 0;
}
