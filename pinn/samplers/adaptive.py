"""Points where the residual is large (Wu, Zhu, Tan, Kartha & Lu 2023, arXiv:2207.10289).

Both methods draw from candidates x with probability

    p(x) ∝ |r(x)|ᵏ / mean |r|ᵏ + c,

where r is the residual of the condition at the present parameters. The points carry no importance weights, in the
paper as here: the loss itself leans to where points are dense. With everywhere=False this holds for the domain alone,
and points on other regions are even.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import MOST_POINTS, Domain, Interior, Region
from pinn.objective import Objective, Sample
from pinn.pdes import Condition
from pinn.samplers.sampler import Sampler, like_of
from pinn.samplers.sequences import sobol
from pinn.typing import Draw, Params, Points

_AT_A_TIME = 1024  # fewer would spend their time on overhead


@dataclass(frozen=True)
class RAD(Sampler):
    """Residual-based adaptive distribution: each redraw draws points by the density above.

    Of the present points the share `keep` stays, chosen at random; of the new ones the share `uniform_share` is
    even, a Sobol sequence, and the rest drawn from `candidates` even points for each condition. The paper has
    keep=0 and uniform_share=0. The share `local` of the candidates lies near points of large residual, at all
    distances: even ones do not see what is smaller than the gaps between them. Raises ValueError for shares outside
    [0, 1), negative k or c, and fewer candidates than points.
    """

    follows_residual: ClassVar[bool] = True

    candidates: int = 20_000
    k: float = 1.0
    c: float = 1.0
    keep: float = 0.5
    uniform_share: float = 0.1
    everywhere: bool = True
    local: float = 0.0

    def check(self) -> None:
        _check_density(self, self.k, self.c, self.candidates)
        for share in ("keep", "uniform_share", "local"):
            if not 0 <= getattr(self, share) < 1:
                raise ValueError(f"RAD needs 0 <= {share} < 1, got {share}={getattr(self, share)}.")

    def counts(self, interior: int, boundary: int) -> dict[str, int]:
        return {"interior": interior, "boundary": boundary, "candidates": max(self.candidates, interior, boundary)}

    def source(self, generator: torch.Generator, like: Tensor) -> Draw:
        return sobol(generator, like)

    def redraw(self, objective: Objective, params: Params, generator: torch.Generator) -> dict[str, Sample]:
        draw = self.source(generator, like_of(objective.samples))
        samples: dict[str, Sample] = {}
        for condition in objective.conditions:
            present, n = objective.samples[condition.name], self.count(condition)
            if condition.region.size is not None:
                samples[condition.name] = present
                continue
            kept = _chosen(present, torch.randperm(len(present[0]), generator=generator)[: round(self.keep * n)])
            new = n - len(kept[0])
            even = round(self.uniform_share * new) if _leans(self.everywhere, condition.region) else new
            parts = [kept, condition.region.sample(even, draw)] if even else [kept]
            if new > even:
                candidates = self._candidates(objective, params, condition, draw, generator)
                index = _by_residual(objective, params, condition, candidates, self.k, self.c, new - even, generator)
                parts.append(_chosen(candidates, index))
            samples[condition.name] = _joined(*parts)
        return samples

    def _candidates(
        self, objective: Objective, params: Params, condition: Condition, draw: Draw, generator: torch.Generator
    ) -> Sample:
        """Even candidates, and so many near points of large residual."""
        near = round(self.local * self.candidates) if len(objective.samples[condition.name]) == 1 else 0
        even = condition.region.sample(self.candidates - near, draw)
        if not near:
            return even
        known = _joined(even, objective.samples[condition.name])
        index = _by_residual(objective, params, condition, known, self.k, 0.0, near, generator, repeated=True)
        centers = known[0][index.to(known[0].device)]
        return _joined(even, (scattered(centers, objective.pde.domain, generator),))


@dataclass(frozen=True)
class RARD(Sampler):
    """RAR-D, residual-based adaptive refinement with distribution: points are added, none is taken away.

    Each redraw adds the share `added` of the first number of points, drawn by the density above from `candidates`,
    until there are `most` times as many as at first. Raises ValueError unless added > 0 and most >= 1, for negative k
    or c, and for fewer candidates than points.
    """

    follows_residual: ClassVar[bool] = True

    candidates: int = 20_000
    k: float = 2.0
    c: float = 0.0
    added: float = 0.1
    most: float = 4.0
    everywhere: bool = True

    def check(self) -> None:
        _check_density(self, self.k, self.c, self.candidates)
        if not (0 < self.added < math.inf and 1 <= self.most < math.inf):
            raise ValueError(
                f"RARD needs ∞ > added > 0 and ∞ > most >= 1, got added={self.added} and most={self.most}."
            )

    def counts(self, interior: int, boundary: int) -> dict[str, int]:
        return {"interior": interior, "boundary": boundary, "candidates": max(self.candidates, interior, boundary)}

    def source(self, generator: torch.Generator, like: Tensor) -> Draw:
        return sobol(generator, like)

    def redraw(self, objective: Objective, params: Params, generator: torch.Generator) -> dict[str, Sample]:
        draw = self.source(generator, like_of(objective.samples))
        samples: dict[str, Sample] = {}
        for condition in objective.conditions:
            present, n = objective.samples[condition.name], self.count(condition)
            room = round(self.most * n) - len(present[0])
            more = min(max(1, round(self.added * n)), room)
            if more <= 0 or condition.region.size is not None:
                samples[condition.name] = present
                continue
            if _leans(self.everywhere, condition.region):
                candidates = condition.region.sample(self.candidates, draw)
                index = _by_residual(objective, params, condition, candidates, self.k, self.c, more, generator)
                new = _chosen(candidates, index)
            else:
                new = condition.region.sample(more, draw)
            samples[condition.name] = _joined(present, new)
        return samples


def _by_residual(
    objective: Objective,
    params: Params,
    condition: Condition,
    candidates: Sample,
    k: float,
    c: float,
    n: int,
    generator: torch.Generator,
    *,
    repeated: bool = False,
) -> Tensor:
    """The numbers of n candidates, without repetition unless it is wanted."""
    name = condition.name
    at_a_time = max(_AT_A_TIME, len(objective.samples[name][0]))  # as a step of training, to bound memory
    parts = zip(*(part.split(at_a_time) for part in candidates), strict=True)
    with torch.no_grad():
        residual = torch.cat([objective.at({name: part}).eager().residuals(params)[name] for part in parts])
    size = residual.norm(dim=1).double().cpu() ** k
    mean = size.mean()
    density = size / mean + c if mean > 0 else torch.ones_like(size)
    return torch.multinomial(density.clamp(min=1e-300), n, replacement=repeated, generator=generator)


def scattered(centers: Points, domain: Domain, generator: torch.Generator) -> Points:
    """Points near centres, at distances from 10⁻⁵ to 10⁻¹ of the bounding box; the centre if one falls outside.

    A coordinate that all centres share, such as the time of an initial value, is kept.
    """
    lower, upper = (centers.new_tensor(bound) for bound in domain.bounds)
    size = (upper - lower) * (centers.amax(0) > centers.amin(0))
    scale = 10 ** (-1 - 4 * torch.rand(len(centers), 1, generator=generator, dtype=torch.float64))
    step = scale * torch.randn(centers.shape, generator=generator, dtype=torch.float64)
    points = centers + step.to(centers) * size
    return torch.where(domain.contains(points)[:, None], points, centers)


def _leans(everywhere: bool, region: Region) -> bool:
    """Whether the points of a region follow the residual."""
    return everywhere or isinstance(region, Interior)


def _chosen(sample: Sample, index: Tensor) -> Sample:
    return tuple(part[index.to(part.device)] for part in sample)


def _joined(*samples: Sample) -> Sample:
    return tuple(torch.cat(parts) for parts in zip(*samples, strict=True))


def _check_density(sampler: Sampler, k: float, c: float, candidates: int) -> None:
    name, points = type(sampler).__name__, max(sampler.interior, sampler.boundary)
    if not (0 <= k < math.inf and 0 <= c < math.inf):
        raise ValueError(f"{name} needs k >= 0 and c >= 0, both finite, got k={k} and c={c}.")
    if not points <= candidates <= MOST_POINTS:
        raise ValueError(
            f"{name} needs candidates from {points}, as many as points, to {MOST_POINTS}, got candidates={candidates}."
        )
