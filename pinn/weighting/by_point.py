"""One weight for each point of each condition; they begin again when new points are drawn."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pinn.objective import Objective
from pinn.typing import Params
from pinn.weighting.balance import Weighting, WeightState, check_share


@dataclass(frozen=True)
class RBA(Weighting):
    """Residual-based attention (Anagnostopoulos, Toscano, Stergiopulos & Karniadakis 2024, arXiv:2307.00379, eq. 6):

        a_i ← memory·a_i + rate·|r_i| / max |r|,    λ_i = a_i²,    a_i = 0 at first.

    Raises ValueError unless 0 <= memory < 1 and rate > 0.
    """

    memory: float = 0.999
    rate: float = 0.01

    def __post_init__(self) -> None:
        check_share("RBA", "memory", self.memory)
        if not 0 < self.rate < math.inf:
            raise ValueError(f"RBA needs a finite rate > 0, got rate={self.rate}.")

    def start(self, generator: torch.Generator) -> WeightState:
        return _Attention(self)


@dataclass(frozen=True)
class SelfAdaptive(Weighting):
    """Self-adaptive weights (McClenny & Braga-Neto 2023, arXiv:2009.04544): λ_i = s_i² with s by gradient ascent.

    max_s min_θ L(θ, s) by one step of Adam for s before each step for θ, with learning rate `lr`; s_i = 1 at first.
    Raises ValueError unless lr > 0.
    """

    lr: float = 5e-3

    def __post_init__(self) -> None:
        if not 0 < self.lr < math.inf:
            raise ValueError(f"SelfAdaptive needs a finite lr > 0, got lr={self.lr}.")

    def start(self, generator: torch.Generator) -> WeightState:
        return _Ascent(self)


class _Attention(WeightState):
    def __init__(self, recipe: RBA) -> None:
        super().__init__()
        self._recipe = recipe
        self._attention: dict[str, Tensor] = {}

    def update(self, plain: Objective, params: Params, step: int, *, fresh: bool) -> bool:
        for name, size in _sizes(plain, params).items():
            before = torch.zeros_like(size) if fresh or name not in self._attention else self._attention[name]
            share = size / size.amax().clamp(min=torch.finfo(size.dtype).tiny)
            self._attention[name] = self._recipe.memory * before + self._recipe.rate * share
        self.weights = {name: a.square() for name, a in self._attention.items()}
        return True

    def own_state_dict(self) -> dict[str, Any]:
        return {"attention": dict(self._attention)}

    def load_own_state_dict(self, state: Mapping[str, Any], plain: Objective) -> None:
        self._attention = dict(state["attention"])


class _Ascent(WeightState):
    def __init__(self, recipe: SelfAdaptive) -> None:
        super().__init__()
        self._recipe = recipe
        self._s: dict[str, Tensor] = {}

    def update(self, plain: Objective, params: Params, step: int, *, fresh: bool) -> bool:
        sizes = _sizes(plain, params)
        if fresh:
            self._s = {name: torch.ones_like(size) for name, size in sizes.items()}
            self._adam = self._begun()
        for condition in plain.conditions:
            s, size = self._s[condition.name], sizes[condition.name]
            s.grad = 2 * condition.weight / len(size) * s * size.square()
        self._adam.step()
        self.weights = {name: s.square() for name, s in self._s.items()}
        return True

    def own_state_dict(self) -> dict[str, Any]:
        return {"s": self._s, "adam": self._adam.state_dict()} if self._s else {}

    def load_own_state_dict(self, state: Mapping[str, Any], plain: Objective) -> None:
        if "s" in state:
            self._s = dict(state["s"])
            self._adam = self._begun()
            self._adam.load_state_dict(state["adam"])

    def _begun(self) -> torch.optim.Adam:
        return torch.optim.Adam(self._s.values(), lr=self._recipe.lr, maximize=True)


def _sizes(plain: Objective, params: Params) -> dict[str, Tensor]:
    """|r_i| at each point of each condition."""
    with torch.no_grad():
        return {name: residual.norm(dim=1) for name, residual in plain.residuals(params).items()}
