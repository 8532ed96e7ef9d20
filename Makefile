# Integration Hub. `make run` sets up and starts the demo; `make test` sets up and runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
SEEDS ?= 500
# What is compiled once need not be compiled again in every process of a test run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test lint types check bench shots torture vendor clean chromium

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.run: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/pip install -q --disable-pip-version-check -e '.[dev,browser]'
	@touch $@

run: $(VENV)/.run  ## Set up and start the demo at http://127.0.0.1:8000
	$(BIN)/hub demo --port $(PORT)

chromium: $(VENV)/.dev
	@sh scripts/chromium.sh $(BIN)

# Pages wait for the browser most of the time: their tests run beside the rest.
test: $(VENV)/.dev chromium  ## Set up and run the tests
	@$(BIN)/python -m pytest -q -m browser tests/browser > $(VENV)/browser.txt 2>&1 & browser=$$!; \
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not browser" --ignore tests/browser; rest=$$?; \
	wait $$browser; pages=$$?; cat $(VENV)/browser.txt; test $$rest -eq 0 -a $$pages -eq 0

torture: $(VENV)/.dev  ## Try every fault, and again with each rule removed (SEEDS=500)
	$(BIN)/python tests/crash/torture.py $(SEEDS)

lint: $(VENV)/.dev  ## Style and imports
	$(BIN)/ruff check hub plugins tests benchmarks scripts examples
	$(BIN)/lint-imports --config setup.cfg

types: $(VENV)/.dev  ## Strict types
	$(BIN)/mypy
	MYPYPATH=.:examples/csv-erp $(BIN)/mypy -p csv_erp

check: lint types test  ## All of it

bench: $(VENV)/.dev  ## Print the figures of the README
	$(BIN)/python -m benchmarks

shots: $(VENV)/.dev chromium  ## Take a picture of every page into shots/
	$(BIN)/python scripts/shots.py

vendor:  ## Fetch the vendored web files again and check them
	$(PYTHON) scripts/vendor.py

clean:  ## Remove the environment and caches
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
