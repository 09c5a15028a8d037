"""Make the accuracy table: train every row of configs/experiment/accuracy with several seeds, and set it beside print.

Each run is a process of its own in a folder of its own; what is there already is not trained again, so an interrupted
benchmark goes on where it was. With --report the table and the plot are made from the runs that exist.
"""

import argparse
import dataclasses
import importlib.util
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks import timing
from benchmarks.accuracy_runs import MARKS, Row, command, make, names, read
from benchmarks.peers import Problem, error_curves
from benchmarks.published import published
from pinn.cli.arguments import positive
from pinn.plotting.style import COLORS, DASHES, figure, save
from pinn.runs.markdown import markdown
from pinn.training.accuracy import score

HEADER = ["problem", "median error", "worst", "seconds", "to 1e-3", "to 1e-6", "to 1e-9", "N", "P", "published"]
DEEPXDE = "DeepXDE"


def table(rows: Sequence[Row]) -> str:
    """The markdown table, and under it the command of each row, failures, and what a mark means."""
    lines, notes = [], []
    for row in rows:
        failed = [result for result in row.results if result.failure]
        notes += [f"{row.name}, seed {result.seed}, failed: {result.failure}" for result in failed]
        if not row.good:
            lines.append([row.name, "failed", *["-"] * 8])
            continue
        facts, floor = row.good[0].facts, row.good[0].reference_error
        marks = [_seconds(row.time_to(mark)) for mark in MARKS]
        figures = [score(row.median("error"), floor), score(row.worst, floor), f"{row.median('seconds'):.0f}", *marks]
        other = published(row.name)
        lines.append([row.name, *figures, facts["points"], facts["parameters"], str(other) if other else "-"])
    seeds = max(len(row.results) for row in rows)
    first = next((row.good[0].facts for row in rows if row.good), None)
    if first is None:
        return "\n\n".join([markdown(HEADER, lines), *notes]) + "\n"
    told = f"Relative L2 errors, median and worst of up to {seeds} seeds; {first['dtype']}, {first['device']}, "
    told += f"{first['threads']} thread(s). Seconds of training; N points of the equation, P parameters. "
    told += f"Each row: `{' '.join(command('ROW'))}`. * as quoted by others."
    return "\n\n".join([markdown(HEADER, lines), told, *notes]) + "\n"


def curves(rows: Sequence[Row], peer: Sequence[tuple[float, float]], path: Path) -> Path:
    """Error against seconds: the median over the seeds of each row, within the band of all of them."""
    with figure(7.2, 4.8) as canvas:
        ax = canvas.subplots()
        for k, row in enumerate(row for row in rows if row.good):
            seconds, errors = _common([result.curve for result in row.good])
            color, dash = COLORS[k % len(COLORS)], DASHES[(k // len(COLORS)) % len(DASHES)]
            ax.plot(seconds, np.median(errors, axis=0), color=color, linestyle=dash, label=row.name.replace("_", " "))
            if len(errors) > 1:
                ax.fill_between(seconds, errors.min(0), errors.max(0), color=color, alpha=0.15, linewidth=0)
        if peer:
            seconds, errors = zip(*peer, strict=True)
            ax.plot(seconds, errors, color="black", linewidth=2.2, label=f"poisson soft, {DEEPXDE}")
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlabel("seconds of training")
        ax.set_ylabel("relative $L^2$ error")
        ax.grid(True)
        if ax.lines:
            ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
        return save(canvas, path)


def peer_curve(seconds: float, threads: int) -> list[tuple[float, float]]:
    """DeepXDE on the Poisson problem with a penalised boundary, Adam in float64; empty where it is not installed."""
    if not importlib.util.find_spec("deepxde"):
        print(f"{DEEPXDE} is left out: it is not installed.")
        return []
    settings = argparse.Namespace(threads=threads, seconds=seconds, chunk=20)
    return error_curves([DEEPXDE], Problem(dtype="float64"), settings)["curves"][DEEPXDE]


def _common(found: Sequence[Sequence[tuple[float, float]]]) -> tuple[np.ndarray, np.ndarray]:
    """Curves on one logarithmic grid of seconds, where all of them have begun and none has ended."""
    first = max(max(curve[0][0], 1e-2) for curve in found)
    last = max(min(curve[-1][0] for curve in found), first * 1.01)
    grid = np.geomspace(first, last, 200)
    logs = []
    for curve in found:
        seconds, errors = np.array(curve).T
        logs.append(np.interp(np.log(grid), np.log(np.maximum(seconds, 1e-3)), np.log(np.maximum(errors, 1e-17))))
    return grid, np.exp(np.array(logs))


def _seconds(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "-"


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--rows", nargs="+", default=names(), choices=names(), metavar="ROW", help=", ".join(names()))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--threads", type=positive, default=1, help="CPU threads of each run")
    parser.add_argument("--jobs", type=positive, default=1, help="runs at a time")
    parser.add_argument("--out", type=Path, default=Path("outputs/accuracy"), help="folder of runs, table and plot")
    parser.add_argument("--override", nargs="*", default=[], metavar="KEY=VALUE", help="for every run: budget_s=5 …")
    parser.add_argument("--report", action="store_true", help="train nothing, read the runs that are there")
    parser.add_argument("--peer-seconds", type=float, default=0.0, help=f"seconds for {DEEPXDE}; 0 leaves it out")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    out: Path = args.out.resolve()
    if not args.report:
        make(args.rows, args.seeds, out, args.threads, args.jobs, args.override)
    rows = read(out, args.rows)
    if not rows:
        print(f"There are no finished runs in {args.out}.", file=sys.stderr)
        return 1
    peer_file = out / "deepxde.json"
    if args.peer_seconds > 0:
        peer_file.write_text(json.dumps(peer_curve(args.peer_seconds, args.threads)))
    peer = json.loads(peer_file.read_text()) if peer_file.is_file() else []
    text = table(rows)
    print(f"\n{text}")
    (out / "accuracy.md").write_text(text, encoding="utf-8")
    figures = [dataclasses.asdict(result) for row in rows for result in row.results]
    machine = timing.machine(torch.device("cpu"))
    (out / "accuracy.json").write_text(json.dumps({"machine": machine, "runs": figures, "deepxde": peer}, indent=1))
    print(curves(rows, peer, out / "accuracy.png"))
    return 0 if all(row.good for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
