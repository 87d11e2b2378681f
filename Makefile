# Pons. Two commands do everything, set-up included:
#   make demo    build, fill a demo hospital and serve it; prints the address
#   make check   build, then every check and every test

GO   ?= go
BIN  := bin/pons
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo source)

FRONT := $(wildcard web/front/* web/islands/*) web/icon.go web/bundle.go web/package-lock.json

.PHONY: demo check build generate test lint fmt picture clean tools test-tools

demo: build
	$(BIN) demo

build: generate
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X pons/app.Version=$(VERSION)" -o $(BIN) ./cmd/pons

# generate makes what is made from other files: typed templates (committed) and the bundle of scripts and styles
# (not committed, embedded into the binary).
generate: tools web/static/dist/.made
	@$(GO) tool templ generate -path web -log-level warn

web/node_modules/.package-lock.json: web/package-lock.json
	npm ci --prefix web --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

web/static/dist/.made: web/node_modules/.package-lock.json $(FRONT)
	$(GO) run web/bundle.go
	@touch $@

check: tools test-tools
	@before=$$(find web -name '*_templ.go' -not -path '*/node_modules/*' | sort | xargs cat | sha256sum); \
	$(MAKE) --no-print-directory generate && \
	after=$$(find web -name '*_templ.go' -not -path '*/node_modules/*' | sort | xargs cat | sha256sum); \
	if [ "$$before" != "$$after" ]; then echo "check: the generated *_templ.go files were old; they are new now: look at them and commit them"; exit 1; fi
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test

lint:
	@bad=$$(gofmt -l $$(git ls-files '*.go' | grep -v '_templ\.go$$')); if [ -n "$$bad" ]; then echo "check: not gofmt'ed: $$bad"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# Everything runs under the race detector but the benchmarks, whose figures it would spoil. The packages that take
# longest go first, so that nothing waits for them alone. The lines of go test come last.
test:
	@status=0; \
	$(GO) test -race -timeout 18m ./web ./app ./sensor $$($(GO) list ./... | grep -v -e '^pons/bench' -e '^pons/web$$' -e '^pons/app$$' -e '^pons/sensor$$') || status=1; \
	bench=$$($(GO) list ./... | grep '^pons/bench'); \
	if [ -n "$$bench" ]; then $(GO) test -timeout 14m $$bench || status=1; fi; \
	exit $$status

fmt:
	gofmt -w $$(git ls-files '*.go' | grep -v '_templ\.go$$')
	$(GO) tool templ fmt web

# picture takes the README's picture anew: the first page of a fresh demo.
picture: build
	@dir=$$(mktemp -d); $(BIN) demo --data $$dir/demo --listen 127.0.0.1:8473 2>$$dir/log & pid=$$!; trap 'kill $$pid; rm -rf $$dir' EXIT; \
	for i in $$(seq 120); do grep -q 'serves at' $$dir/log 2>/dev/null && break; sleep 0.5; done; \
	$(GO) run web/picture.go $$(sed -n 's/.*serves at \([^ ]*\).*/\1/p' $$dir/log) demo "$$(sed -n 's/.*Sign in as demo with the password \(.*\)\. Everything.*/\1/p' $$dir/log)" docs/overview.png

clean:
	rm -rf bin web/static/dist web/node_modules

# What a build needs cannot be installed well from here: it is named in one line.
tools:
	@command -v $(GO) >/dev/null || { echo "Pons needs Go 1.26 or newer: https://go.dev/dl/"; exit 1; }
	@command -v npm >/dev/null || { echo "Pons needs Node.js 20 or newer with npm, to bundle its front end: https://nodejs.org/"; exit 1; }

# What the tests need besides is installed where that is allowed (root on Debian or Ubuntu), else named in one line. Tests of
# capture and of sensors listen to interfaces that they make in a network namespace of their own: they want root, and say so.
test-tools:
	@need=; \
	command -v gcc >/dev/null || need="$$need gcc libc6-dev"; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || need="$$need chromium"; \
	[ -n "$$PONS_TEST_POSTGRES" ] || command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need="$$need postgresql"; \
	command -v ip >/dev/null || need="$$need iproute2"; \
	command -v soffice >/dev/null || command -v libreoffice >/dev/null || need="$$need libreoffice-calc-nogui"; \
	if [ -n "$$need" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "check: installing$$need"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$need >/dev/null; \
		else \
			echo "The tests of Pons need$$need: sudo apt-get install$$need"; exit 1; \
		fi; \
	fi
