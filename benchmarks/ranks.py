"""Weak scaling: seconds for each step of K processes with K times the points, against one process.

    python -m benchmarks.ranks --ranks 1 2 --points 2000

Each run is `torchrun --nproc_per_node=K -m pinn train …` with one thread for each process.
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pinn.cli.arguments import positive
from pinn.runs.markdown import markdown
from pinn.runs.results import Results

METHODS = {"adam": ["optimizer=adam", "steps=300"], "lm": ["optimizer=lm", "steps=60"]}
WARM_UP = 0.3
"""The share of a run that is not counted."""


def seconds_per_step(ranks: int, points: int, overrides: Sequence[str], folder: Path) -> float:
    """The median over intervals of ten steps of one run. Raises RuntimeError if it fails."""
    launcher = [sys.executable, "-m", "torch.distributed.run", f"--nproc_per_node={ranks}", "--standalone"]
    shared = ["sampler.every=0", "guard=false", f"sampler.interior={points * ranks}", "log_every=10", "threads=1"]
    command = [*launcher, "-m", "pinn", "train", *overrides, *shared, f"hydra.run.dir={folder}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(result.stderr.strip().splitlines()[-1])
    rows = [(int(row["step"]), float(row["seconds"])) for row in Results(folder).metrics()]
    rows = rows[int(WARM_UP * len(rows)) :]
    return statistics.median((b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(rows, rows[1:], strict=False))  # noqa: RUF007


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", nargs="+", type=positive, default=[1, 2], help="numbers of processes")
    parser.add_argument("--points", type=positive, default=2000, help="points of the equation for each process")
    parser.add_argument("--repeat", type=positive, default=3, help="runs of each kind, which take turns")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="for every run")
    args = parser.parse_args(argv)
    times: dict[tuple[str, int], list[float]] = {}
    with TemporaryDirectory() as scratch:
        for turn in range(args.repeat):
            for method, settings in METHODS.items():
                for ranks in args.ranks:
                    folder = Path(scratch) / f"{method}-{ranks}-{turn}"
                    seconds = seconds_per_step(ranks, args.points, [*settings, *args.overrides], folder)
                    times.setdefault((method, ranks), []).append(seconds)
    rows = []
    for (method, ranks), measured in times.items():
        first = times[method, args.ranks[0]]
        efficiency = statistics.median(a / b for a, b in zip(first, measured, strict=True))
        points = args.points * ranks
        rows.append([method, str(ranks), str(points), f"{1e3 * statistics.median(measured):.1f}", f"{efficiency:.2f}"])
    print(markdown(["method", "processes", "points", "ms for each step", "efficiency"], rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
