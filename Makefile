# The two commands a stranger needs are `make demo` and `make test`. `make` alone lists all.

PYTHON ?= python3
RUN := .venv/bin
STAMP := .venv/rollbook-environment
SOURCES := src tests tools bench manage.py
export PYTHONUTF8 = 1

.DEFAULT_GOAL := help
.PHONY: help demo test check format lock reference bench screenshots clean

help: ## Say what each target does
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

# Does nothing when the lock and pyproject.toml are what .venv was made from.
$(STAMP): requirements.lock pyproject.toml tools/environment.py
	@$(PYTHON) tools/environment.py

demo: $(STAMP) ## Make a sample district in ./demo, load it, and serve it at a printed address
	@$(RUN)/rollbook demo

test: $(STAMP) ## Run everything: format, lint, types, contracts, all tests on SQLite, PostgreSQL and Chromium
	@tools/test-everything

check: $(STAMP) ## Run the fast loop before a commit, under a minute
	@tools/check

format: $(STAMP) ## Put the code into the house's format
	@$(RUN)/ruff format $(wildcard $(SOURCES))
	@$(RUN)/ruff check --fix --select I $(wildcard $(SOURCES))

lock: $(STAMP) ## Write requirements.lock again from pyproject.toml, with hashes and without registry names
	@tools/lock

reference: $(STAMP) ## Write the generated pages of docs/reference/ from the code
	@$(RUN)/python tools/write_reference.py

bench: $(STAMP) ## Print rows per second of every long step beside a floor measured in the same run
	@for script in bench/[a-z]*.py; do echo; $(RUN)/python $$script || exit 1; done

screenshots: $(STAMP) ## Take the pictures in docs/ again, with a real Chromium
	@tools/screenshots

clean: ## Remove .venv, the demo installation and caches
	@rm -rf .venv demo var build .pytest_cache .ruff_cache .import_linter_cache .hypothesis src/rollbook.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
