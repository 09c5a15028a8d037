"""Natural gradient methods on linear least squares, where each step is known in closed form."""

from itertools import pairwise
from typing import ClassVar, cast

import pytest
import torch
from torch import Tensor

from pinn.objective import LossTerms, Objective
from pinn.optimizers import EnergyNaturalGradient, Spring
from pinn.parallel import Ranks
from pinn.typing import Params


class Linear:
    """r(θ) = Aθ − b, in place of an objective."""

    samples: ClassVar[dict[str, tuple[Tensor, ...]]] = {}
    ranks, version = Ranks(), 0

    def __init__(self, M: int, P: int, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.A = torch.randn(M, P, generator=generator, dtype=torch.float64)
        self.b = torch.randn(M, generator=generator, dtype=torch.float64)

    def residual(self, params: Params) -> Tensor:
        return self.A @ params["theta"] - self.b

    def evaluate(self, params: Params) -> LossTerms:
        loss = self.residual(params).square().sum()
        return LossTerms(loss, {"linear": loss})

    def linearize_blocks(self, params: Params) -> tuple[list[Tensor], list[Tensor]]:
        return [self.residual(params)], [self.A.clone()]

    def damped(self, damping: float, b: Tensor) -> Tensor:
        """The minimiser of ‖Ax − b‖² + λκ‖x‖²."""
        weight = damping * float(self.A.square().sum()) / len(self.b)
        identity = torch.eye(self.A.shape[1], dtype=b.dtype)
        return torch.linalg.solve(self.A.T @ self.A + weight * identity, self.A.T @ b)


SHAPES = pytest.mark.parametrize("shape", [(30, 8), (8, 30)], ids=["primal", "dual"])


@SHAPES
def test_engd_solves_linear_least_squares_in_one_step(shape: tuple[int, int]) -> None:
    system = Linear(*shape)
    iteration = EnergyNaturalGradient().start({"theta": torch.zeros(shape[1], dtype=torch.float64)}, 2)
    for _ in range(2):
        iteration.step(cast(Objective, system))
    expected = torch.linalg.pinv(system.A) @ system.b
    torch.testing.assert_close(iteration.params["theta"], expected, rtol=1e-8, atol=1e-8)


def test_engd_shortens_a_step_that_overshoots() -> None:
    """The Gauss–Newton step for arctan θ = 0 from θ = 3 raises the loss; half of it or less lowers it."""

    class Arctan(Linear):
        def residual(self, params: Params) -> Tensor:
            return params["theta"].atan()

        def linearize_blocks(self, params: Params) -> tuple[list[Tensor], list[Tensor]]:
            return [self.residual(params)], [torch.diag(1 / (1 + params["theta"] ** 2))]

    system = cast(Objective, Arctan(1, 1))
    iteration = EnergyNaturalGradient().start({"theta": torch.tensor([3.0], dtype=torch.float64)}, 20)
    losses = [float(iteration.step(system).loss) for _ in range(20)]
    assert all(b <= a for a, b in pairwise(losses))
    assert losses[-1] < 1e-20


@SHAPES
def test_spring_stays_near_its_last_direction(shape: tuple[int, int]) -> None:
    """φ minimises ‖Jφ − r‖² + λκ‖φ − μφ₀‖², so φ − μφ₀ solves the damped problem for r − μJφ₀."""
    recipe = Spring(lr=0.5, final_lr=0.5, damping=0.1, momentum=0.8, max_step=1e9)
    theta, phi = torch.zeros(shape[1], dtype=torch.float64), torch.zeros(shape[1], dtype=torch.float64)
    iteration = recipe.start({"theta": theta}, 4)
    for k in range(1, 5):
        system = Linear(*shape, seed=k)
        r = system.A @ theta - system.b
        phi = 0.8 * phi + system.damped(0.1, r - 0.8 * system.A @ phi)
        theta = theta - 0.5 * phi / (1 - 0.8 ** (2 * k)) ** 0.5
        iteration.step(cast(Objective, system))
        torch.testing.assert_close(iteration.params["theta"], theta, rtol=1e-9, atol=1e-10)


def test_spring_bounds_its_step() -> None:
    iteration = Spring(max_step=1e-3).start({"theta": torch.zeros(8, dtype=torch.float64)}, 1)
    iteration.step(cast(Objective, Linear(30, 8)))
    assert float(iteration.params["theta"].norm()) == pytest.approx(1e-3)


@pytest.mark.parametrize("cls", [EnergyNaturalGradient, Spring])
def test_refuse_what_does_not_fit_into_memory(cls: type) -> None:
    iteration = cls(max_gb=1e-6).start({"theta": torch.zeros(30, dtype=torch.float64)}, 1)
    with pytest.raises(ValueError, match="M=8 residuals and P=30 parameters"):
        iteration.step(cast(Objective, Linear(8, 30)))


@pytest.mark.parametrize(
    ("cls", "arguments", "words"),
    [
        (EnergyNaturalGradient, {"damping": 0}, "damping > 0"),
        (EnergyNaturalGradient, {"steps": 0}, "steps >= 1"),
        (Spring, {"momentum": 1}, "0 <= momentum < 1"),
        (Spring, {"lr": 1e-3}, "0 < final_lr <= lr"),
        (Spring, {"max_step": 0}, "max_step > 0"),
    ],
)
def test_refuses(cls: type, arguments: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cls(**arguments)
