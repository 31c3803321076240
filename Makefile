# SPDX-License-Identifier: BSD-2-Clause
# `make demo` shows what this is; `make test` proves it. Everything else below is a part of these two, or a help for work on it.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench build venv engines clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## The checks against a simulated deployment, then a playbook: under a minute once installed
	@$(BIN)/python demo/run.py

test: $(VENV)/.tests engines ## Everything; says what it leaves out and why
	@$(BIN)/python tests/stages.py

lint: $(VENV)/.tests ## Linter, formatter and type checker only
	@$(BIN)/python tests/stages.py ruff format types

bench: $(VENV)/.tests ## What a run costs, beside the least that it could cost
	@$(BIN)/python -m pytest -q -s -p no:cacheprovider -o 'python_files=*.py' tests/bench

build: $(VENV)/.tests ## The wheel, the source distribution and the collection, into dist/
	@$(BIN)/python -m build --outdir dist .
	@$(BIN)/ansible-galaxy collection build --force --output-path dist

venv: $(VENV)/.tests ## The virtual environment, with the distribution and every test tool

engines: ## Nagios and Icinga 2 from Debian's packages, if this is Debian, run by root, and they are missing
	@tests/engines/install.sh

clean: ## Remove what these commands made, and compiled files
	rm -rf $(VENV) build dist *.egg-info .ansible
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make a second run quick. Demo needs no test tools: it is a newcomer's first minute.
$(VENV)/.python:
	@tests/environment.sh "$(PYTHON)" "$(VENV)"
	@touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml tests/requirements.txt
	@echo "Installing what the demo needs into $(VENV) ..."
	@$(BIN)/python -m pip install -qq --editable '.[simulator]' ansible-core --constraint tests/requirements.txt
	@touch $@

$(VENV)/.tests: $(VENV)/.demo
	@echo "Installing the test tools into $(VENV) ..."
	@$(BIN)/python -m pip install -qq --requirement tests/requirements.txt
	@touch $@
