# Glassmaster. "make help" lists the targets.

# One set of flags for everything. Another set would compile Fyne a second time.
export GOFLAGS := -trimpath -tags=migrated_fynedo
export CGO_ENABLED := 0

# The window is the only program that needs cgo; everything else is built and
# tested without it. The tests of the window on a display run last, on their own.
WINDOW    := ./app/glassmaster-window
ONDISPLAY := glassmaster/app/windowtest
PACKAGES   = $(shell go list -e ./... | grep -v /app/glassmaster-window)
SCRIPTS   := assets/scripts

.DEFAULT_GOAL := build

.PHONY: run
run: ## install missing packages, build, and open the window (without a display: show the command line)
	@$(SCRIPTS)/run

.PHONY: build
build: bin/glassmaster bin/glassmaster-window ## build both programs into bin/

.PHONY: bin/glassmaster
bin/glassmaster: ## build the command line program only: one static file, no cgo
	go build -ldflags "-s -w" -o $@ ./app/glassmaster

.PHONY: bin/glassmaster-window
bin/glassmaster-window: ## build the window program only
	CGO_ENABLED=1 go build -ldflags "-s -w" -o $@ ./app/glassmaster-window

.PHONY: test
test: export GLASSMASTER_STRICT = 1
test: packages ## install missing packages, then check and test everything; a test that cannot run fails
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory --keep-going lint test-packages test-window test-display test-fuzz

# The parts of "make test". Each runs even if another one failed.
.PHONY: test-packages test-window test-display test-fuzz
test-packages:
	@echo go test
	@go test -timeout 15m $(filter-out $(ONDISPLAY),$(PACKAGES))
test-window:
	CGO_ENABLED=1 go test -timeout 5m $(WINDOW)
test-display:
	go test -timeout 10m $(ONDISPLAY)
test-fuzz:
	@$(SCRIPTS)/fuzz 5

.PHONY: nightly
nightly: test ## "make test", fault injection with 1000 seeds, and each fuzz target for a minute
	@echo faults
	@GLASSMASTER_FAULTS=1000 go test -timeout 30m ./drive/faultrun
	@GLASSMASTER_FAULTS=1000 go test -timeout 30m -run '^TestKilled$$' ./app/command
	@$(SCRIPTS)/fuzz 60

.PHONY: lint
lint: ## vet, staticcheck, formatting, no unused functions, and no programs or large files in the repository
	@$(SCRIPTS)/files
	@$(SCRIPTS)/formatted
	@echo go vet
	@go vet $(PACKAGES)
	@CGO_ENABLED=1 go vet $(WINDOW)
	@GOOS=windows go vet ./app/command ./drive/... ./mastering/...
	@echo go tool staticcheck
	@go tool staticcheck $(PACKAGES)
	@CGO_ENABLED=1 go tool staticcheck $(WINDOW)
	@echo go tool deadcode
	@$(SCRIPTS)/unreachable

.PHONY: bench
bench: ## run the benchmarks
	@go test -run '^$$' -bench . -benchmem $(PACKAGES)

.PHONY: packages
packages: ## install the packages that building and testing need (Debian, Ubuntu)
	@$(SCRIPTS)/packages build test

.PHONY: clean
clean: ## remove the build output
	rm -rf bin

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-zA-Z\/-]+:.*## / { printf "make %-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
