/* What states are called: by us, by scripts that know Libreswan, by people. */
#include "ikev2/sa.h"

const char *v2_state_name(enum v2_state s)
{
	static const char *const names[] = {
		[V2_NEW] = "V2_NEW",
		[V2_INIT_SENT] = "V2_INIT_SENT",
		[V2_AUTH_SIGNING] = "V2_AUTH_SIGNING",
		[V2_AUTH_SENT] = "V2_AUTH_SENT",
		[V2_AUTH_VERIFYING] = "V2_AUTH_VERIFYING",
		[V2_INIT_ANSWERED] = "V2_INIT_ANSWERED",
		[V2_AUTH_R_VERIFYING] = "V2_AUTH_R_VERIFYING",
		[V2_AUTH_R_SIGNING] = "V2_AUTH_R_SIGNING",
		[V2_AUTH_R_INSTALLING] = "V2_AUTH_R_INSTALLING",
		[V2_ESTABLISHED] = "V2_ESTABLISHED",
		[V2_REKEYED] = "V2_REKEYED",
		[V2_DELETING] = "V2_DELETING",
		[V2_DEAD] = "V2_DEAD",
	};

	return s < V2_STATES ? names[s] : "?";
}

/* The requirement page's names before an IKE SA is up, those of 4.x afterwards. */
const char *v2_state_libreswan(enum v2_state s)
{
	switch (s) {
	case V2_NEW:
		return "STATE_PARENT_I0";
	case V2_INIT_SENT:
	case V2_AUTH_SIGNING:
		return "STATE_PARENT_I1";
	case V2_AUTH_SENT:
	case V2_AUTH_VERIFYING:
		return "STATE_PARENT_I2";
	case V2_INIT_ANSWERED:
	case V2_AUTH_R_VERIFYING:
	case V2_AUTH_R_SIGNING:
	case V2_AUTH_R_INSTALLING:
		return "STATE_PARENT_R1";
	case V2_ESTABLISHED:
	case V2_REKEYED:
		return "STATE_V2_ESTABLISHED_IKE_SA";
	case V2_DELETING:
	case V2_DEAD:
	case V2_STATES:
		break;
	}
	return "STATE_V2_IKE_SA_DELETE";
}

const char *v2_state_text(enum v2_state s)
{
	switch (s) {
	case V2_NEW:
		return "waiting for KE to finish";
	case V2_INIT_SENT:
	case V2_AUTH_SIGNING:
		return "sent IKE_SA_INIT request";
	case V2_AUTH_SENT:
	case V2_AUTH_VERIFYING:
		return "sent IKE_AUTH request";
	case V2_INIT_ANSWERED:
	case V2_AUTH_R_VERIFYING:
	case V2_AUTH_R_SIGNING:
	case V2_AUTH_R_INSTALLING:
		return "sent IKE_SA_INIT reply";
	case V2_ESTABLISHED:
	case V2_REKEYED:
		return "established IKE SA";
	case V2_DELETING:
	case V2_DEAD:
	case V2_STATES:
		break;
	}
	return "deleting IKE SA";
}
