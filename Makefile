# make demo, make test: see README.md. Everything else is said at each target.

PREFIX ?= /usr/local
PROFILE ?= release
CC ?= cc
CARGO ?= cargo
VOICE ?= demo/voice.wav
OUT ?= out

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
MAJOR := $(firstword $(subst ., ,$(VERSION)))
# What tests and the demo link against: an installation of the dev build.
STAGE := $(TARGET)/stage
CFLAGS_OURS := -std=c99 -O1 -g -Wall -Wextra -Werror -pedantic
STAGE_LINK := -I$(STAGE)/include -L$(STAGE)/lib -Wl,-rpath,$(STAGE)/lib -lstoa

.PHONY: all build demo test bench install stage lint fmt clippy doc licences loom header misuse-table interop examples clean

all: build

# The dev build: library, command line.
build: | need-build
	$(CARGO) build --lib --bins

# A server, a C speaker, a C listener: three processes. make demo VOICE=my.wav takes any WAV.
demo: stage
	@mkdir -p $(TARGET)/demo
	$(CC) $(CFLAGS_OURS) demo/speaker.c -o $(TARGET)/demo/speaker $(STAGE_LINK) -lm
	$(CC) $(CFLAGS_OURS) demo/listener.c -o $(TARGET)/demo/listener $(STAGE_LINK)
	@$(CARGO) run --quiet --example demo -- \
		$(STAGE)/bin/stoa $(TARGET)/demo/speaker $(TARGET)/demo/listener "$(VOICE)" "$(OUT)"

# Everything that CI checks, cheapest first.
test: | need-test
	@echo "== style: rustfmt, clippy, docs without a warning, licences"
	@$(MAKE) --no-print-directory lint
	@echo "== the ring and the handles, in every order in which its threads can meet (loom)"
	@$(MAKE) --no-print-directory loom
	@echo "== an installation to test against: $(STAGE)"
	@$(MAKE) --no-print-directory stage
	@echo "== Rust tests, the header, C programs (ASAN, UBSAN, valgrind), Go, Node, Python"
	$(CARGO) test --no-fail-fast
	@echo "== the demo"
	@$(MAKE) --no-print-directory demo OUT=$(TARGET)/demo/out
	@echo "== all passed"

# Measures, prints the table and writes it to docs/figures.md. make bench ONLY=delay measures a part and only prints it.
bench: | need-build
	$(CARGO) rustc --release --lib --crate-type cdylib
	cp $(TARGET)/release/libstoa.so $(TARGET)/release/libstoa-alone.so
	STOA_LIBRARY=$(TARGET)/release/libstoa-alone.so $(CARGO) bench --bench figures -- $(ONLY)

lint: fmt clippy doc licences

fmt:
	$(CARGO) fmt --check

clippy: | need-build
	$(CARGO) clippy --all-targets -- -D warnings

doc: | need-build
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --lib

# deny.toml says which licences are allowed. Without cargo-deny (it takes longer to build than Stoa) tests/licences.rs reads it.
licences:
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check licenses sources bans; \
	else echo "cargo-deny is not here: tests/licences.rs checks the licences by deny.toml"; fi

loom:
	RUSTFLAGS="--cfg loom" $(CARGO) test --manifest-path tests/loom/Cargo.toml --target-dir $(TARGET)/loom --lib

# Takes the header that build.rs has made from src/ffi over into include/.
header: | need-build
	$(CARGO) build --lib
	cp "$$(ls -t $(TARGET)/debug/build/stoa-*/out/stoa.h | head -n 1)" include/stoa.h

# Writes docs/misuse.md anew: what every function answers to every mistake. Look at the difference before you commit it.
misuse-table: | need-test
	STOA_WRITE_TABLE=1 $(CARGO) test --test misuse the_committed_table

# Stoa with other clients and servers: every row of the matrix, and docs/interop.md from it. As root: some rows make network interfaces and lose packets.
# Fails where a cell failed, after the document was written.
interop: | need-interop
	$(CARGO) test --test interop --no-run
	@$(MAKE) --no-print-directory stage
	$(CARGO) test --test interop -- --include-ignored --nocapture rows:: || true
	STOA_WRITE_TABLE=1 $(CARGO) test --test interop -- --include-ignored api:: hostile page:: python:: video:: the_committed_matrix

# The C and C++ examples against the dev build, into $(TARGET)/examples-c.
examples: stage
	@mkdir -p $(TARGET)/examples-c
	for name in $(basename $(notdir $(wildcard examples-c/*.c))); do \
		$(CC) $(CFLAGS_OURS) examples-c/$$name.c -o $(TARGET)/examples-c/$$name $(STAGE_LINK) -lm -pthread || exit 1; done
	$(CXX) -std=c++17 -O1 -g -Wall -Wextra -Werror -pedantic examples-cpp/hello.cpp -o $(TARGET)/examples-c/hello-cpp $(STAGE_LINK)

stage:
	@$(MAKE) --no-print-directory install PREFIX=$(STAGE) PROFILE=dev

# make install PREFIX=/usr/local: the library, its header, its pkg-config file, and the command line. Where the loader looks by
# itself it has a cache, which is brought up to date; not for a package (DESTDIR).
# The release library is built alone: beside an rlib, Cargo gives it no link-time optimisation. PROFILE=dev takes the dev build.
install: | need-build
ifeq ($(PROFILE),dev)
	$(CARGO) build --lib --bins
	$(call put,$(TARGET)/debug/stoa,bin/stoa,755)
	$(call put,$(TARGET)/debug/libstoa.so,lib/libstoa.so.$(VERSION),755)
else
	$(CARGO) build --release --bin stoa
	$(call put,$(TARGET)/release/stoa,bin/stoa,755)
	$(CARGO) rustc --release --lib --crate-type cdylib
	$(call put,$(TARGET)/release/libstoa.so,lib/libstoa.so.$(VERSION),755)
endif
	ln -sf libstoa.so.$(VERSION) $(DESTDIR)$(abspath $(PREFIX))/lib/libstoa.so.$(MAJOR)
	ln -sf libstoa.so.$(MAJOR) $(DESTDIR)$(abspath $(PREFIX))/lib/libstoa.so
	for header in include/*.h* include/stoa/*; do install -D -m 644 $$header $(DESTDIR)$(abspath $(PREFIX))/$$header || exit 1; done
	@mkdir -p $(DESTDIR)$(abspath $(PREFIX))/lib/pkgconfig
	@printf '%s\n' 'prefix=$(abspath $(PREFIX))' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include' '' \
		'Name: stoa' 'Description: Real-time voice for programs' 'Version: $(VERSION)' \
		'Libs: -L$${libdir} -lstoa' 'Cflags: -I$${includedir}' > $(DESTDIR)$(abspath $(PREFIX))/lib/pkgconfig/stoa.pc
ifeq ($(DESTDIR)$(filter-out /usr /usr/local,$(abspath $(PREFIX))),)
	@if [ "$$(id -u)" = 0 ]; then echo "ldconfig: the loader takes the library up"; ldconfig; \
	else echo "Run ldconfig as root, or the loader does not find the library."; fi
endif

# By way of a second name, so that a program that has the old one open keeps it.
put = install -D -m $(3) $(1) $(DESTDIR)$(abspath $(PREFIX))/$(2).new && \
	mv -f $(DESTDIR)$(abspath $(PREFIX))/$(2).new $(DESTDIR)$(abspath $(PREFIX))/$(2)

# What is needed and missing is installed, or named.
.PHONY: need-build need-test need-interop
need-build:
	@.ci/need build
need-test:
	@.ci/need test
need-interop:
	@.ci/need interop

clean:
	$(CARGO) clean
	rm -rf out tests/lang/node/node_modules
