"""Run the benchmarks, print the ratios, write them to a folder: `python -m helpers.bench [NAMES] --reports FOLDER`."""

import argparse
from pathlib import Path

from helpers.bench import frozen
from helpers.devices import use_precision
from helpers.environment import environment
from helpers.files import writable_folder, write_json

BENCHMARKS = {"frozen": frozen.measure}


def main() -> None:
    """Run the benchmarks that are named, default all."""
    parser = argparse.ArgumentParser(prog="python -m helpers.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHMARKS)}; default all")
    parser.add_argument("--reports", type=Path, default=Path("reports/bench"))
    parser.add_argument("--images", type=int, default=4_000, help="training images; more take longer and say more")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is measured, in turns")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"expected names of {', '.join(BENCHMARKS)}, came {', '.join(sorted(unknown))}")
    policy, reason = use_precision()
    where = environment()
    print(f"{policy} on {where['device']}: {reason}", flush=True)
    for name in asked.names or BENCHMARKS:
        result = BENCHMARKS[name](asked.images, asked.rounds)
        path = writable_folder(asked.reports) / f"{name}.json"
        write_json(path, {"benchmark": name, "precision": policy, **where, **result})
        print(f"{name}: {path}", flush=True)


if __name__ == "__main__":
    main()
