"""An equation, a network and a domain of one's own, in a script.

−Δu = λ e^u (Bratu): a reaction that heats itself, in a plate of any shape with two holes.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from pinn import train
from pinn.domains import Boundary, Disk, Domain, Ellipse
from pinn.operators import Strategy, laplacian
from pinn.optimizers import LevenbergMarquardt
from pinn.pdes import PDE, Condition, dirichlet, interior
from pinn.plotting import show, show_history
from pinn.plotting.style import save
from pinn.samplers import Sobol
from pinn.typing import Field

PLATE = (Ellipse((0.0, 0.0), (1.2, 0.7)) - Disk((-0.5, 0.0), 0.2)) - Disk((0.5, 0.1), 0.15)


@dataclass(frozen=True)
class Bratu(PDE):
    """−Δu = λ e^u in the domain, u = 0 on its boundary."""

    domain: Domain = PLATE
    rate: float = 1.0
    hard: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return ("theta",)

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        return -laplacian(u, x, strategy) - self.rate * torch.exp(u(x))

    def conditions(self) -> tuple[Condition, ...]:
        rim = dirichlet(Boundary(self.domain), lambda x: torch.zeros_like(x[0]), weight=10.0)
        return interior(self.domain, self.residual), rim


class Bumps(nn.Module):
    """A layer of Gaussian bumps, whose places and widths are trained, and a linear one."""

    def __init__(self, inputs: int, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.centers = nn.Parameter(2.4 * torch.rand(width, inputs, generator=generator) - 1.2)
        self.sharpness = nn.Parameter(0.5 + torch.rand(width, generator=generator))
        self.out = nn.Linear(width, 1)
        with torch.no_grad():
            self.out.weight.copy_(0.1 * torch.randn(1, width, generator=generator))
            self.out.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        distances = ((x[:, None] - self.centers) ** 2).sum(-1)
        return self.out(torch.exp(-(self.sharpness**2) * distances))


def main() -> None:
    problem = Bratu()
    network = Bumps(inputs=2, width=40, generator=torch.Generator().manual_seed(0)).double()
    steps, residuals = [], []
    step = None
    for step in train(problem, network, LevenbergMarquardt(steps=80), Sobol(interior=600, boundary=300)):
        if step.step % 5 == 0:
            steps.append(step.step)
            residuals.append(step.heldout_residual)
    assert step is not None
    error = step.estimated_error
    print(f"largest u {float(step.field([0.0, 0.0])):.4f} at the middle; {error}")
    save(show(step), Path("solution.png"))
    save(show_history(steps, {"residual at held-out points": residuals}), Path("history.png"))


if __name__ == "__main__":
    main()
