#pragma once
/* What policies may cover: the selectors of loaded connections, of which this process has its own
 * copy from the parent. A broken ike cannot lead other traffic into a tunnel. */
#include "base/names.h"
#include "config/conf.h"
#include "dataplane/dataplane.h"

struct bounds {
	struct list conns;
	struct names names;
};

void bounds_init(struct bounds *b);
void bounds_done(struct bounds *b);
/* Takes conn; replaces the one of that name. */
void bounds_add_take(struct bounds *b, struct conf_conn *conn_take);
void bounds_del(struct bounds *b, const char *name);
/* Does some loaded connection cover both ends of the policy, and have its device? */
bool bounds_allow(const struct bounds *b, const struct dp_policy *p);
/* Has a loaded connection that device? */
bool bounds_name_device(const struct bounds *b, const char *name);
