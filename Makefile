# Thin words over meson. On a fresh Debian 12, as root, with git and make: make demo, make check.
MAKEFLAGS += --no-print-directory
PEER ?= clearswan
SECONDS ?= 60
JOBS ?= $(shell nproc)

.PHONY: all deps check demo bench soak fuzz install format lint clean

all: deps build/build.ninja
	ninja -C build -j $(JOBS)

deps:
	@tools/deps

build/build.ninja:
	meson setup build --prefix=/usr --sysconfdir=/etc --localstatedir=/var

check: deps
	@tools/check

demo: all
	@tests/demo/demo.sh $(PEER)

bench: all
	@tests/perf/bench.sh

soak: all
	@tests/netns/soak.sh

fuzz: deps
	@tools/fuzz $(SECONDS)

install: all
	meson install -C build --no-rebuild

format:
	git ls-files 'src/*.c' 'src/*.h' 'fuzz/*.c' 'tests/*.c' 'tests/*.h' 'tools/*.c' | xargs clang-format -i

lint: deps build/build.ninja
	@tools/lint

clean:
	rm -rf build build-asan build-clang build-fuzz
