#!/bin/bash
# 17-fragments.sh PEER: IKE messages in fragments (RFC 7383), in both directions: long identities make
# them long, and the router drops what is fragmented by IP, as many on the way do.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
long=$(printf 'a-very-long-label-in-a-very-long-name-%02d.' $(seq 1 5))
many=$(printf 'aes_cbc%s-sha2_%s,' 128 256 192 256 256 256 128 384 192 384 256 384 128 512 192 512)aes_gcm256
SS_CHARON="fragment_size = 500"
lab_up
drop 'ip frag-off & 0x3fff != 0'
tunnel left ours id=@left.${long}example.com peerid=@right.${long}example.com fragmentation=force "esp=$many"
if [ "$peer" = ours ]; then tunnel right ours id=@right.${long}example.com peerid=@left.${long}example.com fragmentation=force "esp=$many"
else tunnel right strongswan id=@right.${long}example.com peerid=@left.${long}example.com "fragmentation = force" "child:esp_proposals = aes256gcm16"; fi
start right "$peer"
start left ours
behind right bash -c 'exec tcpdump -n -l -i eth0 "udp port 500 or udp port 4500" >/var/log/wire'
sleep 0.5
check "we begin" up left ours
check "traffic passes" ping_through 3
OUT=$(on right cat /var/log/wire)
check "IKE_AUTH went in several datagrams" test "$(grep -cE 'IP 192\.0\.2\.1\.4?500 > .*(isakmp|NONESP)' <<<"$OUT")" -ge 3
check "we end it" down left ours
wait_for 5 is_down right "$peer"
check "the peer begins" up right "$peer"
check "traffic passes" wait_for 5 ping_through 3
finish
