# Two commands do everything on a fresh Debian 12 with Swift 6.3: `make run` and `make test`.
# The work is in scripts/, which can be read and run one by one.

.DEFAULT_GOAL := help
.PHONY: help run test build release lint format docs timed asan tsan ui-test crash contract bench image-check deps clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build beatd and start it with its built-in naming server; data in ./.beatd, no root needed
	@scripts/run.sh

test: deps ## build and pass all tests
	@scripts/test.sh

build: deps ## debug build of everything, tests included
	@scripts/build.sh debug

release: deps ## .build/release/beatd with the Swift runtime linked in
	@scripts/build.sh release

lint: ## formatting and shell scripts; changes nothing
	@scripts/lint.sh

format: ## put the sources into their form
	@swift format --in-place --recursive --parallel Package.swift Sources Tests

docs: deps ## write the tables of docs/config.md and docs/metrics.md anew from the code
	@BEATD_WRITE_DOCS=1 scripts/test.sh --filter "ConfigurationDocumentTests|MetricsDocumentTests"

timed: deps ## the tests whose figures are times; wants a quiet machine
	@BEATD_TIMED=1 scripts/test.sh --no-parallel --filter 'ScheduleTests|ServerLimitsTests|ClusterTimedTests|KeptAliveTimedTests|PageTimedTests'
	@scripts/build.sh release
	@BEATD_TIMED=1 BEATD_BINARY=$(CURDIR)/.build/release/beatd scripts/ui-test.sh -k first_paint

asan: deps ## all tests under AddressSanitizer and LeakSanitizer
	@scripts/sanitize.sh address

tsan: deps ## the tests of threads under ThreadSanitizer
	@scripts/sanitize.sh thread

ui-test: build ## the dashboard in a headless Chromium (Debian's package chromium); pictures in artifacts/ui
	@scripts/ui-test.sh

crash: release ## kill -9 at 100 moments and 240 system calls, broken disks, TERM: 10 minutes; strace, best as root
	@python3 Tests/crash/crash.py --kills 100 --injected 120 --slack 0

contract: release ## openapi.yaml and the metrics against a running beatd: schemathesis, promtool
	@scripts/deps.sh ci
	@scripts/contract.sh

bench: deps ## every figure of docs/performance.md, beside bare C and evhttp: about half an hour
	@python3 Tests/Benchmarks/bench.py all

image-check: ## try the container image's run stage without a container engine (needs root, debootstrap)
	@scripts/image-check.sh

deps:
	@scripts/deps.sh

clean: ## remove everything that was built
	rm -rf .build .build-asan .build-tsan .build-bench .venv-tests .venv-contract
