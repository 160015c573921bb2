# One entry for everything. The first target that needs it sets up .venv from constraints.txt.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
OUT    ?= out
# The processes of the tests share the cores: threads inside each would only wait for one another.
ONE_THREAD := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE

.PHONY: help setup run test slow coverage test-vision check format docs base bench clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is needed: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

setup: $(READY)  ## make the virtual environment

run: $(READY)  ## the whole path on embedded defaults, offline, into $(OUT)/
	HF_HUB_OFFLINE=1 $(BIN)/underdog run --out $(OUT)

test: $(READY)  ## the tests, but for the slow ones
	$(ONE_THREAD) $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 -m 'not slow'

slow: $(READY)  ## the slow tests: whole runs, killed and continued, clusters, many processes
	$(ONE_THREAD) $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 -m slow

coverage: $(READY)  ## all tests, and the lines that they do not reach (half as slow again)
	rm -f .coverage .coverage.*
	$(ONE_THREAD) $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --cov --cov-report=
	$(BIN)/coverage report

VISION := .venv-vision
$(VISION)/.ready: pyproject.toml constraints-vision.txt
	@$(PYTHON) -m venv $(VISION)
	$(VISION)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints-vision.txt --editable '.[vision]' hypothesis pytest
	@touch $@

test-vision: $(VISION)/.ready  ## the tests that need torchvision and Ultralytics, in a venv of its own
	OMP_NUM_THREADS=1 $(VISION)/bin/python -m pytest tests/vision/yolo

check: $(READY)  ## format, lint, types, layers, generated docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/docs.py --check

format: $(READY)  ## rewrite the formatting
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)  ## rewrite the generated parts of docs/
	$(BIN)/python tools/docs.py

base: $(READY)  ## make the embedded tiny base again
	$(BIN)/python tools/tiny_base/make.py

bench: $(READY)  ## measure against the peers (installs them)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,bench]'
	$(BIN)/python benchmarks/train_vs_trl.py

clean:  ## remove what make made
	rm -rf $(VENV) $(VISION) $(OUT) build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache
