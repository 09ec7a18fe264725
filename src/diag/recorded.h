#pragma once
/* Events as they were recorded: the JSON lines of "ipsec --json events", read back. */
#include "event/event.h"

#include <jansson.h>

/* One event of a JSON object; its strings live as long as the object does. conn, instance, peer,
 * sa, request, seq and time are read, then the fields that the catalogue names; what is missing is
 * empty. ERR_VALUE: not an event of this catalogue, or a field that is not of its type. */
enum err must_use event_of_json(const json_t *o, struct event *ret);
