.DEFAULT_GOAL := help
PY := .venv/bin/python

help:  ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'
install:  ## environment with everything for development
	python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]'
check: lint types docs-check test  ## everything that must pass before landing
lint:  ## style and format
	.venv/bin/ruff check . && .venv/bin/ruff format --check .
types:  ## strict types
	.venv/bin/mypy
test:  ## the tests
	$(PY) -m pytest
docs:  ## write the generated pages
	$(PY) -m addin.sidor
docs-check:  ## fail when a generated page is stale
	$(PY) -m addin.sidor --check
benchmark:  ## speed ratios on this machine
	$(PY) -m tests.benchmark
.PHONY: help install check lint types test docs docs-check benchmark
