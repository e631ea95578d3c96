# hvlab: `make lab` starts the first lab, `make test` runs every test. Both install what they need first.
#
# Variables: PYTHON=/path/to/python3 (3.11 to 3.13), VENV=.venv, VENV_RYU=.venv-ryu, PYTEST_ARGS='-x -k vlan',
# WORKERS=4 (tests side by side; 0: one by one), RELEASE=bookworm|trixie for `make fresh`.

SHELL := /bin/sh
.SHELLFLAGS := -euc
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
VENV_RYU ?= .venv-ryu
PYTHON ?=
PYTEST_ARGS ?=
WORKERS ?=
RELEASE ?= bookworm
export VENV VENV_RYU PYTHON PYTEST_ARGS WORKERS RELEASE

.PHONY: help lab set-up set-up-test test check format docs unit dataplane system bench soak fresh clean
.NOTPARALLEL:

help: ## this list
	@awk -F ':.*## ' '/^ifneq/ { hidden = 1 } /^endif/ { hidden = 0 } \
		/^[a-z-]+:.*## / && (!hidden || index("$(OPTIONAL)", $$1)) { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

lab: set-up ## set up, start the lab of topologies/three_switches.py and show who can talk to whom
	@.make/lab

set-up: ## the Debian packages (asks for root only if some are missing) and the Python environment
	@.make/packages
	@.make/venv run "$$VENV"

set-up-test: ## the same for the tests, with a second environment that has Ryu in place of os-ken
	@.make/packages --test
	@.make/venv test "$$VENV"
	@.make/venv ryu "$$VENV_RYU"

test: set-up-test ## every check and test, as root and as an ordinary user where that is possible
	@.make/test check unit dataplane system

check: set-up-test ## ruff and mypy
	@.make/test check

format: set-up-test ## put the code into ruff's format
	@"$$VENV/bin/ruff" check --fix --exit-zero . && "$$VENV/bin/ruff" format .

docs: set-up-test ## write docs/cmdlets.md anew, which is printed from the declarations of the console's commands
	@"$$VENV/bin/python" -m lab.shell.reference > docs/cmdlets.md.new && mv docs/cmdlets.md.new docs/cmdlets.md

unit: set-up-test ## tests that need only Python
	@.make/test unit

dataplane: set-up-test ## tests on a private Open vSwitch, on os-ken and on Ryu; no root
	@.make/test dataplane

system: set-up-test ## whole labs in namespaces
	@.make/test system

ifneq ($(wildcard tests/bench/test_*.py),)
OPTIONAL += bench
bench: set-up-test ## figures: hvlab beside stock Mininet and a bare bridge (HVLAB_BENCH_ROUNDS=5)
	@.make/packages --bench
	@.make/test bench
endif

ifneq ($(wildcard tests/bench/soak*.py),)
OPTIONAL += soak
soak: set-up-test ## hours of changes to one lab (SOAK_SECONDS=3600)
	@"$$VENV/bin/python" -m pytest --timeout=0 $$PYTEST_ARGS tests/bench/soak*.py
endif

fresh: ## prove the set-up in a new minimal Debian (RELEASE=bookworm or trixie), as root and as an ordinary user
	@tests/fresh/run "$$RELEASE"

clean: ## remove what was built here: environments, caches, build/ (running labs are left alone)
	@rm -rf -- "$$VENV" "$$VENV_RYU" build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf -- {} +
