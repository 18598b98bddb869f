# `make` prints the targets. `make run` and `make test` are all a newcomer needs.

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT   ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS  := -s -w -buildid= -X main.version=$(VERSION) -X main.commit=$(COMMIT)
FUZZTIME ?= 60s
PKGS     ?= ./...

.DEFAULT_GOAL := help
.PHONY: help run build test test-setup geo-database race lint fmt generate check-generated fuzz bench bench-dns bench-flood bench-gc bench-health ci clean

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build geo-database ## build and start the server on its defaults
	./bin/open53 serve

build: ## build bin/open53: static, reproducible
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/open53 ./cmd/open53

test: test-setup geo-database build ## install what the tests need and run them all
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test $(PKGS)

test-setup: ## install the servers and clients that the tests talk to
	./test/setup.sh

geo-database: ## fetch where addresses are (GEO=country for the small one), if it is missing
	@./packaging/geo/fetch.sh $(or $(GEO),city) || echo "no database of positions was fetched: clients are nowhere, see docs/geo.md" >&2

race: ## run the Go tests under the race detector
	$(GO) test -race -short $(PKGS)

lint: ## run golangci-lint
	$(GO) tool golangci-lint run

fmt: ## format the sources
	$(GO) tool golangci-lint fmt

generate: ## rewrite the generated code
	$(GO) generate ./...

check-generated: generate
	git diff --exit-code -- '*.gen.go'

fuzz: ## run each fuzz target for FUZZTIME
	./test/fuzz.sh $(FUZZTIME)

bench: ## measure changes, start, memory, queries (moto_server, PowerDNS), health checks
	./test/bench/setup.sh
	$(GO) run ./test/bench/control
	$(MAKE) --no-print-directory bench-health

bench-dns: geo-database ## measure answers beside gdnsd, NSD, Knot, PowerDNS and BIND
	./test/bench/setup.sh
	$(GO) run ./test/bench/dns

bench-flood: ## measure what good clients get while open53 is under attack
	$(GO) run ./test/bench/flood

bench-gc: ## compare settings of the garbage collector under changes
	$(GO) run ./test/bench/gc

bench-health: ## measure the CPU that health checks take
	$(GO) run ./test/bench/health -type HTTP
	$(GO) run ./test/bench/health -type HTTPS -checks 3000
	$(GO) run ./test/bench/health -type TCP

ci: check-generated test race lint ## everything a release needs

clean:
	rm -rf bin
