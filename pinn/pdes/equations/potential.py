"""A potential from its gradient: an equation that is an operator alone, without boundary condition."""

from dataclasses import dataclass

from torch import Tensor

from pinn.domains import Box, Domain, PointSet
from pinn.operators import Strategy, grad
from pinn.pdes.condition import Condition, interior, point_value
from pinn.pdes.pde import PDE
from pinn.pdes.solutions.closed_forms import SineProduct
from pinn.typing import Field


@dataclass(frozen=True)
class Potential(PDE):
    """∇u = F in Ω, with F the gradient of `exact`.

    The free constant is fixed at the centre of the bounding box, a single point, which stays soft whatever `hard` says.
    """

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))
    exact: Field = SineProduct()
    hard: bool = True

    def residual(self, u: Field, x: Tensor, F: Tensor, *, strategy: Strategy) -> Tensor:
        return grad(u, x, strategy) - F

    def force(self, x: Tensor) -> Tensor:
        return grad(self.exact, x)

    def conditions(self) -> tuple[Condition, ...]:
        center = tuple((a + b) / 2 for a, b in zip(*self.domain.bounds, strict=True))
        return (
            interior(self.domain, self.residual, source=self.force),
            point_value(PointSet((center,)), self.exact),
        )
