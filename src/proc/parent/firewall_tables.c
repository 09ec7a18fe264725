/* The programs of the packet filter: nft, and where the kernel has only the older tables,
 * iptables-legacy-restore and its IPv6 twin. */
#include "proc/parent/firewall.h"

#include "proc/parent/program.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- programs ---- */

static void run(struct firewall *f, const char *const *args, char *input_take,
	void (*done)(void *ctx, const struct program_end *end))
{
	f->is_busy = true;
	program_run(&f->p->loop, args, input_take, done, f);
}

static void go_on(struct firewall *f)
{
	struct parent *p = f->p;

	f->is_busy = false;
	firewall_turn(f);
	if (firewall_is_idle(f) && (p->state == STATE_STOPPING || p->state == STATE_PAUSED))
		children_stop(p);
}

static void done_whatever(void *ctx, const struct program_end *end)
{
	(void)end;
	go_on(ctx);
}

static const char *const old_save[2][3] = { { "iptables-legacy-save", NULL },
	{ "ip6tables-legacy-save", NULL } };
static const char *const old_save_nat[2][4] = { { "iptables-legacy-save", "-t", "nat", NULL },
	{ "ip6tables-legacy-save", "-t", "nat", NULL } };
static const char *const old_restore[2][3] = { { "iptables-legacy-restore", "--noflush", NULL },
	{ "ip6tables-legacy-restore", "--noflush", NULL } };
static const char *const nft_load[] = { "nft", "-f", "-", NULL };

void firewall_run(struct firewall *f, const char *const *args, char *input_take)
{
	run(f, args, input_take, done_whatever);
}

/* The older tables that are in use; looking at one that is not would make it. */
static bool has_old(unsigned i)
{
	char line[64];
	FILE *file = fopen(i ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names", "re");
	bool has = file && fgets(line, sizeof(line), file);

	if (file)
		fclose(file);
	return has;
}

/* ---- leftovers, and the end ---- */

static void said_left(struct firewall *f, const char *what)
{
	PARENT_EMIT(f->p, 0, kernel_leftover, .what = ev_str(what));
}

static void cleaned_nft(void *ctx, const struct program_end *end)
{
	struct firewall *f = ctx;

	if (end->status == 0 && strstr(end->out, "table inet " FW_TABLE "\n")) {
		said_left(f, "the table \"inet " FW_TABLE "\" of nftables");
		firewall_run(f, nft_load, fw_nft_text(NULL, 0));
		return;
	}
	go_on(f);
}

void firewall_clean_nft(struct firewall *f)
{
	static const char *const args[] = { "nft", "list", "tables", NULL };

	run(f, args, NULL, cleaned_nft);
}

static void cleaned_old(struct firewall *f, unsigned i, const struct program_end *end)
{
	char *text = fw_legacy_removal(end->out);

	if (!text) {
		go_on(f);
		return;
	}
	if (!f->is_old_there[i])
		said_left(f, i ? "chains \"" FW_TABLE "\" of ip6tables"
			       : "chains \"" FW_TABLE "\" of iptables");
	f->is_old_there[i] = false;
	firewall_run(f, old_restore[i], text);
}

static void cleaned_old4(void *ctx, const struct program_end *end)
{
	cleaned_old(ctx, 0, end);
}

static void cleaned_old6(void *ctx, const struct program_end *end)
{
	cleaned_old(ctx, 1, end);
}

void firewall_clean_old(struct firewall *f, unsigned i)
{
	if (has_old(i))
		run(f, old_save[i], NULL, i ? cleaned_old6 : cleaned_old4);
}

/* ---- the host's rules ---- */

static void looked_nft(void *ctx, const struct program_end *end)
{
	struct firewall *f = ctx;

	if (end->status == 0)
		f->rules = fw_nft_new(bytes_of(end->out, end->out_n));
	go_on(f);
}

static void looked_old(struct firewall *f, unsigned i, const struct program_end *end)
{
	if (end->status == 0)
		f->saved[i] = xstrdup(end->out);
	go_on(f);
}

static void looked_old4(void *ctx, const struct program_end *end)
{
	looked_old(ctx, 0, end);
}

static void looked_old6(void *ctx, const struct program_end *end)
{
	looked_old(ctx, 1, end);
}

void firewall_look_nft(struct firewall *f)
{
	static const char *const args[] = { "nft", "-j", "list", "ruleset", NULL };
	struct tunnel *t;

	list_each (t, &f->tunnels, struct tunnel, node)
		t->is_looked = true;
	run(f, args, NULL, looked_nft);
}

void firewall_look_old(struct firewall *f, unsigned i)
{
	if (has_old(i))
		run(f, old_save_nat[i], NULL, i ? looked_old6 : looked_old4);
}

/* ---- our rules ---- */

/* Those that ask for something. To be freed; *ret_n is how many. */
static const struct fw_tunnel **wanted(struct firewall *f, size_t *ret_n)
{
	const struct fw_tunnel **all = NULL;
	struct tunnel *t;
	size_t n = 0;

	list_each (t, &f->tunnels, struct tunnel, node)
		if (firewall_of(t)) {
			all = xrealloc(all, (n + 1) * sizeof(struct fw_tunnel *));
			all[n++] = firewall_of(t);
		}
	*ret_n = n;
	return all;
}

static void applied(struct firewall *f)
{
	struct tunnel *t;

	list_each (t, &f->tunnels, struct tunnel, node) {
		t->is_there = firewall_of(t) == &t->want;
		t->has_before = t->has_before && !(t->is_judged && !t->is_refused);
	}
}

/* What is there stays; what was to be added is refused, and does not stand in the way of others. */
static void refused(struct firewall *f, const char *why)
{
	struct tunnel *t;

	list_each (t, &f->tunnels, struct tunnel, node)
		if (firewall_of(t) == &t->want && !t->is_there) {
			t->is_refused = true;
			free(t->error);
			t->error = xstrdup(why);
		}
}

static void applied_nft(void *ctx, const struct program_end *end)
{
	struct firewall *f = ctx;

	if (end->status == 0) {
		struct tunnel *t;

		f->is_nft_there = false;
		applied(f);
		list_each (t, &f->tunnels, struct tunnel, node)
			f->is_nft_there |= firewall_of(t) != NULL;
	} else if (f->is_nft_there) {
		refused(f, end->why);
	} else {
		free(f->why_not_nft);
		f->why_not_nft = xstrdup(end->why);
		f->is_old = true;
		f->todo |= STEP(APPLY_OLD4) | STEP(APPLY_OLD6);
	}
	go_on(f);
}

void firewall_apply_nft(struct firewall *f)
{
	const struct fw_tunnel **all;
	size_t n;

	if (f->is_old) {
		f->todo |= STEP(APPLY_OLD4) | STEP(APPLY_OLD6);
		return;
	}
	all = wanted(f, &n);
	if (n || f->is_nft_there)
		run(f, nft_load, fw_nft_text(all, n), applied_nft);
	free(all);
}

static void applied_old(struct firewall *f, unsigned i, const struct program_end *end)
{
	if (end->status == 0) {
		f->is_old_there[i] = true;
		if (i == 1)
			applied(f);
	} else {
		char *why = xasprintf("%s; %s", f->why_not_nft ? f->why_not_nft : "", end->why);

		refused(f, why);
		free(why);
		f->is_old =
			f->is_old_there[0] || f->is_old_there[1]; /* else nft may be tried again */
	}
	go_on(f);
}

static void applied_old4(void *ctx, const struct program_end *end)
{
	applied_old(ctx, 0, end);
}

static void applied_old6(void *ctx, const struct program_end *end)
{
	applied_old(ctx, 1, end);
}

static bool has_family(const struct fw_tunnel *const *all, size_t n, uint8_t family)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < all[i]->ts_local.n; k++)
			if (all[i]->ts_local.ts[k].range.first.family == family)
				return true;
	return false;
}

void firewall_apply_old(struct firewall *f, unsigned i)
{
	const struct fw_tunnel **all;
	uint8_t family = i ? 6 : 4;
	size_t n;

	all = wanted(f, &n);
	if (has_family(all, n, family)) {
		run(f, old_restore[i], fw_legacy_text(all, n, family, f->is_old_there[i]),
			i ? applied_old6 : applied_old4);
	} else {
		if (i == 1)
			applied(f);
		if (f->is_old_there[i])
			run(f, old_save[i], NULL, i ? cleaned_old6 : cleaned_old4);
	}
	free(all);
}
