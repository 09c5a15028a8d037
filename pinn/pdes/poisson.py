"""The Poisson equation."""

from dataclasses import dataclass

from torch import Tensor

from pinn.domains import Boundary, Box, Domain
from pinn.operators import Strategy, laplacian
from pinn.pdes.condition import Condition, dirichlet, interior
from pinn.pdes.pde import PDE, require_positive
from pinn.pdes.plane_sines import KnownLaplacian
from pinn.pdes.solutions import SineProduct
from pinn.typing import Field


@dataclass(frozen=True)
class Poisson(PDE):
    """−Δu = f in Ω, u = g on ∂Ω, for any domain and dimension.

    f and g are those of the manufactured solution `exact`, a scalar field; f is asked of the solution if it knows its
    Laplacian. `penalty` weighs the boundary condition
    where it is soft. Raises ValueError unless penalty > 0.
    """

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))
    exact: Field = SineProduct()
    hard: bool = True
    penalty: float = 100.0

    def __post_init__(self) -> None:
        require_positive(self, "penalty")

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        return -laplacian(u, x, strategy) - f

    def source(self, x: Tensor) -> Tensor:
        if isinstance(self.exact, KnownLaplacian):
            return -self.exact.laplacian(x)
        return -laplacian(self.exact, x)

    def conditions(self) -> tuple[Condition, ...]:
        return (
            interior(self.domain, self.residual, source=self.source),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty),
        )
