/* Whole exchanges that others recorded, with their keys: an IKE SA with a PSK and a leased address,
 * a Child SA, both rekeyed, the IKE SA deleted. Our parser, keys, SK and reassembly must read them
 * as their makers did. The files are in tests/vectors; each line is a name and octets in hex, in
 * the order of the exchange. */
#include "base/test.h"
#include "ikev2/keymat.h"
#include "ikev2/message.h"
#include "ikev2/nat_detection.h"

#include <stdio.h>
#include <stdlib.h>

enum { MESSAGES = 14, LINES = 96 };
enum {
	INIT_REQUEST,
	INIT_RESPONSE,
	AUTH_REQUEST,
	AUTH_RESPONSE,
	REKEY_CHILD_REQUEST,
	REKEY_CHILD_RESPONSE,
	DELETE_CHILD_REQUEST,
	DELETE_CHILD_RESPONSE,
	REKEY_IKE_REQUEST,
	REKEY_IKE_RESPONSE,
	DELETE_IKE_REQUEST,
	DELETE_IKE_RESPONSE,
	DELETE_NEW_REQUEST,
	DELETE_NEW_RESPONSE,
};

static const char *const secret = "a secret for vectors";

struct line {
	char name[16];
	struct buf value;
};

/* A message of the exchange: the first datagram of it, parsed, and what was inside. */
struct message {
	struct v2_msg m;
	struct buf datagram, inside;
};

struct recording {
	struct suite ike, esp;
	size_t n_line, next_line;
	struct line line[LINES];
	size_t n;
	struct message message[MESSAGES];
	struct v2_keys keys[2]; /* before and after the rekey */
};

/* ---- the file ---- */

static struct buf hex(const char *s)
{
	struct buf b = { 0 };

	b.n = strlen(s) / 2;
	b.p = xalloc(b.n);
	for (size_t i = 0; i < b.n; i++) {
		unsigned v;

		assert_int_equal(sscanf(s + 2 * i, "%2x", &v), 1);
		b.p[i] = (uint8_t)v;
	}
	return b;
}

static struct recording *recording_read(const char *path)
{
	static char text[8192], value[8192];
	struct recording *r = xalloc(sizeof(*r));
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	while (fgets(text, sizeof(text), f)) {
		struct line *l = &r->line[r->n_line];
		struct suite *i = &r->ike, *c = &r->esp;

		if (sscanf(text, "suite %hu %hu %hu %hu %hu / %hu %hu %hu %hu", &i->encr,
			    &i->key_bits, &i->integ, &i->prf, &i->ke, &c->encr, &c->key_bits,
			    &c->integ, &c->ke) == 9)
			continue;
		if (text[0] == '#' || sscanf(text, "%15s %8191s", l->name, value) != 2)
			continue;
		assert_true(r->n_line < LINES - 1);
		l->value = hex(value);
		r->n_line++;
	}
	fclose(f);
	return r;
}

/* The next line of that name; BYTES_NONE when a line of another name comes first. */
static struct bytes next(struct recording *r, const char *name)
{
	if (strcmp(r->line[r->next_line].name, name) != 0)
		return BYTES_NONE;
	return buf_view(&r->line[r->next_line++].value);
}

static void assert_next(struct recording *r, const char *name, struct bytes ours)
{
	struct bytes theirs = next(r, name);

	assert_int_equal(ours.n, theirs.n);
	assert_true(bytes_eq(ours, theirs));
}

static void recording_free(struct recording *r)
{
	for (size_t i = 0; i < r->n_line; i++)
		buf_done(&r->line[i].value);
	for (size_t i = 0; i < r->n; i++) {
		buf_done(&r->message[i].datagram);
		buf_done(&r->message[i].inside);
	}
	v2_keys_done(&r->keys[0]);
	v2_keys_done(&r->keys[1]);
	free(r);
}

/* ---- the exchange ---- */

static void assert_keys(struct recording *r, const struct v2_keys *k)
{
	assert_next(r, "sk_d", secret_view(&k->sk_d));
	assert_next(r, "sk_ai", secret_view(&k->sk_ai));
	assert_next(r, "sk_ar", secret_view(&k->sk_ar));
	assert_next(r, "sk_ei", secret_view(&k->sk_ei));
	assert_next(r, "sk_er", secret_view(&k->sk_er));
	assert_next(r, "sk_pi", secret_view(&k->sk_pi));
	assert_next(r, "sk_pr", secret_view(&k->sk_pr));
}

static void assert_chosen(const struct message *request, const struct message *response,
	bool with_ke, const struct suite *expected)
{
	struct suite s = { 0 };

	assert_int_equal(proposals_accept(&request->m.sa, &response->m.sa, with_ke, &s), OK);
	assert_int_equal(s.encr, expected->encr);
	assert_int_equal(s.key_bits, expected->key_bits);
	assert_int_equal(s.integ, expected->integ);
	assert_int_equal(s.prf, expected->prf);
	assert_int_equal(s.ke, with_ke ? expected->ke : 0);
}

static void first_keys(struct recording *r)
{
	const struct message *q = &r->message[INIT_REQUEST], *p = &r->message[INIT_RESPONSE];

	assert_chosen(q, p, true, &r->ike);
	assert_int_equal(q->m.ke_group, r->ike.ke);
	assert_int_equal(v2_keys_init(&r->ike, q->m.nonce, p->m.nonce, next(r, "g_ir"),
				 BYTES(p->m.h.spi_i), BYTES(p->m.h.spi_r), &r->keys[0]),
		OK);
	assert_keys(r, &r->keys[0]);
}

/* RFC 7296 2.15 */
static void assert_auth(struct recording *r, const struct message *init, struct bytes nonce,
	const struct secret *sk_p, struct bytes id_body, const struct message *auth)
{
	const struct bytes pad = bytes_str("Key Pad for IKEv2");
	struct buf octets = { 0 };
	struct bytes view;
	struct secret inner = { 0 }, mac = { 0 };

	assert_int_equal(v2_auth_octets(r->ike.prf, buf_view(&init->datagram), nonce,
				 secret_view(sk_p), id_body, &octets),
		OK);
	assert_next(r, "octets", buf_view(&octets));
	view = buf_view(&octets);
	assert_int_equal(prf(r->ike.prf, bytes_str(secret), &pad, 1, &inner), OK);
	assert_int_equal(prf(r->ike.prf, secret_view(&inner), &view, 1, &mac), OK);
	assert_next(r, "auth", secret_view(&mac));
	assert_true(bytes_eq(auth->m.auth, secret_view(&mac)));
	buf_done(&octets);
	secret_done(&inner);
	secret_done(&mac);
}

static void assert_child(struct recording *r, struct bytes g_ir, struct bytes ni, struct bytes nr)
{
	struct v2_child_keys k = { 0 };

	assert_int_equal(v2_child_keymat(r->ike.prf, secret_view(&r->keys[0].sk_d), g_ir, ni, nr,
				 &r->esp, &k),
		OK);
	assert_next(r, "encr_i", secret_view(&k.encr_i));
	assert_next(r, "encr_r", secret_view(&k.encr_r));
	assert_next(r, "integ_i", secret_view(&k.integ_i));
	assert_next(r, "integ_r", secret_view(&k.integ_r));
	v2_child_keys_done(&k);
}

static void auth_and_child(struct recording *r)
{
	const struct message *m = r->message;

	assert_auth(r, &m[INIT_REQUEST], m[INIT_RESPONSE].m.nonce, &r->keys[0].sk_pi,
		m[AUTH_REQUEST].m.idi_body, &m[AUTH_REQUEST]);
	assert_auth(r, &m[INIT_RESPONSE], m[INIT_REQUEST].m.nonce, &r->keys[0].sk_pr,
		m[AUTH_RESPONSE].m.idr_body, &m[AUTH_RESPONSE]);
	assert_chosen(&m[AUTH_REQUEST], &m[AUTH_RESPONSE], false, &r->esp);
	assert_child(r, BYTES_NONE, m[INIT_REQUEST].m.nonce, m[INIT_RESPONSE].m.nonce);
}

static void rekeyed_child(struct recording *r)
{
	const struct message *q = &r->message[REKEY_CHILD_REQUEST],
			     *p = &r->message[REKEY_CHILD_RESPONSE];

	assert_chosen(q, p, true, &r->esp);
	assert_child(r, next(r, "child_g_ir"), q->m.nonce, p->m.nonce);
}

static void rekeyed_ike(struct recording *r)
{
	const struct message *q = &r->message[REKEY_IKE_REQUEST],
			     *p = &r->message[REKEY_IKE_RESPONSE];

	assert_chosen(q, p, true, &r->ike);
	assert_int_equal(
		v2_keys_rekey((struct v2_rekeyed){ r->ike.prf, secret_view(&r->keys[0].sk_d) },
			&r->ike, q->m.nonce, p->m.nonce, next(r, "g_ir"), BYTES(q->m.sa.p[0].spi),
			BYTES(p->m.sa.p[0].spi), &r->keys[1]),
		OK);
	assert_keys(r, &r->keys[1]);
}

static struct buf opened(const struct recording *r, const struct v2_msg *m)
{
	const struct v2_keys *k = &r->keys[r->n >= DELETE_NEW_REQUEST];
	bool from_i = m->h.flags & V2_F_INITIATOR;
	struct protect *p = NULL;
	struct buf plain = { 0 };

	assert_int_equal(
		protect_new(&r->ike, PROTECT_BOTH, secret_view(from_i ? &k->sk_ei : &k->sk_er),
			secret_view(from_i ? &k->sk_ai : &k->sk_ar), &p),
		OK);
	assert_int_equal(v2_unprotect(p, m, &plain), OK);
	protect_free(p);
	return plain;
}

/* The next message: of one datagram, or of its fragments. */
static void message_read(struct recording *r)
{
	struct message *to = &r->message[r->n];
	struct v2_fragments f = { 0 };
	uint8_t first;
	enum err e = ERR_MISSING;

	while (e == ERR_MISSING) {
		struct buf plain;

		buf_done(&to->datagram);
		to->datagram = buf_from(next(r, "datagram"));
		assert_int_equal(v2_msg_parse(buf_view(&to->datagram), &to->m, NULL), OK);
		first = to->m.sk_next;
		if (to->m.h.exchange == IKE_SA_INIT)
			break;
		plain = opened(r, &to->m);
		if (to->m.frag_total == 0) {
			to->inside = plain;
			break;
		}
		e = v2_fragments_add(&f, to->m.frag_number, to->m.frag_total, first,
			buf_view(&plain), &first, &to->inside);
		buf_done(&plain);
	}
	if (to->m.h.exchange != IKE_SA_INIT)
		assert_int_equal(v2_chain_parse(first, buf_view(&to->inside), &to->m, NULL), OK);
	r->n++;
}

/* The keys stand before the datagrams in the file, but each is needed only after some of these. */
static void replay(struct recording *r)
{
	size_t datagrams = 0, keys;

	while (strcmp(r->line[datagrams].name, "datagram") != 0)
		datagrams++;
	keys = 0;
	while (r->n < MESSAGES) {
		r->next_line = datagrams;
		message_read(r);
		datagrams = r->next_line;
		r->next_line = keys;
		if (r->n == INIT_RESPONSE + 1)
			first_keys(r);
		else if (r->n == AUTH_RESPONSE + 1)
			auth_and_child(r);
		else if (r->n == REKEY_CHILD_RESPONSE + 1)
			rekeyed_child(r);
		else if (r->n == REKEY_IKE_RESPONSE + 1)
			rekeyed_ike(r);
		keys = r->next_line;
	}
	assert_int_equal(datagrams, r->n_line);
	assert_string_equal(r->line[keys].name, "datagram");
}

/* ---- what else they say ---- */

static void assert_names(const struct recording *r)
{
	const struct message *m = r->message;

	assert_memory_equal(m[INIT_REQUEST].m.names, "SA,KE,Ni,N(NAT_DETECTION_SOURCE_IP),", 36);
	assert_memory_equal(m[INIT_RESPONSE].m.names, "SA,KE,Nr,N(NAT_DETECTION_SOURCE_IP),", 36);
	assert_non_null(strstr(m[AUTH_REQUEST].m.names, "{IDi,N(INITIAL_CONTACT),IDr,AUTH,CP,SA,"));
	assert_non_null(strstr(m[AUTH_RESPONSE].m.names, "{IDr,AUTH,CP,SA,TSi,TSr}"));
	assert_non_null(strstr(m[REKEY_CHILD_REQUEST].m.names, "{N(REKEY_SA),SA,Ni,KE,TSi,TSr}"));
	assert_string_equal(m[DELETE_CHILD_REQUEST].m.names, "SK{D}");
	assert_non_null(strstr(m[REKEY_IKE_RESPONSE].m.names, "{SA,Nr,KE}"));
	assert_string_equal(m[DELETE_NEW_RESPONSE].m.names, "SK{}");
}

/* The road warrior asked for an address, its selector became that address. */
static void assert_lease(const struct recording *r)
{
	const struct v2_msg *q = &r->message[AUTH_REQUEST].m, *p = &r->message[AUTH_RESPONSE].m;
	struct addr leased = addr_v4(0x64400d01);

	assert_int_equal(q->cp.type, CP_REQUEST);
	assert_int_equal(q->cp.attr[0].type, CP_INTERNAL_IP4_ADDRESS);
	assert_int_equal(p->cp.type, CP_REPLY);
	assert_int_equal(p->cp.attr[0].type, CP_INTERNAL_IP4_ADDRESS);
	assert_true(bytes_eq(p->cp.attr[0].value, addr_bytes(&leased)));
	assert_int_equal(p->tsi.n, 1);
	assert_true(addr_eq(&p->tsi.ts[0].range.first, &leased));
	assert_true(addr_eq(&p->tsi.ts[0].range.last, &leased));
	assert_true(bytes_eq(q->idi, bytes_str("roadwarrior.example.com")));
	assert_true(bytes_eq(p->idr, bytes_str("vpn.example.com")));
}

/* These ends do ESP themselves, so both claim to be behind a NAT, that all of it may go through
 * UDP. */
static void assert_nat(const struct recording *r)
{
	struct endpoint i = { addr_v4(0xc0000201), 500 }, p = { addr_v4(0xc0000202), 500 };
	struct v2_nat at_r = v2_nat_judge(&r->message[INIT_REQUEST].m, &p, &i);
	struct v2_nat at_i = v2_nat_judge(&r->message[INIT_RESPONSE].m, &i, &p);

	assert_true(at_r.supported && at_r.remote_behind && !at_r.local_behind);
	assert_true(at_i.supported && at_i.remote_behind && !at_i.local_behind);
}

static void assert_deletes(const struct recording *r)
{
	const struct v2_msg *child = &r->message[DELETE_CHILD_REQUEST].m;

	assert_int_equal(child->del[0].protocol, PROTO_ESP);
	assert_int_equal(child->del[0].n, 1);
	assert_true(
		bytes_eq(child->del[0].spis, bytes_of(r->message[AUTH_REQUEST].m.sa.p[0].spi, 4)));
	assert_int_equal(r->message[DELETE_NEW_REQUEST].m.del[0].protocol, PROTO_IKE);
}

static char **paths;

TEST(recorded_exchanges_read_as_their_makers_read_them)
{
	assert_non_null(paths[0]);
	for (char **path = paths; *path; path++) {
		struct recording *r = recording_read(*path);

		replay(r);
		assert_names(r);
		assert_lease(r);
		assert_nat(r);
		assert_deletes(r);
		recording_free(r);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_exchanges_read_as_their_makers_read_them),
	};

	(void)argc;
	paths = argv + 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
