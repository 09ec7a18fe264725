/* Words that are no command of ours: Libreswan's others are known by name, for the rest the nearest
 * valid word is said. */
#include "cmd/cmd.h"

static const struct {
	const char *words, *say;
} absent[] = {
	{ "barf", "collect: ipsec status, ipsec checkconfig, the log" },
	{ "look", "use: ip route show table 220; ipsec status" },
	{ "show showroute", "use: ip route get ADDRESS; ipsec status" },
	{ "briefconnectionstatus", "use: ipsec connectionstatus" },
	{ "showhostkey newhostkey rsasigkey ecdsasigkey eddsasigkey listpubkeys checkpubkeys keyid",
		"certificates and raw keys come in a later version; PSK works" },
	{ "import certutil crlutil modutil pk12util vfychain letsencrypt fetchcrls crls rereadcrls "
	  "listcrls rereadcerts listcerts listcacerts purgeocsp",
		"certificates come in a later version; PSK works" },
	{ "initnss", "keys are kept in files, not in NSS; certificates come in a later version" },
	{ "redirect redirect-to global-redirect global-redirect-to",
		"RFC 5685 comes in a later version" },
	{ "suspend", "session resumption (RFC 5723) comes in a later version" },
	{ "xauthname xauthuser username xauthpass deleteuser", "XAUTH comes with IKEv1" },
	{ "rereadgroups oppohere oppothere unbound", "opportunistic encryption is not supported" },
	{ "deleteid crash down-ike delete-ike",
		"use: ipsec showstates, then ipsec delete-sa NUMBER" },
	{ "ddns", "names are looked up again by themselves, and at once by: ipsec listen" },
	{ "unlisten", "use: ipsec stop" },
	{ "ddos-busy ddos-unlimited ddos-auto", "set ddos-mode= in ipsec.conf" },
	{ "processstatus", "use: systemctl status ipsec, or ps -C ipsecd" },
	{ "clearstats", "counters only grow; subtract" },
	{ "impair", "it is for tests of Libreswan itself" },
	{ "ike-socket-bufsize", "the size that the system gives is used" },
	{ "ike-socket-errqueue-toggle", "ICMP errors are always listened to" },
	{ "nflog sniff portexcludes", "use: tcpdump -i ipsec0" },
	{ "cavp", "the test suite has the vectors" },
};

static int unknown(const char *kind, const char *word, const struct nearest *best)
{
	const char *bare = word + strspn(word, "-");

	for (size_t i = 0; i < COUNT(absent); i++)
		if (word_in(absent[i].words, bare)) {
			out_error("ipsec: \"%s\" is not part of this version: %s", bare,
				absent[i].say);
			return EXIT_USAGE;
		}
	if (best->word)
		out_error("ipsec: unknown %s \"%s\"; did you mean \"%s\"? (\"ipsec --help\" for "
			  "list)",
			kind, word, best->word);
	else
		out_error("ipsec: unknown %s \"%s\" (\"ipsec --help\" for list)", kind, word);
	return EXIT_USAGE;
}

int unknown_command(const char *word, bool is_whack)
{
	struct nearest best = nearest_to(word + strspn(word, "-"));

	for (const struct verb *v = verbs; v->name; v++) {
		nearest_try(&best, v->name);
		if (is_whack && v->whack)
			nearest_try(&best, v->whack);
	}
	return unknown("IPsec command", word, &best);
}

int unknown_option(const char *word)
{
	struct nearest best = nearest_to(word);

	options_try(&best);
	return unknown("option", word, &best);
}
