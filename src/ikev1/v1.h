#pragma once
#include "ike/version.h"

extern const struct ike_version ikev1_version;
