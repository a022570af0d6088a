# Which notebook runs with which seed, with what, and after what. `make reproduce` calls this in the folder of a profile's
# reports, with its settings in .partial/plan.json (helpers/suite); to see a plan that it left:
#   .venv/bin/snakemake --snakefile Snakefile --directory reports/quick --configfile reports/quick/.partial/plan.json --dry-run
#
# A notebook with several seeds is a job a seed, which leaves finished runs, then a job that makes the page of them all.
# The pages are no declared outputs: Snakemake deletes those before a job starts and when it fails, and earlier results
# must stay. Each job's declared output is a mark that it ended well, whose name holds a digest of the code and the
# settings: what changed has no mark, so it runs again; what is unchanged does not.
import sys
from pathlib import Path

from helpers.suite.jobs import plan_jobs

NOTEBOOKS = Path(workflow.basedir) / "notebooks"
JOBS = plan_jobs(
    [NOTEBOOKS / f"{name}.ipynb" for name in config["notebooks"]],
    config["profile"],
    config["dataset"],
    tuple(config["seeds"]),
)


rule all:
    input:
        [job.mark for job in JOBS],


for position, job in enumerate(JOBS):

    rule:
        name:
            job.name.replace("-", "_")
        input:
            job.after,
        output:
            touch(job.mark),
        priority: -position  # in the order that a reader takes them
        threads: config["threads"]
        resources:
            mem_mb=min(job.memory_mb, config["memory_mb"]),
            runtime=round(60 + 30 * job.minutes),  # minutes, on a cluster: far more than it takes on two cores
            gpu=min(1, config["gpus"]),
            attempt=lambda wildcards, attempt: attempt,
        params:
            python=sys.executable,
            notebook=NOTEBOOKS / f"{job.notebook}.ipynb",
            seeds=" ".join(map(str, job.seeds)),
            job=job.name,
        shell:
            "exec {params.python:q} -m helpers.suite.execute {params.notebook:q} --job {params.job:q} --seeds {params.seeds:q}"
            " --plan .partial/plan.json --attempt {resources.attempt} --threads {threads}"
