# One word per task. Each uses the active Python environment.
.PHONY: install test lint types bench docs serve clean

install:        ## everything, for development
	pip install -e '.[all,test-all,dev]'

test:           ## all tests
	pytest -n auto

lint:           ## style, format, import contracts
	ruff check .
	ruff format --check .
	lint-imports

types:          ## mypy, strict
	mypy

bench:          ## measure and write docs/benchmarks.md (an idle machine, please)
	python benchmarks/side_by_side.py
	python benchmarks/import_time.py

docs:           ## run what the documentation says
	pytest tests/docs

serve:          ## the service on :8000 and the page on :7860
	gigamatte serve

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache examples/*.cutout.png
