# Two commands for a newcomer: `make demo` and `make test`. `make check` is the fast loop.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find dashboards -path '*/node_modules' -prune -o -path dashboards/static -prune -o -type f -print 2>/dev/null)

# Most tests wait for brokers, browsers and clocks, so three go side by side on two cores; a file stays together.
SIDE_BY_SIDE ?= -n 3 --dist loadfile --no-loadscope-reorder

# Hundreds of processes start in the tests: none may compile our sources anew, whatever the caller's shell says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check format lint types contracts dependencies unit screens compiled judged lock clean debian help

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: $(VENV)/.run  ## set up (Python packages only) and run one county with 20 homes; stop with Ctrl-C
	$(BIN)/anban demo $(ARGS)

test: $(VENV)/.dev debian  ## set up and pass every test
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target judged
	$(BIN)/pytest -q $(SIDE_BY_SIDE) $(ARGS)

# What the tests stand on, and what is judged without running; each part keeps one processor busy.
judged: types lint screens compiled contracts

check: $(VENV)/.dev lint types contracts dependencies unit  ## the fast loop: format, lint, types, contracts, licences, advisories, unit tests

# Otherwise each of the three would compile for itself.
compiled: $(VENV)/.dev
	$(BIN)/python -m cloud.visits.precompile

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

dependencies: $(VENV)/.dev  ## licences and known faults of what we depend on
	$(BIN)/python deploy/dependencies.py

unit: $(VENV)/.dev
	$(BIN)/pytest -q -m "not services and not browser and not bluetooth and not data" tests

screens: $(VENV)/.dev
	$(BIN)/python -m dashboards.hatch_build

format: $(VENV)/.dev  ## rewrite the sources to the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

debian:
	$(BIN)/python deploy/debian.py

# --- set-up: everything pinned by hash; the lock files name packages, never a host -----------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Anban needs Python 3.11 or newer; say make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "Python has no venv here; on Debian: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.lock pyproject.toml $(SOURCES) | $(BIN)/python
	@test -e $(VENV)/.dev || $(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements/run.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml $(SOURCES) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes --python-version 3.11 \
	--no-header --no-annotate --no-emit-index-url
lock: | $(BIN)/python  ## pin the newest fitting versions
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) --upgrade --extra dev --output-file requirements/dev.lock
	$(LOCK) --extra sim --extra build --constraint requirements/dev.lock --output-file requirements/run.lock

clean:  ## forget the environment and everything built
	rm -rf $(VENV) dashboards/static dashboards/web/node_modules .mypy_cache .ruff_cache .pytest_cache
