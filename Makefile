# Contento. `make demo` and `make test` need nothing but Python 3.11 and a package index.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types imports proto docs released lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(READY) ## make .venv with everything pinned, and Triton's own environment

$(READY): requirements.lock requirements-torch.lock pyproject.toml src/contento/local/triton.lock
	@echo "setting up $(VENV) (a minute or two the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11) and "Contento needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	@echo "  torch"; $(BIN)/pip install -q --disable-pip-version-check -r requirements-torch.lock
	@echo "  packages"; $(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@echo "  contento"; $(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "  triton"; $(BIN)/python -m contento.local.triton_environment
	@touch $@

demo: setup ## start the embedded stack and score a simulated log, live
	@$(BIN)/contento demo $(ARGS)

test: setup check ## everything CI runs: checks, then all tests; ARGS=... runs pytest with these instead
	@if [ -n "$(ARGS)" ]; then $(BIN)/pytest $(ARGS); \
	else $(BIN)/pytest -n auto --dist loadfile tests/unit && $(BIN)/pytest -n 2 --dist loadgroup tests/integration; fi

check: lint types imports ## static checks

lint: setup
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q . && echo "ruff: clean"
	@$(BIN)/buf lint proto && $(BIN)/buf format --exit-code --diff proto
	@$(BIN)/buf breaking proto --against proto/released.binpb && echo "buf: clean"
	@$(BIN)/python tools/generate_messages.py --check && echo "generated messages: current"
	@$(BIN)/python tools/generate_docs.py --check && echo "generated docs: current"

types: setup
	@$(BIN)/mypy

imports: setup
	@$(BIN)/lint-imports

proto: setup ## generate the Python messages from proto/
	@$(BIN)/buf format -w proto && $(BIN)/python tools/generate_messages.py

docs: setup ## generate docs/contracts.md from the registries
	@$(BIN)/python tools/generate_docs.py

released: setup ## take today's messages as the ones that later changes must not break
	@$(BIN)/buf build proto -o proto/released.binpb

lock: setup ## resolve the pinned versions anew
	@$(BIN)/python tools/lock.py

clean: ## remove what setup and runs leave behind
	rm -rf $(VENV) .contento .mypy_cache .ruff_cache .pytest_cache
