/* XAUTH, the client (draft-ietf-ipsec-isakmp-xauth-06 5): the gateway asks who we are besides the
 * preshared key; keys knows, or whoever said "ipsec up" has told it. */
#include "ikev1/transaction.h"

#include "crypto/prf.h"
#include <stdlib.h>

static bool wants(const struct v1_attrs *a, uint16_t type)
{
	return v1_attr_find(a, type) != NULL;
}

/* The generic kind only: a secret of one's own that goes with a challenge needs a person. */
static const char *cannot(const struct v1_attrs *a)
{
	const struct v1_attr *type = v1_attr_find(a, V1_XAUTH_TYPE);

	if (type && v1_attr_number(type) != 0)
		return "another kind of XAUTH than the generic one";
	if (wants(a, V1_XAUTH_CHALLENGE) || wants(a, V1_XAUTH_ANSWER))
		return "an answer to a challenge";
	if (wants(a, V1_XAUTH_NEXT_PIN))
		return "a new PIN";
	return NULL;
}

/* The draft's way to say that there will be no answer. */
static void give_up(struct v1_sa *sa, int exit)
{
	struct v1_saying s;

	v1_saying_init(&s, V1_CFG_REPLY);
	v1_attr_add_basic(&s.a, V1_XAUTH_STATUS, 0);
	transaction_answer(sa, &s.a);
	transaction_fail(sa, exit);
}

static void message(struct v1_sa *sa, const struct v1_attrs *a)
{
	const struct v1_attr *m = v1_attr_find(a, V1_XAUTH_MESSAGE);
	char text[512];

	if (m && m->value.n)
		V1_EMIT(sa, v1_xauth_message,
			.text = ev_str(event_escape(
				bytes_of(m->value.p, MIN(m->value.n, 120u)), text, sizeof(text))));
}

void xauth_requested(struct v1_sa *sa, const struct v1_attrs *a)
{
	struct action ask = { .xauth = { .conn = sa->conn->conf->name } };
	const char *why = cannot(a);

	message(sa, a);
	if (why) {
		V1_EMIT(sa, v1_xauth_unsupported, .what = ev_str(why));
		give_up(sa, EXIT_IKE_AUTH);
		return;
	}
	sa->transaction.wants_type = wants(a, V1_XAUTH_TYPE);
	sa->transaction.wants_passcode =
		wants(a, V1_XAUTH_PASSCODE) && !wants(a, V1_XAUTH_USER_PASSWORD);
	sa->transaction.wants_domain = wants(a, V1_XAUTH_DOMAIN);
	ask.xauth.user = sa->conn->ours->username ? sa->conn->ours->username : "";
	transaction_wait(sa, V1_XAUTH_C_SECRET);
	ike_ask_xauth_secret(sa->ike, sa->v1->index, sa->serial, V1_ASK_XAUTH_SECRET, &ask);
}

/* Who is asked again was wrong; the same once more would only lock the account. */
static bool is_new_answer(struct v1_sa *sa, const struct answer *a)
{
	const struct bytes parts[] = { bytes_str(a->user), bytes_of("", 1), a->password };
	struct secret digest = { 0 };
	bool is_new;

	if (prf(PRF_HMAC_SHA2_256, secret_view(&sa->keys.skeyid_a), parts, COUNT(parts), &digest) !=
		OK)
		return false;
	is_new = !bytes_eq_ct(secret_view(&digest), secret_view(&sa->xauth_answer));
	secret_done(&sa->xauth_answer);
	sa->xauth_answer = digest;
	return is_new && sa->xauth_tries++ < LIMIT_XAUTH_TRIES;
}

static void answer_with(struct v1_sa *sa, const struct answer *a)
{
	const struct v1_transaction *t = &sa->transaction;
	struct v1_saying s;

	v1_saying_init(&s, V1_CFG_REPLY);
	if (t->wants_type)
		v1_attr_add_basic(&s.a, V1_XAUTH_TYPE, 0);
	v1_attr_add(&s.a, V1_XAUTH_USER_NAME, bytes_str(a->user));
	v1_attr_add(
		&s.a, t->wants_passcode ? V1_XAUTH_PASSCODE : V1_XAUTH_USER_PASSWORD, a->password);
	if (t->wants_domain)
		v1_attr_add(&s.a, V1_XAUTH_DOMAIN, BYTES_NONE);
	transaction_answer(sa, &s.a);
}

enum v1_verdict xauth_secret(struct v1_sa *sa, const struct answer *a)
{
	char user[4 * LIMIT_XAUTH_USER + 1];

	if (a->e != OK || !a->user) {
		V1_EMIT(sa, v1_xauth_no_secret, .why = ev_str(a->text ? a->text : err_text(a->e)));
		give_up(sa, EXIT_IKE_LOCAL);
		return V1_STAY;
	}
	event_escape(bytes_str(a->user), user, sizeof(user));
	if (!is_new_answer(sa, a)) {
		V1_EMIT(sa, v1_xauth_rejected, .user = ev_str(user), .how = ev_str("asks again"));
		give_up(sa, EXIT_IKE_AUTH);
		return V1_STAY;
	}
	free(sa->user);
	sa->user = xstrdup(a->user);
	V1_EMIT(sa, v1_xauth_answering, .user = ev_str(user));
	answer_with(sa, a);
	transaction_wait(sa, V1_XAUTH_C_ANSWERED);
	return V1_STAY;
}

static void acknowledge(struct v1_sa *sa, uint16_t status)
{
	struct v1_saying s;

	v1_saying_init(&s, V1_CFG_ACK);
	v1_attr_add_basic(&s.a, V1_XAUTH_STATUS, status);
	transaction_answer(sa, &s.a);
}

void xauth_told(struct v1_sa *sa, const struct v1_attrs *a)
{
	const struct v1_attr *status = v1_attr_find(a, V1_XAUTH_STATUS);
	bool is_in = status && v1_attr_number(status) == 1;
	char user[4 * LIMIT_XAUTH_USER + 1];

	message(sa, a);
	acknowledge(sa, is_in);
	if (!is_in) {
		V1_EMIT(sa, v1_xauth_rejected,
			.user = ev_str(event_escape(
				bytes_str(sa->user ? sa->user : ""), user, sizeof(user))),
			.how = ev_str("answers with failure"));
		transaction_fail(sa, EXIT_IKE_AUTH);
		return;
	}
	V1_EMIT(sa, v1_xauth_in, );
	sa->has_user = true;
	if (sa->user)
		conn_set_user(sa->conn, sa->user);
	transaction_next(sa);
}
