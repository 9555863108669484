# Everything runs in .venv, which the first call makes. PYTHON chooses the interpreter: make test PYTHON=python3.12
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help review test check bench proof soak lock clean FORCE

FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for each in python3.11 python3.12 python3.13 python3 $$HOME/.pyenv/versions/3.1[123].*/bin/python; do "$$each" -c '$(FITS)' 2>/dev/null && echo "$$each" && break; done)
BIN := .venv/bin
# As variables the constraints hold for the build of the package too (hatchling); pip from 25.3 on has one of its own for that.
PIP_LIMITS := PIP_CONSTRAINT=requirements/constraints.txt PIP_BUILD_CONSTRAINT=requirements/constraints.txt
# Errors only: warnings are about the indexes of the machine.
PIP_INSTALL := -m pip install -qq --disable-pip-version-check
EXAMPLE := build/example

# What to review reaches the recipe through its environment, as typed: neither make nor the shell reads the # of owner/repo#12.
override PR := $(value PR)
override DIFF := $(value DIFF)
override BASE := $(value BASE)
override HEAD := $(value HEAD)
export PR DIFF BASE HEAD

# A Python that was asked for by name and is not the one of .venv makes .venv anew.
ifneq ($(origin PYTHON),file)
VERSION := import sys; print(sys.version)
CHANGED := $(shell test -e .venv/run && test "$$("$(PYTHON)" -c '$(VERSION)' 2>&1)" != "$$($(BIN)/python -c '$(VERSION)' 2>&1)" && echo FORCE)
endif

help: ## Show what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

.venv/run: pyproject.toml requirements/constraints.txt $(CHANGED)
	@"$(PYTHON)" -c '$(FITS)' 2>/dev/null || { \
	  echo "Plumbline needs Python 3.11, 3.12 or 3.13 with its venv module; install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up .venv ..."
	@"$(PYTHON)" -m venv $(if $(CHANGED),--clear) .venv
	@$(PIP_LIMITS) $(BIN)/python $(PIP_INSTALL) --editable .
	@touch $@

.venv/dev: .venv/run
	@$(PIP_LIMITS) $(BIN)/python $(PIP_INSTALL) --editable '.[dev,service]'
	@touch $@

# All that is given goes to the command line, which refuses what does not fit together.
review: .venv/run ## Review the example; or PR=owner/repo#12, DIFF=file, BASE=main [HEAD=branch]
	@set --; \
	[ -z "$$PR" ] || set -- "$$@" "$$PR"; \
	[ -z "$$DIFF" ] || set -- "$$@" --diff "$$DIFF"; \
	[ -z "$$BASE" ] || set -- "$$@" --base "$$BASE"; \
	[ -z "$$HEAD" ] || set -- "$$@" --head "$$HEAD"; \
	if [ $$# -gt 0 ]; then $(BIN)/plumbline review "$$@"; \
	else $(BIN)/python examples/make_repository.py $(EXAMPLE) && cd $(EXAMPLE) && ../../$(BIN)/plumbline review --base main; fi

test: .venv/dev ## Set up and run all tests
	@$(BIN)/pytest --numprocesses auto

check: .venv/dev ## Ruff, strict types, the image and the workflows, the architecture test
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/actionlint examples/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows examples/workflows/*.yml
	@$(BIN)/zizmor --quiet --offline action.yml examples/workflows
	@$(BIN)/pytest tests/test_architecture.py

bench: .venv/dev ## Print the figures of the product as one table
	@$(BIN)/python -m benchmarks

proof: .venv/dev ## Slower proofs: long searches for counter-examples, then every Python from 3.11 to 3.13 that is found
	@$(BIN)/pytest --numprocesses auto -m slow
	@HYPOTHESIS_PROFILE=proof $(BIN)/pytest --numprocesses auto tests/core tests/jobs tests/server
	@HYPOTHESIS_PROFILE=proof $(BIN)/pytest --capture no tests/proof --ignore tests/proof/test_soak.py
	@$(BIN)/python -m venv build/schemathesis && build/schemathesis/bin/python $(PIP_INSTALL) 'schemathesis>=4.32,<5'
	@$(BIN)/python -m tests.proof.api build/schemathesis/bin/schemathesis
	@for each in 3.11 3.12 3.13; do \
	  found=; for name in python$$each "$$HOME"/.pyenv/versions/$$each.*/bin/python; do \
	    if "$$name" -c '$(FITS)' 2>/dev/null; then found=$$name; break; fi; done; \
	  test -n "$$found" || { echo "Python $$each is not here"; continue; }; \
	  echo "Python $$each"; "$$found" -m venv build/venv-$$each && \
	  $(PIP_LIMITS) build/venv-$$each/bin/python $(PIP_INSTALL) --editable '.[dev,service]' && \
	  build/venv-$$each/bin/python -m pytest --numprocesses auto || exit 1; done

soak: .venv/dev ## Half an hour of webhooks at two a second: does memory grow?
	@HYPOTHESIS_PROFILE=proof $(BIN)/pytest --capture no tests/proof/test_soak.py

lock: ## Remake requirements/constraints.txt from what pyproject.toml allows; needs Python 3.11, 3.12 and 3.13
	@"$(PYTHON)" requirements/lock.py

clean: ## Remove what make made
	@rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .hypothesis
