/* Prints doc/diagnosis.md from the rules, so that no class is undocumented, and from
 * doc/verdicts.md, which is given as the argument: what has become of each in the lab. */
#include "diag/diag.h"

#include <stdio.h>

/* The cases of the manual's chapter that people know ("Troubleshooting IPsec VPN configurations"):
 * what it has them do, and the class that is named here instead. */
static const struct {
	const char *what, *by_hand, *class;
} page[] = {
	{ "the tunnel is not up", "run trafficstatus, load it again, bring it up, compare",
		"conn-not-loaded-or-daemon-down" },
	{ "it worked until an update",
		"remember what has changed, compare the defaults of both versions",
		"defaults-changed-by-upgrade" },
	{ "a packet filter drops IKE", "capture with tcpdump on both ends", "ike-udp500-blocked" },
	{ "a packet filter drops ESP", "capture with tcpdump on both ends", "esp-blocked" },
	{ "no daemon there", "read the ICMP error in the log", "peer-not-listening-icmp" },
	{ "IKE algorithms differ", "compare ike= of both ends", "ike-proposal-mismatch" },
	{ "IPsec algorithms differ", "compare esp= of both ends", "esp-proposal-mismatch" },
	{ "IKE versions differ", "looks like a packet filter: compare the configurations",
		"ike-version-mismatch" },
	{ "networks differ, IKEv2", "compare leftsubnet= and rightsubnet= of both ends",
		"ts-mismatch-v2" },
	{ "networks differ, IKEv1", "wait for a minute, then compare algorithms and networks",
		"ts-mismatch-v1" },
	{ "secrets differ, IKEv1", "compare the secrets", "psk-mismatch-v1" },
	{ "secrets differ, IKEv2", "compare secrets and identities", "psk-mismatch-v2" },
	{ "large packets are lost", "try mtu=1400, then rules for MSS, then others",
		"pmtu-blackhole" },
	{ "NAT comes before IPsec", "read the NAT rules, insert an exception", "nat-before-ipsec" },
	{ "kernel and daemon disagree", "read /proc/net/xfrm_stat, open a case", "sad-desync" },
	{ "the log does not say it", "turn on debugging, move the log, try again",
		"log-evidence-missing" },
};

#define WAITING(id, title, reads) { id, title, reads },
static const struct {
	const char *id, *title, *reads;
} waiting[] = {
#include "diag/waiting.def"
};

static void classes(void)
{
	for (const struct rule *const *r = rules; *r; r++)
		printf("### %s\n\n%s. Layer: %s. At most: %s.\n\n- Symptom: %s\n- Evidence: %s\n- "
		       "Fix: %s\n\n",
			(*r)->id, (*r)->title, (*r)->layer, certainty_name((*r)->most),
			(*r)->symptom, (*r)->proof, (*r)->remedy);
}

/* The page of verdicts as a chapter of this one: its headings are one step lower. */
static int verdicts(const char *file)
{
	FILE *in = fopen(file, "r");
	char line[4096];

	if (!in) {
		perror(file);
		return 1;
	}
	putchar('\n');
	while (fgets(line, sizeof(line), in))
		printf("%s%s", line[0] == '#' ? "#" : "", line);
	fclose(in);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: diagnosis_md doc/verdicts.md\n");
		return 2;
	}
	puts("# Diagnosis\n\nMade by `tools/diagnosis_md.c` from the rules in `src/diag/rules/`; "
	     "do not edit.\n\n"
	     "A failing `ipsec up` ends with a verdict; `ipsec status` shows what is found of each "
	     "connection, `ipsec diagnose CONN`\n"
	     "looks further. A verdict has a class (below), a certainty (certain, likely, "
	     "possible), the events that are its\n"
	     "evidence, what is proven good, and the fix for this end and for the other. What lab "
	     "cases with real peers found stands\n"
	     "in the last chapter.\n\n"
	     "## Sixteen cases that people know\n\n| case | what a person had to do | what is said "
	     "here |\n|---|---|---|");
	for (size_t i = 0; i < COUNT(page); i++) {
		const struct rule *r = rule_by_id(page[i].class);

		printf("| %s | %s | %s%s |\n", page[i].what, page[i].by_hand, page[i].class,
			r ? "" : " (not yet)");
	}
	puts("\n## Classes\n");
	classes();
	puts("## Not told apart yet\n\n| class | what it is | what will be read |\n|---|---|---|");
	for (size_t i = 0; i < COUNT(waiting); i++)
		if (!rule_by_id(waiting[i].id))
			printf("| %s | %s | %s |\n", waiting[i].id, waiting[i].title,
				waiting[i].reads);
	return verdicts(argv[1]);
}
