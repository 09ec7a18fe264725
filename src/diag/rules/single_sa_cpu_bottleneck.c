#include "diag/flow.h"
#include "diag/words.h"

#include <stdlib.h>

#define CPU(e) FIELDS(e, flow_cpu)

/* Of the Child SA, as its event has it: "AES_CBC_256-HMAC_SHA2_512_256"; "": not known. */
static const char *suite_of(const struct story *s, const struct event **ret)
{
	const struct event *e = story_ever(s, EV_v2_child_established);
	const struct event *v1 = story_ever(s, EV_v1_child_established);

	*ret = story_later(v1, e) ? v1 : e;
	if (!*ret)
		return "";
	return *ret == v1 ? FIELDS(v1, v1_child_established)->xfrm.str
			  : FIELDS(e, v2_child_established)->xfrm.str;
}

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static void other_suite(const struct event *e, struct finding *f)
{
	const char *list = strcmp(CPU(e)->fast.str, "no") == 0 ? "chacha20_poly1305" : "aes_gcm128";

	finding_fix_list(f, FIX_HERE, "esp", list);
	finding_fix_list(f, FIX_PEER_LIBRESWAN, "esp", list);
	finding_fix_list(f, FIX_PEER_STRONGSWAN, "esp",
		strcmp(list, "aes_gcm128") == 0 ? "aes128gcm16" : "chacha20poly1305");
}

/* It cannot be done with less work: it has to be done by more. */
static void more_processors(const struct event *e, struct finding *f)
{
	if (strcmp(CPU(e)->who.str, "softirq") != 0) {
		finding_setup(f, FIX_HERE, "dataplane", "kernel");
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"that is for a kernel that has ESP, and for several tunnels: ESP in user "
			"space has one thread for each direction");
		return;
	}
	if (strcmp(CPU(e)->fast.str, "generic") == 0)
		finding_fix(f, FIX_HERE, FIX_COMMAND, "modprobe aesni_intel");
	finding_conn(f, FIX_HERE, "", "encapsulation", "yes");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "encapsulation", "yes");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "encapsulation", "yes");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"ESP in UDP lets a network card that has several queues choose by port; several "
		"connections, each with a part of the networks, have several SAs, each of which a "
		"processor of its own may have");
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = flow_saturated(s), *child;
	const char *suite;
	bool is_fast;

	if (!e || !story_is_up(s))
		return CERTAINTY_NONE;
	suite = suite_of(s, &child);
	is_fast = begins(suite, strcmp(CPU(e)->fast.str, "no") == 0 ? "CHACHA20" : "AES_GCM");
	finding_proof(f, e);
	finding_proof(f, child);
	finding_cause(f,
		"one processor does all of the tunnel's ESP (%s) and had no time left: %u %% of "
		"%u ms, of %u processors; %s dropped %u packets meanwhile",
		CPU(e)->who.str, (unsigned)CPU(e)->busy.u64, (unsigned)CPU(e)->milliseconds.u64,
		(unsigned)CPU(e)->processors.u64, CPU(e)->where.str, (unsigned)CPU(e)->dropped.u64);
	f->counts = true;
	if (suite[0] && !is_fast) {
		finding_more(f, "; %s costs much more than %s does", suite,
			strcmp(CPU(e)->fast.str, "no") == 0
				? "ChaCha20-Poly1305 on a processor without AES"
				: "AES-GCM on a processor that has AES");
		other_suite(e, f);
	} else {
		more_processors(e, f);
	}
	finding_suspect(f, &rule_pmtu_blackhole);
	return CERTAIN;
}

const struct rule rule_single_sa_cpu_bottleneck = {
	.id = "single-sa-cpu-bottleneck",
	.title = "one processor does all of the tunnel's ESP, and cannot do more",
	.layer = "resources",
	.most = CERTAIN,
	.symptom = "the tunnel is slow, one processor is at 100 %",
	.proof = "while a test flow runs and the tunnel carries much: the time of the threads of "
		 "userspace ESP, or of each processor's softirqs, and queues that overflow",
	.remedy = "esp= with AES-GCM (ChaCha20-Poly1305 on a processor without AES); ESP by the "
		  "kernel; encapsulation=yes, several SAs",
	.judge = judge_it,
};
