# The targets set up what they need in .venv. By hand come Python 3.11+, git and gpg; for the tests
# also node with npm, Chromium, and a Docker engine; root will do for the last two (see scripts/).

.PHONY: help demo test lint docs recording bench image requirements clean

export PIP_DISABLE_PIP_VERSION_CHECK := 1

help:
	@echo 'make demo          live through a test set, from the first commit to the new set'
	@echo 'make test          every test: unit, integration, end to end'
	@echo 'make lint          every linter'
	@echo 'make docs          the documents as a site, in build/site'
	@echo 'make recording     the demo as a moving picture, docs/demo.svg'
	@echo 'make bench         rows, commits and times, next to what is possible'
	@echo 'make image         build the container image as easeml-action'
	@echo 'make requirements  write the requirement files with hashes (UPGRADE=1: newest versions)'
	@echo 'make clean         remove .venv and caches'

demo:
	@scripts/venv demo
	@.venv/bin/python -m easeml_action demo

test:
	@scripts/venv dev
	@.venv/bin/python -m pytest --numprocesses auto $(PYTEST_ARGS)

lint:
	@scripts/venv dev
	@scripts/lint

docs:
	@scripts/venv dev
	@.venv/bin/python -m documentation
	@NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build

recording:
	@scripts/venv dev
	@.venv/bin/python -m documentation.recording

bench:
	@scripts/venv dev
	@.venv/bin/python -m benchmarks

image:
	@scripts/build-image

requirements:
	@scripts/venv dev
	@scripts/lock-requirements $(if $(UPGRADE),--upgrade)

clean:
	rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
