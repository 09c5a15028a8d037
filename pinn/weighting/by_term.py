"""One weight for each condition."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pinn.objective import Objective
from pinn.optimizers.parameters import flatten
from pinn.typing import Params
from pinn.weighting.balance import Weighting, WeightState, check_every, check_share


@dataclass(frozen=True)
class GradNorm(Weighting):
    """Gradients of equal length (Wang, Teng & Perdikaris 2021, arXiv:2001.04536; in this form Wang et al. 2023):

        λ̂_c = Σ_c' ‖∇L_c'‖ / ‖∇L_c‖,    λ ← memory·λ + (1 − memory)·λ̂,    every `every` steps.

    Raises ValueError unless 0 <= memory < 1 and every >= 1.
    """

    memory: float = 0.9
    every: int = 100

    def __post_init__(self) -> None:
        check_share("GradNorm", "memory", self.memory)
        check_every("GradNorm", self.every)

    def start(self, generator: torch.Generator) -> WeightState:
        return _ByGradient(self.every, self.memory)


@dataclass(frozen=True)
class NTK(Weighting):
    """Terms that converge at one rate (Wang, Yu & Perdikaris 2022, arXiv:2007.14527, eq. 6.5–6.6):

        λ_c = Σ_c' tr K_c' / tr K_c,    tr K_c = ‖∂r_c/∂θ‖²,    every `every` steps,

    where the rows of r_c are scaled by √(w_c/N_c), so that traces are means over points. Raises ValueError unless
    every >= 1.
    """

    every: int = 100

    def __post_init__(self) -> None:
        check_every("NTK", self.every)

    def start(self, generator: torch.Generator) -> WeightState:
        return _ByKernel(self.every, 0.0)


@dataclass(frozen=True)
class ReLoBRaLo(Weighting):
    """Relative loss balancing with random lookback (Bischof & Kraus 2021, arXiv:2110.09813, eq. 11–13):

        λ̂(t, t') = n softmax_c(L_c(t) / (τ L_c(t'))),
        λ(t) = α (ρ λ(t − 1) + (1 − ρ) λ̂(t, 0)) + (1 − α) λ̂(t, t − 1),

    with α = `memory`, τ = `temperature`, and ρ random, 1 with probability `saudade` and else 0. n is the number of
    conditions. Raises ValueError unless 0 <= memory, saudade <= 1 and temperature > 0.
    """

    memory: float = 0.999
    temperature: float = 0.1
    saudade: float = 0.999

    def __post_init__(self) -> None:
        for key in ("memory", "saudade"):
            if not 0 <= getattr(self, key) <= 1:
                raise ValueError(f"ReLoBRaLo needs 0 <= {key} <= 1, got {key}={getattr(self, key)}.")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"ReLoBRaLo needs a finite temperature > 0, got temperature={self.temperature}.")

    def start(self, generator: torch.Generator) -> WeightState:
        return _ByProgress(self, generator)


class _Periodic(WeightState):
    """Weights from the share that a measure of each condition has, every few steps."""

    def __init__(self, every: int, memory: float) -> None:
        super().__init__()
        self._every, self._memory = every, memory

    @abstractmethod
    def measure(self, objective: Objective, params: Params) -> Tensor:
        """What is to be made equal, for an objective of one condition."""

    def update(self, plain: Objective, params: Params, step: int, *, fresh: bool) -> bool:
        if self.weights and (step - 1) % self._every:
            return False
        measures = {c.name: self.measure(plain.only(c.name), params) for c in plain.conditions}
        total, weights = torch.stack(list(measures.values())).sum(), {}
        for name, measure in measures.items():
            weight = torch.where(measure > 0, total / measure, 1.0)
            before = self.weights.get(name)
            weights[name] = weight if before is None else self._memory * before + (1 - self._memory) * weight
        self.weights = weights
        return True


class _ByGradient(_Periodic):
    def measure(self, objective: Objective, params: Params) -> Tensor:
        return flatten(objective.gradient(params)[1]).norm()


class _ByKernel(_Periodic):
    def measure(self, objective: Objective, params: Params) -> Tensor:
        return objective.jacobian(params).square().sum()


class _ByProgress(WeightState):
    def __init__(self, recipe: ReLoBRaLo, generator: torch.Generator) -> None:
        super().__init__()
        self._recipe, self._generator = recipe, generator
        self._first: Mapping[str, Tensor] = {}
        self._last: Mapping[str, Tensor] = {}

    def update(self, plain: Objective, params: Params, step: int, *, fresh: bool) -> bool:
        with torch.no_grad():
            terms = plain.evaluate(params).terms
        if not self._first:
            self._first = self._last = terms
            self.weights = {name: torch.ones_like(term) for name, term in terms.items()}
            return True
        recipe = self._recipe
        looks_back = float(torch.rand((), generator=self._generator)) >= recipe.saudade
        since_first, since_last = (self._relative(terms, reference) for reference in (self._first, self._last))
        self.weights = {
            name: recipe.memory * (since_first[name] if looks_back else self.weights[name])
            + (1 - recipe.memory) * since_last[name]
            for name in terms
        }
        self._last = terms
        return True

    def own_state_dict(self) -> dict[str, Any]:
        return {"first": dict(self._first), "last": dict(self._last), "generator": self._generator.get_state()}

    def load_own_state_dict(self, state: Mapping[str, Any], plain: Objective) -> None:
        self._first, self._last = state["first"], state["last"]
        self._generator.set_state(state["generator"])

    def _relative(self, terms: Mapping[str, Tensor], reference: Mapping[str, Tensor]) -> dict[str, Tensor]:
        tiny = torch.finfo(next(iter(terms.values())).dtype).tiny
        ratios = torch.stack(
            [term / (self._recipe.temperature * (reference[name] + tiny)) for name, term in terms.items()]
        )
        return dict(zip(terms, len(terms) * torch.softmax(ratios, 0), strict=True))
