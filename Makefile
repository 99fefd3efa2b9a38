# Two commands for a newcomer: `make demo` and `make test`. `make check` is the fast loop.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check format lint types contracts unit lock clean

demo: $(STAMP)
	$(BIN)/anban demo $(ARGS)

test: $(STAMP) debian check
	$(BIN)/pytest -q $(ARGS)

check: $(STAMP) lint types contracts unit

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

unit: $(STAMP)
	$(BIN)/pytest -q -m "not services and not browser and not bluetooth and not data" tests/unit tests/property tests/conformance

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

