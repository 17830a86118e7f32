# Every target sets up its environment by itself: .venv, from requirements.lock.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Else each of the hundreds of processes would compile PyTorch and SymPy for itself.
unexport PYTHONDONTWRITEBYTECODE

# The interpreter that makes the environment; `make PYTHON=python3.12 book` names another.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$name -c '$(SUPPORTED)' 2>/dev/null; then echo $$name; exit; fi; done)

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PAGES := _build/html/index.html
PACKAGES := node_modules/.package-lock.json

# Pages are made and compared without progress bars and without anyone's own data. Two
# notebooks are compared at a time, or two tests, each with one thread: with two each, on
# two cores, a small network's threads would spend their time waiting for one another.
AS_PUBLISHED := env -u CHECKED_GRADIENTS_DATA -u CHECKED_GRADIENTS_DEVICE TQDM_DISABLE=1
ONE_THREAD := CHECKED_GRADIENTS_THREADS=1
PYTEST := $(BIN)/python -m pytest -q -rfEs
UNIT := OMP_NUM_THREADS=1 $(ONE_THREAD) $(PYTEST) -n 2 --dist worksteal \
	--ignore=tests/html
# The notebooks that take longest come first, so that no core waits for them at the end.
LONGEST := $(patsubst %,book/%.ipynb,gan/training transformer/gradient_norms vae/gaps \
	vae/training transformer/translation transformer/residual_gradients)
COMPARE := $(PYTEST) -p no:cacheprovider -p tools.processor_time --nbval --nbval-current-env \
	--nbval-cell-timeout=600 -n 2 --dist loadfile --no-loadscope-reorder \
	$(LONGEST) $(filter-out $(LONGEST),$(wildcard book/*.ipynb book/*/*.ipynb))

.PHONY: help
help: ## list the targets
	@echo "make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: book
book: compare html ## run every notebook, compare it with its stored output, build the pages
	@echo "Every notebook gives the output that is stored in it. The book: $(CURDIR)/$(PAGES)"

.PHONY: html
html: $(INSTALLED) $(PACKAGES) ## build the pages from the stored outputs, in seconds
	rm -rf _build/html
	$(BIN)/jupyter-book build . --all --warningiserror --nitpick --keep-going -q
	@echo "The book: $(CURDIR)/$(PAGES)"

.PHONY: test
test: parts ## what CI runs on every change, from cheap to dear
	@echo "Style, unit tests, notebooks and pages: what ran is in order." \
		"The book: $(CURDIR)/$(PAGES)"
	@$(BIN)/python -m tools.browser --missing

.PHONY: deep
deep: export DEEP = 1
deep: parts portable faults ## the same with every corpus whole, portable and faults
	@echo "Everything, with every error, size and colour: what ran is in order."
	@$(BIN)/python -m tools.browser --missing

# The first two use one core each, so they run side by side.
.PHONY: parts
parts: $(INSTALLED) $(PACKAGES)
	@$(MAKE) lint & $(MAKE) html || built=no; wait $$! && test -z "$${built:-}"
	@$(MAKE) unit compare pages

.PHONY: lint
lint: $(INSTALLED) ## ruff over code and notebooks, types, and the walls of lib/
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

.PHONY: unit
unit: $(INSTALLED) $(PACKAGES) ## the unit tests, and the rules that notebooks keep
	$(UNIT)

.PHONY: coverage
coverage: $(INSTALLED) $(PACKAGES) ## which lines and branches of lib/ the unit tests run
	$(UNIT) --cov --cov-report=term-missing:skip-covered --cov-report=html

.PHONY: compare
compare: $(INSTALLED) ## run every notebook and compare it with its stored output
	$(AS_PUBLISHED) $(ONE_THREAD) $(COMPARE)

.PHONY: pages
pages: $(INSTALLED) $(PACKAGES) ## check the built pages, as files and in a browser
	$(PYTEST) -n 2 --dist worksteal tests/html

.PHONY: pdf
pdf: $(INSTALLED) ## print the built pages as one file; SOLUTIONS=no leaves these out
	@test -f $(PAGES) || $(MAKE) html
	$(BIN)/python -m tools.pdf $(if $(filter no,$(SOLUTIONS)),--without-solutions)

.PHONY: epub
epub: $(INSTALLED) ## put the built pages into one EPUB, with formulas as MathML
	@test -f $(PAGES) || $(MAKE) html
	$(BIN)/python -m tools.epub

.PHONY: weigh
weigh: $(INSTALLED) ## measure each built page: bytes, time, shifts, tab stops
	$(BIN)/python -m tools.weigh

.PHONY: picture
picture: $(INSTALLED) ## take the picture of README.md from the built pages again
	$(BIN)/python -m tools.first_screen

.PHONY: serve
serve: $(INSTALLED) ## serve the built pages on this machine alone: http://127.0.0.1:8000
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

.PHONY: lab
lab: $(INSTALLED) ## open JupyterLab on the book
	$(BIN)/jupyter lab book

.PHONY: notebooks
notebooks: $(INSTALLED) ## run and normalise the stale notebooks; ALL=1 for all, NB=path for one
	$(BIN)/python -m tools.notebooks $(if $(ALL),--all) $(NB)

.PHONY: chapter
chapter: $(INSTALLED) ## make a new chapter that passes every test: NAME=part/name
	$(BIN)/python -m tools.chapter "$(NAME)"

.PHONY: sheet
sheet: $(INSTALLED) $(PACKAGES) ## write a chapter's exercises without solutions: NB=path
	$(BIN)/python -m tools.sheet "$(NB)"

.PHONY: architecture
architecture: $(INSTALLED) ## draw the picture of lib/ in CONTRIBUTING.md again
	$(BIN)/python -m tools.architecture

.PHONY: phrases
phrases: $(INSTALLED) ## write the tables of parallel phrases again, from Unicode CLDR
	$(BIN)/python -m tools.phrases

.PHONY: portable
portable: $(INSTALLED) ## compare the notebooks again under AVX2 and with two threads
	$(AS_PUBLISHED) ATEN_CPU_CAPABILITY=avx2 $(ONE_THREAD) $(COMPARE)
	$(AS_PUBLISHED) CHECKED_GRADIENTS_THREADS=2 $(subst -n 2,-n 1,$(COMPARE))
	@echo "The notebooks give their stored outputs under AVX2 and with two threads, too."

.PHONY: release
release: html ## check that all say one version, and pack the pages: _build/*.zip
	@$(BIN)/python -m tools.release

.PHONY: links
links: $(INSTALLED) $(PACKAGES) ## follow the links to other hosts, over the network
	$(BIN)/jupyter-book build . --builder custom --custom-builder linkcheck --all -q

.PHONY: bench
bench: $(INSTALLED) ## time training and translating against their peers and bounds
	$(BIN)/python -m lib.bench

.PHONY: gpu
gpu: $(INSTALLED) ## hold captured steps against plain ones on a CUDA GPU, and time them
	$(BIN)/python -m lib.bench.gpu

.PHONY: faults
faults: $(INSTALLED) ## kill runs, damage files, mistype commands; what came of it, as a table
	$(BIN)/python -m tools.faults

.PHONY: mutants
mutants: $(INSTALLED) ## change lib/ in small ways, and see a test fail: MODULE=path SHARD=1/4
	$(BIN)/python -m tools.mutants $(MODULE) $(if $(SHARD),--shard $(SHARD))

.PHONY: browser
browser: ## install Chromium by the system's package manager, to look at the pages in
	$(PYTHON) -m tools.browser

.PHONY: lock
lock: $(INSTALLED) ## pin what requirements.txt pulls in, with hashes: requirements.lock
	$(BIN)/python -m tools.lock
	$(BIN)/python -m tools.binder

.PHONY: newest
newest: $(INSTALLED) ## move the pins to the newest versions, and say which moved
	$(BIN)/python -m tools.lock --newest
	$(BIN)/python -m tools.binder

.PHONY: clean
clean: ## remove what was built; the environment stays
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find book lib tests tools -name __pycache__ -prune -exec rm -rf {} +
	find book -name .ipynb_checkpoints -prune -exec rm -rf {} +

# uv installs in half a minute what takes pip some minutes, but knows neither pip's
# settings nor its certificates: where it fails, pip goes on. The stamp is made last, so
# an interrupted installation is taken up again.
$(INSTALLED): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c '$(SUPPORTED)'; then \
		echo "This book needs Python 3.11 to 3.14, and $(or $(PYTHON),python3) is not;" \
			"install one and name it: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 2; fi
	$(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r <(sed -n '/^uv==/,/[^\]$$/p' requirements.lock) && \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock || { \
		echo "uv could not install; pip does, which takes some minutes." >&2; \
		$(PIP) --require-hashes -r requirements.lock; }
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@
	@echo "The environment is in $(CURDIR)/$(VENV)"

# What the pages are made with, and tested: typefaces, MathJax, axe. npm comes with the
# environment, and writes the file that make looks at when it is done.
$(PACKAGES): package-lock.json .npmrc $(INSTALLED)
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent
	@touch $@
