# The front door. `make` lists what there is; every target does its own set-up in .venv, once.
#   make reproduce PROFILE=auto|quick|full|smoke SEEDS="10 11" JOBS=2 MINUTES= DATASET=cifar10 RETRIES=2 TIMEOUT= FRESH= GPUS= THREADS=
# What is left empty has its default: `python -m suite --help`.
PROFILE ?=
SEEDS   ?=
JOBS    ?=
MINUTES ?=
DATASET ?=
RETRIES ?=
TIMEOUT ?=
FRESH   ?=
GPUS    ?=
THREADS ?=
N       ?=
DRAW    ?=
RESULTS ?=
PAGE    ?=
NB      ?=
BENCH   ?=
REPO    ?=
UPGRADE ?=
PYTHON  ?= python3

VENV := .venv
BIN  := $(VENV)/bin
# With a working NVIDIA GPU, the builds with CUDA; its own stamp, so that a GPU added later is noticed. Where there is
# none, nvidia-smi says so in a line of its own.
HARDWARE := $(if $(shell nvidia-smi -L 2>/dev/null | grep '^GPU '),gpu,cpu)
LOCK := $(if $(filter gpu,$(HARDWARE)),requirements-gpu.lock,requirements.lock)
RESOLVE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url \
           --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
READY := $(VENV)/ready-$(HARDWARE)
SUITE := $(BIN)/python -m suite
ASKED := --profile "$(PROFILE)" --seeds "$(SEEDS)" --jobs "$(JOBS)" --minutes "$(MINUTES)" --dataset "$(DATASET)" \
         --retries "$(RETRIES)" --timeout "$(TIMEOUT)" --fresh "$(FRESH)" --gpus "$(GPUS)" --threads "$(THREADS)" \
         --number "$(N)" --draw "$(DRAW)" --only "$(NB)"
export TF_CPP_MIN_LOG_LEVEL ?= 2
# TensorFlow uses oneDNN by itself only where a processor has AVX512-VNNI or later; older ones gain too (report A's CNN
# on AVX2, float32: 1.3 to 2 times as fast). It is read when TensorFlow is imported, in notebooks before the helpers.
export TF_ENABLE_ONEDNN_OPTS ?= 1
# Python keeps what it compiles, whatever the machine's settings: else each process compiles TensorFlow anew (12 s).
export PYTHONDONTWRITEBYTECODE :=

# Tests of what is the same on both backends: run once.
ONE_BACKEND := test_charts.py test_committed_records.py test_costs.py test_crashes.py test_files.py \
               test_fingerprints.py test_gpus.py test_layer_plots.py test_limits.py test_load.py test_machine.py \
               test_models.py test_notebook_nets.py test_notebooks.py test_plots.py test_predictions.py \
               test_profiles.py test_progress.py test_recipe.py test_records.py test_runs.py test_speed.py test_times.py \
               lab/test_lab.py lab/test_candidates.py lab/test_measurement.py lab/test_parameters.py \
               training/test_arguments.py training/test_checkpoints.py training/test_identity_counts.py \
               training/test_identity_ignores.py training/test_identity_own_code.py \
               training/test_identity_own_settings.py training/test_identity_setting.py training/test_splitting.py \
               transfer/test_depths.py transfer/test_weights.py \
               benchmarks claims data faults suite
# A file of tests a process, in the order of tests/conftest.py; three on two cores, since many wait for what they began.
# On a GPU none of them takes all of its memory beforehand.
AT_ONCE := TF_FORCE_GPU_ALLOW_GROWTH=true XLA_PYTHON_CLIENT_PREALLOCATE=false $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --durations 15

.DEFAULT_GOAL := help
.PHONY: usable help setup reproduce pages report status audit check simulate test faults bench lab colab colab-test lock clean

help:  ## list the targets
	@echo 'make TARGET [PROFILE=auto|quick|full|smoke] [SEEDS="10 11"] [NB=03_cnn] [JOBS=2] [MINUTES=150] [FRESH=1]'
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

reproduce: $(READY)  ## train what is missing, all or as much as fits into MINUTES; build reports/<profile>/index.html
	@$(SUITE) reproduce $(ASKED)

pages: $(READY)  ## all pages from records, PROFILE=full by default: minutes, and nothing is trained
	@$(SUITE) pages $(ASKED)

report: $(READY)  ## execute one notebook: make report NB=03_cnn PROFILE=quick (default: full on a GPU, else quick)
	@$(if $(NB),$(SUITE) reproduce $(ASKED),echo 'Which notebook? For example: make report NB=03_cnn' >&2; exit 2)

status: $(READY)  ## how each notebook and seed stands, and what the missing ones cost on this machine
	@$(SUITE) status $(ASKED)

audit: $(READY)  ## train N records (3), or as many as fit into MINUTES, again from nothing and compare: reports/audit.json
	@$(SUITE) audit $(ASKED)

check: $(READY)  ## is my number normal? make check RESULTS=my_results.csv holds a table against our seeds and against itself
	@$(if $(RESULTS),$(BIN)/python -m helpers.claims "$(RESULTS)" $(if $(PAGE),--page "$(PAGE)"),echo 'Which table? For example: make check RESULTS=my_results.csv' >&2; exit 2)

simulate: $(READY)  ## the rules for claims on made-up scoreboards whose truth is known: reports/simulation.json
	@$(BIN)/python -m helpers.claims.simulation

test: $(READY)  ## lint, unit tests on both backends, every notebook at smoke scale
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@KERAS_BACKEND=jax $(AT_ONCE) tests $(foreach room,$(ONE_BACKEND),--ignore tests/$(room))
	@KERAS_BACKEND=tensorflow $(AT_ONCE) tests

faults: $(READY)  ## only the faults: kills, damaged files, full disks; notes how many were survived in reports/faults.json
	@$(BIN)/python -m pytest tests/faults --note-faults reports/faults.json

bench: $(READY)  ## what the faster implementations bring against plain Keras: reports/bench/index.html
	@$(BIN)/python -m benchmarks $(BENCH)

lab: $(READY)  ## open JupyterLab on its start page, with all notebooks
	@$(BIN)/jupyter lab --LabApp.app_settings_dir=suite/jupyter/lab --LabApp.default_url=/lab/tree/notebooks/README.md

setup: $(READY)  ## only the set-up that every target does by itself

colab: $(READY)  ## write a fork's address into all notebooks, with a badge each: make colab REPO=owner/name
	@$(if $(REPO),$(BIN)/python -m suite.colab address "$(REPO)",echo 'Whose? For example: make colab REPO=owner/name' >&2; exit 2)

colab-test: $(READY)  ## every notebook, or NB=03_cnn, at smoke scale with Google Colab's versions, the helpers as committed
	@$(BIN)/python -m suite.colab test .venv-colab $(NB)

lock: $(READY)  ## resolve requirements.txt into both lock files; UPGRADE=1 for the newest of what it leaves open
	@$(RESOLVE) requirements.txt --output-file requirements.lock
	@sed -E 's/^tensorflow-cpu(==[0-9.]+) ;[^#]*/tensorflow[and-cuda]\1  /; /^tensorflow==/d; s/^jax==/jax[cuda12]==/' \
	  requirements.txt > $(VENV)/requirements-gpu.txt
	@$(RESOLVE) $(VENV)/requirements-gpu.txt --output-file requirements-gpu.lock

clean:  ## remove what quick and smoke runs and the tools left; keeps .venv and all of reports/full
	rm -rf reports/quick reports/smoke .snakemake .pytest_cache .ruff_cache build *.egg-info
	find helpers suite benchmarks tests -name __pycache__ -type d -prune -exec rm -rf {} +

usable:  # the Python of a $(VENV) from another machine, or one that was removed since, is not there
	@! test -L $(BIN)/python || $(BIN)/python -c '' 2>/dev/null || { echo '$(VENV) was made with a Python that is not here: remove $(VENV), and make sets it up anew' >&2; exit 1; }

$(READY): $(LOCK) pyproject.toml | usable
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else \
	  "Python 3.11, 3.12 or 3.13 is needed, this is %d.%d: try  make PYTHON=python3.12 ..." % v)'
	@test -e $@ || ! ls $(VENV)/ready-* >/dev/null 2>&1 || { ls $(VENV)/ready-* | sed 's|.*/ready-|$(VENV) has the packages \
	  for another kind of hardware, whose files are the same: make HARDWARE=|; s|$$| goes on with them; without $(VENV) make \
	  sets it up anew for this one ($(HARDWARE))|' | tr -s '\n\t ' ' ' >&2; echo >&2; exit 1; }
	@echo "Setting up $(VENV) for the $(HARDWARE): some minutes, once."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m suite.install $(LOCK)
	@$(BIN)/python -m ipykernel install --sys-prefix --name coursework --display-name "Coursework (.venv)" >/dev/null
	@rm -f $(VENV)/ready-*
	@touch $@
