#include "diag/flow.h"
#include "diag/identity.h"
#include "diag/local.h"

#define LAN(e) FIELDS(e, flow_lan)

/* What each cloud calls it, and how it is ended there; @: the machine. */
static const struct cloud {
	const char *name, *check, *off;
} clouds[] = {
	{ "Amazon EC2", "the source/destination check",
		"aws ec2 modify-instance-attribute --instance-id @ --no-source-dest-check" },
	{ "Google Compute Engine", "that it may not forward (canIpForward)",
		"gcloud compute instances export @ --destination=vm.yaml, canIpForward: true "
		"there, then gcloud compute instances update-from-file with it" },
	{ "Microsoft Azure", "that its network interface may not forward",
		"az network nic update --resource-group GROUP --name NIC --ip-forwarding true, "
		"for the NIC of @" },
	{ "Oracle Cloud", "the source/destination check",
		"oci network vnic update --skip-source-dest-check true --vnic-id VNIC, for the "
		"VNIC of @" },
	{ "Alibaba Cloud", "the source/destination check",
		"aliyun ecs ModifyNetworkInterfaceAttribute --SourceDestCheck false "
		"--NetworkInterfaceId ENI, for the interface of @" },
	{ "OpenStack", "port security",
		"openstack port set --no-security-group --disable-port-security PORT, or "
		"--allowed-address with the networks of the tunnel, for the port of @" },
};

static const struct cloud *cloud_of(const struct event *e)
{
	for (size_t i = 0; e && i < COUNT(clouds); i++)
		if (strcmp(clouds[i].name, FIELDS(e, local_cloud)->cloud.str) == 0)
			return &clouds[i];
	return NULL;
}

static void mend(const struct story *s, struct finding *f, const struct event *e,
	const struct cloud *cloud, const char *machine)
{
	int at = (int)strcspn(cloud->off, "@");

	machine = machine[0] ? machine : "this machine";
	finding_fix(
		f, FIX_HERE, FIX_WORDS, "%.*s%s%s", at, cloud->off, machine, cloud->off + at + 1);
	if (strcmp(cloud->name, "Amazon EC2") == 0)
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"and a route there, in the route table of the subnet of %s: aws ec2 "
			"create-route --route-table-id TABLE --destination-cidr-block %s "
			"--instance-id %s",
			LAN(e)->to.str, FACT(s, their_nets), machine);
	else
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"and a route there, for the network of %s: %s by %s", LAN(e)->to.str,
			FACT(s, their_nets), machine);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"and let the security group of %s accept what comes from %s", LAN(e)->to.str,
		FACT(s, their_nets));
}

/* A host that answers somebody behind the peer has been reached: then it is the other host's own
 * matter. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = flow_lan_unanswered(s),
			   *where = local_next(s, EV_local_cloud, NULL);
	const struct cloud *cloud = cloud_of(where);
	bool is_asked;

	if (!e || !cloud || !story_is_up(s) || LAN(e)->others.u64 || !flow_lan_is_there(e))
		return CERTAINTY_NONE;
	is_asked = LAN(e)->own.str[0];
	finding_proof(f, where);
	finding_proof(f, e);
	finding_cause(f,
		"this host runs in %s; packets from %s come out of the tunnel and leave for %s by "
		"%s, where nothing answers them%s: %s of the cloud drops what it forwards, or the "
		"cloud has no route back",
		cloud->name, LAN(e)->from.str, LAN(e)->to.str, LAN(e)->device.str,
		is_asked ? ", though that answers this host itself" : "", cloud->check);
	mend(s, f, e, cloud, FIELDS(where, local_cloud)->machine.str);
	finding_suspect(f, &rule_return_path_missing_on_lan);
	if (!is_asked) {
		finding_next(f, "ipsec diagnose %s --lan asks %s itself, from here", story_name(s),
			LAN(e)->to.str);
		return POSSIBLE;
	}
	finding_next(f, "on %s: tcpdump -ni any host %s; nothing arrives when the cloud drops it",
		LAN(e)->to.str, LAN(e)->from.str);
	return LIKELY;
}

const struct rule rule_cloud_source_dest_check = {
	.id = "cloud-source-dest-check",
	.title = "the cloud drops what is forwarded",
	.layer = "network path",
	.most = LIKELY,
	.symptom = "in a cloud: the gateway can be reached through the tunnel, hosts behind it "
		   "cannot",
	.proof =
		"the firmware's name of the cloud; while a test flow runs, packets of hosts behind "
		"the peer leave this host for one behind it, which answers this host and not them",
	.remedy = "aws ec2 modify-instance-attribute --no-source-dest-check, and what other clouds "
		  "call it; a route for the other network in the cloud's tables",
	.judge = judge_it,
};
