# SPDX-License-Identifier: BSD-2-Clause
# `make demo` shows what this is; `make test` tries it. Everything else below is a part of these two, or a help for work on it.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install -qq
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test soak lint bench build lock venv engines clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## The checks against a simulated deployment, then a playbook: under a minute once installed
	@$(BIN)/python demo/run.py

test: $(VENV)/.tests ## Everything; says what it leaves out and why
	@tests/engines/install.sh look
	@$(BIN)/python tests/stages.py

soak: $(VENV)/.tests ## What takes long: every test with all its examples, and every promise of SECURITY.md broken once
	@WABIZ_SOAK=1 $(BIN)/python tests/stages.py checks oldest newest system engines
	@$(BIN)/python tests/breaks.py
	@WABIZ_ROUNDS=50 $(BIN)/python -m pytest -q -p no:cacheprovider tests/engines/test_root.py -k races

lint: $(VENV)/.tests ## Linter, formatter and type checker only
	@$(BIN)/python tests/stages.py ruff format types

bench: $(VENV)/.tests ## What a run costs, beside the least that it could cost
	@$(BIN)/python -m pytest -q -s -p no:cacheprovider -o 'python_files=*.py' tests/bench

build: $(VENV)/.tests ## The wheel, the source distribution and the collection, into dist/
	@$(BIN)/python -m build --no-isolation --outdir dist .
	@$(BIN)/ansible-galaxy collection build --force --output-path dist

# The later ones are parts of the first: one version of each, whoever installs it.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-annotate \
	--custom-compile-command 'make lock'
lock: $(VENV)/.tests ## tests/locks anew: the newest of all that tests, demo and checks need, with hashes
	@$(LOCK) --upgrade --all-extras --output-file tests/locks/tests.txt pyproject.toml tests/requirements.txt
	@printf 'ansible-core\nsetuptools\n' | $(LOCK) --extra simulator --constraint tests/locks/tests.txt \
		--output-file tests/locks/demo.txt pyproject.toml -
	@$(LOCK) --constraint tests/locks/tests.txt --output-file tests/locks/checks.txt pyproject.toml
	@sed -i '1i # SPDX-License-Identifier: BSD-2-Clause' tests/locks/*.txt

venv: $(VENV)/.tests ## The virtual environment, with the distribution and every test tool

engines: ## Nagios, Icinga 2 and what else the tests start, from Debian's packages; by root, and never by another target
	@tests/engines/install.sh

clean: ## Remove what these commands made, and compiled files
	rm -rf $(VENV) build dist *.egg-info .ansible
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make a second run quick. Demo needs no test tools: it is a newcomer's first minute.
$(VENV)/.python:
	@tests/environment.sh "$(PYTHON)" "$(VENV)"
	@touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml tests/locks/demo.txt
	@echo "Installing what the demo needs into $(VENV) ..."
	@$(PIP) --require-hashes --requirement tests/locks/demo.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.tests: $(VENV)/.demo tests/locks/tests.txt
	@echo "Installing the test tools into $(VENV) ..."
	@$(PIP) --require-hashes --requirement tests/locks/tests.txt
	@touch $@
