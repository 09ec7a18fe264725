/* Counters as Prometheus reads them. */
#include "proc/control/control.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

char *metrics_text(const struct control *c)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return NULL;
	fputs("# HELP ipsec_events_total Events by name, see ipsec-events(7).\n"
	      "# TYPE ipsec_events_total counter\n",
		f);
	for (int id = 1; id < EV_END; id++)
		if (c->count[id])
			fprintf(f, "ipsec_events_total{event=\"%s\"} %" PRIu64 "\n",
				event_kind((enum event_id)id)->name, c->count[id]);
	fprintf(f,
		"# HELP ipsec_control_clients Clients of the control socket now.\n"
		"# TYPE ipsec_control_clients gauge\nipsec_control_clients %zu\n",
		c->n_clients);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
