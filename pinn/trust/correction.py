"""The linearised problem for the error, L e = −r, in a space of random features that training has never seen.

Near the trained field u the exact solution is u + e with r(u) + L e ≈ 0, where L is the derivative of all residuals at
u and e satisfies the homogeneous hard conditions. Random sines (Chen, Chi, E & Yang 2022, the random feature method)
make that a linear least-squares problem of seconds. Its solution is an estimate of the error and a map of it, and
u + e a better field.
"""

import copy
import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.networks import Corrected, field
from pinn.networks.random_features import STEEPEST
from pinn.objective import Objective, Sample
from pinn.objective.memory import refuse_derivative
from pinn.operators import Strategy
from pinn.optimizers.damped import DampedLeastSquares
from pinn.optimizers.parameters import flatten, unflatten
from pinn.pdes import PDE
from pinn.pdes.corners import free_corners
from pinn.pdes.derived.around import inputs_of
from pinn.pdes.derived.squares import of_squares
from pinn.samplers import Uniform
from pinn.typing import Field

FREQUENCIES = (4.0, 10.0, 25.0)
"""Largest angular frequencies on [−1, 1]^d of the spaces that are tried; held-out points choose among them."""
DAMPINGS = (1e-13, 1e-10, 1e-7, 1e-4)
"""Of the least squares, in parts of the mean square of a column; held-out points choose among them, too."""
MOST_COLUMNS = 1200
"""Features times components: least squares of M × P cost M·P²."""
TRIAL = 3
"""The columns of a trial of each frequency are so many times fewer."""
ENOUGH = 0.5
"""The part of the residual that may be left: above, the other frequencies are tried with all columns, too."""
CANDIDATES = 4000
HELD_OUT = 7919
ROWS = 3
"""Points of the equation for each feature."""


@dataclass(frozen=True)
class Correction:
    """The trained field u and the corrected one u + e.

    `resolved` is the part of the residual that e removes at points held out, 1 for all of it: an estimate that
    removes less than half of the residual is not one.
    """

    before: Field
    after: Field
    network: Corrected
    frequency: float
    resolved: float


def corrected(
    pde: PDE, network: nn.Module, strategy: Strategy, *, seed: int = 0, columns: int = MOST_COLUMNS
) -> Correction:
    """Solve L e = −r at the field that `network` is for `pde`, in float64; the network itself is not changed."""
    pde = of_squares(pde)
    trials: dict[float, float] = {}
    for number, frequency in enumerate(FREQUENCIES):
        module = with_features(pde, network, frequency, columns // TRIAL, seed + number)
        trials[frequency] = _solve(pde, module, strategy, seed + number)
    best: tuple[float, float, Corrected] | None = None
    for frequency in sorted(trials, key=lambda one: trials[one]):
        module = with_features(pde, network, frequency, columns, seed + len(trials))
        left = _solve(pde, module, strategy, seed + len(trials))
        if best is None or left < best[0]:
            best = left, frequency, module
        if best[0] < ENOUGH:
            break
    assert best is not None
    left, frequency, module = best
    u = pde.ansatz()
    before, after = (pde.solution(u(field(one, components=pde.components))) for one in (module.network, module))
    return Correction(before, after, module, frequency, 1 - left)


def with_features(
    pde: PDE, network: nn.Module, frequency: float, columns: int, seed: int, steepest: float = STEEPEST
) -> Corrected:
    """A copy of the network in float64, with features that are drawn from a seed."""
    base, generator = copy.deepcopy(network).cpu().double(), torch.Generator().manual_seed(seed)
    m = pde.components or 1
    unknown = list(pde.unknowns.values())
    numbers = [False] * (m - len(unknown)) + [not one.field for one in unknown]
    corners = free_corners(pde) if pde.domain.dim == 2 else ()
    width = max(columns // m, 50)
    module = Corrected(base, pde.domain.embedded_bounds, pde.components, width, numbers, corners)
    with torch.no_grad():
        centers = vmap(partial(inputs_of, pde))(_by_residual(pde, base, int(module.features.waves) * 2, generator)[0])
        values = module.coordinates(base(centers))
    module.features.draw(frequency, steepest, centers[:, : module.inputs], generator, values)
    return module


def _by_residual(pde: PDE, network: nn.Module, n: int, generator: torch.Generator) -> Sample:
    """The sample of n points of the equation, drawn in proportion to its residual."""
    like, equation = next(network.parameters()), pde.conditions()[0]
    draw = Uniform(max(CANDIDATES, 4 * n), 16, every=0)
    (sample,) = draw.sample((equation,), generator, like).values()
    with torch.no_grad():
        objective = Objective(pde, network, {equation.name: sample}, chunk_size=CANDIDATES)
        r = objective.residuals(dict(network.named_parameters()))[equation.name]
    size = r.reshape(len(r), -1).norm(dim=1)
    share = size / size.sum() if float(size.sum()) > 0 else torch.ones_like(size)
    chosen = torch.multinomial(share + 1e-300, n, replacement=True, generator=generator)
    return tuple(part[chosen] for part in sample)


def linear_problem(
    pde: PDE, module: Corrected, strategy: Strategy, seed: int, rows: int = ROWS
) -> tuple[Tensor, Tensor]:
    """r and J = ∂r/∂c for the solved parameters c, at `rows` points for each feature."""
    width, solved = module.features.layer.in_features, module.solved()
    generator = torch.Generator().manual_seed(seed)
    n = rows * int(width)
    samples = Uniform(n, max(n // 4, 16), every=0).sample(pde.soft_conditions(), generator, next(iter(solved.values())))
    interior = pde.conditions()[0].name
    more = _by_residual(pde, module.network, n, generator)
    samples[interior] = tuple(torch.cat([a, b]) for a, b in zip(samples[interior], more, strict=True))
    fixed = {name: value for name, value in module.named_parameters() if name not in solved}
    objective = Objective(pde, module, samples, strategy).fixing(fixed)
    refuse_derivative(objective, solved)
    with torch.no_grad():
        r, J = objective.linearize(solved)
    return r.detach(), J.detach()


def _solve(pde: PDE, module: Corrected, strategy: Strategy, seed: int) -> float:
    """Set the last layer of the features; the part of the residual that is left at points held out."""
    r, J = linear_problem(pde, module, strategy, seed)
    r_held, J_held = linear_problem(pde, module, strategy, seed + HELD_OUT, rows=1)
    norms = J.norm(dim=0)
    scale = torch.where(norms > 0, norms, 1)
    system = DampedLeastSquares(J / scale)
    best: tuple[float, Tensor] | None = None
    for damping in DAMPINGS:
        c = system.solve(damping, -r) / scale
        left = float((r_held + J_held @ c).norm() / r_held.norm())
        if math.isfinite(left) and (best is None or left < best[0]):
            best = left, c
    if best is None:
        return math.inf
    solved = module.solved()
    with torch.no_grad():
        for name, value in unflatten(flatten(solved) + best[1], solved).items():
            solved[name].copy_(value)
    return best[0]
