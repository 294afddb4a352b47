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
	$(PY) -m tools.types
test:  ## the tests
	$(PY) -m pytest
docs:  ## write the generated pages
	$(PY) -m tools.sidor
docs-check:  ## fail when a generated page is stale
	$(PY) -m tools.sidor --check
layouter:  ## keep today's layouts of the forms, before a release
	$(PY) -m tools.layouter
lock:  ## versions and checksums of everything that is installed, into requirements/
	$(PY) -m tools.lock
sbom:  ## what the installed program consists of, as CycloneDX, from requirements/core.txt
	$(PY) -m tools.lock --sbom build/sbom.json
benchmark:  ## speed ratios on this machine
	$(PY) -m tests.benchmark
.PHONY: help install check lint types test docs docs-check layouter lock sbom benchmark
