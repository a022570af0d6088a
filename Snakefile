# Which notebook runs, with what. `make reproduce` calls this with its settings (helpers/suite); to see the plan:
#   .venv/bin/snakemake --dry-run --forceall --config profile=quick dataset=cifar10 seeds=0 reports=reports notebooks="02_dense_baseline 03_cnn"
#
# The pages are no declared outputs: Snakemake deletes those before a job starts and when it fails, and earlier results
# must stay. Each job's declared output is a mark that it ended well; its path is relative, so that no brace in the
# checkout's own path is taken for a wildcard.
import sys

PROFILE = config["profile"]
MARKS = f".snakemake/ended/{PROFILE}"
NAMES = config["notebooks"].split()


rule all:
    input:
        expand(f"{MARKS}/{{name}}.done", name=NAMES),


for position, name in enumerate(NAMES):

    rule:
        name:
            name
        input:
            f"notebooks/{name}.ipynb",
        output:
            touch(f"{MARKS}/{name}.done"),
        priority: -position  # in the order that a reader takes them
        params:
            python=sys.executable,
            dataset=config["dataset"],
            seeds=str(config["seeds"]),
            reports=config["reports"],
        shell:
            "{params.python:q} -m helpers.suite.execute {input:q} --profile {PROFILE:q} --dataset {params.dataset:q}"
            " --seeds {params.seeds:q} --reports {params.reports:q}"
