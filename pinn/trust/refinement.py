"""More digits of a trained field: corrections by the linearised equation, one on the other, as in Newton's method."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pinn.networks import Corrected
from pinn.objective import Objective, Sample
from pinn.operators import Strategy
from pinn.pdes import PDE
from pinn.pdes.derived.squares import of_squares
from pinn.samplers import Uniform
from pinn.trust.correction import MOST_COLUMNS, corrected

STAGES = 3
POINTS = 4000
"""Of the equation at which a correction has to show that it lowers the residual."""
LOWERED = 0.5
"""The part of the residual that a correction has to leave at most, for another to be sought."""
_HALVINGS = 4
_SEED = 15_485_863
"""Of the points that judge, far from those of the corrections."""
_AT_ONCE = 2048


@dataclass(frozen=True)
class Refinement:
    """A field with one correction more: its network, and the residual ‖r‖ before and after it at points held out.

    `share` is the part of the correction that was added, less than 1 where the equation bends too much for all of it.
    """

    network: Corrected
    before: float
    after: float
    share: float


def refinements(
    pde: PDE,
    network: nn.Module,
    strategy: Strategy,
    *,
    stages: int = STAGES,
    seed: int = 0,
    columns: int = MOST_COLUMNS,
) -> Iterator[Refinement]:
    """Correct the field of a network again and again, each time linearised at the last field and in new functions.

    For a linear equation each stage gives digits until its functions resolve no more; for a nonlinear one these are
    steps of Newton's method, halved until they lower the residual at points that no correction has seen. Ends after so
    many `stages`, when no step lowers the residual, and after one that leaves more than half of it. Everything is in
    float64 on the CPU; `network` is not changed.
    """
    judge = _Judge.of(of_squares(pde), network, strategy, seed)
    before = judge.residual(copy.deepcopy(network).cpu().double())
    for stage in range(stages):
        module = corrected(pde, network, strategy, seed=seed + 100 * (stage + 1), columns=columns).network
        share, after = judge.step(module, before)
        if not after < before:
            return
        yield Refinement(module, before, after, share)
        if after > LOWERED * before:
            return
        network, before = module, after


@dataclass(frozen=True)
class _Judge:
    """The residual at points held out."""

    pde: PDE
    samples: dict[str, Sample]
    strategy: Strategy

    @classmethod
    def of(cls, pde: PDE, network: nn.Module, strategy: Strategy, seed: int) -> "_Judge":
        like = next(network.parameters()).detach().cpu().double()
        generator = torch.Generator().manual_seed(seed + _SEED)
        samples = Uniform(POINTS, POINTS // 4, every=0).sample(pde.soft_conditions(), generator, like)
        return cls(pde, dict(samples), strategy)

    def residual(self, network: nn.Module) -> float:
        """‖r‖ of the field that a network is."""
        objective = Objective(self.pde, network, self.samples, self.strategy, chunk_size=_AT_ONCE)
        with torch.no_grad():
            return float(objective.residual(dict(network.named_parameters())).norm())

    def step(self, module: Corrected, before: float) -> tuple[float, float]:
        """Shorten the correction until it lowers the residual; the part that is left of it, and the residual then."""
        share, after = 1.0, self.residual(module)
        for _ in range(_HALVINGS):
            if after < before:
                break
            share = share / 2
            _scale(module, 0.5)
            after = self.residual(module)
        return share, after


def _scale(module: Corrected, factor: float) -> None:
    value: Tensor
    with torch.no_grad():
        for value in module.solved().values():
            value.mul_(factor)
