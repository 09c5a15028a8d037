"""How good is the a posteriori estimate of the error? Every shipped problem with a known solution, shortly trained.

    python -m benchmarks.effectivity --out outputs/effectivity

The effectivity is the estimated relative L2 error over the true one. Each problem is trained with the settings of the
gallery for `--budget` seconds, so that its error is far from rounding; problems that are in the folder are not trained
again. The table is printed, and `effectivity.md` has it.
"""

import argparse
import json
import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from pinn.cli import train  # noqa: F401  (registers the schema of the plain keys)
from pinn.report.gallery import Entry, names
from pinn.runs.atomic_write import atomic_write
from pinn.runs.configs import config_folder
from pinn.runs.job import Job
from pinn.runs.markdown import markdown
from pinn.trust import estimate_error
from pinn.trust.error_estimate import RESOLVED

BOUNDS = 1 / 3, 3.0
"""Effectivities that count as right."""
HEADER = ["problem", "true error", "estimate", "effectivity", "resolved", "corrected", "seconds"]


@dataclass(frozen=True)
class Effectivity:
    """The relative L2 errors of a problem: the true one, its estimate, that of the corrected field.

    `resolved` is the part of the residual that the estimate explains, `seconds` its cost, and `why` the reason if there
    is none. NaN stands for what is not known.
    """

    name: str
    true: float
    estimate: float
    corrected: float
    resolved: float
    seconds: float
    reference: float
    why: str = ""

    @property
    def effectivity(self) -> float:
        return self.estimate / self.true

    @property
    def right(self) -> bool:
        """Whether an estimate is given, which explains most of the residual, and lies within `BOUNDS`."""
        return self.resolved >= RESOLVED and BOUNDS[0] <= self.effectivity <= BOUNDS[1]

    def row(self) -> list[str]:
        told = f"{self.effectivity:.2f}" if not self.why else f"none: {self.why}"
        if not self.resolved >= RESOLVED:
            told = f"{told}, not given"
        figures = [f"{value:.1e}" for value in (self.true, self.estimate)]
        return [
            *(self.name, *figures, told if self.right else f"**{told}**"),
            *(f"{self.resolved:.0%}", f"{self.corrected:.1e}", f"{self.seconds:.1f}"),
        ]


def measured(name: str, budget_s: float, seed: int = 0) -> Effectivity | None:
    """Train a problem for a short time and estimate its error; None if no solution of it is known."""
    words = [*Entry(name, Path()).settings, f"budget_s={budget_s}", f"seed={seed}", "threads=1"]
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config: Any = OmegaConf.to_container(compose("train", words), resolve=True)
    job = Job.of(config)
    if job.pde.exact is None:
        return None
    (step,) = deque(job.train(), maxlen=1)
    start = time.perf_counter()
    found = estimate_error(step.objective.pde, step.objective.network, job.strategy)
    seconds = time.perf_counter() - start
    assert step.reference is not None
    corrected = step.reference.relative_l2(found.correction.after) if found.correction else math.nan
    return Effectivity(
        name, step.rel_l2, found.relative_l2, corrected, found.resolved, seconds, step.reference.error, found.why
    )


def table(found: Sequence[Effectivity]) -> str:
    """All of them as Markdown, and how many are right."""
    right = sum(one.right for one in found)
    told = f"{right} of {len(found)} ({right / max(len(found), 1):.0%}) lie within [1/3, 3]"
    given = [one.effectivity for one in found if not one.why]
    median = sorted(given)[len(given) // 2] if given else math.nan
    return f"{markdown(HEADER, [one.row() for one in found])}\n\n{told}; the median is {median:.2f}\n"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("outputs/effectivity"), help="folder of figures and table")
    parser.add_argument("--budget", type=float, default=5.0, help="seconds of training for each (default: 5)")
    parser.add_argument("--only", nargs="+", default=names(), choices=names(), metavar="NAME")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    found: list[Effectivity] = []
    for name in args.only:
        file: Path = args.out / f"{name}.json"
        if not file.is_file():
            one = measured(name, args.budget)
            with atomic_write(file) as temporary:
                temporary.write_text(json.dumps(one and asdict(one)))
            print(f"{name}: {'no solution is known' if one is None else ' | '.join(one.row())}", flush=True)
        stored = json.loads(file.read_text())
        if stored is not None:
            found.append(Effectivity(**stored))
    text = table(found)
    print(f"\n{text}")
    (args.out / "effectivity.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
