# Two commands matter to a newcomer: `make demo` and `make test`. Everything lands in .venv and node_modules.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than the cores of a small machine: while a test waits, another works.
WORKERS ?= 3

# Byte code is kept whatever the environment says: without it every command compiles 1,300 files anew, 4 s instead of 1.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test bench lint format assets browser clean

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/run.done assets ## Run the service with a simulated Microsoft cloud and 1,000 phones, until Ctrl-C
	@exec $(BIN)/vedette demo $(DEMO)

test: $(VENV)/dev.done assets browser ## Set up and run the whole test suite (ONLY=tests/verdict for a part)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(or $(ONLY),tests) $(PYTEST)

bench: $(VENV)/dev.done assets ## Run the benchmarks (ONLY=way for one family), write bench/results.json
	$(BIN)/python -m bench $(ONLY)

lint: export VEDETTE_SECRET_KEY = only reads the settings
lint: $(VENV)/dev.done ## ruff, mypy --strict, import-linter, djlint, migration check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint src --lint --quiet
	$(BIN)/vedette makemigrations --check --dry-run

format: $(VENV)/dev.done ## Format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

assets: $(VENV)/run.done ## Fetch the style sheets, charts and icons; compile translations
	@$(BIN)/python -m vedette.web.assets
	@$(BIN)/python -m vedette.web.translations

browser: $(VENV)/dev.done ## Find Chromium, or install it
	@$(BIN)/python -m tests.support.browser

$(VENV)/uv.done:
	@$(PYTHON) -c 'import sys; sys.exit("Vedette needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.lock || echo "uv is not to be had: plain pip takes over"
	@touch $@

# uv installs in seconds; plain pip is a working path where uv is not to be had.
define install
	if [ -x $(BIN)/uv ]; then VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r $(1); \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endef

$(VENV)/run.done: $(VENV)/uv.done requirements/run.lock pyproject.toml
	@$(call install,requirements/run.lock)
	@touch $@

$(VENV)/dev.done: $(VENV)/run.done requirements/dev.lock
	@$(call install,requirements/dev.lock)
	@touch $@

clean: ## Remove what was installed and built here
	rm -rf $(VENV) node_modules src/vedette/web/static/vendor
