# Every target sets up its environment by itself: .venv, from requirements.txt.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The interpreter that makes the environment; `make PYTHON=python3.12 book` names another.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))
PYTHON ?= $(shell for name in python3 python3.12 python3.11; do \
	if $$name -c '$(SUPPORTED)' 2>/dev/null; then echo $$name; exit; fi; done)

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
PAGES := _build/html/index.html

# Pages are made and compared without progress bars and without anyone's own data. Two
# notebooks are compared at a time, each with one thread: with two each, on two cores, a
# small network's threads would spend their time waiting for one another.
AS_PUBLISHED := env -u CHECKED_GRADIENTS_DATA -u CHECKED_GRADIENTS_DEVICE TQDM_DISABLE=1
ONE_THREAD := CHECKED_GRADIENTS_THREADS=1
PYTEST := $(BIN)/python -m pytest -q
COMPARE := $(PYTEST) -p no:cacheprovider --nbval --nbval-current-env \
	--nbval-cell-timeout=600 -n 2 --dist loadfile book

.PHONY: help
help: ## list the targets
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: book
book: compare html ## run every notebook, compare it with its stored output, build the pages
	@echo "Every notebook gives the output that is stored in it. The book: $(CURDIR)/$(PAGES)"

.PHONY: html
html: $(INSTALLED) ## build the pages from the stored outputs, in seconds
	rm -rf _build/html
	$(BIN)/jupyter-book build . --all --warningiserror --nitpick --keep-going -q
	@echo "The book: $(CURDIR)/$(PAGES)"

.PHONY: test
test: lint unit compare html pages ## everything that CI runs, from cheap to dear
	@echo "Style, unit tests, notebooks and pages are in order. The book: $(CURDIR)/$(PAGES)"

.PHONY: lint
lint: $(INSTALLED) ## ruff over code and notebooks, and the walls of lib/
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache --no-logo

.PHONY: unit
unit: $(INSTALLED) ## the unit tests, and the rules that notebooks keep
	$(PYTEST) -n 2 --dist worksteal --ignore=tests/test_html.py

.PHONY: compare
compare: $(INSTALLED) ## run every notebook and compare it with its stored output
	$(AS_PUBLISHED) $(ONE_THREAD) $(COMPARE)

.PHONY: pages
pages: $(INSTALLED) ## check the built pages, as files and in a browser
	$(PYTEST) -n 2 --dist worksteal tests/test_html.py

.PHONY: lab
lab: $(INSTALLED) ## open JupyterLab on the book
	$(BIN)/jupyter lab book

.PHONY: notebooks
notebooks: $(INSTALLED) ## run and normalise the stale notebooks; ALL=1 for all, NB=path for one
	$(BIN)/python -m tools.notebooks $(if $(ALL),--all) $(NB)

.PHONY: chapter
chapter: $(INSTALLED) ## make a new chapter that passes every test: NAME=part/name
	$(BIN)/python -m tools.chapter "$(NAME)"

.PHONY: architecture
architecture: $(INSTALLED) ## draw the picture of lib/ in CONTRIBUTING.md again
	$(BIN)/python -m tools.architecture

.PHONY: phrases
phrases: $(INSTALLED) ## write the table of parallel phrases again, from Unicode CLDR
	$(BIN)/python -m tools.phrases

.PHONY: portable
portable: $(INSTALLED) ## compare the notebooks again under AVX2 and with two threads
	$(AS_PUBLISHED) ATEN_CPU_CAPABILITY=avx2 $(ONE_THREAD) $(COMPARE)
	$(AS_PUBLISHED) CHECKED_GRADIENTS_THREADS=2 $(subst -n 2,-n 1,$(COMPARE))
	@echo "The notebooks give their stored outputs under AVX2 and with two threads, too."

.PHONY: bench
bench: $(INSTALLED) ## time training and translating against their peers and bounds
	$(BIN)/python -m lib.bench

.PHONY: clean
clean: ## remove what was built; the environment stays
	rm -rf _build .pytest_cache .ruff_cache .hypothesis
	find book lib tests tools -name __pycache__ -prune -exec rm -rf {} +
	find book -name .ipynb_checkpoints -prune -exec rm -rf {} +

# The stamp is made last, so an interrupted installation is taken up again.
$(INSTALLED): requirements.txt pyproject.toml
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c '$(SUPPORTED)'; then \
		echo "This book needs Python 3.11 or 3.12, and $(or $(PYTHON),python3) is not;" \
			"install one and name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; fi
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@
	@echo "The environment is in $(CURDIR)/$(VENV)"
