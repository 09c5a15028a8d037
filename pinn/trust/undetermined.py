"""What the equation and its conditions leave undetermined: null directions of the linearised problem."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.networks import field
from pinn.operators import Strategy
from pinn.pdes import PDE
from pinn.pdes.derived.squares import of_squares
from pinn.trust.correction import Corrected, linear_problem, with_features
from pinn.trust.features import points_within

COLUMNS = 400
POINTS = 1000
FREQUENCY = 6.0
"""A null direction that is not smooth would not be found; those of pressures, potentials and missing data are."""
THRESHOLD = 1e-6
"""‖L e‖ of a null direction, in parts of that of a typical e of the same size: rounding in float64 gives 1e-8."""


@dataclass(frozen=True)
class Direction:
    """A change of the solution that no condition sees: shares of the components, and whether each is a constant."""

    sees: float
    shares: tuple[float, ...]
    constant: tuple[bool, ...]

    def __str__(self) -> str:
        told = []
        for k, (share, constant) in enumerate(zip(self.shares, self.constant, strict=True)):
            if share > 0.01:
                name = "the solution" if len(self.shares) == 1 else f"component {k + 1}"
                told.append(f"{name} {'by a constant' if constant else 'by a function'}")
        return f"nothing determines {' and '.join(told)}: the equation and its conditions do not change with it"


def null_directions(pde: PDE, network: nn.Module, strategy: Strategy, *, seed: int = 0) -> list[Direction]:
    """Smooth changes e of the field with ‖L e‖ below THRESHOLD of a typical one, L the derivative of all residuals.

    They are the smallest singular values of J with respect to the norm ‖E c‖, in a space of random features, where J
    are the rows of L and E the values of e at points of the domain.
    """
    pde = of_squares(pde)
    module = with_features(pde, network, FREQUENCY, COLUMNS, seed, steepest=2.0)
    _, J = linear_problem(pde, module, strategy, seed)
    E, points = _values(pde, module)
    _, size, basis = torch.linalg.svd(E / len(E) ** 0.5, full_matrices=False)
    kept = size > 1e-9 * size[0]  # what has no size on the domain is not a direction
    whiten = basis[kept].T / size[kept]
    _, seen, directions = torch.linalg.svd(J @ whiten, full_matrices=False)
    typical = float(seen.median())
    return [
        _direction(E @ (whiten @ directions[k]), points, float(seen[k]) / typical)
        for k in range(len(seen) - 1, -1, -1)
        if float(seen[k]) <= THRESHOLD * typical
    ]


def _direction(e: Tensor, points: int, sees: float) -> Direction:
    values = e.reshape(points, -1)
    shares = values.square().mean(0) / values.square().mean(0).sum()
    spread = values - values.mean(0)
    constant = spread.square().mean(0) <= 1e-6 * values.square().mean(0)
    return Direction(sees, tuple(float(s) for s in shares), tuple(bool(c) for c in constant))


def _values(pde: PDE, module: Corrected) -> tuple[Tensor, int]:
    """The values of the solution for each column at N points of the domain, shape (N·m, P), and N."""
    solved = module.solved()
    points = points_within(pde.domain, POINTS, next(iter(solved.values())))
    rest = {name: value for name, value in module.named_parameters() if name not in solved}
    ansatz, names = pde.ansatz(), list(solved)

    def at(x: Tensor) -> Tensor:
        def value(*values: Tensor) -> Tensor:
            params = {**rest, **dict(zip(names, values, strict=True))}
            return pde.solution(ansatz(field(module, params, pde.components)))(x).reshape(-1)

        parts = torch.func.jacrev(value, argnums=tuple(range(len(names))))(*solved.values())
        return torch.cat([part.flatten(1) for part in parts], 1)

    with torch.no_grad():
        return torch.cat([vmap(at)(part).flatten(0, 1) for part in points.split(200)]), len(points)
