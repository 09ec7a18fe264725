#pragma once
/* IKEv2 as the engine sees it: register it with ike_register(). */
#include "ike/version.h"

extern const struct ike_version ikev2_version;
