"""The same problem trained from several seeds: the mean of the fields, and the band in which one more would lie.

With u_k the fields of n trainings, ū their mean and s² = Σ (u_k − ū)²/(n − 1) at each point, the value of one more
training lies with probability P within

    ū ± t s √(1 + 1/n),    t the quantile of Student's t for n − 1 degrees of freedom,

if trainings scatter normally (Hahn & Meeker 1991, Section 4.3). That is what a spread of seeds measures: the scatter of
training by initial weights and points. An error that all of them share, as of a network that is too small, of points
that are too few or of a wrong model, is not in it, and neither is the noise of data, which are the same for all.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pinn.runs.band import LEVEL, Band
from pinn.runs.quantiles import student
from pinn.runs.run import Run
from pinn.runs.uncertainty import band_in_words
from pinn.training.accuracy import evaluation_points, relative_l2
from pinn.training.solution import Solution
from pinn.typing import Field

_SHARED = 3.0
"""An estimated error of more than so many times the scatter is said to be one that the members share."""


@dataclass(frozen=True)
class Ensemble:
    """Runs of one problem by their seeds, at least two: `mean`, `deviation` and `interval(level)` are fields.

    These take points as a run does, one or many, tensors, arrays or lists; calling the ensemble gives the mean. Raises
    ValueError for fewer than two runs, and for runs of different shapes.
    """

    runs: Mapping[int, Run]

    def __post_init__(self) -> None:
        if len(self.runs) < 2:
            raise ValueError(f"An ensemble needs at least two runs, got {len(self.runs)}: train other seeds.")
        shapes = {(run.pde.domain.dim, run.names) for run in self.runs.values()}
        if len(shapes) > 1:
            raise ValueError(f"An ensemble needs runs of one problem, got components {sorted(shapes)}.")

    @property
    def first(self) -> Run:
        """The run whose problem it is."""
        return next(iter(self.runs.values()))

    @cached_property
    def band(self) -> Band:
        """Mean and deviation, with the bounds between which one more training lies."""
        fields = [run.field for run in self.runs.values()]
        n, dim, like = len(fields), self.first.pde.domain.dim, self.first.like

        def solution(of: Field) -> Solution:
            return Solution(of, dim, like)

        def all_values(x: Tensor) -> Tensor:
            return torch.stack([field(x) for field in fields])

        return Band(
            solution(lambda x: all_values(x).mean(0)),
            solution(lambda x: all_values(x).std(0)),
            lambda level: _of_one_more(level, n),
        )

    @property
    def mean(self) -> Solution:
        return self.band.mean

    @property
    def deviation(self) -> Solution:
        """The standard deviation of the members, with n − 1 in its denominator."""
        return self.band.deviation

    def interval(self, level: float = LEVEL) -> tuple[Solution, Solution]:
        """The bounds between which one more training lies with that probability. ValueError unless 0 < level < 1."""
        return self.band.interval(level)

    def __call__(self, x: Any) -> Any:
        return self.mean(x)

    def samples(self) -> "Samples":
        """All members at the points at which errors are always measured."""
        points = evaluation_points(self.first.pde.domain, self.first.like)
        with torch.no_grad():
            values = torch.stack([run(points).reshape(len(points), -1) for run in self.runs.values()])
            exact = self.first.pde.exact
            known = None if exact is None else Solution(self.first.pde.solution(exact), points.shape[1], points)(points)
        return Samples(
            self.first, tuple(self.runs), points, values, None if known is None else known.reshape(len(points), -1)
        )


@dataclass(frozen=True)
class Samples:
    """The members of an ensemble (S, N, m) at points (N, d), with the exact values (N, m) if they are known."""

    run: Run
    seeds: tuple[int, ...]
    points: Tensor
    values: Tensor
    exact: Tensor | None

    @property
    def mean(self) -> Tensor:
        return self.values.mean(0)

    @property
    def deviation(self) -> Tensor:
        return self.values.std(0)

    @property
    def half_width(self) -> Tensor:
        """That of the 95 % band, (N, m)."""
        return _of_one_more(LEVEL, len(self.seeds)) * self.deviation

    def arrays(self) -> dict[str, np.ndarray]:
        """Points, mean, deviation and bounds, all members and the exact values, as NumPy arrays."""
        lower, upper = self.mean - self.half_width, self.mean + self.half_width
        found = {"points": self.points, "mean": self.mean, "deviation": self.deviation, "lower": lower, "upper": upper}
        found |= {"members": self.values} | ({} if self.exact is None else {"exact": self.exact})
        plain = {name: value.cpu().numpy() for name, value in found.items()}
        return {**plain, "seeds": np.array(self.seeds)}

    def figures(self) -> dict[str, Any]:
        """The numbers of the band; relative L2 norms are over the components that errors are of.

        `coverage` is the share of values that lie in the band, up to rounding where members agree in all digits.
        """
        scored = [*range(self.values.shape[-1])] if self.run.pde.scored is None else [*self.run.pde.scored]
        mean, spread = self.mean[:, scored], self.deviation[:, scored]
        found: dict[str, Any] = {"seeds": list(self.seeds), "level": LEVEL}
        found["scatter"] = float(spread.norm() / mean.norm())
        medians = zip(self.deviation.median(0)[0].tolist(), self.half_width.median(0)[0].tolist(), strict=True)
        found["components"] = {
            name: {"median_deviation": deviation, "median_half_width": width}
            for name, (deviation, width) in zip(self.run.names, medians, strict=True)
        }
        if self.exact is None:
            return found
        exact = self.exact[:, scored]
        errors = [relative_l2(one[:, scored], exact) for one in self.values]
        found["rel_l2"] = {"mean": relative_l2(mean, exact), "members": dict(zip(self.seeds, errors, strict=True))}
        rounding = 100 * torch.finfo(exact.dtype).eps * exact.abs().amax(0)
        held = (mean - exact).abs() <= self.half_width[:, scored] + rounding
        return {**found, "coverage": float(held.double().mean())}


def _of_one_more(level: float, n: int) -> float:
    """The half width of the interval of one more training in deviations of n others."""
    return student(level, n - 1) * math.sqrt(1 + 1 / n)


def told(found: Mapping[str, Any]) -> list[str]:
    """What the figures say, line by line, and what they do not say."""
    seeds, noise = found["seeds"], found.get("noise_bands") or {}
    lines = [
        f"{len(seeds)} trainings, seeds {', '.join(map(str, seeds))}: they scatter by {found['scatter']:.1e} of the "
        "solution (relative L2 deviation)"
    ]
    for name, part in found["components"].items():
        width, deviation = part["median_half_width"], part["median_deviation"]
        lines.append(f"{name}: deviation {deviation:.1e}, {100 * found['level']:g} % band ± {width:.1e} in the median")
    if "rel_l2" in found:
        error, members = found["rel_l2"]["mean"], found["rel_l2"]["members"].values()
        lines.append(f"relative L2 error: {error:.2e} of the mean, {min(members):.2e} to {max(members):.2e} of members")
        lines.append(f"the exact value lies in the band at {found['coverage']:.0%} of the points")
    lines.append("The band is where one more training would lie. An error that all members share is not in it:")
    if found.get("same_start"):
        lines.append("  they began with the same weights (init_from), and differ by their points alone;")
    if noise:
        lines.append("  they have the same data, whose noise gives a band of its own (pinn plot band):")
        lines += [f"  {band_in_words(name, one)}" for name, one in noise.items()]
    estimate = found.get("error_estimate") or {}
    if not estimate.get("known"):
        lines.append("  the linearised equation gives no estimate of it here (pinn validate tells more).")
    else:
        size = estimate["relative_l2"]
        narrow = ", so the band is too narrow" if size > _SHARED * found["scatter"] else ""
        lines.append(f"  the linearised equation puts the whole error of the first run at {size:.1e}{narrow}.")
    return lines
