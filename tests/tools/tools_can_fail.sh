#!/bin/bash
# The checks of the tree's rules find what they are there to find.
set -eu
tools=$(cd "$(dirname "$0")/../../tools" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

finds() { # finds NAME COMMAND...: the command must fail
	local name=$1; shift
	if "$@" >"$work/out" 2>&1; then echo "FAIL: $name was not found"; failed=1; else echo "ok: $name"; fi
}

mkdir -p "$work/src/base" "$work/src/ike" "$work/src/ikev2" "$work/tools"
printf 'base:\nike: base\nikev2: base ike\n' >"$work/src/LAYERS"
echo '#include "ike/ike.h"' >"$work/src/base/a.c"
finds "a forbidden include" "$tools/layers" "$work/src"
rm "$work/src/base/a.c"
"$tools/layers" "$work/src"
mkdir "$work/src/other"
finds "a folder without a layer" "$tools/layers" "$work/src"
rmdir "$work/src/other"

echo 'int f(void) { return v1_sa(); }' >"$work/src/ikev2/a.c"
finds "another version in ikev2" "$tools/terms" "$work/src"
echo 'int f(void) { return time(NULL); }' >"$work/src/ikev2/a.c"
finds "a clock in the engine" "$tools/terms" "$work/src"
echo '/* time(NULL) in a comment is fine */' >"$work/src/ikev2/a.c"
"$tools/terms" "$work/src"

{ echo 'int f(void)'; echo '{'; yes '	g();' | head -101; echo '}'; } >"$work/src/ikev2/a.c"
finds "a long function" "$tools/sizes" "$work"
yes '/* x */' | head -1001 >"$work/src/ikev2/a.c"
finds "a long file" "$tools/sizes" "$work"

for p in ARCHITECTURE RFCS SECURITY README CONTRIBUTING; do echo "" >"$work/$p.md"; done
echo "\`src/base/\` \`src/ike/\` \`src/ikev2/\` src/base/nothing.c" >"$work/ARCHITECTURE.md"
finds "a file that is not there" "$tools/map" "$work"
echo "\`src/base/\` \`src/ike/\`" >"$work/ARCHITECTURE.md"
finds "a folder that is not on the map" "$tools/map" "$work"
echo "\`src/base/\` \`src/ike/\` \`src/ikev2/\`" >"$work/ARCHITECTURE.md"
"$tools/map" "$work"

mkdir "$work/bin"
finds "no program at all" "$tools/hardening" "$work/bin"
echo 'int main(void) { return 0; }' >"$work/a.c"
gcc -no-pie -fno-stack-protector -fcf-protection=none -z execstack -o "$work/bin/a" "$work/a.c" 2>/dev/null
finds "a soft program" "$tools/hardening" "$work/bin"
exit $failed
