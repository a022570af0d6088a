"""Run the benchmarks, print them, keep the result, make the page: `python -m benchmarks [NAMES]`."""

import argparse
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from benchmarks import beside, frozen, inputs, memory, seeds, startup, suite, throughput
from benchmarks.comparison import describe
from benchmarks.page import build_bench_page
from helpers.files import writable_folder, write_json
from helpers.machine import environment, use_precision

BENCHMARKS = {
    "throughput": throughput.measure,
    "reports": throughput.measure_reports,
    "inputs": inputs.measure,
    "frozen": frozen.measure,
    "memory": memory.measure,
    "startup": startup.measure,
    "beside": beside.measure,
    "seeds": seeds.measure,
    "suite": suite.measure,
}
BY_DEFAULT = ("throughput", "inputs", "frozen", "memory", "startup")  # the others take as long as these


def main() -> None:
    """Run the benchmarks that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHMARKS)}; default {', '.join(BY_DEFAULT)}")
    parser.add_argument("--reports", type=Path, default=Path("reports/bench"))
    parser.add_argument("--images", type=int, help="training images; more take longer and say more")
    parser.add_argument("--rounds", type=int, default=3, help="how often each method is measured, in turns")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"expected names of {', '.join(BENCHMARKS)}, got {', '.join(sorted(unknown))}")
    folder = writable_folder(asked.reports)
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # PyTorch runs on the processor, so all do
    policy, reason = use_precision()
    started, begun, where = datetime.now(UTC), time.perf_counter(), environment()
    with suppress(metadata.PackageNotFoundError):
        where["versions"]["torch"] = metadata.version("torch")
    print(f"{policy} on {where['device']}: {reason}", flush=True)
    comparisons = []
    for name in asked.names or BY_DEFAULT:
        options = {"num_images": asked.images} if asked.images else {}
        for comparison in BENCHMARKS[name](rounds=asked.rounds, **options):
            comparisons.append(comparison.as_dict())
            print("\n".join(["", *describe(comparisons[-1])]), flush=True)
            # After each one: what is measured stays, whatever becomes of the next.
            result = {"started": started.isoformat(timespec="seconds"), "seconds": time.perf_counter() - begun}
            result |= {"precision": policy, "reason": reason, **where, "comparisons": comparisons}
            write_json(folder / f"{started:%Y-%m-%dT%H%M%S}.json", result)
    print(f"\n{result['seconds'] / 60:.0f} min. Open {build_bench_page(folder)}")


if __name__ == "__main__":
    main()
