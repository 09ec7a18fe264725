/* readwriteconf: every keyword that differs from its default, in the table's order. */
#include "config/show.h"

#include "base/text.h"
#include "config/keywords.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *word_of(const struct keyword *k, uint8_t v)
{
	for (const struct keyword_word *w = k->words; w->word; w++)
		if (w->value == v)
			return w->word;
	return "";
}

static char *time_text(ns_t v)
{
	if (v % NS_S == 0)
		return xasprintf("%" PRId64 "s", v / NS_S);
	if (v % NS_MS == 0)
		return xasprintf("%" PRId64 "ms", v / NS_MS);
	if (v % NS_US == 0)
		return xasprintf("%" PRId64 "us", v / NS_US);
	return xasprintf("%" PRId64 ".%09" PRId64 "s", v / NS_S, v % NS_S);
}

static char *host_text(const struct conf_end *e)
{
	char s[ADDR_STR];

	switch ((enum conf_host)e->host_kind) {
	case HOST_UNSET:
	case HOST_GROUP:
		return NULL;
	case HOST_ADDR:
		return xstrdup(addr_format(&e->host, s));
	case HOST_ANY:
		return xstrdup(e->host.family == 4   ? "%any4"
			       : e->host.family == 6 ? "%any6"
						     : "%any");
	case HOST_DEFAULTROUTE:
		return xstrdup("%defaultroute");
	case HOST_NAME:
		return xstrdup(e->host_name);
	case HOST_IFACE:
		return xasprintf("%%%s", e->host_name);
	}
	return NULL;
}

/* net, A-B, with /protocol/port where they are not any. */
static char *list_text(const struct ts_list *l)
{
	struct text t = { 0 };
	char s[RANGE_STR];

	for (size_t i = 0; i < l->n; i++) {
		const struct ts *x = &l->ts[i];

		text_add(&t, "%s%s", i ? "," : "", range_format(&x->range, s));
		if (x->protocol)
			text_add(&t, "/%u", x->protocol);
		if (x->protocol && x->port_first != 0)
			text_add(&t, "/%u", x->port_first);
	}
	return t.s;
}

static char *ranges_text(const struct range *r, size_t n)
{
	struct text t = { 0 };
	char s[RANGE_STR];

	for (size_t i = 0; i < n; i++)
		text_add(&t, "%s%s", i ? "," : "", range_format(&r[i], s));
	return t.s;
}

static char *addrs_text(const struct addr *a, size_t n)
{
	struct text t = { 0 };
	char s[ADDR_STR];

	for (size_t i = 0; i < n; i++)
		text_add(&t, "%s%s", i ? "," : "", addr_format(&a[i], s));
	return t.s;
}

/* "aes_gcm_16_256-hmac_sha2_512+...": alternatives by type. */
static char *proposals_text(const struct proposals *p)
{
	static const uint8_t order[] = { TT_ENCR, TT_INTEG, TT_PRF, TT_KE, TT_ESN };
	struct text t = { 0 };

	for (size_t i = 0; p && i < p->n; i++) {
		text_add(&t, "%s", i ? "," : "");
		for (size_t o = 0; o < COUNT(order); o++) {
			size_t shown = 0;

			for (size_t k = 0; k < p->p[i].n; k++) {
				const struct transform *x = &p->p[i].t[k];
				const struct alg *a = alg_find((enum transform_type)x->type, x->id);

				if (x->type != order[o] || !a)
					continue;
				text_add(&t, "%s%s",
					shown ? "+"
					: o   ? "-"
					      : "",
					x->type == TT_ESN ? (x->id ? "esn" : "noesn") : a->name);
				if (x->key_bits)
					text_add(&t, "_%u", x->key_bits);
				shown++;
			}
		}
	}
	return t.s;
}

/* In the kind of quotes that it does not have. */
static char *quoted(const char *s)
{
	if (!s)
		return NULL;
	return strchr(s, '"') ? xasprintf("'%s'", s) : xasprintf("\"%s\"", s);
}

static char *mark_text(const struct conf_mark *m)
{
	if (m->is_unique)
		return xasprintf("-1/0x%x", m->mask);
	return m->mask ? xasprintf("0x%x/0x%x", m->value, m->mask) : NULL;
}

static char *authby_text(uint8_t bits)
{
	return bits ? xstrdup(bits == AUTHBY_SECRET ? "secret" : "never") : NULL;
}

static char *id_text(const struct id *id)
{
	char s[2 * ID_MAX + 8];

	if (id->type == ID_NONE)
		return NULL;
	if (id->type == ID_FQDN || id->type == ID_RFC822_ADDR)
		return xasprintf("\"%s%.*s\"", id->type == ID_FQDN ? "@" : "", (int)id->data.n,
			(const char *)id->data.p);
	return id->type == ID_ANY    ? xstrdup("%any")
	       : id->type == ID_NULL ? xstrdup("%null")
				     : xasprintf("\"%s\"", id_format(id, s, sizeof(s)));
}

static char *if_id_text(uint32_t id)
{
	return id ? xasprintf("%" PRIu32, id == CONF_IF_ID_ZERO ? 0 : id) : xstrdup("no");
}

static char *mss_text(uint16_t mss)
{
	return mss > CONF_MSS_AUTO ? xasprintf("%u", mss) : xstrdup(mss ? "auto" : "off");
}

/* Text that reads back to the same, or NULL when there is nothing to say. */
static char *raw(const struct keyword *k, const void *object)
{
	const void *f = (const char *)object + k->offset;
	const struct conf_end *e = object;
	const struct conf_conn *c = object;
	char s[ADDR_STR], prefix[PREFIX_STR];

	switch ((enum keyword_type)k->type) {
	case TYPE_ANYTHING:
	case TYPE_STRUCTURE:
	case TYPE_NUMBER:
	case TYPE_MARKS:
		return NULL;
	case TYPE_MARK:
		return mark_text(f);
	case TYPE_BOOL:
		return xstrdup(*(const bool *)f ? "yes" : "no");
	case TYPE_ENUM:
		return xstrdup(word_of(k, *(const uint8_t *)f));
	case TYPE_VERSION:
		return xstrdup(*(const uint8_t *)f == VERSION_IKEV1 ? "ikev1" : "ikev2");
	case TYPE_U16:
		return *(const uint16_t *)f ? xasprintf("%u", *(const uint16_t *)f) : NULL;
	case TYPE_MSS:
		return mss_text(*(const uint16_t *)f);
	case TYPE_U32:
		return *(const uint32_t *)f || *k->fallback ? xasprintf("%u", *(const uint32_t *)f)
							    : NULL;
	case TYPE_PERCENT:
		return xasprintf("%u%%", *(const unsigned *)f);
	case TYPE_TIME:
	case TYPE_TIME_MS:
		return time_text(*(const ns_t *)f);
	case TYPE_COUNT:
		return *(const uint64_t *)f ? xasprintf("%" PRIu64, *(const uint64_t *)f) : NULL;
	case TYPE_STR:
	case TYPE_UPDOWN:
	case TYPE_DEBUG:
	case TYPE_PRIVATE:
	case TYPE_NETS:
	case TYPE_DOMAINS:
		return quoted(*(char *const *)f);
	case TYPE_HOST:
		return host_text(object);
	case TYPE_ADDR:
		return addr_is_set(f) ? xstrdup(addr_format(f, s)) : NULL;
	case TYPE_ID:
		return id_text(f);
	case TYPE_SUBNETS:
		return list_text(f);
	case TYPE_SOURCEIP:
		return addrs_text(e->sourceip, e->n_sourceip);
	case TYPE_POOL:
		return ranges_text(e->pool, e->n_pool);
	case TYPE_PROTOPORT:
		return e->protocol ? xasprintf("%u/%u", e->protocol, e->port) : NULL;
	case TYPE_DNS:
		return addrs_text(c->modecfgdns, c->n_modecfgdns);
	case TYPE_AUTHBY:
	case TYPE_AUTH:
		return authby_text(*(const uint8_t *)f);
	case TYPE_CIDR:
		return addr_is_set(&((const struct prefix *)f)->addr)
			       ? xstrdup(prefix_format(f, prefix))
			       : NULL;
	case TYPE_IF_ID:
		return if_id_text(*(const uint32_t *)f);
	case TYPE_DEVICE:
		return *(char *const *)f ? xstrdup(*(char *const *)f) : NULL;
	case TYPE_IKE:
	case TYPE_ESP:
		return proposals_text(*(struct proposals *const *)f);
	}
	return NULL;
}

char *value_show(const struct keyword *k, const void *object, const void *fresh)
{
	char *text = k->is_spelling ? NULL : raw(k, object);
	char *usual = text && *k->fallback ? raw(k, fresh) : NULL;

	if (usual && strcmp(usual, text) == 0) {
		free(text);
		text = NULL;
	}
	free(usual);
	return text;
}

static void section(struct text *t, enum keyword_section s, const char *side, const void *object,
	const void *fresh)
{
	const struct keyword *k;

	for (size_t i = 0; (k = keyword_at(i)); i++) {
		char *v = k->section == s && k->state == STATE_WORKS ? value_show(k, object, fresh)
								     : NULL;

		if (v)
			text_add(t, "\t%s%s=%s\n", side, k->name, v);
		free(v);
	}
}

static void put_conn(struct text *t, const struct conf_conn *c, const struct conf_conn *fresh)
{
	text_add(t, "conn %s\n", c->name);
	if (c->aliases)
		text_add(t, "\tconnalias=\"%s\"\n", c->aliases);
	section(t, SECTION_END, "left", &c->left, &fresh->left);
	section(t, SECTION_END, "right", &c->right, &fresh->right);
	section(t, SECTION_CONN, "", c, fresh);
}

char *conf_conn_show(const struct conf_conn *c)
{
	struct text t = { 0 };
	struct conf_conn *fresh = xalloc(sizeof(*fresh));

	conf_conn_defaults(fresh);
	put_conn(&t, c, fresh);
	free(fresh);
	return t.s;
}

char *conf_show(const struct conf *c)
{
	struct text t = { 0 };
	struct conf_conn *fresh = xalloc(sizeof(*fresh));
	struct conf_setup setup = { 0 };

	conf_conn_defaults(fresh);
	conf_setup_defaults(&setup);
	text_add(&t, "config setup\n");
	section(&t, SECTION_SETUP, "", &c->setup, &setup);
	for (size_t i = 0; i < c->n; i++) {
		text_add(&t, "\n");
		put_conn(&t, c->conn[i], fresh);
	}
	free(fresh);
	return t.s;
}
