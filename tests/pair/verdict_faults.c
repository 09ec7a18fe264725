/* Faults of one end, for either of the two: see verdict.h. */
#include "tests/pair/verdict.h"

#include "base/test.h"

static struct conf_end *ours(const struct verdict *v, struct conf_conn *conf)
{
	return conf == &v->a ? &conf->left : &conf->right;
}

static struct conf_end *theirs(const struct verdict *v, struct conf_conn *conf)
{
	return conf == &v->a ? &conf->right : &conf->left;
}

static void ike(struct verdict *v, struct conf_conn *conf, uint16_t bits, uint16_t group)
{
	v->list = (struct proposals){ .n = 1 };
	v->list.p[0] = (struct proposal){ .number = 1,
		.protocol = PROTO_IKE,
		.n = 4,
		.t = { { TT_ENCR, ENCR_AES_CBC, bits }, { TT_PRF, PRF_HMAC_SHA2_512, 0 },
			{ TT_INTEG, INTEG_HMAC_SHA2_512_256, 0 }, { TT_KE, group, 0 } } };
	conf->ike = &v->list;
}

/* No default has a key of 192 bits. */
void fault_ike(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)side;
	ike(v, conf, 192, KE_MODP2048);
}

void fault_weak(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)side;
	ike(v, conf, 256, KE_MODP1024);
}

void fault_esp(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)side;
	v->list = (struct proposals){ .n = 1 };
	v->list.p[0] = (struct proposal){ .number = 1,
		.protocol = PROTO_ESP,
		.n = 2,
		.t = { { TT_ENCR, ENCR_AES_CBC, 192 }, { TT_INTEG, INTEG_HMAC_SHA2_512_256, 0 } } };
	conf->esp = &v->list;
}

void fault_secret(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)conf;
	side->psk = "another secret";
}

void fault_no_secret(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)conf;
	side->psk = NULL;
}

void fault_our_id(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)side;
	assert_int_equal(id_parse("@north", &ours(v, conf)->id), OK);
}

void fault_their_id(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)side;
	assert_int_equal(id_parse("@south", &theirs(v, conf)->id), OK);
}

void fault_address(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)side;
	theirs(v, conf)->host = addr_v4(0xc0000209);
}

void fault_version(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)side;
	conf->version = conf->version == VERSION_IKEV1 ? VERSION_IKEV2 : VERSION_IKEV1;
}

void fault_mode(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)side;
	v->a.left.subnet.n = v->a.right.subnet.n = 0;
	v->b.left.subnet.n = v->b.right.subnet.n = 0;
	conf->type = TYPE_TRANSPORT;
}

void fault_nets(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)side;
	conf->right.subnet.ts[0] = pair_net("10.0.9.0/24");
}

void fault_part_of_nets(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)side;
	conf->right.subnet.ts[0] = pair_net("10.0.2.0/25");
}

void fault_all_nets(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)side;
	conf->left.subnet.ts[0] = conf->right.subnet.ts[0] = pair_net("0.0.0.0/0");
}

void fault_range(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)side;
	conf->right.subnet.ts[0] = pair_net("10.0.2.3-10.0.2.77");
}

void fault_nothing(struct verdict *v, struct conf_conn *conf, struct side *side)
{
	(void)v;
	(void)conf;
	(void)side;
}
