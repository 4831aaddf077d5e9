# One word per task. Each uses the active Python environment.
.PHONY: install check newest test lint types bench stores slurm coverage docs site serve clean

install:        ## everything, for development
	pip install -e '.[all,test-all,dev]'

check:          ## the gate: what has to pass before a change is merged
	bash .ci/run

newest:         ## the newest of every dependency: what a new release breaks; moves .ci/constraints.txt where nothing does
	bash .ci/newest

test:           ## all tests
	pytest -n auto

lint:           ## style, format, import contracts, the images' recipes
	ruff check .
	ruff format --check .
	lint-imports
	python .ci/circles.py src training benchmarks
	hadolint Dockerfile Dockerfile.cuda

types:          ## mypy, strict
	mypy

# cases: a folder of photo.*, coarse.png, alpha.png; rembg: a virtual environment with rembg[cpu,cli]
CASES ?= ../cases
REMBG ?= ../rembg
bench:          ## measure and write docs/benchmarks.md, an hour (an idle machine, please)
	python benchmarks/side_by_side.py --cases $(CASES) --rembg-venv $(REMBG) --readme
	python benchmarks/import_time.py
	python benchmarks/device.py
	python benchmarks/stages.py --cases $(CASES)
	python benchmarks/factor.py --cases $(CASES)
	python benchmarks/gigapixels.py
	python benchmarks/doubt.py --cases $(CASES)
	python benchmarks/closed_form.py --cases $(CASES) --rembg-venv $(REMBG)
	python benchmarks/soft_masks.py --cases $(CASES)
	python benchmarks/load_service.py --page docs/benchmarks.md
	python benchmarks/batch_throughput.py --photos 200 --rembg $(REMBG) --page docs/benchmarks.md

docs:           ## run what the documentation says
	pytest tests/docs

stores:         ## batches from and to Google's and Azure's stores, as their emulators have them (needs npm)
	pip install -q -e '.[test,test-stores]'
	npm install --silent --no-fund --no-audit --prefix build/stores azurite
	GIGAMATTE_NODE_MODULES=build/stores/node_modules pytest -rs tests/batch/test_google_storage.py tests/batch/test_azure.py

slurm:          ## have Slurm's own sbatch look at packaging/batch-job.slurm (Debian's packages, not installed)
	bash packaging/check-slurm

coverage:       ## the share of lines that all tests reach, as the gate counts it, and the lines that they do not
	rm -rf build/reached && mkdir -p build/reached
	COVERAGE_FILE=build/reached/.coverage pytest -n auto --cov --cov-report=
	python .ci/reached.py build/reached .ci/floors.txt --lines

site:           ## the documentation site, built strictly into site/
	pip install -q -e '.[site]'
	mkdocs build --strict

serve:          ## the service on :8000 and the page on :7860
	gigamatte serve

clean:
	rm -rf build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache examples/*.cutout.png
