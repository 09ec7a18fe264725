/* How connections last worked, outliving the daemon: the event last_good as JSON, which the parent
 * keeps in a file for us. What comes back is read as if a stranger had written it. */
#include "proc/control/control.h"

#include "diag/recorded.h"

#include <stdlib.h>

enum { RECORD_MAX = 16 << 10 };

static void keep(struct control *c, const struct event *e)
{
	char *json = xalloc(RECORD_MAX);

	if (event_json(e, json, RECORD_MAX - 1))
		LINE_SEND(&c->p.line[WHO_PARENT], good_keep, .conn = e->about.conn,
			.record = bytes_str(strcat(json, "\n")));
	free(json);
}

void last_good_see(struct control *c, const struct event *e)
{
	if (!e->about.conn || e->about.instance)
		return;
	if (e->id == EV_last_good && !diag_knows_good(&c->diag, e))
		keep(c, e);
	else if (e->id == EV_conn_facts)
		LINE_SEND(&c->p.line[WHO_PARENT], good_ask, .conn = e->about.conn);
}

/* UTF-8 that a terminal does not take for a command. */
static bool is_text(const char *s)
{
	for (const unsigned char *c = (const unsigned char *)s; *c; c++)
		if (*c < ' ' || *c == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0))
			return false;
	return true;
}

/* It goes into sentences for people. */
static bool is_printable(const struct event *e)
{
	const struct event_kind *k = event_kind(e->id);

	for (unsigned i = 0; i < k->n; i++)
		if (k->field[i].type == EVENT_TYPE_str && !is_text(e->row[i].str))
			return false;
	return true;
}

/* Gives what is wrong with it; NULL: nothing. */
static const char *read_into(struct control *c, const struct msg_good_record *m)
{
	json_t *o;
	struct event e;
	const char *wrong = NULL;

	if (m->record.n > RECORD_MAX)
		return "it is too large";
	o = json_loadb((const char *)m->record.p, m->record.n, JSON_REJECT_DUPLICATES, NULL);
	if (!o)
		return "it is not JSON";
	if (event_of_json(o, &e) != OK || e.id != EV_last_good)
		wrong = "it is no record of ours";
	else if (!e.about.conn || strcmp(e.about.conn, m->conn) != 0 || e.about.instance)
		wrong = "it is of another connection";
	else if (!is_printable(&e))
		wrong = "it has characters that nobody can read";
	else {
		e.at = process_now();
		e.seq = 0;
		diag_take(&c->diag, &e);
	}
	json_decref(o);
	return wrong;
}

void last_good_take(struct control *c, const struct msg_good_record *m)
{
	const char *wrong = m->error[0] ? m->error : NULL;
	struct event_about about = { .conn = m->conn };

	diag_forget_good(&c->diag, m->conn); /* people may have taken it away */
	if (!wrong && m->record.n)
		wrong = read_into(c, m);
	if (wrong)
		EMIT(&c->p.events, process_now(), &about, last_good_bad, .file = ev_str(m->file),
			.why = ev_str(wrong));
}
