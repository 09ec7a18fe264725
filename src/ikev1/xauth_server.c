/* XAUTH, the server (draft-ietf-ipsec-isakmp-xauth-06 5): name and password are asked for, keys
 * says whether they are right, the client is told. A wrong one is asked for again, as Cisco does.
 */
#include "ikev1/transaction.h"

#include <stdlib.h>

void xauth_ask(struct v1_sa *sa)
{
	struct v1_saying s;

	v1_saying_init(&s, V1_CFG_REQUEST);
	v1_attr_add(&s.a, V1_XAUTH_USER_NAME, BYTES_NONE);
	v1_attr_add(&s.a, V1_XAUTH_USER_PASSWORD, BYTES_NONE);
	if (sa->xauth_tries)
		v1_saying_add(
			&s, V1_XAUTH_MESSAGE, bytes_str("The user name or the password is wrong."));
	V1_EMIT(sa, v1_xauth_asking, .state = ev_str("XAUTH_R0"));
	transaction_start(sa, &s.a, V1_XAUTH_S_ASKED);
}

static void tell(struct v1_sa *sa, bool is_in)
{
	struct v1_saying s;

	sa->has_user = is_in;
	v1_saying_init(&s, V1_CFG_SET);
	v1_attr_add_basic(&s.a, V1_XAUTH_STATUS, is_in);
	transaction_start(sa, &s.a, V1_XAUTH_S_TOLD);
}

static char *user_text(const struct v1_sa *sa, char *s, size_t n)
{
	return event_escape(bytes_str(sa->user ? sa->user : ""), s, n);
}

/* Nobody said who it is: no user that there is, and never the same as another one. */
static void let_in_unknown(struct v1_sa *sa)
{
	char *claimed = sa->user, text[4 * LIMIT_XAUTH_USER + 1];

	V1_EMIT(sa, v1_xauth_soft, .user = ev_str(user_text(sa, text, sizeof(text))));
	sa->user = xasprintf("%s (not authenticated, #%u)", claimed ? claimed : "", sa->serial);
	free(claimed);
	sa->has_failed_xauth = true;
	user_settle(sa);
	tell(sa, true);
}

static void wrong(struct v1_sa *sa, const char *why, bool may_try_again)
{
	char user[4 * LIMIT_XAUTH_USER + 1];
	bool is_last = ++sa->xauth_tries >= LIMIT_XAUTH_TRIES || !may_try_again;

	V1_EMIT(sa, v1_xauth_failed, .user = ev_str(user_text(sa, user, sizeof(user))),
		.why = ev_str(why), .tries = ev_u64(sa->xauth_tries),
		.limit = ev_u64(LIMIT_XAUTH_TRIES));
	if (sa->conn->conf->xauthfail == XAUTHFAIL_SOFT) {
		let_in_unknown(sa);
		return;
	}
	free(sa->user);
	sa->user = NULL;
	if (is_last)
		tell(sa, false);
	else
		xauth_ask(sa);
}

/* The name as a string; NULL when it cannot be anybody's. */
static char *name_of(const struct v1_attrs *a)
{
	const struct v1_attr *v = v1_attr_find(a, V1_XAUTH_USER_NAME);

	if (!v || v->value.n == 0 || v->value.n > LIMIT_XAUTH_USER ||
		memchr(v->value.p, 0, v->value.n))
		return NULL;
	return xasprintf("%.*s", (int)v->value.n, (const char *)v->value.p);
}

static const char *judge(const struct v1_sa *sa, const struct v1_attrs *a)
{
	const struct v1_attr *password = v1_attr_find(a, V1_XAUTH_USER_PASSWORD);
	const struct v1_attr *type = v1_attr_find(a, V1_XAUTH_TYPE);

	if (type && v1_attr_number(type) != 0)
		return "the client answers with another kind of XAUTH than the generic one";
	if (!sa->user)
		return "the user name is missing, empty, too long, or no text";
	if (!password || password->value.n == 0 || password->value.n > LIMIT_XAUTH_PASSWORD)
		return "the password is missing, empty or too long";
	return NULL;
}

void xauth_replied(struct v1_sa *sa, const struct v1_attrs *a)
{
	const struct v1_attr *status = v1_attr_find(a, V1_XAUTH_STATUS);
	struct action ask = { .xauth = { .conn = sa->conn->conf->name } };
	const char *why;

	if (status && v1_attr_number(status) == 0) {
		V1_EMIT(sa, v1_xauth_given_up, );
		transaction_fail(sa, EXIT_IKE_AUTH);
		return;
	}
	free(sa->user);
	sa->user = name_of(a);
	why = judge(sa, a);
	if (why) {
		wrong(sa, why, true);
		return;
	}
	ask.xauth.user = sa->user;
	ask.xauth.password = v1_attr_find(a, V1_XAUTH_USER_PASSWORD)->value;
	transaction_wait(sa, V1_XAUTH_S_VERIFYING);
	ike_ask_xauth_verify(sa->ike, sa->v1->index, sa->serial, V1_ASK_XAUTH_VERIFY, &ask);
}

enum v1_verdict xauth_verified(struct v1_sa *sa, const struct answer *a)
{
	char user[4 * LIMIT_XAUTH_USER + 1];

	if (a->e != OK) {
		wrong(sa, a->text ? a->text : err_text(a->e), a->e == ERR_DENIED);
		return V1_STAY;
	}
	V1_EMIT(sa, v1_xauth_verified, .user = ev_str(user_text(sa, user, sizeof(user))),
		.where = ev_str(a->where));
	sa->own_address = a->lease;
	user_settle(sa);
	tell(sa, true);
	return V1_STAY;
}

void xauth_acked(struct v1_sa *sa, const struct v1_attrs *a)
{
	(void)a;
	if (sa->has_user)
		transaction_next(sa);
	else
		transaction_fail(sa, EXIT_IKE_AUTH);
}
