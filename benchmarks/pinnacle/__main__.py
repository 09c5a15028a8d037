"""Solve the problems of PINNacle by their plain commands, and compare each with its reference.

    python -m benchmarks.pinnacle --only burgers_1d wave_1d --out outputs/pinnacle

A problem that has been run is not run again, so an interrupted benchmark goes on; references stay in OUT/references.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import timing
from benchmarks.pinnacle.problems import PROBLEMS, ROOT
from benchmarks.pinnacle.reference import Reference, relative
from pinn.cli.arguments import positive
from pinn.runs.atomic_write import atomic_write
from pinn.runs.markdown import markdown
from pinn.runs.results import DOUBTED, Results
from pinn.runs.run import load_run

HEADER = ["problem", "error", "seconds", "method", "error of the reference", "published", "ratio", "remarks"]


@dataclass(frozen=True)
class Row:
    """One problem: relative L2 errors, of all components and of each, seconds of search and training."""

    name: str
    error: float | None = None
    errors: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None
    method: str = ""
    reference_error: float | None = None
    doubts: list[str] = field(default_factory=list)
    failure: str = ""


def command(name: str, folder: Path, extra: Sequence[str]) -> list[str]:
    """What a user types, with one thread and a folder."""
    words = [f"experiment=pinnacle/{name}", "threads=1", "plots=false", f"hydra.run.dir={folder}", *extra]
    return [sys.executable, "-m", "pinn", "train", *words]


def solve(name: str, folder: Path, extra: Sequence[str], limit_s: float) -> None:
    """Run a problem, unless there is a finished run in the folder."""
    if Results(folder).ended:
        return
    try:
        made = subprocess.run(command(name, folder, extra), cwd=ROOT, capture_output=True, text=True, timeout=limit_s)
    except subprocess.TimeoutExpired:
        Results(folder).fail(f"no end after {limit_s:.0f} s")
        return
    if made.returncode not in (0, DOUBTED) and not Results(folder).ended:
        folder.mkdir(parents=True, exist_ok=True)
        Results(folder).fail((made.stderr.strip().splitlines() or ["no message"])[-1])


def judged(name: str, folder: Path, reference: Reference) -> Row:
    """A run beside its reference."""
    results = Results(folder)
    if results.failure is not None:
        return Row(name, failure=results.failure, reference_error=reference.error)
    run, summary = load_run(folder), results.summary
    parts = torch.split(torch.from_numpy(reference.points), 2000)
    values = torch.cat([run(part).detach().reshape(len(part), -1) for part in parts]).numpy()
    values = values[:, : reference.values.shape[1]]
    names = run.pde.names or ("u",)
    each = {
        component: relative(values[:, k], reference.values[:, k])
        for k, component in enumerate(names[: values.shape[1]])
        if np.any(reference.values[:, k])
    }
    found: dict[str, Any] = summary.get("method") or {}
    seconds = summary["wall_s"] + sum(trial["seconds"] for trial in found.get("trials", []))
    chosen = str(found.get("chosen", "as named"))
    return Row(name, reference.distance(values), each, seconds, chosen, reference.error, results.doubts)


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = []
    for row in rows:
        problem = PROBLEMS[row.name]
        remarks = [problem.note, row.failure, "the run itself says not to believe it" if row.doubts else ""]
        if row.error is None:
            figures = ["failed", "-", "-"]
        else:
            figures = [f"{row.error:.1e}", f"{row.seconds:.0f}", row.method]
        floor = f"{row.reference_error:.0e}" if row.reference_error else "closed form"
        ratio = f"{problem.published / row.error:.2g}" if row.error else "-"
        told = "; ".join(text for text in remarks if text)
        lines.append([f"`{row.name}` ({problem.title})", *figures, floor, f"{problem.published:.2e}", ratio, told])
    return markdown(HEADER, lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run, compare, print; the exit code is 1 if a run has failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ", ".join(PROBLEMS)
    parser.add_argument("--only", nargs="+", default=list(PROBLEMS), choices=list(PROBLEMS), metavar="NAME", help=names)
    parser.add_argument("--out", type=Path, default=Path("outputs/pinnacle"), help="folder of runs, references, table")
    parser.add_argument("--budget", type=positive, help="seconds for each; the default is that of pinn train")
    args = parser.parse_args(argv)
    out: Path = args.out.resolve()
    extra = [] if args.budget is None else [f"budget_s={args.budget}"]
    rows = []
    for name in args.only:
        print(f"{name} …", flush=True)
        solve(name, out / name, extra, 4 * (args.budget or 120) + 300)
        reference = Reference.kept(out / "references" / f"{name}.npz", PROBLEMS[name].reference)
        rows.append(judged(name, out / name, reference))
        print(table(rows[-1:]).splitlines()[-1], flush=True)
    text = table(rows)
    print(f"\n{text}")
    figures = {"machine": timing.machine(torch.device("cpu")), "rows": [asdict(row) for row in rows]}
    with atomic_write(out / "pinnacle.json") as temporary:
        temporary.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    (out / "pinnacle.md").write_text(text, encoding="utf-8")
    return 1 if any(row.failure for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
