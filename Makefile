# Everything runs in .venv, which the first call makes. PYTHON chooses the interpreter: make test PYTHON=python3.12
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help review test check bench proof lock clean

PYTHON ?= $(shell for each in python3.11 python3.12 python3.13 python3; do $$each -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$each && break; done)
BIN := .venv/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/pip install --quiet --constraint requirements/constraints.txt
EXAMPLE := build/example
# Taken from the environment of the recipe, so that neither make nor the shell reads the # of owner/repo#12.
export PR DIFF BASE HEAD

help: ## Show what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

.venv/run: pyproject.toml requirements/constraints.txt
	@test -n "$(PYTHON)" || { echo "Plumbline needs Python 3.11, 3.12 or 3.13; install one, or name it: make review PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up .venv ..."
	@$(PYTHON) -m venv .venv
	@$(PIP) --editable .
	@touch $@

.venv/dev: .venv/run
	@$(PIP) --editable '.[dev,service]'
	@touch $@

review: .venv/run ## Review the example; or PR=owner/repo#12, DIFF=file, BASE=main [HEAD=branch]
	@if [ -n "$$PR" ]; then $(BIN)/plumbline review "$$PR"; \
	elif [ -n "$$DIFF" ]; then $(BIN)/plumbline review --diff "$$DIFF"; \
	elif [ -n "$$BASE" ]; then $(BIN)/plumbline review --base "$$BASE" --head "$${HEAD:-HEAD}"; \
	else $(BIN)/python examples/make_repository.py $(EXAMPLE) && cd $(EXAMPLE) && ../../$(BIN)/plumbline review --base main; fi

test: .venv/dev ## Set up and run all tests
	@$(BIN)/pytest --numprocesses auto

check: .venv/dev ## Ruff, strict types, the architecture test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/pytest tests/test_architecture.py

bench: .venv/dev ## Print the figures of the product as one table
	@$(BIN)/python -m benchmarks

proof: .venv/dev ## Slower proofs: long searches for counter-examples, then every Python from 3.11 to 3.13 that is found
	@HYPOTHESIS_PROFILE=proof $(BIN)/pytest --numprocesses auto tests/core
	@for each in 3.11 3.12 3.13; do \
	  found=; for name in python$$each $$HOME/.pyenv/versions/$$each.*/bin/python; do \
	    if $$name -c '' 2>/dev/null; then found=$$name; break; fi; done; \
	  test -n "$$found" || { echo "Python $$each is not here"; continue; }; \
	  echo "Python $$each"; $$found -m venv build/venv-$$each && \
	  PIP_DISABLE_PIP_VERSION_CHECK=1 build/venv-$$each/bin/pip install --quiet --constraint requirements/constraints.txt --editable '.[dev,service]' && \
	  build/venv-$$each/bin/python -m pytest --numprocesses auto || exit 1; done

lock: ## Remake requirements/constraints.txt from what pyproject.toml allows
	@$(PYTHON) requirements/lock.py

clean: ## Remove what make made
	@rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .hypothesis
