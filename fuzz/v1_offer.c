/* SA payloads of strangers against what we allow. Oracles: what a responder chooses is choosable
 * and among what was offered, goes back unmodified, and its initiator takes it; what is not chosen
 * has a difference; ours of an offer is always chosen. The first octet says what is ours. */
#include "ikev1/offer.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t room[1 << 16];
static struct v1_msg answer;

static void answer_with(const struct v1_chosen *c)
{
	const struct v1_header h = { .version = V1_VERSION };
	struct v1_build b;

	v1_build_begin(&b, room, sizeof(room), &h);
	v1_put_chosen(&b, c);
	check(v1_msg_parse(v1_build_end(&b), &answer, NULL) == OK);
}

static void chosen_is_one_of_theirs(const struct v1_proposals *theirs, struct v1_chosen *c)
{
	struct v1_chosen back;
	struct suite s;
	bool found = false;

	c->spi_ours = 0x1000;
	answer_with(c);
	for (size_t i = 0; i < theirs->n_t; i++)
		found |= theirs->t[i].is_choosable && theirs->t[i].number == c->transform &&
			 bytes_eq(theirs->t[i].attributes, answer.sa.t[0].attributes);
	check(found);
	check(v1_accept(theirs, &answer.sa, &back, &s) == OK);
	check(back.life_s == c->life_s && back.encap == c->encap && back.auth == c->auth);
}

static void phase1(uint8_t what, const struct v1_proposals *theirs)
{
	uint16_t auth = what & 1 ? V1_AUTH_XAUTH_INIT_PSK : V1_AUTH_PSK;
	const struct proposals *ours = proposals_default_ike_v1();
	struct v1_proposals *mine;
	struct v1_chosen c;
	struct suite s;

	if (v1_choose_ike(ours, auth, theirs, &c, &s) == OK) {
		check(proposals_has(ours, TT_ENCR, s.encr) && proposals_has(ours, TT_PRF, s.prf) &&
			proposals_has(ours, TT_KE, s.ke) && c.auth == auth);
		check(v1_is_allowed_ike(ours, auth, &c));
		chosen_is_one_of_theirs(theirs, &c);
	}
	check(v1_difference(ours, auth, theirs) != NULL);
	mine = v1_offer_ike(ours, auth, KE_NONE, NS_S);
	(void)(v1_accept(mine, theirs, &c, &s) == OK);
	check(v1_choose_ike(ours, auth, mine, &c, &s) == OK);
	free(mine);
}

static void phase2(uint8_t what, const struct v1_proposals *theirs)
{
	const struct v1_esp_wish w = { .ours = proposals_default_esp_v1(),
		.group = what & 1 ? KE_MODP2048 : KE_NONE,
		.takes_any_group = what & 2,
		.takes_udp = what & 4,
		.encap = what & 8 ? V1_ENCAP_TRANSPORT : V1_ENCAP_UDP_TUNNEL,
		.spi = 0x1000 };
	struct v1_chosen c;
	struct suite s;

	if (v1_choose_esp(&w, theirs, &c, &s) == OK) {
		check(proposals_has(w.ours, TT_ENCR, s.encr) && c.spi >= 256);
		check(w.takes_any_group || s.ke == w.group);
		check(v1_encap_is_transport(c.encap) == v1_encap_is_transport(w.encap));
		chosen_is_one_of_theirs(theirs, &c);
	}
	check(v1_difference_esp(&w, theirs) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct v1_proposals p;
	static char text[4096];
	uint32_t life_s, life_kb;

	if (n == 0)
		return 0;
	p = (struct v1_proposals){ 0 };
	if (v1_proposals_parse(bytes_of(data + 1, n - 1), &p) == OK) {
		v1_proposals_format(&p, text, sizeof(text));
		phase1(data[0], &p);
		phase2(data[0], &p);
	}
	if (v1_lifetime_parse(bytes_of(data + 1, n - 1), data[0] & 1 ? PROTO_IKE : PROTO_ESP,
		    &life_s, &life_kb) == OK)
		check(life_s != 0 || life_kb != 0);
	return 0;
}
