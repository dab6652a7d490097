# Gatewright. `make help` lists the targets.

GO      ?= go
TOOL     = $(GO) tool -modfile=tools/go.mod
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  = -s -w -X main.version=$(VERSION)

# Tests that need longer than this are stuck.
TIMEOUT ?= 20m

.DEFAULT_GOAL := help
.PHONY: help run build install check test bench bench-dataplane travellers fuzz demo

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, as root also install what the data plane needs, start a server with its defaults and print what to do next
	@[ "$$(id -u)" -ne 0 ] || scripts/deps.sh dataplane || echo "Going on without what is missing; gatewright doctor tells what for." >&2
	@exec bin/gatewright serve $(ARGS)

build: ## build bin/gatewright
	@scripts/deps.sh run
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/gatewright ./cmd/gatewright

install: build ## install the program and a systemd unit that leaves tunnels up when it stops (DESTDIR=)
	@scripts/deps.sh dataplane
	@scripts/install.sh

check: ## everything that is quick to know: format, vet, staticcheck, import table, generated files, other systems, races
	@scripts/deps.sh test
	@scripts/check.sh

test: ## check, and all tests (as root also those that mount and unshare)
	@scripts/deps.sh test
	@scripts/check.sh all
	@echo "== whole programs"
	@packages=$$($(GO) list ./...) && $(GO) test -timeout $(TIMEOUT) $$(printf '%s\n' $$packages | grep -v -e /internal/ -e /test/dataplane)
	@echo "== packets, alone: their speed is measured"
	@$(GO) test -timeout $(TIMEOUT) ./test/dataplane

bench: ## the table of speeds (SIZES=1000,10000 DURATION=5s MICRO=1)
	@scripts/deps.sh run
	@scripts/bench.sh

bench-dataplane: ## as root: the table of the data plane's speeds (ALONE=21 TOGETHER=100 IDLE=500 SECONDS_EACH=4)
	@scripts/deps.sh run
	@scripts/deps.sh dataplane
	@scripts/bench-dataplane.sh

travellers: ## as root: every scenario of SSL VPN with what came of it, and what was measured
	@scripts/deps.sh test
	@scripts/travellers.sh

fuzz: ## every fuzz target for FUZZTIME each (30s)
	@scripts/deps.sh run
	@scripts/fuzz.sh

demo: build ## a cloud, an office behind a tunnel and a traveller with OpenVPN, in namespaces of their own, and what was seen (root)
	@scripts/demo.sh
