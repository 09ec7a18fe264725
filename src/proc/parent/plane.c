/* Who does ESP: the kernel where it really can, else our own process. Tried, not assumed: each
 * algorithm that may be negotiated is given to the kernel in an SA that nobody uses. */
#include "proc/parent/parent.h"

#include "proc/link.h"
#include "proc/xfrm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WANT_AUTO, WANT_KERNEL, WANT_USER }; /* words_dataplane of config/keywords.c */

enum { SUITES_MAX = 64 };

struct wanted {
	struct suite suite[SUITES_MAX];
	size_t n;
};

static void want(struct wanted *w, struct suite s)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->suite[i].encr == s.encr && w->suite[i].key_bits == s.key_bits &&
			w->suite[i].integ == s.integ)
			return;
	if (w->n < SUITES_MAX)
		w->suite[w->n++] = s;
}

static void want_proposals(struct wanted *w, const struct proposals *ps)
{
	for (size_t i = 0; i < ps->n; i++) {
		const struct proposal *p = &ps->p[i];

		for (size_t e = 0; e < p->n; e++) {
			struct suite s = { .encr = p->t[e].id, .key_bits = p->t[e].key_bits };
			bool has_integ = false;

			if (p->t[e].type != TT_ENCR)
				continue;
			for (size_t k = 0; k < p->n; k++) {
				if (p->t[k].type != TT_INTEG)
					continue;
				s.integ = p->t[k].id;
				has_integ = true;
				want(w, s);
			}
			if (!has_integ)
				want(w, s);
		}
	}
}

/* False: why says what is missing. */
static bool kernel_can(const struct conf *conf, int fd, uint8_t family, char *why, size_t n)
{
	struct wanted w = { 0 };
	char text[XFRM_ERROR_STR], encr[ALG_STR];

	want_proposals(&w, proposals_default_esp());
	for (size_t i = 0; conf && i < conf->n; i++)
		if (conf->conn[i]->esp)
			want_proposals(&w, conf->conn[i]->esp);
	for (size_t i = 0; i < w.n; i++) {
		const struct suite *s = &w.suite[i];
		const struct alg *integ = s->integ ? alg_find(TT_INTEG, s->integ) : NULL;

		if (!xfrm_probe(fd, family, s, text))
			continue;
		snprintf(why, n, "the kernel does not take ESP over IPv%u with %s%s%s: %s", family,
			suite_encr_name(s, encr), integ ? "-" : "", integ ? integ->name : "", text);
		return false;
	}
	return true;
}

/* A host may be without IPv6. */
static bool has_family(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool probe(const struct conf *conf, char *why, size_t n)
{
	int fd = xfrm_open(false);
	bool ok = fd >= 0 && kernel_can(conf, fd, 4, why, n) &&
		  (!has_family(AF_INET6) || kernel_can(conf, fd, 6, why, n));

	if (fd < 0)
		snprintf(why, n, "this kernel has no XFRM (modprobe xfrm_user): %s",
			strerror(errno));
	else
		close(fd);
	return ok;
}

bool plane_choose(struct parent *p)
{
	char why[512] = "";

	p->wants_plane = p->setup.dataplane;
	if (p->is_handing) /* it is there already */
		return true;
	p->has_kernel_plane = p->setup.dataplane != WANT_USER && probe(p->conf, why, sizeof(why));
	if (p->setup.dataplane == WANT_KERNEL && !p->has_kernel_plane) {
		fprintf(stderr,
			"ipsecd: dataplane=kernel: %s; with dataplane=auto ESP is done in "
			"user space then\n",
			why);
		return false;
	}
	free(p->plane_why);
	p->plane_why = xasprintf("dataplane=%s%s%s",
		p->setup.dataplane == WANT_AUTO	    ? "auto"
		: p->setup.dataplane == WANT_KERNEL ? "kernel"
						    : "user",
		p->setup.dataplane == WANT_AUTO ? ": " : "",
		p->setup.dataplane != WANT_AUTO ? ""
		: p->has_kernel_plane		? "the kernel has ESP and every algorithm"
						: why);
	return true;
}

bool plane_stays(const struct parent *p, const struct conf *conf)
{
	char why[512];

	return conf->setup.dataplane == p->wants_plane &&
	       (conf->setup.dataplane != WANT_USER && probe(conf, why, sizeof(why))) ==
		       p->has_kernel_plane;
}

bool plane_can_be(struct parent *p, uint32_t request, const struct conf *conf)
{
	char why[512];

	if (conf->setup.dataplane != WANT_KERNEL || probe(conf, why, sizeof(why)))
		return true;
	PARENT_EMIT(p, request, kernel_no_esp, .why = ev_str(why));
	return false;
}

bool plane_needs(const struct parent *p, enum ipc_who w)
{
	return w != WHO_ESP || !p->has_kernel_plane;
}

/* What the kernel could once, it can; a module that was missing may have come. */
bool plane_has_device(struct parent *p, uint32_t request, const struct conf_conn *c)
{
	bool is_vti = !c->if_id;
	bool *known = is_vti ? &p->has_vti : &p->has_xfrm_interfaces;
	int e;

	if (!p->has_kernel_plane || *known || (is_vti && !c->vti_interface))
		return true; /* without the kernel's ESP ike refuses it */
	e = link_probe(is_vti ? LINK_VTI : LINK_XFRM);
	*known = e == 0;
	if (e)
		PARENT_EMIT(p, request, conn_no_device, .file = ev_str(c->file),
			.at_line = ev_u64(c->line), .name = ev_str(c->name),
			.keyword = ev_str(is_vti ? "vti-interface" : "ipsec-interface"),
			.what = ev_str(is_vti ? "VTI devices" : "xfrm interfaces"),
			.why = ev_str(strerror(e)),
			.advice = ev_str(
				is_vti ? "modprobe ip_vti ip6_vti"
				       : "modprobe xfrm_interface, or write vti-interface="));
	return *known;
}
