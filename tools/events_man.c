/* Prints the scdoc page ipsec-events(7) from the catalogue, so that no event is undocumented. */
#include "event/debug.h"
#include "event/event.h"

#include <stdio.h>

/* scdoc reads * _ \ # and leading characters as markup. */
static void escaped(const char *s)
{
	for (; *s; s++) {
		if (strchr("*_\\#[]<>~`", *s))
			putchar('\\');
		putchar(*s);
	}
}

static const char *type_name(uint8_t type)
{
	switch ((enum event_type)type) {
	case EVENT_TYPE_NONE:
		break;
	case EVENT_TYPE_u64:
		return "number";
	case EVENT_TYPE_x32:
		return "SPI";
	case EVENT_TYPE_str:
		return "text";
	case EVENT_TYPE_addr:
		return "address";
	case EVENT_TYPE_ep:
		return "address and port";
	}
	return "";
}

static void debugging(void)
{
	puts("# DEBUGGING\n\nEvents of level debug are left out unless their class is asked for, "
	     "by "
	     "*plutodebug=* in *ipsec.conf*(5) or, while the daemon runs, by *ipsec debug* "
	     "_WORD_... (*ipsec whack --debug* _WORD_). Each word adds to what is asked for; "
	     "*no-*_WORD_ takes it away.\n");
	for (const struct debug_word *w = debug_words; w->help; w++) {
		printf("*%s*\n\t%s.", w->word, w->help);
		for (int id = 1; id < EV_END && w->mask && !(w->mask & (w->mask - 1)); id++)
			if (event_kind((enum event_id)id)->debug == w->mask) {
				printf(" ");
				escaped(event_kind((enum event_id)id)->name);
			}
		puts("\n");
	}
	puts("Words of Libreswan 3.x mean *base*, or *routing* where they are about the kernel. A "
	     "class without an event here is known so that old configurations load.\n");
}

int main(void)
{
	static const char *const level[] = { "debug", "info", "warning", "failure", "reply" };

	puts("ipsec-events(7)\n\n# NAME\n\nipsec-events - every event of the IPsec daemon\n\n"
	     "# DESCRIPTION\n\nEach line that *ipsec*(8) prints or the log holds is an event. Its "
	     "name is "
	     "unique and is never reused; its number is Libreswan 4.x's reply code of its class. "
	     "With "
	     "*--json*, and in *ipsec events*, the fields stand beside the line.\n\n# EVENTS\n");
	for (int id = 1; id < EV_END; id++) {
		const struct event_kind *k = event_kind((enum event_id)id);
		const char *text;

		printf("*");
		escaped(k->name);
		printf("* (%03u, %s)\n\t", k->code, level[k->level]);
		text = k->text + strspn(k->text, " "); /* indented lines are indented here anyway */
		escaped(*text ? text : "(no line of its own)");
		putchar('\n');
		for (unsigned i = 0; i < k->n; i++) {
			printf("%s", i ? ", " : "\n\tFields: ");
			escaped(k->field[i].name);
			printf(" (%s)", type_name(k->field[i].type));
		}
		printf("%s\n", k->n ? ".\n" : "");
	}
	debugging();
	puts("# SEE ALSO\n\nipsec(8), ipsec.conf(5)");
	return 0;
}
