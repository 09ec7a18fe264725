/* Marks: policies that want packets with one, the device that gives it (VTI's keys, an xfrm
 * interface's if_id), and the packet filter's rules that set it. */
#include "cmd/local.h"
#include "cmd/patience.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	GROUP_OF_OURS = 0xdc220, /* of devices that we made (proc/names.h) */
	VALUES = 64
};

static void say(const struct local *l, const char *what, const char *name, const char *has,
	uint32_t needed, const char *command)
{
	char t[16];

	snprintf(t, sizeof(t), "%" PRIu32, needed);
	LOCAL_EMIT(l, local_mark, .what = ev_str(what), .name = ev_str(name), .has = ev_str(has),
		.needed = ev_str(t), .command = ev_str(command));
}

/* ---- the device ---- */

/* "0.0.0.5", "0x5", 5 */
static bool number_of(const json_t *o, const char *key, uint32_t *ret)
{
	const json_t *v = json_object_get(o, key);
	const char *t = json_string_value(v);
	struct addr a;

	if (json_is_integer(v))
		*ret = (uint32_t)json_integer_value(v);
	else if (!t)
		return false;
	else if (strchr(t, '.') && addr_parse(t, &a) == OK)
		*ret = (uint32_t)a.b[0] << 24 | (uint32_t)a.b[1] << 16 | (uint32_t)a.b[2] << 8 |
		       a.b[3];
	else
		*ret = (uint32_t)strtoul(t, NULL, 0);
	return true;
}

static bool is_ours(const json_t *link)
{
	const char *group = json_string_value(json_object_get(link, "group"));

	return group && strtoul(group, NULL, 0) == GROUP_OF_OURS;
}

/* What gives a device of ours the marks again; an xfrm interface keeps its if_id, and the daemon
 * makes another. */
static void remake(const struct local *l, const json_t *data, const char *kind, char *t, size_t n)
{
	const char *local = json_string_value(json_object_get(data, "local")),
		   *remote = json_string_value(json_object_get(data, "remote"));

	if (strcmp(kind, "xfrm") == 0)
		snprintf(t, n, "ip link del %s", l->what->device);
	else
		snprintf(t, n,
			"ip link change %s type %s local %.64s remote %.64s ikey %" PRIu32
			" okey %" PRIu32,
			l->what->device, strcmp(kind, "vti6") == 0 ? "vti6" : "vti",
			local ? local : "any", remote ? remote : "any", l->what->mark_in.value,
			l->what->mark_out.value);
}

static void compare(const struct local *l, const json_t *link)
{
	const struct local_for *w = l->what;
	const json_t *info = json_object_get(link, "linkinfo"),
		     *data = json_object_get(info, "info_data");
	const char *kind = json_string_value(json_object_get(info, "info_kind"));
	bool is_xfrm = kind && strcmp(kind, "xfrm") == 0;
	uint32_t in = 0, out = 0, wants_in = is_xfrm ? w->if_id : w->mark_in.value,
		 wants_out = is_xfrm ? w->if_id : w->mark_out.value;
	char has[16], command[256] = "";

	if (!kind || (!is_xfrm && strncmp(kind, "vti", 3) != 0) ||
		!number_of(data, is_xfrm ? "if_id" : "okey", &out) ||
		!number_of(data, is_xfrm ? "if_id" : "ikey", &in) ||
		(in == wants_in && out == wants_out))
		return;
	if (is_ours(link))
		remake(l, data, kind, command, sizeof(command));
	snprintf(has, sizeof(has), "%" PRIu32, out == wants_out ? in : out);
	say(l, "device", w->device, has, out == wants_out ? wants_in : wants_out, command);
}

static void look_at_device(const struct local *l)
{
	const char *const argv[] = { "ip", "-j", "-d", "link", "show", "dev", l->what->device,
		NULL };
	char *text = program_says(argv, NULL);
	json_t *all = text ? json_loads(text, 0, NULL) : NULL;

	if (json_array_size(all) == 1)
		compare(l, json_array_get(all, 0));
	json_decref(all);
	free(text);
}

/* ---- rules that set marks ---- */

struct marks {
	uint32_t value[VALUES];
	size_t n;
	bool is_unknown; /* one that is computed, or kept with a connection */
};

static void add(struct marks *m, uint32_t value)
{
	if (m->n < VALUES)
		m->value[m->n++] = value;
}

static bool is_mark(const json_t *key)
{
	const char *t = json_string_value(json_object_get(json_object_get(key, "meta"), "key"));

	return t && strcmp(t, "mark") == 0;
}

/* {"mangle": {"key": {"meta": {"key": "mark"}}, "value": 5}} anywhere in it */
static void take_nft(struct marks *m, json_t *o)
{
	const json_t *mangle = json_object_get(o, "mangle"), *value;

	if (is_mark(json_object_get(mangle, "key"))) {
		value = json_object_get(mangle, "value");
		if (json_is_integer(value))
			add(m, (uint32_t)json_integer_value(value));
		else
			m->is_unknown = true;
	}
	for (void *i = json_object_iter(o); i; i = json_object_iter_next(o, i))
		take_nft(m, json_object_iter_value(i));
	for (size_t i = 0; i < json_array_size(o); i++)
		take_nft(m, json_array_get(o, i));
}

/* "-j MARK --set-xmark 0x5/0xffffffff", a line of iptables-save */
static void take_saved(struct marks *m, const char *text)
{
	static const char *const sets[] = { "--set-xmark ", "--set-mark " };

	for (size_t i = 0; i < COUNT(sets); i++)
		for (const char *p = text; (p = strstr(p, sets[i]));) {
			p += strlen(sets[i]);
			add(m, (uint32_t)strtoul(p, NULL, 0));
		}
	m->is_unknown = m->is_unknown || strstr(text, "--restore-mark") ||
			strstr(text, "--or-mark") || strstr(text, "SET --map-set");
}

/* What one of the programs says; one that was given up may have told of any. */
static char *rules_of(struct marks *m, const char *const *argv)
{
	char *text = program_says(argv, NULL);

	m->is_unknown = m->is_unknown || patience_is_given_up(argv[0]);
	return text;
}

static void read_rules(struct marks *m)
{
	static const char *const nft[] = { "nft", "-j", "list", "ruleset", NULL };
	/* what iptables-nft has set, nft(8) does not put into words */
	static const char *const saves[][2] = { { "iptables-legacy-save", NULL },
		{ "ip6tables-legacy-save", NULL }, { "iptables-nft-save", NULL },
		{ "ip6tables-nft-save", NULL } };
	char *text = rules_of(m, nft);
	json_t *all = text ? json_loads(text, 0, NULL) : NULL;

	take_nft(m, all);
	json_decref(all);
	free(text);
	for (size_t i = 0; i < COUNT(saves); i++) {
		if ((text = rules_of(m, saves[i])))
			take_saved(m, text);
		free(text);
	}
}

static void look_at_rules(const struct local *l)
{
	const struct local_mark_of *needs = &l->what->mark_out;
	struct marks m = { 0 };
	char has[128] = "none";
	size_t n = 0;

	read_rules(&m);
	for (size_t i = 0; i < m.n; i++) {
		if ((m.value[i] & needs->mask) == needs->value)
			return;
		if (n < sizeof(has) - 16)
			n += (size_t)snprintf(
				has + n, sizeof(has) - n, "%s%" PRIu32, n ? "," : "", m.value[i]);
	}
	if (!m.is_unknown)
		say(l, "rules", "", has, needs->value, "");
}

void local_marks(const struct local *l)
{
	const struct local_for *w = l->what;

	if (w->device[0] && (w->if_id || w->mark_out.mask || w->mark_in.mask))
		look_at_device(l);
	else if (!w->device[0] && w->mark_out.mask)
		look_at_rules(l);
}
