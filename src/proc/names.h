#pragma once
/* Names and numbers by which this host's kernel knows what is ours. */

#define TUN_NAME "ipsec0"

enum {
	IPSEC_TABLE = 220, /* routes into tunnels; also the preference of the rules to it */
	/* routes to peers of transport mode, which only what its rules name may take */
	IPSEC_TABLE_TCP = 221,
	IPSEC_TABLE_WHOLE = 222, /* not cut to the device's MTU: ESP does that */
	IPSEC_RTPROTO =
		220,	/* protocol of our routes, rules and addresses: what carries it is ours */
	TUN_MTU = 1400, /* fits ESP in UDP with every algorithm into 1500 octets */
	IPSEC_FWMARK = 0xdc220, /* on packets that we send: they never go into a tunnel again */
	IPSEC_GROUP = 0xdc220,	/* of devices that we made: what is in it is ours */
};

/* Requests of our own to ike: it is to shut down; it is to end a take-over. */
#define REQUEST_SHUTDOWN UINT32_MAX
#define REQUEST_SETTLE	 (UINT32_MAX - 1)
