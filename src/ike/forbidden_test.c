/* Connections on a host whose OpenSSL does not do everything. */
#include "base/test.h"
#include "ike/command.h"
#include "config/proposal_text.h"
#include "crypto/prf.h"
#include "ike/engine.h"

#include <stdio.h>
#include <stdlib.h>

struct heard {
	unsigned n;
	char keyword[8], gone[128], rest[256], where[64];
	bool is_written;
};

static void hear(void *ctx, const struct event *e)
{
	struct heard *h = ctx;
	const union ev_conn_forbidden *f = (const void *)e->row;

	if (e->id != EV_conn_forbidden)
		return;
	h->n++;
	snprintf(h->keyword, sizeof(h->keyword), "%s", f->keyword.str);
	snprintf(h->gone, sizeof(h->gone), "%s", f->algorithms.str);
	snprintf(h->rest, sizeof(h->rest), "%s", f->rest.str);
	snprintf(h->where, sizeof(h->where), "%s", f->where.str);
	h->is_written = f->is_written.u64;
}

static uint64_t set_of(uint8_t type, uint16_t id)
{
	for (size_t i = 0; alg_at(i); i++)
		if (alg_at(i)->type == type && alg_at(i)->id == id)
			return (uint64_t)1 << i;
	return 0;
}

static struct proposals *list_of(const char *text, enum protocol_id protocol)
{
	struct proposals *p = NULL;
	char *what = NULL, *warning = NULL;

	assert_int_equal(proposal_text_parse(protocol, text, &p, &what, &warning), OK);
	free(warning);
	return p;
}

static struct ike *engine(uint64_t forbidden, struct heard *h)
{
	struct ike_env env = { .rng = rng_system(),
		.events = { hear, h },
		.forbidden = forbidden,
		.forbidden_where = "/etc/ssl/openssl.cnf:11" };

	*h = (struct heard){ 0 };
	return ike_new(&env, (struct now){ 0 });
}

TEST(nothing_is_copied_where_nothing_is_missing)
{
	struct heard h;
	struct ike *ike = engine(0, &h);
	struct conf_conn c = { .name = "vpn" }, *own = NULL;

	assert_true(conn_allowed(ike, &(struct command){ .conn = &c }, &own));
	assert_null(own);
	assert_int_equal(h.n, 0);
	ike_free(ike);
}

TEST(a_written_list_goes_without_and_says_so)
{
	struct heard h;
	struct ike *ike = engine(set_of(TT_ENCR, ENCR_CHACHA20_POLY1305), &h);
	struct conf_conn c = { .name = "vpn",
		.ike = list_of("chacha20_poly1305-sha2_256-dh20,aes256-sha2_256-dh20", PROTO_IKE),
		.esp = list_of("aes_gcm256", PROTO_ESP) },
			 *own = NULL;

	assert_true(conn_allowed(ike, &(struct command){ .conn = &c }, &own));
	assert_int_equal(h.n, 1);
	assert_string_equal(h.keyword, "ike");
	assert_string_equal(h.gone, "CHACHA20_POLY1305");
	assert_string_equal(h.rest, "aes256-sha2_256-dh20");
	assert_string_equal(h.where, "/etc/ssl/openssl.cnf:11");
	assert_true(h.is_written);
	assert_int_equal(own->ike->n, 1);
	assert_int_equal(c.ike->n, 2);
	conf_conn_free(own);
	free(c.ike);
	free(c.esp);
	ike_free(ike);
}

TEST(a_list_of_which_nothing_is_left_is_refused)
{
	struct heard h;
	struct ike *ike = engine(set_of(TT_KE, KE_CURVE25519), &h);
	struct conf_conn c = { .name = "vpn", .ike = list_of("aes256-sha2_256-dh31", PROTO_IKE) },
			 *own = NULL;

	assert_false(conn_allowed(ike, &(struct command){ .conn = &c }, &own));
	assert_null(own);
	assert_string_equal(h.rest, "");
	free(c.ike);
	ike_free(ike);
}

TEST(with_the_kernels_esp_its_ciphers_are_not_the_librarys)
{
	struct heard h;
	struct ike *ike = engine(set_of(TT_ENCR, ENCR_CHACHA20_POLY1305), &h);
	struct conf_conn c = { .name = "vpn",
		.ike = list_of("aes256-sha2_256-dh20", PROTO_IKE),
		.esp = list_of("chacha20_poly1305", PROTO_ESP) },
			 *own = NULL;

	assert_false(conn_allowed(ike, &(struct command){ .conn = &c }, &own));
	ike->plane = PLANE_KERNEL;
	assert_true(conn_allowed(ike, &(struct command){ .conn = &c }, &own));
	assert_null(own);
	free(c.ike);
	free(c.esp);
	ike_free(ike);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_copied_where_nothing_is_missing),
		cmocka_unit_test(a_written_list_goes_without_and_says_so),
		cmocka_unit_test(a_list_of_which_nothing_is_left_is_refused),
		cmocka_unit_test(with_the_kernels_esp_its_ciphers_are_not_the_librarys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
