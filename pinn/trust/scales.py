"""Characteristic scales of a problem, found before training from its data and from its own response to them."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.networks import RandomFeatures, SlabFeatures, WithUnknowns, fit_inputs, is_scaled, scale_output
from pinn.objective import Objective
from pinn.operators import Auto
from pinn.optimizers.damped import DampedLeastSquares
from pinn.pdes import PDE, Scaled, TimeWindowed, scales_of
from pinn.pdes.derived.scaled import solved_components
from pinn.pdes.derived.squares import of_squares
from pinn.samplers import Uniform
from pinn.trust.features import points_within
from pinn.typing import Field, Points

WIDTH, POINTS = 60, 240
"""Features for each component, and points of each condition: enough for a size."""
FREQUENCY = 5.0
"""Of the smooth fields on [−1, 1]^d whose response is measured."""
DAMPING = 1e-6
"""Of the least squares, in parts of the square of a column: a size, not a solution, is sought."""
PROBES = 8
"""Random fields whose response is averaged."""


@dataclass(frozen=True)
class _Linearised:
    """The residual rows at the field without network, and their derivative by the features of each component.

    `r` is (M,), `J` (M, m, W) for the m components that are solved for; `row` numbers the kinds of rows, which are
    `names`, each a condition and an entry of its residual; `E` are the values of the features at `points` of the
    domain, (n, W).
    """

    names: list[tuple[str, int]]
    row: Tensor
    r: Tensor
    J: Tensor
    E: Tensor
    points: Points

    def by_kind(self, values: Tensor) -> Tensor:
        """The mean of values (M, …) over the rows of each kind."""
        kinds = len(self.names)
        total = torch.zeros(kinds, values.shape[1], dtype=values.dtype).index_add(0, self.row, values)
        return total / self.counts[:, None]

    @property
    def counts(self) -> Tensor:
        return torch.bincount(self.row, minlength=len(self.names)).to(self.r)


def _linearised(pde: PDE, seed: int, dtype: torch.dtype) -> _Linearised:
    pde, generator = of_squares(pde), torch.Generator().manual_seed(seed)
    m, bounds = solved_components(pde), pde.domain.embedded_bounds
    like = torch.zeros((), dtype=dtype)
    samples = Uniform(POINTS, POINTS, every=0).sample(pde.soft_conditions(), generator, like)
    points = points_within(pde.domain, POINTS, like, seed)
    centers = vmap(pde.domain.embed)(points)
    outputs = None if pde.components is None else m
    features = RandomFeatures(bounds, outputs, WIDTH).draw(FREQUENCY, 2.0, centers, generator)
    network: nn.Module = features.to(dtype)
    if pde.unknowns:
        network = WithUnknowns(features, pde.unknowns, len(bounds[0]), generator).to(dtype)
    last = {id(features.layer.weight), id(features.layer.bias)}
    solved = {name: value.detach() for name, value in network.named_parameters() if id(value) in last}
    rest = {name: value.detach() for name, value in network.named_parameters() if name not in solved}
    objective = Objective(pde, network, samples, Auto(), fixed=rest)
    found, names, rows, parts = objective.residuals(solved), [], [], []
    for condition in objective.conditions:
        value = found[condition.name].reshape(len(found[condition.name]), -1)
        rows.append(torch.arange(value.shape[1]).repeat(len(value)) + len(names))
        names += [(condition.name, k) for k in range(value.shape[1])]
        _, J = dataclasses.replace(objective, samples={condition.name: samples[condition.name]}).linearize(solved)
        parts.append((value.reshape(-1), J * (len(value) / condition.weight) ** 0.5))
    W = int(features.layer.in_features)
    J = torch.cat([part for _, part in parts])
    weights, biases = J[:, : m * W].reshape(-1, m, W), J[:, m * W :, None]
    E = torch.cat([features.features(centers), torch.ones(len(centers), 1, dtype=dtype)], 1).double()
    r = torch.cat([r for r, _ in parts]).double()
    return _Linearised(names, torch.cat(rows), r, torch.cat([weights, biases], 2).double(), E, points)


def _responses(one: _Linearised, seed: int) -> Tensor:
    """The size of each kind of row for a random smooth component of size one: shape (kinds, m)."""
    generator = torch.Generator().manual_seed(seed)
    probes = torch.randn(PROBES, one.E.shape[1], generator=generator, dtype=one.r.dtype)
    probes = probes / (one.E @ probes.T).square().mean(0).sqrt()[:, None]
    return one.by_kind(torch.einsum("imw,pw->ipm", one.J, probes).square().mean(1)).sqrt()


def scaled(
    pde: PDE, components: Sequence[float] | None = None, *, seed: int = 0, dtype: torch.dtype = torch.float64
) -> PDE:
    """`pde` with the scales that its data and equations have; of a problem that is scaled already, that itself.

    The field without network, which holds the prescribed values that are built in, leaves residuals r. With L their
    derivative, the response e, L e = −r by least squares over smooth random features, has the size and the mean that
    the network has to give. A row of a residual has the size of its terms, of r and of L v for random v as large as e;
    that of a condition is taken about the mean, so that 80 degrees between 60 and 80 are weighed by their range.
    Sizes are not rounded, so that they follow every unit. A component that neither data nor equations say anything of
    keeps the size 1. Unknown coefficients are taken at their initial values.

    `components` are sizes known otherwise, one for each component of u or one for all, in its own unit. Raises
    ValueError for another number of them, and unless they are finite and > 0.
    """
    if isinstance(pde, Scaled):
        return pde
    if isinstance(pde, TimeWindowed):
        return dataclasses.replace(pde, pde=scaled(pde.pde, components, seed=seed, dtype=dtype))
    with torch.no_grad():
        one = _linearised(pde, seed, dtype)
        r = one.by_kind(one.r.square()[:, None])[:, 0].sqrt()
        B = _responses(one, seed)
        size = _balanced(r, B) if components is None else _given(components, pde, one)
        rows = _sizes(torch.maximum(r, (B * size).amax(1)))
        mean = torch.zeros_like(size)
        e = _response(one, rows, size)
        if e is not None:
            mean = torch.where(e.mean(0).abs() > 2 * e.std(0), e.mean(0), 0.0)
            spread = (e - mean).square().mean(0).sqrt()
            if components is None:
                size = torch.where(spread > 1e-3 * torch.maximum(size, mean.abs()), spread, size)
            about = one.by_kind((one.r + one.J[:, :, -1] @ mean).square()[:, None])[
                :, 0
            ].sqrt()  # the last feature is 1
            equation = pde.soft_conditions()[0].name
            r = torch.where(torch.tensor([name == equation for name, _ in one.names]), r, about)
            rows = _sizes(torch.maximum(r, (B * size).amax(1)))
    by_name: dict[str, list[float]] = {}
    for (name, _), value in zip(one.names, rows, strict=True):
        by_name.setdefault(name, []).append(_positive(float(value)))
    return Scaled(pde, [_positive(float(s)) for s in size], [float(o) for o in mean], by_name)


def scale_network(network: nn.Module, pde: PDE) -> None:
    """Let a network give what its problem needs: about the offset, by the size. One that has sizes keeps them."""
    if isinstance(network, SlabFeatures):
        return  # their weights are found in the units of the field
    scales = scales_of(pde)
    if scales is not None and not is_scaled(network):
        scale_output(network, scales.size, scales.offset)


def with_network(pde: PDE, network: nn.Module) -> PDE:
    """The problem with its scales, and the network with sizes and, if it has none of its own, bounds to suit it."""
    if not isinstance(pde, TimeWindowed):
        fit_inputs(network, pde.domain.embedded_bounds)
    pde = scaled(pde, dtype=next(network.parameters()).dtype)
    scale_network(network, pde)
    return pde


def _given(components: Sequence[float], pde: PDE, one: _Linearised) -> Tensor:
    """The sizes that the network has to have for those of the components: by what the ansatz multiplies it with."""
    m = one.J.shape[1]
    sizes = torch.tensor([*components] * (m if len(components) == 1 else 1), dtype=torch.float64)
    if len(sizes) != m or not bool(((sizes > 0) & sizes.isfinite()).all()):
        raise ValueError(f"scale needs a finite number > 0 for all or for each of {m}, got {[*components]}.")
    ansatz = pde.ansatz()

    def constant(value: float) -> Field:
        return lambda x: x.new_full(() if pde.components is None else (pde.components,), value)

    factor = vmap(ansatz(constant(1.0)))(one.points) - vmap(ansatz(constant(0.0)))(one.points)
    return sizes / factor.reshape(len(one.points), -1)[:, :m].square().mean(0).sqrt()


def _sizes(rows: Tensor) -> Tensor:
    return torch.where((rows > 0) & rows.isfinite(), rows, 1.0)


def _positive(value: float) -> float:
    return value if 0 < value < math.inf else 1.0


def _balanced(r: Tensor, B: Tensor) -> Tensor:
    """Sizes of the components for which the rows with data are balanced, and from those the others by their rows."""
    size = torch.where(B > 0, r[:, None] / B, 0.0).amax(0)
    for _ in range(len(size)):
        if not bool((size == 0).any()):
            break
        known = (B * size).amax(1, keepdim=True)
        more = torch.where(B > 0, known / B, 0.0).amax(0)
        size = torch.where(size == 0, more, size)
    return torch.where((size > 0) & size.isfinite(), size, 1.0)


def _response(one: _Linearised, rows: Tensor, size: Tensor) -> Tensor | None:
    """The values of e at the points of the domain, (n, m), without the factor of the ansatz; None if not finite."""
    weight = 1 / (rows * one.counts.sqrt())
    A = (one.J * size[:, None] * weight[one.row][:, None, None]).flatten(1)
    norms = A.norm(dim=0)
    scale = torch.where(norms > 0, norms, 1)
    try:
        c = DampedLeastSquares(A / scale).solve(DAMPING, -one.r * weight[one.row]) / scale
    except RuntimeError:
        return None
    e = one.E @ c.reshape(one.J.shape[1], -1).T * size
    return e if bool(e.isfinite().all()) else None
