"""The Helmholtz equation."""

from dataclasses import dataclass

from torch import Tensor

from pinn.domains import Boundary, Box, Domain
from pinn.operators import Auto, Strategy, laplacian
from pinn.pdes.condition import Condition, dirichlet, interior
from pinn.pdes.pde import PDE, require_positive
from pinn.pdes.solutions.closed_forms import SineWaves
from pinn.typing import Field


@dataclass(frozen=True)
class Helmholtz(PDE):
    """Δu + k²u = f in Ω, u = g on ∂Ω; k = `wavenumber`, in units of one over length.

    f and g are those of the manufactured solution `exact`, by default sin(πx₁) sin(4πx₂) on [−1, 1]² (Wang, Teng &
    Perdikaris 2021, Section 4.1). `penalty` weighs the boundary condition if it is soft. Raises ValueError unless
    penalty > 0.
    """

    domain: Domain = Box((-1.0, -1.0), (1.0, 1.0))
    wavenumber: float = 1.0
    exact: Field = SineWaves((1.0, 4.0))
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "penalty")

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        return laplacian(u, x, strategy) + self.wavenumber**2 * u(x) - f

    def source(self, x: Tensor) -> Tensor:
        return laplacian(self.exact, x, Auto()) + self.wavenumber**2 * self.exact(x)

    def conditions(self) -> tuple[Condition, ...]:
        return (
            interior(self.domain, self.residual, source=self.source),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty),
        )
