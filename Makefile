# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lab bench lint types binder samples snapshot notebooks wheel clean

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[excel,notebook,test,dev]"
	touch $@

demo: $(STAMP)  ## execute the tour, write build/tour.html, print the four headlines
	mkdir -p build
	$(BIN)/python -m lineage_nb.cli report data_samples/stream --monitor svc-scanner
	$(BIN)/python tests/tools/execute_notebook.py notebooks/01_tour.ipynb build/tour.html
	@echo "The executed tour is in build/tour.html"

test: $(STAMP)  ## all tests, doctests and executed notebooks
	$(BIN)/python -m pytest -n 2

lab: $(STAMP)  ## open JupyterLab on the notebooks
	$(BIN)/python -m jupyterlab --notebook-dir=.

bench: $(STAMP)  ## run the benchmarks; the engine's are written to benchmarks/RESULTS.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	for b in benchmarks/bench_*.py; do $(BIN)/python $$b || exit 1; done

lint: $(STAMP)
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

wheel: $(STAMP)  ## build the wheel, check its content, install it into an empty environment
	$(BIN)/python tests/tools/check_wheel.py

binder: $(STAMP)  ## run Binder's install steps in an empty environment
	$(BIN)/python tests/tools/check_binder.py

samples:  ## regenerate data_samples with the real tools, then the snapshot in the package
	test -x .venv-samples/bin/python || $(PYTHON) -m venv .venv-samples
	.venv-samples/bin/python -m pip install --quiet --disable-pip-version-check --requirement data_samples/make/requirements.txt
	.venv-samples/bin/python data_samples/make/build.py
	$(MAKE) snapshot

snapshot: $(STAMP)  ## save data_samples/stream as the snapshot that ships in the wheel
	$(BIN)/python -c "import lineage_nb as ln; ln.read('data_samples/stream').save('lineage_nb/data/stream', index=False)"

clean:
	rm -rf build dist .venv .venv-samples
