# Two commands do everything: `make demo` shows the main job, `make test` passes the tests.
# They need Python 3.9 or newer and a package index, and touch nothing outside of this folder.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# `make bench` prints one table; WHAT='logs objects --size 200' measures less, WHAT=--help tells what there is.
WHAT ?=
# The suite runs in parallel; WORKERS=0 runs it in one process.
WORKERS ?= auto

comma := ,
# What pip says is shown only where it fails.
install = echo "installing into $(VENV): $(1)"; \
	$(BIN)/python -m pip install -e '.[$(1)]' >$(VENV)/install.log 2>&1 || { cat $(VENV)/install.log; exit 1; }

.PHONY: demo test bench lint types format clean

demo: $(VENV)/.test
	@$(BIN)/python examples/demo.py

test: $(VENV)/.test
	$(BIN)/python -m pytest -n $(WORKERS) -q

bench: $(VENV)/.test
	$(BIN)/python bench/bundle.py $(WHAT)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 9))' || \
		{ echo "osvc_diag needs Python 3.9 or newer: make PYTHON=python3.x ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --upgrade pip

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	@$(call install,test)
	@touch $@

$(VENV)/.dev: $(VENV)/.test
	@$(call install,test$(comma)dev)
	@touch $@
