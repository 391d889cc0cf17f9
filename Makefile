# Needs Python 3.11 or newer, and nothing else. Everything lives in .venv, and MoviePy in .venv-effects.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
# MoviePy holds Pillow back, so it lives beside and not among the rest.
EFFECTS := .venv-effects/installed
# Tests at a time: one a core, but each brings servers of its own.
JOBS ?= auto

.DEFAULT_GOAL := help
.PHONY: help install effects demo test lint types bench clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## Install Reelmill, its detectors and what the tests need into .venv

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Reelmill needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

effects: $(EFFECTS) ## Install MoviePy for effects into .venv-effects

$(EFFECTS): constraints-effects.txt
	$(PYTHON) -m venv .venv-effects
	.venv-effects/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-effects.txt moviepy
	@touch $@

demo: install ## Make five videos from a calendar and a product feed, and a gallery of them
	$(BIN)/reelmill run solar-terms-daily --limit 3
	$(BIN)/reelmill run product-animation --limit 2
	$(BIN)/reelmill runs --limit 2
	$(BIN)/reelmill gallery solar-terms-daily product-animation

test: install effects ## Run all tests, JOBS at a time
	$(BIN)/python -m pytest --numprocesses $(JOBS) --maxprocesses 4 --dist worksteal

lint: install ## Style and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: install ## Static types
	$(BIN)/mypy

bench: install effects ## Run every benchmark; each ends with one line of JSON
	@for program in benchmarks/*.py; do echo "== $$program"; $(BIN)/python $$program || exit 1; done

clean: ## Remove what was made here: .venv, .venv-effects, .reelmill, .sheets, outbox
	-$(BIN)/reelmill down
	rm -rf .venv .venv-effects .reelmill .sheets outbox
