/* What states are called: by us, by scripts that know Libreswan, by people. */
#include "ikev1/sa.h"

const char *v1_state_name(enum v1_state s)
{
	static const char *const names[] = {
		[V1_NEW] = "V1_NEW",
		[V1_MAIN_I1_SENT] = "V1_MAIN_I1_SENT",
		[V1_MAIN_I2_SENT] = "V1_MAIN_I2_SENT",
		[V1_MAIN_I_KEYING] = "V1_MAIN_I_KEYING",
		[V1_MAIN_I3_SENT] = "V1_MAIN_I3_SENT",
		[V1_MAIN_R1_SENT] = "V1_MAIN_R1_SENT",
		[V1_MAIN_R_KEYING] = "V1_MAIN_R_KEYING",
		[V1_MAIN_R2_SENT] = "V1_MAIN_R2_SENT",
		[V1_MAIN_R_CHECKING] = "V1_MAIN_R_CHECKING",
		[V1_AGGR_I1_SENT] = "V1_AGGR_I1_SENT",
		[V1_AGGR_I_KEYING] = "V1_AGGR_I_KEYING",
		[V1_AGGR_R_KEYING] = "V1_AGGR_R_KEYING",
		[V1_AGGR_R1_SENT] = "V1_AGGR_R1_SENT",
		[V1_XAUTH_S_ASKED] = "V1_XAUTH_S_ASKED",
		[V1_XAUTH_S_VERIFYING] = "V1_XAUTH_S_VERIFYING",
		[V1_XAUTH_S_TOLD] = "V1_XAUTH_S_TOLD",
		[V1_XAUTH_C_WAITING] = "V1_XAUTH_C_WAITING",
		[V1_XAUTH_C_SECRET] = "V1_XAUTH_C_SECRET",
		[V1_XAUTH_C_ANSWERED] = "V1_XAUTH_C_ANSWERED",
		[V1_MODECFG_C_ASKED] = "V1_MODECFG_C_ASKED",
		[V1_MODECFG_C_WAITING] = "V1_MODECFG_C_WAITING",
		[V1_MODECFG_S_PUSHED] = "V1_MODECFG_S_PUSHED",
		[V1_ESTABLISHED] = "V1_ESTABLISHED",
		[V1_REPLACED] = "V1_REPLACED",
		[V1_DEAD] = "V1_DEAD",
	};

	return s < V1_STATES ? names[s] : "?";
}

static const char *established_name(const struct v1_sa *sa)
{
	if (sa->is_aggressive)
		return sa->is_initiator ? "STATE_AGGR_I2" : "STATE_AGGR_R2";
	return sa->is_initiator ? "STATE_MAIN_I4" : "STATE_MAIN_R3";
}

static const char *first_name(const struct v1_sa *sa)
{
	if (sa->is_aggressive)
		return sa->is_initiator ? "STATE_AGGR_I1" : "STATE_AGGR_R0";
	return sa->is_initiator ? "STATE_MAIN_I1" : "STATE_MAIN_R0";
}

const char *v1_state_libreswan(const struct v1_sa *sa)
{
	switch ((enum v1_state)sa->state) {
	case V1_NEW:
		return first_name(sa);
	case V1_MAIN_I1_SENT:
		return "STATE_MAIN_I1";
	case V1_MAIN_I2_SENT:
	case V1_MAIN_I_KEYING:
		return "STATE_MAIN_I2";
	case V1_MAIN_I3_SENT:
		return "STATE_MAIN_I3";
	case V1_MAIN_R1_SENT:
	case V1_MAIN_R_KEYING:
		return "STATE_MAIN_R1";
	case V1_MAIN_R2_SENT:
	case V1_MAIN_R_CHECKING:
		return "STATE_MAIN_R2";
	case V1_AGGR_I1_SENT:
	case V1_AGGR_I_KEYING:
		return "STATE_AGGR_I1";
	case V1_AGGR_R_KEYING:
	case V1_AGGR_R1_SENT:
		return "STATE_AGGR_R1";
	case V1_XAUTH_S_ASKED:
	case V1_XAUTH_S_VERIFYING:
		return "STATE_XAUTH_R0";
	case V1_XAUTH_S_TOLD:
		return "STATE_XAUTH_R1";
	case V1_XAUTH_C_WAITING:
	case V1_XAUTH_C_SECRET:
		return "STATE_XAUTH_I0";
	case V1_XAUTH_C_ANSWERED:
		return "STATE_XAUTH_I1";
	case V1_MODECFG_C_ASKED:
	case V1_MODECFG_C_WAITING:
		return "STATE_MODE_CFG_I1";
	case V1_MODECFG_S_PUSHED:
		return "STATE_MODE_CFG_R1";
	case V1_ESTABLISHED:
	case V1_REPLACED:
	case V1_DEAD:
	case V1_STATES:
		break;
	}
	return established_name(sa);
}

const char *v1_state_text(const struct v1_sa *sa)
{
	switch ((enum v1_state)sa->state) {
	case V1_NEW:
		return sa->is_aggressive ? "expecting AI1" : "expecting MI1";
	case V1_MAIN_I1_SENT:
		return "sent MI1, expecting MR1";
	case V1_MAIN_I2_SENT:
	case V1_MAIN_I_KEYING:
		return "sent MI2, expecting MR2";
	case V1_MAIN_I3_SENT:
		return "sent MI3, expecting MR3";
	case V1_MAIN_R1_SENT:
	case V1_MAIN_R_KEYING:
		return "sent MR1, expecting MI2";
	case V1_MAIN_R2_SENT:
	case V1_MAIN_R_CHECKING:
		return "sent MR2, expecting MI3";
	case V1_AGGR_I1_SENT:
	case V1_AGGR_I_KEYING:
		return "sent AI1, expecting AR1";
	case V1_AGGR_R_KEYING:
	case V1_AGGR_R1_SENT:
		return "sent AR1, expecting AI2";
	case V1_XAUTH_S_ASKED:
	case V1_XAUTH_S_VERIFYING:
		return "XAUTH responder - optional CFG exchange";
	case V1_XAUTH_S_TOLD:
		return "XAUTH status sent, expecting Ack";
	case V1_XAUTH_C_WAITING:
	case V1_XAUTH_C_SECRET:
		return "XAUTH client - possibly awaiting CFG_request";
	case V1_XAUTH_C_ANSWERED:
		return "XAUTH client - possibly awaiting CFG_set";
	case V1_MODECFG_C_ASKED:
		return "sent ModeCfg request";
	case V1_MODECFG_C_WAITING:
		return "awaiting ModeCfg Set";
	case V1_MODECFG_S_PUSHED:
		return "ModeCfg Set sent, expecting Ack";
	case V1_ESTABLISHED:
	case V1_REPLACED:
	case V1_DEAD:
	case V1_STATES:
		break;
	}
	return "IKE SA established";
}

const char *v1_child_state_name(enum v1_child_state s)
{
	static const char *const names[] = {
		[V1_QUICK_WAITING] = "V1_QUICK_WAITING",
		[V1_QUICK_I1_SENT] = "V1_QUICK_I1_SENT",
		[V1_QUICK_I_INSTALLING] = "V1_QUICK_I_INSTALLING",
		[V1_QUICK_R_INSTALLING] = "V1_QUICK_R_INSTALLING",
		[V1_QUICK_R1_SENT] = "V1_QUICK_R1_SENT",
		[V1_QUICK_I2_SENT] = "V1_QUICK_I2_SENT",
		[V1_QUICK_USING] = "V1_QUICK_USING",
		[V1_QUICK_ESTABLISHED] = "V1_QUICK_ESTABLISHED",
		[V1_QUICK_REPLACED] = "V1_QUICK_REPLACED",
		[V1_QUICK_GONE] = "V1_QUICK_GONE",
	};

	return s < V1_QUICK_STATES ? names[s] : "?";
}

const char *v1_child_state_libreswan(const struct v1_child *c)
{
	switch ((enum v1_child_state)c->state) {
	case V1_QUICK_WAITING:
		return "STATE_QUICK_R0";
	case V1_QUICK_I1_SENT:
	case V1_QUICK_I_INSTALLING:
		return "STATE_QUICK_I1";
	case V1_QUICK_R1_SENT:
	case V1_QUICK_R_INSTALLING:
		return "STATE_QUICK_R1";
	case V1_QUICK_I2_SENT:
	case V1_QUICK_USING:
	case V1_QUICK_ESTABLISHED:
	case V1_QUICK_REPLACED:
	case V1_QUICK_GONE:
	case V1_QUICK_STATES:
		break;
	}
	return c->is_requester ? "STATE_QUICK_I2" : "STATE_QUICK_R2";
}

const char *v1_child_state_text(const struct v1_child *c)
{
	switch ((enum v1_child_state)c->state) {
	case V1_QUICK_WAITING:
		return "expecting QI1";
	case V1_QUICK_I1_SENT:
	case V1_QUICK_I_INSTALLING:
		return "sent QI1, expecting QR1";
	case V1_QUICK_R1_SENT:
	case V1_QUICK_R_INSTALLING:
		return "sent QR1, inbound IPsec SA installed, expecting QI2";
	case V1_QUICK_I2_SENT:
	case V1_QUICK_USING:
	case V1_QUICK_ESTABLISHED:
	case V1_QUICK_REPLACED:
	case V1_QUICK_GONE:
	case V1_QUICK_STATES:
		break;
	}
	return "IPsec SA established";
}
