"""The Poisson equation."""

from dataclasses import dataclass

from torch import Tensor

from pinn.domains import Boundary, Box, Domain
from pinn.operators import Strategy, grad, laplacian
from pinn.pdes.condition import Condition, dirichlet, interior
from pinn.pdes.pde import PDE, require_positive
from pinn.pdes.solutions.closed_forms import SineProduct
from pinn.pdes.solutions.plane_sines import KnownLaplacian
from pinn.typing import Field


@dataclass(frozen=True)
class Poisson(PDE):
    """−Δu = f in Ω, u = g on ∂Ω, for any domain and dimension.

    f and g are those of the manufactured solution `exact`, a scalar field; f is asked of the solution if it knows its
    Laplacian. `penalty` weighs the boundary condition if it is soft. With `ritz` training minimises the energy
    ∫ ½|∇u|² − fu in place of the residual (E & Yu 2018). Raises ValueError unless penalty > 0.
    """

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))
    exact: Field = SineProduct()
    hard: bool = True
    penalty: float = 1.0
    ritz: bool = False

    def __post_init__(self) -> None:
        require_positive(self, "penalty")

    def energy(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        """½|∇u|² − fu, whose integral is least for the solution (Dirichlet's principle)."""
        slope = grad(u, x, strategy)
        return slope @ slope / 2 - f * u(x)

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        return -laplacian(u, x, strategy) - f

    def source(self, x: Tensor) -> Tensor:
        if isinstance(self.exact, KnownLaplacian):
            return -self.exact.laplacian(x)
        return -laplacian(self.exact, x)

    def conditions(self) -> tuple[Condition, ...]:
        return (
            interior(self.domain, self.residual, source=self.source, energy=self.energy if self.ritz else None),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty),
        )
