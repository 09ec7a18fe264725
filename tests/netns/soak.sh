#!/bin/bash
# make soak: ten tunnels, lifetimes of 20 s, ten minutes.
set -eu
cd "$(dirname "$0")/../.."
DESTDIR=$PWD/build/stage meson install -C build --no-rebuild --quiet
exec tests/netns/23-tunnels.sh "${1:-600}"
