"""Coverage of the intervals of inverse problems, and how far they are from direct nonlinear least squares.

    python -m benchmarks.coverage --sets 40 --out outputs/coverage

makes synthetic data sets of heat conduction, of Burgers' equation and of Lorenz's, finds the coefficients of each, and
fits the exact or integrated solution to the same data with SciPy. Sets that are in the folder are not run again; the
table is printed, and `coverage.json` has the figures.
"""

import argparse
import dataclasses
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares
from torch.func import vmap

from pinn.domains import SinglePoint, TimeDomain
from pinn.networks import Unknown
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule
from pinn.pdes import Burgers, Heat, Inverse, Lorenz
from pinn.references import ColeHopf
from pinn.runs.run import build_network
from pinn.runs.uncertainty import UnknownEstimate, found_unknowns
from pinn.samplers import Sobol
from pinn.training.loop import train

Model = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""The solution at points (n, d) for some coefficients, (n, m)."""


@dataclass(frozen=True)
class Case:
    """A problem, the model of its direct fit with the start of that, and how training goes."""

    name: str
    pde: Inverse
    model: Model
    start: Sequence[float]
    steps: int


def _heat(p: np.ndarray, points: np.ndarray) -> np.ndarray:
    return (np.exp(-p[0] * np.pi**2 * points[:, 0]) * np.sin(np.pi * points[:, 1]))[:, None]


def _burgers(p: np.ndarray, points: np.ndarray) -> np.ndarray:
    return vmap(ColeHopf(float(p[0])))(torch.from_numpy(points)).numpy()[:, None]


def _lorenz(p: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Three coefficients and the initial state, which no condition prescribes."""

    def rate(_: float, y: np.ndarray) -> list[float]:
        return [p[0] * (y[1] - y[0]), y[0] * (p[1] - y[2]) - y[1], y[0] * y[1] - p[2] * y[2]]

    order = np.argsort(points[:, 0])
    times = points[order, 0]
    solution = solve_ivp(rate, (0.0, 1.0), p[3:], t_eval=times, rtol=1e-9, atol=1e-9, method="DOP853")
    values = np.empty((len(points), 3))
    values[order] = solution.y.T
    return values


CASES = {
    case.name: case
    for case in (
        Case("heat", Inverse(Heat(), {"diffusivity": Unknown(0.5, 0.0)}), _heat, (0.3,), 60),
        Case(
            "burgers",
            Inverse(Burgers(viscosity=0.05), {"viscosity": Unknown(0.1, 0.0)}, sensors=300),
            _burgers,
            (0.07,),
            150,
        ),
        Case(
            "lorenz",
            Inverse(
                Lorenz(TimeDomain(1.0, SinglePoint()), hard=False),
                {"prandtl": Unknown(7.0, 0.0), "rayleigh": Unknown(20.0, 0.0), "beta": Unknown(2.0, 0.0)},
                keep=(),
            ),
            _lorenz,
            (10.0, 28.0, 8 / 3, 1.0, 1.0, 1.0),
            170,
        ),
    )
}


def trained(case: Case, seed: int, steps: int | None = None) -> dict[str, UnknownEstimate]:
    """What the solver finds from the data set of a seed."""
    pde = dataclasses.replace(case.pde, seed=seed)
    recipe = {"_target_": "pinn.networks.MLP", "width": 16, "depth": 2}
    network = build_network(recipe, pde, torch.Generator().manual_seed(seed)).double()
    method = Schedule((Adam(steps=30), LevenbergMarquardt(steps=steps or case.steps)))
    *_, step = train(pde, network, method, Sobol(500, 100, every=0), seed=seed)
    return found_unknowns(step.objective, step.params)


def fitted(case: Case, seed: int) -> dict[str, tuple[float, float]]:
    """Values and deviations of nonlinear least squares on the solution itself, with the same scale of the misfits."""
    points, values, _ = dataclasses.replace(case.pde, seed=seed).measurements
    x, y = points.numpy(), values.numpy()
    scale = np.sqrt((y**2).mean(0))
    fit = least_squares(
        lambda p: ((case.model(p, x) - y) / scale).ravel(), case.start, x_scale=np.abs(case.start), xtol=1e-12
    )
    freedom = len(fit.fun) - len(fit.x)
    covariance = np.linalg.inv(fit.jac.T @ fit.jac) * (fit.fun**2).sum() / freedom
    deviations = np.sqrt(np.diag(covariance))
    return {name: (float(fit.x[k]), float(deviations[k])) for k, name in enumerate(case.pde.unknowns)}


def compared(case: Case, seed: int) -> dict[str, Any]:
    """One data set: both estimates of each unknown."""
    ours, direct = trained(case, seed), fitted(case, seed)
    return {
        name: {
            "truth": found.truth,
            "value": found.value,
            "deviation": None if math.isnan(found.deviation) else found.deviation,
            "why": found.why,
            "direct": direct[name][0],
            "direct_deviation": direct[name][1],
        }
        for name, found in ours.items()
    }


@dataclass(frozen=True)
class Coverage:
    """Of one unknown over all sets: how many have an interval, how many of these hold the truth, and the differences
    to the direct fit. `shift` is the largest |value − direct| in deviations of the latter, `estimate` the largest in
    parts of the value, `width` the largest |deviation/direct − 1|."""

    problem: str
    unknown: str
    sets: int
    given: int
    held: int
    direct_held: int
    estimate: float
    shift: float
    width: float

    @classmethod
    def of(cls, problem: str, unknown: str, sets: Sequence[dict[str, Any]]) -> "Coverage":
        """From the comparisons of all sets."""
        given = [one for one in sets if one["deviation"] is not None]

        def held(value: str, deviation: str) -> int:
            return sum(abs(one[value] - one["truth"]) <= 1.96 * one[deviation] for one in given)

        return cls(
            problem,
            unknown,
            len(sets),
            len(given),
            held("value", "deviation"),
            held("direct", "direct_deviation"),
            max((abs(one["value"] / one["direct"] - 1) for one in given), default=math.nan),
            max((abs(one["value"] - one["direct"]) / one["direct_deviation"] for one in given), default=math.nan),
            max((abs(one["deviation"] / one["direct_deviation"] - 1) for one in given), default=math.nan),
        )


def table(rows: Sequence[Coverage]) -> str:
    """The figures as a table of Markdown."""
    lines = [
        "| problem | unknown | intervals | truth inside | of the direct fit | estimates differ by | widths differ by |",
        "| --- | --- | --: | --: | --: | --: | --: |",
    ]
    for row in rows:
        share = f"{row.held} of {row.given}, {row.held / row.given:.0%}" if row.given else "–"
        lines.append(
            f"| {row.problem} | {row.unknown} | {row.given} of {row.sets} | {share} | {row.direct_held} | "
            f"{row.estimate:.2%}, {row.shift:.2f} deviations | {row.width:.0%} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run what is missing, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=40)
    parser.add_argument("--problems", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--out", type=Path, default=Path("outputs/coverage"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in arguments.problems:
        sets = []
        for seed in range(arguments.sets):
            file = arguments.out / f"{name}-{seed}.json"
            if not file.is_file():
                file.write_text(json.dumps(compared(CASES[name], seed), indent=2) + "\n")
            sets.append(json.loads(file.read_text()))
        rows += [Coverage.of(name, unknown, [one[unknown] for one in sets]) for unknown in CASES[name].pde.unknowns]
        print(table(rows), flush=True)
    figures = [dataclasses.asdict(row) for row in rows]
    (arguments.out / "coverage.json").write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
