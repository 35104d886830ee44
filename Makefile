# make outlook: the seasonal outlook, from nothing. make test: everything that must hold. make bench: timings.
PYTHON ?= python3
VENV ?= .venv
OUT ?= out/seasonal
WORKERS ?= 2
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_NO_WARN_SCRIPT_LOCATION = 1
export JAX_PLATFORMS ?= cpu

.PHONY: outlook test slow bench samples format clean

outlook: $(VENV)/.installed
	@if [ -f "$(OUT)/index.html" ]; then echo "The outlook is ready: $(OUT)/index.html  (make clean-out makes a new one)"; \
	else $(BIN)/shiome run seasonal --out "$(OUT)"; fi

test: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n $(WORKERS) --dist loadfile

slow: $(VENV)/.installed-test
	$(BIN)/pytest -m slow -o faulthandler_timeout=0

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks

samples: $(VENV)/.installed
	$(BIN)/python scripts/build_samples.py

format: $(VENV)/.installed-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: clean-out
clean-out:
	rm -rf "$(OUT)"

clean: clean-out
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Shiome needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[test,bench]'
	@touch $@ $(VENV)/.installed $(VENV)/.installed-test
