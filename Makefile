# `make help` lists the targets. Everything is installed into .venv; nothing outside this folder
# changes, but for system packages that the tests use, and those only where we are root.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
export PYTHONDONTWRITEBYTECODE :=  # compiled modules are kept, as they are wherever crm is installed

.DEFAULT_GOAL := help
.PHONY: help demo install test check types lint contracts bench torture docs messages clean system

help:  ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/bin/python:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || bash tests/system-packages.sh venv
	$(PYTHON) -m venv $(VENV)

$(STAMP)-crm: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[all]'
	@touch $@

$(STAMP)-test: $(STAMP)-crm
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[all,test]'
	@touch $@

$(STAMP)-dev: $(STAMP)-test
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[all,test,dev]'
	@touch $@

install: $(STAMP)-crm  ## .venv/bin/crm with every extra

demo: $(STAMP)-crm  ## install, and run the main job on a made-up company in demo/
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash docs/demo.sh demo

system:
	@bash tests/system-packages.sh

test: $(STAMP)-test system  ## install what the tests need, and run them
	$(BIN)/python -m pytest -n auto --dist worksteal

check: lint types contracts test  ## ruff, mypy, import contracts and the tests

lint: $(STAMP)-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)-dev
	$(BIN)/mypy

contracts: $(STAMP)-dev
	$(BIN)/lint-imports

bench: $(STAMP)-test  ## measure speed beside its floors, and memory
	$(BIN)/python bench/bench.py
	$(BIN)/python bench/memory.py
	$(BIN)/python bench/mail_reading.py
	$(BIN)/python bench/reports.py

torture: $(STAMP)-test system  ## kills, power cuts, errors, crowds, hostile files: prove that nothing is lost
	$(BIN)/python -m torture

messages: $(STAMP)-test  ## collect the texts for people into the catalogues, and compile these
	$(BIN)/python docs/messages.py

docs: $(STAMP)-test  ## write docs/commands.md, docs/tried.md and schema/ anew from the program itself
	$(BIN)/python docs/generate.py
	$(BIN)/python -m tests.tried

clean:  ## remove .venv and everything made
	rm -rf $(VENV) demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .bench
