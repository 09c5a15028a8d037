"""What no training could mend is refused before it, in whatever form the equation is written."""

import pytest
import torch
from torch import Tensor

from pinn import train
from pinn.domains import Box
from pinn.networks import MLP
from pinn.operators import Strategy, laplacian
from pinn.pdes import Expression, Heat, Poisson
from pinn.pdes.condition import Condition, interior, manufactured
from pinn.pdes.pde import PDE
from pinn.training.ensemble import train_ensemble
from pinn.trust.premises import refuse_lost_jumps
from pinn.typing import Field
from tests.trust.test_continuity import LIKE, LINE, Diffusion

SQUARE = Box()

JUMPS = {
    "a step": Diffusion(lambda x: torch.where(x > 0.5, 3.0, 1.0)),
    "a sign": Diffusion(lambda x: 2 + torch.sign(x - 0.3)),
    "stairs": Diffusion(lambda x: 1 + torch.floor(4 * x + 0.3)),
}
SOUND = {
    "a layer": Diffusion(lambda x: 2 + torch.tanh(200 * (x - 0.5))),
    "a kink": Diffusion(lambda x: 1 + (x - 0.5).abs()),
    "what follows the slope": Expression(domain=LINE, equation="dx(abs(dx(u))*dx(u)) = 1", boundary="0"),
    "what follows the value": Expression(domain=SQUARE, equation="div(where(u<1.5,1,2)*grad(u)) = 1", boundary="0"),
    "a ramp of the value": Expression(domain=LINE, equation="dt(u) = lap(max(u-1.5, 0))", boundary="0", initial="0"),
    "no number": Expression(domain=SQUARE, equation="lap(log(u-1.5)) = 1", boundary="0"),
    "an energy": Poisson(ritz=True),
    "a source": Heat(),
}


@pytest.mark.parametrize("name", JUMPS)
def test_a_coefficient_that_jumps_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"Diffusion: a differentiated quantity jumps .* two|`interface`"):
        refuse_lost_jumps(JUMPS[name], LIKE)


@pytest.mark.parametrize("name", SOUND)
def test_what_can_be_solved_is_not(name: str) -> None:
    refuse_lost_jumps(SOUND[name], LIKE)
    refuse_lost_jumps(SOUND[name], LIKE.float())


def test_neither_training_begins() -> None:
    network = MLP(1, width=4, depth=1).double()
    with pytest.raises(ValueError, match="jumps"):
        next(train(JUMPS["a step"], network))
    with pytest.raises(ValueError, match="jumps"):
        next(train_ensemble(JUMPS["a step"], [network]))


def kinked(x: Tensor) -> Tensor:
    return (x[0] - 0.4).abs() * x[1]


class Kinked(PDE):
    """−Δu = f with the source of a solution that has a kink."""

    domain, exact, hard = SQUARE, staticmethod(kinked), True

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        return -laplacian(u, x, strategy) - f

    def conditions(self) -> tuple[Condition, ...]:
        return (interior(self.domain, self.residual, source=manufactured(self.residual, kinked)),)


def test_a_source_that_lacks_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="a source that is made from it lacks a part"):
        refuse_lost_jumps(Kinked(), LIKE)
