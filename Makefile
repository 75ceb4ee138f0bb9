# Needs only Python 3.11 to 3.13, git and make (on Windows: in Git Bash; without make: python -m ser.dev test). `make PYTHON=python3.12 …` chooses an interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
BASE ?= main
INSTALLED := $(VENV)/.installed
# uv, where it is found, takes seconds for what takes pip minutes. It is not to read pyproject.toml: a constraint there has no hash.
INSTALL := $(if $(shell command -v uv),uv pip install --no-config --python $(BIN)/python,$(BIN)/python -m pip install --disable-pip-version-check) --quiet
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Images of containers set it; hundreds of processes would then compile the same libraries, for 6 s each with TensorFlow.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: pipeline test diff app serve bench docs lock clean

pipeline: $(INSTALLED) ## run all stages of the study in params.yaml (default: the demo corpus)
	@python -m ser.core.lock_file
	@dvc repro
	@ser summary

test: $(INSTALLED) ## lint, check types, run the tests; SLOW=1 adds the slow ones
	ruff check .
	ruff format --check .
	mypy > $(VENV)/types.txt 2>&1 & types=$$!; \
	pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(if $(SLOW),,-m "not slow") $(PYTEST_ARGS); \
	tests=$$?; wait $$types; types=$$?; cat $(VENV)/types.txt; exit $$((tests | types))

diff: $(INSTALLED) ## compare the figures of the working copy with those of BASE (a Git revision); writes reports/diff.md
	@python -m ser.core.lock_file
	@dvc repro
	@ser diff $(BASE)

app: $(INSTALLED) ## serve the web page, to this machine alone
	python -m app.page

serve: $(INSTALLED) ## serve the HTTP service; start it again if a signal has ended it, as after a crash
	@while python -m app.service; status=$$?; [ $$status -gt 128 ]; do \
		echo "the service has ended with status $$status; starting it again" >&2; sleep 1; \
	done; exit $$status

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 14) or sys.exit("error: found Python %d.%d, wanted 3.11 to 3.13; run: make PYTHON=python3.12" % v)'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@$(BIN)/python -c 'from ser.core import numba_cache; numba_cache.ensure()' # once, so that runs at the same time do not
	@touch $@

bench: $(INSTALLED) ## run all benchmarks; writes benchmarks/README.md
	python -m benchmarks.report

docs: $(INSTALLED) ## build the site of docs/ into site/; warnings are errors
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

lock: ## pin the newest versions, with hashes; needs uv
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --upgrade -o requirements.lock
	uv pip compile pyproject.toml --extra service --extra classifiers --group image -c requirements.lock --universal --python-version 3.11 --generate-hashes -o requirements-serve.lock

clean: ## remove the environment
	rm -rf $(VENV)
