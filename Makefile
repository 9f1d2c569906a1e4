# `make demo` and `make test` do all the set-up that they need. `make help` names the rest.

# Python 3.10 to 3.12: the first that the machine has. Another: make PYTHON=/path/to/python setup
PYTHON ?= $(shell for python in python3 python3.12 python3.11 python3.10 python; do \
	$$python -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null \
	&& echo $$python && break; done)

# The line of Spark: 3.5, or 4 for Spark 4.1, which has an environment and a lock of its own.
SPARK ?= 3.5
ifeq ($(SPARK),3.5)
VENV := .venv
REQUIREMENTS := requirements.lock
else ifeq ($(SPARK),4)
VENV := .venv-spark4
REQUIREMENTS := requirements-spark4.lock
else
$(error SPARK is 3.5 or 4, not $(SPARK))
endif
export SPARK

# One stamp a content of the lock: a changed lock is a new set-up, an unchanged one costs nothing.
LOCK := $(firstword $(shell cksum < $(REQUIREMENTS)))
SET_UP := $(VENV)/set-up-$(LOCK)
IN := . scripts/environment.sh;
# A file is the work of one process, in the order of tests/conftest.py: the longest files first.
BY_FILE := --dist loadfile --no-loadscope-reorder

CONFIG ?= conf/flights.yaml
# The days on which the job is scheduled: three that see March, and one after the year.
DEMO_DAYS := 2013-04-01,2013-04-16,2013-05-01,2014-01-16
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: check test-all test-lines help setup demo test lint types bench evidence oracles soak sql docs wheel lock clean

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'
	@echo "  SPARK=4 makes it on Spark 4.1, in .venv-spark4: make demo SPARK=4"
	@echo "  ARGS='...' goes to the command behind test, bench, evidence, oracles, soak and sql: make test ARGS='-k drift'"

setup: $(SET_UP)  ## Create .venv from its lock (demo and test do so by themselves)

$(SET_UP):
	@test -n '$(PYTHON)' || { echo 'Python 3.10, 3.11 or 3.12 is needed, and none was found:' \
	  'name one with make PYTHON=/path/to/python'; exit 1; }
	@echo 'Setting up $(VENV) from $(REQUIREMENTS): a few minutes, and once.'
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@rm -f $(VENV)/failed; { $(VENV)/bin/python -m pip install --disable-pip-version-check \
	  --require-hashes --progress-bar off -r $(REQUIREMENTS) || touch $(VENV)/failed; } \
	  | grep --line-buffered -v '^Ignoring '; test ! -e $(VENV)/failed
	$(VENV)/bin/python -m pip install --disable-pip-version-check --no-index --no-deps \
	  --no-build-isolation --editable .
	@$(IN) python -m modelwatch.io.session.kernel
	@$(IN) python -m scripts.class_archive $(VENV)/spark.jsa
	@rm -f $(VENV)/set-up-*
	@touch $@

demo: $(SET_UP)  ## Watch a model on the flights of 2013: four scheduled runs, and what they found
	@rm -rf var/flights
	@$(IN) python -m scripts.flights.tables --path var/flights
	@$(IN) code=0; modelwatch run conf/flights.yaml --as-of $(DEMO_DAYS) || code=$$?; \
	  test $$code -le 1 || exit $$code
	@$(IN) python -m scripts.flights.findings --config conf/flights.yaml

test: $(SET_UP)  ## Run the tests
	@$(IN) python -m pytest -n 2 $(BY_FILE) $(ARGS)

test-all: $(SET_UP)  ## Run the tests, and those that take minutes each
	@$(IN) python -m pytest -n 2 $(BY_FILE) -m '' $(ARGS)

test-lines: $(SET_UP)  ## Compare runs on Spark 4.1, classic and over Spark Connect, with one on 3.5
	@$(MAKE) --no-print-directory setup SPARK=4
	@$(IN) python -m pytest -m '' tests/e2e/test_connect.py $(ARGS)

check: lint types  ## Check style and types, and run the tests that need no Java
	@$(IN) python -m pytest -n 2 tests/unit tests/architecture tests/golden $(ARGS)

lint: $(SET_UP)  ## Check style and format
	@$(IN) ruff check . && ruff format --check .

types: $(SET_UP)  ## Check types
	@$(IN) mypy

bench: $(SET_UP)  ## Measure speed and memory, against other tools too
	@$(IN) python -m scripts.bench $(ARGS)

evidence: $(SET_UP)  ## Measure false alarms and faults found, over many worlds and shapes
	@$(IN) python -m scripts.evidence $(ARGS)

oracles: $(SET_UP)  ## Compare every statistic with scipy, scikit-learn and definitions on random draws
	@$(IN) python -m scripts.oracles $(ARGS)

soak: $(SET_UP)  ## Kill, fill, break and overload what production may: what is survived
	@$(IN) python -m scripts.soak $(ARGS)

sql: $(SET_UP)  ## Open a SQL shell on the views (CONFIG=conf/flights.yaml)
	@$(IN) modelwatch sql --config $(CONFIG) $(ARGS)

docs: $(SET_UP)  ## Write the reference pages from the registries
	@$(IN) python -m scripts.reference_docs && python -m scripts.reference_commands && python -m scripts.reference_statistics \
	  && python -m scripts.reference_tables

wheel: $(SET_UP)  ## Build the wheel that a cluster installs, into dist/
	@$(IN) python -m pip wheel --disable-pip-version-check --no-index --no-deps \
	  --no-build-isolation --wheel-dir dist .

lock:  ## Resolve both locks anew (needs uv; versions that still fit are kept)
	uv pip compile --quiet pyproject.toml --group dev --extra spark --extra deequ --universal \
	  --python-version 3.10 --generate-hashes --no-header --output-file requirements.lock
	uv pip compile --quiet pyproject.toml --group dev --extra spark-4 --universal \
	  --python-version 3.10 --generate-hashes --no-header --output-file requirements-spark4.lock

clean:  ## Remove all that was built or written here, .venv too
	rm -rf .venv .venv-spark4 .venv-peers build dist var spark-warehouse metastore_db derby.log \
	  .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
