# Two commands are all a newcomer needs: `make run` and `make test`. `make help` lists the rest.

PYTHON ?= python3
PYTEST_ARGS ?=
# Lines and branches of the whole package that tests must reach, in per cent; jobserver/jobs needs all of its own.
COVERAGE_FLOOR := 95

# Every path is relative: the folder's own name may hold spaces.
VENV := .venv
IN := $(VENV)/bin/python -m
RUN_READY := $(VENV)/.ready-to-run
DEV_READY := $(VENV)/.ready-to-develop
INSTALL := $(IN) pip install --quiet --disable-pip-version-check --editable

.DEFAULT_GOAL := help
.PHONY: help run test check fmt docker-lint audit lock docs bench fidelity faults attacks clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: $(RUN_READY) ## start the server on port 3000 (settings: environment or .env)
	@exec $(IN) jobserver serve

test: $(DEV_READY) ## run the tests; more for pytest in PYTEST_ARGS
	$(IN) pytest -q $(PYTEST_ARGS)

check: $(DEV_READY) docker-lint ## everything CI runs: format, lint, types, layers, tests, coverage, docs
	$(IN) ruff format --check .
	$(IN) ruff check .
	$(IN) mypy
	$(IN) bandit --quiet --recursive --configfile pyproject.toml jobserver
	$(VENV)/bin/lint-imports
	@rm -f .coverage .coverage.*
	$(MAKE) --no-print-directory test PYTEST_ARGS="--cov --cov-report= $(PYTEST_ARGS)"
	@echo "Coverage of jobserver/jobs, where every line and branch counts:"
	@$(IN) coverage report --include='jobserver/jobs/*' --fail-under=100
	@echo "Coverage of the whole package, at least $(COVERAGE_FLOOR) %:"
	@$(IN) coverage report --format=total --fail-under=$(COVERAGE_FLOOR)

fmt: $(DEV_READY) ## format the code and mend what the linter can
	$(IN) ruff format .
	$(IN) ruff check --fix .

docker-lint: $(DEV_READY) ## lint the Dockerfile with hadolint
	$(VENV)/bin/hadolint Dockerfile

audit: $(DEV_READY) ## look for known holes in what the Docker image installs, where an index of advisories can be reached
	$(IN) tests.supply.audit

lock: $(DEV_READY) ## write requirements.lock anew: the newest versions of what the Docker image installs, with their hashes
	$(IN) tests.supply.lock

docs: $(DEV_READY) ## rewrite the settings table of the README
	$(IN) tests.docs.settings_table

bench: $(DEV_READY) ## run the benchmarks of tests/bench
	$(IN) tests.bench.latency
	$(IN) tests.bench.cpu
	$(IN) tests.bench.loop
	$(IN) tests.bench.done
	$(IN) tests.bench.stopping
	$(IN) tests.bench.events
	$(IN) tests.bench.tenants
	$(IN) tests.bench.crowd
	$(IN) tests.bench.durable

fidelity: $(DEV_READY) ## measure how like the pages extracted components are; pages and options in FIDELITY
	$(INSTALL) ".[bench]"
	$(IN) tests.bench.fidelity $(FIDELITY)

faults: $(DEV_READY) ## try to make the server lose a job: all faults at full length, an hour, as root for some
	$(IN) tests.faults $(FAULTS)

attacks: $(DEV_READY) ## attack the server in all the ways of tests/attacks at full length, as root for some
	$(IN) tests.attacks $(ATTACKS)

clean: ## remove what was made here: the virtual environment, caches, builds
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache \
		.hypothesis .import_linter_cache
	find jobserver tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Installed once, and again when pyproject.toml has changed. Those who develop can also run.
$(RUN_READY): pyproject.toml | $(VENV)/bin/python
	$(INSTALL) ".[analyze]"
	@touch $@

$(DEV_READY): pyproject.toml | $(VENV)/bin/python
	$(INSTALL) ".[dev]"
	@touch $(RUN_READY) $@

$(VENV)/bin/python:
	@command -v "$(PYTHON)" > /dev/null || { \
		echo "There is no $(PYTHON) here: install Python 3.11 or newer, or name yours: make PYTHON=python3.12 run" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is older: name another: make PYTHON=python3.12 run" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2> /dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
		exit 1; }
	"$(PYTHON)" -m venv $(VENV)
