# Which notebook runs, with what. `make reproduce` calls this with its settings (helpers/suite); to see the plan:
#   .venv/bin/snakemake --dry-run --forceall --config profile=quick dataset=cifar10 seeds=0 reports=reports
#
# The pages are no declared outputs: Snakemake deletes those before a job starts and when it fails, and earlier results
# must stay. Each job's declared output is a mark that it ended well.
import sys

PROFILE = config["profile"]
MARKS = f"{config['reports']}/{PROFILE}/.partial"
(NAMES,) = glob_wildcards("notebooks/{name,[0-9]{2}_[a-z0-9_]+}.ipynb")


rule all:
    input:
        expand(f"{MARKS}/{{name}}.done", name=sorted(NAMES)),


for position, name in enumerate(sorted(NAMES)):

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
